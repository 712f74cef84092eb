"""A realistic result: four regimens, six lesions, and names that try to act."""

import math
from typing import Any

import pytest

MONTHS = 24
NAME = 'Zoë <script>alert("1")</script> 李 & \u202eevil\x1b[31m'
REGIMENS = (
    ("supportive-care", "Supportive care", 0.58, 0.00, True),
    ("zoledronate-q4w", "Zoledronate every 4 weeks", 0.44, 0.13, False),
    ("denosumab-q4w", "Denosumab every 4 weeks", 0.39, 0.17, False),
    ("file-regimen", "<img src=x onerror=alert(2)> switch", 0.41, 0.15, False),
)
LESIONS = (
    ("femur-left-subtrochanteric", "femur-proximal", "lytic", 38.0, []),
    ("T8", "vertebra-thoracic", "lytic", 22.0, []),
    ("L3", "vertebra-lumbar", "mixed", 28.0, ["cortical_involvement"]),
    ("pelvis-right-ilium", "pelvis", "sclerotic", 31.0, []),
    ("rib-left-7", "rib", None, None, ["kind", "size"]),
    ("other", "other", "lytic", 12.0, []),
)
SHARES = {
    "any_event": 1.0,
    "fracture": 0.62,
    "cord_compression": 0.08,
    "radiotherapy": 0.55,
    "surgery": 0.11,
    "hypercalcaemia": 0.14,
    "hypocalcaemia": 0.001,
    "loss_of_walking": 0.2,
    "death": 0.6,
}


def interval(p: float) -> dict[str, float]:
    return {"probability": round(p, 4), "low": round(p * 0.63, 4), "high": round(min(1, p * 1.38), 4)}


def by_month(final: float, bend: float = 0.09) -> dict[str, Any]:
    months = list(range(MONTHS + 1))
    curve = [final * (1 - math.exp(-bend * m)) / (1 - math.exp(-bend * MONTHS)) for m in months]
    spans = [interval(p) for p in curve]
    return {"months": months, **{k: [s[k] for s in spans] for k in ("probability", "low", "high")}}


def course(unit: str, start: float, end: float, width: float) -> dict[str, Any]:
    months = list(range(MONTHS + 1))
    middle = [end + (start - end) * math.exp(-m / 2) for m in months]
    ends = {"low": [v * (1 - width) for v in middle], "high": [v * (1 + width) for v in middle]}
    return {"unit": unit, "months": months, "median": middle, **ends}


def regimen(name: str, title: str, risk: float, effect: float, current: bool) -> dict[str, Any]:
    alive = by_month(0.44)
    marker = 1.9 - 9 * effect
    return {
        "name": name,
        "title": title,
        "current": current,
        "eligible": True,
        "reasons": ["current treatment" if current else "eligible: creatinine clearance 71 mL/min"],
        "calendar_note": "4 mg reduced to 3.5 mg for a clearance of 50-60 mL/min" if name.startswith("zol") else "",
        "risk": {kind: by_month(risk * share) for kind, share in SHARES.items()},
        "first_event": {
            "cord_compression": 0.001,
            "fracture": 0.08 * risk,
            "radiotherapy": 0.27 * risk,
            "prevention": 0.65 * risk,
        },
        "expected_events": {"mean": 2.4 * risk, "low": 1.5 * risk, "high": 3.4 * risk},
        "survival": {
            "months": alive["months"],
            "probability": [1 - p for p in alive["probability"]],
            "low": [1 - p for p in alive["high"]],
            "high": [1 - p for p in alive["low"]],
            "median_months": None,
        },
        "lesions": [
            {
                "site": site,
                "already_fractured": False,
                "fracture": interval(risk * 0.4 / (i + 1)),
                "radiotherapy": interval(risk * 0.3 / (i + 1)),
                "surgery": interval(risk * 0.2 / (i + 1)),
                "cord": interval(0.04) if site in {"T8", "L3"} else None,
                "cord_recorded": False,
                "strength_now": 0.62,
                "strength_end": 0.41 + effect,
                "strength_share": 0.73,
            }
            for i, (site, *_) in enumerate(LESIONS)
        ],
        "courses": {
            "calcium": course("mmol/L", 2.42, 2.55 - 0.8 * effect, 0.06),
            "pain": course("0-10", 4.0, 5.5 - 6 * effect, 0.4),
            "untx": course("1", 1.9, marker, 0.35),
            "ctx": course("1", 1.7, marker, 0.35),
            "bone_alp": course("1", 1.4, 1.5 - 2 * effect, 0.25),
        },
        "harms": {
            "hypocalcaemia_below_2.0": interval(0.02 + effect / 2),
            "lowest_calcium": {"median": 2.31 - effect, "low": 2.1 - effect, "high": 2.4, "unit": "mmol/L"},
            "not_modelled": "jaw necrosis",
        },
    }


def contrast(name: str, kind: str, middle: float, half: float) -> dict[str, Any]:
    low, high = middle - half, middle + half
    ends = {"avoided_per_100": middle, "low": low, "high": high, "distinguishable": low * high > 0}
    return {"regimen": name, "against": "supportive-care", "kind": kind, **ends, "text": "not shown"}


