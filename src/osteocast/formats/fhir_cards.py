"""CDS Hooks 2.0 responses: cards from plain values, the guideline and not the software as their source."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from osteocast.formats.fhir_node import clean

__all__ = ["INDICATORS", "Card", "cards"]

INDICATORS = {"EMERGENCY": "critical", "SAME DAY": "warning", "URGENT": "warning", "SOON": "info"}
"""How each level of urgency is shown."""
_MOST_SUMMARY = 139
_NOTE = "Research and education use only; not a diagnosis, an order or a treatment recommendation."
_MARKDOWN = str.maketrans({**{sign: f"\\{sign}" for sign in "\\`*_{}[]#|"}, "<": "&lt;", ">": "&gt;", "&": "&amp;"})


class Card(NamedTuple):
    """One statement for a card.

    Attributes
    ----------
    summary : str
        One sentence; what is too long for a card is cut, and stands whole in the detail.
    level : str
        A key of `INDICATORS`.
    source : str
        The guideline or label that says so.
    detail : str
        More words, plain text.
    url : str
        Address of the source, or empty.
    """

    summary: str
    level: str
    source: str
    detail: str = ""
    url: str = ""


def cards(statements: Iterable[Card]) -> dict[str, Any]:
    """Return the response of a CDS Hooks service; no statements give an empty list, which means no guidance.

    Raises
    ------
    ValueError
        If a statement has no summary, no source or an unknown level.
    """
    return {"cards": [_card(one) for one in statements]}


def _card(one: Card) -> dict[str, Any]:
    summary, label = clean(one.summary), clean(one.source)
    if not summary or not label or one.level not in INDICATORS:
        raise ValueError(f"a card needs a summary, a source and one of the levels {', '.join(INDICATORS)}")
    short = summary if len(summary) <= _MOST_SUMMARY else summary[: _MOST_SUMMARY - 1].rstrip() + "…"
    words = [*([summary] if short != summary else []), one.detail, _NOTE]
    # markup in a name or value stays text: cards show their detail as Markdown
    detail = "\n\n".join(word.translate(_MARKDOWN) for word in words if word)
    source = {"label": label, **({"url": one.url} if one.url.startswith(("https://", "http://")) else {})}
    return {"summary": short, "indicator": INDICATORS[one.level], "source": source, "detail": detail}
