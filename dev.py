"""Set up and use Osteocast from a clone: `python3 dev.py demo` or `python3 dev.py test`.

Only the standard library is used, and nothing outside this folder is changed: packages go to .venv, caches to
.venv/var. The second start skips the set-up as long as requirements.lock and pyproject.toml are unchanged.
"""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
VAR = VENV / "var"
BIN = VENV / "bin"
PYTHON = BIN / "python"
CHECKS = (
    ("ruff", [BIN / "ruff", "check", "."]),
    ("mypy", [PYTHON, "-m", "mypy"]),
    ("import-linter", [BIN / "lint-imports", "--no-cache"]),
    ("pytest", [PYTHON, "-m", "pytest", "-n", "2", "--basetemp", VAR / "pytest"]),
)


def stop(sentence):
    """End with one sentence and exit code 1."""
    print(sentence, file=sys.stderr)
    raise SystemExit(1)


def run(command, env, **options):
    """Run a command in this folder and return how it ended; it never raises for a bad exit code."""
    return subprocess.run([str(part) for part in command], cwd=ROOT, env=env, check=False, **options)


def environment(**own):
    """Return the environment without what could redirect an installation, with our own settings added."""
    dropped = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")
    kept = {key: value for key, value in os.environ.items() if key not in dropped}
    return {**kept, "PYTHONNOUSERSITE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **own}


def run_here(command):
    """Run a command of .venv with every cache and settings folder inside .venv/var; return its exit code."""
    names = ("HOME", "XDG_CACHE_HOME", "OSTEOCAST_CACHE", "MPLCONFIGDIR")
    own = {name: str(VAR / name.lower()) for name in names}
    for folder in own.values():
        Path(folder).mkdir(parents=True, exist_ok=True)
    return run(command, environment(**own)).returncode


def find_pip():
    """Return the command of a pip that can install into another environment (22.3 or later)."""
    for command in ([sys.executable, "-m", "pip"], ["pip3"], ["pip"]):
        try:
            done = run([*command, "--version"], environment(), capture_output=True, text=True)
        except OSError:
            continue
        version = re.match(r"pip (\d+)\.(\d+)", done.stdout)
        if version and (int(version[1]), int(version[2])) >= (22, 3):
            return command
    return stop("pip 22.3 or later is needed and none was found (on Debian: apt install python3-pip).")


def install(pip, arguments):
    """Run one pip installation into .venv, or stop with what pip said last."""
    command = [*pip, "--python", PYTHON, "install", "--quiet", "--no-cache-dir", *arguments]
    done = run(command, environment(), capture_output=True, text=True)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr[-200:]]
        stop(f"Packages could not be installed; check the network and pip's index ({said[-1].strip()}).")


def set_up():
    """Make .venv once: the locked packages, then Osteocast itself in place."""
    locked = (ROOT / "requirements.lock").read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    wanted = hashlib.sha256(locked + str(ROOT).encode()).hexdigest()
    stamp = VENV / "set-up-for"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    pip = find_pip()
    print("Setting up .venv (a minute or two, once) ...", flush=True)
    if not PYTHON.exists() or run([PYTHON, "-c", ""], environment()).returncode:
        make = [sys.executable, "-m", "venv", "--without-pip", "--clear", VENV]
        if run(make, environment()).returncode:
            stop("The virtual environment .venv could not be made; Python's venv module is needed.")
    install(pip, ["--requirement", "requirements.lock"])
    install(pip, ["--no-deps", "--no-build-isolation", "--editable", "."])
    stamp.write_text(wanted)


def demo():
    """Forecast one example patient; the report's place is printed last."""
    patient = "examples/patients/breast_lytic_femur.toml"
    code = run_here([BIN / "osteocast", "forecast", patient, "--out", "demo-output"])
    if code == 0:
        print(ROOT / "demo-output" / "report.html")
    return code


def test():
    """Run every check, the later ones too where an earlier one fails."""
    failed = []
    for name, command in CHECKS:
        print(f"== {name}", flush=True)
        failed += [name] if run_here(command) else []
    print("failed: " + ", ".join(failed) if failed else "all checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - the sentence is for those who have an older one
        stop(f"Python 3.11 or later is needed; this is {sys.version.split()[0]}.")
    if sys.argv[1:] not in (["demo"], ["test"]):
        stop("Use `python3 dev.py demo` or `python3 dev.py test`.")
    set_up()
    sys.exit(demo() if sys.argv[1] == "demo" else test())
