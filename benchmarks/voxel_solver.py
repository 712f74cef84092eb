"""Voxel solver beside other engines on one porous cube: ``python benchmarks/voxel_solver.py 64 --peers PYTHON``.

Each engine runs in a process of its own, on one core, to a relative residual of 1e-6, from the moduli to the force
on the moved end. `PYTHON` is an interpreter outside this project that has the packages parosol-py and pyamg.
CalculiX: ``ccx`` on the path, with the writing of its text input. Engines that are not there are left out and named.
CPU seconds count beside wall clock, for a busy computer; the ratios are of CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

FILL, WAVE, SEED = 0.3, 16.0, 7
STRAIN = -0.01
Floats = NDArray[np.float64]


def porous_cube(n: int) -> NDArray[np.bool_]:
    """Return the largest connected part of a random field of one wavelength, 30 % full."""
    noise = np.random.default_rng(SEED).standard_normal((n, n, n)).astype(np.float32)
    axis = np.fft.fftfreq(n).astype(np.float32)
    k = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    field = np.fft.ifftn(np.fft.fftn(noise) * np.exp(-(((k - 1 / WAVE) / 0.012) ** 2))).real
    label, _ = ndimage.label(field > np.quantile(field, 1 - FILL))
    return np.asarray(label == np.argmax(np.bincount(label.ravel())[1:]) + 1)


class Line(NamedTuple):
    """What one engine needed and found."""

    wall: float
    cpu: float
    megabytes: float
    iterations: str
    force: float


def spent(children: bool) -> tuple[float, float]:
    """Return CPU seconds and the largest memory [MB] of this process or of its children."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN if children else resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def ours(mask: NDArray[np.bool_], threads: int = 1) -> Line:
    """Solve with this project."""
    from osteocast.structure.boundary import clamp_face, join
    from osteocast.structure.compiled_kernels import kernels
    from osteocast.structure.solver import Settings, VoxelSolver
    from osteocast.structure.voxel_model import VoxelModel

    kernels()
    model = VoxelModel(mask.astype(np.float32), (1.0, 1.0, 1.0))
    height = mask.shape[0]
    ends = join(clamp_face(model, "z", 0), clamp_face(model, "z", 1, (0.0, 0.0, STRAIN * height)))
    wall, before = time.perf_counter(), spent(False)[0]
    solution = VoxelSolver(model, ends, Settings(threads=threads)).solve()
    wall = time.perf_counter() - wall
    cpu, memory = spent(False)
    force = float(solution.reaction[(ends.component == 2) & (ends.value != 0)].sum())
    steps = f"{solution.iterations} ({solution.seconds[0]:.2f} + {solution.seconds[1]:.2f} s)"
    return Line(wall, cpu - before, memory, steps, force)


def assembled(mask: NDArray[np.bool_]) -> tuple[sparse.csr_matrix, Floats, NDArray[np.bool_], NDArray[np.int64]]:
    """Return matrix, displacement of the ends, free dofs and nodes in use, from a plain assembly."""
    from osteocast.structure.element import stiffness

    n = mask.shape[0]
    node = np.arange((n + 1) ** 3).reshape((n + 1,) * 3)
    corner = [node[c : c + n, b : b + n, a : a + n][mask] for c, b, a in product((0, 1), repeat=3)]
    used, place = np.unique(np.stack(corner, 1), return_inverse=True)
    dof = (3 * place.reshape(-1, 8)[:, :, None] + np.arange(3)).reshape(-1, 24).astype(np.int32)
    rows, columns = np.repeat(dof, 24, 1).ravel(), np.tile(dof, (1, 24)).ravel()
    values = np.tile(stiffness(0.3, (1.0, 1.0, 1.0)).ravel(), dof.shape[0])
    matrix = sparse.coo_matrix((values, (rows, columns)), shape=(3 * used.size,) * 2).tocsr()
    z = used // (n + 1) ** 2
    u = np.zeros((used.size, 3))
    u[z == n, 2] = STRAIN * n
    free = np.repeat((z > 0) & (z < n), 3)
    return matrix, u.ravel(), free, used


def rigid_motions(nodes: NDArray[np.int64], n: int) -> Floats:
    """Return the six rigid motions of nodes, which pyamg needs for elasticity."""
    z, y, x = np.unravel_index(nodes, (n + 1,) * 3)
    zero, one = np.zeros(nodes.size), np.ones(nodes.size)
    shifts = [[one, zero, zero], [zero, one, zero], [zero, zero, one]]
    turns = [[zero, -z, y], [z, zero, -x], [-y, x, zero]]
    return np.stack([np.stack(m, 1).ravel() for m in [*shifts, *turns]], 1)


def amg(mask: NDArray[np.bool_]) -> Line:
    """Assemble with scipy and solve with pyamg: smoothed aggregation with rigid motions, conjugate gradients."""
    import pyamg

    wall, before = time.perf_counter(), spent(False)[0]
    matrix, u, free, nodes = assembled(mask)
    inner = matrix[free][:, free].tobsr((3, 3))
    near = rigid_motions(nodes, mask.shape[0])[free]
    solver = pyamg.smoothed_aggregation_solver(inner, B=near, smooth=("jacobi", {"omega": 4 / 3}))
    steps: list[float] = []
    u[free] = solver.solve(-(matrix @ u)[free], tol=1e-6, accel="cg", residuals=steps)
    wall = time.perf_counter() - wall
    force = (u @ (matrix @ u)) / (STRAIN * mask.shape[0])
    cpu, memory = spent(False)
    return Line(wall, cpu - before, memory, str(len(steps) - 1), float(force))


