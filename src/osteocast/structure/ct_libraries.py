"""The two libraries that read CT files. They are an extra, so they are imported when a file is read."""

from __future__ import annotations

import importlib
from typing import Any

from osteocast.foundation.errors import InputError, Issue

__all__ = ["READERS", "pydicom", "simpleitk"]

READERS = ("SimpleITK", "pydicom")
"""Names of the packages, for the record of a run."""


def simpleitk() -> Any:
    """Return SimpleITK, silent on standard error; ``ct.library-missing`` says how to install it."""
    library = _library("SimpleITK")
    library.ProcessObject.SetGlobalWarningDisplay(False)
    return library


def pydicom() -> Any:
    """Return pydicom; ``ct.library-missing`` says how to install it."""
    return _library("pydicom")


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        fix = "Install the extra: pip install 'osteocast[ct]'."
        issue = Issue("ct.library-missing", name, "not installed", "the packages that read CT files", fix)
        raise InputError(issue) from None
