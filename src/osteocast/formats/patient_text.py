"""Patients as mappings and as TOML text, the way back from `osteocast.formats.patient_file`."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from osteocast.domain.patient import Lesion, Patient
from osteocast.formats.patient_model import PATIENT_FORMAT

__all__ = ["mapping_to_toml", "patient_to_mapping"]


def patient_to_mapping(patient: Patient) -> dict[str, Any]:
    """Return a mapping with the keys of a patient's file; what is unknown is left out."""
    primary = patient.primary
    content = {
        "format": PATIENT_FORMAT,
        "identifier": patient.identifier,
        "assessed": patient.assessed,
        "age_years": patient.age_years,
        "sex": patient.sex,
        "weight": _measure(patient.weight_kg, "kg"),
        "ecog": patient.ecog,
        "visceral_metastases": patient.visceral_metastases,
        "current_regimen": patient.current_regimen,
        "primary": {"origin": primary.origin, "subtype": primary.subtype, "diagnosed": primary.diagnosed},
        "lesions": [_lesion(one) for one in patient.lesions],
        "therapies": [
            {"class": one.therapy_class, "name": one.name, "started": one.started, "stopped": one.stopped}
            for one in patient.lines
        ],
        "antiresorptives": [
            {
                "drug": one.drug,
                "dose": _measure(one.dose_mg, "mg"),
                "interval": _measure(one.interval_days, "days"),
                "started": one.started,
                "stopped": one.stopped,
            }
            for one in patient.drug_history
        ],
        "events": [
            {"kind": one.kind, "site": one.site.name if one.site else None, "date": one.date} for one in patient.events
        ],
        "observations": [
            {
                "quantity": one.quantity,
                "value": one.given or f"{'' if one.censoring == '=' else one.censoring}{one.value!r} {one.unit}",
                "date": one.date,
            }
            for one in patient.observations
        ],
    }
    pruned: dict[str, Any] = _pruned(content)
    return pruned


def mapping_to_toml(content: Mapping[str, Any]) -> str:
    """Return the TOML text of a mapping of single values, tables of them and lists of such tables."""
    single = {key: value for key, value in content.items() if not isinstance(value, dict | list)}
    blocks = [_lines(single)]
    for key, value in content.items():
        if isinstance(value, dict):
            blocks.append(f"[{key}]\n{_lines(value)}")
        if isinstance(value, list):
            blocks += [f"[[{key}]]\n{_lines(entry)}" for entry in value]
    return "\n\n".join(blocks) + "\n"


def _lines(entries: Mapping[str, Any]) -> str:
    return "\n".join(f"{key} = {_written(value)}" for key, value in entries.items())


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value!r}"
    if isinstance(value, dt.date):
        return value.isoformat()
    # The escapes of JSON strings are those of basic strings in TOML.
    return json.dumps(value, ensure_ascii=False)


def _lesion(lesion: Lesion) -> dict[str, Any]:
    cortex = lesion.cortical_involvement
    return {
        "site": lesion.site.name,
        "kind": lesion.kind,
        "size": _measure(lesion.size_mm, "mm"),
        "cortical_involvement": _measure(None if cortex is None else 100 * cortex, "%"),
        "pain_at_rest": lesion.pain_at_rest,
        "pain_on_loading": lesion.pain_on_loading,
        "collapse": _measure(lesion.collapse_percent, "%"),
        "epidural_grade": lesion.epidural_grade,
        "irradiated": lesion.irradiated,
        "fixed": lesion.fixed,
        "found": lesion.found,
        "note": lesion.note or None,
    }


def _measure(value: float | None, unit: str) -> str | None:
    return None if value is None else f"{value:.12g} {unit}"


def _pruned(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _pruned(value) for key, value in node.items() if value is not None}
    return [_pruned(value) for value in node] if isinstance(node, list) else node
