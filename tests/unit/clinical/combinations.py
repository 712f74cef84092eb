"""Every combination of an instrument's levels, and random ones of any instrument."""

import itertools

from hypothesis import strategies as st

from osteocast.formats.instrument_file import instrument

POINT_SUMS = ("sins", "mirels", "tokuhashi", "tomita", "bauer", "van-der-linden", "katagiri")


def summed(name):
    """Return the items of the total, with their levels by name and points."""
    entry = instrument(name)
    return {
        item: {level.name: level.points for level in entry.items[item].levels} for item in entry.outputs["total"].sum
    }


def every_combination(name):
    items = summed(name)
    for levels in itertools.product(*items.values()):
        yield dict(zip(items, levels, strict=True))


@st.composite
def complete_items(draw, name):
    """Draw a value for every item that an instrument scores; numbers carry their unit."""
    entry = instrument(name)
    given = {}
    for key, item in entry.items.items():
        if item.kind == "choice" and not item.optional:
            given[key] = draw(st.sampled_from([level.name for level in item.levels]))
    for key, item in entry.items.items():
        if item.kind == "number" and not item.optional:
            unit = given[item.unit_item] if item.unit_item else item.unit
            low, high = item.limits[unit]
            numbers = st.integers(int(low), int(high)) if item.whole else st.integers(int(low * 100), int(high * 100))
            value = draw(numbers) if item.whole else draw(numbers) / 100
            given[key] = f"{min(max(value, low), high)} {unit}".strip()
    return given
