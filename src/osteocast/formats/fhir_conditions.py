"""Conditions and procedures of a record: primary tumour, metastases, events, symptoms, radiotherapy, surgery."""

import datetime as dt

from osteocast.domain.site import site
from osteocast.formats.fhir_codes import Concept, Meaning, meaning, shapes, text_of
from osteocast.formats.fhir_findings import FoundEvent, FoundLesion, FoundPrimary, Scene
from osteocast.formats.fhir_node import Node
from osteocast.formats.fhir_sites import Place, places_of
from osteocast.formats.fhir_values import amount_of, measured

__all__ = ["note_condition", "read_condition", "read_procedure"]

_DISEASES = ("primary", "metastasis", "event", "finding", "refused")


def read_condition(node: Node, scene: Scene) -> None:
    """Read one Condition."""
    code = node.child("code")
    said, reason = meaning(code, _DISEASES)
    if said is None:
        _not_read(node, code, reason, scene)
        return
    names = shapes()["names"]
    date, why = scene.clock.day(node, names["onset"], needed=said.concept.kind != "primary")
    if why in ("fhir.date-future", "fhir.date-before-birth"):
        scene.notes.reject(why, node.at, text_of(code))
        return
    _stage_and_histology(node, date, scene)
    note_condition(node, said, date, scene)


def note_condition(node: Node, said: Meaning, date: dt.date | None, scene: Scene) -> None:
    """Note what a disease, event or symptom says, whether it stands in a Condition or an Observation."""
    one = said.concept
    scene.use(node, said, date)
    if one.kind == "refused":
        scene.found.refused.append(node.at)
    elif one.kind == "primary":
        names = (str(node.raw.get("id", "")), f"Condition/{node.raw.get('id', '')}")
        scene.found.primaries.append(FoundPrimary(one, date, node.at, names))
    elif one.kind == "metastasis":
        _metastasis(node, one, date, scene)
    elif one.kind == "event":
        _events(node, one, date, scene)
    else:
        over = not one.facts.get("lasting") and _over(node, scene)
        scene.fact(one.name, not over, "", date, node.at)


def _over(node: Node, scene: Scene, done: str = "kept as no longer there") -> bool:
    """Whether a status or a day that has come says that it is over."""
    status = node.child("clinicalStatus") if isinstance(node.raw.get("clinicalStatus"), dict) else None
    ended = shapes()["over"]["clinical"]
    coded = status is not None and any(one.text("code") in ended for one in status.children("coding"))
    today = scene.clock.today.isoformat()
    abated = [node.raw.get(key) for key in shapes()["over"]["abated"] if node.raw.get(key)]
    past = any(not isinstance(one, str) or one[:10] <= today or not one[:4].isdigit() for one in abated)
    word = node.raw.get("clinicalStatus")
    if coded or past or (isinstance(word, str) and word in ended):
        node.notes.warn("fhir.over", node.at, text_of(node.child("code")), f"resolved: {done}")
        return True
    return False


def _metastasis(node: Node, one: Concept, date: dt.date | None, scene: Scene) -> None:
    organ = str(one.facts["organ"])
    places = places_of(node, scene) if "bodySite" in node.raw else []
    in_bone = [place for place in places if place.site]
    if organ == "unknown" and in_bone:
        organ = "bone"
    scene.found.metastases.setdefault(organ, []).append(date)
    link = node.extension(shapes()["extensions"]["related"])
    reference = link.child("valueReference") if link is not None else None
    if organ != "bone":
        scene.fact("metastasis-elsewhere", one.name, "", date, node.at)
        return
    if reference is not None:
        scene.found.linked.add(reference.text("reference"))
    scene.fact("bone-metastasis", True, "", date, node.at)
    if not in_bone:
        scene.notes.warn(
            "fhir.site-missing", node.at, text_of(node.child("code")), "no lesion described; sites are drawn"
        )
    for place in in_bone:
        scene.found.lesions.append(FoundLesion(place.site, place.note, date, place.pointer))
        scene.fact("lesion-site", place.region, "", date, place.pointer)


