"""Non-inferiority of a hazard or rate ratio: the margin from the historic effect, and the decision.

Fixed margin and synthesis as in FDA 2016, Non-Inferiority Clinical Trials to Establish Effectiveness: Guidance for
Industry; Rothmann et al. 2003. Ratios below 1 favour the test arm.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import ndtr

from osteocast.foundation.errors import InputError, Issue
from osteocast.trials.estimate import Estimate, bad_argument, from_log, missing


class HistoricEffect(StrEnum):
    """Which number of the historic trials stands for the effect of the control."""

    LIMIT = "limit of the interval that is nearer to no effect"
    POINT = "point estimate"


class Decision(StrEnum):
    """What the interval of test / control says against the margin and against 1."""

    SUPERIOR = "superior"
    NON_INFERIOR = "non-inferior"
    NON_INFERIOR_YET_WORSE = "non-inferior, and worse than control"
    NOT_SHOWN = "non-inferiority not shown"
    INFERIOR = "inferior: worse than control by more than the margin"
    NO_ESTIMATE = "no estimate"


@dataclass(frozen=True, slots=True)
class Margin:
    """Largest ratio test / control that is still acceptable.

    Attributes
    ----------
    ratio : the margin, above 1. preserved : fraction of the control's log effect that the test arm must keep.
    historic : ratio control / placebo that it rests on. basis : which number of it was taken.
    """

    ratio: float
    preserved: float
    historic: Estimate
    basis: HistoricEffect


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """A decision with what it rests on.

    Attributes
    ----------
    decision : by the interval of `estimate` against `margin`. statement : assay sensitivity in words.
    against_placebo : test / placebo put together from test / control and control / placebo.
    """

    decision: Decision
    estimate: Estimate
    margin: Margin
    against_placebo: Estimate
    statement: str


def margin(historic: Estimate, preserved: float, basis: HistoricEffect = HistoricEffect.LIMIT) -> Margin:
    """Return the margin that preserves a fraction of the historic effect of the control on the log scale.

    Parameters
    ----------
    historic : ratio control / placebo, below 1 where the control works. preserved : from 0 (any effect) to below 1.

    Raises
    ------
    InputError
        `trial.margin` where the historic number shows no effect; `trial.argument` for a fraction outside 0 to 1.
    """
    if not 0.0 <= preserved < 1.0:
        raise InputError(bad_argument("preserved fraction", str(preserved), "0 or more and less than 1"))
    effect = historic.high if basis is HistoricEffect.LIMIT else historic.value
    if not 0.0 < effect < 1.0:
        expected = "a ratio control / placebo below 1"
        fix = "Without an effect of the control there is nothing to preserve: test superiority instead."
        raise InputError(Issue("trial.margin", f"historic effect, {basis}", f"{effect:g}", expected, fix))
    return Margin(float(effect ** -(1.0 - preserved)), preserved, historic, basis)


def decide(estimate: Estimate, limit: Margin) -> NonInferiority:
    """Return the decision on a ratio test / control; the one-sided error is (1 - level of the interval) / 2."""
    indirect = against_placebo(estimate, limit.historic)
    found = decision_against(estimate, limit.ratio)
    return NonInferiority(found, estimate, limit, indirect, _statement(limit, indirect))


def against_placebo(test_control: Estimate, control_placebo: Estimate) -> Estimate:
    """Return the ratio test / placebo as a product of two independent ratios, with its interval.

    It holds if the control works in the new trial as it did in the historic one (constancy).
    """
    method = "test / placebo, indirect: (test / control) x (control / placebo), constancy assumed"
    n = test_control.n + control_placebo.n
    for side in (test_control, control_placebo):
        if np.isnan(side.value):
            return missing(method, side.reason, n)
        if not side.on_log_scale:
            raise InputError(bad_argument("estimate", "a natural-scale standard error", "a ratio with that of its log"))
    error = float(np.hypot(test_control.standard_error, control_placebo.standard_error))
    log_value = float(np.log(test_control.value * control_placebo.value))
    return from_log(log_value, error, test_control.level, method, n)


def preserved_fraction_p_value(test_control: Estimate, limit: Margin) -> float:
    """Return the one-sided p-value that the test arm keeps no more than the wanted fraction (synthesis; Rothmann 2003).

    Both trials' sampling errors are in the denominator, so it rests on constancy more than the fixed margin does.
    """
    lost = 1.0 - limit.preserved
    excess = np.log(test_control.value) + lost * np.log(limit.historic.value)
    error = np.hypot(test_control.standard_error, lost * limit.historic.standard_error)
    return float(ndtr(excess / error))


def decision_against(estimate: Estimate, limit: float) -> Decision:
    """Return what the interval of a ratio test / control says against a margin (above 1) and against 1."""
    if np.isnan(estimate.low) or np.isnan(estimate.high):
        return Decision.NO_ESTIMATE
    if estimate.high < 1.0:
        return Decision.SUPERIOR
    if estimate.low > limit:
        return Decision.INFERIOR
    if estimate.high >= limit:
        return Decision.NOT_SHOWN
    return Decision.NON_INFERIOR_YET_WORSE if estimate.low > 1.0 else Decision.NON_INFERIOR


def _statement(limit: Margin, indirect: Estimate) -> str:
    rests = (
        f"The margin of {limit.ratio:.3g} keeps {100.0 * limit.preserved:.0f} % of the control's historic effect "
        f"({limit.basis}). A trial without placebo cannot show that its control worked: the decision assumes that it "
        "did as well as in the historic trials."
    )
    if np.isnan(indirect.value):
        return rests
    found = f"{indirect.value:.3g} ({100.0 * indirect.level:.0f} % interval {indirect.low:.3g} to {indirect.high:.3g})"
    return f"{rests} Under that assumption the ratio of test to placebo is {found}."
