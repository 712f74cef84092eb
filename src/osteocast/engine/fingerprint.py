"""What the compiled kernels depend on, as one key: equations, engine, entries, libraries and processor."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from osteocast.engine.system import System

PACKAGE = "osteocast"
ROOT = Path(__file__).resolve().parent.parent
ENGINE_MODULES = (
    "osteocast.engine.generate",
    "osteocast.engine.stepper",
    "osteocast.engine.namespace",
    "osteocast.models.functions",
    "osteocast.models.symbolic",
)
LIBRARIES = ("numba", "llvmlite", "numpy", "sympy")


def _source(module: str) -> Path | None:
    top, *parts = module.split(".")
    if top == PACKAGE:
        # by its place: asking the import system would load every parent, SymPy among what they import
        place = ROOT.joinpath(*parts)
        files = (place / "__init__.py", place.with_suffix(".py"))
        return next((file for file in files if file.is_file()), None)
    try:
        spec = importlib.util.find_spec(module)
    except (ModuleNotFoundError, ValueError):
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


def _imported(text: str) -> set[str]:
    """Return every name inside this package that a text imports, modules and attributes alike."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {n for n in names if n.split(".")[0] == PACKAGE}


def source_texts(modules: tuple[str, ...]) -> dict[str, str]:
    """Return the text of each module and of every module of this package reachable from it by import."""
    texts: dict[str, str] = {}
    waiting = list(modules)
    seen: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        path = _source(module)
        if path is not None:
            texts[module] = path.read_text(encoding="utf-8")
            waiting.extend(_imported(texts[module]))
    return texts


def traced_from_source(system: System) -> bool:
    """Tell whether the equations are plain functions of this package, identified by their text."""
    return all(
        f.__module__.split(".")[0] == PACKAGE and getattr(sys.modules.get(f.__module__), f.__qualname__, None) is f
        for f in system.functions
    )


def cpu() -> str:
    """Return name and features of this processor, as the compiler sees them."""
    from llvmlite import binding

    return f"{platform.machine()} {binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"


def content_key(system: System, entries: tuple[tuple[str, str, str], ...], generated: str) -> str:
    """Return the key of a kernel module.

    Parameters
    ----------
    system
        The equations.
    entries
        Module, function and signature of each entry.
    generated
        Generated text, or "" where the text of the equations' modules stands for it.
    """
    roots = [*ENGINE_MODULES, *(module for module, _, _ in entries)]
    roots += [signature.removeprefix("example:").rpartition(".")[0] for _, _, signature in entries]
    if not generated:
        roots += [f.__module__ for f in system.functions]
    parts = {
        "equations": [f"{f.__module__}.{f.__qualname__}" for f in system.functions],
        "nonnegative": system.nonnegative,
        "entries": entries,
        "generated": generated,
        "sources": sorted(source_texts(tuple(roots)).items()),
        "libraries": [f"{name} {version(name)}" for name in LIBRARIES],
        "python": sys.version,
        "cpu": cpu(),
    }
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]
