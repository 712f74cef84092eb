"""Scores of predictions against published figures: distance, coverage, width and interval score.

The interval score at level 1 - a (Gneiting & Raftery 2007) is the width of the interval plus 2 / a times the distance
by which the figure lies outside of it: an interval is paid for by its width, a miss by its distance. A model that
hedges with wide intervals covers everything and scores badly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import bdtr, stdtrit

from osteocast.validation.row import Row
from osteocast.validation.scale import Scale, binomial_error, relative_on_scale, to_scale

LEVEL: Final = 0.9
"""Level of the predictive intervals."""
_UNLIKELY: Final = 0.05


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model predicts for a trial of the published size.

    Attributes
    ----------
    centre, sd, low, high : middle, standard deviation and 90 % limits on the row's scale; nan where there is none,
        infinite where a time is not reached in part of the simulated trials.
    missing : share of simulated trials without a value. reason : empty, or a code that says why a value lacks.
    """

    centre: float
    sd: float
    low: float
    high: float
    missing: float = 0.0
    reason: str = ""

    @property
    def there(self) -> bool:
        """Whether anything is predicted."""
        return not np.isnan(self.centre)

    @property
    def measured(self) -> bool:
        """Whether width and distance can be told: not where part of the simulated trials do not reach the figure."""
        return self.there and self.missing == 0.0


@dataclass(frozen=True, slots=True)
class RowScore:
    """Score of one prediction.

    Attributes
    ----------
    z : (predicted - published) / standard deviation of the prediction, which holds the chance of a trial of this size.
    covered : whether the published figure lies within the 90 % interval.
    width : of the interval on the scale. interval_score : on the scale; lower is better.
    """

    z: float
    covered: bool
    width: float
    interval_score: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Scores of a group of rows.

    Attributes
    ----------
    rows, trials : how many. hits : rows within their interval. coverage : share of them.
    coverage_by_trial : mean over trials of the share within each, so that a trial counts once.
    width, interval_score : means over rows whose width can be told. width_by_trial, score_by_trial : trials as one.
    chance : probability of so few hits or fewer, were every interval right and rows independent.
    """

    rows: int
    trials: int
    hits: int
    coverage: float
    coverage_by_trial: float
    width: float
    width_by_trial: float
    interval_score: float
    score_by_trial: float
    chance: float


def predicted(
    row: Row, estimates: Sequence[float], reached: Sequence[bool], size: float, discrepancy: float = 0.0
) -> Prediction:
    """Return the prediction that replicates of a simulated trial make.

    Normal on the scale with the variance estimated from the replicates: the interval is Student's for one more trial. A
    share has at least its binomial variance. Where part of the replicates do not reach a time, the limits are those
    between which 90 % of replicates lie, infinite above.

    Parameters
    ----------
    estimates : of the replicates in the unit of publication. reached : False where a time was not reached.
    size : simulated patients in the arms of the row.
    discrepancy : relative SD of the model beyond parameters and chance [1]; limits of times that part of the replicates
        do not reach do not hold it.
    """
    values = np.array([to_scale(row.scale, one, size) for one in estimates])
    values[~np.asarray(reached, dtype=bool)] = np.inf
    known = values[~np.isnan(values)]
    if len(known) == 0 or np.all(known == np.inf):
        reason = "trial.not-reached" if len(known) else "trial.no-estimate"
        nan = float("nan")
        low = float("inf") if len(known) else nan
        return Prediction(low, nan, low, low, 1.0, reason)
    missing = 1.0 - np.count_nonzero(np.isfinite(known)) / len(values)
    if np.any(known == np.inf):
        low, middle, high = (float(np.quantile(known, q, method="nearest")) for q in (0.05, 0.5, 0.95))
        return Prediction(middle, float("nan"), low, high, missing, "trial.not-reached")
    if np.any(known == -np.inf):
        return Prediction(*(float(np.median(known)), 0.0), float(known.min()), float(known.max()))
    return _normal(row, known, size, missing, discrepancy)


def _normal(row: Row, known: np.ndarray, size: float, missing: float, discrepancy: float) -> Prediction:
    m = len(known)
    mean, sd = float(known.mean()), float(known.std(ddof=1)) if m > 1 else float("nan")
    if row.scale is Scale.LOGIT:
        sd = float(np.fmax(sd, binomial_error(mean, size)))
        if row.n != size:
            # The chance of a simulated trial of another size is exchanged for that of the published one.
            sd = float(np.sqrt(sd**2 - binomial_error(mean, size) ** 2 + binomial_error(mean, row.n) ** 2))
    sd = float(np.hypot(sd, relative_on_scale(row.scale, discrepancy, mean)))
    half = float(stdtrit(max(m - 1, 1), 0.5 + LEVEL / 2.0)) * sd * float(np.sqrt(1.0 + 1.0 / m))
    return Prediction(float(np.median(known)), sd, mean - half, mean + half, missing)


def score(row: Row, prediction: Prediction) -> RowScore:
    """Return the score of one prediction that is there.

    An interval of no width or without a value scores infinitely badly where it misses.
    """
    below, above = prediction.low - row.value, row.value - prediction.high
    covered = bool(below <= 0.0 and above <= 0.0)
    if not prediction.measured:
        return RowScore(float("nan"), covered, float("nan"), float("nan"))
    width = prediction.high - prediction.low if np.isfinite(prediction.low) else 0.0
    outside = max(below, above, 0.0)
    off = prediction.centre - row.value
    z = off / prediction.sd if prediction.sd > 0.0 else float(np.copysign(np.inf, off)) if off else 0.0
    return RowScore(float(z), covered, float(width), float(width + 2.0 / (1.0 - LEVEL) * outside))


def summarise(rows: Sequence[Row], scores: Mapping[str, RowScore]) -> Summary | None:
    """Return the summary of the rows that have a score, by the target's id; None where there is none."""
    known = [(row, scores[row.target]) for row in rows if row.target in scores]
    if not known:
        return None
    trials = sorted({row.trial for row, _ in known})
    hits = sum(one.covered for _, one in known)
    widths = [(row.trial, one.width, one.interval_score) for row, one in known if not np.isnan(one.width)]
    coverage = [np.mean([one.covered for row, one in known if row.trial == trial]) for trial in trials]
    return Summary(
        rows=len(known),
        trials=len(trials),
        hits=hits,
        coverage=hits / len(known),
        coverage_by_trial=float(np.mean(coverage)),
        width=_mean([w for _, w, _ in widths]),
        width_by_trial=_mean_of_trials([(t, w) for t, w, _ in widths]),
        interval_score=_mean([s for _, _, s in widths]),
        score_by_trial=_mean_of_trials([(t, s) for t, _, s in widths]),
        chance=float(bdtr(hits, len(known), LEVEL)),
    )


def faults(summary: Summary, reference: Summary | None = None) -> tuple[str, ...]:
    """Return why predictions fail: empty where they pass.

    Parameters
    ----------
    reference : of another model on the same rows, whose interval score must not be better.
    """
    found = []
    if summary.chance < _UNLIKELY:
        found.append(f"{summary.hits} of {summary.rows} within 90 % intervals: chance {summary.chance:.2g}")
    if not np.isfinite(summary.interval_score):
        found.append("no finite interval score")
    elif reference is not None and summary.interval_score > reference.interval_score:
        found.append(f"interval score {summary.interval_score:.3g}, the reference has {reference.interval_score:.3g}")
    return tuple(found)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _mean_of_trials(values: Sequence[tuple[str, float]]) -> float:
    trials = sorted({trial for trial, _ in values})
    return _mean([_mean([v for t, v in values if t == trial]) for trial in trials])
