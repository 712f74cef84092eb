"""What the forecast and new commands do around the library: read all, check first, write all, say it in few lines."""

import datetime as dt
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from tests.unit.report.conftest import result

from osteocast import calibrate_command, cli, command, interruption
from osteocast.domain.observation import Observation
from osteocast.domain.patient import EarlierCourse, Patient, PrimaryTumour
from osteocast.forecasting import run
from osteocast.forecasting.candidates import Candidates
from osteocast.forecasting.run import Settings
from osteocast.foundation.errors import ForecastError, InputError, SolveError
from osteocast.inference.weights import Weights

__all__ = ["result"]

PATIENT = 'age_years = 60\nsex = "female"\nprimary = {origin = "breast"}\n[[lesions]]\nsite = "T8"\n'
COURSE = '[[courses]]\ndrug = "denosumab"\ndose = "120 mg"\ninterval = "5 weeks"\nstart = "0 days"\n'
REGIMEN = 'name = "mine"\ntitle = "Mine"\n' + COURSE


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "p.toml").write_text(PATIENT)
    (tmp_path / "mine.toml").write_text(REGIMEN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Answer:
    """Stands for a Forecast."""

    def __init__(self, document):
        self.document = document

    def to_dict(self):
        return self.document


@pytest.fixture
def asked(result, monkeypatch):
    """Answer every forecast with a ready result; collect what was asked."""
    found = []

    def forecast(person, regimens, settings, workers, tell):
        tell("natural [history]", 0, 1)
        found.append((person, regimens, settings, workers))
        return Answer(result)

    monkeypatch.setattr(command, "forecast", forecast)
    return found


def test_the_folder_the_record_and_at_most_fifteen_lines(folder, asked, capsys):
    options = ["--regimen", "supportive-care", "--regimen", "mine.toml+radiotherapy-8gy@T8", "--seed", "7"]
    assert cli.run(["forecast", "p.toml", *options, "--workers", "2", "--months", "12"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) <= 15
    assert shown[-1] == "Report: forecast/report.html"
    ((person, regimens, settings, workers),) = asked
    assert person.lesions[0].site.name == "T8"
    assert regimens[0].name == "supportive-care"
    assert len(regimens[1].procedures) == 1
    assert (settings.seed, settings.months, workers) == (7, 12, 2)
    record = json.loads((folder / "forecast" / "run_record.json").read_text())
    assert set(record["inputs_sha256"]) == {"p.toml", "mine.toml"}
    assert record["seed"] == 7
    assert {one.name for one in folder.iterdir()} == {"p.toml", "mine.toml", "forecast"}


def test_no_regimen_means_the_default_comparison(folder, asked):
    assert cli.run(["forecast", "p.toml"]) == 0
    assert asked[0][1] is None


def test_json_prints_the_result_and_nothing_else(folder, asked, result, capsys):
    assert cli.run(["forecast", "p.toml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(result))


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), SolveError(()), RuntimeError("odd"), MemoryError()])
def test_a_run_that_fails_leaves_no_folder(folder, monkeypatch, capsys, raised):
    def forecast(*_):
        raise raised

    monkeypatch.setattr(command, "forecast", forecast)
    assert cli.run(["forecast", "p.toml", "--out", "a/b"]) == 1
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    assert captured.out == ""
    assert {one.name for one in folder.iterdir()} == {"p.toml", "mine.toml"}


def test_a_place_that_cannot_be_written_is_refused_before_the_run(folder, asked, capsys):
    assert cli.run(["forecast", "p.toml", "--out", "p.toml"]) == 1
    assert "[storage.folder] p.toml" in capsys.readouterr().err
    assert asked == []
    assert (folder / "p.toml").read_text() == PATIENT


def test_workers_have_limits(folder, asked):
    for workers, code in ((1, 0), (1024, 0), (1025, 2), (0, 2)):
        assert cli.run(["forecast", "p.toml", "--workers", str(workers)]) == code


def test_more_courses_than_fit_into_memory_are_refused():
    Settings(months=24, draws=64, continuations=1000).check()
    with pytest.raises(InputError, match="draws x continuations x months"):
        Settings(months=120, draws=1000, continuations=1000).check()


@pytest.mark.parametrize(
    "settings",
    [{"months": 1.5}, {"months": "12"}, {"draws": None}, {"seed": 1.5}, {"months": True}, {"definition": "XYZ"}],
)
def test_settings_are_whole_numbers_and_known_words(settings):
    with pytest.raises(InputError, match=r"forecast\.setting"):
        Settings(**settings).check()


def test_names_in_place_of_objects_are_refused_with_the_way_to_get_them():
    patient = Patient(60, "female", PrimaryTumour("breast"))
    for regimens in ("denosumab-q4w", ["denosumab-q4w"]):
        with pytest.raises(TypeError, match="read_regimen"):
            run.forecast(patient, regimens)
    with pytest.raises(TypeError, match="read_patient"):
        run.forecast("patient.toml")
    with pytest.raises(ForecastError, match=r"forecast\.no-regimen"):
        run.forecast(patient, [])
    with pytest.raises(InputError, match="workers"):
        run.forecast(patient, None, None, 0)


@pytest.mark.parametrize("options", [["--out", "."], ["--out", "p.toml/x"], ["--work", "p.toml"]])
def test_a_calibration_that_could_not_be_kept_does_not_begin(folder, options, monkeypatch, capsys):
    monkeypatch.setattr(calibrate_command, "calibrate", lambda *_: pytest.fail("it began"))
    assert cli.run(["calibrate", *options]) == 1
    assert "[storage.write]" in capsys.readouterr().err


def test_new_does_not_replace_a_file_unless_told(folder, capsys):
    assert cli.run(["new", "p.toml", "--template"]) == 2
    assert "[new.exists] p.toml" in capsys.readouterr().err
    assert (folder / "p.toml").read_text() == PATIENT
    assert cli.run(["new", "p.toml", "--template", "--force"]) == 0
    assert (folder / "p.toml").read_text() != PATIENT
    assert cli.run(["forecast", "p.toml", "--months", "0"]) == 2
    assert capsys.readouterr().err.startswith("1 problem found\n[forecast.setting]")


@pytest.mark.parametrize("name", ["x" * 300, "p.toml/below", "."])
def test_new_says_where_it_cannot_write(folder, name, capsys):
    assert cli.run(["new", name, "--template", "--force"]) == 1
    assert "[storage.write]" in capsys.readouterr().err


def found_with(sizes):
    """Return a search that finds these effective sample sizes one after the other, and what was asked of it."""
    asked = []

    def find(patient, posterior, shape, seed, workers, deep=False):
        size = sizes[len(asked)]
        asked.append(shape)
        n = shape[0] * shape[1]
        return Candidates(None, Weights(np.full(n, 1 / n), size, 0.1, 0.0, (), ""), shape[0])

    return find, asked


@pytest.mark.parametrize(
    ("sizes", "shapes"),
    [
        ([300.0], [(10, 64)]),
        ([30.0, 140.0], [(10, 64), (10, 320)]),
        ([99.0, 151.0], [(10, 64), (10, 97)]),
    ],
)
def test_too_few_candidates_are_drawn_anew_in_larger_number(monkeypatch, sizes, shapes):
    find, asked = found_with(sizes)
    monkeypatch.setattr(run, "find_candidates", find)
    patient = Patient(60, "female", PrimaryTumour("breast"))
    found = run._enough_candidates(patient, None, Settings(draws=10, continuations=10), 1)
    assert asked == shapes
    assert found.weights.candidates == 10 * shapes[-1][1]


@pytest.mark.parametrize("sizes", [[10.0], [30.0, 90.0]])
def test_values_against_the_model_are_refused_after_one_more_try(monkeypatch, sizes):
    find, asked = found_with(sizes)
    monkeypatch.setattr(run, "find_candidates", find)
    patient = Patient(60, "female", PrimaryTumour("breast"))
    with pytest.raises(ForecastError, match=r"forecast\.effective-sample\] lesions and events"):
        run._enough_candidates(patient, None, Settings(draws=10, continuations=10), 1)
    assert len(asked) == len(sizes)


def test_a_refused_forecast_still_says_that_the_record_is_an_emergency(monkeypatch):
    find, _ = found_with([3.0, 3.0])
    monkeypatch.setattr(run, "find_candidates", find)
    seen = Observation("corrected-calcium", 4.2, "mmol/L", dt.date(2026, 1, 2))
    patient = Patient(60, "female", PrimaryTumour("breast"), assessed=dt.date(2026, 1, 2), observations=(seen,))
    with pytest.raises(ForecastError) as caught:
        run.forecast(patient, None, Settings(draws=10, continuations=10), 1)
    assert [issue.code for issue in caught.value.issues] == ["forecast.emergency", "forecast.effective-sample"]
    assert "4.20 mmol/L" in caught.value.issues[0].found


def test_a_value_that_a_drug_forbids_is_said_to_be_that(monkeypatch):
    find, asked = found_with([2.0, 20.0, 60.0, 170.0])
    monkeypatch.setattr(run, "find_candidates", find)
    seen = Observation("corrected-calcium", 3.3, "mmol/L", dt.date(2026, 1, 2))
    courses = (EarlierCourse("zoledronate", 4.0, 28.0, dt.date(2025, 12, 1)),)
    patient = Patient(
        60, "female", PrimaryTumour("breast"), assessed=seen.date, observations=(seen,), drug_history=courses
    )
    with pytest.raises(ForecastError) as caught:
        run._weighed_candidates(patient, None, Settings(draws=10, continuations=10), 1)
    assert [issue.code for issue in caught.value.issues] == ["forecast.drug-and-values", "forecast.effective-sample"]
    assert "contradict zoledronate: with it left out, 170 effective" in caught.value.issues[0].found
    assert [shape[1] for shape in asked] == [64, 64, 480, 64]


def test_a_longer_search_follows_a_short_one_that_failed(monkeypatch):
    find, asked = found_with([2.0, 120.0])
    monkeypatch.setattr(run, "find_candidates", find)
    seen = Observation("corrected-calcium", 3.3, "mmol/L", dt.date(2026, 1, 2))
    patient = Patient(60, "female", PrimaryTumour("breast"), assessed=seen.date, observations=(seen,))
    assert run._weighed_candidates(patient, None, Settings(draws=10, continuations=10), 1).weights.used == ()
    assert len(asked) == 2


def test_a_signal_ends_in_words_unless_the_compiler_is_calling_back(monkeypatch):
    again = []
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    monkeypatch.setattr(interruption.threading.Timer, "start", lambda self: again.append(self.args))
    with pytest.raises(KeyboardInterrupt):
        interruption.interrupt(signal.SIGINT, None)
    assert again == []

    names = {"handler": interruption.interrupt, "seen": []}
    text = "import sys\ndef _raw_object_cache_notify():\n    handler(2, sys._getframe())\n_raw_object_cache_notify()\n"
    exec(compile(text, f"{os.sep}llvmlite{os.sep}binding.py", "exec"), names)
    assert again == [(2,)]


def test_python_m_osteocast_is_the_command():
    import osteocast.__main__ as start

    assert Path(start.__file__).name == "__main__.py"
    assert callable(start.main)
