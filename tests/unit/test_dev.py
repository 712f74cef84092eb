"""The set-up script: one sentence and exit code 1 where something lacks, nothing done where nothing changed."""

import subprocess
import sys
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """dev.py as if it stood in an empty clone."""
    spec = util.spec_from_file_location("dev_under_test", ROOT / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    places = {"ROOT": "", "VENV": ".venv", "VAR": ".venv/var", "BIN": ".venv/bin", "PYTHON": ".venv/bin/python"}
    for name, place in places.items():
        monkeypatch.setattr(module, name, tmp_path / place)
    return module


def ended(code: int, out: str = "", err: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], code, out, err)


def sentence(capsys: pytest.CaptureFixture[str]) -> str:
    text = capsys.readouterr().err.strip()
    assert "\n" not in text
    return text


@pytest.mark.parametrize("version", ["", "pip 20.3.4 from somewhere", "pip 22.2.1 from somewhere"])
def test_no_usable_pip(
    dev: ModuleType, version: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "run", lambda *_, **__: ended(0 if version else 1, version))
    with pytest.raises(SystemExit) as caught:
        dev.set_up()
    assert caught.value.code == 1
    assert sentence(capsys).startswith("pip 22.3 or later is needed")


def test_no_network(dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    said = "WARNING: retrying\nERROR: No matching distribution found for numpy==2.4.6\n"
    monkeypatch.setattr(dev, "run", lambda *_, **__: ended(1, "", said))
    with pytest.raises(SystemExit) as caught:
        dev.install(["pip"], ["x"])
    assert caught.value.code == 1
    text = sentence(capsys)
    assert "check the network" in text
    assert "numpy==2.4.6" in text


def test_the_set_up_runs_once_and_again_when_the_lock_changes(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[list[str]] = []

    def run(command: list[object], *_: object, **__: object) -> subprocess.CompletedProcess[str]:
        done.append([str(part) for part in command])
        (tmp_path / ".venv").mkdir(exist_ok=True)
        return ended(0, "pip 23.0.1 from somewhere")

    monkeypatch.setattr(dev, "run", run)
    dev.set_up()
    assert [c for c in done if "install" in c][-1][-2:] == ["--editable", "."]
    assert all(str(tmp_path / ".venv" / "bin" / "python") in c for c in done if "install" in c)
    count = len(done)
    dev.set_up()
    assert len(done) == count
    (tmp_path / "requirements.lock").write_text("numpy==0\n")
    dev.set_up()
    assert len(done) > count


def test_settings_that_would_redirect_an_installation_are_dropped(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("KEPT", "yes")
    environment = dev.environment(HOME="/h")
    assert "/elsewhere" not in environment.values()
    assert environment["KEPT"] == "yes"
    assert environment["HOME"] == "/h"


@pytest.mark.parametrize("arguments", [[], ["deploy"], ["demo", "now"]])
def test_any_other_use_is_one_sentence(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "dev.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == "Use `python3 dev.py demo` or `python3 dev.py test`."
