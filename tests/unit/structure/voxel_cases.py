"""Voxel models that several tests use."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from osteocast.structure import element
from osteocast.structure.boundary import Prescribed, clamp_face, join
from osteocast.structure.voxel_model import VoxelModel


def largest_part(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    label, _ = ndimage.label(mask)
    return np.asarray(label == np.argmax(np.bincount(label.ravel())[1:]) + 1)


def porous(shape: tuple[int, int, int], seed: int = 7, wave: float = 12.0, fill: float = 0.3) -> NDArray[np.bool_]:
    """Random porous structure of one wavelength [voxels], its largest connected part."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    axes = [np.fft.fftfreq(n) for n in shape]
    k = np.sqrt(sum(a**2 for a in np.meshgrid(*axes, indexing="ij")))
    field = np.fft.ifftn(np.fft.fftn(noise) * np.exp(-(((k - 1 / wave) / 0.012) ** 2))).real
    return largest_part(field > np.quantile(field, 1 - fill))


def compression(model: VoxelModel, strain: float = -0.01) -> Prescribed:
    """Clamp the low end and press the high end along z."""
    height = model.modulus.shape[0] * model.spacing[2]
    return join(clamp_face(model, "z", 0), clamp_face(model, "z", 1, (0.0, 0.0, strain * height)))


def top_force(constraints: Prescribed, reaction: NDArray[np.float64]) -> float:
    """Sum of the forces along z on the nodes that are moved."""
    return float(reaction[(constraints.component == 2) & (constraints.value != 0)].sum())


def assemble(model: VoxelModel) -> sparse.csr_matrix:
    """Global stiffness on all nodes of the grid, put together by itself as an independent check."""
    nz, ny, nx = model.modulus.shape
    node = np.arange((nz + 1) * (ny + 1) * (nx + 1)).reshape(nz + 1, ny + 1, nx + 1)
    corners = [node[c : c + nz, b : b + ny, a : a + nx].ravel() for c, b, a in product((0, 1), repeat=3)]
    dof = (3 * np.stack(corners, 1)[:, :, None] + np.arange(3)).reshape(-1, 24)
    value = model.modulus.ravel()[:, None, None] * element.stiffness(model.poisson, model.spacing)
    rows, columns = np.repeat(dof, 24, 1).ravel(), np.tile(dof, (1, 24)).ravel()
    return sparse.coo_matrix((value.ravel(), (rows, columns)), shape=(3 * node.size, 3 * node.size)).tocsr()
