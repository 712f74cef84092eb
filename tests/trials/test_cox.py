"""Proportional hazards: by hand, as published, against a second implementation, and where there is no answer."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.qc import endpoints as literal
from tests.trials.published import arm, bladder_rows, leukaemia, rows

from osteocast.foundation.errors import InputError
from osteocast.trials.cox import fit_cox, hazard_ratio_of, score_residuals, solve
from osteocast.trials.hazard_ratio import (
    death_hazard_ratio,
    first_event_hazard_ratio,
    log_rank_death,
    recurrent_hazard_ratio,
)
from osteocast.trials.risk_table import Ties, risk_table

# The worked example of the appendix of Therneau & Grambsch 2000: two deaths on day 6.
SMALL = rows([9, 1, 1, 6, 6, 8], [1, 1, 0, 1, 1, 0], [0, 1, 1, 1, 0, 0])

PATIENTS = st.lists(
    st.tuples(st.integers(1, 8), st.booleans(), st.integers(0, 1), st.integers(0, 2)), min_size=6, max_size=24
)


def test_by_hand_with_breslow_ties():
    # With r = exp(beta): log likelihood 2 beta - log(3r + 3) - 2 log(r + 3); its root is r = (3 + sqrt 33) / 2.
    fit = fit_cox(SMALL, Ties.BRESLOW)
    r = (3.0 + math.sqrt(33.0)) / 2.0
    assert fit.log_ratio[0] == pytest.approx(math.log(r))
    assert fit.log_likelihood[1] == pytest.approx(2 * math.log(r) - math.log(3 * r + 3) - 2 * math.log(r + 3))
    assert fit.log_likelihood[0] == pytest.approx(-math.log(6) - 2 * math.log(4))
    assert fit.covariance[0, 0] == pytest.approx(1 / (r / (r + 1) ** 2 + 6 * r / (r + 3) ** 2))
    a, b = 3 * (r + 1) ** 2, (r + 3) ** 2
    by_hand = [r / a + 2 * r / b, (2 * r + 3) / a, -r / a, -r / a + 3 * (3 - r) / b, r / a - r * (r + 1) / b]
    residuals = score_residuals(SMALL, solve(SMALL, Ties.BRESLOW)).ravel()
    assert residuals == pytest.approx([*by_hand, by_hand[0]])
    assert fit.robust_covariance[0, 0] == pytest.approx(fit.covariance[0, 0] ** 2 * np.sum(residuals**2))


def test_by_hand_with_efron_ties():
    # The second death of day 6 has half of each dead patient left in its risk set: (r + 5) / 2.
    fit = fit_cox(SMALL, Ties.EFRON)
    assert fit.log_ratio[0] == pytest.approx(1.676857, abs=5e-7)
    r = math.exp(fit.log_ratio[0])
    by_hand = 2 * math.log(r) - math.log(3 * r + 3) - math.log((r + 5) / 2) - math.log(r + 3)
    assert fit.log_likelihood[1] == pytest.approx(by_hand)
    # Score residuals as printed by R's survival (tests/book2).
    printed = [0.2208584, 0.1132780, -0.0442340, -0.1029199, -0.4078409, 0.2208584]
    assert score_residuals(SMALL, solve(SMALL, Ties.EFRON)).ravel() == pytest.approx(printed, abs=5e-8)


def test_remission_of_leukaemia_as_published():
    six_mp, placebo = leukaemia()
    # Printed in textbooks and package manuals: Efron 1.572 (SE 0.412), Breslow 1.509 (SE 0.410), log-rank 16.79.
    efron, breslow = (death_hazard_ratio(placebo, six_mp, ties) for ties in (Ties.EFRON, Ties.BRESLOW))
    assert (math.log(efron.value), efron.standard_error) == pytest.approx((1.5721, 0.4124), abs=5e-5)
    assert (math.log(breslow.value), breslow.standard_error) == pytest.approx((1.5092, 0.4096), abs=5e-5)
    test = log_rank_death(placebo, six_mp)
    assert (test.value / test.standard_error) ** 2 == pytest.approx(16.793, abs=5e-4)
    assert test.value == pytest.approx(21 - 10.749, abs=5e-4)


def test_recurrence_of_bladder_tumours_as_published():
    """Andersen-Gill with the variance by patient, as printed by R's survival (tests/bladder)."""
    fit = fit_cox(bladder_rows(), Ties.BRESLOW)
    assert fit.n_events == 112
    assert fit.log_ratio == pytest.approx([-0.45979, -0.04256, 0.17164], abs=5e-6)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx([0.19996, 0.06903, 0.04733], abs=5e-6)
    assert np.sqrt(np.diag(fit.robust_covariance)) == pytest.approx([0.25801, 0.07555, 0.06131], abs=5e-6)
    assert 2 * (fit.log_likelihood[1] - fit.log_likelihood[0]) == pytest.approx(16.77, abs=5e-3)
    ratio = hazard_ratio_of(fit)
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((0.6314, 0.3808, 1.047), abs=5e-4)
    assert ratio.p_value == pytest.approx(0.07474, abs=5e-6)


