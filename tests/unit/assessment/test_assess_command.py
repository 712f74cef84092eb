"""The command: what it prints and writes, many records, exit codes."""

from __future__ import annotations

import csv
import json
import tracemalloc
from pathlib import Path

import jsonschema
import pytest
from tests.unit.assessment.cases import hypercalcaemic, symptom
from tests.unit.fhir.records import breast, bundle, person

from osteocast import cli
from osteocast.assess_batch import assess_many
from osteocast.formats.patient_file import read_patient
from osteocast.formats.schema import schemas

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "patients").glob("*.toml"))


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(hypercalcaemic()), encoding="utf-8")
    return path


def run(*words: object) -> int:
    return cli.run(["assess", *map(str, words)])


def test_terminal_has_at_most_25_lines_of_80_columns(record: Path, capsys) -> None:
    for path in (record, *EXAMPLES):
        assert run(path, "--today", "2026-03-02") == 0
        lines = capsys.readouterr().out.rstrip().split("\n")
        assert len(lines) <= 25
        assert max(map(len, lines)) <= 80
        assert "not a diagnosis" in " ".join(lines)
        assert "Red flags not recorded" in "\n".join(lines)
        assert "awaiting clinical review" in "\n".join(lines)


def test_everything_is_written(record: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    extra = ["--patient-file", tmp_path / "p.toml", "--fhir", tmp_path / "f.json", "--cards", tmp_path / "c.json"]
    assert run(record, "--out", out, *extra, "--today", "2026-03-02") == 0
    assert "13.36 mg/dL" in capsys.readouterr().out
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schemas()["assessment.schema.json"]).validate(result)
    text = (out / "assessment.txt").read_text(encoding="utf-8")
    for words in ("FACTS OF THE RECORD", "OPTIONS DESCRIBED", "Not a medical device", "REFERENCES", "Against"):
        assert words in text or words == "Against"
    assert read_patient(tmp_path / "p.toml").age_years == 65
    written = json.loads((tmp_path / "f.json").read_text(encoding="utf-8"))
    kinds = [one["resource"]["resourceType"] for one in written["entry"]]
    assert {"DetectedIssue", "Observation"} == set(kinds)
    open_ones = [one["resource"] for one in written["entry"] if "dataAbsentReason" in one["resource"]]
    assert open_ones, "SINS is open, and written as unknown"
    assert not [one for one in open_ones if "valueQuantity" in one]
    cards = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["cards"]
    assert cards[0]["indicator"] == "warning"
    assert all(len(one["summary"]) < 140 and one["source"]["label"] for one in cards)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda one: one.stem)
def test_examples_meet_the_schema(path: Path, capsys) -> None:
    assert run(path, "--json", "--unchecked") == 0
    jsonschema.Draft202012Validator(schemas()["assessment.schema.json"]).validate(json.loads(capsys.readouterr().out))


