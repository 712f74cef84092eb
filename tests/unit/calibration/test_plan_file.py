"""The file of what is fitted: what it says, and what its reader refuses."""

import dataclasses

import numpy as np
import pytest

from osteocast.calibration.covariance import discrepancy_covariance, row_misfit, sampling_covariance, within_trials
from osteocast.calibration.ensemble import merged
from osteocast.calibration.plan_file import CALIBRATION, MOST_SCALES, read_plan
from osteocast.evidence.load import load_targets
from osteocast.foundation.errors import EvidenceError

HELD_BACK = {"fizazi-2011", "rosen-2001", "paterson-1993", "lipton-2008"}


@pytest.fixture(scope="module")
def plan():
    return read_plan()


def rows_by_target(plan):
    return {row.target: row for stage in plan.stages for row in stage.rows}


def test_the_plan_is_what_its_decision_says(plan):
    targets = load_targets()
    assert [stage.name for stage in plan.stages] == ["A", "B", "C"]
    assert all(len(stage.scales) <= MOST_SCALES for stage in plan.stages)
    rows = rows_by_target(plan)
    assert all(targets[name].use == "fit" for name in rows)
    trials = {one.trial.name for stage in plan.stages for one in stage.trials}
    assert not trials & HELD_BACK
    events = {"stopeck-2010", "saad-2002", "rosen-2003", "hortobagyi-1996", "theriault-1999", "lipton-2000"}
    assert {one.trial.name for one in plan.stages[2].trials} == events | {"berenson-1996"}
    left = {name: one.why for one in plan.left_out for name in one.targets}
    assert {"EV0131", "EV0132", "EV0165", "EV0166", "EV0025", "EV0026", "EV0027"} <= set(left)
    assert not set(left) & set(rows)
    assert all(left.values())


def test_values_errors_and_discrepancies_by_hand(plan):
    rows = rows_by_target(plan)
    share = rows["EV0005"]
    p = (0.365 * 1020 + 0.5) / 1021
    assert share.value == pytest.approx(np.log(p / (1 - p)))
    assert share.error == pytest.approx(1 / np.sqrt(1021 * p * (1 - p)))
    assert share.discrepancy == pytest.approx(0.12 / 0.635)
    contrast = rows["EV0001"]
    assert contrast.value == pytest.approx(np.log(0.82))
    assert contrast.discrepancy == 0.05
    assert contrast.loads == {"denosumab": 1.0, "zoledronate": -1.0}
    assert rows["EV0038"].discrepancy == 0.30
    median = rows["EV0147"]
    assert (median.published, median.unit, median.day, median.value) == (50.0, "%", 321.0, 0.0)
    # one half of 208 people: the binomial error of a share, whatever the time
    assert median.error == pytest.approx(2 / np.sqrt(208))
    assert median.discrepancy == pytest.approx(0.12 * 2 * np.log(2))


def test_rows_of_one_arm_and_of_one_trial_go_together(plan):
    rows = plan.stages[2].rows
    place = {row.target: i for i, row in enumerate(rows)}
    sampling, off = sampling_covariance(rows, plan.shared), discrepancy_covariance(rows, plan.shared)

    def correlation(matrix, a, b):
        i, j = place[a], place[b]
        return matrix[i, j] / np.sqrt(matrix[i, i] * matrix[j, j])

    np.testing.assert_allclose(np.sqrt(np.diag(sampling)), [row.error for row in rows])
    np.testing.assert_allclose(np.sqrt(np.diag(off)), [row.discrepancy for row in rows])
    assert correlation(sampling, "EV0004", "EV0006") == pytest.approx(0.5)
    assert correlation(sampling, "EV0004", "EV0005") == 0.0
    assert correlation(sampling, "EV0001", "EV0014") == pytest.approx(0.5)
    assert correlation(sampling, "EV0001", "EV0004") == pytest.approx(0.5 / np.sqrt(2))
    assert correlation(sampling, "EV0001", "EV0005") == pytest.approx(-0.5 / np.sqrt(2))
    assert correlation(off, "EV0004", "EV0005") == pytest.approx(0.5)
    assert correlation(off, "EV0004", "EV0141") == 0.0
    assert np.linalg.eigvalsh(row_misfit(rows, plan.shared, np.zeros((len(rows), len(rows)))).covariance).min() > 0.0
    assert within_trials(rows, np.ones((len(rows), len(rows))))[place["EV0004"], place["EV0141"]] == 0.0


