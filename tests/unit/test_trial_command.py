"""The trial command: bad input in words, finished work kept, the same bytes however it was run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.trials.small import raw_trial

from osteocast import cli
from osteocast.foundation.errors import Issue, StorageError

OPTIONS = ["--patients", "24", "--replicates", "3", "--seed", "5"]
WRITTEN = {
    "result.json", "run_record.json", "report.html",
    "adsl.parquet", "adtte.parquet", "adce.parquet", "adae.parquet", "adlb.parquet",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.json").write_text(json.dumps(raw_trial()))
    return tmp_path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What a run that nothing disturbed wrote, by name."""
    place = tmp_path_factory.mktemp("whole")
    (place / "small.json").write_text(json.dumps(raw_trial()))
    before = Path.cwd()
    os.chdir(place)
    try:
        assert cli.run(["trial", "small.json", *OPTIONS, "--workers", "2"]) == 0
    finally:
        os.chdir(before)
    return contents(place / "trial")


def contents(folder):
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.name != "run_record.json"}


def test_the_folder_the_record_and_at_most_fifteen_lines(folder, whole, capsys):
    assert cli.run(["trial", "small.json", *OPTIONS, "--workers", "1"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) <= 15
    assert max(map(len, shown)) <= 80
    assert shown[-1] == "Report: trial/report.html"
    assert {one.name for one in (folder / "trial").iterdir()} == WRITTEN
    record = json.loads((folder / "trial" / "run_record.json").read_text())
    assert set(record["inputs_sha256"]) == {"small.json"}
    assert record["seed"] == 5
    assert contents(folder / "trial") == whole


def test_json_prints_the_result_and_nothing_else(folder, capsys):
    assert cli.run(["trial", "small.json", "--patients", "8", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((folder / "trial" / "result.json").read_text())


def test_the_list_has_every_built_in_trial(capsys):
    assert cli.run(["trials"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert ["stopeck-2010", "Breast cancer: denosumab against zoledronate (Stopeck 2010)"] in rows
    assert all(len(row) == 2 for row in rows)


def started(folder):
    """Start the command as a process and wait until its first replicate is finished."""
    command = [sys.executable, "-m", "osteocast", "trial", "small.json", *OPTIONS, "--out", "out", "--workers", "1"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 120
    while not (folder / "out" / "work" / "replicate-0000.json").exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.005)
    return process


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_killed_goes_on_to_the_same_bytes(folder, whole, number, capsys):
    process = started(folder)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == (1 if number == signal.SIGINT else -number)
    assert "Traceback" not in told
    if number == signal.SIGINT:
        assert "out/work holds what is finished; the same command goes on there" in told
    assert {one.name for one in (folder / "out").iterdir()} == {"work"}
    kept = (folder / "out" / "work" / "replicate-0000.json").stat().st_mtime_ns
    assert kept
    assert cli.run(["trial", "small.json", *OPTIONS, "--out", "out"]) == 0
    assert {one.name for one in (folder / "out").iterdir()} == WRITTEN
    assert contents(folder / "out") == whole


def test_a_full_disk_leaves_finished_work(folder, whole, monkeypatch, capsys):
    def full(path, content):
        raise StorageError(Issue("storage.write", str(path), "No space left on device", "a place", "Free some space."))

    with monkeypatch.context() as patch:
        patch.setattr("osteocast.report.folder.write_atomically", full)
        assert cli.run(["trial", "small.json", *OPTIONS]) == 1
    told = capsys.readouterr().err
    assert "[storage.write] trial/result.json" in told
    assert {one.name for one in (folder / "trial").iterdir()} == {"work"}
    with monkeypatch.context() as patch:
        patch.setattr("osteocast.trials.simulate_trial._replicate", pytest.fail)  # nothing is analysed again
        assert cli.run(["trial", "small.json", *OPTIONS]) == 0
    assert contents(folder / "trial") == whole


def test_a_full_disk_while_work_is_kept(folder, monkeypatch, capsys):
    from osteocast.trials import checkpoint

    real, written = checkpoint.write_atomically, []

    def soon_full(path, content):
        written.append(path)
        if len(written) > 2:
            raise StorageError(Issue("storage.write", str(path), "No space left on device", "a place", "Free some."))
        real(path, content)

    monkeypatch.setattr(checkpoint, "write_atomically", soon_full)
    assert cli.run(["trial", "small.json", *OPTIONS]) == 1
    assert "[storage.write] trial/work/replicate-0000.json" in capsys.readouterr().err
    assert {one.name for one in (folder / "trial" / "work").iterdir()} == {
        "work-of.json",
        "replicate-0000-group-00-block-0000.npz",
    }


def test_work_of_another_run_is_left_alone(folder, capsys):
    process = started(folder)
    process.kill()
    process.communicate(timeout=60)
    before = sorted(one.name for one in (folder / "out" / "work").iterdir() if not one.name.startswith("."))
    assert cli.run(["trial", "small.json", "--patients", "26", "--out", "out"]) == 2
    assert "[trial.foreign-work] out/work" in capsys.readouterr().err
    assert sorted(one.name for one in (folder / "out" / "work").iterdir() if not one.name.startswith(".")) == before


def two_of_one_name(raw):
    raw["arms"][1]["name"] = raw["arms"][0]["name"]


def absent_arm(raw):
    raw["endpoints"][0]["arms"] = ["nobody"]


def shares(raw):
    raw["arms"][0]["share"] = 0.7


def child(raw):
    raw["populations"][0]["age"]["value"] = 7


def small_margin(raw):
    raw["endpoints"][0]["margin"] = 0.5


def margin_of_a_share(raw):
    raw["endpoints"][0] = {"name": "any", "estimator": "mean-count", "arms": ["q4w"], "counting": "sre", "margin": 1.2}


def no_minimisation(raw):
    raw["allocation"] = {"method": "minimisation", "why": "test"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (two_of_one_name, "trial.name-twice"),
        (absent_arm, "trial.arm-unknown"),
        (shares, "trial.share"),
        (child, "value.implausible"),
        (small_margin, "value.implausible"),
        (margin_of_a_share, "trial.endpoint"),
        (no_minimisation, "trial.allocation"),
    ],
)
def test_a_bad_file_is_told_in_words_and_leaves_nothing(folder, capsys, change, code):
    raw = raw_trial()
    change(raw)
    (folder / "bad.json").write_text(json.dumps(raw))
    assert cli.run(["trial", "bad.json", "--patients", "8"]) == 2
    captured = capsys.readouterr()
    assert f"[{code}]" in captured.err
    assert captured.out == ""
    assert not (folder / "trial").exists()


def test_all_problems_of_options_and_file_are_told_at_once(folder, capsys):
    raw = raw_trial()
    absent_arm(raw)
    (folder / "bad.json").write_text(json.dumps(raw))
    options = ["--patients", "0", "--replicates", "0", "--workers", "0", "--design", "crossed", "--seed", "-1"]
    assert cli.run(["trial", "bad.json", *options]) == 2
    told = capsys.readouterr().err
    for place in ("patients", "replicates", "workers", "design", "seed"):
        assert f"[trial.setting] {place}\n" in told
    assert "[trial.arm-unknown]" in told
    assert told.startswith("6 problems found")


@pytest.mark.parametrize("name", ["no-such-trial", "missing.toml"])
def test_a_trial_that_is_not_there(folder, capsys, name):
    assert cli.run(["trial", name]) == 2
    assert ("[trial.unknown]" if name == "no-such-trial" else "[file.missing]") in capsys.readouterr().err


def test_nobody_left_after_the_criteria_of_entry(folder, capsys):
    raw = raw_trial()
    criterion = {"quantity": "lesions", "low": 59, "unit": "1", "grade": "assumed", "why": "test"}
    raw["entry"] = [criterion]
    (folder / "strict.json").write_text(json.dumps(raw))
    assert cli.run(["trial", "strict.json", "--patients", "8"]) == 1
    told = capsys.readouterr().err
    assert "[trial.nobody-left] strict: breast, female" in told
    assert "of 2,048 candidates meet the criteria of entry" in told
    assert not (folder / "trial").exists()


def test_a_place_that_cannot_be_written_is_refused_before_the_run(folder, capsys):
    assert cli.run(["trial", "small.json", "--patients", "8", "--out", "small.json"]) == 1
    assert "[storage.folder] small.json" in capsys.readouterr().err


def test_work_that_is_a_file_is_refused(folder, capsys):
    (folder / "trial").mkdir()
    (folder / "trial" / "work").write_text("x")
    assert cli.run(["trial", "small.json", "--patients", "8"]) == 1
    assert "[storage.folder] trial/work" in capsys.readouterr().err
    assert (folder / "trial" / "work").read_text() == "x"
