"""The instruments that a record has items for, with bounds where items are missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from osteocast.clinical.facts import Facts, canonical
from osteocast.clinical.known import Known, Reading, fact, open_fact
from osteocast.clinical.record_lesions import lesion_facts, lesion_scores
from osteocast.clinical.record_prognosis import prognosis_scores
from osteocast.clinical.score import Answer, Score
from osteocast.clinical.score_items import applied
from osteocast.domain.quantity import quantity_facts
from osteocast.domain.table import read_table
from osteocast.formats.possible import Possible, known
from osteocast.foundation.units import convert

__all__ = ["RecordScores", "record_scores"]

_CORRECTED = {
    "mg/dL": ("corrected-calcium-mg-dl", "ca_mg_dl", "albumin_g_dl", "corrected_mg_dl"),
    "mmol/L": ("corrected-calcium-mmol-l", "ca_mmol_l", "albumin_g_l", "corrected_mmol_l"),
}


class RecordScores(NamedTuple):
    """Instruments of a record.

    Attributes
    ----------
    scores : tuple of (str, Score)
        Whom or what each is about, and what it says.
    known : dict of Known
        Facts of the patient with those that instruments add.
    by_lesion : tuple of (str, dict)
        Title of each lesion's site, with the facts of the lesion alone.
    """

    scores: tuple[tuple[str, Score], ...]
    known: dict[str, Known]
    by_lesion: tuple[tuple[str, dict[str, Known]], ...]


def record_scores(facts: Facts, unchecked: bool = False) -> RecordScores:
    """Apply every instrument that a record has items for.

    Parameters
    ----------
    facts : Facts
    unchecked : bool
        Use tables that nobody has read in a source too.
    """
    found = dict(facts.known)
    scores: list[tuple[str, Score]] = []
    _calcium(facts, found, scores)
    _kidney(facts, found, scores)
    _pain(facts, found, scores)
    by_lesion = []
    for number, lesion in enumerate(facts.lesions):
        here = lesion_scores(lesion, found)
        title = lesion.site.title
        scores += [(title, one) for one in here]
        by_lesion.append((title, lesion_facts(lesion, here, f"lesions[{number}]")))
    scores += [("patient", one) for one in prognosis_scores(facts, unchecked)]
    return RecordScores(tuple(scores), found, tuple(by_lesion))


def _possible(answer: Answer) -> Possible:
    if answer.settled:
        return known(answer.value)
    if answer.possible:
        return Possible(answer.possible)
    return Possible() if answer.bounds is None else Possible(low=answer.bounds[0], high=answer.bounds[1])


def _calcium(facts: Facts, found: dict[str, Known], scores: list[tuple[str, Score]]) -> None:
    """Judge the newest total calcium, corrected where albumin lies near, and the newest ionised one."""
    total = facts.newest("corrected-calcium", "calcium")
    if total is not None:
        if total.name == "calcium":
            value, text = _corrected(facts, total, scores)
        else:
            total, value, text = _worse_correction(facts, total, scores)
        key = "calcium.mg_dl" if total.unit == "mg/dL" else "calcium.mmol_l"
        found[key] = open_fact(value, text, total.date, total.pointer)
        found["calcium.converted"] = open_fact(_in_mmol(value, total.unit), text, total.date, total.pointer)
        _grades(total, value, "corrected", found, scores)
    ionised = facts.newest("ionised-calcium")
    if ionised is not None:
        value = _in_mmol(ionised.possible, ionised.unit)
        found["ionised.converted"] = open_fact(value, ionised.text, ionised.date, ionised.pointer)
        _grades(ionised._replace(unit="mmol/L", low=None, high=None), value, "ionised", found, scores)


def _worse_correction(facts: Facts, total: Reading, scores: list[tuple[str, Score]]) -> tuple[Reading, Possible, str]:
    """Return the laboratory's corrected calcium; ours of the same day where the two contradict and ours is worse."""
    value, text = total.possible, f"{total.text}, corrected by the laboratory"
    measured = next((r for r in facts.readings.get("calcium", ()) if r.date == total.date and not r.sign), None)
    own: list[tuple[str, Score]] = []
    if measured is None or total.sign:
        return total, value, text
    ours, words = _corrected(facts, measured, own)
    number, theirs = (one.value for one in (_in_mmol(ours, measured.unit), _in_mmol(value, total.unit)))
    limit = read_table("laboratory")["corrections_differ"]["value"]
    if not own or not isinstance(number, float) or not isinstance(theirs, float) or abs(number - theirs) <= limit:
        return total, value, text
    low, high = quantity_facts("corrected-calcium").reference or (number, number)
    if max(low - number, number - high) <= max(low - theirs, theirs - high):
        return total, value, f"{text}; by formula {words}"
    scores += own
    return measured, ours, f"{words}; the laboratory's own correction says {total.text}"


