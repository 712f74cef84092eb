"""Places of the body in a record: side and part must be known before a site of Osteocast is named."""

from typing import NamedTuple

from osteocast.formats.fhir_codes import Meaning, meaning, plain, shapes, text_of
from osteocast.formats.fhir_findings import Scene
from osteocast.formats.fhir_node import Node

__all__ = ["Place", "places_of"]


_SIDES = {"left": "left", "right": "right", "bilateral": "both"}


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
    return [place for one in node.children("bodySite") for place in _places(one, scene)]


def _places(node: Node, scene: Scene) -> list[Place]:
    """Return the place of one bodySite, or both places of one on both sides."""
    said, reason = meaning(node, ("site",))
    if said is None:
        scene.notes.reject(reason, node.at, text_of(node) or "a place without code", "place not used")
        return []
    side = _side(node, said, scene)
    sides = ("left", "right") if side == "both" else (side,)
    return list(dict.fromkeys(_place(node, said, one, scene) for one in sides))


def _place(node: Node, said: Meaning, side: str, scene: Scene) -> Place:
    facts = said.concept.facts
    title = str(facts["title"])
    if not facts.get("bone", True):
        return Place("", title, "", node.at)
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
    """Return the side that code, words and qualifier agree on (or ``both``), or an empty text."""
    sides = {str(said.concept.facts["side"])} if "side" in said.concept.facts else set()
    codings = node.raw.get("coding")
    listed = codings if isinstance(codings, list) else [codings]
    texts = [node.raw.get("text"), *(one.get("display") for one in listed if isinstance(one, dict))]
    for text in texts:
        sides |= {side for word, side in _SIDES.items() if isinstance(text, str) and f" {word} " in plain(text)}
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
