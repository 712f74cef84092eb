"""The same numbers as lifelines, where it is installed: it is not among the dependencies (decision 16)."""

import itertools
import math

import numpy as np
import pytest
from tests.trials.published import bladder_rows, leukaemia, rows

from osteocast.trials.cox import fit_cox
from osteocast.trials.survival_curves import aalen_johansen, kaplan_meier, median, nelson_aalen

lifelines = pytest.importorskip("lifelines")
pd = pytest.importorskip("pandas")
pytestmark = pytest.mark.filterwarnings("ignore")


def test_curves_and_median():
    for arm in leukaemia():
        ours = kaplan_meier(arm.exit_day, arm.died)
        theirs = lifelines.KaplanMeierFitter().fit(arm.exit_day, arm.died)
        assert ours.value == pytest.approx(theirs.survival_function_at_times(ours.day).to_numpy())
        limits = theirs.confidence_interval_survival_function_.loc[ours.day].to_numpy()
        inside = ~np.isnan(ours.low)
        assert np.column_stack([ours.low, ours.high])[inside] == pytest.approx(limits[inside])
        assert median(ours).value == theirs.median_survival_time_
        hazard = lifelines.NelsonAalenFitter(nelson_aalen_smoothing=False).fit(arm.exit_day, arm.died)
        assert nelson_aalen(arm.exit_day, arm.died).value == pytest.approx(
            hazard.cumulative_hazard_at_times(ours.day).to_numpy()
        )


def test_competing_events_without_ties():
    rng = np.random.default_rng(1)
    day, outcome = rng.permutation(80) + 1.0, rng.choice([0, 1, 2], 80)
    ours = aalen_johansen(day, outcome, 1)
    theirs = lifelines.AalenJohansenFitter(calculate_variance=True).fit(day, outcome, 1)
    assert ours.value == pytest.approx(theirs.cumulative_density_.loc[ours.day].iloc[:, 0].to_numpy())
    assert ours.standard_error**2 == pytest.approx(theirs.variance_.loc[ours.day].to_numpy().ravel(), rel=1e-6)


def test_stratified_and_robust_cox():
    rng = np.random.default_rng(2)
    n = 200
    day, x, stratum, died = rng.exponential(9, n), rng.integers(0, 2, n), rng.integers(0, 3, n), rng.random(n) < 0.7
    table = pd.DataFrame({"day": day, "died": died, "x": x, "stratum": stratum})
    ours = fit_cox(rows(day, died, x, stratum=stratum))
    for robust, covariance in ((False, ours.covariance), (True, ours.robust_covariance)):
        # At its default tolerance lifelines stops 1e-5 from the maximum.
        options = {"strata": ["stratum"], "robust": robust, "fit_options": {"precision": 1e-12}}
        theirs = lifelines.CoxPHFitter().fit(table, "day", "died", **options)
        assert ours.log_ratio[0] == pytest.approx(theirs.params_["x"], abs=1e-6)
        assert math.sqrt(covariance[0, 0]) == pytest.approx(theirs.standard_errors_["x"], rel=1e-5)


def test_recurrent_events():
    data = bladder_rows()
    periods = []
    for i, stop in enumerate(data.stop):
        edges = [0.0, *sorted(data.event_day[data.event_row == i])]
        periods += [(i, a, b, 1, *data.covariates[i]) for a, b in itertools.pairwise(edges)]
        if edges[-1] < stop:
            periods.append((i, edges[-1], stop, 0, *data.covariates[i]))
    table = pd.DataFrame(periods, columns=["id", "start", "stop", "event", "rx", "size", "number"])
    theirs = lifelines.CoxTimeVaryingFitter().fit(
        table, id_col="id", event_col="event", start_col="start", stop_col="stop"
    )
    ours = fit_cox(data)
    assert ours.log_ratio == pytest.approx(theirs.params_.to_numpy(), abs=1e-5)
    assert np.sqrt(np.diag(ours.covariance)) == pytest.approx(theirs.standard_errors_.to_numpy(), rel=1e-4)
