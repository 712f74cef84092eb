"""What was simulated, in words: entry, arms as they turned out, allocation, follow-up, estimand."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from osteocast.course.layout import DAYS_PER_MONTH
from osteocast.domain.trial import EntryCriterion, EntryShare, Trial
from osteocast.domain.trial_words import trial_quantity
from osteocast.trials.entry import QUANTITIES
from osteocast.trials.subjects import Subjects

_UNITS: Final = MappingProxyType({"1": "", "year": " years", "mL/min": " mL/min", "mmol/L": " mmol/L"})

_STRATEGIES: Final = MappingProxyType(
    {
        ("death", "hypothetical"): "Death: ends follow-up like any other loss.",
        ("death", "while-alive"): "Death: competes; events are counted while patients live.",
        ("death", "composite"): "Death: counts as an event.",
        ("switching", "treatment-policy"): "Change of systemic therapy: followed whatever is given.",
        ("switching", "hypothetical"): "Change of systemic therapy: ends follow-up.",
        ("switching", "composite"): "Change of systemic therapy: counts as an event.",
        ("drop_out", "hypothetical"): "Drop-out: ends follow-up, as if those who stayed stood for those who left.",
        ("drop_out", "treatment-policy"): "Drop-out: followed whether or not patients left.",
    }
)


def criterion_text(one: EntryCriterion) -> str:
    """Return a criterion of entry in words: "performance status (ECOG): at most 2"."""
    title = trial_quantity("criterion", one.quantity).title
    if not one.unit:
        return f"{title}: {'yes' if one.low == 1.0 else 'no'}"
    unit = _UNITS.get(one.unit, f" {one.unit}")
    if one.low is not None and one.high is not None:
        return f"{title}: {one.low:g} to {one.high:g}{unit}"
    limit = f"least {one.low:g}" if one.low is not None else f"most {one.high:g}"
    return f"{title}: at {limit}{unit}"


def share_text(one: EntryShare) -> str:
    """Return a published share at entry in words: "a skeletal event before entry: yes, in 37 % of the patients"."""
    return f"{criterion_text(one.criterion)}, in {100.0 * one.share.value:.3g} % of the patients"


def allocation_text(trial: Trial, design: str) -> str:
    """Return in words how patients came to their arm."""
    if design == "counterfactual":
        return "Nobody was allocated: the same patients were followed in every arm."
    one = trial.allocation
    shares = " : ".join(f"{arm.share:.3g}" for arm in trial.arms)
    how = f"permuted blocks of {one.block_size}" if one.block_size else f"{one.method.replace('-', ' ')} randomisation"
    strata = ", ".join(trial_quantity("criterion", name).title for name in one.strata)
    within = f" within population and {strata}" if strata else " within population"
    return f"Allocated {shares} by {how}{within}."


def follow_up_texts(trial: Trial) -> list[str]:
    """Return the plan of follow-up in words."""
    plan = trial.follow_up
    first, last = plan.earliest_exit.value, plan.latest_exit.value
    ends = f"{first:.3g} years" if first == last else f"between {first:.3g} and {last:.3g} years"
    return [
        f"Skeletal surveys every {plan.survey_interval.value:.0f} days find silent fractures; "
        "laboratory values are kept by month.",
        f"The study ends for each patient {ends} after entry; no event counts after month {plan.cut_off.value:.0f}.",
        _leaving_text(trial),
        f"Deaths are followed to month {plan.simulated.value:.0f}, also after the study.",
    ]


def _leaving_text(trial: Trial) -> str:
    """Say how many leave within a year, arm by arm where arms differ, and whose share that is."""
    shares = {arm.name: f"{100 * (1 - np.exp(-arm.drop_out.withdrawal.value)):.0f} %" for arm in trial.arms}
    alike = len(set(shares.values())) == 1
    told = shares[trial.arms[0].name] if alike else ", ".join(f"{share} on {name}" for name, share in shares.items())
    state = any(arm.drop_out.per_ecog_point.value or arm.drop_out.after_progression.value for arm in trial.arms)
    whose = " of those at performance status 0 before a change of therapy; others at another rate" if state else ""
    return f"Of those still in it {told} leave within a year{whose}."


def estimand_texts(trial: Trial) -> list[str]:
    """Return the strategies for intercurrent events in words, and the reason."""
    chosen = trial.estimand
    return [
        *(_STRATEGIES[of, getattr(chosen, of)] for of in ("death", "switching", "drop_out")),
        f"Why: {chosen.why}.",
    ]


def arm_parts(trial: Trial, subjects: Subjects) -> Iterator[dict[str, Any]]:
    """Yield each arm with how its subjects stood at entry and how they were followed; nan for an empty arm."""
    names = tuple(QUANTITIES)
    for number, arm in enumerate(trial.arms):
        own = subjects.take(subjects.arm == number)
        entry = {name: own.entry[:, names.index(name)] for name in names}
        closed = np.minimum(own.drop_out_day, own.closed_day)
        ended = np.fmin(closed, own.death_day)
        left = (own.drop_out_day < own.closed_day) & ~(own.death_day <= own.drop_out_day)
        yield {
            "name": arm.name,
            "title": arm.title,
            "regimen": arm.regimen.title,
            "share": float(arm.share),
            "n": own.n,
            "published_n": arm.n,
            "age": _median(entry["age"]),
            "ecog_0": _mean(entry["ecog"] == 0),
            "prior_event": _mean(entry["prior-skeletal-event"]),
            "lesions": _median(entry["lesions"]),
            "followed": _median(ended / DAYS_PER_MONTH),
            "drop_out": _mean(left),
            "died": _mean(np.isfinite(own.death_day)),
        }


def _median(values: Any) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
