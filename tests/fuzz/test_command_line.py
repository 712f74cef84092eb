"""The command line under bad input: coded messages, exit codes 1 and 2, no traceback, nothing left behind."""

import os
import random
import re
from pathlib import Path

import pytest
from tests.fuzz.test_patient_fuzz import EXAMPLES, SEED, mutant

from osteocast import cli, command
from osteocast.forecasting.run import Settings
from osteocast.foundation.errors import InputError, Issue, OsteocastError, StorageError

PATIENT = 'age_years = 60\nsex = "female"\n{more}\n[primary]\norigin = "breast"\n{tables}'
GOOD = PATIENT.format(more="", tables="")
LABORATORY = 'assessed = 2026-01-01\n{age}[[observations]]\nquantity = "calcium"\nvalue = "{value}"\ndate = {date}\n'
CODED = re.compile(r"^\[[a-z]+(\.[a-z-]+)?\] ", re.MULTILINE)
READ = Issue("storage.folder", "stop", "everything read", "the end of reading", "Go no further.")


@pytest.fixture
def read_only(monkeypatch):
    """Stop each forecast after everything was read and checked."""

    def stop(folder):
        raise StorageError(READ)

    monkeypatch.setattr(command, "check_folder", stop)


def lesion(**keys):
    return PATIENT.format(more="", tables="[[lesions]]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items()))


def laboratory(value, date="2026-01-01"):
    start = 'age_years = 60\nsex = "female"\nprimary = {origin = "breast"}\n'
    return LABORATORY.format(age=start, value=value, date=date)


BAD_FILES = {
    "unknown-key": (PATIENT.format(more="agee = 3", tables=""), "key.unknown"),
    "wrong-unit": (PATIENT.format(more='weight = "70 miles"', tables=""), "value.unit"),
    "no-unit": (PATIENT.format(more="weight = 70", tables=""), "value.unit-missing"),
    "impossible-date": (PATIENT.format(more="assessed = 2026-02-30", tables=""), "value.date"),
    "date-1900": (laboratory("2.4 mmol/L", "1900-01-01"), "value.date"),
    "date-future": (laboratory("2.4 mmol/L", "2099-01-01"), "patient.date-after-assessment"),
    "no-such-site": (lesion(site='"T13"'), "value.site"),
    "calcium-25": (laboratory("25 mmol/L"), "value.implausible"),
    "calcium-in-mg": (laboratory("10.4 mmol/L"), "value.implausible"),
    "negative-size": (lesion(site='"T8"', size='"-3 mm"'), "value.negative"),
    "300-mm": (lesion(site='"T8"', size='"300 mm"'), "value.implausible"),
    "osteosarcoma": (GOOD.replace("breast", "osteosarcoma"), "patient.primary-bone-tumour"),
    "nan": (GOOD.replace("60", "nan"), "value.not-a-number"),
    "script-and-escape": (PATIENT.format(more='identifier = "<script>\\u001b[31m"', tables=""), "value.text"),
    "empty": ("", "file.empty"),
    "blank": (" \n\t\n", "file.empty"),
    "binary": (bytes(range(256)), "file.not-text"),
    "utf-16": (GOOD.encode("utf-16"), "file.not-text"),
    "latin-1": (PATIENT.format(more='identifier = "é"', tables="").encode("latin-1"), "file.not-text"),
    "deep-lists": ("[" * 5000 + "]" * 5000, "file.too-deep"),
    "deep-tables": ('{"a":' * 5000 + "1" + "}" * 5000, "file.too-deep"),
    "100-mb": (None, "file.too-large"),
    "endless-number": ('{"age_years": 1' + "0" * 5000 + "}", "file.syntax"),
}


def run(arguments, capsys):
    """Run a command; return its code and what it printed, checked for what no command may print."""
    code = cli.run(arguments)
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    assert "[internal]" not in captured.err
    # Names from strangers' files must not steer the terminal.
    assert all(c.isprintable() or c == "\n" for c in captured.out + captured.err)
    return code, captured.out, captured.err


@pytest.mark.parametrize("name", BAD_FILES)
def test_each_bad_file_gives_one_coded_message_and_writes_nothing(name, tmp_path, capsys):
    content, code = BAD_FILES[name]
    is_json = isinstance(content, str) and content[:1] in ("{", "[")
    path = tmp_path / ("patient.json" if is_json else "patient.toml")
    if content is None:
        with path.open("wb") as stream:
            stream.truncate(100_000_000)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    exit_code, out, err = run(["forecast", str(path), "--out", str(tmp_path / "out")], capsys)
    assert (exit_code, out) == (2, "")
    assert f"[{code}] " in err
    assert "found: " in err
    assert "fix: " in err
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_milligrams_typed_as_millimoles_are_recognised(tmp_path, capsys):
    (tmp_path / "p.toml").write_text(laboratory("10.4 mmol/L"))
    _, _, err = run(["forecast", str(tmp_path / "p.toml")], capsys)
    assert "Did you mean 10.4 mg/dL?" in err


@pytest.mark.parametrize(
    "name", ["", ".", "no-such-file.toml", "x" * 5000, "new\nline\x1b[31m.toml", "\udcff.toml", "/dev/null"]
)
def test_names_that_are_no_patient_file(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(["forecast", name], capsys)
    assert code == 2
    assert CODED.search(err)
    assert len(err) < 2000
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_may_not_be_read(tmp_path, capsys, monkeypatch):
    path = tmp_path / "p.toml"
    path.write_text(GOOD)

    def refuse(self, *arguments, **options):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)  # a superuser may read everything
    code, _, err = run(["forecast", str(path)], capsys)
    assert code == 2
    assert "[file.permission]" in err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--workers", "0"], "forecast.setting"),
        (["--workers", "-1"], "forecast.setting"),
        (["--months", "0"], "forecast.setting"),
        (["--months", "100000"], "forecast.setting"),
        (["--draws", "1"], "forecast.setting"),
        (["--draws", "10000", "--continuations", "10000"], "forecast.setting"),
        (["--continuations", "-5"], "forecast.setting"),
        (["--seed", "-1"], "forecast.setting"),
        (["--seed", str(2**70)], "forecast.setting"),
        (["--seed", "nan"], "option.invalid"),
        (["--draws", "1e3"], "option.invalid"),
        (["--no-such-option"], "option.invalid"),
        (["another-file.toml"], "option.invalid"),
        (["--regimen", ""], "option.invalid"),
        (["--regimen="], "option.invalid"),
        (["--regimen", "++"], "regimen.unknown"),
        (["--regimen", "\x1b[31mred\nline"], "regimen.unknown"),
        (["--regimen", "zoledronate-q5w"], "regimen.unknown"),
        (["--regimen", "no-such.toml"], "file.missing"),
        (["--regimen", "/"], "file.directory"),
        (["--regimen", "radiotherapy-8gy"], "regimen.site-missing"),
        (["--regimen", "radiotherapy-8gy@T8"], "regimen.lesion-missing"),
        (["--regimen", "denosumab-q4w@T8"], "regimen.site-not-needed"),
        (["--regimen", "rod@skull"], "regimen."),
        (["--regimen", "denosumab-q4w", "--regimen", "denosumab-q4w"], "forecast.regimen-twice"),
    ],
)
def test_options_that_cannot_be(options, code, tmp_path, capsys):
    (tmp_path / "p.toml").write_text(GOOD)
    out = tmp_path / "out"
    exit_code, _, err = run(["forecast", str(tmp_path / "p.toml"), "--out", str(out), *options], capsys)
    assert exit_code == 2
    assert f"[{code}" in err
    assert not out.exists()


