"""Instruments as data: the built-in files, read and checked."""

from functools import cache, lru_cache
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from osteocast.domain.table import read_table, table_names
from osteocast.formats.fields import clipped, suggestion
from osteocast.formats.instrument_model import InstrumentEntry, SharedGuardsEntry
from osteocast.formats.issues import issues_of
from osteocast.foundation.errors import InputError, Issue

__all__ = ["find_instrument", "instrument", "instrument_names", "shared_guards"]

T = TypeVar("T", bound=BaseModel)


def instrument_names() -> tuple[str, ...]:
    """Return the names of the built-in instruments."""
    return table_names("instruments")


@cache
def instrument(name: str) -> InstrumentEntry:
    """Read one built-in instrument.

    Raises
    ------
    InputError
        With every problem of its file.
    """
    return _read(f"instruments/{name}", InstrumentEntry)


@cache
def shared_guards() -> SharedGuardsEntry:
    """Read the guards that instruments share."""
    return _read("instrument_guards", SharedGuardsEntry)


@lru_cache(maxsize=256)
def find_instrument(name: str) -> str:
    """Return the name of the built-in instrument that is called so.

    Raises
    ------
    InputError
        ``instrument.unknown``
    """
    names = instrument_names()
    wanted = _plain(name)
    for one in names:
        if wanted in (_plain(one), *(_plain(other) for other in instrument(one).also)):
            return one
    fix = suggestion(name, names) or "See `osteocast score --list`."
    raise InputError(Issue("instrument.unknown", "instrument", clipped(name), "one of " + ", ".join(names), fix))


def _plain(name: str) -> str:
    return name.casefold().replace("_", "-").strip()


def _read(table: str, model: type[T]) -> T:
    try:
        return model.model_validate(read_table(table))
    except ValidationError as error:
        raise InputError(issues_of(error, f"{table}.toml", {"": model})) from None