def _in_mmol(value: Possible, unit: str) -> Possible:
    if unit == "mmol/L":
        return value
    low, high = (
        convert(end, unit, "mmol/L", "calcium") if abs(end) < 1e300 else end for end in value.bounds or (0.0, 0.0)
    )
    return known(low) if value.settled else Possible(low=low, high=high)


def _corrected(facts: Facts, total: Reading, scores: list[tuple[str, Score]]) -> tuple[Possible, str]:
    """Return total calcium corrected by the albumin nearest in time, or as measured where none lies near."""
    holds = read_table("laboratory")["albumin_holds"]["value"]
    near = [
        (abs((one.date - total.date).days), one)
        for one in facts.readings.get("albumin", ())
        if not one.sign and one.date is not None and total.date is not None
    ]
    distance, albumin = min(near, key=lambda pair: pair[0], default=(0, None))
    name, calcium_item, albumin_item, output = _CORRECTED[total.unit]
    if albumin is None or distance > holds:
        return total.possible, f"{total.text}, not corrected: no albumin within {holds:g} days"
    items = {calcium_item: total.number, albumin_item: albumin.exact, "origin": facts.value("primary")}
    score = applied(name, {**items, "age_years": facts.value("age")})
    if score is None or not score.applicable or not score.answer(output).settled:
        return total.possible, f"{total.text}, not corrected"
    scores.append(("patient", score))
    number = float(str(score.answer(output).value))
    value = total._replace(number=number).possible
    return value, f"{total.sign}{number:.4g} {total.unit} corrected ({total.text}, albumin {albumin.text})"


def _grades(
    one: Reading, value: Possible, basis: str, found: dict[str, Known], scores: list[tuple[str, Score]]
) -> None:
    """Grade a calcium by CTCAE in its own unit; of total and ionised the higher grade stays."""
    if value.value is None and not one.sign:
        return
    # a value beyond a limit of the assay is graded just beyond the limit: it is at least that far
    number = float(str(value.value)) if value.settled else value.low if one.sign == ">" else value.high
    ends = {"high": ("<", "uln", 1), "low": (">", "lln", 0)}
    symptoms = [name for name in read_table("assessment")["symptoms"]["high_calcium"] if name in found]
    for side, (useless, limit_item, place) in ends.items():
        if one.sign == useless:
            continue
        items: dict[str, object] = {"unit": one.unit, "basis": basis, "corrected": number}
        items |= {limit_item: _limit(one, basis, place), "age_years": facts_age(found)}
        if side == "high" and symptoms:
            items["symptomatic"] = any(found[name].possible.value is True for name in symptoms)
        score = applied(f"ctcae-{'hyper' if side == 'high' else 'hypo'}calcaemia", items)
        if score is None or not score.applicable:
            continue
        scores.append(("patient", score))
        for output in ("laboratory_grade", "grade"):
            _keep_higher(found, f"ctcae-{side}.{output}", score.answer(output), one._replace(number=number))


def facts_age(found: Mapping[str, Known]) -> object:
    """Return the age, or ``None`` where it is not recorded."""
    return found["age"].possible.value if "age" in found else None


def _limit(one: Reading, basis: str, place: int) -> float | None:
    """Return the laboratory's own limit, or the usual one of healthy adults."""
    own = (one.low, one.high)[place]
    if own is not None:
        return own
    facts = quantity_facts("ionised-calcium" if basis == "ionised" else "corrected-calcium")
    usual = (facts.reference or (0.0, 0.0))[place]
    return convert(usual, facts.unit, one.unit, facts.substance) if one.unit != facts.unit else usual