def test_periods_cut_into_pieces_give_the_same_fit():
    whole = bladder_rows()
    start, stop, x, patient, ends = [], [], [], [], []
    for i in range(len(whole.stop)):
        months = sorted(whole.event_day[whole.event_row == i].tolist())
        edges = [0.0, *months] if months and months[-1] == whole.stop[i] else [0.0, *months, whole.stop[i]]
        for a, b in itertools.pairwise(edges):
            start.append(a), stop.append(b), x.append(whole.covariates[i]), patient.append(i), ends.append(b in months)
    cut = fit_cox(rows(stop, ends, x, start=start, patient=patient), Ties.BRESLOW)
    fit = fit_cox(whole, Ties.BRESLOW)
    assert len(stop) == 178
    assert cut.log_ratio == pytest.approx(fit.log_ratio, abs=1e-10)
    assert cut.robust_covariance == pytest.approx(fit.robust_covariance, rel=1e-9)


@given(PATIENTS, st.sampled_from(Ties))
def test_second_implementation(patients, ties):
    stop, happened, x, stratum = (list(c) for c in zip(*patients, strict=True))
    weight = [1.0 + 0.25 * (i % 3) for i in range(len(stop))]
    data = rows(stop, happened, x, stratum=stratum, weight=weight)
    fit = fit_cox(data, ties)
    if fit.reason:
        return
    periods = list(zip([-math.inf] * len(stop), stop, x, stratum, weight, strict=True))
    events = list(zip(data.event_row.tolist(), data.event_day.tolist(), strict=True))
    beta, information = literal.cox(periods, events, ties is Ties.EFRON)
    assert fit.log_ratio[0] == pytest.approx(beta, abs=1e-5)
    assert 1.0 / fit.covariance[0, 0] == pytest.approx(information, rel=1e-3)
    at_beta = literal.log_likelihood(fit.log_ratio[0], periods, events, ties is Ties.EFRON)
    assert fit.log_likelihood[1] == pytest.approx(at_beta)
    assert score_residuals(data, solve(data, ties)).sum() == pytest.approx(0.0, abs=1e-6)
    if ties is Ties.BRESLOW:
        meat = literal.lin_wei(fit.log_ratio[0], periods, events, list(range(len(stop))))
        assert fit.robust_covariance[0, 0] == pytest.approx(meat * fit.covariance[0, 0] ** 2, rel=1e-6)


@given(PATIENTS, st.sampled_from(Ties))
def test_properties(patients, ties):
    stop, happened, x, stratum = (np.array(c) for c in zip(*patients, strict=True))
    fit = fit_cox(rows(stop, happened, x, stratum=stratum), ties)
    swapped = fit_cox(rows(stop, happened, 1 - x, stratum=stratum), ties)
    assert swapped.reason == fit.reason
    if fit.reason:
        assert np.isnan(fit.log_ratio).all()
        return
    assert swapped.log_ratio == pytest.approx(-fit.log_ratio, abs=1e-6)
    assert swapped.robust_covariance == pytest.approx(fit.robust_covariance, rel=1e-5)
    # Only the order of the days matters.
    squared = fit_cox(rows(stop.astype(float) ** 2, happened, x, stratum=stratum), ties)
    assert squared.log_ratio == pytest.approx(fit.log_ratio, abs=1e-10)
    # A stratum in which nobody is to compare with changes nothing.
    more = np.concatenate
    alone = rows(
        more([stop, [3, 5]]), more([happened, [True, True]]), more([x, [1, 1]]), stratum=more([stratum, [9, 9]])
    )
    assert fit_cox(alone, ties).log_ratio == pytest.approx(fit.log_ratio, abs=1e-6)


@given(PATIENTS)
def test_whole_weights_are_as_good_as_copies(patients):
    stop, happened, x, stratum = (np.array(c) for c in zip(*patients, strict=True))
    weight = 1 + np.arange(len(stop)) % 3
    weighted = fit_cox(rows(stop, happened, x, stratum=stratum, weight=weight), Ties.BRESLOW)
    copy = np.repeat(np.arange(len(stop)), weight)
    repeated = rows(stop[copy], happened[copy], x[copy], stratum=stratum[copy], patient=copy)
    copied = fit_cox(repeated, Ties.BRESLOW)
    assert weighted.reason == copied.reason
    assert weighted.log_ratio == pytest.approx(copied.log_ratio, abs=1e-7, nan_ok=True)
    # The sandwich takes the copies of one patient as one patient.
    assert weighted.robust_covariance == pytest.approx(copied.robust_covariance, rel=1e-6, nan_ok=True)


