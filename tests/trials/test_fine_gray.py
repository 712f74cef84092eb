"""Fine-Gray: weights by hand, equality with Aalen-Johansen, a second implementation, limits."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.qc import endpoints as literal
from tests.trials.published import arm, rows

from osteocast.foundation.errors import InputError
from osteocast.trials.cox import fit_cox
from osteocast.trials.fine_gray import censoring_hazard, fit_fine_gray
from osteocast.trials.follow_up import Outcome
from osteocast.trials.hazard_ratio import sub_distribution_hazard_ratio
from osteocast.trials.risk_table import Ties, risk_table
from osteocast.trials.survival_curves import aalen_johansen

# The worked example in the tests of R's survival (tests/finegray): 14 patients, outcome 1 wanted, 2 competing.
DAY = [1, 2, 3, 4, 4, 4, 5, 5, 6, 8, 8, 9, 10, 12]
OUTCOME = [1, 2, 0, 1, 0, 0, 2, 1, 0, 0, 2, 0, 1, 0]

PATIENTS = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from([0, 1, 1, 2]), st.integers(0, 1)), min_size=8, max_size=24
)


def problem(day, outcome, x, stratum=None):
    outcome = np.asarray(outcome)
    return rows(day, outcome == Outcome.EVENT, x, stratum=stratum), outcome == Outcome.DEATH


def test_share_still_followed_by_hand():
    # Censored 3, 4, 4, 6, 8, 9, 12; nobody with an event on a day is at risk of censoring on it.
    days, hazard, at_risk = censoring_hazard(np.array(DAY, dtype=float), np.array(OUTCOME) == 0)
    assert days.tolist() == [3, 4, 6, 8, 9, 12]
    assert at_risk.tolist() == [12, 10, 6, 4, 3, 1]
    assert np.cumprod(1 - hazard)[:5] == pytest.approx(np.cumprod([11 / 12, 8 / 10, 5 / 6, 3 / 4, 2 / 3]))


def test_weighted_risk_sets_by_hand(monkeypatch):
    data, competing = problem(DAY, OUTCOME, np.zeros(14))
    seen = []
    monkeypatch.setattr("osteocast.trials.cox.risk_table", lambda r: seen.append(risk_table(r)) or seen[-1])
    fit_fine_gray(data, competing)
    # Days 1, 4, 5, 10. The patient who met the competing event on day 2 weighs 11/12 on days 4 and 11/12 * 8/10 on day
    # 5; on day 10 the three weigh 11/36 (day 2), 5/12 (day 5) and 1/2 (day 8).
    at_risk = [14, 11 + 11 / 12, 8 + 11 / 15, 2 + 11 / 36 + 5 / 12 + 1 / 2]
    assert seen[0].at_risk[:, 0] == pytest.approx(at_risk)
    # The product-limit curve of the weighted sets is the Aalen-Johansen curve.
    curve = aalen_johansen(np.array(DAY, dtype=float), np.array(OUTCOME), 1)
    stepped = curve.value[curve.events > 0]
    assert 1 - np.cumprod(1 - seen[0].events[:, 0] / seen[0].at_risk[:, 0]) == pytest.approx(stepped)


@settings(max_examples=60)
@given(PATIENTS)
def test_second_implementation(patients):
    day, outcome, x = (list(c) for c in zip(*patients, strict=True))
    data, competing = problem(day, outcome, x)
    fit = fit_fine_gray(data, competing, Ties.BRESLOW)
    if fit.reason:
        return
    beta, information, meat = literal.fine_gray([float(d) for d in day], outcome, x)
    assert fit.log_ratio[0] == pytest.approx(beta, abs=1e-5)
    assert 1.0 / fit.covariance[0, 0] == pytest.approx(information, rel=1e-4)
    assert fit.robust_covariance[0, 0] == pytest.approx(meat / information**2, rel=1e-3, abs=1e-9)


@given(PATIENTS, st.sampled_from(Ties))
def test_properties(patients, ties):
    day, outcome, x = (np.array(c) for c in zip(*patients, strict=True))
    data, competing = problem(day, outcome, x)
    fit = fit_fine_gray(data, competing, ties)
    swapped = fit_fine_gray(*problem(day, outcome, 1 - x), ties)
    assert swapped.reason == fit.reason
    assert swapped.log_ratio == pytest.approx(-fit.log_ratio, abs=1e-6, nan_ok=True)
    # Without competing events it is Cox's model, its variance too.
    alone = np.where(outcome == 2, 0, outcome)
    plain = fit_cox(rows(day, alone == 1, x), ties)
    same = fit_fine_gray(*problem(day, alone, x), ties)
    assert same.log_ratio == pytest.approx(plain.log_ratio, nan_ok=True)
    assert same.robust_covariance == pytest.approx(plain.robust_covariance, nan_ok=True)
    # Without censoring who met the competing event stays for ever.
    known = np.where(outcome == 0, 2, outcome)
    stays = fit_fine_gray(*problem(day, known, x), ties)
    later = fit_cox(dataclasses.replace(rows(day, known == 1, x), stop=np.where(known == 2, 99.0, day)), ties)
    assert stays.log_ratio == pytest.approx(later.log_ratio, nan_ok=True)
    assert stays.robust_covariance == pytest.approx(later.robust_covariance, nan_ok=True)


def test_strata_are_compared_within():
    rng = np.random.default_rng(8)
    day, outcome, x = rng.integers(1, 30, 120), rng.choice([0, 1, 2], 120, p=[0.3, 0.4, 0.3]), rng.integers(0, 2, 120)
    one = fit_fine_gray(*problem(day, outcome, x))
    same_twice = (np.concatenate([a, a]) for a in (day, outcome, x))
    twice = fit_fine_gray(*problem(*same_twice, stratum=np.repeat([0, 1], 120)))
    assert twice.log_ratio == pytest.approx(one.log_ratio)
    assert twice.robust_covariance == pytest.approx(one.robust_covariance / 2)


def test_order_of_patients_does_not_matter():
    rng = np.random.default_rng(9)
    day, outcome, x = rng.integers(1, 30, 60), rng.choice([0, 1, 2], 60), rng.integers(0, 2, 60)
    data, competing = problem(day, outcome, x)
    renamed = dataclasses.replace(data, patient=rng.permutation(60) + 7)
    a, b = fit_fine_gray(data, competing), fit_fine_gray(renamed, competing)
    assert b.robust_covariance == pytest.approx(a.robust_covariance)


def test_two_arms():
    test = arm([4, 5, 8, 10], [1, 0, 1, 0], events=[(0, 2, 0), (3, 9, 0)])
    control = arm([3, 6, 7, 10], [1, 0, 1, 1], events=[(1, 1, 0), (3, 4, 0)])
    ratio = sub_distribution_hazard_ratio(test, control, [0])
    beta, information, meat = literal.fine_gray(
        [2.0, 5, 8, 9, 3, 1, 7, 4], [1, 0, 2, 1, 2, 1, 2, 1], [1, 1, 1, 1, 0, 0, 0, 0]
    )
    assert math.log(ratio.value) == pytest.approx(beta, abs=1e-6)
    assert ratio.standard_error == pytest.approx(math.sqrt(meat) / information, rel=1e-5)
    nothing = sub_distribution_hazard_ratio(test, control, [5])
    assert nothing.reason == "trial.no-events"
    assert sub_distribution_hazard_ratio(arm([4, 9]), control, [0]).reason == "trial.no-events-in-arm"


def test_data_of_another_kind_are_refused():
    data, competing = problem(DAY, OUTCOME, np.zeros(14))
    for change in ({"patient": np.zeros(14, dtype=int)}, {"weight": 2.0 * data.weight}):
        with pytest.raises(InputError, match=r"trial\.argument"):
            fit_fine_gray(dataclasses.replace(data, **change), competing)
    with pytest.raises(InputError, match=r"trial\.argument"):
        fit_fine_gray(data, ~competing)