def _keep_higher(found: dict[str, Known], name: str, answer: Answer, one: Reading) -> None:
    value = _possible(answer)
    before = found.get(name)
    if before is not None and (before.possible.bounds or (0, 0))[0] >= (value.bounds or (0, 0))[0]:
        return
    grade = str(value.value) if value.settled else " or ".join(str(v) for v in value.options)
    measured = "ionised calcium" if one.name == "ionised-calcium" else "calcium"
    text = f"{grade} ({measured} {one.sign}{one.number:.4g} {one.unit})"
    found[name] = open_fact(value, text, one.date, one.pointer)


def _kidney(facts: Facts, found: dict[str, Known], scores: list[tuple[str, Score]]) -> None:
    """Note clearance, the label's dose of zoledronate, and a rise of creatinine during treatment."""
    newest = facts.newest("creatinine", exact=True)
    if newest is None:
        return
    weight = facts.newest("weight", exact=True)
    given = f"{canonical(weight)!r} kg" if weight else facts.value("weight")
    person: dict[str, object] = {"age_years": facts.value("age"), "sex": facts.value("sex"), "weight_kg": given}
    # the renal doses are for bone metastases and myeloma; the label doses hypercalcaemia separately
    indication = "myeloma" if facts.value("primary") == "myeloma" else "bone-metastases"
    score = applied("zoledronate-dose", {**person, "scr_mg_dl": newest.exact, "indication": indication})
    if score is not None and score.applicable:
        scores.append(("patient", score))
        names = {"crcl_ml_min": "renal.clearance", "dose_mg": "renal.label-dose", "not_recommended": "renal.below-30"}
        for output, name in names.items():
            answer = score.answer(output)
            value = _possible(answer)
            if output == "dose_mg" and answer.value is None and answer.settled:
                continue
            text = _text(answer)
            if output == "dose_mg":
                text += f" (clearance {_text(score.answer('crcl_ml_min'))})"
            found[name] = open_fact(value, text, newest.date, newest.pointer)
    course = found.get("under.zoledronate")
    readings = [one for one in facts.readings["creatinine"] if not one.sign and one.unit == newest.unit]
    before = [one for one in readings if course and course.date and one.date and one.date <= course.date]
    if before and before[-1] is not newest:
        items = {"unit": newest.unit, "baseline_scr": before[-1].number, "current_scr": newest.number}
        rise = applied("zoledronate-creatinine", items)
        if rise is not None:
            scores.append(("patient", rise))
            answer = rise.answer("withhold")
            text = f"{before[-1].text} to {newest.text}"
            found["renal.creatinine-rise"] = open_fact(_possible(answer), text, newest.date, newest.pointer)


def _text(answer: Answer) -> str:
    if answer.settled:
        value = answer.value
        return ("yes" if value else "no") if isinstance(value, bool) else f"{value:.4g} {answer.unit}"
    if answer.bounds is not None:
        return f"{answer.bounds[0]:.3g} to {answer.bounds[1]:.3g} {answer.unit}"
    return "open"


def _pain(facts: Facts, found: dict[str, Known], scores: list[tuple[str, Score]]) -> None:
    """Note the worst of the newest rating and of the lesions' pains."""
    newest = facts.newest("pain-worst")
    pains = [] if newest is None or newest.sign == "<" else [(canonical(newest), "", newest.date, newest.pointer)]
    for number, lesion in enumerate(facts.lesions):
        for key in ("pain_at_rest", "pain_on_loading"):
            value = getattr(lesion, key)
            if value is not None:
                pains.append((value, f" at {lesion.site.title}", None, f"lesions[{number}].{key}"))
    if not pains:
        return
    value, where, date, pointer = max(pains, key=lambda one: one[0])
    found["pain.worst"] = fact(float(value), f"{value:g} of 10{where}", date, pointer)
    score = applied("pain-band", {"worst_pain_0_10": value})
    if score is not None and float(value).is_integer():
        scores.append(("patient", score))
