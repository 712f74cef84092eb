"""Drugs of a record: orders, statements and administrations, by code or by name, with dose and interval."""

from osteocast.formats.fhir_codes import meaning, shapes, text_of
from osteocast.formats.fhir_findings import FoundDrug, Scene
from osteocast.formats.fhir_node import Node
from osteocast.formats.fhir_record import Used
from osteocast.formats.fhir_values import Amount, amount_of, measured

__all__ = ["read_medication"]


def read_medication(node: Node, scene: Scene) -> None:
    """Read one MedicationRequest, MedicationStatement or MedicationAdministration."""
    if node.raw.get("doNotPerform") is True:
        scene.notes.reject("fhir.status", node.at, "an order not to give a drug")
        return
    code = _drug_code(node, scene)
    said, reason = meaning(code, ("drug",))
    if said is None:
        what = text_of(code) or "a drug without code"
        if reason == "fhir.code-unknown":
            scene.notes.unread(node.at, what)
        else:
            scene.notes.reject(reason, node.at, what)
        return
    taken = shapes()["names"]["taken"]
    started, why = scene.clock.day(node, taken)
    if why in ("fhir.date-future", "fhir.date-before-birth"):
        scene.notes.reject(why, node.at, text_of(code))
        return
    stopped, _ = scene.clock.day(node, taken, needed=False, end=True) if _ends(node, taken, scene) else (None, "")
    kind = str(node.raw["resourceType"])
    how = str(shapes()["drug_fact"][kind])
    amount, interval, route = _dosage(node, scene)
    name = said.concept.name
    dose = None if amount is None else measured(amount, "dose", scene.notes)
    dose_mg = None if dose is None or dose.censoring != "=" else dose.value
    label = text_of(code) or name
    used = Used(kind, node.at, name, said.code, amount.shown if amount else "", amount.unit if amount else "", started)
    scene.notes.used.append(used)
    group = said.concept.facts.get("group")
    scene.fact(f"{how}-{name}", dose_mg, "mg" if dose_mg is not None else "", started, node.at)
    running = how != "given" and node.raw.get("status") not in shapes()["over"]["status"] and stopped is None
    if running:
        scene.fact(f"current-{name}", dose_mg, "mg" if dose_mg is not None else "", started, node.at)
    if group is not None:
        scene.fact(f"drug-{group}", label, "", started, node.at)
    drug = str(said.concept.facts.get("drug", ""))
    drug = str(said.concept.facts.get("by_route", {}).get(route, drug))
    over = node.raw.get("status") in shapes()["over"]["status"]
    found = FoundDrug(said.concept, label, how, drug, dose_mg, interval, started, stopped, over, node.at)
    scene.found.drugs.append(found)


def _drug_code(node: Node, scene: Scene) -> Node | None:
    key = node.first(shapes()["names"]["drug"])
    inner = node.child(key) if key else None
    if inner is None:
        return None
    concept = inner.child("concept") if "concept" in inner.raw else None
    if concept is not None or "coding" in inner.raw or "text" in inner.raw:
        return concept or inner
    reference = inner.child("reference") if isinstance(inner.raw.get("reference"), dict) else inner
    medication = scene.target(reference, node)
    return medication.child("code") if medication is not None else reference_text(inner)


def reference_text(inner: Node) -> Node | None:
    """Return the display of a reference as a concept, where nothing else names the drug."""
    display = inner.text("display")
    return Node({"text": display}, inner.at, inner.notes) if display else None


def _ends(node: Node, keys: list[str], scene: Scene) -> bool:
    """Whether the period has an end that has come; one in the future leaves the course running."""
    key = node.first(keys)
    period = node.raw.get(key) if key else None
    end = period.get("end") if isinstance(period, dict) else None
    return isinstance(end, str) and end[:10] <= scene.clock.today.isoformat()


def _dosage(node: Node, scene: Scene) -> tuple[Amount | None, float | None, str]:
    key = node.first(shapes()["names"]["dosage"])
    lines = node.children(key) if key else []
    if not lines:
        return None, None, ""
    if len(lines) > 1:
        scene.notes.warn("fhir.dose", f"{node.at}/{key}", f"{len(lines)} lines of dosage", "the first line is read")
    line = lines[0]
    dose = line.child("dose") if "dose" in line.raw else None
    rates = line.children("doseAndRate") if "doseAndRate" in line.raw else []
    if dose is None and rates:
        dose = rates[0].child("doseQuantity")
    if dose is None and "doseQuantity" in line.raw:
        dose = line.child("doseQuantity")
    route = line.child("route")
    by_mouth = "oral" if route is not None and "oral" in text_of(route).casefold() else ""
    if dose is None:
        return None, _interval(line, scene), by_mouth
    amount, reason = amount_of(dose)
    if amount is None:
        scene.notes.reject(
            reason, dose.at, f"dose {dose.raw.get('value')!r} {dose.raw.get('unit', '')!r}", "dose not used"
        )
    return amount, _interval(line, scene), by_mouth


def _interval(line: Node, scene: Scene) -> float | None:
    """Return the days between doses of a regular timing, or ``None``."""
    timing = line.child("timing")
    repeat = timing.child("repeat") if timing is not None else None
    if repeat is None or "period" not in repeat.raw:
        return None
    period, often = repeat.number("period"), repeat.number("frequency") if "frequency" in repeat.raw else 1.0
    unit, _ = amount_of(Node({"value": 1.0, "code": repeat.text("periodUnit")}, repeat.at, repeat.notes))
    if not period or not often or unit is None or unit.unit not in ("hour", "day", "week", "month", "year"):
        scene.notes.reject("fhir.dose", repeat.at, "a timing that is not regular", "interval not used")
        return None
    if unit.unit == "hour":
        return period / often / 24
    value = measured(Amount(period / often, unit.unit, "", repeat.at), "interval", scene.notes)
    return None if value is None else value.value