def test_script_in_a_name_stays_text(tmp_path: Path, capsys) -> None:
    bad = "</script><script>alert(1)</script>\x1b[31m"
    content = hypercalcaemic()
    content["entry"][0]["resource"]["identifier"] = [{"value": bad}]
    content["entry"][0]["resource"]["name"] = [{"text": bad}]
    content["entry"].append({"resource": symptom(bad)})
    path = tmp_path / "<script>x.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert run(path, "--out", tmp_path / "out", "--cards", tmp_path / "c.json", "--fhir", tmp_path / "f.json") == 0
    assert "\x1b" not in capsys.readouterr().out
    for name in ("out/result.json", "c.json", "f.json"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "<" not in text
        json.loads(text)
    assert "\x1b" not in (tmp_path / "out" / "assessment.txt").read_text(encoding="utf-8")


def test_findings_beside_the_record(capsys) -> None:
    assert run(EXAMPLES[1], "--finding", "muscle weakness", "--finding", "numbness=no", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["urgency"]["level"] == "EMERGENCY"
    assert "sensation" not in found["urgency"]["red_flags_not_recorded"]


def test_all_problems_at_once(tmp_path: Path, capsys) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": []}), encoding="utf-8")
    assert run(path, "--today", "yesterday", "--finding", "weakness=perhaps") == 2
    said = capsys.readouterr().err
    for code in ("value.date", "assess.finding", "fhir.no-patient"):
        assert code in said


def test_a_record_without_a_whole_patient_gives_no_patient_file(tmp_path: Path, capsys) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(bundle(person(), breast(), symptom("leg weakness"))), encoding="utf-8")
    assert run(path) == 0
    assert "EMERGENCY" in capsys.readouterr().out
    assert run(path, "--patient-file", tmp_path / "p.toml") == 2
    assert "assess.no-patient" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[1, 2]", b'{"resourceType": 3}', b"x = 1"])
def test_bad_files_have_codes_and_no_traceback(content: bytes, tmp_path: Path, capsys) -> None:
    for name in ("x.json", "x.toml"):
        (tmp_path / name).write_bytes(content)
        assert run(tmp_path / name) == 2
        said = capsys.readouterr().err
        assert "Traceback" not in said
        assert "[" in said
    assert run(tmp_path / "missing.json") == 2
    assert "file.missing" in capsys.readouterr().err


def test_unwritable_output_is_a_failure(record: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    assert run(record, "--out", tmp_path / "taken") == 1
    assert run(tmp_path, "--out", tmp_path / "taken") == 1
    assert "Traceback" not in capsys.readouterr().err


def folder_of(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(bundle(person(), breast(), symptom("bone pain"))), encoding="utf-8")
    (folder / "b.json").write_text(json.dumps(hypercalcaemic()), encoding="utf-8")
    (folder / "c.toml").write_text(EXAMPLES[1].read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "d.txt").write_text("no record", encoding="utf-8")
    lines = [json.dumps(bundle(person(), symptom("leg weakness"))), json.dumps(bundle(person()))]
    (folder / "e.ndjson").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_a_folder_gives_one_table_by_urgency(tmp_path: Path, capsys) -> None:
    folder = folder_of(tmp_path)
    assert run(folder, "--out", tmp_path / "out") == 0
    lines = capsys.readouterr().out.rstrip().split("\n")
    assert len(lines) <= 25
    assert lines[0].startswith("5 records: 1 EMERGENCY, 1 SAME DAY, 1 SOON, 2 NO LISTED TRIGGER")
    with (tmp_path / "out" / "assessments.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["level"] for row in rows] == ["EMERGENCY", "SAME DAY", "SOON"] + ["NO LISTED TRIGGER"] * 2
    assert [row["record"] for row in rows] == ["e.ndjson:1", "b.json", "a.json", "c.toml", "e.ndjson:2"]
    assert json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["counts"]["SAME DAY"] == 1


def test_records_that_cannot_be_read_stand_first_and_end_with_2(tmp_path: Path, capsys) -> None:
    folder = folder_of(tmp_path)
    (folder / "z.json").write_text("{", encoding="utf-8")
    assert run(folder) == 2
    assert capsys.readouterr().out.split("\n")[2].startswith("NOT READ")
    assert run(folder, "--cards", tmp_path / "c.json") == 2
    assert "assess.batch" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty") == 2
    assert "assess.no-records" in capsys.readouterr().err


def test_memory_does_not_grow_with_the_number_of_records(tmp_path: Path) -> None:
    peaks = []
    line = json.dumps(bundle(person(), breast(), symptom("leg weakness"))) + "\n"
    for count in (20, 200):
        path = tmp_path / f"{count}.ndjson"
        path.write_text(line * count, encoding="utf-8")
        assess_many(path, (None, False, {}), None, False)
        tracemalloc.start()
        assess_many(path, (None, False, {}), tmp_path / "out", False)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0] + 200_000