def all_contrasts() -> list[dict[str, Any]]:
    found = []
    for kind, share in SHARES.items():
        for name, middle in (("zoledronate-q4w", 13.2), ("denosumab-q4w", 18.7), ("file-regimen", 16.4)):
            found.append(contrast(name, kind, middle * share, 8.9 * share**0.5))
    pairs = [contrast("denosumab-q4w", "any_event", 5.5, 9.9), contrast("file-regimen", "any_event", -2.3, 7.1)]
    return [*found, pairs[0] | {"against": "zoledronate-q4w"}, pairs[1] | {"against": "denosumab-q4w"}]


@pytest.fixture
def result() -> dict[str, Any]:
    """A realistic result: four regimens, six lesions, and names that try to act."""
    lesions = [dict(zip(("site", "site_class", "kind", "size_mm", "drawn"), row, strict=True)) for row in LESIONS]
    given = [
        ("weight", "70 kg"),
        ("visceral metastases", "no"),
        ("current regimen", "supportive-care"),
        ("lines of systemic therapy", "letrozole and palbociclib (2025-03-01 to 2026-08-20); fulvestrant (2026-09-01)"),
        ("earlier skeletal events", "radiotherapy of L3 (2025-06-11)"),
        ("calcium", "2.42 mmol/L on 2026-10-01"),
        ("albumin", "38 g/L on 2026-10-01"),
        ("creatinine", "88 umol/L on 2026-10-01"),
        ("uNTx", "<80 nmol BCE/mmol creatinine on 2026-09-12"),
    ]
    population = "from the population of breast cancer with bone metastases"
    open_fields = [f"{field} of {site}" for site, *_ in LESIONS for field in ("pain at rest", "pain on loading")]
    items = ("ECOG performance status", "bone ALP", *open_fields, "collapse of T8")
    drawn = [{"item": item, "how": population} for item in items]
    how = "from lesions of that site and primary"
    return {
        "schema": "osteocast.result/1",
        "version": "0.1.0",
        "title": NAME,
        "banner": "Research and education use only; not a diagnosis, an order or a treatment recommendation.",
        "patient": {
            "age_years": 62,
            "sex": "female",
            "primary": {"origin": "breast", "subtype": "ER+ HER2-"},
            "assessed": "2026-10-02",
            "given": [{"item": i, "value": v} for i, v in given],
            "drawn": [*drawn, {"item": "kind of rib-left-7", "how": how}],
            "lesions": lesions,
        },
        "settings": {
            "months": MONTHS,
            "draws": 200,
            "continuations": 20,
            "seed": 1,
            "event_definition": "Skeletal event: fracture (found on a survey or felt), spinal cord compression, "
            "radiotherapy or surgery to bone.",
        },
        "calibration": {
            "state": "calibrated on 6 published figures",
            "rows": [
                {"target": f"EV{i:04d}", "text": "first event, 12 months", "published": 31.0 + i, "unit": "%"}
                | {"simulated": 30.2 + i, "error": -0.8}
                for i in range(6)
            ],
            "statement": "not checked with these scales on figures that calibration did not see",
            "brief": "calibrated on 6 figures; not checked with these scales",
        },
        "applicability": [
            {"level": "note", "text": "The trials behind the calibration ended before CDK4/6 inhibitors."},
            {"level": "caution", "text": "A lesion at a site without published fracture rates (other)."}
            | {"about": "site", "brief": "a site without published rates"},
        ],
        "weights": {
            "effective_sample_size": 812.4,
            "pareto_k": 0.41,
            "candidates": 4000,
            "observations_used": ["calcium", "uNTx", "sizes of 5 lesions"],
        },
        "regimens": [regimen(*row) for row in REGIMENS],
        "contrasts": all_contrasts(),
        "drivers": [
            {"parameter": "strength.scale", "meaning": "strength of bone with a lesion", "grade": "fitted"}
            | {"correlation": -0.61, "effect": "weaker bone than assumed raises every fracture risk"},
            {"parameter": "lesion.growth", "meaning": "growth of lesions", "grade": "fitted"}
            | {"correlation": 0.44, "effect": "faster growth brings events forward"},
            {
                "parameter": "care.pain_referral",
                "meaning": "pain that leads to radiotherapy",
                "grade": "assumed",
            }
            | {"correlation": 0.31, "effect": "earlier referral means more radiotherapy and fewer fractures"},
        ],
        "missing": [
            {
                "item": "Cortical involvement of the left femur",
                "narrowing": 0.2,
                "text": "Knowing the cortical involvement would move the chance of any event by 5 points.",
            },
            {"item": "ECOG", "narrowing": 0.1, "text": "Knowing ECOG would move the chance of any event by 2 points."},
        ],
        "assumptions": [
            {
                "parameter": "lesion.growth",
                "value": 0.00411,
                "unit": "1/day",
                "grade": "fitted",
                "source": "calibration",
            },
            {
                "parameter": "strength.woven_penalty",
                "value": 0.5,
                "unit": "1",
                "grade": "assumed",
                "source": "none",
            },
        ],
        "citations": [{"key": "peterson2010", "text": "Peterson & Riggs, Bone 2010; https://doi.org/10.1016/x"}],
    }