def test_log_rank_is_the_score_test_where_no_days_are_tied():
    rng = np.random.default_rng(5)
    day, x, stratum = rng.permutation(60) + 1.0, rng.integers(0, 2, 60), rng.integers(0, 3, 60)
    died = rng.random(60) < 0.7
    a, b = (arm(day[x == v], died[x == v], stratum=stratum[x == v]) for v in (1, 0))
    test = log_rank_death(a, b)
    at_zero = solve(rows(day, died, x, stratum=stratum), Ties.BRESLOW).at_zero
    assert test.value == pytest.approx(at_zero.score[0])
    assert test.standard_error**2 == pytest.approx(at_zero.information[0, 0])


def test_no_answer_has_a_reason():
    living, dying = arm([5, 6, 7]), arm([3, 4, 8], [1, 1, 0])
    assert death_hazard_ratio(living, living).reason == "trial.no-events"
    assert death_hazard_ratio(living, dying).reason == "trial.no-events-in-arm"
    assert log_rank_death(living, living).reason == "trial.no-events"
    early, late = arm([1, 1], [1, 1]), arm([5, 6], [1, 1])
    # All of one arm have gone before the other has an event: the ratio is not bounded.
    assert death_hazard_ratio(early, late).reason == "trial.not-converged"
    apart = arm([3, 4], [1, 1], stratum=[0, 0]), arm([3, 4], [1, 1], stratum=[1, 1])
    assert death_hazard_ratio(*apart).reason == "trial.no-information"
    assert log_rank_death(*apart).reason == "trial.no-information"
    nobody = arm([])
    assert death_hazard_ratio(nobody, nobody).reason == "trial.no-events"
    assert math.isnan(death_hazard_ratio(nobody, dying).value)
    assert death_hazard_ratio(arm([4], [1]), arm([4], [1])).value == pytest.approx(1.0)


def test_unit_and_origin_of_a_covariate_do_not_matter():
    rng = np.random.default_rng(4)
    day, died, year = rng.integers(1, 50, 90), rng.random(90) < 0.6, rng.normal(0, 1, 90)
    here, there = (fit_cox(rows(day, died, x)) for x in (year, 1000.0 + 0.01 * year))
    assert there.log_ratio == pytest.approx(100.0 * here.log_ratio, rel=1e-6)
    assert there.robust_covariance == pytest.approx(1e4 * here.robust_covariance, rel=1e-6)
    assert there.log_likelihood == pytest.approx(here.log_likelihood)


def test_collinear_covariates_have_a_reason():
    twice = rows([1, 2, 3, 4, 5], [1, 1, 1, 1, 0], [[1, 2], [0, 0], [1, 2], [0, 0], [1, 2]])
    assert fit_cox(twice).reason == "trial.no-information"


def test_recurrent_events_of_two_arms():
    # Day 1: both at risk in both arms, event in test; day 2: event in control, test patient 0 gone.
    test = arm([1, 3], events=[(0, 1, 0)])
    control = arm([3, 3], events=[(0, 2, 0), (0, 2, 0), (1, 3, 7)])
    ratio = recurrent_hazard_ratio(test, control, [0])
    # Score: 1 - 2r/(2r + 2) - 2 r/(r + 2) = 0, so 1/(1 + r) = 2 r/(r + 2): 2 r^2 + r - 2 = 0.
    assert ratio.value == pytest.approx((-1 + math.sqrt(17)) / 4)
    assert "Andersen-Gill" in ratio.method


def test_first_events_and_the_robust_variance():
    rng = np.random.default_rng(1)
    day = rng.integers(1, 40, 80).astype(float)
    kinds = rng.integers(0, 2, 80)
    arms = [arm(day[s] + 5, events=[(i, d, k) for i, (d, k) in enumerate(zip(day[s], kinds[s], strict=True))])
            for s in (slice(0, 40), slice(40, 80))]  # fmt: skip
    by_arm = np.repeat([1, 0], 40)
    direct = fit_cox(rows(np.where(kinds == 1, day, day + 5), kinds == 1, by_arm))
    for robust, covariance in ((False, direct.covariance), (True, direct.robust_covariance)):
        ratio = first_event_hazard_ratio(*arms, [1], robust=robust)
        assert math.log(ratio.value) == pytest.approx(direct.log_ratio[0])
        assert ratio.standard_error == pytest.approx(math.sqrt(covariance[0, 0]))


def test_rows_that_contradict_themselves_are_refused():
    for change in ({"weight": -SMALL.weight}, {"event_day": SMALL.event_day + 1}, {"stop": SMALL.stop[:-1]},
                   {"covariates": SMALL.covariates * np.nan}):  # fmt: skip
        with pytest.raises(InputError) as caught:
            risk_table(dataclasses.replace(SMALL, **change))
        assert {i.code for i in caught.value.issues} == {"trial.argument"}
    twice = dataclasses.replace(SMALL, event_row=np.array([0, 0]), event_day=np.array([2.0, 2.0]))
    with pytest.raises(InputError, match="Breslow"):
        fit_cox(twice, Ties.EFRON)
    assert fit_cox(twice, Ties.BRESLOW).n_events == 2