def parosol(mask: NDArray[np.bool_]) -> Line:
    """Solve with ParOSol, one process."""
    from parosol_py import solve

    before = spent(False)[0]
    with tempfile.TemporaryDirectory() as folder:
        wall = time.perf_counter()
        result = solve(
            material=mask.astype(np.float32),
            spacing=(1.0, 1.0, 1.0),
            material_unit="MPa",
            test="axial",
            test_axis="z",
            strain=STRAIN,
            outputs=("sed",),
            export_dir=folder,
            tolerance=1e-6,
        )
        wall = time.perf_counter() - wall
    own, inside = spent(False), spent(True)
    force = result.diagnostics["mechanics"]["reaction_force"]["z"]
    return Line(wall, own[0] - before + inside[0], inside[1], str(result.summary.run.iterations), float(force))


def calculix(mask: NDArray[np.bool_]) -> Line:
    """Write the text model and run CalculiX."""
    n = mask.shape[0]
    node = np.arange(1, (n + 1) ** 3 + 1).reshape((n + 1,) * 3)
    order = [(0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0)]
    cells = np.stack([node[c : c + n, b : b + n, a : a + n][mask] for c, b, a in order], 1)
    nodes = np.unique(cells)
    z, y, x = np.unravel_index(nodes - 1, node.shape)
    before = spent(False)[0]
    with tempfile.TemporaryDirectory() as folder:
        wall = time.perf_counter()
        with (Path(folder) / "cube.inp").open("w", encoding="utf-8") as file:
            file.write("*NODE\n")
            np.savetxt(file, np.stack([nodes, x, y, z], 1), "%d", ",")
            file.write("*ELEMENT, TYPE=C3D8, ELSET=ALL\n")
            np.savetxt(file, np.column_stack([np.arange(1, cells.shape[0] + 1), cells]), "%d", ",")
            for name, chosen in (("LOW", nodes[z == 0]), ("HIGH", nodes[z == n])):
                file.write(f"*NSET, NSET={name}\n")
                np.savetxt(file, chosen, "%d")
            file.write("*MATERIAL, NAME=M\n*ELASTIC\n1., 0.3\n*SOLID SECTION, ELSET=ALL, MATERIAL=M\n")
            file.write("*STEP\n*STATIC, SOLVER=ITERATIVE SCALING\n*BOUNDARY\nLOW, 1, 3, 0.\nHIGH, 1, 2, 0.\n")
            file.write(f"HIGH, 3, 3, {STRAIN * n}\n*NODE PRINT, NSET=HIGH, TOTALS=ONLY\nRF\n*END STEP\n")
        subprocess.run(["ccx", "cube"], cwd=folder, capture_output=True, check=False)
        wall = time.perf_counter() - wall
        answer = (Path(folder) / "cube.dat").read_text(encoding="utf-8").split()
    own, inside = spent(False), spent(True)
    return Line(wall, own[0] - before + inside[0], inside[1], "?", float(answer[-1]))


ENGINES = {"osteocast": ours, "pyamg": amg, "calculix": calculix, "parosol": parosol}
OUTSIDE = ("pyamg", "parosol")
"""Engines that run in the Python of the peers."""


def run(engine: str, size: int, python: str) -> Line | str:
    """Run one engine alone; return its line, or why there is none."""
    if engine == "calculix" and shutil.which("ccx") is None:
        return "ccx is not on the path"
    if engine in OUTSIDE and not python:
        return "no --peers given"
    source = Path(__file__).resolve().parents[1] / "src"
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    root = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    environment = os.environ | threads | root | {"PYTHONPATH": str(source)}
    command = [python if engine in OUTSIDE else sys.executable, __file__, str(size), "--engine", engine]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    found = re.search(r"LINE (.*)", done.stdout)
    return Line(*json.loads(found[1])) if found else f"failed: {done.stderr[-500:]}"


def main() -> None:
    """Run the engines that are there, one after another, and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", type=int, nargs="?", default=64)
    parser.add_argument("--peers", default="", help="a Python that has parosol-py and pyamg")
    parser.add_argument("--only", default=",".join(ENGINES))
    parser.add_argument("--engine", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.engine:
        print("LINE", json.dumps(ENGINES[chosen.engine](porous_cube(chosen.size))))
        return
    print(f"{chosen.size}^3, {porous_cube(chosen.size).sum()} voxels")
    first: Line | None = None
    for engine in chosen.only.split(","):
        line = run(engine, chosen.size, chosen.peers)
        if isinstance(line, str):
            print(f"{engine:10} {line}", flush=True)
            continue
        first = first or line
        text = f"{line.wall:8.2f} s wall {line.cpu:8.2f} s CPU {line.megabytes:6.0f} MB  force {line.force:.8g} N"
        beside = f"{line.cpu / first.cpu:5.1f} times, force {line.force / first.force - 1:+.1e}"
        print(f"{engine:10} {text}  {beside}  iterations {line.iterations}", flush=True)


if __name__ == "__main__":
    main()
