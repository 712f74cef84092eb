"""Words for where a cancer began: origins, subtypes, synonyms, and what is refused."""

from dataclasses import dataclass
from functools import cache

from osteocast.domain.patient import ORIGINS, Origin
from osteocast.domain.table import read_table

__all__ = ["OriginFacts", "find_origin", "origin_facts", "refused_reason", "therapy_classes"]


@dataclass(frozen=True, slots=True)
class OriginFacts:
    """What is known of an origin.

    Parameters
    ----------
    name, title : str
        Key, and name for people.
    disease : str
        Name of its disease in bone (for myeloma: myeloma bone disease, which is not a metastasis).
    subtypes : dict
        Allowed subtypes and what they mean.
    sexes : tuple of str
        Sexes that have the organ.
    """

    name: Origin
    title: str
    disease: str
    subtypes: dict[str, str]
    sexes: tuple[str, ...]


@cache
def origin_facts(name: Origin) -> OriginFacts:
    """Return the facts of one origin."""
    entry = read_table("primaries")["origin"][name]
    return OriginFacts(
        name=name,
        title=entry["title"],
        disease=entry["disease"],
        subtypes=dict(entry["subtypes"]),
        sexes=tuple(entry.get("sexes", ("female", "male"))),
    )


def therapy_classes() -> dict[str, str]:
    """Return the classes of systemic therapy and what they mean."""
    return dict(read_table("primaries")["therapy_class"])


def find_origin(text: str) -> tuple[Origin, str | None] | None:
    """Return the origin that a word means, with a subtype where the word implies one.

    ``breast cancer`` gives ``("breast", None)``, ``melanoma`` gives ``("other", "melanoma")``, ``secondary
    bone cancer`` gives ``("unknown", None)``; an unknown word, or a primary bone tumour, gives ``None``.
    """
    word = _plain(text)
    if refused_reason(text) is not None:
        return None
    if word in ORIGINS:
        return word, None
    for name in ORIGINS:
        entry = read_table("primaries")["origin"][name]
        if word in entry.get("synonyms", ()):
            return name, None
        if word in entry.get("implied", {}):
            return name, entry["implied"][word]
    if word in origin_facts("other").subtypes:
        return "other", word
    return None


def refused_reason(text: str) -> str | None:
    """Return why a primary tumour is not a case for this model, or ``None``."""
    word = _plain(text)
    # "osteo-sarcoma" and "giant-cell tumour" are no other diseases for their hyphens
    ways = (word, word.replace("-", ""), word.replace("-", " "))
    for entry in read_table("primaries")["refused"]:
        if any(stem in way for stem in entry["stems"] for way in ways):
            return str(entry["reason"])
    return None


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").casefold().split())
