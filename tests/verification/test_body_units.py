"""Units of every body equation, and its trace by SymPy."""

from __future__ import annotations

from typing import Any

import pint
import pytest
import sympy as sp

from osteocast.evidence.load import annotated_fields
from osteocast.foundation.units import registry
from osteocast.models import body
from osteocast.models.coupling import Exports, Signals
from osteocast.models.functions import exp, positive_power, unit_ramp, unit_step

from .body_course import REST, TYPICAL, flat, names, nested

FLOWS = Exports(1.0, 2.0, 0.5, 0.1, 0.1, 200.0)


def with_units(values: Any) -> Any:
    """Attach to each number of a nested tuple the unit of its annotation."""
    made = {}
    for field, unit, _ in annotated_fields(type(values)):
        value = getattr(values, field)
        made[field] = with_units(value) if unit is None else registry().Quantity(float(value), unit)
    return type(values)(**made)


def check(found: Any, like: type[Any], per: str = "1") -> list[str]:
    """Return the fields of `found` whose dimension is not that of the annotation over `per`."""
    wrong = []
    for field, unit, inner in annotated_fields(like):
        value = getattr(found, field)
        if unit is None:
            wrong += [f"{field}.{name}" for name in check(value, inner, per)]
            continue
        if isinstance(value, int) and value == 0:
            continue  # nothing of any unit
        expected = registry().Quantity(1.0, unit) / registry().Quantity(1.0, per)
        if not registry().Quantity(value).is_compatible_with(expected):
            wrong.append(f"{field}: {value} for {unit}/{per}")
    return wrong


@pytest.fixture
def dressed():
    """Return state, parameters, lesion fluxes and controls as pint quantities."""
    x = body.initial_state(TYPICAL)
    x = x._replace(denosumab=type(x.denosumab)(60.0, 30.0, 10.0), bisphosphonate=type(x.bisphosphonate)(1, 1, 1, 1, 1))
    return with_units(x), with_units(TYPICAL), with_units(FLOWS), with_units(REST)


def test_rates_have_the_unit_of_their_state_per_day(dressed):
    x, p, e, c = dressed
    assert check(body.rates(x, p, e, c), body.State, "day") == []


def test_signals_observables_and_start_have_their_units(dressed):
    x, p, e, c = dressed
    assert check(body.signals(x, p, c), Signals) == []
    assert check(body.observables(x, p, e, c), body.Observables) == []
    assert check(body.initial_state(p), body.State) == []


def test_a_wrong_unit_is_seen(dressed):
    x, p, e, c = dressed
    wrong = p.kidney._replace(gfr=registry().Quantity(100.0, "L"))
    with pytest.raises(pint.DimensionalityError):
        body.rates(x, p._replace(kidney=wrong), e, c)


def _leaves(v: Any) -> list[Any]:
    return [leaf for u in v for leaf in (_leaves(u) if isinstance(u, tuple) else [u])]


def test_sympy_traces_the_same_numbers():
    x = body.initial_state(TYPICAL)
    x = x._replace(bisphosphonate=type(x.bisphosphonate)(1, 1, 1, 1, 1), fluid=type(x.fluid)(0.8))
    symbols = [sp.Symbol(name.replace(".", "_"), real=True) for name in names(x)]
    traced = body.rates(nested(x, symbols), TYPICAL, FLOWS, REST)
    numeric = {"PositivePower": positive_power, "SafeExp": exp, "UnitRamp": unit_ramp, "UnitStep": unit_step}
    evaluate = sp.lambdify(symbols, _leaves(traced), modules=[numeric, "math"])
    assert evaluate(*flat(x)) == pytest.approx(flat(body.rates(x, TYPICAL, FLOWS, REST)), rel=1e-9, abs=1e-9)
