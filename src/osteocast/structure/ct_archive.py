"""A .zip of a CT, unpacked to a folder of its own after its size was looked at."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from osteocast.foundation.errors import InputError, Issue
from osteocast.structure.ct_header import MOST_BYTES, check_file, format_of
from osteocast.structure.ct_series import MOST_FILES

__all__ = ["unpacked"]

_PART = 1 << 20


@contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """Yield what a .zip holds: the one image file in it, or a folder of its files; removed afterwards.

    Files get names of our own, so that nothing is written outside the folder and no name of a person is kept.

    Raises
    ------
    InputError
        ``file.*``, ``ct.archive``, ``ct.too-many-files`` or ``ct.too-large``: judged by the directory of the archive,
        and again while unpacking, because that directory can lie.
    """
    check_file(archive)
    with TemporaryDirectory(prefix="osteocast-") as folder:
        try:
            with zipfile.ZipFile(archive) as packed:
                files = _unpack(packed, archive, Path(folder))
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:
            found = str(error)[:120] or type(error).__name__
            fix = "Pack it again without a password, or unpack it and give the folder."
            raise InputError(Issue("ct.archive", archive.name, found, "a .zip that opens", fix)) from None
        images = [file for file in files if format_of(file)]
        yield images[0] if len(images) == 1 and len(files) == 1 else Path(folder)


def _unpack(packed: zipfile.ZipFile, archive: Path, folder: Path) -> list[Path]:
    members = [m for m in packed.infolist() if not m.is_dir() and not PurePosixPath(m.filename).name.startswith(".")]
    if len(members) > MOST_FILES:
        found = f"{len(members):,} files"
        raise InputError(Issue("ct.too-many-files", archive.name, found, "one series", "Pack one series."))
    if sum(m.file_size for m in members) > MOST_BYTES:
        raise _too_large(archive)
    files: list[Path] = []
    left = MOST_BYTES
    for number, member in enumerate(members):
        name = PurePosixPath(member.filename.replace("\\", "/")).name
        ending = format_of(Path(name)) or ".dcm"
        file = folder / f"file{number:05d}{ending}"
        with packed.open(member) as source, file.open("wb") as target:
            while part := source.read(_PART):
                left -= len(part)
                if left < 0:
                    raise _too_large(archive)
                target.write(part)
        files.append(file)
    return files


def _too_large(archive: Path) -> InputError:
    fix = "Pack only the series of the bone."
    expected = f"at most {MOST_BYTES:,} bytes unpacked"
    return InputError(Issue("ct.too-large", archive.name, "more than that", expected, fix))
