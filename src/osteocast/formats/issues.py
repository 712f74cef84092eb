"""Problems found by the models of files, as issues with a place and a fix."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from osteocast.formats.fields import clipped, suggestion
from osteocast.foundation.errors import Issue

__all__ = ["issues_of", "place_of"]

_MOST = 200


def place_of(location: tuple[int | str, ...]) -> str:
    """Return the place in the file; entries of lists count from 1: ``lesions[2].size``."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{clipped(part)}" if text else clipped(part)
    return text or "the file"


def issues_of(error: ValidationError, file: str, models: Mapping[str, type[BaseModel]]) -> list[Issue]:
    """Return every problem of a file as an issue.

    Parameters
    ----------
    error : pydantic.ValidationError
        What the model of the file found.
    file : str
        Name of the file, which begins each place.
    models : mapping
        Model of the entries under each key, nested keys joined by dots; under ``""`` the model of the file itself.
    """
    found = error.errors(include_url=False)
    issues = [_issue(one, file, models) for one in found[:_MOST]]
    if len(found) > _MOST:
        rest = f"{len(found) - _MOST} further problems"
        issues.append(Issue("file.many-problems", file, rest, "fewer problems", "Mend the problems above first."))
    return issues


def _issue(one: Any, file: str, models: Mapping[str, type[BaseModel]]) -> Issue:
    location = tuple(one["loc"])
    place = f"{file}: {place_of(location)}"
    context = one.get("ctx", {})
    if {"found", "expected", "fix"} <= set(context):
        return Issue(one["type"], place, context["found"], context["expected"], context["fix"])
    if one["type"] == "missing":
        return Issue("key.missing", place, "nothing", "a value", "Add this key; it is one of the few required ones.")
    if one["type"] == "extra_forbidden":
        names = _names_at(location, models)
        hint = suggestion(str(location[-1]), names) or "Remove it, or see the list."
        return Issue("key.unknown", place, clipped(str(location[-1])), "one of " + ", ".join(names), hint)
    if one["type"] == "too_long":
        limit = f"at most {context.get('max_length')} entries"
        return Issue("value.too-many", place, f"{context.get('actual_length')} entries", limit, "Shorten the list.")
    # The message of a wrong table names a class of the program, which says nothing to the reader.
    table = one["type"] in ("model_type", "model_attributes_type", "dict_type")
    expected = "a table of keys and values" if table else clipped(one["msg"], 120)
    return Issue("value.type", place, clipped(one.get("input")), expected, "See the examples for the form.")


def _names_at(location: tuple[int | str, ...], models: Mapping[str, type[BaseModel]]) -> list[str]:
    keys = [part for part in location[:-1] if isinstance(part, str)]
    # The nearest table that has a model: a name of one's own (`drug.NAME`) has none.
    nearest = [".".join(keys[:depth]) for depth in range(len(keys), -1, -1)]
    model = next(models[name] for name in nearest if name in models)
    return [field.alias or name for name, field in model.model_fields.items()]