COURSE = '[[courses]]\ndrug = "{drug}"\ndose = {dose}\ninterval = "{interval}"\nstart = "{start}"\n{more}'
REGIMEN = 'title = "a regimen"\n' + COURSE
PROCEDURE = 'title = "a regimen"\n[[procedures]]\nkind = "radiotherapy"\nsite = "{site}"\nday = "0 days"\n{more}'


def regimen(drug="denosumab", dose='"120 mg"', interval="4 weeks", start="0 days", more=""):
    return REGIMEN.format(drug=drug, dose=dose, interval=interval, start=start, more=more)


def procedure(site="T8", dose="8 Gy"):
    return PROCEDURE.format(site=site, more=f'dose = "{dose}"\nfractions = 1\n')


BAD_REGIMENS = {
    "no-title": (regimen().partition("\n")[2], "key.missing"),
    "unknown-key": (regimen(more='dosse = "3 mg"'), "key.unknown"),
    "wrong-unit": (regimen(dose='"120 mL"'), "value.unit"),
    "no-unit": (regimen(dose="120"), "value.unit-missing"),
    "nan": (regimen(dose="nan"), "value.not-a-number"),
    "nan-mg": (regimen(dose='"nan mg"'), "value.not-a-number"),
    "1e9-mg": (regimen(dose='"1e9 mg"'), "value.implausible"),
    "negative-dose": (regimen(dose='"-120 mg"'), "value.negative"),
    "no-interval": (regimen(interval="0 days"), "value.implausible"),
    "seconds": (regimen(interval="1 s"), "value.unit"),
    "impossible-date": (regimen(start="2026-02-30"), "value.unit"),
    "stop-first": (regimen(start="9 weeks", more='stop = "1 weeks"'), "regimen.order"),
    "drug-in-a-drug": (regimen(more="[drug.mine.drug.mine]\n"), "key.unknown"),
    "file-as-drug": (regimen(drug="p.toml"), "regimen.drug-unknown"),
    "include": ('title = "a"\ninclude = "regimen.toml"\n', "key.unknown"),
    "no-list": ('title = "a"\ncourses = 3\n', "value.type"),
    "8000-gray": (procedure(dose="8000 Gy"), "value.implausible"),
    "no-such-site": (procedure(site="T13"), "value.site"),
    "lesion-lacking": (procedure(site="T9"), "regimen.lesion-missing"),
    "empty": ("", "file.empty"),
    "binary": (bytes(range(256)), "file.not-text"),
    "utf-16": (regimen().encode("utf-16"), "file.not-text"),
    "deep-lists": ("[" * 5000 + "]" * 5000, "file.too-deep"),
    "deep-tables": ('{"title":' * 5000 + "1" + "}" * 5000, "file.too-deep"),
    "100-mb": (None, "file.too-large"),
}


