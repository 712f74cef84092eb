"""Real trabecular bone whose answer two other programs gave (TRAB_1240, MIT licence, read from beside the project)."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from tests.unit.structure.voxel_cases import compression, largest_part, top_force

from osteocast.structure.solver import Settings, VoxelSolver
from osteocast.structure.voxel_model import VoxelModel

REACTION = -71.5189
"""Published reference: 10 GPa, Poisson's ratio 0.3, clamped ends, -1 % [N]."""


@pytest.mark.slow
def test_trabecular_cube_gives_the_reference_reaction(shared_dir: Path) -> None:
    file = shared_dir / "reference" / "ct" / "vtkbone" / "TRAB_1240_seg.nii.gz"
    data = gzip.decompress(file.read_bytes())
    nx, ny, nz = np.frombuffer(data, "<i2", 3, 42)
    spacing = np.frombuffer(data, "<f4", 3, 80).astype(float)
    mask = np.frombuffer(data, np.uint8, int(nx) * int(ny) * int(nz), 352).reshape(nz, ny, nx) > 0
    model = VoxelModel(largest_part(mask) * 1e4, (float(spacing[0]), float(spacing[1]), float(spacing[2])))
    ends = compression(model)
    solution = VoxelSolver(model, ends, Settings(tolerance=1e-7)).solve()
    assert solution.cell.size == 179_421
    assert solution.node.size == 334_817
    assert top_force(ends, solution.reaction) == pytest.approx(REACTION, rel=1e-5)
    loose = VoxelSolver(model, ends).solve()
    assert loose.iterations <= 60