def _events(node: Node, one: Concept, date: dt.date | None, scene: Scene) -> None:
    kind = str(one.facts["event"])
    # of an event of these days "resolved" is no treatment: its day decides whether it counts as of today
    done = "kept as no longer there" if date is None else "kept as an event of its day"
    over = _over(node, scene, done)
    scene.fact(one.name, date is not None or not over, "", date, node.at)
    places = places_of(node, scene) if "bodySite" in node.raw and kind != "hypercalcaemia" else []
    for place in places or [Place("other", "", "", node.at)]:
        where = _event_site(kind, place)
        scene.found.events.append(FoundEvent(kind, where, date, False, node.at))
        if place.region:
            scene.fact(f"{one.name}-site", place.region, "", date, place.pointer)


def _event_site(kind: str, place: Place) -> str | None:
    if not place.site or place.site == "other":
        return None
    if kind == "cord-compression" and site(place.site).neural_element is None:
        return None
    return place.site


def _stage_and_histology(node: Node, date: dt.date | None, scene: Scene) -> None:
    for stage in node.children("stage") if "stage" in node.raw else ():
        words = text_of(stage.child("summary"))
        if words:
            scene.fact("stage", words, "", date, stage.at)
    extension = node.extension(shapes()["extensions"]["histology"])
    words = text_of(extension.child("valueCodeableConcept")) if extension is not None else ""
    if extension is not None and words:
        scene.fact("histology", words, "", date, extension.at)


def _not_read(node: Node, code: Node | None, reason: str, scene: Scene) -> None:
    what = text_of(code) or f"a {node.raw.get('resourceType')} without code"
    if reason == "fhir.code-unknown":
        scene.notes.unread(node.at, what)
    else:
        scene.notes.reject(reason, node.at, what)


def read_procedure(node: Node, scene: Scene) -> None:
    """Read one Procedure: radiotherapy with dose and site, or an operation."""
    code = node.child("code")
    said, reason = meaning(code, ("procedure", "finding"))
    if said is None:
        _not_read(node, code, reason, scene)
        return
    date, why = scene.clock.day(node, shapes()["names"]["performed"])
    if why in ("fhir.date-future", "fhir.date-before-birth"):
        scene.notes.reject(why, node.at, text_of(code))
        return
    scene.use(node, said, date)
    if said.concept.kind == "finding":
        scene.fact(said.concept.name, True, "", date, node.at)
        return
    facts = said.concept.facts
    kind = str(facts["procedure"])
    places = places_of(node, scene) + _volumes(node, scene)
    in_bone = [place for place in places if place.site] if facts.get("bone", True) else []
    fixes = bool(facts.get("fixes"))
    for place in in_bone:
        where = None if place.site == "other" else place.site
        scene.found.events.append(FoundEvent(kind, where, date, fixes, node.at))
        scene.fact(f"{kind}-site", place.region, "", date, place.pointer)
    if not in_bone and fixes:
        scene.found.events.append(FoundEvent(kind, None, date, fixes, node.at))
    elif not in_bone:
        scene.fact(f"{kind}-elsewhere", places[0].note if places else text_of(code), "", date, node.at)
        if not places:
            scene.notes.warn(
                "fhir.site-missing", node.at, text_of(code), "not known to be of bone: kept as a fact only"
            )
    if kind == "radiotherapy":
        _dose(node, date, scene)


def _volumes(node: Node, scene: Scene) -> list[Place]:
    extension = node.extension(shapes()["extensions"]["volume"])
    if extension is None:
        return []
    volume = scene.target(extension.child("valueReference"), node)
    if volume is None:
        return []
    location = volume.child("location")
    if location is None:
        return []
    found = places_of(Node({"bodySite": [location.raw]}, volume.at, node.notes), scene)
    return [one._replace(pointer=location.at) for one in found]


def _dose(node: Node, date: dt.date | None, scene: Scene) -> None:
    named = shapes()["extensions"]
    dose = node.extension(named["dose"])
    quantity = dose.child("valueQuantity") if dose is not None else None
    if quantity is not None:
        amount, reason = amount_of(quantity)
        if amount is None:
            scene.notes.reject(reason, quantity.at, "radiation dose")
        else:
            value = measured(amount, "radiation-dose", scene.notes)
            if value is not None:
                scene.fact("radiotherapy-dose", value.value, "Gy", date, quantity.at)
    fractions = node.extension(named["fractions"])
    if fractions is not None:
        key = fractions.first(["valueUnsignedInt", "valuePositiveInt", "valueInteger"])
        count = fractions.number(key) if key else None
        if count is not None:
            scene.fact("radiotherapy-fractions", count, "", date, fractions.at)
