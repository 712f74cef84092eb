"""One lesion: units, mass balance, running maximum, start and radiotherapy dose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pint
import pytest
import sympy as sp
from scipy.integrate import solve_ivp

from osteocast.evidence.load import annotated_fields, fill
from osteocast.foundation.units import registry
from osteocast.models import lesion, pivonka, radiotherapy
from osteocast.models.coupling import Exports, Signals
from osteocast.models.symbolic import SafeLog

from .lesion_course import BISPHOSPHONATE, HEALTHY, PHENOTYPES, TYPICAL, YEAR, of_kind, path, run

RADIATION = fill(radiotherapy.Params, "radiotherapy")


def with_units(values: Any) -> Any:
    """Attach to each number of a model tuple the unit of its annotation."""
    quantity = registry().Quantity
    kind = type(values)
    fields = {}
    for field, unit, _ in annotated_fields(kind):
        value = getattr(values, field)
        fields[field] = with_units(value) if unit is None else quantity(float(value), "" if unit == "1" else unit)
    return kind(**fields)


def has_unit(value: Any, unit: str, per_day: bool = False) -> bool:
    """Whether a number or quantity has the dimension of `unit`, a day less if `per_day`."""
    expected = registry().Quantity(1.0, "" if unit == "1" else unit) / registry().Quantity(
        1.0, "day" if per_day else ""
    )
    return registry().Quantity(value).dimensionality == expected.dimensionality


def test_units_agree() -> None:
    x, p, s = (with_units(v) for v in (lesion.initial_state(TYPICAL), TYPICAL, HEALTHY))
    rates, given, active = lesion.rates(x, p, s), lesion.exports(x, p, s), lesion.activity(x, p, s)
    for result, per_day in ((rates, True), (given, False), (active, False), (lesion.initial_state(p), False)):
        for field, unit, _ in annotated_fields(type(result)):
            assert has_unit(getattr(result, field), str(unit), per_day), field
    factors = lesion.phenotype(0.3, with_units(PHENOTYPES), 0.5)
    assert all(has_unit(getattr(factors, f), str(u)) for f, u, _ in annotated_fields(lesion.Phenotype))
    assert has_unit(lesion.calcium_mass(x, p), "mmol")
    dose = registry().Quantity(8.0, "Gy")
    assert has_unit(radiotherapy.kill_jump(dose, 1, p.rt_decay, with_units(RADIATION)), "1/day")


def test_a_wrong_unit_is_seen() -> None:
    x, p, s = (with_units(v) for v in (lesion.initial_state(TYPICAL), TYPICAL, HEALTHY))
    with pytest.raises(pint.DimensionalityError):
        lesion.rates(x, p._replace(growth=registry().Quantity(1.5, "mmol/day")), s)


def test_equations_can_be_traced() -> None:
    x = lesion.State(*sp.symbols(lesion.State._fields, positive=True))
    s = Signals(*sp.symbols([f"s_{f}" for f in Signals._fields], positive=True))
    traced = lesion.rates(x, TYPICAL, s)
    slope = sp.diff(traced.tumour, x.OCa)
    at = {**dict(zip(x, lesion.initial_state(TYPICAL), strict=True)), **dict(zip(s, HEALTHY, strict=True))}
    step = 1e-9
    base = lesion.initial_state(TYPICAL)
    more = lesion.rates(base._replace(OCa=base.OCa + step), TYPICAL, HEALTHY).tumour
    less = lesion.rates(base._replace(OCa=base.OCa - step), TYPICAL, HEALTHY).tumour
    assert float(slope.subs(at).replace(SafeLog, sp.log)) == pytest.approx((more - less) / (2 * step), rel=1e-5)


def test_typical_factors_are_those_of_theta_a_quarter() -> None:
    factors = lesion.phenotype(0.25, PHENOTYPES)
    for field, value in factors._asdict().items():
        assert getattr(TYPICAL, field) == pytest.approx(value), field


def test_start_is_a_micrometastasis_in_normal_bone() -> None:
    x = lesion.initial_state(TYPICAL)
    assert x.tumour == TYPICAL.seed_size
    assert (x.bone, x.woven, x.epidural, x.rt_kill) == (1, 0, 0, 0)
    assert x.extent == pytest.approx(TYPICAL.extent_max * TYPICAL.seed_size ** (1 / 3))
    assert (x.OBp, x.OBa, x.OCa) == TYPICAL.pivonka[-4:-1]


@pytest.mark.parametrize(("theta", "signals"), [(0.0, HEALTHY), (1.0, HEALTHY), (0.2, BISPHOSPHONATE)])
def test_calcium_of_the_lesion_balances(theta: float, signals: Signals) -> None:
    p = of_kind(theta)

    def rates(_: float, y: np.ndarray) -> np.ndarray:
        x = lesion.State(*y[:-1])
        given = lesion.exports(x, p, signals)
        balance = given.calcium_invaded - given.calcium_released + given.calcium_taken
        return np.array([*lesion.rates(x, p, signals), balance])

    x0 = lesion.initial_state(p)
    m0 = lesion.calcium_mass(x0, p)
    y = solve_ivp(rates, (0, 2 * YEAR), [*x0, m0], "LSODA", rtol=1e-10, atol=1e-13).y[:, -1]
    assert lesion.calcium_mass(lesion.State(*y[:-1]), p) == pytest.approx(y[-1], rel=1e-6)
    assert y[-1] > 5 * m0


def test_extent_is_a_running_maximum() -> None:
    p = of_kind(0.1)._replace(marrow_yield=0)
    grown = run(p, 500).state
    killed = path(
        p,
        [0, 91, 182, 365],
        HEALTHY,
        grown._replace(rt_kill=radiotherapy.kill_jump(8, 1, p.rt_decay, RADIATION)),
    )
    assert grown.extent == pytest.approx(p.extent_max * grown.tumour ** (1 / 3), rel=0.02)
    assert killed[1].state.tumour < grown.tumour / 2
    assert all(abs(q.state.extent - grown.extent) < 0.01 for q in killed)
    assert killed[1].exports.calcium_invaded == 0
    assert killed[1].exports.tumour_volume < killed[0].exports.tumour_volume / 2


def test_no_state_leaves_its_range() -> None:
    hard = HEALTHY._replace(systemic_kill=10 / YEAR, bisphosphonate_effect=20, denosumab=1000, calcium=1.2)
    for theta, suppression in ((0, 1), (0, 0), (0.5, 0), (1, 0)):
        p = of_kind(theta, suppression)
        grown = run(p, 1.5 * YEAR).state
        for signals in (HEALTHY, hard, HEALTHY._replace(pth=60, calcium=4)):
            for q in path(p, [0, 30, 365, 1095], signals, grown):
                assert min(q.state[:3]) > 0
                assert 0 < q.state.tumour < 1
                assert 0 < q.state.bone < p.bone_max
                assert -1e-9 < q.state.woven < 1
                assert 0 < q.state.extent < p.extent_max + p.extent_smoothing


def test_epidural_growth_needs_the_spine_and_growing_tumour() -> None:
    p = of_kind(0.2)
    grown = run(p, 500).state
    off = run(p._replace(epidural_growth=0), 500).state
    shrinking = run(p, 91, HEALTHY._replace(systemic_kill=8 / YEAR), grown).state
    assert grown.epidural > 0.1
    assert off.epidural == 0
    assert shrinking.epidural == pytest.approx(grown.epidural, abs=0.01)
    growing = run(p, 91, HEALTHY, grown).state
    resorption_blind = run(p._replace(epidural_exponent=0), 91, HEALTHY, grown).state
    assert growing.epidural > resorption_blind.epidural > grown.epidural + 0.05


def test_marker_yield_leaves_the_calcium_alone() -> None:
    x = run(TYPICAL, 500).state
    plain = lesion.exports(x, TYPICAL._replace(marker_yield=1), HEALTHY)
    yielding = lesion.exports(x, TYPICAL, HEALTHY)
    assert yielding.resorption == pytest.approx(plain.resorption * TYPICAL.marker_yield)
    assert yielding[:3] == plain[:3]
    assert isinstance(plain, Exports)


def test_marrow_disease_multiplies_the_turnover_and_leaves_the_lesion_alone() -> None:
    """What passes between skeleton and plasma around a lesion: lost by one, gained by the other, none by the lesion."""
    for theta in (0.0, 1.0):
        p = of_kind(theta)
        x = run(p, 500).state
        alone, wide = (lesion.exports(x, p._replace(marrow_yield=y), HEALTHY) for y in (0.0, 5.0))
        assert wide.calcium_released == pytest.approx(6 * alone.calcium_released)
        assert wide.calcium_taken == pytest.approx(6 * alone.calcium_taken)
        assert wide.resorption == pytest.approx(6 * alone.resorption)
        assert wide.formation == pytest.approx(6 * alone.formation)
        held = [e.calcium_invaded - e.calcium_released + e.calcium_taken for e in (alone, wide)]
        assert held[1] == pytest.approx(held[0])
        # a lytic lesion empties the skeleton around it, a sclerotic one fills it
        assert (wide.calcium_invaded > alone.calcium_invaded) == (theta < 0.5)


def test_reference_course_of_radiotherapy_kills_what_is_stated() -> None:
    decay = TYPICAL.rt_decay
    jump = radiotherapy.kill_jump(8, 1, decay, RADIATION)
    still = of_kind(0.1)._replace(growth=0)
    before = run(of_kind(0.1), 500).state
    after = run(still, 5 * YEAR, HEALTHY, before._replace(rt_kill=jump)).state
    assert np.log(before.tumour / after.tumour) == pytest.approx(RADIATION.log_kill, rel=1e-4)
    assert after.rt_kill < jump / 1e6


def test_dose_scales_by_the_linear_quadratic_model() -> None:
    jumps = [radiotherapy.kill_jump(d, n, 1 / 91, RADIATION) for d, n in ((8, 1), (20, 5), (30, 10))]
    assert radiotherapy.effective_dose(8, 1, RADIATION) == pytest.approx(14.4)
    assert jumps[1] / jumps[0] == pytest.approx(28 / 14.4)
    assert jumps[2] / jumps[0] == pytest.approx(39 / 14.4)
    late = RADIATION._replace(alpha_beta=2)
    assert radiotherapy.kill_jump(30, 10, 1, late) / radiotherapy.kill_jump(8, 1, 1, late) < 39 / 14.4


def test_quiet_surroundings_are_those_of_healthy_signals() -> None:
    x = lesion.initial_state(TYPICAL)._replace(tumour=0)
    assert lesion.surroundings(x, TYPICAL, HEALTHY) == pivonka.quiet(TYPICAL.pivonka)
