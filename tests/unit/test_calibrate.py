"""Calibration machinery on simulators whose answer is known."""

import math

import numpy as np
import pytest

from osteocast.foundation.errors import EvidenceError
from osteocast.inference.calibrate import Level, Scale, calibrate, design_points
from osteocast.inference.emulator import Emulator, smallest_design
from osteocast.inference.posterior import read_posterior

SCALES = [Scale("strength", 0.0, 0.4), Scale("growth", math.log(1.5), 0.3)]
LEVELS = [
    Level("EV1", "events per year", 2.0, "1/year", 0.1, "log"),
    Level("EV2", "patients with a fracture", 30.0, "%", 1.5, "logit"),
]


def linear(theta):
    """Log and logit outputs linear in the log-scales: the emulator is exact."""
    a, b = math.log(theta["strength"]), math.log(theta["growth"])
    return {"EV1": math.exp(0.5 - 1.0 * a + 0.5 * b), "EV2": 100 / (1 + math.exp(1.0 + 1.5 * a))}


def test_the_posterior_is_the_gaussian_of_the_linear_problem(tmp_path):
    found = calibrate(linear, SCALES, LEVELS, tmp_path)
    prior_mean, prior_sd = np.array([0.0, math.log(1.5)]), np.array([0.4, 0.3])
    design = np.array([[-1.0, 0.5], [-1.5, 0.0]])
    y = np.array([math.log(2.0) - 0.5, math.log(0.3 / 0.7) + 1.0])
    # 5 % published error and 12 % discrepancy: 13 % together; on the logit scale divided by 1 - p.
    sd = np.array([0.13, 0.13 / 0.7])
    precision = np.diag(1 / prior_sd**2) + design.T @ np.diag(1 / sd**2) @ design
    mean = np.linalg.solve(precision, prior_mean / prior_sd**2 + design.T @ (y / sd**2))
    np.testing.assert_allclose(found.mean, mean, atol=1e-4)
    np.testing.assert_allclose(found.covariance, np.linalg.inv(precision), rtol=1e-3, atol=1e-6)
    assert found.laplace_k < 0.3 or math.isnan(found.laplace_k)
    assert all(row.q2 == pytest.approx(1.0) for row in found.rows)


def test_the_fit_table_states_what_the_calibrated_simulator_gives(tmp_path):
    found = calibrate(linear, SCALES, LEVELS, tmp_path)
    scales = dict(zip(found.names, np.exp(found.mean), strict=True))
    for row, expected in zip(found.rows, linear(scales).values(), strict=True):
        assert row.simulated == pytest.approx(expected)
    assert found.rows[0].error == pytest.approx(found.rows[0].simulated - 2.0)
    assert "not yet checked on trials it did not see" in found.statement
    assert "informed: strength" in found.statement
    assert "kept its prior: growth" in found.statement
    assert found.informed == (True, False)


def test_an_uninformed_scale_keeps_its_prior(tmp_path):
    scales = [*SCALES, Scale("survival", 0.2, 0.25)]
    found = calibrate(linear, scales, LEVELS, tmp_path)
    assert found.mean[2] == pytest.approx(0.2, abs=1e-3)
    assert found.sd[2] == pytest.approx(0.25, rel=1e-3)


def test_an_interrupted_calibration_resumes_and_gives_the_same_bytes(tmp_path):
    calls = []

    def slow(theta):
        if len(calls) == 10:
            raise KeyboardInterrupt
        calls.append(theta)
        return linear(theta)

    with pytest.raises(KeyboardInterrupt):
        calibrate(slow, SCALES, LEVELS, tmp_path / "a", points=20)
    kept = sorted((tmp_path / "a").iterdir())
    assert len(kept) == 10
    kept[0].write_text('{"theta": ')
    again = []
    resumed = calibrate(lambda t: again.append(t) or linear(t), SCALES, LEVELS, tmp_path / "a", points=20)
    assert len(again) == 20 - 9 + 1
    fresh = calibrate(linear, SCALES, LEVELS, tmp_path / "b", points=20)
    assert resumed.to_toml() == fresh.to_toml()
    silent = calibrate(lambda _: pytest.fail("ran again"), SCALES, LEVELS, tmp_path / "a", points=20)
    assert silent.to_toml() == fresh.to_toml()


