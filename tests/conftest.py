"""Fixtures for every test: the shared reference material, and examples that are the same on every run.

The network is closed by the settings in pyproject.toml (pytest-socket); unix sockets stay open.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# Kernels are compiled once for all tests and all workers; the cache publishes what is built in one step.
os.environ.setdefault("OSTEOCAST_CACHE", str(ROOT / ".pytest_cache" / "osteocast"))

settings.register_profile("osteocast", derandomize=True, deadline=None, database=None)
settings.load_profile("osteocast")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Reference material kept beside the repository (published curves, oracles); skips where it is absent."""
    folder = Path(os.environ.get("OSTEOCAST_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("no reference material: set OSTEOCAST_SHARED or put it in ../shared")
    return folder
