"""Prognosis scores from a record; all stand side by side, none is averaged."""

from __future__ import annotations

from osteocast.clinical.facts import Facts
from osteocast.clinical.score import Score
from osteocast.clinical.score_items import applied

__all__ = ["prognosis_scores"]


def prognosis_scores(facts: Facts, unchecked: bool) -> list[Score]:
    """Apply the scores of survival with bone metastases; those built on the spine only where a vertebra is affected."""
    patient = facts.patient
    if patient is None or not patient.lesions:
        return []
    primary = patient.primary.origin if patient.primary.origin != "other" else patient.primary.subtype
    who: dict[str, object] = {"age_years": patient.age_years}
    visceral = {True: "yes", False: "no", None: None}[patient.visceral_metastases]
    none = "none" if patient.visceral_metastases is False else None
    several = len(patient.lesions) > 1
    kps = facts.value("karnofsky")
    spine = sum(one.site.is_vertebra for one in patient.lesions)
    wanted: list[tuple[str, dict[str, object]]] = [
        ("bauer", {"primary": primary, "visceral": visceral, "solitary": "no" if several else None})
    ]
    if spine:
        elsewhere = len(patient.lesions) - spine
        wanted += [
            ("van-der-linden", {"kps": kps, "primary": primary, "visceral": visceral}),
            ("tomita", {"primary": primary, "visceral": none, "bone": "multiple" if several else None}),
            (
                "tokuhashi",
                {
                    "kps": kps,
                    # what is described is a least number: only the level of three and more is settled by it
                    "extraspinal_bone": ">=3" if elsewhere >= 3 else None,
                    "vertebral": ">=3" if spine >= 3 else None,
                    "organs": none,
                    "primary": primary,
                },
            ),
        ]
    chemo = any(line.therapy_class == "chemotherapy" for line in patient.lines)
    multiple = "yes" if several else None
    items = {"primary": primary, "visceral": none, "ecog_3_4": patient.ecog, "multiple_bone": multiple}
    wanted.append(("katagiri", {**items, "prior_chemo": "yes" if chemo else None}))
    found = [applied(name, {**items, **who}, unchecked) for name, items in wanted]
    return [one for one in found if one is not None]