def test_the_posterior_file_comes_back_whole(tmp_path):
    found = calibrate(linear, SCALES, LEVELS, tmp_path)
    found.write(tmp_path / "posterior.toml")
    back = read_posterior(tmp_path / "posterior.toml")
    assert back.names == found.names
    assert back.statement == found.statement
    np.testing.assert_allclose(back.covariance, found.covariance, rtol=1e-6)
    assert back.to_toml() == (tmp_path / "posterior.toml").read_text()
    draws = back.draws(np.random.default_rng(1).standard_normal((50_000, 2)))
    np.testing.assert_allclose(np.mean(np.log(draws), axis=0), back.mean, atol=0.01)
    np.testing.assert_allclose(np.cov(np.log(draws).T), back.covariance, atol=0.002)


@pytest.mark.parametrize("damage", ["schema", "names = ", "covariance", "target = "])
def test_a_damaged_posterior_file_is_refused(tmp_path, damage):
    text = calibrate(linear, SCALES, LEVELS, tmp_path).to_toml()
    (tmp_path / "posterior.toml").write_text(text.replace(damage, "other_" + damage))
    with pytest.raises(EvidenceError) as caught:
        read_posterior(tmp_path / "posterior.toml")
    assert caught.value.issues[0].code == "posterior.invalid"


def test_a_nonlinear_simulator_is_judged_by_leave_one_out(tmp_path):
    x = design_points(2, 40)
    y = np.column_stack([x[:, 0] ** 2 - x[:, 1], np.sin(6 * x[:, 0])])
    emulator = Emulator.fit(x, y)
    assert emulator.q2[0] == pytest.approx(1.0)
    assert emulator.q2[1] < 0.3
    # The same by leaving each point out in turn.
    errors = []
    for i in range(40):
        keep = np.arange(40) != i
        errors.append(Emulator.fit(x[keep], y[keep]).predict(x[i : i + 1])[0] - y[i])
    press = np.sum(np.array(errors)[:, 1] ** 2)
    assert emulator.q2[1] == pytest.approx(1 - press / np.sum((y[:, 1] - y[:, 1].mean()) ** 2))


def test_a_mode_at_the_edge_is_said_so(tmp_path):
    far = [Level("EV1", "events", 50.0, "1/year", 0.5, "log")]
    found = calibrate(lambda t: {"EV1": t["strength"]}, SCALES[:1], far, tmp_path)
    assert "at the edge of the range searched" in found.statement


def test_the_design_fills_the_space_and_never_changes():
    x = design_points(4, 32)
    assert x.shape == (32, 4)
    assert np.all(np.abs(x) <= 2)
    np.testing.assert_array_equal(x[0], 0)
    np.testing.assert_array_equal(x, design_points(4, 32))
    # Each half of every axis holds half of the points.
    np.testing.assert_allclose(np.mean(x > 0, axis=0), 0.5, atol=0.05)
    assert design_points(4, 5).shape[0] == smallest_design(4)


def test_bad_outputs_and_too_many_scales_are_refused(tmp_path):
    with pytest.raises(EvidenceError) as caught:
        calibrate(lambda t: {"EV1": math.nan}, SCALES, LEVELS, tmp_path)
    assert [i.place for i in caught.value.issues] == ["EV1", "EV2"]
    with pytest.raises(EvidenceError) as caught:
        calibrate(linear, [Scale(str(i), 0, 1) for i in range(5)], LEVELS, tmp_path)
    assert caught.value.issues[0].code == "calibrate.too-many-scales"
