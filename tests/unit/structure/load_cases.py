"""Made bones whose axes and answers are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from osteocast.structure.loaded import BoneModel, Mask

Floats = npt.NDArray[np.float64]


def rotation(axis: tuple[float, float, float], degrees: float) -> Floats:
    """Rotation matrix about an axis."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def grid_of(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> tuple[Floats, Floats]:
    """Affine centred on 0 and the places of all voxels, shape (z, y, x, 3)."""
    size = np.asarray(spacing)
    affine = np.eye(4)
    affine[:3, :3] = np.diag(size)
    affine[:3, 3] = -(np.array(shape[::-1]) - 1) / 2 * size
    z, y, x = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    return affine, np.stack([x, y, z], -1) * size + affine[:3, 3]


def made(
    site: str, mask: Mask, affine: Floats, parts: dict[str, Mask] | None = None, modulus: float | Floats = 1000.0
) -> BoneModel:
    """A bone of given moduli, yield at 1 % in compression and 0.7 % in tension."""
    values = np.where(mask, modulus, 0.0).astype(np.float32)
    return BoneModel(
        site=site,
        density=np.where(mask, 500.0, 0.0).astype(np.float32),
        density_unit="mgHA/cm3",
        bone=mask,
        lesion=np.zeros(mask.shape, dtype=bool),
        modulus=values,
        yield_compression=np.float32(0.01) * values,
        yield_tension=np.float32(0.007) * values,
        affine=affine,
        parts=parts or {},
        poisson=0.3,
        lines=(),
    )


def block(shape: tuple[int, int, int], size: tuple[int, int, int], modulus: float = 1000.0) -> BoneModel:
    """A block of whole voxels of 1 mm (z, y, x) in the middle of an image."""
    affine, _ = grid_of(shape, (1.0, 1.0, 1.0))
    mask = np.zeros(shape, dtype=bool)
    starts = [(n - m) // 2 for n, m in zip(shape, size, strict=True)]
    mask[tuple(slice(a, a + m) for a, m in zip(starts, size, strict=True))] = True
    return made("tibia", mask, affine, modulus=modulus)


def vertebra(turn: Floats, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> BoneModel:
    """A body of 40 x 32 x 26 mm with two pedicles, an arch and a spinous process, turned by a matrix."""
    affine, at = grid_of(tuple(round(110 / h) for h in spacing[::-1]), spacing)
    local = at @ turn
    x, y, z = local[..., 0], local[..., 1] + 15.0, local[..., 2]
    body = ((x / 20) ** 2 + (y / 16) ** 2 <= 1) & (np.abs(z) <= 13)
    pedicles = (np.abs(np.abs(x) - 12) <= 4) & (y > 5) & (y < 30) & (np.abs(z - 4) <= 6)
    arch = (np.abs(x) <= 16) & (y >= 26) & (y < 33) & (np.abs(z) <= 10)
    spine = (np.abs(x) <= 3) & (y >= 33) & (y < 55) & (np.abs(z + 4) <= 8)
    rest = (pedicles | arch | spine) & ~body
    return made("vertebra-l3", body | rest, affine, {"body": body, "posterior": rest})


HEAD_MM = 24.0
ANTEVERSION = 18.0


def femur(turn: Floats, side: str = "left", label: str | None = None, shaft_mm: float = 130.0) -> BoneModel:
    """Head, neck, shaft and both trochanters of one side, turned by a matrix; the shaft lies along z before."""
    affine, at = grid_of((150, 120, 120), (2.0, 2.0, 2.0))
    local = at @ turn
    x, y, z = local[..., 0], local[..., 1], local[..., 2] - 70.0
    inwards = -1.0 if side == "left" else 1.0
    lean = np.radians(ANTEVERSION)
    head = np.array([inwards * 45.0 * np.cos(lean), -45.0 * np.sin(lean), 20.0])
    mask = np.linalg.norm(local - [0, 0, 70.0] - head, axis=-1) <= HEAD_MM
    along = np.clip(
        ((x * head[0] + y * head[1] + (z + 12) * (head[2] + 12)) / (head @ head + 24 * head[2] + 144)), 0, 1
    )
    axis = along[..., None] * np.array([head[0], head[1], head[2] + 12.0]) - [0.0, 0.0, 12.0]
    mask |= np.linalg.norm(np.stack([x, y, z], -1) - axis, axis=-1) <= 15.0
    mask |= (np.hypot(x, y) <= 14.0) & (z <= -5.0) & (z >= -50.0 - shaft_mm)
    mask |= np.linalg.norm(np.stack([x + inwards * 12, y - 10, z - 2], -1), axis=-1) <= 16.0
    mask |= np.linalg.norm(np.stack([x - inwards * 12, y - 14, z + 45], -1), axis=-1) <= 8.0
    return made(f"femur-{label or side}", mask, affine)


def whole_femur(turn: Floats, trochanter: bool = True) -> BoneModel:
    """A whole left femur with a curved shaft and condyles; voxels of 3 mm."""
    affine, at = grid_of((160, 75, 75), (3.0, 3.0, 3.0))
    local = at @ turn - [0.0, 0.0, 150.0]
    x, y, z = local[..., 0], local[..., 1], local[..., 2]

    def ball(centre: tuple[float, float, float], radius: float) -> Mask:
        return np.asarray(np.linalg.norm(local - centre, axis=-1) <= radius)

    head = np.array([-45.0, -14.0, 20.0])
    start = np.array([0.0, 0.0, -12.0])
    along = np.clip((local - start) @ (head - start) / ((head - start) @ (head - start)), 0, 1)[..., None]
    mask = ball((-45.0, -14.0, 20.0), HEAD_MM) | (np.linalg.norm(local - along * (head - start) - start, axis=-1) <= 15)
    bow = -12.0 * np.sin(np.clip(-z / 340.0, 0, 1) * np.pi)
    mask |= (np.hypot(x, y - bow) <= 14) & (z <= -5) & (z >= -340)
    mask |= ball((-22.0, 8.0, -345.0), 23.0) | ball((22.0, 8.0, -345.0), 23.0) | ball((-12.0, 14.0, -45.0), 8.0)
    if trochanter:
        mask |= ball((12.0, 10.0, 2.0), 16.0)
    return made("femur-left", mask, affine)


def humerus(turn: Floats) -> BoneModel:
    """Head on a shaft, turned by a matrix."""
    affine, at = grid_of((130, 90, 90), (2.0, 2.0, 2.0))
    local = at @ turn - [0, 0, 60.0]
    x, y, z = local[..., 0], local[..., 1], local[..., 2]
    mask = np.linalg.norm(local - [-14.0, 3.0, 12.0], axis=-1) <= 23.0
    mask |= (np.hypot(x, y) <= 12.0) & (z <= 0) & (z >= -150.0)
    return made("humerus-left", mask, affine)
