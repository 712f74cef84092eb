"""The folder of a forecast: every file or none, the old ones kept where the new ones fail, nothing left behind."""

import csv
import json
import os
from pathlib import Path

import pytest
from tests.unit.report.conftest import result

from osteocast.foundation.errors import StorageError
from osteocast.foundation.run_record import new_run_record
from osteocast.report import folder
from osteocast.report.folder import check_folder, write_folder

__all__ = ["result"]

RECORD = new_run_record(("osteocast",), 1, {}, "e")
FILES = {
    "result.json", "run_record.json", "report.html",
    "risk.csv", "survival.csv", "lesions.csv", "courses.csv", "contrasts.csv",
}  # fmt: skip


def names(path: Path) -> set[str]:
    return {one.name for one in path.iterdir()}


def test_every_file_is_there_and_nothing_else(result, tmp_path):
    report = write_folder(result, RECORD, tmp_path / "a" / "b")
    assert report == tmp_path / "a" / "b" / "report.html"
    assert names(report.parent) == FILES
    assert json.loads((report.parent / "result.json").read_text(encoding="utf-8")) == result
    (tmp_path / "plain").write_text("a file like any other")
    assert report.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_tables_without_rows_keep_their_heading(result, tmp_path):
    result["contrasts"] = []
    for regimen in result["regimens"]:
        regimen["lesions"] = []
    result["patient"]["lesions"] = []
    write_folder(result, RECORD, tmp_path)
    for name, width in (("lesions.csv", 7), ("contrasts.csv", 8)):
        with (tmp_path / name).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
        assert len(rows) == 1
        assert len(rows[0]) == width


def test_a_second_forecast_replaces_the_first_and_leaves_other_files(result, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    write_folder(result, RECORD, tmp_path)
    result["title"] = "second"
    write_folder(result, RECORD, tmp_path)
    assert json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["title"] == "second"
    assert names(tmp_path) == FILES | {"notes.txt"}


@pytest.mark.parametrize("stop", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("at", range(8))
def test_whatever_stops_the_move_the_old_files_come_back(result, tmp_path, monkeypatch, stop, at):
    (tmp_path / "result.json").write_text("old")
    (tmp_path / "risk.csv").write_text("old")
    moved = []
    plain = Path.replace

    def replace(self, target):
        arrives = Path(target).parent == tmp_path and self.parent.parent == tmp_path
        if arrives and len(moved) == at:
            moved.append(self)
            raise stop
        if arrives:
            moved.append(self)
        return plain(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(StorageError if isinstance(stop, OSError) else type(stop)):
        write_folder(result, RECORD, tmp_path)
    assert names(tmp_path) == {"result.json", "risk.csv"}
    assert {one.read_text() for one in tmp_path.iterdir()} == {"old"}


@pytest.mark.parametrize("stop", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_full_disk_or_interruption_leaves_not_even_the_folder(result, tmp_path, monkeypatch, stop):
    def refuse(handle):
        raise stop

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError if isinstance(stop, OSError) else KeyboardInterrupt) as raised:
        write_folder(result, RECORD, tmp_path / "new" / "er")
    assert names(tmp_path) == set()
    if isinstance(stop, OSError):
        (issue,) = raised.value.issues
        assert issue.code == "storage.write"
        assert issue.place == str(tmp_path / "new" / "er" / "result.json")


def test_checking_leaves_nothing(tmp_path):
    check_folder(tmp_path / "a" / "b" / "c")
    assert names(tmp_path) == set()
    (tmp_path / "there").mkdir()
    check_folder(tmp_path / "there")
    assert names(tmp_path) == {"there"}


def test_places_that_cannot_hold_a_folder_are_refused_before_the_run(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "taken" / "report.html").mkdir(parents=True)
    refused = []
    for place in ("file", "file/below", "x" * 300, "nul\0byte", "taken"):
        with pytest.raises(StorageError) as raised:
            check_folder(tmp_path / place)
        refused.append(raised.value.issues[0].code)
    assert set(refused) == {"storage.folder"}
    assert names(tmp_path) == {"file", "taken"}
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_in_the_place_of_a_table_is_not_swept_away(result, tmp_path):
    (tmp_path / "risk.csv").mkdir()
    (tmp_path / "risk.csv" / "mine").write_text("mine")
    with pytest.raises(StorageError, match=r"risk\.csv in it is a folder"):
        write_folder(result, RECORD, tmp_path)
    assert (tmp_path / "risk.csv" / "mine").read_text() == "mine"
    assert names(tmp_path) == {"risk.csv"}


def test_numbers_that_json_does_not_know_are_never_written(result, tmp_path):
    result["weights"]["pareto_k"] = float("nan")
    with pytest.raises(ValueError, match="JSON"):
        folder.write_folder(result, RECORD, tmp_path)
    assert names(tmp_path) == set()
