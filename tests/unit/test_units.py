"""Units convert at the boundary, and nonsense is refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osteocast.foundation.units import UnitError, convert, parse_quantity, same_dimension


@pytest.mark.parametrize(
    ("value", "unit", "to", "substance", "expected"),
    [
        (10.0, "mg/dL", "mmol/L", "calcium", 2.4951),
        (1.0, "mg/dL", "umol/L", "creatinine", 88.40),
        (3.5, "mg/dL", "mmol/L", "phosphate", 1.1300),
        (4.0, "g/dL", "g/L", None, 40.0),
        (0.5, "1/year", "1/day", None, 0.5 / 365.25),
        (1.0, "month", "day", None, 30.4375),
        (25.0, "%", "1", None, 0.25),
        (45.0, "nmol BCE/mmol creatinine", "nmol/mmol", None, 45.0),
        (20.5, "ug/mL", "mg/L", None, 20.5),
        (1.0, "ug/mL", "nmol/L", "denosumab", 6.8027),
        (60.0, "mL/min", "L/day", None, 86.4),
        (30.0, "U/L", "U/L", None, 30.0),
        (5.0, "pM", "pmol/L", None, 5.0),
    ],
)
def test_known_conversions(value: float, unit: str, to: str, substance: str | None, expected: float) -> None:
    assert convert(value, unit, to, substance) == pytest.approx(expected, rel=1e-4)
    assert convert(expected, to, unit, substance) == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(("unit", "to"), [("mg/dL", "mmol/L"), ("kg", "mL"), ("1/day", "day"), ("mmol/L", "mmol")])
def test_what_does_not_measure_the_same_is_refused(unit: str, to: str) -> None:
    with pytest.raises(UnitError, match="cannot be converted"):
        convert(1.0, unit, to)
    assert not same_dimension(unit, to)


@pytest.mark.parametrize(
    "unit", ["furlongs/x", "mg;", "2 mg", "1e400", "9**9**9**9", "mg/", "(" * 50, "a" * 500, "__import__", "\x00"]
)
def test_nonsense_units_are_refused_quickly(unit: str) -> None:
    with pytest.raises(UnitError):
        convert(1.0, unit, "mg")


def test_an_unknown_substance_is_refused() -> None:
    with pytest.raises(UnitError, match="molar mass"):
        convert(1.0, "mg", "mmol", "kryptonite")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("120 mg", (120.0, "mg")), ("2.6mmol/L", (2.6, "mmol/L")), (" 1e-3 1/day ", (0.001, "1/day")), ("4", (4.0, ""))],
)
def test_quantities_are_split(text: str, expected: tuple[float, str]) -> None:
    assert parse_quantity(text) == expected


@pytest.mark.parametrize("text", ["", "mg", "nan mg", "inf", "1e999 mg", "2,6 mmol/L", "12 wombats", "--3 mg"])
def test_bad_quantities_are_refused(text: str) -> None:
    with pytest.raises(UnitError):
        parse_quantity(text)


@given(st.text(max_size=40))
def test_any_text_is_a_quantity_or_refused(text: str) -> None:
    try:
        value, unit = parse_quantity(text)
    except UnitError:
        return
    assert value == float(value)
    assert unit in text
