"""A strength as plain numbers and text: the content of ``result.json``."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np

from osteocast.evidence.cite import cite
from osteocast.evidence.load import load_sources
from osteocast.formats.strength_model import STRENGTH_FORMAT
from osteocast.foundation.banner import BANNER
from osteocast.foundation.errors import Issue
from osteocast.foundation.version import VERSION
from osteocast.structure.daily_loads import LoadRatio
from osteocast.structure.failure import Failure
from osteocast.structure.lesion_report import LesionReport, report_lesions
from osteocast.structure.strength import Carried, Strength

__all__ = ["strength_document"]

_DIGITS = 6


def strength_document(found: Strength) -> dict[str, Any]:
    """Return what ``data/schema/strength-result.schema.json`` describes; it names no person and no file."""
    built, bone = found.built, found.carried.bone
    line = built.calibration
    document = {
        "schema": STRENGTH_FORMAT,
        "version": VERSION,
        "banner": BANNER,
        "ct": _ct(found),
        "bone": {
            "site": bone.site,
            "title": _title(bone.site, built.label, built.site.entry["title"]),
            "label": built.label,
            "voxels": int(bone.bone.sum()),
            "spacing_mm": [_rounded(v) for v in bone.spacing_mm],
            "volume_ml": _rounded(_volume_ml(found, bone.bone)),
            "mean_density": _rounded(float(bone.density[bone.bone].mean())),
            "density_unit": bone.density_unit,
        },
        "calibration": None
        if line is None
        else {
            "method": line.method,
            "slope": _rounded(line.slope),
            "intercept": _rounded(line.intercept),
            "unit": line.unit,
            "source": line.source,
        },
        "laws": [
            {
                "name": one.name,
                "property": one.property,
                "formula": one.formula(),
                "density": one.density,
                "source": one.source,
                "status": one.status,
            }
            for one in built.laws
        ],
        "load": {"name": found.carried.loaded.name, "length_mm": _rounded(found.carried.loaded.length_mm)},
        "strength": _carried(found.carried),
        "lesion": _lesion(found),
        "body_weight_kg": found.question.body_weight_kg,
        "daily_loads": [_daily(one) for one in found.daily],
        "interval": list(found.carried.band.lines),
        "assumptions": _assumptions(found),
        "warnings": [_warning(one) for one in found.warnings],
    }
    return {**document, "citations": _citations(document)}


def _citations(document: dict[str, Any]) -> dict[str, str]:
    """Return the reference of every source whose key stands anywhere in the document."""
    words = set(re.findall(r"[a-z0-9-]+", json.dumps(document)))
    return cite(key for key in load_sources() if key in words)


def _assumptions(found: Strength) -> list[str]:
    """Return every line once; warnings among them stand in the list of warnings."""
    one = found.carried
    lines = dict.fromkeys((*one.bone.lines, *one.loaded.lines, *one.failure.lines, *_sound_lines(found)))
    return [line for line in lines if not line.startswith("warning ")]


def _ct(found: Strength) -> dict[str, Any]:
    scan = found.scan
    z, y, x = scan.volume.spacing_zyx_mm
    return {
        "kind": scan.kind,
        "sha256": scan.sha256,
        "unit": scan.volume.unit,
        "voxels": list(scan.volume.shape_zyx[::-1]),
        "spacing_mm": [_rounded(v) for v in (x, y, z)],
        "kvp": scan.scanner.kvp,
        "kernel": scan.scanner.kernel,
        "contrast": scan.scanner.contrast,
        "manufacturer": scan.scanner.manufacturer,
    }


def _title(site: str, label: str, title: str) -> str:
    """Return ``"Vertebra T12"`` or ``"Femur, left"``: what the label adds to the site."""
    kind, _, more = label.partition("-")
    if kind == site and more:
        return f"{title} {more.upper()}"
    side = site.partition("-")[2]
    return f"{title}, {side}" if side else title


def _volume_ml(found: Strength, mask: Any) -> float:
    return float(mask.sum()) * float(np.prod(found.carried.bone.spacing_mm)) / 1000.0


def _carried(one: Carried) -> dict[str, Any]:
    failure = one.failure
    return {
        "stiffness_n_mm": _rounded(failure.stiffness_n_mm),
        "failure_load_n": _rounded(failure.failure_load_n),
        "low_n": _rounded(one.band.low_n),
        "high_n": _rounded(one.band.high_n),
        "moment_nm": _moment(one),
        "definition": failure.definition,
        "yield_load_n": _rounded(failure.yield_load_n),
        "displacement_mm": _rounded(failure.failure_displacement_mm),
        "energy_mj": _rounded(failure.energy_to_failure_mj),
        "failed_ml": _rounded(failure.failed_volume_mm3 / 1000.0),
        "tension_share": _rounded(failure.tension_share),
        "half_way_load_n": _rounded(_half_way(failure)),
        "contact_share": _rounded(failure.place.contact),
        "contact_bone_share": _rounded(failure.place.contact_bone),
        "lesion_share": _rounded(failure.place.lesion),
        "curve": {
            "displacement_mm": [_rounded(float(v)) for v in failure.displacement_mm],
            "force_n": [_rounded(float(v)) for v in failure.force_n],
        },
        "rules": [
            {
                "rule": rule.rule,
                "load_n": _rounded(rule.load_n),
                "reason": rule.reason,
                "about": rule.line,
                "at_contact": rule.at_contact,
            }
            for rule in one.rules
        ],
        "residual": _rounded(failure.elastic.residual),
        "left_out_voxels": failure.elastic.left_out[1],
    }


def _lesion(found: Strength) -> dict[str, Any] | None:
    if found.sound is None:
        return None
    volume = _volume_ml(found, found.carried.bone.lesion)
    with_, without = found.carried.failure, found.sound.failure
    return {
        "synthetic": found.synthetic,
        "volume_ml": _rounded(volume),
        "share": _rounded(volume / _volume_ml(found, found.carried.bone.bone)),
        "without": _carried(found.sound),
        "load_lost": _lost(with_.failure_load_n, without.failure_load_n),
        "pieces": [_piece(one) for one in report_lesions(found.carried.bone, _level(found.built.label))],
        "yield_lost": _lost(with_.yield_load_n, without.yield_load_n),
        "stiffness_lost": _lost(with_.stiffness_n_mm, without.stiffness_n_mm),
    }


def _lost(with_lesion: float | None, without: float | None) -> float | None:
    """Return the share that a lesion costs; None where one of both is not known."""
    return None if with_lesion is None or without is None else _rounded(1.0 - with_lesion / without)


def _half_way(failure: Failure) -> float:
    """Return the force at half the movement at failure [N]: what a smaller limit would have given."""
    half = failure.failure_displacement_mm / 2
    return float(np.interp(half, failure.displacement_mm, failure.force_n))


def _daily(one: LoadRatio) -> dict[str, Any]:
    load, ratio = one.load_interval_n or (None, None), one.interval or (None, None)
    return {
        "activity": one.activity,
        "about": one.about,
        "load_n": _rounded(one.load_n),
        "low_n": _rounded(load[0]),
        "high_n": _rounded(load[1]),
        "ratio": _rounded(one.ratio),
        "ratio_low": _rounded(ratio[0]),
        "ratio_high": _rounded(ratio[1]),
        "spread": one.spread,
        "source": one.source,
        "status": one.status,
    }


def _moment(one: Carried) -> float | None:
    """Return the moment at failure where the loaded surface turns [N m]."""
    lever = one.loaded.lever_mm
    return _rounded(one.failure.failure_load_n * lever / 1000.0) if lever else None


def _level(label: str) -> str | None:
    """Return ``"L4"`` of a label that names a level of the spine."""
    level = label.removeprefix("vertebra-")
    return level.upper() if level != label else None


def _piece(one: LesionReport) -> dict[str, Any]:
    return {
        "volume_ml": _rounded(one.measures.volume_ml),
        "diameter_mm": _rounded(one.measures.greatest_diameter_mm),
        "kind": one.measures.kind.value,
        "region": one.region,
        "items": [
            {"instrument": instrument, "item": name, "value": _value(reading.value), "missing": reading.missing}
            for instrument, items in one.items.items()
            for name, reading in items.items()
        ],
        "missing": list(one.missing),
    }


def _value(value: float | str | None) -> float | str | None:
    return value if isinstance(value, str) else _rounded(value)


def _sound_lines(found: Strength) -> tuple[str, ...]:
    return () if found.sound is None else tuple(one for one in found.sound.bone.lines if one.startswith("without"))


def _warning(one: Issue) -> dict[str, str]:
    return {"code": one.code, "place": one.place, "found": one.found, "expected": one.expected, "fix": one.fix}


def _rounded(value: float | None) -> float | None:
    """Keep six digits: the last ones of a double differ between processors."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{_DIGITS}g}")
