"""Templates of the reports: what they print is escaped, because any name may come from a stranger's file."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from osteocast.report import wording


@cache
def environment() -> Environment:
    """Return the environment of all templates: text is escaped, control characters go."""
    return Environment(
        loader=PackageLoader("osteocast.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )


def _visible(value: Any) -> Any:
    return wording.plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value
