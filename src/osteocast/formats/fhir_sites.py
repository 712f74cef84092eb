"""Places of the body in a record: side and part must be known before a site of Osteocast is named."""

from typing import NamedTuple

from osteocast.formats.fhir_codes import Meaning, meaning, plain, shapes, text_of
from osteocast.formats.fhir_findings import Scene
from osteocast.formats.fhir_node import Node

__all__ = ["Place", "places_of"]


class Place(NamedTuple):
    """A place of the body.

    Attributes
    ----------
    site : str
        Name of a site, ``other`` for a bone without its part or side, empty where it is not in bone.
    note : str
        What is known of it, where the site does not say it all.
    region : str
        Bone with its side where known, for the facts.
    pointer : str
    """

    site: str
    note: str
    region: str
    pointer: str


def places_of(node: Node, scene: Scene) -> list[Place]:
    """Return the places of a resource that are understood; of each other one a warning is noted."""
    found = [_place(one, scene) for one in node.children("bodySite")]
    return [one for one in found if one is not None]


def _place(node: Node, scene: Scene) -> Place | None:
    said, reason = meaning(node, ("site",))
    if said is None:
        scene.notes.reject(reason, node.at, text_of(node) or "a place without code", "place not used")
        return None
    facts = said.concept.facts
    title = str(facts["title"])
    if not facts.get("bone", True):
        return Place("", title, "", node.at)
    side = _side(node, said, scene)
    pattern = str(facts.get("site", ""))
    bone = str(facts.get("region", title)).removeprefix(f"{side} ")
    region = f"{side} {bone}".strip()
    if not pattern or pattern == "other":
        if not pattern:
            scene.notes.warn("fhir.site-part", node.at, text_of(node), f"kept as another bone, noted as {region}")
        return Place("other", f"{side} {title}".strip(), region, node.at)
    if "SIDE" not in pattern:
        return Place(pattern, "", region, node.at)
    if side:
        return Place(pattern.replace("SIDE", side), "", region, node.at)
    scene.notes.warn("fhir.side-missing", node.at, text_of(node), f"kept as another bone, noted as {title}")
    return Place("other", f"{title}, side not recorded", region, node.at)


def _side(node: Node, said: Meaning, scene: Scene) -> str:
    """Return the side that code, words and qualifier agree on, or an empty text."""
    sides = {str(said.concept.facts["side"])} if "side" in said.concept.facts else set()
    codings = node.raw.get("coding")
    listed = codings if isinstance(codings, list) else [codings]
    texts = [node.raw.get("text"), *(one.get("display") for one in listed if isinstance(one, dict))]
    for text in texts:
        sides |= {word for word in ("left", "right") if isinstance(text, str) and f" {word} " in plain(text)}
    qualifier = node.extension(shapes()["extensions"]["laterality"])
    if qualifier is not None:
        value = qualifier.child("valueCodeableConcept")
        qualified, reason = meaning(value, ("side",))
        if qualified is None:
            scene.notes.reject(reason, qualifier.at, text_of(value) or "a side without code", "side not used")
            return ""
        sides.add(str(qualified.concept.facts["side"]))
    if len(sides) > 1:
        scene.notes.reject("fhir.side-contradiction", node.at, f"{text_of(node)}: left and right", "side not used")
        return ""
    return sides.pop() if sides else ""
