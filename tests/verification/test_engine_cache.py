"""The kernel cache: content-addressed, safe against damage, read-only places and a second process."""

import importlib.util
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from osteocast.engine import kernels as kernels_module
from osteocast.engine.kernels import Kernels, kernels
from osteocast.engine.solve import Accuracy, Case, Change, solve
from osteocast.engine.system import System, flatten

from . import engine_entry
from .engine_models import HOST, host_case

MODEL = """
from typing import NamedTuple
class State(NamedTuple):
    y: float
class Params(NamedTuple):
    k: float
def rates(x: State, p: Params) -> State:
    return State(-p.k * x.y)
"""
DECAY_SCRIPT = """
import sys, numpy as np
sys.path.insert(0, sys.argv[1])
import decay
from osteocast.engine.solve import Case, solve
from osteocast.engine.system import System
found = solve(System(decay.rates), Case(decay.Params(1.0), decay.State(1.0)), [0.0, 1.0])
print(float(found.body[1, 0]))
"""


@pytest.fixture
def forgetful(monkeypatch, tmp_path):
    """An empty cache folder, and a process that remembers no module."""
    monkeypatch.setenv("OSTEOCAST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(kernels_module, "_loaded", {})
    return tmp_path / "cache" / "kernels"


def decay(folder: Path, text: str = MODEL) -> tuple[float, Kernels]:
    """Import the one-state model from a file and return its value after one day."""
    path = folder / "decay.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("decay", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["decay"] = module
    exec(compile(text, str(path), "exec"), module.__dict__)
    system = System(module.rates)
    found = solve(system, Case(module.Params(1.0), module.State(1.0)), [0.0, 1.0])
    return float(found.body[1, 0]), kernels(system)


def test_cache_life_edit_damage_and_refusal(forgetful, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.WARNING, "osteocast")
    value, first = decay(tmp_path)
    assert value == pytest.approx(np.exp(-1.0), rel=1e-5)
    (folder,) = forgetful.iterdir()

    # an edited equation: new number, second folder
    edited, _ = decay(tmp_path, MODEL.replace("-p.k * x.y", "-2 * p.k * x.y"))
    assert edited == pytest.approx(np.exp(-2.0), rel=1e-5)
    assert len(list(forgetful.iterdir())) == 2
    assert not caplog.records

    # damage: one byte of the machine code
    victim = next(folder.rglob("*advance*.nbc"))
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 255
    victim.write_bytes(data)
    monkeypatch.setattr(kernels_module, "_loaded", {})
    value, again = decay(tmp_path)
    assert value == pytest.approx(np.exp(-1.0), rel=1e-5)
    assert "damaged" in again.notices[0]
    assert "damaged" in caplog.text
    assert first.notices == ()

    # an unwritable place (below a file, which stops even the superuser)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OSTEOCAST_CACHE", str(tmp_path / "file" / "cache"))
    value, refused = decay(tmp_path)
    assert value == pytest.approx(np.exp(-1.0), rel=1e-5)
    assert "OSTEOCAST_CACHE" in refused.notices[0]


def test_two_processes_share_one_empty_cache(tmp_path):
    (tmp_path / "decay.py").write_text(MODEL)
    environment = {"OSTEOCAST_CACHE": str(tmp_path / "cache"), "PATH": "", "HOME": str(tmp_path)}
    command = [sys.executable, "-c", DECAY_SCRIPT, str(tmp_path)]
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        assert err == ""
        assert float(out) == pytest.approx(np.exp(-1.0), rel=1e-5)
    kept = list((tmp_path / "cache" / "kernels").iterdir())
    assert len(kept) == 1, kept
    third = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=True)
    assert third.stderr == ""


def test_entry_is_compiled_with_the_kernels_and_safe_in_threads():
    compiled = kernels(HOST, entries=((engine_entry.__name__, "run_many", engine_entry.SIGNATURE),))
    run, case, n = compiled.entries["run_many"], host_case(2), 6
    pb, pl = np.array(flatten(case.body_params)), np.array([flatten(p) for p in case.lesion_params])
    xb = np.array([flatten(case.body_start)] * n)
    xl = np.array([[flatten(x) for x in case.lesion_starts]] * n)

    def chunk(i: int) -> tuple[int, np.ndarray]:
        out = np.zeros((n, 2))
        return run(xb.copy(), xl.copy(), pb, pl, out), out

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(chunk, range(4)))
    assert all(failed == 0 for failed, _ in results)
    for _, out in results[1:]:
        np.testing.assert_array_equal(out, results[0][1])

    doses = [Change(t, "add", "body.drug.depot", 3.0) for t in (0.0, 10.0, 20.0, 30.0)]
    third = solve(HOST, case, [0.0, 40.0], doses, Accuracy(rtol=1e-8))
    burden = third.lesions[-1, :, 1].sum() * (1 + 1.0 / 10.0)
    np.testing.assert_allclose(results[0][1][2], [third.of_body("calcium")[-1], burden], rtol=1e-3)
