"""The kernels are compiled once for all types that solving uses, and nothing later changes what is kept."""

from __future__ import annotations

import subprocess
import sys

SOLVE = """
import numpy as np
from tests.unit.structure.voxel_cases import compression, porous
from osteocast.engine.cache import _intact
from osteocast.structure import compiled_kernels
from osteocast.structure.boundary import Prescribed
from osteocast.structure.solver import Settings, VoxelSolver
from osteocast.structure.voxel_model import VoxelModel
from pathlib import Path

module = compiled_kernels.kernels()
for threads, kind, shape in ((1, np.float32, (32, 30, 28)), (2, np.float64, (5, 4, 3))):
    solid = porous(shape, wave=8, fill=0.8) if shape[0] > 9 else np.ones(shape, bool)
    modulus = np.asfortranarray(solid * 1000.0).astype(kind)
    modulus.flags.writeable = False
    model = VoxelModel(modulus, (1.0, 1.0, 1.3))
    ends = compression(model)
    ends = Prescribed(ends.node.astype(np.int32), ends.component.astype(np.int8), ends.value)
    solver = VoxelSolver(model, ends, Settings(threads=threads))
    solution = solver.solve()
    solver.set_modulus(modulus * kind(0.5))
    push = Prescribed(solution.node[-3:], np.array([0, 1, 2]), np.array([0.1, 0.2, 0.3]))
    solver.solve(start=solution, forces=push)
kernels = compiled_kernels.dispatchers(module)
print([name for name, kernel in kernels.items() if kernel.stats.cache_misses])
kernels["put_zero"](np.ones(3, np.float16).astype(np.int16), np.array([1], np.uint8))
print(sum(kernels["put_zero"].stats.cache_misses.values()), _intact(Path(module.__file__).parent))
"""


def test_solving_compiles_nothing_and_the_cache_stays_as_it_is() -> None:
    from osteocast.structure.compiled_kernels import kernels

    kernels()  # builds the cache if it is not there
    run = subprocess.run([sys.executable, "-c", SOLVE], capture_output=True, text=True, check=False)
    assert run.stdout.split("\n")[:2] == ["[]", "1 True"], run.stderr
