"""Two thousand spoilt bundles through the command: codes and pointers, never a traceback, never a silent default."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.fuzz.bad_bundles import WAYS

from osteocast import assess_batch, cli
from osteocast.formats.fhir_reader import is_fhir, read_fhir
from osteocast.formats.schema import schemas
from osteocast.foundation.errors import InputError

SEED, MANY, FEW = 20_261_130, 2_000, 180
CODE = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)*")
KNOWN = set(re.findall(r"`([a-z]+\.[a-z-]+)`", (Path(__file__).parents[2] / "docs" / "errors.md").read_text("utf-8")))
VALIDATOR = jsonschema.Draft202012Validator(schemas()["assessment.schema.json"])


def at(document: Any, pointer: str) -> Any:
    """Return what a JSON pointer names; ``LookupError`` where it names nothing."""
    for part in pointer.split("/")[1:]:
        document = document[int(part) if isinstance(document, list) else part.replace("~1", "/").replace("~0", "~")]
    return document


def told(path: Path, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Assess a file and return every code that was told, after checking all that must hold of any outcome."""
    exit_code = cli.run(["assess", str(path), "--json", "--today", "2026-06-01"])
    shown, said = capsys.readouterr()
    assert exit_code in (0, 2)
    assert "Traceback" not in said
    assert "[internal]" not in said
    assert "<" not in shown
    assert "\x1b" not in shown
    if exit_code == 2:
        assert not shown
        found = {line[1 : line.index("]")] for line in said.splitlines() if line.startswith("[")}
        assert found
        assert found <= KNOWN
        return found
    result = json.loads(shown)
    VALIDATOR.validate(result)
    listed = [*result["warnings"], *result["rejected"]]
    if is_fhir(path):
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
        assert [at(document, one["pointer"]) is not None for one in listed]
    found = {one["code"] for one in listed}
    assert all(CODE.fullmatch(one) for one in found)
    assert found <= KNOWN
    return found


def nothing_made_up(path: Path) -> None:
    """Every number that is used stands in the record at the place that is named."""
    try:
        record = read_fhir(path)
    except InputError:
        return
    document = json.loads(path.read_bytes().decode("utf-8-sig"))
    for one in record.used:
        if one.resource == "Observation" and re.fullmatch(r"[<>]?-?[0-9.]+(e[-+]?[0-9]+)?", one.value):
            part = at(document, one.pointer)
            numbers = re.findall(r"-?[0-9.]+(?:[eE][-+]?[0-9]+)?", json.dumps(part))
            assert any(float(n) == float(one.value.lstrip("<>")) for n in numbers if n.strip(".-")), one
    for one in record.conversions:
        assert at(document, one.pointer) is not None


def spoil_and_assess(count: int, offset: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    outcomes: dict[str, int] = {}
    names = list(WAYS)
    for number in range(offset, offset + count):
        way = names[number % len(names)]
        content, expected = WAYS[way](random.Random(SEED + number))
        path = tmp_path / f"{way}-{number}.json"
        path.write_bytes(content)
        found = told(path, capsys)
        assert not expected or found & expected, (way, number, found)
        if is_fhir(path):
            nothing_made_up(path)
        path.unlink()
        outcomes[way] = outcomes.get(way, 0) + 1
    return outcomes


def test_some_spoilt_bundles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(spoil_and_assess(FEW, 0, tmp_path, capsys)) == set(WAYS)


@pytest.mark.slow
def test_two_thousand_spoilt_bundles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = spoil_and_assess(MANY, FEW, tmp_path, capsys)
    assert sum(outcomes.values()) == MANY
    assert min(outcomes.values()) > 100


def test_a_folder_of_them_with_files_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = tmp_path / "many", tmp_path / "out"
    folder.mkdir()
    for number, way in enumerate(WAYS):
        (folder / f"{way}.json").write_bytes(WAYS[way](random.Random(SEED + number))[0])
    with (folder / "large.json").open("wb") as stream:
        stream.write(b'{"resourceType": "Bundle"')
        stream.truncate(200_000_000)
    (folder / "loop.json").symlink_to(folder / "loop.json")
    for name in ("secret.json", "secret.ndjson"):
        (folder / name).write_text('{"resourceType": "Bundle"}', encoding="utf-8")
    usual = Path.open

    def closed(self: Path, *arguments: Any, **more: Any) -> Any:
        if self.name.startswith("secret"):
            raise PermissionError(13, "Permission denied", str(self))
        return usual(self, *arguments, **more)

    monkeypatch.setattr(Path, "open", closed)
    monkeypatch.setattr(assess_batch, "_BYTES_FOR_WORKERS", 10**12)
    assert cli.run(["assess", str(folder), "--out", str(out), "--json", "--today", "2026-06-01"]) == 2
    shown, said = capsys.readouterr()
    assert not said
    assert sum(json.loads(shown)["counts"].values()) == len(WAYS) + 3
    assert json.loads(shown)["passed_over"] == ["loop.json"]
    listed = (out / "not-used.csv").read_text(encoding="utf-8")
    for name, code in (("large.json", "file.too-large"), ("secret.json", "file.permission"),
                       ("secret.ndjson", "file."), ("two_patients.json", "fhir.two-patients")):  # fmt: skip
        assert re.search(rf"^{name},error,{code}", listed, re.MULTILINE), name
    assert not list(out.glob("unfinished*"))
