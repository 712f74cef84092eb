"""Ranges of what a user chooses, and the one key of code and data that kept work stands under."""

from pathlib import Path

import pytest

from osteocast import cli
from osteocast.evidence.code_and_data import code_and_data
from osteocast.foundation.settings import MOST_WORKERS, out_of_range, workers_out_of_range
from osteocast.interruption import work_that_stays


@pytest.mark.parametrize("value", [0, 11, 1.5, True, "3", None])
def test_what_is_no_whole_number_within_its_limits_is_named(value):
    (issue,) = out_of_range("trial.setting", {"patients": (value, 1, 10), "seed": (3, 0, 9)})
    assert (issue.code, issue.place, issue.found, issue.expected) == (
        "trial.setting",
        "patients",
        str(value),
        "1 to 10",
    )
    assert "--patients" in issue.fix


def test_defaults_and_limits_fit():
    assert out_of_range("trial.setting", {"b": (1, 1, 10), "c": (10, 1, 10)}) == []
    assert [bool(workers_out_of_range("x.setting", n)) for n in (None, 1, MOST_WORKERS, 0, MOST_WORKERS + 1)] == [
        False, False, False, True, True,
    ]  # fmt: skip


def test_further_files_and_folders_change_the_key():
    keys = [code_and_data(), code_and_data("data/posterior.toml"), code_and_data("data/posterior-without")]
    assert len({*keys, code_and_data("calibration/point.py")}) == 4
    assert keys[0] == code_and_data()


def test_what_is_said_about_results_changes_no_key(monkeypatch, tmp_path):
    import shutil

    from osteocast.evidence import code_and_data as module

    package = Path(module.DATA).parent
    copy = tmp_path / "osteocast"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__", "targets", "report", "clinical"))
    monkeypatch.setattr(module, "DATA", copy / "data")
    before = code_and_data()
    (copy / "data" / "validated.toml").write_text("x = 1")
    assert code_and_data() == before
    (copy / "data" / "sites.toml").write_text("x = 1")
    assert code_and_data() != before


def test_a_calibration_replaces_no_other_file(tmp_path, capsys):
    other = tmp_path / "stopeck.toml"
    other.write_text('format = "osteocast.trial/1"\n')
    assert cli.run(["calibrate", "--out", str(other)]) == 1
    assert "[storage.write]" in capsys.readouterr().err
    assert other.read_text() == 'format = "osteocast.trial/1"\n'
    assert [one.name for one in tmp_path.iterdir()] == ["stopeck.toml"]


def test_an_interruption_tells_of_finished_work_where_there_is_any(tmp_path, caplog):
    for kept in ("", "done.json"):
        if kept:
            (tmp_path / kept).write_text("{}")
        with pytest.raises(KeyboardInterrupt), work_that_stays(tmp_path):
            raise KeyboardInterrupt
        assert ("holds what is finished" in caplog.text) == bool(kept)
