"""Mutated files of patients and regimens: each is read or gives one clear error, never anything else."""

import json
import random
import tomllib
from pathlib import Path

from osteocast.domain.eligibility import eligibility
from osteocast.domain.patient import Patient
from osteocast.domain.regimen import Regimen
from osteocast.formats.patient_file import read_patient
from osteocast.formats.patient_text import mapping_to_toml
from osteocast.formats.regimen_file import read_regimen
from osteocast.foundation.errors import InputError

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples" / "patients").glob("*.toml"))
REGIMENS = sorted((ROOT / "examples" / "regimens").glob("*.toml"))
SEED = 20_260_115
WEIRD = [
    None, True, False, 0, -1, 1, 2**70, 10**400, 1e308, float("nan"), float("inf"), "", " ", "nan", "-1 mm", "0 mm",
    "9e99 mm", "1e-300 mmol/L", "2.6", "2,6 mmol/L", "<", "< mmol/L", ">5 mmol/L", "5 mmol/L>", "10.4 mmol/L",
    "２.６ mmol/L", "2.6 µmol/L", "1/0", "__import__('os')", "${HOME}", "../../etc/passwd", "\u202e mm", "\U0001f9b4",
    "x" * 5000, "\x07", "2026-02-30", "9999-12-31", "0000-00-00", "T8", "t8", "T13", "osteosarcoma",
    "zoledronate-q4w", "lytic", "3", "1a", [], {}, [[]], [{}], [None], {"value": 1},
    {"value": 2.6, "unit": "mmol/L"}, {"value": "2.6", "unit": 3}, {"unit": "mm"}, ["T8", "T9"],
]  # fmt: skip


def nodes(node, found):
    """Collect every table and list of a document."""
    if isinstance(node, dict | list):
        found.append(node)
        for child in node.values() if isinstance(node, dict) else node:
            nodes(child, found)
    return found


def mutate_structure(document, rng):
    for _ in range(rng.choice((1, 1, 2, 5))):
        node = rng.choice(nodes(document, []))
        if isinstance(node, list):
            action = rng.choice(("append", "repeat", "clear"))
            if action == "append":
                node.append(rng.choice(WEIRD))
            elif action == "repeat":
                node.extend(node[:3])
            else:
                node.clear()
        elif node:
            key = rng.choice(list(node))
            action = rng.choice(("replace", "replace", "replace", "remove", "rename", "swap"))
            if action == "replace":
                node[key] = rng.choice(WEIRD)
            elif action == "remove":
                del node[key]
            elif action == "rename":
                node[key[::-1] or "key"] = node.pop(key)
            else:
                other = rng.choice(list(node))
                node[key], node[other] = node[other], node[key]
    return document


def mutate_bytes(raw, rng):
    for _ in range(rng.choice((1, 2, 8))):
        at = rng.randrange(len(raw) or 1)
        action = rng.choice(("flip", "cut", "insert", "delete", "copy"))
        if action == "flip":
            raw = raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :]
        elif action == "cut":
            raw = raw[:at]
        elif action == "insert":
            raw = (
                raw[:at]
                + rng.choice((b"[", b"]", b'"', b"=", b"{", b"\n", b"-", b"9", b"\xff", b"\x00", b"nan"))
                + raw[at:]
            )
        elif action == "delete":
            raw = raw[:at] + raw[at + rng.randrange(1, 20) :]
        else:
            raw = raw[:at] + raw[max(0, at - 40) : at] + raw[at:]
    return raw


def mutant(rng, sources):
    """Return the name and the bytes of one mutated file."""
    source = rng.choice(sources)
    how = rng.randrange(3)
    if how == 0:
        return "patient.toml", mutate_bytes(source.read_bytes(), rng)
    document = tomllib.loads(source.read_text(encoding="utf-8"))
    if how == 1:
        text = json.dumps(mutate_structure(document, rng), default=str)
        return "patient.json", (mutate_bytes(text.encode(), rng) if rng.random() < 0.2 else text.encode())
    document = mutate_structure(json.loads(json.dumps(document, default=str)), rng)
    flat = {key: value for key, value in document.items() if value is not None}
    try:
        return "patient.toml", mapping_to_toml(flat).encode()
    except (AttributeError, TypeError):
        # What TOML cannot hold is tried as JSON.
        return "patient.json", json.dumps(document).encode()


def outcomes(reader, sources, count, folder):
    """Read mutated files; return those that were read and the codes of the others, each error checked."""
    rng = random.Random(SEED)
    read, codes = [], set()
    for number in range(count):
        name, content = mutant(rng, sources)
        path = folder / name
        path.write_bytes(content)
        try:
            read.append(reader(path))
            continue
        except InputError as error:
            found = error
        assert found.exit_code == 2
        assert found.issues
        for issue in found.issues:
            parts = (issue.code, issue.place, issue.found, issue.expected, issue.fix)
            assert all(part.strip() and len(part) < 800 for part in parts), (number, issue)
            assert "Traceback" not in issue.found
        codes |= {issue.code for issue in found.issues}
    return read, codes


def test_a_thousand_mutated_patients(tmp_path):
    read, codes = outcomes(read_patient, EXAMPLES, 1000, tmp_path)
    assert all(isinstance(one, Patient) for one in read)
    # The mutants must reach deep: some stay valid, and many different rules are met.
    assert 50 < len(read) < 500
    assert len(codes) > 20, codes


def test_mutated_regimens(tmp_path):
    patient = read_patient(EXAMPLES[0])
    read, codes = outcomes(read_regimen, REGIMENS, 300, tmp_path)
    assert all(isinstance(one, Regimen) for one in read)
    for one in read:
        assert len(one.calendar(patient, 24)) < 2000
        assert eligibility(one, patient).reasons is not None
    assert 20 < len(read) < 250
    assert len(codes) > 10, codes
