"""The strength command: exit codes, what is printed and written, lists of bones that go on where they stopped."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.unit.structure.strength_cases import LINE, write_case

import osteocast
from osteocast import cli, strength_batch, strength_command
from osteocast.strength_batch import COLUMNS, TABLE

OPTIONS = ["--site", "generic", "--calibration", LINE, "--boundary", "ends-sliding", "--unit", "HU"]
PARTS = ["--part", "whole=1", "--part", "inside=2"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    write_case(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(*more):
    return cli.run(["strength", "bar.nii.gz", "--labels", "bar_labels.nii.gz", *OPTIONS, *PARTS, *more])


def test_summary_folder_and_json(folder, capsys):
    assert ask("--lesion", "2", "--out", "o") == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) <= 15
    assert any(line.startswith("carries") for line in told)
    assert any("not a diagnosis" in line for line in told)
    found = json.loads((folder / "o" / "result.json").read_text())
    assert found["lesion"]["load_lost"] > 0
    record = (folder / "o" / "run_record.json").read_text()
    assert "bar" not in record, "names of files may name a person"
    assert {"SimpleITK", "pydicom"} <= set(json.loads(record)["packages"])
    page = (folder / "o" / "report.html").read_text()
    assert "<script" not in page
    assert not re.search(r"(src|href)=.http", page)
    assert ask("--lesion", "2", "--out", "again", "--json") == 0
    assert json.loads(capsys.readouterr().out) == found


def test_the_record_names_no_file_however_it_is_written(monkeypatch):
    words = ["osteocast", "strength", "./mueller/ct.nii.gz", "--labels=mueller.nii", "--box=-1,2", "--out", "mueller/"]
    monkeypatch.setattr(sys, "argv", words)
    record = strength_command._command(Path("mueller/ct.nii.gz"), Path("mueller.nii"), Path("mueller"))
    assert record == ("osteocast", "strength", "CT", "--labels=LABELS", "--box=-1,2", "--out", "OUT")


def test_a_mask_to_approve_first(folder, capsys):
    assert ask("--mask-only", "--out", "o") == 0
    assert [one.name for one in (folder / "o").iterdir()] == ["mask.png"]
    assert "mask.png" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--label", "9"], "[label.unknown]"),
        (["--threads", "0"], "[question.setting]"),
        (["--part", "whole"], "[question.part]"),
        (["--box", "1,2"], "[question.box]"),
        (["--law", "hooke"], "[law.unknown]"),
        (["--load", "jump"], "[load.unknown]"),
        (["--labels-table", "mine"], "[label.table]"),
        (["--labels", "x" * 5000], "[file."),
        (["--label", ""], "[option.invalid]"),
        (["--mask-only", "--json"], "[question.mask-only]"),
    ],
)
def test_what_can_be_mended_ends_with_two_and_leaves_nothing(folder, options, code, capsys):
    assert ask(*options, "--out", "o") == 2
    captured = capsys.readouterr()
    assert code in captured.err
    assert "Traceback" not in captured.err
    assert not (folder / "o").exists()


def test_an_empty_name_is_not_the_folder_one_stands_in(folder, capsys):
    before = sorted(folder.iterdir())
    assert ask("--out", "") == 2
    assert ask("--out=") == 2
    assert cli.run(["strength", "", *OPTIONS]) == 2
    assert capsys.readouterr().err.count("[option.invalid]") == 3
    assert sorted(folder.iterdir()) == before


def test_a_folder_that_cannot_be_written_is_found_first(folder, capsys):
    (folder / "o").write_text("a file")
    assert ask("--out", "o") == 1
    assert "[storage.folder]" in capsys.readouterr().err


def test_ctrl_c_leaves_nothing_behind(folder):
    code = "import sys; from osteocast.__main__ import main; main()"
    words = ["strength", "bar.nii.gz", "--labels", "bar_labels.nii.gz", *OPTIONS, *PARTS, "--spacing", "0.4"]
    running = subprocess.Popen([sys.executable, "-c", code, *words], stderr=subprocess.PIPE, cwd=folder)
    time.sleep(2.0)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=120)
    assert running.returncode == 1
    assert b"Interrupted" in told
    assert b"Traceback" not in told
    assert not (folder / "strength").exists()


def listed(folder: Path) -> Path:
    """Write a list of three bones, one of which cannot be computed."""
    path = folder / "list.csv"
    path.write_text(
        "name,ct,labels,part,lesion\n"
        "one,bar.nii.gz,bar_labels.nii.gz,whole=1 inside=2,\n"
        "two,bar.nii.gz,bar_labels.nii.gz,whole=1 inside=2,2\n"
        "gone,nothing.nii.gz,bar_labels.nii.gz,whole=1,\n"
    )
    return path


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / TABLE).open() as stream:
        return list(csv.DictReader(stream))


def test_a_list_goes_on_where_it_stopped_and_workers_change_no_byte(folder, capsys, monkeypatch):
    listed(folder)
    assert cli.run(["strength", "list.csv", *OPTIONS, "--out", "a"]) == 2
    found = rows(folder / "a")
    assert [row["outcome"] for row in found] == ["computed", "computed", "not computed"]
    assert list(found[0]) == list(COLUMNS)
    assert "[file.missing]" in found[2]["problems"]
    assert float(found[1]["load_lost"]) > 0
    assert (folder / "a" / "two" / "report.html").is_file()
    before = (folder / "a" / TABLE).read_bytes()
    monkeypatch.setattr(strength_batch, "strength", lambda *_: pytest.fail("computed again"))
    assert cli.run(["strength", "list.csv", *OPTIONS, "--out", "a"]) == 2
    assert (folder / "a" / TABLE).read_bytes() == before
    monkeypatch.undo()
    os.chdir(folder)
    assert cli.run(["strength", "list.csv", *OPTIONS, "--out", "b", "--workers", "2"]) == 2
    assert (folder / "b" / TABLE).read_bytes() == before
    for name in ("one/result.json", "two/result.json", "two/report.html"):
        assert (folder / "a" / name).read_bytes() == (folder / "b" / name).read_bytes()
    assert "3 bones, 1 not computed" in capsys.readouterr().out


def test_a_folder_of_images_with_labels_is_a_list(folder, monkeypatch, capsys):
    asked = []

    def answer(ct, question, progress=None):
        asked.append((ct.name, question.labels.name))
        raise KeyboardInterrupt

    monkeypatch.setattr(strength_batch, "strength", answer)
    assert cli.run(["strength", ".", *OPTIONS, *PARTS, "--out", "o"]) == 1
    assert asked == [("bar.nii.gz", "bar_labels.nii.gz")]
    assert "Interrupted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("cases = 3\n", "[cases.value]"),
        ("cases = [\n", "[file.syntax]"),
        ("", "[file.empty]"),
        ("a = 1\n", "[cases.empty]"),
        ('[[cases]]\nct = "a"\nkind = 1\n', "[cases.key]"),
        ('[[cases]]\nlabel = "1"\n', "[cases.key]"),
        ('[[cases]]\nct = "a"\nspacing = "thin"\n', "[cases.value]"),
        ('[[cases]]\nct = "a"\nname = "../up"\n', "[cases.name]"),
        ('[[cases]]\nct = "a"\n[[cases]]\nct = "a.nii"\n', "[cases.name]"),
        ('[[cases]]\nct = "a"\nbox = [1]\n', "[question.box]"),
    ],
)
def test_lists_that_are_none(folder, text, code, capsys):
    (folder / "list.toml").write_text(text)
    assert cli.run(["strength", "list.toml", "--mask-only"]) == 2
    assert cli.run(["strength", "list.toml", *OPTIONS]) == 2
    assert code in capsys.readouterr().err
    assert not (folder / "strength").exists()


def test_the_library_does_what_the_command_does(folder):
    ct, question = write_case(folder)
    page = osteocast.write_strength(osteocast.strength(ct, question), folder / "library")
    assert ask("--out", "command") == 0
    for name in ("result.json", "report.html", "fields.vti"):
        assert (page.parent / name).read_bytes() == (folder / "command" / name).read_bytes()
