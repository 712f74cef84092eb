"""The kernels of the voxel solver: printed, compiled once for this computer, and kept by content."""

from __future__ import annotations

import ast
import hashlib
import json
import sys
import threading
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from osteocast.engine.cache import load_or_build
from osteocast.engine.fingerprint import cpu
from osteocast.structure import (
    aggregation_kernels,
    block_kernels,
    cell_kernels,
    coarse_kernels,
    element,
    failure_kernels,
)

HEADER = '''"""Kernels of the voxel solver, put together by osteocast.structure; do not edit."""
from __future__ import annotations
import llvmlite.binding
# One check more than the default is needed to see that rows of scratch do not overlap.
llvmlite.binding.set_option("osteocast", "-runtime-memory-check-threshold=400")
import numpy as np
from numba import njit
from osteocast.structure.cell_kernels import BATCH, LEFT, RIGHT, STRIDE
from osteocast.structure.block_kernels import Blocks

compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})
summed = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp", "reassoc"})

'''
SOURCES = (cell_kernels, coarse_kernels, aggregation_kernels, failure_kernels)
REPLACED = "element_forces"
SUMMED = "def dot("
"""Only long sums may be reordered by the compiler; short ones become slower."""
LIBRARIES = ("numba", "llvmlite", "numpy")

_loaded: list[ModuleType] = []
_lock = threading.RLock()


def _functions(module: ModuleType) -> list[str]:
    """Return the text of every function of a module, without those that a printed one replaces."""
    text = Path(str(module.__file__)).read_text(encoding="utf-8")
    found = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name != REPLACED:
            node.returns = None
            for argument in node.args.args:
                argument.annotation = None
            found.append(ast.unparse(node))
    return found


def kernel_text() -> str:
    """Return the text of the module of kernels."""
    printed = [element.kernel_text(), *block_kernels.kernel_texts()]
    parts = [*printed, *(text for module in SOURCES for text in _functions(module))]
    marks = ["summed" if part.startswith(SUMMED) else "compiled" for part in parts]
    return HEADER + "\n".join(f"@{mark}\n{part}\n" for mark, part in zip(marks, parts, strict=True))


def kernels() -> Any:
    """Return the module of compiled kernels; compiled at the first call on this computer, which takes a minute."""
    with _lock:
        if not _loaded:
            text = kernel_text()
            parts = [text, [version(name) for name in LIBRARIES], sys.version, cpu()]
            parts += [Path(str(module.__file__)).read_text(encoding="utf-8") for module in SOURCES]
            key = "voxels-" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]
            module = load_or_build(key, lambda: text, _compile)[0]
            _seal(module)
            _loaded.append(module)
        return _loaded[0]


def dispatchers(module: Any) -> dict[str, Any]:
    """Return the compiled functions of a module of kernels by name."""
    return {name: f for name, f in vars(module).items() if hasattr(f, "py_func")}


def _seal(module: ModuleType) -> None:
    """Keep what is compiled later, for types that `_compile` does not know, out of the cache.

    It would change files whose digests the manifest holds, and the next process would take them for damaged.
    """
    for kernel in dispatchers(module).values():
        kernel._cache.save_overload = _keep_nothing


def _keep_nothing(_signature: Any, _compiled: Any) -> None:
    """Take the place of numba's saving to disk."""


def _compile(module: ModuleType) -> None:
    """Run a small problem through the module, so that every kernel is compiled with the types that are used."""
    from osteocast.structure.aggregation import Aggregation, rigid_motions
    from osteocast.structure.boundary import clamp_face, join
    from osteocast.structure.solver import VoxelSolver
    from osteocast.structure.voxel_model import VoxelModel
    from osteocast.structure.workers import Workers

    _loaded.append(module)
    try:
        model = VoxelModel(np.ones((12, 12, 12)), (1.0, 1.0, 1.0), 0.3)
        ends = join(clamp_face(model, "z", 0), clamp_face(model, "z", 1, (0.0, 0.0, -0.06)))
        solver = VoxelSolver(model, ends)
        solver.solve()
        # A model this small has no levels of aggregation; these kernels are compiled by levels of a few groups.
        at = solver.grid.two.grid.at
        below = Aggregation(solver.grid.patterns[1], rigid_motions(at, np.ones(at.size)), Workers(1), dense=12)
        below.cycle(np.ones(at.size, np.float32))
        u, nodes = np.zeros(24), np.zeros((1, 8), np.int32)
        module.principal_strains(u, nodes, np.zeros((3, 8)), np.zeros((2, 1)), (0, 1))
        module.voxel_work((u, u), np.zeros((2, 1)), nodes, np.zeros((24, 24)), np.zeros(1), (0, 1))
    finally:
        _loaded.clear()
