"""The engine on the equations of the disease itself: one exact linear solve, and whole courses against SciPy."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from osteocast.course.system import disease_system
from osteocast.engine.kernels import kernels
from osteocast.engine.solution import SolveStatus
from osteocast.engine.solve import Accuracy, Case, Change, solve
from osteocast.engine.stepper import GAMMA, Options
from osteocast.engine.system import System, flatten, unflatten
from osteocast.evidence.load import fill
from osteocast.models import body, lesion

from .dense_jacobian import dense_jacobian
from .engine_models import HOST, dense_rates, host_case

LESIONS = (1, 4, 16)
STATES = ("healthy", "advanced", "on-drugs")
DRUGS = (
    Change(0.0, "add", "body.denosumab.depot", 800.0),
    Change(0.0, "set-state", "body.systemic_kill", 0.01),
    Change(0.0, "set-control", "resistance_rate", 0.002),
    Change(0.0, "set-control", "saline", 2.0),
    Change(0.0, "set-control", "bisphosphonate_infusion", 4.0),
)
REST = body.Controls(saline=0.0, oral_calcium=1.0, bisphosphonate_infusion=0.0, resistance_rate=0.0)
PHENOTYPES = fill(lesion.PhenotypeParams, "phenotype")


def seeded(lesions: int) -> Case:
    """Return a healthy body with unequal seeded lesions, from lytic to sclerotic."""
    p = fill(body.Params, "body")
    typical = fill(lesion.Params, "lesion")
    places = [
        typical._replace(**lesion.phenotype(i / 16, PHENOTYPES)._asdict(), seed_size=1e-3 * (1 + i))
        for i in range(lesions)
    ]
    return Case(p, body.initial_state(p), places, [lesion.initial_state(q) for q in places], REST)


def at_end(system: System, case: Case, days: float, changes: tuple[Change, ...] = ()) -> Case:
    """Return the case at the end of some days, with the controls that hold then."""
    found = solve(system, case, [0.0, days], changes, Accuracy(rtol=1e-6))
    assert found.status is SolveStatus.OK, found.message
    held = {c.target: c.value for c in changes if c.kind == "set-control"}
    x = unflatten(system.body_state, found.body[-1].tolist())
    lesions = [unflatten(system.lesion_state, row.tolist()) for row in found.lesions[-1]]
    return Case(case.body_params, x, case.lesion_params, lesions, case.controls._replace(**held))


def disease_case(lesions: int, state: str) -> Case:
    """Return body and lesions in one of the STATES."""
    case = seeded(lesions)
    if state == "healthy":
        return case
    advanced = at_end(disease_system(), case, 500.0)
    return advanced if state == "advanced" else at_end(disease_system(), advanced, 3.0, DRUGS)


def flat(case: Case) -> np.ndarray:
    """Return body and lesions as one vector."""
    return np.concatenate([flatten(case.body_start), *(flatten(x) for x in case.lesion_starts)]).astype(float)


def first_stage(system: System, case: Case, h: float) -> tuple[np.ndarray, np.ndarray]:
    """Return derivatives and first stage of one step: ``(I / (gamma h) - J) u = f``, as the engine solves it."""
    compiled, lesions = kernels(system), len(case.lesion_starts)
    nb, nl, _, _ = compiled.sizes
    start = flat(case)
    xb, xl = start[:nb].copy(), start[nb:].reshape(lesions, nl).copy()
    pb = np.array(flatten(case.body_params), dtype=float)
    pl = np.array([flatten(p) for p in case.lesion_params], dtype=float)
    controls = np.array(flatten(case.controls), dtype=float)
    work = compiled.new_work(lesions)
    loose = Options(1e9, h, 1e-12, h, 10, np.full(nb, 1e9), np.full(nl, 1e9))
    status, _, tried = compiled.advance(0.0, h, 0.0, xb, xl, lesions, pb, pl, controls, work, loose)
    assert (status, tried) == (0, 1)
    return work.f.copy(), work.u[0].copy()


def compare(system: System, case: Case, h: float) -> None:
    """The elimination against numpy on the same matrix and right side; the derivatives against the plain functions."""
    f, u = first_stage(system, case, h)
    jacobian, y = dense_jacobian(system, case), np.abs(flat(case))
    truth = np.linalg.solve(np.eye(f.size) / (GAMMA * h) - jacobian, f)
    # a change below 1e-12 of a state (or of 0.001 for an empty one) is rounding of the right side
    scale = np.maximum(np.abs(truth), 1e-12 * np.maximum(y, 1e-3))
    assert np.max(np.abs(u - truth) / scale) < 2e-9  # worst seen 1e-9
    # a derivative is a difference of fluxes, whose size bounds what rounding does to it
    fluxes = np.abs(jacobian) @ np.maximum(y, 1e-3)
    assert np.all(np.abs(f - dense_rates(system, case, flat(case))) <= 1e-12 * fluxes)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("lesions", LESIONS)
def test_elimination_of_the_disease_equals_the_dense_solve_exactly(lesions, state):
    case = disease_case(lesions, state)
    for h in (0.01, 1.0, 6.0):
        compare(disease_system(), case, h)


@pytest.mark.parametrize("lesions", LESIONS)
def test_elimination_of_the_test_model_equals_the_dense_solve_exactly(lesions):
    early = host_case(lesions)
    for case in (early, at_end(HOST, early, 40.0)):
        for h in (0.01, 1.0, 6.0):
            compare(HOST, case, h)


def test_the_dense_jacobian_sees_a_wrong_entry():
    """One slope off by a millionth fails the comparison, so that it can fail."""
    case = disease_case(1, "advanced")
    f, u = first_stage(disease_system(), case, 1.0)
    jacobian = dense_jacobian(disease_system(), case)
    row, column = np.unravel_index(np.argmax(np.abs(jacobian)), jacobian.shape)
    jacobian[row, column] *= 1 + 1e-6
    wrong = np.linalg.solve(np.eye(f.size) / GAMMA - jacobian, f)
    assert np.max(np.abs(u - wrong) / np.maximum(np.abs(wrong), 1e-15)) > 1e-9


def test_dense_slopes_agree_with_differences():
    """The reference itself against central differences of the plain functions."""
    case = disease_case(4, "on-drugs")
    start, jacobian = flat(case), dense_jacobian(disease_system(), case)
    for m in range(start.size):
        shift = 1e-6 * max(abs(start[m]), 1e-3) * np.eye(start.size)[m]
        difference = dense_rates(disease_system(), case, start + shift) - dense_rates(
            disease_system(), case, start - shift
        )
        column = difference / (2 * shift[m])
        np.testing.assert_allclose(jacobian[:, m], column, rtol=1e-4, atol=1e-5 * max(1.0, np.max(np.abs(column))))


def course_by_radau(case: Case, days: np.ndarray) -> np.ndarray:
    """SciPy's Radau on the plain functions, with the dense Jacobian and tolerances of 1e-10 of each state's scale."""
    system, start = disease_system(), flat(case)
    nb, nl = len(flatten(case.body_start)), len(flatten(case.lesion_starts[0]))

    def at(y: np.ndarray) -> Case:
        x = unflatten(system.body_state, y[:nb].tolist())
        lesions = [unflatten(system.lesion_state, row.tolist()) for row in y[nb:].reshape(-1, nl)]
        return Case(case.body_params, x, case.lesion_params, lesions, case.controls)

    solved = solve_ivp(
        lambda t, y: dense_rates(system, case, y),
        (days[0], days[-1]),
        start,
        "Radau",
        days,
        rtol=1e-10,
        atol=1e-10 * np.maximum(np.abs(start), 1e-3),
        jac=lambda t, y: dense_jacobian(system, at(y)),
    )
    assert solved.success, solved.message
    return solved.y.T


@pytest.mark.slow
@pytest.mark.parametrize("lesions", [1, 16])
def test_a_course_of_the_disease_on_drugs_equals_radau(lesions):
    """Advanced disease in the weeks after a dose, the fastest part of any course."""
    case, days = disease_case(lesions, "on-drugs"), np.array([0.0, 1.0, 7.0, 28.0])
    truth, start = course_by_radau(case, days), flat(case)
    nb = len(flatten(case.body_start))
    scale = np.maximum(np.abs(start), 1e-3)
    accuracy = Accuracy(
        rtol=1e-9,
        atol_body=tuple(1e-9 * scale[:nb]),
        atol_lesion=tuple(1e-9 * np.full(scale[nb:].size // lesions, 1e-3)),
    )
    found = solve(disease_system(), case, days, accuracy=accuracy)
    reached = np.concatenate([found.body, found.lesions.reshape(len(days), -1)], axis=1)
    error = np.abs(reached - truth) / np.maximum(np.abs(truth), scale)
    assert np.max(error) < 1e-6, np.max(error)
