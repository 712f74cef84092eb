"""Body model with denosumab every 28 days for two years: this engine against libRoadRunner, in one run.

Both integrate the same equations (the traced body, without lesions) with the same doses. The error is the largest
relative difference from SciPy's Radau at 1e-10 over the read states at the ends of the dosing intervals. For each
accuracy of libRoadRunner the cheapest tolerance of ours with no larger error is timed, the two alternating.

Run: python benchmarks/engine_vs_roadrunner.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import roadrunner
import sympy as sp
from dosing_entry import Dosing
from numpy.typing import NDArray
from sbml_text import sbml
from scipy.integrate import solve_ivp

from osteocast.course.accuracy import loop_options
from osteocast.course.system import disease_system
from osteocast.engine.kernels import kernels
from osteocast.engine.system import fields_of, flatten
from osteocast.engine.trace import Traced, trace
from osteocast.evidence.load import fill
from osteocast.models import body, functions, symbolic

DOSE, INTERVAL, DOSES, ROUNDS = 120.0, 28.0, 26, 7
READ = (
    "mineral.plasma",
    "mineral.phosphate",
    "hormones.pth",
    "hormones.calcitriol",
    "remodelling.osteoclasts",
    "remodelling.osteoblasts_fast",
    "denosumab.central",
    "markers.untx",
    "markers.bone_alp",
)
Floats = NDArray[np.float64]
STATES = [f.name for f in fields_of(body.State)]
COLUMNS = [STATES.index(name) for name in READ]
DEPOT = STATES.index("denosumab.depot")


def constants() -> dict[str, Floats]:
    """Return start, parameters, controls and (zero) exports as vectors."""
    p = fill(body.Params, "body")
    controls = [float(f.name == "oral_calcium") for f in fields_of(body.Controls)]
    return {
        "x": np.array(flatten(body.initial_state(p)), dtype=float),
        "p": np.array(flatten(p), dtype=float),
        "c": np.array(controls),
        "e": np.zeros(6),
    }


def reference(traced: Traced, values: dict[str, Floats]) -> Floats:
    """Integrate with SciPy's Radau at 1e-10 on functions that SymPy prints itself."""
    numeric = {kind.__name__: getattr(functions, name) for name, kind in symbolic.FUNCTIONS.items()}
    fixed = {sp.Symbol(f"{g}{i}", real=True): v for g in "pce" for i, v in enumerate(values[g])}
    replaced = [(s, e.subs(fixed)) for s, e in traced.steps]
    states = [sp.Symbol(f"x{i}", real=True) for i in range(len(STATES))]
    printer = "\n".join(
        ["def rates(t, y):", f"    {', '.join(s.name for s in states)} = y.tolist()"]
        + [f"    {s.name} = {e}" for s, e in replaced]
        + [f"    return [{', '.join(str(r.subs(fixed)) for r in traced.results)}]"]
    )
    made: dict[str, Any] = dict(numeric)
    exec(printer, made)
    y, rows = values["x"].copy(), []
    for _ in range(DOSES):
        y[DEPOT] += DOSE
        y = solve_ivp(made["rates"], (0.0, INTERVAL), y, "Radau", rtol=1e-10, atol=1e-12).y[:, -1]
        rows.append(y[COLUMNS])
    return np.array(rows)


def ours(values: dict[str, Floats]) -> Callable[[float], Floats]:
    """Return a function of the tolerance that runs the course with this engine."""
    entry = kernels(disease_system(), entries=(("dosing_entry", "run_doses", "example:dosing_entry.example"),))
    typical, dosing = loop_options(), Dosing(DEPOT, DOSE, INTERVAL)
    constants, columns = (values["x"], values["p"], values["c"]), np.array(COLUMNS)

    def run(rtol: float) -> Floats:
        options = typical._replace(rtol=rtol, atol_body=typical.atol_body * (rtol / typical.rtol))
        rows = np.empty((DOSES, len(READ)))
        status = entry.entries["run_doses"](constants, dosing, options, columns, rows)
        if status != 0:
            raise RuntimeError(f"status {status}")
        return rows

    return run


def theirs(traced: Traced, values: dict[str, Floats]) -> Callable[[float], Floats]:
    """Return a function of the tolerance that runs the course with libRoadRunner."""
    flat = {f"{g}{i}": float(v) for g in "xpce" for i, v in enumerate(values[g])}
    model = roadrunner.RoadRunner(sbml(traced, flat, (f"x{DEPOT}", DOSE, INTERVAL)))
    model.timeCourseSelections = [f"x{i}" for i in COLUMNS]
    start = {name: flat[name] + (DOSE if name == f"x{DEPOT}" else 0.0) for name in flat if name[0] == "x"}
    model.integrator.setValue("stiff", True)
    model.integrator.setValue("maximum_num_steps", 1_000_000)

    def run(rtol: float) -> Floats:
        model.integrator.setValue("relative_tolerance", rtol)
        model.integrator.setValue("absolute_tolerance", rtol * 1e-4)
        model.reset()
        for name, value in start.items():
            model[name] = value
        model["next_dose"] = INTERVAL
        # just before each dose, as ours: the event fires at the end of the interval
        times = [0.0, *(INTERVAL * (i + 1) - 1e-6 for i in range(DOSES))]
        return np.array(model.simulate(times=times))[1:]

    return run


def error(found: Floats, truth: Floats) -> float:
    """Return the largest relative difference."""
    return float(np.max(np.abs(found - truth) / np.abs(truth)))


def seconds(run: Callable[[float], Floats], rtol: float) -> float:
    """Time one course."""
    began = time.perf_counter()
    run(rtol)
    return time.perf_counter() - began


def main() -> None:
    """Print errors, times and ratios."""
    values, traced = constants(), trace(disease_system().body_rates)
    truth = reference(traced, values)
    mine, other = ours(values), theirs(traced, values)
    tolerances = [10 ** (-i / 8) for i in range(8, 72)]
    errors = [error(mine(rtol), truth) for rtol in tolerances]
    for rtol in (1e-3, 1e-4, 1e-5, 1e-6):
        wanted = error(other(rtol), truth)
        chosen = next((t for t, e in zip(tolerances, errors, strict=True) if e <= wanted), tolerances[-1])
        pairs = [(seconds(other, rtol), seconds(mine, chosen)) for _ in range(ROUNDS)]
        slow, fast = (1e3 * statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        print(
            f"libRoadRunner rtol {rtol:.0e}: error {wanted:.1e}, {slow:.2f} ms a course; "
            f"this engine rtol {chosen:.1e}: error {error(mine(chosen), truth):.1e}, {fast:.2f} ms; ratio {ratio:.1f}"
        )


if __name__ == "__main__":
    main()
