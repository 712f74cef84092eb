"""What every instrument's file must hold so that its answers can be trusted."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from osteocast.clinical.formulas import FORMULAS
from osteocast.evidence.load import load_sources
from osteocast.formats.instrument_file import instrument, instrument_names, shared_guards
from osteocast.formats.instrument_model import ConditionEntry, InstrumentEntry, OutputEntry

NAMES = instrument_names()
DIRECTIVES = ("should", "must", "give ", "prescribe", "recommend surgery", "operate on")


def named(conditions: tuple[ConditionEntry, ...]) -> set[str]:
    found = set()
    for one in conditions:
        limits = (one.starting, one.above, one.to, one.below)
        found |= {one.item, *(limit for limit in limits if isinstance(limit, str)), *named(one.any)} - {""}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_everything_named_exists(name):
    entry = instrument(name)
    shared = shared_guards()
    known = {*entry.items, *(item for other in entry.uses for item in instrument(other).items)}
    assert set(entry.shared_guards) <= set(shared.guards)
    for guard in entry.guards:
        assert named(guard.when) <= known
    for item in entry.items.values():
        assert not item.fills or item.fills in entry.items
        assert not item.unit_item or item.unit_item in entry.items
    for key, output in entry.outputs.items():
        asked = {*output.sum, *output.arguments.values(), *output.highest, *output.level_of}
        asked |= {output.of, output.copies, output.given, output.clock_of} - {""}
        assert asked | {n for rule in output.all_rules for n in named(rule.when)} <= known, key
        assert not output.formula or output.formula in FORMULAS
        assert all(level.points is not None for item in output.sum for level in entry.items[item].levels)
        known.add(key)
    assert entry.main in entry.outputs
    assert "child" in entry.shared_guards


@pytest.mark.parametrize("name", NAMES)
def test_every_name_means_one_item(name):
    entry = instrument(name)
    items = {k: v for other in entry.uses for k, v in instrument(other).items.items()} | entry.items
    items |= {k: v for k, v in shared_guards().items.items() if k == "age_years" and k not in items}
    names = [alias for key, item in items.items() for alias in (key, *item.also, *item.also_in)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", NAMES)
def test_source_status_population_and_licence_are_there(name):
    entry = instrument(name)
    sources = load_sources()
    assert {*entry.sources, *(one.source for one in entry.accuracy)} <= set(sources)
    assert all((entry.read, entry.population, entry.licence, entry.measures, entry.version))
    assert entry.sources


@pytest.mark.parametrize("name", NAMES)
def test_nothing_orders_a_treatment(name):
    entry = instrument(name)
    shown = [rule.text for output in entry.outputs.values() for rule in output.all_rules]
    shown += [output.title for output in entry.outputs.values()] + list(entry.notes)
    assert not [text for text in shown for word in DIRECTIVES if word in text.lower()]


def test_names_of_instruments_are_their_own():
    owners = [(alias.casefold().replace("_", "-"), name) for name in NAMES for alias in {name, *instrument(name).also}]
    assert len({alias for alias, _ in owners}) == len({*owners})


def test_the_table_of_the_documents_is_the_one_of_the_files():
    text = (Path(__file__).parents[3] / "docs" / "instruments.md").read_text(encoding="utf-8")
    rows = [
        tuple(part.strip() for part in line.split("|")[1:4]) for line in text.splitlines() if line.startswith("| `")
    ]
    assert rows == [(f"`{name}`", instrument(name).title, instrument(name).status) for name in NAMES]


def test_a_flawed_file_is_refused():
    with pytest.raises(ValidationError, match="exactly one of"):
        OutputEntry.model_validate({"title": "x"})
    with pytest.raises(ValidationError, match="last rule"):
        OutputEntry.model_validate({"title": "x", "rules": [{"when": [{"item": "a", "is": ["b"]}], "gives": 1}]})
    with pytest.raises(ValidationError, match="status"):
        InstrumentEntry.model_validate({"title": "x", "status": "checked"})
