"""How a result was made: enough to make it again.

The record is written beside the result (``run_record.json``), never into it: a result's bytes must not depend
on the clock, the machine's name or the number of workers.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from osteocast.foundation.files import sha256_of
from osteocast.foundation.version import VERSION

_PACKAGES = (
    "numpy",
    "scipy",
    "numba",
    "llvmlite",
    "sympy",
    "pint",
    "pyarrow",
    "matplotlib",
    "jinja2",
    "pydantic",
    "typer",
)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What was run, on what, with which inputs.

    Attributes
    ----------
    version : str
        Osteocast's own version.
    python, platform : str
        Interpreter and operating system with processor type.
    command : tuple of str
        The command or call.
    seed : int or None
    inputs_sha256 : dict of str to str
        SHA-256 of each input file by name.
    evidence_sha256 : str
        SHA-256 of all evidence files together.
    packages : dict of str to str
        Versions of the packages that can change a number.
    workers : int
    started : str
        ISO 8601, UTC.
    """

    version: str
    python: str
    platform: str
    command: tuple[str, ...]
    seed: int | None
    inputs_sha256: dict[str, str]
    evidence_sha256: str
    packages: dict[str, str]
    workers: int = 1
    started: str = field(default="", compare=False)

    def to_json(self) -> str:
        """Return the record as indented JSON text."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


def new_run_record(
    command: tuple[str, ...],
    seed: int | None,
    inputs: Mapping[str, bytes],
    evidence_sha256: str,
    workers: int = 1,
    readers: Sequence[str] = (),
) -> RunRecord:
    """Describe the run that is starting now.

    Parameters
    ----------
    command : tuple of str
    seed : int or None
    inputs : mapping of str to bytes
        Content of each input file by the name the user gave.
    evidence_sha256 : str
        See :func:`osteocast.evidence.load.evidence_sha256`.
    workers : int
    readers : sequence of str
        Packages besides the usual ones that read the inputs; those that are not installed are left out.
    """
    installed = [name for name in readers if any(metadata.distributions(name=name))]
    return RunRecord(
        version=VERSION,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()} {sys.byteorder}-endian",
        command=tuple(command),
        seed=seed,
        inputs_sha256={Path(name).name: sha256_of(raw) for name, raw in sorted(inputs.items())},
        evidence_sha256=evidence_sha256,
        packages={name: metadata.version(name) for name in (*_PACKAGES, *installed)},
        workers=workers,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
