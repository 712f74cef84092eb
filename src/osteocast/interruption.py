"""What a signal does to a run: it ends in good order, and never inside the compiler."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

SIGNALS: Final = tuple(name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that end a run, as far as this system has them."""


def interrupt(number: int, frame: FrameType | None) -> None:
    """End the run in good order; further signals would only disturb the clearing up."""
    if _called_by_compiler(frame):
        # What is raised there would be swallowed with a traceback: come again when the compiler has moved on.
        again = threading.Timer(0.02, signal.raise_signal, (number,))
        again.daemon = True
        again.start()
        return
    for name in SIGNALS:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def work_that_stays(folder: Path) -> Iterator[None]:
    """Tell, where the run is ended from outside, that finished work stands in a folder."""
    try:
        yield
    except KeyboardInterrupt:
        if folder.is_dir() and any(folder.iterdir()):
            logging.getLogger("osteocast").warning("%s holds what is finished; the same command goes on there", folder)
        raise


def _called_by_compiler(frame: FrameType | None) -> bool:
    """Tell whether Python is just being called back from compiled code of llvmlite."""
    while frame is not None:
        if frame.f_code.co_name.startswith("_raw_object_cache") and "llvmlite" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False
