"""Exact elastic fields that the voxel solver is held against, and loads on voxel faces."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from osteocast.structure.boundary import Prescribed, face, join, node_shape, on_nodes
from osteocast.structure.voxel_model import VoxelModel

Floats = NDArray[np.float64]
Field = Callable[[Floats], Floats]


def node_places(model: VoxelModel) -> Floats:
    """Place of every node of the grid [mm], x first."""
    z, y, x = np.meshgrid(*(np.arange(n) for n in node_shape(model)), indexing="ij")
    return np.stack([x, y, z], -1).reshape(-1, 3) * np.array(model.spacing)


def cell_places(model: VoxelModel) -> Floats:
    """Place of the centre of every voxel [mm], shape (nz, ny, nx, 3)."""
    z, y, x = np.meshgrid(*(np.arange(n) + 0.5 for n in model.modulus.shape), indexing="ij")
    return np.stack([x, y, z], -1) * np.array(model.spacing)


def prescribe(model: VoxelModel, nodes: NDArray[np.int64], field: Field) -> Prescribed:
    """Prescribe a displacement field on nodes."""
    value = field(node_places(model)[nodes])
    return join(*(on_nodes(nodes, c, (0.0,))._replace(value=value[:, i]) for i, c in enumerate("xyz")))


def high_faces(model: VoxelModel) -> NDArray[np.int64]:
    """Nodes of the three outer faces of an octant whose inner faces are planes of symmetry."""
    return np.unique(np.concatenate([face(model, axis, 1) for axis in ("x", "y", "z")]))


def pressure(model: VoxelModel, inside: NDArray[np.bool_], value: float) -> Prescribed:
    """Nodal forces of a pressure that fills the voids `inside` and acts on the voxel faces around them.

    The faces of a staircase have the same projected area as the smooth surface, so that the resultant is exact.
    """
    force = np.zeros((*node_shape(model), 3))
    solid = model.modulus > 0
    for axis in range(3):  # of the array: z, y, x
        area = np.prod(np.delete(np.array(model.spacing)[::-1], axis))
        for step in (1, -1):
            push = inside & np.roll(solid, -step, axis)
            edge = [slice(None)] * 3
            edge[axis] = slice(-1, None) if step > 0 else slice(0, 1)
            push[tuple(edge)] = False
            at = np.argwhere(push)
            at[:, axis] += (step + 1) // 2
            others = [a for a in range(3) if a != axis]
            for corner in product((0, 1), repeat=2):
                node = at.copy()
                node[:, others] += corner
                np.add.at(force, (*node.T, 2 - axis), step * value * area / 4)
    loaded = np.flatnonzero(np.abs(force).reshape(-1, 3).sum(1))
    values = force.reshape(-1, 3)[loaded]
    return join(*(on_nodes(loaded, c, (0.0,))._replace(value=values[:, i]) for i, c in enumerate("xyz")))


def traction(model: VoxelModel, field: Field, component: str) -> Prescribed:
    """Nodal forces of a traction [MPa] on the high z face, by two Gauss points an axis; `field` gives it at places."""
    nz, ny, nx = node_shape(model)
    hx, hy, hz = model.spacing
    force = np.zeros((ny, nx))
    y, x = np.meshgrid(np.arange(ny - 1), np.arange(nx - 1), indexing="ij")
    for sy, sx in product((-1, 1), repeat=2):
        px, py = (1 + sx * 3**-0.5) / 2, (1 + sy * 3**-0.5) / 2
        at = np.stack([(x + px) * hx, (y + py) * hy, np.full(x.shape, (nz - 1) * hz)], -1)
        value = field(at) * hx * hy / 4
        for dy, dx in product((0, 1), repeat=2):
            weight = (px if dx else 1 - px) * (py if dy else 1 - py)
            force[dy : dy + ny - 1, dx : dx + nx - 1] += weight * value
    return on_nodes(face(model, "z", 1), component, (0.0,))._replace(value=force.ravel())


def sphere_outside(poisson: float, ratio: float) -> Field:
    """Displacement around a sphere of radius 1 and modulus `ratio` in a body of modulus 1 under unit tension along z.

    The strain inside is uniform (`sphere_inside`), so that the disturbance at r = 1 is linear in x: `grow` x, and
    `distort` diag(-1/2, -1/2, 1) x. Outside, the fields without body force that fade are x / r^3 for the first; for the
    second ``b`` grad d2/dz2 (1 / r) and the radial one with r^-2, ``c``. At r = 1 the sum of these two is linear only
    if c = 5 (1 - 2 nu) b, and then distort = 16 (4 - 5 nu) b / 3. A modulus of 0 gives the cavity of J N Goodier,
    J Appl Mech 55 (1933) 39, whose factor (27 - 15 nu) / (2 (7 - 5 nu)) follows. No constant rests on a source:
    `test_the_exact_fields_are_in_equilibrium` and `test_the_exact_fields_fit_at_the_surface` show equilibrium, no
    traction on the cavity, and one displacement and traction on both sides of a sphere, which only the solution has.
    """
    change = sphere_inside(poisson, ratio) - np.array([-poisson, -poisson, 1.0])
    grow = change.mean()
    distort = change[2] - grow
    b = 3 * distort / (16 * (4 - 5 * poisson))
    c = 5 * (1 - 2 * poisson) * b
    turn = (5 - 4 * poisson) / (1 - 2 * poisson)

    def field(at: Floats) -> Floats:
        r = np.linalg.norm(at, axis=-1)
        rho = np.hypot(at[..., 0], at[..., 1])
        cosine, sine = at[..., 2] / r, rho / r
        c2, s2 = cosine**2 - sine**2, 2 * sine * cosine
        radial = grow / r**2 + (turn * c / r**2 - 9 * b / r**4) * (c2 + 1 / 3)
        radial += r / 2 * ((1 - poisson) + (1 + poisson) * c2)
        polar = -(2 * c / r**2 + 6 * b / r**4 + r / 2 * (1 + poisson)) * s2
        flat = np.where(rho[..., None] > 0, at[..., :2] / np.where(rho > 0, rho, 1)[..., None], 0)
        across = radial * sine + polar * cosine
        return np.concatenate([flat * across[..., None], (radial * cosine - polar * sine)[..., None]], -1)

    return field


def eshelby(poisson: float) -> tuple[float, float]:
    """Parts of Eshelby's tensor of a sphere, Proc R Soc A 241 (1957) 376: change of volume, and of shape."""
    return (1 + poisson) / (3 * (1 - poisson)), 2 * (4 - 5 * poisson) / (15 * (1 - poisson))