def test_a_pooled_report_goes_with_the_trials_it_pools(plan):
    """EV0212 is pamidronate of both protocols: 380 of its 751 people are those of EV0201, 371 those of EV0204."""
    rows = plan.stages[2].rows
    place = {row.target: i for i, row in enumerate(rows)}
    sampling, off = sampling_covariance(rows, plan.shared), discrepancy_covariance(rows, plan.shared)

    def correlation(matrix, a, b):
        i, j = place[a], place[b]
        return matrix[i, j] / np.sqrt(matrix[i, i] * matrix[j, j])

    for matrix in (sampling, off):
        assert correlation(matrix, "EV0212", "EV0201") == pytest.approx(0.5 * np.sqrt(380 / 751))
        assert correlation(matrix, "EV0212", "EV0204") == pytest.approx(0.5 * np.sqrt(371 / 751))
        assert correlation(matrix, "EV0212", "EV0208") == pytest.approx(0.5)
        assert correlation(matrix, "EV0201", "EV0204") == 0.0
    assert correlation(sampling, "EV0212", "EV0202") == 0.0
    misfit = row_misfit(rows, plan.shared, np.zeros((len(rows), len(rows))))
    assert misfit.trial[place["EV0212"]] == misfit.trial[place["EV0201"]] == misfit.trial[place["EV0204"]]
    assert len(np.unique(misfit.trial)) == 5
    # nothing stands between people who are not the same: trials may be integrated one by one
    apart = misfit.trial[:, None] != misfit.trial[None, :]
    assert np.all(misfit.covariance[apart] == 0.0)
    assert np.linalg.eigvalsh(misfit.covariance).min() > 0.0


def test_trials_of_several_stages_are_run_once_and_as_long_as_the_longest(plan):
    trials = merged(plan.stages)
    assert len({one.trial.name for one in trials}) == len(trials) == 7
    months = {one.trial.name: one.trial.follow_up.simulated.value for one in trials}
    assert months["stopeck-2010"] == 36.0
    assert months["saad-2002"] == 48.0
    assert sum(len(one.rows) for one in trials) == sum(len(stage.rows) for stage in plan.stages)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"EV0142"', '"EV0001x"', "calibration.target-use"),
        ('"EV0142"', '"EV0047"', "calibration.target-use"),
        ('"EV0142"', '"EV0001"', "calibration.row"),
        ('"EV0142", ', "", "calibration.not-mentioned"),
        ('"EV0131"', '"EV0142"', "calibration.row"),
        ('name = "saad-2002"', 'name = "saad-2003"', "trial.unknown"),
        (', error = 0.03, why = "as EV0036"', ', why = "as EV0036"', "calibration.error-unknown"),
        ('"lesion.turnover"', '"lesion.growth"', "calibration.scale"),
        ('"lesion.turnover"', '"lesion.nothing"', "calibration.scale"),
        ('"lesion.turnover"', '"nothing.turnover"', "calibration.scale"),
        ('name = "referral"', 'name = "strength"', "calibration.scale"),
        ("seed = 20021002", "seed = ]", "calibration.file"),
        ("seed = 20021002", "seed = -1", "calibration.file"),
        ("[[left_out]]", "[[left_in]]", "calibration.file"),
        ("level = 0.12", "level = -0.12", "calibration.file"),
        ('"theriault-1999" = 371', '"saad-2002" = 371', "calibration.pooled"),
    ],
)
def test_a_flawed_file_is_refused(tmp_path, old, new, code):
    file = tmp_path / "calibration.toml"
    text = CALIBRATION.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(EvidenceError) as caught:
        read_plan(file)
    assert code in {issue.code for issue in caught.value.issues}


def test_every_problem_is_listed_at_once(tmp_path):
    file = tmp_path / "calibration.toml"
    text = CALIBRATION.read_text().replace('"EV0142"', '"EV0001x"').replace('"lesion.turnover"', '"lesion.nothing"')
    file.write_text(text)
    with pytest.raises(EvidenceError) as caught:
        read_plan(file)
    codes = {issue.code for issue in caught.value.issues}
    assert {"calibration.target-use", "calibration.scale", "calibration.not-mentioned"} <= codes


@pytest.mark.parametrize("use", ["check", "input", "excluded"])
def test_held_back_figures_are_never_fitted(use):
    targets = load_targets()
    with pytest.raises(EvidenceError) as caught:
        read_plan(targets=targets | {"EV0142": dataclasses.replace(targets["EV0142"], use=use)})
    assert [issue.code for issue in caught.value.issues] == ["calibration.target-use"]
