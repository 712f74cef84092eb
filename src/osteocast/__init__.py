"""Osteocast forecasts metastatic bone disease, for research and education.

Not a diagnosis, an order or a treatment recommendation.

The names below are the public API; each is imported on first use, so that ``import osteocast`` stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osteocast.foundation.version import VERSION

if TYPE_CHECKING:
    from osteocast.clinical.assessment import Assessment, assess
    from osteocast.clinical.score import Score, score
    from osteocast.domain.observation import Observation
    from osteocast.domain.patient import Lesion, Patient, PrimaryTumour, SkeletalEvent
    from osteocast.domain.regimen import Regimen
    from osteocast.domain.site import Site
    from osteocast.domain.trial import Trial
    from osteocast.forecasting.result import Forecast
    from osteocast.forecasting.run import Settings as ForecastSettings
    from osteocast.forecasting.run import forecast
    from osteocast.formats.patient_file import read_patient
    from osteocast.formats.regimen_file import read_regimen
    from osteocast.formats.trial_file import read_trial
    from osteocast.foundation.errors import OsteocastError
    from osteocast.report.html import write_report
    from osteocast.report.strength_folder import write_strength
    from osteocast.structure.strength import Strength, strength
    from osteocast.structure.strength_question import Question as StrengthQuestion
    from osteocast.trials.run import TrialSettings
    from osteocast.trials.simulate_trial import TrialResult
    from osteocast.trials.simulate_trial import simulate_trial as trial

__version__ = VERSION

# Where each name lives: module, and the name it has there.
_HOME = {
    "Assessment": ("osteocast.clinical.assessment", "Assessment"),
    "Forecast": ("osteocast.forecasting.result", "Forecast"),
    "ForecastSettings": ("osteocast.forecasting.run", "Settings"),
    "Lesion": ("osteocast.domain.patient", "Lesion"),
    "Observation": ("osteocast.domain.observation", "Observation"),
    "OsteocastError": ("osteocast.foundation.errors", "OsteocastError"),
    "Patient": ("osteocast.domain.patient", "Patient"),
    "PrimaryTumour": ("osteocast.domain.patient", "PrimaryTumour"),
    "Regimen": ("osteocast.domain.regimen", "Regimen"),
    "Score": ("osteocast.clinical.score", "Score"),
    "Site": ("osteocast.domain.site", "Site"),
    "SkeletalEvent": ("osteocast.domain.patient", "SkeletalEvent"),
    "Strength": ("osteocast.structure.strength", "Strength"),
    "StrengthQuestion": ("osteocast.structure.strength_question", "Question"),
    "Trial": ("osteocast.domain.trial", "Trial"),
    "TrialResult": ("osteocast.trials.simulate_trial", "TrialResult"),
    "TrialSettings": ("osteocast.trials.run", "TrialSettings"),
    "assess": ("osteocast.clinical.assessment", "assess"),
    "forecast": ("osteocast.forecasting.run", "forecast"),
    "read_patient": ("osteocast.formats.patient_file", "read_patient"),
    "read_regimen": ("osteocast.formats.regimen_file", "read_regimen"),
    "read_trial": ("osteocast.formats.trial_file", "read_trial"),
    "score": ("osteocast.clinical.score", "score"),
    "strength": ("osteocast.structure.strength", "strength"),
    "trial": ("osteocast.trials.simulate_trial", "simulate_trial"),
    "write_report": ("osteocast.report.html", "write_report"),
    "write_strength": ("osteocast.report.strength_folder", "write_strength"),
}

__all__ = [
    "Assessment",
    "Forecast",
    "ForecastSettings",
    "Lesion",
    "Observation",
    "OsteocastError",
    "Patient",
    "PrimaryTumour",
    "Regimen",
    "Score",
    "Site",
    "SkeletalEvent",
    "Strength",
    "StrengthQuestion",
    "Trial",
    "TrialResult",
    "TrialSettings",
    "__version__",
    "assess",
    "forecast",
    "read_patient",
    "read_regimen",
    "read_trial",
    "score",
    "strength",
    "trial",
    "write_report",
    "write_strength",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'osteocast' has no attribute {name!r}")
    from importlib import import_module

    module, there = _HOME[name]
    return getattr(import_module(module), there)


def __dir__() -> list[str]:
    return sorted(__all__)
