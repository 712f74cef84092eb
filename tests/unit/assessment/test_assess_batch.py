"""Many records: the same bytes with any number of workers, an interrupted run goes on, nothing is left out unsaid."""

from __future__ import annotations

import csv
import datetime as dt
import json
import logging
from pathlib import Path

import pytest
from tests.unit.assessment.cases import hypercalcaemic, symptom
from tests.unit.fhir.records import breast, bundle, lab, person

from osteocast import assess_batch, cli
from osteocast.assess_batch import assess_many
from osteocast.assess_rows import KEPT
from osteocast.foundation.errors import StorageError
from osteocast.foundation.workers import in_order

ASKED = (dt.date(2026, 3, 2), False, {})
FILES = ("assessments.csv", "not-used.csv", "result.json")


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Sixty records in one file; every fourth line is none."""
    calcium = [lab("29265-6", 2.0 + number / 20, "mmol/L") for number in range(15)]
    lines = []
    for one in calcium:
        lines += [json.dumps(bundle(person(), breast(), one)), json.dumps(hypercalcaemic()), "{", '{"resourceType": 3}']
    path = tmp_path / "records.ndjson"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def written(out: Path) -> list[bytes]:
    return [(out / name).read_bytes() for name in FILES]


def rows(out: Path, name: str) -> list[dict[str, str]]:
    with (out / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_tables_do_not_depend_on_the_number_of_workers(records: Path, tmp_path: Path) -> None:
    said = [assess_many(records, ASKED, tmp_path / str(workers), False, workers) for workers in (1, 2)]
    assert said[0] == said[1]
    assert said[0][1] == 2
    assert written(tmp_path / "1") == written(tmp_path / "2")
    assert len(rows(tmp_path / "1", "assessments.csv")) == 60


def test_workers_of_the_command_line(records: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for workers in ("1", "2"):
        command = [
            "assess",
            str(records),
            "--out",
            str(tmp_path / workers),
            "--today",
            "2026-06-01",
            "--workers",
            workers,
        ]
        assert cli.run(command) == 2
    assert written(tmp_path / "1") == written(tmp_path / "2")
    capsys.readouterr()
    assert cli.run(["assess", str(records), "--workers", "0"]) == 2
    assert "[assess.workers]" in capsys.readouterr().err


class _Stopped(KeyboardInterrupt):
    pass


def test_an_interrupted_run_goes_on_where_it_stopped(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole = tmp_path / "whole"
    said = assess_many(records, ASKED, whole, False, 1)
    monkeypatch.setattr("osteocast.formats.fhir_batch._CHUNK", 7)
    plain, done = assess_batch._row_of, []

    def stops(item, work):
        done.append(item.name)
        if len(done) == 30:
            raise _Stopped
        return plain(item, work)

    monkeypatch.setattr(assess_batch, "_row_of", stops)
    out = tmp_path / "out"
    with caplog.at_level(logging.WARNING, "osteocast"), pytest.raises(KeyboardInterrupt):
        assess_many(records, ASKED, out, False, 1)
    assert "the same command goes on" in caplog.text
    with (out / KEPT).open("a", encoding="utf-8") as stream:
        stream.write('EMERGENCY\t["EMERGENCY", "cut o')
    assert assess_many(records, ASKED, out, False, 1) == said
    assert len(done) == 30 + 60 - 28
    assert written(out) == written(whole)
    assert sorted(one.name for one in out.iterdir()) == sorted(FILES)


def test_kept_rows_of_other_settings_or_records_are_not_used(records: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for stale in ("{}\nSOON\t[]\n", "no journal", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")):
        (out / KEPT).write_text(stale, encoding="utf-8")
        assess_many(records, ASKED, out, False, 1)
        assert len(rows(out, "assessments.csv")) == 60


def test_everything_that_was_not_used_is_listed_with_code_and_pointer(tmp_path: Path) -> None:
    folder, out = tmp_path / "many", tmp_path / "out"
    folder.mkdir()
    strange = lab("17861-6", 12.4, "furlong")
    formula = symptom("=cmd|' /C calc'!A0")
    (folder / "a.json").write_text(json.dumps(bundle(person(), breast(), strange, formula)), encoding="utf-8")
    (folder / "b.json").write_text(json.dumps(bundle(person(), person(id="q"), breast())), encoding="utf-8")
    (folder / "c.toml").write_text("sex = 3", encoding="utf-8")
    (folder / "notes.txt").write_text("", encoding="utf-8")
    (folder / "inner").mkdir()
    (folder / "gone.json").symlink_to(tmp_path / "nowhere")
    text, code = assess_many(folder, ASKED, out, True)
    assert code == 2
    assert json.loads(text)["passed_over"] == ["gone.json", "inner", "notes.txt"]
    found = {(one["record"], one["code"]): one["pointer"] for one in rows(out, "not-used.csv")}
    assert found["a.json", "fhir.unit-unknown"] == "/entry/2/resource"
    assert found["a.json", "fhir.code-unknown"].startswith("/entry/3") or found["a.json", "fhir.code-unknown"] == ""
    assert found["b.json", "fhir.two-patients"] == "/entry/1/resource"
    assert "sex" in found["c.toml", "value.choice"]
    assert not [one for one in (out / "not-used.csv").read_text(encoding="utf-8").split(",") if one.startswith("=")]


def test_names_that_are_no_text_do_no_harm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    try:
        (folder / b"\xff<script>.json".decode("utf-8", "surrogateescape")).write_text(json.dumps(hypercalcaemic()))
    except OSError:
        pytest.skip("the file system has no such names")
    assert cli.run(["assess", str(folder), "--out", str(tmp_path / "out")]) == 0
    assert rows(tmp_path / "out", "assessments.csv")[0]["record"] == "<script>.json"
    (one,) = folder.iterdir()
    assert cli.run(["assess", str(one), "--out", str(tmp_path / "one")]) == 0
    assert "Traceback" not in capsys.readouterr().err


def _ended(number: int) -> int:
    import os

    if number == 3:
        os._exit(9)
    return number


def test_a_process_that_is_ended_from_outside_is_told() -> None:
    with pytest.raises(StorageError, match=r"storage\.process"):
        list(in_order(_ended, range(6), 2))
    assert list(in_order(str, range(5), 1)) == ["0", "1", "2", "3", "4"]


def test_an_empty_file_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none.ndjson").write_text("\n\n", encoding="utf-8")
    assert cli.run(["assess", str(tmp_path / "none.ndjson"), "--out", str(tmp_path / "out")]) == 2
    assert "assess.no-records" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
