"""How numbers, sites and events are written in the report: whole numbers, months, no false precision."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from osteocast.forecasting.result import is_known

EVENTS: Final[Mapping[str, str]] = {
    "any_event": "Any skeletal event",
    "fracture": "Fracture",
    "cord_compression": "Spinal cord compression",
    "radiotherapy": "Radiotherapy to bone",
    "surgery": "Surgery to bone",
    "hypercalcaemia": "Calcium 3.0 mmol/L or more",
    "hypocalcaemia": "Calcium below 2.0 mmol/L",
    "loss_of_walking": "Loss of walking",
    "death": "Death from any cause",
}
"""Title of each kind of event, in the order of the tables."""

HARMS: Final[Mapping[str, str]] = {
    "hypocalcaemia": f"{EVENTS['hypocalcaemia']}, at any time (the event above)",
    "calcium_below_1_75_at_a_month": "Calcium below 1.75 mmol/L at one of the monthly readings",
}
"""What a harm is, so that an event and a monthly reading are not taken for one another."""

LESION_EVENTS: Final[Mapping[str, str]] = {
    "fracture": "Fracture here",
    "surgery": "Operation here",
    "fracture_or_rod": "Fracture or preventive rod here",
    "radiotherapy": "Radiotherapy here",
    "cord": "Cord compression here",
}

FIRST_EVENTS: Final[Mapping[str, str]] = {
    "prevention": "an operation to prevent a fracture (by a rule of care)",
    "radiotherapy": "radiotherapy to bone",
    "fracture": "a fracture",
    "cord_compression": "spinal cord compression",
}
FIRST_BRIEF: Final[Mapping[str, str]] = {
    "prevention": "preventive rod (by a rule of care)",
    "radiotherapy": "radiotherapy",
    "fracture": "fracture",
    "cord_compression": "cord",
}
"""Kinds of first event in full and for a short line."""

COURSES: Final[Mapping[str, str]] = {
    "calcium": "Calcium in blood",
    "pain": "Worst pain",
    "untx": "Urine NTX",
    "ctx": "Serum CTX",
    "bone_alp": "Bone alkaline phosphatase",
}

COURSE_LINES: Final[Mapping[str, tuple[tuple[float, str], ...]]] = {
    "calcium": ((2.6, "upper end of normal"), (3.0, "counted as hypercalcaemia")),
    "untx": ((1.0, "healthy"),),
    "ctx": ((1.0, "healthy"),),
    "bone_alp": ((1.0, "healthy"),),
}
"""Reference values drawn across the courses, in the unit of the course."""

SITE_PARTS: Final[Mapping[str, str]] = {
    "head-neck": "head and neck",
    "trochanteric": "trochanteric",
    "subtrochanteric": "subtrochanteric",
    "shaft": "shaft",
    "distal": "distal",
    "proximal": "proximal",
    "ilium": "ilium",
    "acetabulum": "acetabulum",
    "pubis-ischium": "pubis and ischium",
}

ACT: Final = "Contact emergency or oncology services directly and follow the local pathway."

EMERGENCY: Final = (
    "Not for decisions that cannot wait. Suspected spinal cord compression and severe hypercalcaemia are emergencies: "
    + ACT[:1].lower()
    + ACT[1:]
)

NOT_SEPARATED: Final = "not separated by this run"
"""Of two treatments whose difference may be none: which is not to say that they are equal."""

NOT_KNOWN: Final = "not known"
"""In place of a probability whose interval is wider than `forecasting.result.WIDEST_KNOWN`."""

INTERVAL: Final = 90
"""Coverage of every interval in the report [%]."""


@final
@dataclass(frozen=True, slots=True)
class Style:
    """How one regimen is marked: letter, dash pattern and colour, so that none of them is needed alone."""

    letter: str
    colour: str
    dash: str


# Okabe and Ito's colours, pale ones darkened to stay visible as thin lines; dashes tell them apart in grey.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#8C4F7E", "#56B4E9", "#B87F00", "#333333")
_DASHES = ("none", "7 3", "2 2.5", "9 3 2 3", "12 3", "4 2 1 2 1 2", "1 3")


def style_of(index: int) -> Style:
    """Return the mark of the regimen at this place in the list; letters run A to Z, then A1 and so on."""
    turn, letter = divmod(index, 26)
    name = chr(ord("A") + letter) + (str(turn) if turn else "")
    return Style(name, _COLOURS[index % len(_COLOURS)], _DASHES[index % len(_DASHES)])


def whole(value: float) -> int:
    """Round half away from zero, as a reader does (Python's own rounding goes to the even neighbour)."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def percent(probability: float | None) -> str:
    """Write a probability as a whole number of per cent, without the sign; never "0" or "100"."""
    if probability is None or not math.isfinite(probability):
        return "–"
    if probability < 0.005:
        return "<1"
    if probability >= 0.995:
        return ">99"
    # Results hold four decimals; without the rounding 0.145 would print as 14, being 14.499... per cent.
    return str(whole(round(100 * probability, 6)))


def interval(low: float | None, high: float | None) -> str:
    """Write an interval of probabilities in per cent: "15–33"; both ends alike give one number."""
    lower, upper = percent(low), percent(high)
    return lower if lower == upper else f"{lower}–{upper}"


def middle_text(probability: float | None, low: float | None, high: float | None) -> str:
    """Write a probability: "24 %"; "not known" where its interval is too wide, a dash where there is none."""
    if probability is None:
        return "–"
    wide = low is not None and high is not None and not is_known(low, high)
    return NOT_KNOWN if wide else f"{percent(probability)} %"


def risk_text(probability: float | None, low: float | None, high: float | None) -> str:
    """Write a probability with its interval: "24 % (15–33)", "not known (2–81)"; an absent one gives a dash."""
    if probability is None:
        return "–"
    return f"{middle_text(probability, low, high)} ({interval(low, high)})"


def withheld(applicability: Sequence[Mapping[str, Any]], kind: str) -> str:
    """Return what stands in place of a risk that the record already meets, in a few words; else nothing."""
    return next((plain(a["instead_brief"]) for a in applicability if kind in a.get("suppresses", ())), "")


def avoided_text(avoided: float, low: float, high: float) -> str:
    """Write a paired difference as people per 100: "12 fewer (3 to 20)", "2 fewer (5 more to 9 fewer)"."""
    return f"{_count(avoided)} ({avoided_span(low, high)})"


def avoided_span(low: float, high: float) -> str:
    """Write the interval of a paired difference: "3 to 20" on one side of none, else "5 more to 9 fewer"."""
    if whole(low) * whole(high) > 0:
        near, far = sorted((abs(whole(low)), abs(whole(high))))
        return f"{near} to {far}"
    if low * high > 0 and whole(low) != whole(high):
        # One end rounds to none, but the interval does not reach it.
        return f"under 1 to {_count(max((low, high), key=abs))}"
    if whole(low) == whole(high):
        return "less than 1 either way"
    return f"{_count(low)} to {_count(high)}"


def _count(avoided: float) -> str:
    number = whole(avoided)
    return "none" if number == 0 else f"{abs(number)} {_direction(number)}"


def _direction(avoided: float) -> str:
    return "fewer" if avoided > 0 else "more"


def reference(regimens: Sequence[Mapping[str, Any]]) -> int:
    """Return the place of the treatment that the others are compared with: the current one, else the first."""
    return next((i for i, r in enumerate(regimens) if r["current"]), 0)


def first_events(regimen: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return kinds of first event with how many of 100 people they come first in, most frequent first."""
    shares = {k: v for k, v in (regimen.get("first_event") or {}).items() if k in FIRST_EVENTS and v is not None}
    found = [(kind, whole(100 * share)) for kind, share in sorted(shares.items(), key=lambda one: -one[1])]
    return [(kind, count) for kind, count in found if count > 0]


def first_event_text(regimen: Mapping[str, Any]) -> str:
    """Say what any event is made of: "61 have an operation to prevent a fracture first, 20 radiotherapy to bone"."""
    parts = first_events(regimen)
    if not parts:
        return ""
    (kind, count), *others = parts
    rest = "".join(f", {number} {FIRST_EVENTS[name]}" for name, number in others)
    return f"{count} have {FIRST_EVENTS[kind]} first{rest}"


def site_text(site: str) -> str:
    """Write a site name as a person would: "femur-left-head-neck" becomes "Left femur, head and neck"."""
    for side in ("left", "right"):
        bone, found, part = site.partition(f"-{side}-")
        if found and bone == "rib":
            return f"{side.capitalize()} rib {part}"
        if found:
            return f"{side.capitalize()} {bone}, {SITE_PARTS.get(part, part)}"
    return site[:1].upper() + site[1:]


def lesion_text(lesion: Mapping[str, Any]) -> str:
    """Write kind and size of a lesion: "lytic, 38 mm"."""
    kind, size = lesion.get("kind"), lesion.get("size_mm")
    if size is None:
        return f"{plain(kind)}, size unknown" if kind else "kind, size unknown"
    return f"{plain(kind) if kind else 'kind unknown'}, {whole(size)} mm"


_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: object) -> str:
    """Return one line of visible text: control and direction-changing characters become spaces."""
    gone = {"Cc", "Cs", "Zl", "Zp"}
    cleaned = (" " if c in _TURNING or unicodedata.category(c) in gone else c for c in str(text))
    return " ".join("".join(cleaned).split())


def horizons(months: int) -> tuple[int, ...]:
    """Months at which risks are tabulated: 12 and the end of the forecast."""
    return (12, months) if months > 12 else (months,)


def value_at(series: Mapping[str, Sequence[float | None]], name: str, month: float) -> float | None:
    """Return the value of a monthly series at a month, or None where the series does not reach it."""
    months = series["months"]
    return next((v for m, v in zip(months, series[name], strict=True) if m == month), None)


def number_text(value: float) -> str:
    """Write a value of any size with at most three significant digits: "0.0045", "1.25", "1,200"."""
    if not math.isfinite(value):
        return "–"
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        digits = 0 if abs(value) >= 100 else 3
        return f"{value:,.0f}" if digits == 0 else f"{value:.{digits}g}"
    return f"{value:.2e}"


def span_text(middle: float, low: float, high: float) -> str:
    """Write a value with its interval, all three to the same decimals: "2.31 (2.10–2.40)"."""
    size = max(abs(middle), abs(low), abs(high))
    decimals = 2 if size < 10 else 1 if size < 100 else 0
    return f"{middle:,.{decimals}f} ({low:,.{decimals}f}–{high:,.{decimals}f})"


def event_text(kind: str) -> str:
    """Return the title of a kind of event."""
    return EVENTS.get(kind, label_of(kind))


def harm_text(key: str) -> str:
    """Return the title of a harm."""
    return HARMS.get(key, label_of(key))


def sentence_case(words: str) -> str:
    """Begin with a capital, except where a name has its own way of writing: "Weight", but "uNTx"."""
    return words if words[1:2].isupper() else words[:1].upper() + words[1:]


def label_of(key: str) -> str:
    """Turn a key such as ``hypocalcaemia_grade_3`` into words."""
    words = plain(key).replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]
