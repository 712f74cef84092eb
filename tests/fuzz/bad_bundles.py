"""Ways to spoil a FHIR bundle: each gives the bytes of a file and the codes of which at least one must be told."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

from tests.fuzz.test_fhir_fuzz import WEIRD, nodes
from tests.unit.assessment.cases import absent, hypercalcaemic, symptom
from tests.unit.fhir.records import RXNORM, SCT, bone, breast, bundle, coded, drug, lab, person, sided

SCRIPT = "</script><img src=x onerror=alert(1)><script>document.title='bad'</script>"
ANY: frozenset[str] = frozenset()
Spoilt = tuple[bytes, frozenset[str]]


def codes(*names: str) -> frozenset[str]:
    return frozenset(names)


def start(rng: random.Random) -> dict[str, Any]:
    """Return a whole bundle with calcium, creatinine, lesions, drugs and symptoms."""
    if rng.random() < 0.3:
        return hypercalcaemic()
    femur = sided(coded(SCT, "29627003", "Structure of neck of femur"), "left")
    return bundle(
        person(identifier=[{"value": "x"}], name=[{"family": "Doe", "text": "Jane Doe"}]), breast(),
        bone(femur, coded(SCT, "33766003")), lab("17861-6", 12.4, "mg/dL", "Calcium [Mass/volume] in Serum or Plasma"),
        lab("1751-7", 2.8, "g/dL"), lab("2160-0", 1.4, "mg/dL"), lab("29463-7", 60, "kg"), lab("72514-3", 8, "{score}"),
        drug("MedicationRequest", coded(RXNORM, "77655"), authoredOn="2025-12-01"), symptom("leg weakness"),
        absent("numbness"),
    )  # fmt: skip


def resources(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one["resource"] for one in document["entry"] if one["resource"]["resourceType"] == kind]


def written(document: Any) -> bytes:
    return json.dumps(document).encode()


def flipped(rng: random.Random) -> Spoilt:
    raw = bytearray(written(start(rng)))
    for _ in range(rng.randint(1, 20)):
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    return bytes(raw), ANY


def without_keys(rng: random.Random) -> Spoilt:
    document = start(rng)
    for _ in range(rng.randint(1, 8)):
        node = rng.choice([one for one in nodes(document, []) if isinstance(one, dict) and one])
        del node[rng.choice(list(node))]
    return written(document), ANY


def doubled_keys(rng: random.Random) -> Spoilt:
    text = written(start(rng)).decode()
    key = rng.choice(['"resourceType"', '"code"', '"value"', '"status"', '"subject"'])
    places = [place for place in range(len(text)) if text.startswith(key, place)]
    place = rng.choice(places)
    return f"{text[:place]}{key}: {rng.choice(['1', 'null', '{}'])}, {text[place:]}".encode(), codes(
        "file.duplicate-key"
    )


def other_types(rng: random.Random) -> Spoilt:
    document = start(rng)
    for _ in range(rng.randint(1, 6)):
        node = rng.choice([one for one in nodes(document, []) if one])
        key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
        node[key] = copy.deepcopy(rng.choice(WEIRD))
    return written(document), ANY


def huge_numbers(rng: random.Random) -> Spoilt:
    document = start(rng)
    one = rng.choice([one for one in resources(document, "Observation") if "valueQuantity" in one])
    one["valueQuantity"]["value"] = rng.choice([1e308, -1e308, 10**400, -(10**30), 1e9, 10**15])
    return written(document), codes(
        "value.implausible", "value.negative", "value.not-a-quantity", "fhir.shape", "value.type"
    )


def deep(rng: random.Random) -> Spoilt:
    text, levels = written(start(rng)).decode(), rng.choice([61, 100, 990, 5_000, 100_000])
    opened, closed = rng.choice([("[", "]"), ('{"a":', "}")])
    return f'{text[:-1]}, "x": {opened * levels}1{closed * levels}}}'.encode(), codes("file.too-deep", "file.syntax")


def truncated(rng: random.Random) -> Spoilt:
    raw = written(start(rng))
    return raw[: rng.randrange(1, len(raw) - 1)], codes("file.syntax", "file.not-text")


def no_json(rng: random.Random) -> Spoilt:
    found = [b"<Bundle xmlns='http://hl7.org/fhir'/>", b"a,b,c\n1,2,3\n", b"%PDF-1.7\n\x00\xff", b"resourceType: a",
             b'{"resourceType": "Bundle"', b"\xff\xfe{\x00}\x00", b"PK\x03\x04", b"'{}'", b"[}", b"{]"]  # fmt: skip
    kinds = ("file.syntax", "file.not-text", "file.not-a-table", "file.empty", "fhir.not-fhir", "key.missing")
    return rng.choice(found), codes(*kinds)


def other_version(rng: random.Random) -> Spoilt:
    document = start(rng)
    if rng.random() < 0.5:
        order = resources(document, "MedicationRequest")[0]
        order["medication"] = {"concept": order.pop("medicationCodeableConcept")}
        return written(document), codes("fhir.version")
    old = {"resourceType": "MedicationOrder", "status": "active", "id": "old", "patient": {"reference": "Patient/p"}}
    old |= {"dateWritten": "2025-01-01", "medicationCodeableConcept": coded(RXNORM, "77655")}
    document["entry"].append({"resource": old})
    return written(document), codes("fhir.version")


def two_patients(rng: random.Random) -> Spoilt:
    document = start(rng)
    document["entry"].insert(rng.randrange(len(document["entry"])), {"resource": person(id="other")})
    return written(document), codes("fhir.two-patients")


def contradiction(rng: random.Random) -> Spoilt:
    document = start(rng)
    calcium = next(one for one in resources(document, "Observation") if "17861-6" in json.dumps(one["code"]))
    other = copy.deepcopy(calcium)
    other.pop("id", None)
    other["valueQuantity"]["value"] = rng.choice([6.1, 8.9, 15.0])
    document["entry"].append({"resource": other})
    return written(document), codes("fhir.value-contradiction")


def wrong_unit(rng: random.Random) -> Spoilt:
    document = start(rng)
    one = rng.choice([one for one in resources(document, "Observation") if "17861-6" in json.dumps(one["code"])])
    quantity = one["valueQuantity"]
    for key in ("unit", "code", "system"):
        quantity.pop(key, None)
    unit = rng.choice(["", "furlong", "mol", "kg", "mg", "µ", "mmol", "mg/dL mmol/L"])
    if unit:
        quantity.update(unit=unit, code=unit, system="http://unitsofmeasure.org")
    return written(document), codes("fhir.unit-missing", "fhir.unit-unknown", "value.unit", "fhir.unit-of-code")


def future(rng: random.Random) -> Spoilt:
    document = start(rng)
    one = rng.choice(resources(document, "Observation"))
    one["effectiveDateTime"] = rng.choice(["2027-01-01", "2099-12-31T00:00:00Z", "9999-12-31"])
    return written(document), codes("fhir.date-future")


def wrong_display(rng: random.Random) -> Spoilt:
    document = start(rng)
    one = next(one for one in resources(document, "Observation") if "17861-6" in json.dumps(one["code"]))
    one["code"]["coding"][0]["display"] = rng.choice(["C reactive protein", "Sodium", "Body weight"])
    return written(document), codes("fhir.code-display")


def script(rng: random.Random) -> Spoilt:
    document, bad = start(rng), SCRIPT + rng.choice(["", "\x1b[31m", "\u202e", "`${x}`", "{{7*7}}"])
    patient = resources(document, "Patient")[0]
    patient["name"], patient["id"] = [{"text": bad, "family": bad}], bad
    patient["identifier"] = [{"value": bad, "system": bad}]
    for one in resources(document, "Condition"):
        one["code"]["text"] = bad
        for coding in one["code"].get("coding", []):
            coding["display"] = bad
    document["entry"].append({"resource": {**symptom(bad), "bodySite": [{"text": bad}], "note": [{"text": bad}]}})
    return written(document), ANY


def no_numbers(rng: random.Random) -> Spoilt:
    word = rng.choice(["NaN", "Infinity", "-Infinity", "1e", "0x10", ".5", "+1"])
    return written(start(rng)).replace(b"12.4", word.encode()), codes("file.syntax")


def surrogates(rng: random.Random) -> Spoilt:
    document, lone = start(rng), rng.choice(["\ud800", "\udfff\ud800", "a\udcffb", "\U0001f600", "\x00", "\ufffe"])
    for one in (*resources(document, "Patient"), *resources(document, "Condition")):
        one["id"] = lone
        one["text"] = {"div": lone}
        one.setdefault("code", {})["text"] = lone
    resources(document, "Patient")[0]["identifier"] = [{"value": lone}]
    return written(document), ANY


def empty(rng: random.Random) -> Spoilt:
    return rng.choice([b"", b"\n", b"\xef\xbb\xbf", b"   \t"]), codes("file.empty", "file.syntax")


WAYS: dict[str, Callable[[random.Random], Spoilt]] = {
    one.__name__: one
    for one in (
        flipped, without_keys, doubled_keys, other_types, huge_numbers, deep, truncated, no_json, other_version,
        two_patients, contradiction, wrong_unit, future, wrong_display, script, no_numbers, surrogates, empty,
    )
}  # fmt: skip
