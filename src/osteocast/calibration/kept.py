"""Finished runs kept in files of their own, so that an interrupted calibration goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osteocast.evidence.code_and_data import code_and_data
from osteocast.foundation.errors import Issue, StorageError
from osteocast.foundation.files import sha256_of, write_atomically

FloatArray = NDArray[np.float64]

# What a simulated row depends on beside people; the stage, its scales and the size stand in the key of each run.
_FILES: Final = ("calibration/point.py", "calibration/fitted_row.py", "validation/scale.py")


@dataclass(frozen=True, slots=True)
class Kept:
    """A folder of finished runs, each found by the content of what it depends on.

    Attributes
    ----------
    folder : of the files. version : of code and data. notice : told what is damaged and done again.
    """

    folder: Path
    version: str
    notice: Callable[[str], None]

    def array(self, kind: str, depends: object, compute: Callable[[], FloatArray]) -> FloatArray:
        """Return the result of a run: from its file if it is there and whole, else computed and kept.

        Parameters
        ----------
        kind : begins the name of the file. depends : everything else that the result depends on; its text counts.
        """
        key = sha256_of(f"{self.version}\n{depends!r}".encode())
        file = self.folder / f"{kind}-{key[:32]}.json"
        found = self._read(file, key)
        if found is None:
            found = compute()
            write_atomically(file, json.dumps({"key": key, "sum": _sum(found), "values": found.tolist()}, indent=1))
        return found

    def holds(self, kind: str, depends: object) -> bool:
        """Tell whether the file of a run is there, whole or not."""
        key = sha256_of(f"{self.version}\n{depends!r}".encode())
        return (self.folder / f"{kind}-{key[:32]}.json").is_file()

    def _read(self, file: Path, key: str) -> FloatArray | None:
        if not file.is_file():
            return None
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
            values = np.array(document["values"], dtype=np.float64)
            whole = document["key"] == key and document["sum"] == _sum(values)
        except (OSError, ValueError, KeyError, TypeError):
            whole = False
        if whole:
            return values
        self.notice(f"{file.name} is damaged and is computed again")
        return None


def _sum(values: FloatArray) -> str:
    return sha256_of(np.ascontiguousarray(values, dtype="<f8").tobytes())


def open_kept(folder: Path, notice: Callable[[str], None]) -> Kept:
    """Return a folder of finished runs, new or of an earlier calibration; runs of other versions stay unused.

    Raises
    ------
    StorageError
        ``storage.folder``: the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # what a calibration that was killed was just writing
        for unfinished in folder.glob(".*.json.*"):
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        found, fix = error.strerror or str(error), "Choose another folder with --work."
        raise StorageError(Issue("storage.folder", str(folder), found, "a folder that can be written", fix)) from error
    return Kept(folder, code_and_data(*_FILES), notice)
