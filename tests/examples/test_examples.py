"""Every example file, through the command line as a reader would run it, and the notebook cell by cell."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import nbformat
import pytest

from osteocast import cli
from osteocast.evidence.load import DATA
from osteocast.formats.trial_file import read_trial

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PATIENTS = sorted((EXAMPLES / "patients").glob("*.toml"))
REGIMENS = sorted((EXAMPLES / "regimens").glob("*.toml"))
TRIALS = sorted((EXAMPLES / "trials").glob("*.toml"))
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
# Enough candidates for the recorded values, and no more; calcium far from usual needs the most.
SMALL = {"draws": "20", "continuations": "20", "months": "6", "workers": "2"}
MORE = {"lung_hypercalcaemia": {"draws": "30", "continuations": "40"}}
# Sizes of a notebook's cell that is tagged `size`, so that it runs in seconds; what it shows then means nothing.
TINY = {"non_inferiority_interval": "PATIENTS, DRAWS, SEED = 30, 3, 1"}
SAYS = {"first_forecast": "Denosumab", "non_inferiority_interval": "patients for 80 %"}
SCHEMA = json.loads((DATA / "schema" / "result.schema.json").read_text(encoding="utf-8"))


def forecast(patient: Path, out: Path, *options: str) -> dict[str, object]:
    size = [part for name, value in (SMALL | MORE.get(patient.stem, {})).items() for part in (f"--{name}", value)]
    assert cli.run(["forecast", str(patient), *size, *options, "--out", str(out)]) == 0
    return json.loads((out / "result.json").read_text(encoding="utf-8"))


def test_all_the_examples_are_there() -> None:
    assert (len(PATIENTS), len(REGIMENS), len(TRIALS), len(NOTEBOOKS)) == (8, 3, 2, 2)


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda file: file.stem)
def test_every_patient_is_forecast(patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = forecast(patient, tmp_path)
    jsonschema.validate(result, SCHEMA)
    assert 1 <= len(result["regimens"]) <= 4
    for regimen in result["regimens"]:
        withheld = {kind for one in result["applicability"] for kind in one.get("suppresses", ())}
        assert {kind for kind, risk in regimen["risk"].items() if risk is None} == withheld
        for kind, risk in regimen["risk"].items():
            if risk is None:
                continue
            columns = zip(risk["low"], risk["probability"], risk["high"], strict=True)
            assert all(0 <= low <= middle <= high <= 1 for low, middle, high in columns), kind
            assert risk["probability"] == sorted(risk["probability"]), kind
        assert regimen["risk"]["any_event"]["probability"][-1] >= regimen["risk"]["fracture"]["probability"][-1]
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) <= 15
    assert shown[-1] == f"Report: {tmp_path / 'report.html'}"
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "not a diagnosis" in html
    # Nothing is fetched when the page opens; addresses of sources may stand in the text.
    assert not re.search(r"<(script|link|iframe|img)\b|(src|@import)\s*=?\s*[\"'(]?https?:", html)


@pytest.mark.parametrize("trial", TRIALS, ids=lambda file: file.stem)
def test_every_trial_is_simulated(trial: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["trial", str(trial), "--patients", "60", "--workers", "2", "--out", str(tmp_path / "t")]) == 0
    result = json.loads((tmp_path / "t" / "result.json").read_text(encoding="utf-8"))
    jsonschema.validate(result, json.loads((DATA / "schema" / "trial-result.schema.json").read_text(encoding="utf-8")))
    # a person whose course could not be solved is replaced, whatever the arm of who comes next
    numbers = [arm["n"] for arm in result["trial"]["arms"]]
    assert sum(numbers) == 60
    assert max(numbers) <= 31
    asked = {one["name"]: one["contrast"] for one in result["endpoints"]}
    margins = {one.name: one.margin for one in read_trial(trial).endpoints}
    assert asked["first-event-ratio"]["margin"] == margins["first-event-ratio"]
    assert bool(asked["first-event-ratio"]["decision"]) == (margins["first-event-ratio"] is not None)
    assert len(capsys.readouterr().out.splitlines()) <= 15


def test_regimen_files_are_compared(tmp_path: Path) -> None:
    options = [part for file in REGIMENS for part in ("--regimen", str(file))]
    result = forecast(EXAMPLES / "patients" / "breast_lytic_femur.toml", tmp_path, *options)
    names = [regimen["name"] for regimen in result["regimens"]]
    assert names == ["denosumab-extended-8gy", "own-ibandronate-q4w", "zoledronate-then-denosumab"]
    turnover = {r["name"]: r["courses"]["untx"]["median"][-1] for r in result["regimens"]}
    # The drug that is described in its file alone acts as a bisphosphonate does: less than denosumab.
    assert turnover["denosumab-extended-8gy"] < turnover["own-ibandronate-q4w"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda file: file.stem)
def test_the_notebook_was_saved_executed(notebook: Path) -> None:
    cells = [c for c in nbformat.read(notebook, as_version=4).cells if c.cell_type == "code"]
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(c.outputs) for c in cells) >= 3
    assert not any(o.output_type == "error" for c in cells for o in c.outputs)


@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda file: file.stem)
def test_the_notebook_runs(notebook: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran = execute(notebook, monkeypatch, tmp_path, TINY.get(notebook.stem))
    assert len(texts(ran)) == len(texts(nbformat.read(notebook, as_version=4)))
    assert SAYS[notebook.stem] in "".join(texts(ran))


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda file: file.stem)
def test_the_notebook_shows_the_numbers_of_this_version(
    notebook: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert texts(execute(notebook, monkeypatch, tmp_path)) == texts(nbformat.read(notebook, as_version=4))


def execute(
    notebook: Path, monkeypatch: pytest.MonkeyPatch, home: Path, size: str | None = None
) -> nbformat.NotebookNode:
    """Run every cell in a kernel of its own, without the settings of a user's shell; a failing cell raises.

    `size` replaces the cell that is tagged so.
    """
    from nbclient import NotebookClient

    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(home))
    cells = nbformat.read(notebook, as_version=4)
    for cell in cells.cells:
        if size is not None and "size" in cell.metadata.get("tags", ()):
            cell.source = size
    return NotebookClient(cells, timeout=600, resources={"metadata": {"path": str(EXAMPLES)}}).execute()


def texts(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what each code cell prints that prints anything; a slow cell prints in several pieces."""
    cells = [[o.text for o in c.outputs if o.get("name") == "stdout"] for c in notebook.cells if c.cell_type == "code"]
    return ["".join(pieces) for pieces in cells if pieces]


@pytest.mark.slow
def test_the_vertebra_from_a_real_ct(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = next(one for one in readme_lines() if one.startswith("osteocast strength"))
    words = [part for part in line.split()[1:] if part != "\\"]
    words[words.index("--out") + 1] = str(tmp_path / "t12")
    words[1:2] = [str(ROOT / words[1])]
    words[words.index("--labels") + 1] = str(ROOT / words[words.index("--labels") + 1])
    assert cli.run(words) == 0
    schema = json.loads((DATA / "schema" / "strength-result.schema.json").read_text(encoding="utf-8"))
    found = json.loads((tmp_path / "t12" / "result.json").read_text(encoding="utf-8"))
    jsonschema.validate(found, schema)
    assert 500.0 < found["strength"]["failure_load_n"] < 6_000.0
    assert len(capsys.readouterr().out.splitlines()) <= 15


def readme_lines() -> list[str]:
    """Return the commands of the README, those over two lines joined."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    return [one.strip() for one in text.splitlines()]
