"""The stepper against published problems, SciPy and a dense solve."""

from typing import NamedTuple

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from osteocast.engine.kernels import kernels
from osteocast.engine.read_units import unit_problems
from osteocast.engine.solution import SolveStatus
from osteocast.engine.solve import Accuracy, Case, Change, solve
from osteocast.engine.stepper import Options
from osteocast.engine.system import System, flatten

from .engine_models import (
    HOST,
    OREGONATOR,
    ROBERTSON,
    ROBERTSON_SPEEDS,
    VAN_DER_POL,
    Field,
    Reagents,
    Stiffness,
    Swing,
    dense_rates,
    focus_exports,
    focus_rates,
    host_case,
    host_observables,
    host_rates,
    host_signals,
)

LESIONS = (0, 1, 3, 16)


def test_robertson_reaches_the_published_end():
    """Reference values of Robertson's stiff problem at t = 40 and, to the digits CVODE's manual prints, at 4e5."""
    case = Case(ROBERTSON_SPEEDS, Reagents(1.0, 0.0, 0.0))
    found = solve(ROBERTSON, case, [0.0, 40.0, 4e5], accuracy=Accuracy(rtol=1e-8, atol_body=(1e-10, 1e-14, 1e-10)))
    assert found.status is SolveStatus.OK
    np.testing.assert_allclose(found.body[1], [0.7158270688, 9.185534765e-6, 0.2841637457], rtol=1e-6)
    np.testing.assert_allclose(found.body[2], [4.9383e-3, 1.9850e-8, 0.99506], rtol=2e-5)
    assert abs(found.body[2].sum() - 1) < 1e-10


def test_van_der_pol_reaches_the_published_end():
    """Stiffness 1000 in scaled time; the reference of the Test Set for IVP Solvers at t = 2."""
    case = Case(Stiffness(1e-6), Swing(2.0, 0.0))
    found = solve(VAN_DER_POL, case, [0.0, 2.0], accuracy=Accuracy(rtol=1e-9, atol_body=1e-9))
    assert found.status is SolveStatus.OK
    np.testing.assert_allclose(found.body[1], [1.706167732170483, -0.8928097010247975], rtol=1e-6)


def test_oregonator_reaches_the_published_end():
    """More than one period of the relaxation oscillation; the reference of the Test Set for IVP Solvers at t = 360."""
    case = Case(Field(77.27, 0.161, 8.375e-6), Reagents(1.0, 2.0, 3.0))
    found = solve(OREGONATOR, case, [0.0, 360.0], accuracy=Accuracy(rtol=1e-9, atol_body=1e-9))
    assert found.status is SolveStatus.OK
    expected = [1.000814870318523, 1228.178521549917, 132.0554942846706]
    np.testing.assert_allclose(found.body[1], expected, rtol=1e-5)


def after_a_change(first: float) -> tuple[np.ndarray, int]:
    """Integrate two lesions for a day, change a parameter of one and add a third; then a day with this first step."""
    compiled, case = kernels(HOST), host_case(3)
    xb, xl = np.array(flatten(case.body_start)), np.array([flatten(x) for x in case.lesion_starts])
    pb, pl = np.array(flatten(case.body_params)), np.array([flatten(p) for p in case.lesion_params])
    controls, work = np.array([1.0]), compiled.new_work(3)
    options = Options(1e-9, 0.0, 1e-12, 10.0, 10**6, np.full(xb.size, 1e-9), np.full(xl.shape[1], 1e-9))
    status, step, _ = compiled.advance(0.0, 1.0, 0.0, xb, xl, 2, pb, pl, controls, work, options)
    assert status == 0
    pl[0] *= 1.25
    status, _, tried = compiled.advance(1.0, 2.0, first * step, xb, xl, 3, pb, pl, controls, work, options)
    assert status == 0
    return np.concatenate([xb, xl.ravel()]), tried


def test_a_negative_step_prepares_parameters_anew_and_keeps_the_step():
    (kept, few), (restarted, more) = after_a_change(-1.0), after_a_change(0.0)
    np.testing.assert_allclose(kept, restarted, rtol=1e-6)
    assert few < more


