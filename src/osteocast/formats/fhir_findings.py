"""What the resources of a record say about the patient, before it is put together."""

import datetime as dt
from typing import NamedTuple, final

from osteocast.formats.fhir_codes import Concept, Meaning
from osteocast.formats.fhir_node import Node
from osteocast.formats.fhir_record import Fact, FactValue, Ledger, Used
from osteocast.formats.fhir_values import Clock

__all__ = ["Findings", "FoundDrug", "FoundEvent", "FoundLesion", "FoundPrimary", "FoundValue", "Scene"]


class FoundPrimary(NamedTuple):
    """A primary tumour: concept, day of the diagnosis, place, and the names that references use."""

    concept: Concept
    date: dt.date | None
    pointer: str
    names: tuple[str, ...]


class FoundLesion(NamedTuple):
    """A bone metastasis at a place: site in Osteocast, what was written, first day, place in the record."""

    site: str
    note: str
    date: dt.date | None
    pointer: str


class FoundEvent(NamedTuple):
    """A skeletal event or procedure: kind, site or none, day, whether it fixes the bone, place in the record."""

    kind: str
    site: str | None
    date: dt.date | None
    fixes: bool
    pointer: str


class FoundValue(NamedTuple):
    """A value for a patient's observation, weight or ECOG: canonical number, sign and the text for the file."""

    quantity: str
    concept: Concept
    number: float
    given: str
    date: dt.date | None
    pointer: str


class FoundDrug(NamedTuple):
    """One mention of a drug: how (``ordered``, ``given``, ``stated``), dose [mg], interval [day] and days."""

    concept: Concept
    name: str
    how: str
    drug: str
    dose_mg: float | None
    interval_days: float | None
    started: dt.date | None
    stopped: dt.date | None
    over: bool
    pointer: str


@final
class Findings:
    """Lists that fill while the resources are read."""

    __slots__ = ("drugs", "events", "lesions", "linked", "metastases", "primaries", "refused", "values")

    def __init__(self) -> None:
        self.primaries: list[FoundPrimary] = []
        self.metastases: dict[str, list[dt.date | None]] = {}
        self.linked: set[str] = set()
        self.lesions: list[FoundLesion] = []
        self.events: list[FoundEvent] = []
        self.values: list[FoundValue] = []
        self.drugs: list[FoundDrug] = []
        self.refused: list[str] = []


class Scene(NamedTuple):
    """What every reader of a resource needs.

    Attributes
    ----------
    notes : Ledger
    found : Findings
    clock : Clock
    named : dict
        Resources by the names that references use.
    """

    notes: Ledger
    found: Findings
    clock: Clock
    named: dict[str, Node]

    def fact(self, name: str, value: FactValue, unit: str, date: dt.date | None, pointer: str) -> None:
        """Note a fact that a patient has no place for."""
        self.notes.facts.append(Fact(name, value, unit, date, pointer))

    def use(self, node: Node, said: Meaning, date: dt.date | None = None) -> None:
        """Note that an item was used."""
        self.notes.used.append(
            Used(str(node.raw.get("resourceType", "")), node.at, said.concept.name, said.code, date=date)
        )

    def target(self, node: Node | None, within: Node) -> Node | None:
        """Return the resource that a Reference names: contained in `within`, or elsewhere in the record."""
        if node is None:
            return None
        name = node.text("reference")
        if name.startswith("#"):
            for one in within.children("contained"):
                if one.raw.get("id") == name[1:]:
                    return one
        found = self.named.get(name) or self.named.get("/".join(name.split("/")[-2:]))
        if found is None:
            self.notes.warn("fhir.reference", node.at, name or "an empty reference", "names nothing in this record")
        return found
