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
BIN = VENV / "bin"
PYTHON = BIN / "python"
VAR = VENV / "var"
STAMP = VENV / "set-up-for"
CHECKS = (
    ("ruff", [str(BIN / "ruff"), "check", "."]),
    ("mypy", [str(BIN / "mypy")]),
    ("import-linter", [str(BIN / "lint-imports"), "--no-cache"]),
    ("pytest", [str(BIN / "pytest"), "-n", "2", "--basetemp", str(VAR / "pytest")]),
)


def stop(sentence):
    """End with one sentence and exit code 1."""
    print(sentence, file=sys.stderr)
    raise SystemExit(1)


def clean_environment():
    """Return the environment without what could redirect an installation elsewhere."""
    dropped = (
        "PYTHONPATH",
        "PYTHONHOME",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_USER",
        "PIP_PYTHON",
        "VIRTUAL_ENV",
    )
    kept = {key: value for key, value in os.environ.items() if key not in dropped}
    return dict(kept, PYTHONNOUSERSITE="1", PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1")


def run_environment():
    """Return the environment for Osteocast itself: every cache and settings folder inside .venv/var."""
    places = {
        "HOME": "home",
        "XDG_CACHE_HOME": "cache",
        "OSTEOCAST_CACHE": "kernels",
        "MPLCONFIGDIR": "matplotlib",
    }
    for folder in places.values():
        (VAR / folder).mkdir(parents=True, exist_ok=True)
    own = {key: str(VAR / folder) for key, folder in places.items()}
    return dict(clean_environment(), **own, PATH=str(BIN) + os.pathsep + os.environ.get("PATH", os.defpath))


def find_pip():
    """Return the command of a pip that can install into another environment (22.3 or later)."""
    for command in ([sys.executable, "-m", "pip"], ["pip3"], ["pip"]):
        try:
            done = subprocess.run(
                [*command, "--version"], capture_output=True, text=True, env=clean_environment()
            )
        except OSError:
            continue
        version = re.match(r"pip (\d+)\.(\d+)", done.stdout)
        if done.returncode == 0 and version and (int(version[1]), int(version[2])) >= (22, 3):
            return command
    return stop(
        "pip 22.3 or later is needed and none was found: install it (on Debian: apt install python3-pip)."
    )


def install(pip, arguments):
    """Run one pip installation into .venv, or stop with what pip said last."""
    command = [*pip, "--python", str(PYTHON), "install", "--quiet", "--no-cache-dir", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr[-200:]]
        stop(
            f"The packages could not be installed; check the network and the package index ({said[-1].strip()})."
        )


def set_up():
    """Make .venv once: the locked packages, then Osteocast itself in place."""
    locked = (ROOT / "requirements.lock").read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    wanted = hashlib.sha256(locked + str(ROOT).encode()).hexdigest()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted:
        return
    pip = find_pip()
    print("Setting up .venv (a minute or two, once) ...", flush=True)
    if not PYTHON.exists() or subprocess.run([str(PYTHON), "-c", ""], capture_output=True).returncode:
        made = subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(VENV)])
        if made.returncode:
            stop("The virtual environment .venv could not be made: Python's venv module is needed.")
    install(pip, ["--requirement", "requirements.lock"])
    install(pip, ["--no-deps", "--no-build-isolation", "--editable", "."])
    STAMP.write_text(wanted)


def demo():
    """Forecast one example patient; the report's place is printed last."""
    patient = "examples/patients/breast-lytic-femur.toml"
    command = [str(BIN / "osteocast"), "forecast", patient, "--out", "demo-output"]
    code = subprocess.run(command, cwd=ROOT, env=run_environment()).returncode
    if code == 0:
        print(ROOT / "demo-output" / "report.html")
    return code


def test():
    """Run every check, the later ones too where an earlier one fails."""
    VAR.mkdir(exist_ok=True)
    failed = []
    for name, command in CHECKS:
        print(f"== {name}", flush=True)
        if subprocess.run(command, cwd=ROOT, env=run_environment()).returncode:
            failed.append(name)
    print("failed: " + ", ".join(failed) if failed else "all checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.version_info < (3, 11):
        stop(f"Python 3.11 or later is needed; this is {sys.version.split()[0]}.")
    if len(sys.argv) != 2 or sys.argv[1] not in ("demo", "test"):
        stop("Use `python3 dev.py demo` or `python3 dev.py test`.")
    set_up()
    sys.exit(demo() if sys.argv[1] == "demo" else test())
