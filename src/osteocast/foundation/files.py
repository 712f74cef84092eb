"""Reading and writing files so that nothing surprising gets in and nothing half-written stays."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from osteocast.foundation.errors import InputError, Issue, StorageError


def read_text_limited(path: str | Path, max_bytes: int = 2_000_000) -> str:
    """Read a UTF-8 text file of at most `max_bytes` bytes.

    Raises
    ------
    InputError
        ``file.missing``, ``file.directory``, ``file.permission``, ``file.special``, ``file.too-large``,
        ``file.empty``, ``file.not-text`` or ``file.unreadable``; at most `max_bytes` + 1 bytes are read.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise _refuse(path, "file.directory", "a directory", "a text file", "Name a file inside it.")
        if path.exists() and not path.is_file():
            raise _refuse(path, "file.special", "a device or pipe", "a text file", "Name a regular file.")
        with path.open("rb") as stream:
            raw = stream.read(max_bytes + 1)
    except FileNotFoundError:
        fix = "Check the spelling and the folder."
        raise _refuse(path, "file.missing", "no such file", "a text file", fix) from None
    except PermissionError:
        fix = "Give yourself the right to read it."
        raise _refuse(path, "file.permission", "no right to read it", "a readable file", fix) from None
    except (OSError, ValueError) as error:
        fix = "Check the name and the disk."
        raise _refuse(path, "file.unreadable", str(error), "a readable file", fix) from None
    return _decode(path, raw, max_bytes)


def _decode(path: Path, raw: bytes, max_bytes: int) -> str:
    if len(raw) > max_bytes:
        expected = f"at most {max_bytes:,} bytes"
        raise _refuse(path, "file.too-large", f"more than {max_bytes:,} bytes", expected, "Give a smaller file.")
    if not raw.strip():
        raise _refuse(path, "file.empty", "an empty file", "text", "Fill it; `osteocast new` writes a template.")
    fix = "Save it as UTF-8 text."
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refuse(path, "file.not-text", "UTF-16 text", "UTF-8 text", fix)
    if b"\x00" in raw:
        raise _refuse(path, "file.not-text", "binary content", "UTF-8 text", fix)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"byte 0x{raw[error.start]:02x} at position {error.start}, not UTF-8"
        raise _refuse(path, "file.not-text", found, "UTF-8 text", fix) from None


def _refuse(path: Path, code: str, found: str, expected: str, fix: str) -> InputError:
    return InputError(Issue(code, str(path), found, expected, fix))


def write_atomically(path: str | Path, content: str | bytes) -> None:
    """Write a file completely or not at all; missing parent folders are made.

    The content goes to a temporary file in the same folder, which then takes the name in one step.

    Raises
    ------
    StorageError
        ``storage.write``: the disk is full, the folder cannot be written, or the name is a folder, device or pipe.
    """
    path = Path(path)
    _refuse_special(path)
    raw = content.encode("utf-8") if isinstance(content, str) else content
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as error:
        found = error.strerror or str(error)
        fix = "Free some space or choose another folder with --out; nothing half-written was left."
        raise StorageError(Issue("storage.write", str(path), found, "a place that can be written", fix)) from error
    finally:
        # After success the temporary name is gone; after a failure or Ctrl-C it must not stay.
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()


def check_place(path: str | Path) -> None:
    """Make sure, before a long run, that a file can be written under a name; nothing is written.

    Raises
    ------
    StorageError
        ``storage.write``: a folder, device or pipe has the name, or it cannot be made where it is to stand.
    """
    path = Path(path)
    _refuse_special(path)
    # Path.exists and Path.is_dir raise for names too long
    above = next((one for one in path.parents if os.path.exists(one)), Path())  # noqa: PTH110
    is_folder = os.path.isdir(path)  # noqa: PTH112
    if is_folder or not os.path.isdir(above) or not os.access(above, os.W_OK):  # noqa: PTH112
        found = "a folder has that name" if is_folder else f"{above} is no folder that can be written"
        fix = "Choose another name or folder."
        raise StorageError(Issue("storage.write", str(path), found, "a place that can be written", fix))


def _refuse_special(path: Path) -> None:
    """Raise `StorageError` where the name is that of a device or pipe: a file moved there would take its place."""
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):  # noqa: PTH110, PTH112, PTH113 -- Path's raise for names too long
        found, fix = "a device or pipe", "Choose the name of a file."
        raise StorageError(Issue("storage.write", str(path), found, "a place that can be written", fix))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of the bytes as lower-case hexadecimal text."""
    return hashlib.sha256(content).hexdigest()


def folder_sha256(folder: str | Path, pattern: str = "**/*.toml") -> str:
    """Return one SHA-256 over the relative names and contents of a folder's files, in sorted order."""
    folder = Path(folder)
    digest = hashlib.sha256()
    for file in sorted(folder.glob(pattern), key=lambda f: f.relative_to(folder).as_posix()):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
