"""Fixtures for every test: the shared reference material, and no network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Reference material kept beside the repository (published curves, oracles); skips where it is absent."""
    folder = Path(os.environ.get("OSTEOCAST_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("no reference material: set OSTEOCAST_SHARED or put it in ../shared")
    return folder
