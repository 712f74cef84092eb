"""Progress and notices of long work, on standard error."""

from __future__ import annotations

import logging
import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

__all__ = ["progress_bar", "show_notices"]


def progress_bar() -> Progress:
    """Return a progress bar on standard error, which shows on a terminal only."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def show_notices() -> None:
    """Let notices of the kernel cache and of kept work reach standard error, once."""
    log = logging.getLogger("osteocast")
    if not log.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("Notice: %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
