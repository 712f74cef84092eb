"""A small calibration: resumed, damaged and shared out it gives the same bytes; what has no value is named."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from osteocast import calibrate_command, cli
from osteocast.calibration import point, run, work
from osteocast.calibration.ensemble import log_scales_of
from osteocast.calibration.kept import open_kept
from osteocast.calibration.plan_file import read_plan
from osteocast.calibration.point import Who, point_values, sampling_error
from osteocast.calibration.run import CalibrationSettings, calibrate, points_of
from osteocast.calibration.work import parameters_at
from osteocast.course.typical import file_of
from osteocast.evidence.load import DATA, load_targets
from osteocast.foundation.errors import InputError, SolveError
from osteocast.inference.parameter_draws import Parameters
from osteocast.inference.posterior import read_posterior

SMALL = CalibrationSettings(points=40, members=1, patients=20, stages=("A",))


@pytest.fixture(scope="module")
def plan():
    return read_plan()


@pytest.fixture(scope="module")
def whole(plan, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, calibrate(plan, SMALL, folder, workers=2).posterior


def test_a_small_calibration_says_what_it_did(plan, whole, tmp_path):
    folder, found = whole
    points = points_of(plan, plan.stages[:1], 40)[0]
    assert [len(list(folder.glob(f"stage-A-{kind}-*"))) for kind in ("point", "error")] == [points + 1, 1]
    assert len(list(folder.glob("member-*"))) == 1
    assert found.names == tuple(scale.name for stage in plan.stages for scale in stage.scales)
    own = len(plan.stages[0].scales)
    np.testing.assert_array_equal(found.covariance[own:, :own], 0.0)
    np.testing.assert_array_equal(found.mean[own:], 0.0)
    np.testing.assert_allclose(found.sd[own:], found.prior_sd[own:])
    assert [row.target for row in found.rows] == [row.target for row in plan.stages[0].rows]
    assert found.statement.startswith("calibrated on")
    assert found.ensemble.members == 1
    assert all(np.isfinite(row.emulator_bias) for row in found.rows)
    found.write(tmp_path / "posterior.toml")
    back = read_posterior(tmp_path / "posterior.toml")
    assert back.to_toml() == found.to_toml()
    assert len(calibrate_command.summary(found, tmp_path).splitlines()) <= 15


def test_an_interrupted_calibration_goes_on_to_the_same_bytes(plan, whole, tmp_path, monkeypatch):
    real, calls, told = work.point_values, [], []

    def soon_over(*arguments):
        if len(calls) == 4:
            raise KeyboardInterrupt
        calls.append(1)
        return real(*arguments)

    monkeypatch.setattr(work, "point_values", soon_over)
    with pytest.raises(KeyboardInterrupt):
        calibrate(plan, SMALL, tmp_path, workers=1)
    kept = sorted(tmp_path.glob("stage-A-point-*"))
    assert len(kept) == 4
    kept[0].write_text('{"key": ')
    document = json.loads(kept[1].read_text())
    document["values"][0] += 0.25
    kept[1].write_text(json.dumps(document))
    (tmp_path / ".stage-A-point-0.json.half").write_text("{")
    monkeypatch.setattr(work, "point_values", lambda *arguments: calls.append(1) or real(*arguments))
    resumed = calibrate(plan, SMALL, tmp_path, workers=1, notice=told.append).posterior
    assert len(told) == 2
    assert all("is damaged and is computed again" in line for line in told)
    assert len(calls) == len(list(tmp_path.glob("stage-A-point-*"))) + 2
    assert resumed.to_toml() == whole[1].to_toml()
    assert not list(tmp_path.glob(".*"))


def test_finished_runs_are_used_and_those_of_another_size_are_not(plan, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(work, "point_values", lambda *_: pytest.fail("it ran again"))
    assert calibrate(plan, SMALL, whole[0]).posterior.to_toml() == whole[1].to_toml()
    with pytest.raises(pytest.fail.Exception, match="it ran again"):
        calibrate(plan, dataclasses.replace(SMALL, patients=21), whole[0])
    assert open_kept(tmp_path, print).version == open_kept(tmp_path, print).version


def test_a_member_stands_on_the_draw_that_the_validation_uses(plan, whole):
    posterior = whole[1]
    logs = log_scales_of(posterior, 1, 3)
    keys = np.arange(5, dtype=np.int64)
    for member in range(3):
        typical = Parameters(posterior, 1, drawn=True).typical(keys, member)
        for scale, names in enumerate(posterior.parameters):
            file, _, name = names[0].partition(".")
            # the scale stands in place of the parameter's own uncertainty, which is not drawn a second time
            expected = file_of(file)[name].value * np.exp(logs[member, scale])
            np.testing.assert_allclose(typical.get(file, name), expected)


def test_a_design_point_moves_its_parameter_alone(plan):
    stage = plan.stages[1]
    typical = parameters_at(stage.scales, np.full(len(stage.scales), 0.5), 3).typical(np.arange(4), 0)
    name = stage.scales[0].parameters[0].partition(".")[2]
    np.testing.assert_allclose(typical.get("population", name), file_of("population")[name].value * np.exp(0.5))
    np.testing.assert_allclose(typical.get("lesion", "growth"), file_of("lesion")["growth"].value)


def test_a_row_without_a_value_is_named_with_its_point(plan, monkeypatch):
    stage = plan.stages[0]
    monkeypatch.setattr(point, "_value", lambda *_: float("nan"))
    who = Who(20, plan.seed)
    for compute in (point_values, sampling_error):
        with pytest.raises(SolveError) as caught:
            compute(stage.trials, parameters_at(stage.scales, np.zeros(3), plan.seed), who, "floor of uNTx 1.2")
        assert {issue.code for issue in caught.value.issues} == {"calibration.output"}
        assert "EV0034 at floor of uNTx 1.2" in caught.value.issues[0].place


def test_settings_out_of_range_are_listed(plan):
    with pytest.raises(InputError) as caught:
        CalibrationSettings(0, -1, 3, ("D",)).check(plan)
    assert [issue.place for issue in caught.value.issues] == ["points", "ensemble", "patients", "stage"]
    assert cli.run(["calibrate", "--stage", "Z"]) == 2
    assert cli.run(["calibrate", "--workers", "0"]) == 2


def test_the_shipped_scales_are_known_to_the_model_and_rest_on_figures_that_may_be_fitted(plan):
    posterior, targets = read_posterior(DATA / "posterior.toml"), load_targets()
    assert all(targets[row.target].use == "fit" for row in posterior.rows)
    for names in posterior.parameters:
        for one in names:
            file, _, name = one.partition(".")
            assert name in file_of(file)
    if posterior.stages[0] != "earlier":
        assert posterior.names == tuple(scale.name for stage in plan.stages for scale in stage.scales)
        assert [row.target for row in posterior.rows] == [row.target for s in plan.stages for row in s.rows]


def test_a_calibration_that_was_killed_goes_on_to_the_same_bytes(plan, whole, tmp_path):
    options = ["--stage", "A", "--points", "40", "--ensemble", "1", "--patients", "20", "--workers", "2"]
    command = [sys.executable, "-m", "osteocast", "calibrate", *options, "--out", "posterior.toml"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ)
    end = time.monotonic() + 300
    while len(list((tmp_path / "posterior-work").glob("stage-A-point-*"))) < 3:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert not (tmp_path / "posterior.toml").exists()
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "posterior.toml").read_text() == whole[1].to_toml()
    assert [file.name for file in (tmp_path / "posterior-without").iterdir()] == ["stopeck-2010.toml"]


def test_runs_share_the_processors_in_any_number(plan, whole, tmp_path):
    assert run.courses_of(plan.stages[0].trials, 10) > 0.0
    one = dataclasses.replace(SMALL, members=0)
    three, again = (calibrate(plan, one, folder, workers=n) for folder, n in ((tmp_path, 3), (whole[0], 1)))
    assert three.posterior.to_toml() == again.posterior.to_toml()
    # Stage A has figures of one trial: without it nothing is left but the prior.
    assert list(three.without) == ["stopeck-2010"]
    left = three.without["stopeck-2010"]
    np.testing.assert_allclose((left.mean, left.sd), (left.prior_mean, left.prior_sd))
    assert left.rows == ()
