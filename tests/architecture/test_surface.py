"""What the outside sees: the public names, the start of the command line, the catalogue of error codes."""

from __future__ import annotations

import ast
import re
import resource
import subprocess
import sys
from pathlib import Path

import osteocast

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "osteocast"
CODE = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)*")
FILE_ENDINGS = (".toml", ".json", ".html", ".csv", ".md", ".svg", ".css", ".py", ".parquet", ".txt")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from osteocast.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_public_names_are_pinned_and_resolve() -> None:
    assert sorted(osteocast.__all__) == dir(osteocast)
    assert osteocast.__all__ == [
        "Assessment",
        "Forecast",
        "ForecastSettings",
        "Lesion",
        "Observation",
        "OsteocastError",
        "Patient",
        "PrimaryTumour",
        "Regimen",
        "Score",
        "Site",
        "SkeletalEvent",
        "Strength",
        "StrengthQuestion",
        "Trial",
        "TrialResult",
        "TrialSettings",
        "__version__",
        "assess",
        "forecast",
        "read_patient",
        "read_regimen",
        "read_trial",
        "score",
        "strength",
        "trial",
        "write_report",
        "write_strength",
    ]
    assert all(getattr(osteocast, name) is not None for name in osteocast.__all__)
    assert not hasattr(osteocast, "no_such_name")


def test_no_package_is_named_like_a_public_verb() -> None:
    packages = {folder.name for folder in SOURCE.iterdir() if folder.is_dir()}
    assert not packages & set(osteocast.__all__)


def test_public_verbs_stay_functions() -> None:
    """An imported module of the same name would take a function's place in the package."""
    check = (
        "import osteocast\n"
        "verbs = 'assess', 'forecast', 'read_patient', 'read_regimen', 'read_trial', 'score'\n"
        "verbs += 'strength', 'write_report', 'write_strength'\n"
        "for verb in verbs * 2:\n"
        "    assert type(getattr(osteocast, verb)).__name__ == 'function', verb\n"
        "assert osteocast.ForecastSettings is osteocast.forecasting.run.Settings\n"
    )
    subprocess.run([sys.executable, "-c", check], check=True)


def test_help_starts_in_half_a_second() -> None:
    run("--help")
    elapsed = []
    for _ in range(3):
        # processor time of the child: other tests that run beside this one do not count
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = run("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        elapsed.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert done.returncode == 0
    assert "not a diagnosis" in done.stdout
    assert min(elapsed) < 0.5


def test_help_imports_nothing_heavy() -> None:
    heavy = {"numpy", "numba", "scipy", "sympy", "pint", "pydantic", "matplotlib"}
    check = f"import sys, osteocast.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_forecast_from_the_cache_loads_neither_sympy_nor_all_of_scipy_stats() -> None:
    check = (
        "import sys, osteocast.command, osteocast.engine.kernels as k; from osteocast.engine import fingerprint; "
        "fingerprint.source_texts(fingerprint.ENGINE_MODULES); "
        "print(sorted({'sympy', 'scipy.stats', 'scipy.optimize'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_command_has_an_example() -> None:
    from osteocast.cli import app

    for group in [app, *(g.typer_instance for g in app.registered_groups)]:
        assert "Example: osteocast" in (group.info.help or "")
        for command in group.registered_commands:
            assert command.callback is not None
            assert "Example: osteocast" in (command.callback.__doc__ or ""), command.callback


def codes_in_source() -> set[str]:
    """Collect every text that is an error code: the first argument of a call that makes or notes an issue."""
    found: set[str] = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                found.add(node.value)
    documented_areas = {code.partition(".")[0] for code in codes_documented()}
    return {c for c in found if c.partition(".")[0] in documented_areas and not c.endswith(FILE_ENDINGS)}


def codes_documented() -> set[str]:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([a-z.-]+)` \|", text, re.MULTILINE))


def test_every_area_of_codes_is_known() -> None:
    areas: set[str] = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Issue" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    areas.add(str(first.value).partition(".")[0])
    assert areas
    assert areas <= {code.partition(".")[0] for code in codes_documented()}


def test_every_code_is_documented_and_every_documented_code_is_used() -> None:
    assert codes_in_source() == codes_documented()