def refused_regimen(path, folder, capsys):
    """Forecast a patient with one lesion under a regimen file that cannot be; return what was said."""
    (folder / "p.toml").write_text(lesion(site='"T8"'))
    arguments = ["forecast", str(folder / "p.toml"), "--regimen", str(path), "--out", str(folder / "out")]
    code, out, err = run(arguments, capsys)
    assert (code, out) == (2, "")
    assert {one.name for one in folder.iterdir()} == {"p.toml", path.name}
    return err


@pytest.mark.parametrize("name", BAD_REGIMENS)
def test_each_bad_regimen_file_gives_its_code_and_writes_nothing(name, tmp_path, capsys):
    content, code = BAD_REGIMENS[name]
    path = tmp_path / ("regimen.json" if name.startswith("deep-") else "regimen.toml")
    if content is None:
        with path.open("wb") as stream:
            stream.truncate(100_000_000)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    err = refused_regimen(path, tmp_path, capsys)
    assert f"[{code}] " in err
    assert "found: " in err
    assert "fix: " in err


def test_a_regimen_that_is_a_folder(tmp_path, capsys):
    (tmp_path / "regimen.toml").mkdir()
    assert "[file.directory]" in refused_regimen(tmp_path / "regimen.toml", tmp_path, capsys)


def test_a_good_regimen_file_is_read(read_only, tmp_path, capsys):
    """What the bad ones are made from is right, so each is refused for what is wrong with it."""
    (tmp_path / "p.toml").write_text(lesion(site='"T8"'))
    for text in (regimen(), procedure()):
        (tmp_path / "regimen.toml").write_text(text)
        arguments = ["forecast", str(tmp_path / "p.toml"), "--regimen", str(tmp_path / "regimen.toml")]
        code, _, err = run([*arguments, "--out", str(tmp_path / "out")], capsys)
        assert (code, READ.code in err) == (1, True)


