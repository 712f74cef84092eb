"""A folder per kernel module, named by its content, built privately and moved into place in one step."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

MODULE = "kernels.py"
MANIFEST = "manifest.json"
log = logging.getLogger("osteocast.engine")

_ABANDONED = 86_400.0
"""Age of an unfinished build that no process can still be working on [s]."""

Compile = Callable[[ModuleType], None]


def cache_root() -> Path:
    """Return the folder of the kernel cache: OSTEOCAST_CACHE or the user's cache folder of the platform."""
    named = os.environ.get("OSTEOCAST_CACHE")
    if named:
        return Path(named)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "osteocast" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "osteocast"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "osteocast"


def load_or_build(key: str, text: Callable[[], str], compile_all: Compile) -> tuple[ModuleType, tuple[str, ...]]:
    """Return the kernel module of `key`, built if need be, and notices for the user.

    Parameters
    ----------
    key
        Content key: two texts never share it.
    text
        Gives the module's text; called only if the module must be built.
    compile_all
        Compiles every function of the module that users call.
    """
    notices: list[str] = []
    folder = cache_root() / "kernels" / key
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists() and not _intact(folder):
            notices.append(f"The kernel cache {folder} was damaged and is built again.")
            _discard(folder)
        if not folder.exists():
            log.info("The equations are compiled for this computer, once; this takes about a minute.")
            _publish(folder, text(), key, compile_all)
        if not os.access(folder / "__pycache__", os.W_OK):
            notices.append(f"The kernel cache {folder.parent} is read-only; a copy of it serves this run.")
            folder = _private_copy(folder)
    except OSError as error:
        notices.append(
            f"The kernel cache {folder.parent} cannot be used ({error.strerror or error}); "
            "kernels are compiled for this run only. Set OSTEOCAST_CACHE to a writable folder to keep them."
        )
        folder = _temporary()
        _fill(folder, text(), key, compile_all)
    for notice in notices:
        log.warning(notice)
    return _load(folder, key), tuple(notices)


def _temporary() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="osteocast-kernels-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _private_copy(folder: Path) -> Path:
    """Copy a read-only cache, because numba loads only from a folder it may write to."""
    copy = _temporary()
    shutil.copytree(folder, copy, dirs_exist_ok=True)
    (copy / "__pycache__").chmod(0o700)
    return copy


def _discard(folder: Path) -> None:
    """Take a damaged folder away in one step, so that no other process sees half of it."""
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".damaged-"))
    try:
        folder.rename(aside / "kernels")
    except FileNotFoundError:
        log.debug("another process took the damaged folder away")
    shutil.rmtree(aside, ignore_errors=True)


def _publish(folder: Path, text: str, key: str, compile_all: Compile) -> None:
    """Build privately and move into place; if another process was first, its copy serves."""
    _clear_abandoned(folder.parent)
    private = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".building-"))
    try:
        _fill(private, text, key, compile_all)
        private.chmod(0o755)
        try:
            private.rename(folder)
        except OSError:
            if not _intact(folder):
                raise
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _clear_abandoned(parent: Path) -> None:
    """Remove what processes that were killed have left: no build takes a day."""
    for folder in (*parent.glob(".building-*"), *parent.glob(".damaged-*")):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _ABANDONED:
                shutil.rmtree(folder, ignore_errors=True)


def _fill(folder: Path, text: str, key: str, compile_all: Compile) -> None:
    (folder / MODULE).write_text(text, encoding="utf-8")
    compile_all(_load(folder, key))
    digests = {str(p.relative_to(folder)): _digest(p) for p in sorted(folder.rglob("*")) if p.is_file()}
    (folder / MANIFEST).write_text(json.dumps(digests, indent=1), encoding="utf-8")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _intact(folder: Path) -> bool:
    """Tell whether every file of the manifest is there with its digest."""
    try:
        digests = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return bool(digests) and all(_digest(folder / name) == digest for name, digest in digests.items())
    except (OSError, ValueError, AttributeError):
        return False


def _load(folder: Path, key: str) -> ModuleType:
    """Run the module text under a name that is the same in every process, as numba's cache needs it."""
    from numba import config

    path = folder / MODULE
    module = ModuleType(f"osteocast_kernels_{key}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    # numba would otherwise put its files in NUMBA_CACHE_DIR, outside the folder that the manifest covers
    settings: Any = config
    elsewhere, settings.CACHE_DIR = settings.CACHE_DIR, ""
    try:
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module.__dict__)
    finally:
        settings.CACHE_DIR = elsewhere
    return module
