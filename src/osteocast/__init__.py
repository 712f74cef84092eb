"""Osteocast forecasts metastatic bone disease, for research and education.

Not a diagnosis, an order or a treatment recommendation.

The names below are the public API; each is imported on first use, so that ``import osteocast`` stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osteocast.foundation.version import VERSION

if TYPE_CHECKING:
    from osteocast.domain.observation import Observation
    from osteocast.domain.patient import Lesion, Patient, PrimaryTumour, SkeletalEvent
    from osteocast.domain.regimen import Regimen
    from osteocast.domain.site import Site
    from osteocast.formats.patient_file import read_patient
    from osteocast.formats.regimen_file import read_regimen
    from osteocast.foundation.errors import OsteocastError

__version__ = VERSION

_HOME = {
    "Lesion": "osteocast.domain.patient",
    "Observation": "osteocast.domain.observation",
    "OsteocastError": "osteocast.foundation.errors",
    "Patient": "osteocast.domain.patient",
    "PrimaryTumour": "osteocast.domain.patient",
    "Regimen": "osteocast.domain.regimen",
    "Site": "osteocast.domain.site",
    "SkeletalEvent": "osteocast.domain.patient",
    "read_patient": "osteocast.formats.patient_file",
    "read_regimen": "osteocast.formats.regimen_file",
}

__all__ = [
    "Lesion",
    "Observation",
    "OsteocastError",
    "Patient",
    "PrimaryTumour",
    "Regimen",
    "Site",
    "SkeletalEvent",
    "__version__",
    "read_patient",
    "read_regimen",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'osteocast' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
