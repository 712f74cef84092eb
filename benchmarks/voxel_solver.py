"""Voxel solver beside other engines on one porous cube: ``python benchmarks/voxel_solver.py 64``.

Each engine runs alone, on one core, to a relative residual of 1e-6. Engines that are not installed are left out and
named. ParOSol: ``--parosol PYTHON`` names a Python outside this project that has the package parosol-py.
CalculiX: ``ccx`` on the path. pyamg: the package in this Python.
"""

from __future__ import annotations

import argparse
import importlib.util
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

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

FILL, WAVE, SEED = 0.3, 16.0, 7
STRAIN = -0.01
PAROSOL = """
import json, resource, sys, time, numpy as np
from parosol_py import solve
m = np.load(sys.argv[1])
began = time.perf_counter()
r = solve(material=m, spacing=(1.0, 1.0, 1.0), material_unit="MPa", test="axial", test_axis="z", strain=-0.01,
          outputs=("sed",), export_dir=sys.argv[2], tolerance=1e-6)
print("WALL", time.perf_counter() - began)
print("MB", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
print(r.summary)
"""


def porous_cube(n: int) -> NDArray[np.bool_]:
    """Return the largest connected part of a random field of one wavelength, 30 % full."""
    noise = np.random.default_rng(SEED).standard_normal((n, n, n)).astype(np.float32)
    axis = np.fft.fftfreq(n).astype(np.float32)
    k = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    field = np.fft.ifftn(np.fft.fftn(noise) * np.exp(-(((k - 1 / WAVE) / 0.012) ** 2))).real
    label, _ = ndimage.label(field > np.quantile(field, 1 - FILL))
    return np.asarray(label == np.argmax(np.bincount(label.ravel())[1:]) + 1)


def ours(mask: NDArray[np.bool_]) -> str:
    """Solve with this project and return one line."""
    from osteocast.structure.boundary import clamp_face, join
    from osteocast.structure.compiled_kernels import kernels
    from osteocast.structure.solver import Settings, VoxelSolver
    from osteocast.structure.voxel_model import VoxelModel

    kernels()
    model = VoxelModel(mask.astype(float), (1.0, 1.0, 1.0))
    height = mask.shape[0]
    ends = join(clamp_face(model, "z", 0), clamp_face(model, "z", 1, (0.0, 0.0, STRAIN * height)))
    wall, cpu = time.perf_counter(), time.process_time()
    solution = VoxelSolver(model, ends, Settings()).solve()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    force = solution.reaction[(ends.component == 2) & (ends.value != 0)].sum()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{wall:8.2f} s wall {cpu:8.2f} s CPU {memory:6.0f} MB {solution.iterations:4d} it  force {force:.7g} N"


def assembled(mask: NDArray[np.bool_]) -> tuple[sparse.csr_matrix, NDArray[np.float64], NDArray[np.bool_]]:
    """Return matrix, displacement of the ends and free dofs, from a plain assembly of the nodes in use."""
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
    return matrix, u.ravel(), free


def amg(mask: NDArray[np.bool_]) -> str:
    """Solve with scipy and pyamg."""
    if importlib.util.find_spec("pyamg") is None:
        return "not installed"
    import pyamg

    wall = time.perf_counter()
    matrix, u, free = assembled(mask)
    inner = matrix[free][:, free].tobsr((3, 3))
    solver = pyamg.smoothed_aggregation_solver(inner, B=np.tile(np.eye(3), (inner.shape[0] // 3, 1)))
    residuals: list[float] = []
    u[free] = solver.solve(-(matrix @ u)[free], tol=1e-6, accel="cg", residuals=residuals)
    return f"{time.perf_counter() - wall:8.2f} s wall {len(residuals) - 1:4d} it  energy {u @ (matrix @ u) / 2:.7g}"


def parosol(mask: NDArray[np.bool_], python: str) -> str:
    """Solve with ParOSol in its own environment."""
    if not python:
        return "not installed"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "material.npy"
        np.save(file, mask.astype(np.float32))
        environment = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        environment.pop("PYTHONPATH", None)
        command = [python, "-c", PAROSOL, str(file), folder]
        run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    wall = re.search(r"WALL ([\d.]+)", run.stdout)
    return f"{float(wall[1]):8.2f} s wall  {run.stdout[-700:]}" if wall else f"failed: {run.stderr[-300:]}"


def calculix(mask: NDArray[np.bool_], solver: str) -> str:
    """Write the text model, run CalculiX and return one line."""
    if shutil.which("ccx") is None:
        return "not installed"
    n = mask.shape[0]
    node = np.arange(1, (n + 1) ** 3 + 1).reshape((n + 1,) * 3)
    order = [(0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0)]
    cells = np.stack([node[c : c + n, b : b + n, a : a + n][mask] for c, b, a in order], 1)
    used = np.unique(cells)
    z, y, x = np.unravel_index(used - 1, node.shape)
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "cube.inp").open("w", encoding="utf-8") as file:
        wall = time.perf_counter()
        file.write("*NODE\n")
        np.savetxt(file, np.stack([used, x, y, z], 1), "%d", ",")
        file.write("*ELEMENT, TYPE=C3D8, ELSET=ALL\n")
        np.savetxt(file, np.column_stack([np.arange(1, cells.shape[0] + 1), cells]), "%d", ",")
        for name, chosen in (("LOW", used[z == 0]), ("HIGH", used[z == n])):
            file.write(f"*NSET, NSET={name}\n")
            np.savetxt(file, chosen, "%d")
        file.write("*MATERIAL, NAME=M\n*ELASTIC\n1., 0.3\n*SOLID SECTION, ELSET=ALL, MATERIAL=M\n")
        file.write(f"*STEP\n*STATIC, SOLVER={solver}\n*BOUNDARY\nLOW, 1, 3, 0.\nHIGH, 1, 2, 0.\n")
        file.write(f"HIGH, 3, 3, {STRAIN * n}\n*NODE PRINT, NSET=HIGH, TOTALS=ONLY\nRF\n*END STEP\n")
        file.close()
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        subprocess.run(["ccx", "cube"], cwd=folder, capture_output=True, env=environment, check=False)
        wall = time.perf_counter() - wall
        answer = (Path(folder) / "cube.dat").read_text(encoding="utf-8").split()
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return f"{wall:8.2f} s wall {memory:6.0f} MB  force {answer[-1]} N"


def main() -> None:
    """Run the engines that are there, one after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", type=int, nargs="?", default=64)
    parser.add_argument("--parosol", default="", help="a Python that has parosol-py")
    parser.add_argument("--only", default="ours,calculix,amg,parosol")
    chosen = parser.parse_args()
    mask = porous_cube(chosen.size)
    print(f"{chosen.size}^3, {mask.sum()} voxels, python {sys.version.split()[0]}")
    wanted = chosen.only.split(",")
    if "ours" in wanted:
        print("osteocast          ", ours(mask), flush=True)
    if "amg" in wanted:
        print("scipy + pyamg      ", amg(mask), flush=True)
    if "calculix" in wanted:
        print("CalculiX iterative ", calculix(mask, "ITERATIVE SCALING"), flush=True)
    if "parosol" in wanted:
        print("ParOSol            ", parosol(mask, chosen.parosol), flush=True)


if __name__ == "__main__":
    main()