def test_every_problem_of_a_regimen_file_is_listed_with_its_place(tmp_path, capsys):
    text = regimen(drug="denosumob", dose='"120 mL"', interval="0 days", more="dosse = 1\n")
    (tmp_path / "regimen.toml").write_text(text + '[[procedures]]\nkind = "surgery"\nsite = "T13"\n')
    err = refused_regimen(tmp_path / "regimen.toml", tmp_path, capsys)
    named = ("courses[1].drug", "courses[1].dose", "courses[1].interval", "courses[1].dosse", "procedures[1].kind")
    for place in (*named, "procedures[1].site"):
        assert re.search(rf"^\[[a-z.-]+\] regimen.toml: {re.escape(place)}$", err, re.MULTILINE), place


def test_every_problem_of_files_and_options_is_listed_at_once(tmp_path, capsys):
    path = tmp_path / "p.toml"
    path.write_text(GOOD.replace("60", "600").replace("female", "f"))
    options = ["--months", "0", "--workers", "0", "--regimen", "nothing", "--regimen", "no.toml"]
    code, _, err = run(["forecast", str(path), *options], capsys)
    assert code == 2
    assert err.startswith("6 problems found")
    for place in ("workers", "months", "p.toml: age_years", "p.toml: sex", "regimen", "no.toml"):
        assert re.search(rf"^\[[a-z.-]+\] {re.escape(place)}$", err, re.MULTILINE), place


def test_a_thousand_mutated_patients_through_the_command(read_only, tmp_path):
    rng = random.Random(SEED + 1)
    passed = 0
    codes = set()
    for _ in range(1000):
        name, content = mutant(rng, EXAMPLES)
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(OsteocastError) as raised:
            command.forecast_command(path, (), Settings(), None, tmp_path / "out", as_json=False)
        told = str(raised.value)
        assert all(c.isprintable() or c == "\n" for c in told)
        if raised.value.issues == (READ,):
            passed += 1
        else:
            assert isinstance(raised.value, InputError)
            codes |= {found.group() for found in CODED.finditer(told)}
    assert 50 < passed < 500
    assert len(codes) > 20
    assert {one.name for one in tmp_path.iterdir()} <= {"patient.toml", "patient.json"}


def test_a_reader_that_has_seen_enough_is_no_failure(monkeypatch, capsys):
    class Closed:
        def write(self, text):
            raise BrokenPipeError(32, "Broken pipe")

        def flush(self):
            pass

        def fileno(self):
            return spare

    spare = os.open(os.devnull, os.O_WRONLY)
    monkeypatch.setattr("sys.stdout", Closed())
    code = cli.run(["evidence", "list"])
    monkeypatch.undo()
    os.close(spare)
    assert code == 0
    assert capsys.readouterr().err == ""


def test_standard_output_on_a_full_disk(monkeypatch, capsys):
    class Full:
        def write(self, text):
            raise OSError(28, "No space left on device")

        def flush(self):
            pass

    monkeypatch.setattr("sys.stdout", Full())
    code = cli.run(["evidence", "list"])
    monkeypatch.undo()
    err = capsys.readouterr().err
    assert code == 1
    assert "[storage.output]" in err


def test_no_room_for_the_courses(monkeypatch, tmp_path, capsys):
    def forecast(*_):
        raise MemoryError

    monkeypatch.setattr(command, "forecast", forecast)
    (tmp_path / "p.toml").write_text(GOOD)
    code, _, err = run(["forecast", str(tmp_path / "p.toml"), "--out", str(tmp_path / "out")], capsys)
    assert code == 1
    assert "[forecast.memory]" in err
    assert not (tmp_path / "out").exists()