def sphere_inside(poisson: float, ratio: float) -> Floats:
    """Uniform strain (xx, yy, zz) in that sphere."""
    far = np.array([-poisson, -poisson, 1.0])
    volume, shape = eshelby(poisson)
    mean = far.mean()
    return mean / (1 + volume * (ratio - 1)) + (far - mean) / (1 + shape * (ratio - 1))


def hole(poisson: float) -> Field:
    """Plane-strain displacement around a hole of radius 1 along z, unit tension along x (G Kirsch 1898)."""
    shear, kappa = 0.5 / (1 + poisson), 3 - 4 * poisson

    def field(at: Floats) -> Floats:
        r, angle = np.hypot(at[..., 0], at[..., 1]), np.arctan2(at[..., 1], at[..., 0])
        radial = (kappa - 1) * r + 2 / r + 2 * ((kappa + 1) / r + r - 1 / r**3) * np.cos(2 * angle)
        polar = -2 * ((kappa - 1) / r + r + 1 / r**3) * np.sin(2 * angle)
        x = radial * np.cos(angle) - polar * np.sin(angle)
        y = radial * np.sin(angle) + polar * np.cos(angle)
        return np.stack([x, y, np.zeros_like(x)], -1) / (8 * shear)

    return field


def stress_of(field: Field, at: Floats, poisson: float) -> Floats:
    """Stress tensor of a displacement field for modulus 1, by central differences."""
    step = 1e-4
    slope = np.stack([(field(at + step * e) - field(at - step * e)) / (2 * step) for e in np.eye(3)], -1)
    strain = (slope + slope.swapaxes(-1, -2)) / 2
    lame = poisson / ((1 + poisson) * (1 - 2 * poisson))
    trace = np.trace(strain, axis1=-2, axis2=-1)[..., None, None]
    return lame * trace * np.eye(3) + strain / (1 + poisson)
