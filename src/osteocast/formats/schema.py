"""JSON Schemas of the files, written from the models that read them."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from osteocast.formats.assessment_model import AssessmentDocument
from osteocast.formats.cohort_result_model import CohortResultDocument
from osteocast.formats.instrument_model import InstrumentEntry
from osteocast.formats.patient_model import PatientEntry
from osteocast.formats.regimen_model import RegimenEntry
from osteocast.formats.strength_model import StrengthDocument
from osteocast.formats.trial_model import TrialEntry
from osteocast.formats.trial_result_model import TrialResultDocument
from osteocast.foundation.files import write_atomically

__all__ = ["schema_text", "schemas", "write_schemas"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schemas of the files that people write and of results, such as ``patient.schema.json``."""
    models: dict[str, type[BaseModel]] = {
        "assessment": AssessmentDocument,
        "instrument": InstrumentEntry,
        "patient": PatientEntry,
        "regimen": RegimenEntry,
        "strength-result": StrengthDocument,
        "trial": TrialEntry,
        "trial-result": TrialResultDocument,
        "cohort-result": CohortResultDocument,
    }
    return {
        f"{name}.schema.json": {
            "$schema": _DIALECT,
            **model.model_json_schema(by_alias=True),
            "title": f"Osteocast {name.replace('-', ' ')} file",
        }
        for name, model in models.items()
    }


def schema_text(schema: dict[str, Any]) -> str:
    """Return a schema as the text of its published file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: str | Path) -> None:
    """Write all schemas into a folder."""
    for name, schema in schemas().items():
        write_atomically(Path(folder) / name, schema_text(schema))
