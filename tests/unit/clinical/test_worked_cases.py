"""Worked cases with their expected results: the copy that travels with the tests, and the shared file where it is."""

import json
from pathlib import Path

import pytest

from osteocast import cli
from osteocast.clinical.cases import check_case, read_cases

OWN = Path(__file__).with_name("cases.json")
CASES = read_cases(OWN)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case_gives_what_is_expected(case):
    row = check_case(case)
    assert row["same"], row


def test_shared_cases_give_what_is_expected(shared_dir):
    file = shared_dir / "evidence" / "clinical_cases.json"
    if not file.is_file():
        pytest.skip("no worked cases in the reference material")
    cases = read_cases(file)
    assert len(cases) >= 66
    assert not [row for row in map(check_case, cases) if not row["same"]]


def test_command_prints_expected_and_computed(capsys):
    assert cli.run(["score", "--cases", str(OWN)]) == 0
    shown = capsys.readouterr().out
    assert "bounds: expected [12, 16], computed [12, 16]" in shown
    assert shown.rstrip().endswith(f"{len(CASES)} cases, 0 different")


@pytest.mark.parametrize(
    "expected",
    [{"total": 11}, {"total": None}, {"band": "unstable"}, {"surgical_consult": 1}, {"no_such_output": 3}],
)
def test_a_different_case_ends_with_one(expected, tmp_path, capsys):
    case = next(one for one in CASES if one["id"] == "sins-01")
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([{**case, "expected": expected}]), encoding="utf-8")
    assert cli.run(["score", "--cases", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["cases"][0]["same"] is False


def test_a_case_that_cannot_be_scored_differs(tmp_path, capsys):
    file = tmp_path / "cases.json"
    file.write_text('[{"id": 1, "instrument": "sins", "input": {"unchecked": 1, "level": "T99"}, "expected": {}}]')
    assert cli.run(["score", "--cases", str(file)]) == 1
    shown = capsys.readouterr().out
    assert "[instrument.level]" in shown
    assert "[instrument.item-unknown]" in shown


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{}", "instrument.cases"),
        ("[]", "instrument.cases"),
        ('[{"id": 1}, 5]', "instrument.cases"),
        ("[", "file.syntax"),
        ("[" * 100_000, "file.syntax"),
    ],
)
def test_bad_case_files(text, code, tmp_path, capsys):
    file = tmp_path / "cases.json"
    file.write_text(text, encoding="utf-8")
    assert cli.run(["score", "--cases", str(file)]) == 2
    assert f"[{code}]" in capsys.readouterr().err
