"""Finished work of a trial, kept in files so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from osteocast.foundation.errors import InputError, Issue, StorageError
from osteocast.foundation.files import sha256_of, write_atomically
from osteocast.trials.subjects import Subjects, arrays_of, from_arrays

HEADER = "work-of.json"
_OWNER: Final = "work_of"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A folder of finished work that belongs to one run.

    Attributes
    ----------
    folder : of the files. fingerprint : of everything the result depends on; every file says to what it belongs.
    notice : told what had to be done again, and why.
    """

    folder: Path
    fingerprint: str
    notice: Callable[[str], None]

    def unit(self, name: str, compute: Callable[[], Subjects]) -> Subjects:
        """Return one unit of work: from its file if it is there and whole, else computed and kept."""
        file = self.folder / f"{name}.npz"
        if (found := self._kept(file)) is not None:
            return found
        made = compute()
        write_atomically(file, _bytes_of(made, self._owner(file)))
        return made

    def _owner(self, file: Path) -> str:
        """Return what a file must say to belong to this run under this name."""
        return sha256_of(f"{self.fingerprint} {file.name}".encode())

    def _kept(self, file: Path) -> Subjects | None:
        if not file.is_file():
            return None
        try:
            with np.load(file, allow_pickle=False) as arrays:
                found = {name: arrays[name] for name in arrays.files}
            if str(found.pop(_OWNER)) == self._owner(file):
                return from_arrays(found)
            self.notice(f"{file.name} belongs to another run and is computed again")
            return None
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
            self.notice(f"{file.name} is damaged and is computed again")
            return None

    def note(self, name: str, compute: Callable[[], dict[str, object]]) -> dict[str, object]:
        """Return one small result: from its file if it is there and whole, else computed and kept."""
        file = self.folder / f"{name}.json"
        if (found := self._noted(file)) is not None:
            return found
        # what was kept is what is used, so that a resumed run has the same bytes
        made = json.loads(json.dumps(compute()))
        write_atomically(file, json.dumps({"made": made, "sum": self._sum(file, made)}, sort_keys=True, indent=1))
        return dict(made)

    def _noted(self, file: Path) -> dict[str, object] | None:
        if not file.is_file():
            return None
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            whole = kept["sum"] == self._sum(file, kept["made"])
        except (OSError, ValueError, KeyError, TypeError):
            whole = False
        if whole:
            return dict(kept["made"])
        self.notice(f"{file.name} is damaged or of another run and is computed again")
        return None

    def _sum(self, file: Path, made: object) -> str:
        return sha256_of(f"{self._owner(file)} {json.dumps(made, sort_keys=True)}".encode())

    def drop(self, name: str) -> None:
        """Remove units whose name begins so; a result that stands on them has been kept."""
        for file in sorted(self.folder.glob(f"{name}*.npz")):
            file.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class NothingKept:
    """Stands where a checkpoint does and keeps no file: for work that is kept as a whole by whoever asks for it."""

    def unit(self, name: str, compute: Callable[[], Subjects]) -> Subjects:
        """Return one unit of work, computed."""
        return compute()


def open_checkpoint(folder: Path, fingerprint: str, notice: Callable[[str], None]) -> Checkpoint:
    """Return the checkpoint of a run, new or resumed.

    Parameters
    ----------
    fingerprint : of everything the result depends on.

    Raises
    ------
    InputError
        ``trial.foreign-work``: the folder holds the work of another run.
    StorageError
        ``storage.folder``: the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # what a run that was killed was just writing
        for unfinished in [*folder.glob(".*.npz.*"), *folder.glob(".*.json.*")]:
            unfinished.unlink(missing_ok=True)
        return _opened(folder, fingerprint, notice)
    except OSError as error:
        found, fix = error.strerror or str(error), "Choose another folder with --out."
        raise StorageError(Issue("storage.folder", str(folder), found, "a folder that can be written", fix)) from error


def _opened(folder: Path, fingerprint: str, notice: Callable[[str], None]) -> Checkpoint:
    header = folder / HEADER
    wanted = {"format": "osteocast.trial-work/1", "fingerprint": fingerprint}
    if header.is_file():
        try:
            found = json.loads(header.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = None
        if found != wanted:
            expected = "work of the same trial, settings, seed and version"
            fix = "Choose another folder, or remove this one."
            raise InputError(Issue("trial.foreign-work", str(folder), "work of another run", expected, fix))
    elif any(folder.iterdir()):
        fix = "Choose an empty folder."
        raise InputError(
            Issue("trial.foreign-work", str(folder), "files that no trial has left", "an empty folder", fix)
        )
    else:
        write_atomically(header, json.dumps(wanted, sort_keys=True, indent=1))
    return Checkpoint(folder, fingerprint, notice)


def _bytes_of(subjects: Subjects, owner: str) -> bytes:
    """Return an uncompressed archive of the arrays; numpy writes it without the time of day."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays_of(subjects), **{_OWNER: np.array(owner)})  # type: ignore[arg-type]
    return buffer.getvalue()