def fixed_steps(steps: int) -> np.ndarray:
    """Integrate the host with three lesions over two days in equal binary steps, without error control."""
    compiled, case = kernels(HOST), host_case(3)
    xb, xl = np.array(flatten(case.body_start)), np.array([flatten(x) for x in case.lesion_starts])
    pb, pl = np.array(flatten(case.body_params)), np.array([flatten(p) for p in case.lesion_params])
    step, controls, work = 2.0 / steps, np.array([1.0]), compiled.new_work(3)
    loose = Options(1e9, step, 1e-12, step, 10**6, np.full(xb.size, 1e9), np.full(3, 1e9))
    status, _, tried = compiled.advance(0.0, 2.0, 0.0, xb, xl, 3, pb, pl, controls, work, loose)
    assert status == 0
    assert tried == steps
    return np.concatenate([xb, xl.ravel()])


def test_order_of_convergence_is_four():
    exact = fixed_steps(512)
    errors = [np.linalg.norm(fixed_steps(n) - exact) for n in (8, 16, 32)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(orders > 3.6), orders
    assert np.all(orders < 5.0), orders


@pytest.mark.parametrize("lesions", LESIONS)
def test_any_number_of_lesions_equals_the_dense_solve(lesions):
    """SciPy's Radau on the uncompiled functions with a dense matrix, at 1e-10."""
    case, times = host_case(lesions), np.linspace(0.0, 60.0, 5)
    start = np.concatenate([flatten(case.body_start), *(flatten(x) for x in case.lesion_starts)])
    truth = solve_ivp(lambda t, y: dense_rates(HOST, case, y), (0, 60.0), start, "Radau", times, rtol=1e-10, atol=1e-12)
    found = solve(HOST, case, times, accuracy=Accuracy(rtol=1e-10, atol_body=1e-12, atol_lesion=1e-12))
    flat = np.concatenate([found.body, found.lesions.reshape(len(times), -1)], axis=1)
    np.testing.assert_allclose(flat, truth.y.T, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("lesions", LESIONS[1:])
def test_one_linear_solve_by_schur_complement_equals_the_dense_one(lesions):
    """The first stage of a step solves (I / (0.25 h) - J) u = f; here with a dense J from central differences."""
    compiled, case, h = kernels(HOST), host_case(lesions), 0.5
    start = np.concatenate([flatten(case.body_start), *(flatten(x) for x in case.lesion_starts)])
    columns = []
    for m in range(start.size):
        shift = 1e-6 * max(1.0, abs(start[m])) * np.eye(start.size)[m]
        difference = dense_rates(HOST, case, start + shift) - dense_rates(HOST, case, start - shift)
        columns.append(difference / (2 * shift[m]))
    matrix = np.eye(start.size) / (0.25 * h) - np.array(columns).T
    first = np.linalg.solve(matrix, dense_rates(HOST, case, start))
    nb = len(flatten(case.body_start))
    xb, xl = start[:nb].copy(), start[nb:].reshape(lesions, -1).copy()
    pb, pl = np.array(flatten(case.body_params)), np.array([flatten(p) for p in case.lesion_params])
    work = compiled.new_work(lesions)
    loose = Options(1e9, h, 1e-12, h, 10, np.full(nb, 1e9), np.full(3, 1e9))
    compiled.advance(0.0, h, 0.0, xb, xl, lesions, pb, pl, np.array([1.0]), work, loose)
    np.testing.assert_allclose(work.u[0], first, rtol=1e-6, atol=1e-8)


def test_a_lesion_does_not_hide_behind_others():
    """The course of a body with one lesion is the same with a second one that exports nothing."""
    case = host_case(1)
    idle = case.lesion_params[0]._replace(growth=0.0, birth=0.0, death=0.0, content=0.0)
    both = Case(
        case.body_params,
        case.body_start,
        [*case.lesion_params, idle],
        [*case.lesion_starts, case.lesion_starts[0]._replace(tumour=0.0)],
        case.controls,
    )
    alone, together = (solve(HOST, c, [0.0, 50.0], accuracy=Accuracy(rtol=1e-4)) for c in (case, both))
    assert alone.steps == together.steps
    np.testing.assert_array_equal(alone.body, together.body)


def test_schedule_adds_sets_and_controls():
    case = host_case(1)
    doses = [Change(t, "add", "body.drug.depot", 120.0) for t in (10.0, 20.0)]
    found = solve(HOST, case, [0.0, 10.0, 10.5, 20.0, 30.0], doses)
    depot = found.of_body("drug.depot")
    np.testing.assert_allclose(depot[1], 120 * np.exp(-7), rtol=1e-4)
    np.testing.assert_allclose(depot[2], (120 + 120 * np.exp(-7)) * np.exp(-0.35), rtol=1e-4)
    changes = [Change(5.0, "set-control", "supplement", 50.0), Change(5.0, "set-state", "lesion.0.tumour", 0.0)]
    changed = solve(HOST, case, [0.0, 5.0, 15.0], changes)
    assert changed.of_lesion(0, "tumour")[-1] == 0.0
    assert changed.of_body("calcium")[-1] > 1.5 * changed.of_body("calcium")[1]


class One(NamedTuple):
    y: float


def explode(x: One, p: One) -> One:
    return One(p.y * x.y * x.y)


EXPLODING = System(explode)


def test_failure_is_a_value_with_a_sentence():
    found = solve(EXPLODING, Case(One(1.0), One(1.0)), [0.0, 0.5, 2.0])
    assert found.status in (SolveStatus.STEP_TOO_SMALL, SolveStatus.NOT_FINITE)
    assert "stopped" in found.message
    assert "0.5" in found.message
    np.testing.assert_allclose(found.body[1], 2.0, rtol=1e-5)
    assert np.isnan(found.body[2, 0])
    short = solve(EXPLODING, Case(One(1.0), One(1.0)), [0.0, 0.9], accuracy=Accuracy(rtol=1e-10, max_steps=3))
    assert short.status is SolveStatus.TOO_MANY_STEPS
    broken = solve(EXPLODING, Case(One(float("nan")), One(1.0)), [0.0, 0.9])
    assert broken.status is SolveStatus.NOT_FINITE


def test_each_failure_has_its_own_status():
    """y' = y^2 from 1 blows up at t = 1: with a floor under the step it stops there, not with a number that is none."""
    case, coarse = Case(One(1.0), One(1.0)), Accuracy(rtol=1e-6, smallest_step=1e-3)
    assert solve(EXPLODING, case, [0.0, 2.0], accuracy=coarse).status is SolveStatus.STEP_TOO_SMALL
    assert solve(EXPLODING, case, [0.0, 0.5], accuracy=coarse).status is SolveStatus.OK


def test_a_step_that_would_not_move_the_time_is_too_small():
    """At day 1e9 the clock resolves about 1e-7 days, so the step stops there though 1e-12 is allowed."""
    found = solve(EXPLODING, Case(One(1.0), One(1.0)), [1e9, 1e9 + 2.0], accuracy=Accuracy(rtol=1e-8))
    assert found.status is SolveStatus.STEP_TOO_SMALL
    assert found.steps < 1000


class Pair(NamedTuple):
    falling: float
    kept: float


def still(x: One, p: One, e: One) -> One:
    return One(e.y - p.y * x.y)


def told(x: One, p: One) -> One:
    return One(p.y * x.y)


def fall(x: Pair, p: One, s: One) -> Pair:
    return Pair(-(x.falling**0.5) - p.y, -0.01 * s.y * x.kept)


def constant(x: Pair, p: One, s: One) -> One:
    return One(p.y)


FALLING = System(still, told, fall, constant)


@pytest.mark.parametrize("first", [True, False])
def test_a_lesion_that_is_no_number_does_not_hide_behind_others(first):
    """A root of a negative number in one lesion stops the patient, wherever that lesion stands in the list."""
    low, high = Pair(0.05, 1.0), Pair(500.0, 1.0)
    starts = [low, high] if first else [high, low]
    found = solve(FALLING, Case(One(1.0), One(1.0), [One(1.0)] * 2, starts), [0.0, 1.0])
    assert found.status is SolveStatus.NOT_FINITE
    assert np.isnan(found.lesions[-1]).all()


def test_units_of_the_test_model_hold_and_a_wrong_one_is_named():
    assert unit_problems(host_rates, "day") == ()
    assert unit_problems(focus_rates, "day") == ()
    assert unit_problems(host_signals) == ()
    assert unit_problems(focus_exports) == ()
    assert unit_problems(host_observables) == ()
    assert any("host_rates.calcium" in problem for problem in unit_problems(host_rates, "hour**2"))
