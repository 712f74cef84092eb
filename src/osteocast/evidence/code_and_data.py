"""What simulated people depend on, as one key: work that was kept under another key is not used again."""

from __future__ import annotations

from typing import Final

from osteocast.evidence.load import DATA
from osteocast.foundation.files import folder_sha256, sha256_of

_CODE: Final = ("course", "domain", "engine", "evidence", "foundation", "formats", "inference", "models", "trials")
_DATA: Final = ("drugs", "parameters", "regimens", "trials")
# Posteriors are for those to name who draw from them; the others are of the plan of a calibration, or about results.
_NOT_TABLES: Final = frozenset({"posterior.toml", "calibration.toml", "applicability.toml", "validated.toml"})


def code_and_data(*also: str) -> str:
    """Return a SHA-256 of the code and data that every simulated course depends on.

    Parameters
    ----------
    also : further files, or folders of TOML files, by their path within the package.
    """
    package = DATA.parent
    parts = [folder_sha256(package / name, "**/*.py") for name in _CODE]
    parts += [folder_sha256(DATA / name) for name in _DATA]
    tables = sorted(file for file in DATA.glob("*.toml") if file.name not in _NOT_TABLES)
    for path in [*tables, *(package / name for name in also)]:
        parts.append(folder_sha256(path) if path.is_dir() else sha256_of(path.read_bytes()))
    return sha256_of("\n".join(parts).encode())
