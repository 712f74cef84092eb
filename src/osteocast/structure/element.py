"""The trilinear box element in the Walsh-Hadamard basis, and the kernel that is printed from it.

Sums and differences of the eight nodal values along x, y and z split the 24 x 24 stiffness of an isotropic box
voxel into small blocks: 45 entries remain. The element matrix is that of full 2 x 2 x 2 Gauss integration, which is
exact here. Source of the element: Zienkiewicz and Taylor, The Finite Element Method, any edition (trilinear brick).
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Spacing = tuple[float, float, float]

BATCH = 128
"""Cells worked on at once; the scratch of one batch stays in the first-level cache."""

STRIDE = BATCH + 16
"""Length of one row of scratch."""

CORNERS = np.array([[k & 1, k >> 1 & 1, k >> 2] for k in range(8)])
"""Offsets along x, y, z of the eight nodes of a cell, x fastest."""

WALSH = np.array([[np.prod(np.where(CORNERS[k] == 1, 2 * CORNERS[c] - 1, 1)) for c in range(8)] for k in range(8)])
"""Row k holds the signs with which the nodes enter mode k; bit a of k set: a difference along axis a."""


def elasticity(poisson: float) -> Floats:
    """Return the 6 x 6 matrix of stress per engineering strain (xx, yy, zz, yz, zx, xy) for modulus 1."""
    lame = poisson / ((1 + poisson) * (1 - 2 * poisson))
    shear = 0.5 / (1 + poisson)
    matrix = np.zeros((6, 6))
    matrix[:3, :3] = lame
    matrix[range(6), range(6)] = [lame + 2 * shear] * 3 + [shear] * 3
    return matrix


def strain_matrix(point: Floats, spacing: Spacing) -> Floats:
    """Return the 6 x 24 matrix of strain per nodal displacement [1/mm] at `point` in (-1, 1)^3."""
    sign = 2 * CORNERS - 1
    factor = 1 + sign * point
    slope = np.stack([sign[:, a] * np.prod(np.delete(factor, a, 1), 1) / (4 * spacing[a]) for a in range(3)], 1)
    matrix = np.zeros((6, 24))
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        matrix[a, a::3] = slope[:, a]
        matrix[3 + a, b::3] = slope[:, c]
        matrix[3 + a, c::3] = slope[:, b]
    return matrix


def stiffness(poisson: float, spacing: Spacing) -> Floats:
    """Return the 24 x 24 stiffness [mm] of a box voxel of modulus 1; dof 3 * corner + component."""
    law, root = elasticity(poisson), 3**-0.5
    total = np.zeros((24, 24))
    for point in product((-root, root), repeat=3):
        b = strain_matrix(np.array(point), spacing)
        total += b.T @ law @ b * (np.prod(spacing) / 8)
    return total


def spectrum(poisson: float, spacing: Spacing) -> Floats:
    """Return the stiffness between Walsh modes; mode 3 * k + component. ``f = W.T @ spectrum @ (W @ u)``."""
    walsh = np.kron(WALSH, np.eye(3))
    result: Floats = walsh @ stiffness(poisson, spacing) @ walsh.T / 64
    return result


@cache
def pattern() -> tuple[tuple[int, int], ...]:
    """Return the places of the spectrum that are not zero for every voxel; they are the same for any box."""
    general = spectrum(0.29, (1.0, 1.3, 0.7))
    rows, columns = np.nonzero(np.abs(general) > 1e-12 * np.abs(general).max())
    return tuple(zip(rows.tolist(), columns.tolist(), strict=True))


def coefficients(poisson: float, spacing: Spacing) -> Floats:
    """Return the entries of the spectrum at `pattern` [mm]."""
    whole = spectrum(poisson, spacing)
    return np.array([whole[place] for place in pattern()])


def largest_eigenvalue(poisson: float, spacing: Spacing) -> float:
    """Return a bound of the eigenvalues of the operator scaled by its diagonal, for any set of voxels.

    The operator is a sum over cells and so is its diagonal, so that the largest ratio of one cell bounds all.
    """
    matrix = stiffness(poisson, spacing)
    root = 1 / np.sqrt(np.diag(matrix))
    return float(np.linalg.eigvalsh(matrix * root[:, None] * root)[-1])


def _stage(lines: list[str], names: dict[int, str], bit: int, prefix: str) -> dict[int, str]:
    """Print sums and differences of pairs that differ in one bit; ``prefix`` keeps the names apart."""
    result = {}
    for low in sorted(k for k in names if not k >> bit & 1):
        high = low | 1 << bit
        result[low], result[high] = f"{prefix}{low}", f"{prefix}{high}"
        lines.append(f"{result[low]} = {names[high]} + {names[low]}")
        lines.append(f"{result[high]} = {names[high]} - {names[low]}")
    return result


def _back(lines: list[str], names: dict[int, str], bit: int, prefix: str) -> dict[int, str]:
    """Print the transpose of a stage: high = sum + difference, low = sum - difference."""
    result = {}
    for low in sorted(k for k in names if not k >> bit & 1):
        high = low | 1 << bit
        result[low], result[high] = f"{prefix}{low}", f"{prefix}{high}"
        plus = [names[k] for k in (low, high) if names[k] != "0"]
        lines.append(f"{result[high]} = {' + '.join(plus) or 'e * 0'}")
        minus = f"{names[low]} - {names[high]}" if names[low] != "0" else f"-{names[high]}"
        lines.append(f"{result[low]} = {minus if names[high] != '0' else names[low]}")
    return result


def _products(lines: list[str], modes: list[dict[int, str]]) -> list[dict[int, str]]:
    """Print the forces of the modes: modulus times the entries of the spectrum times the modes."""
    rows: dict[int, list[str]] = {}
    for place, (row, column) in enumerate(pattern()):
        rows.setdefault(row, []).append(f"c{place} * {modes[column % 3][column // 3]}")
    forces: list[dict[int, str]] = [dict.fromkeys(range(8), "0") for _ in range(3)]
    for row, terms in rows.items():
        name = f"g{row}"
        lines.append(f"{name} = e * ({' + '.join(terms)})")
        forces[row % 3][row // 3] = name
    return forces


def kernel_text() -> str:
    """Return the function ``element_forces(w, modulus, c)`` as text.

    Scratch `w` is one vector, so that the compiler sees that rows never overlap: twelve rows of displacements
    (3 * node row + component; node row = y bit + 2 * z bit), then twelve rows of forces on left nodes and twelve
    on right nodes, the latter shifted by one.
    """
    lines: list[str] = []
    modes = []
    for a in range(3):
        names = {}
        for row in range(4):
            at = (3 * row + a) * STRIDE
            names[2 * row], names[2 * row + 1] = f"w[{at} + i]", f"w[{at + 1} + i]"
        for bit in range(3):
            names = _stage(lines, names, bit, f"{'xyz'[bit]}{a}_")
        modes.append(names)
    forces = _products(lines, modes)
    for a in range(3):
        names = forces[a]
        for bit in (2, 1, 0):
            names = _back(lines, names, bit, f"{'pqr'[bit]}{a}_")
        for row in range(4):
            at = (12 + 3 * row + a) * STRIDE
            lines.append(f"w[{at} + i] = {names[2 * row]}")
            lines.append(f"w[{at + 12 * STRIDE + 1} + i] = {names[2 * row + 1]}")
    head = ["def element_forces(w, modulus, c):"]
    head += [f"    c{place} = c[{place}]" for place in range(len(pattern()))]
    head += ["    for i in range(modulus.size):", "        e = modulus[i]"]
    return "\n".join([*head, *(f"        {line}" for line in lines)]) + "\n"
