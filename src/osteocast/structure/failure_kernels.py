"""Loops over voxels for failure, in the subset of Python that numba compiles; see `compiled_kernels`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Span = tuple[int, int]


def principal_strains(u: Array, nodes: Array, slope: Array, ends: Array, span: Span) -> None:
    """Write the highest and the lowest principal strain at the centre of each voxel into two rows of `ends`.

    `slope` (3, 8) holds the slopes of the nodal functions at the centre [1/mm]. Eigenvalues in closed form (Smith,
    Commun ACM 4 (1961) 168).
    """
    for i in range(span[0], span[1]):
        xx = xy = xz = yx = yy = yz = zx = zy = zz = 0.0
        for k in range(8):
            j = 3 * nodes[i, k]
            sx, sy, sz = slope[0, k], slope[1, k], slope[2, k]
            ux, uy, uz = u[j], u[j + 1], u[j + 2]
            xx += sx * ux
            xy += sy * ux
            xz += sz * ux
            yx += sx * uy
            yy += sy * uy
            yz += sz * uy
            zx += sx * uz
            zy += sy * uz
            zz += sz * uz
        p, q, r = (yz + zy) / 2, (xz + zx) / 2, (xy + yx) / 2
        mean = (xx + yy + zz) / 3
        a, b, c = xx - mean, yy - mean, zz - mean
        size = np.sqrt((a * a + b * b + c * c + 2 * (p * p + q * q + r * r)) / 6)
        ends[0, i] = mean
        ends[1, i] = mean
        if size > 0:
            third = (a * (b * c - p * p) - r * (r * c - p * q) + q * (r * p - b * q)) / (2 * size * size * size)
            angle = np.arccos(min(max(third, -1.0), 1.0)) / 3
            ends[0, i] = mean + 2 * size * np.cos(angle)
            ends[1, i] = mean + 2 * size * np.cos(angle + 2 * np.pi / 3)


def voxel_work(ends: tuple[Array, Array], shares: Array, nodes: Array, matrix: Array, work: Array, span: Span) -> None:
    """Write the work done on each voxel of modulus 1 between two displacements, by the trapezoid of its forces.

    `shares` (2, cells) of the modulus before and now; `matrix` is the 24 x 24 stiffness of a voxel.
    """
    before, now = ends
    mean, step = np.empty(24), np.empty(24)
    for i in range(span[0], span[1]):
        first, second = shares[0, i] / 2, shares[1, i] / 2
        for k in range(8):
            for a in range(3):
                old, new = before[3 * nodes[i, k] + a], now[3 * nodes[i, k] + a]
                mean[3 * k + a] = first * old + second * new
                step[3 * k + a] = new - old
        total = 0.0
        for a in range(24):
            force = 0.0
            for b in range(24):
                force += matrix[a, b] * mean[b]
            total += step[a] * force
        work[i] = total
