"""Loaded bars and bones that several tests of failure use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from osteocast.structure.boundary import Prescribed, clamp_face, face, join, on_nodes, slide_face
from osteocast.structure.laws import law
from osteocast.structure.loaded import CAP, LoadedBone
from osteocast.structure.voxel_model import Floats, VoxelModel

PMMA = 2500.0
"""Modulus of the caps of the reference models [MPa]."""


def loaded(
    model: VoxelModel,
    strength: tuple[Floats | float, Floats | float],
    ends: Prescribed,
    direction: tuple[float, float, float],
    part: NDArray[np.uint8] | None = None,
) -> LoadedBone:
    """Wrap a model whose moved surface is what `ends` moves; `strength` in compression and in tension [MPa]."""
    shape = model.modulus.shape
    here = model.modulus > 0
    compression, tension = (np.where(here, value, 0).astype(np.float32) for value in strength)
    z = np.abs(np.array(direction)) @ np.array(model.spacing) * shape[2 - int(np.argmax(np.abs(direction)))]
    return LoadedBone(
        name="by hand 1",
        model=model,
        part=here.astype(np.uint8) if part is None else part,
        yield_compression=compression,
        yield_tension=tension,
        constraints=ends,
        moved=ends.value != 0,
        direction=np.array(direction),
        length_mm=float(z),
        affine=np.diag([*model.spacing, 1.0]),
        lines=("loaded by hand",),
    )


def sliding_ends(model: VoxelModel, value: float) -> Prescribed:
    """Hold the low end and move the high end along z by `value`, both free to slide sideways."""
    x = model.modulus.shape[2]
    pins = join(on_nodes(np.array([0]), "xy", (0.0, 0.0)), on_nodes(np.array([x]), "y", (0.0,)))
    return join(slide_face(model, "z", 0), slide_face(model, "z", 1, value), pins)


def bar(
    modulus: Floats, compression: Floats | float, tension: Floats | float, sign: float = -1.0, size: float = 1.0
) -> LoadedBone:
    """Return a bar along z pulled (sign 1) or pressed (sign -1), with the modulus of each voxel."""
    model = VoxelModel(modulus, (size, size, size))
    return loaded(model, (compression, tension), sliding_ends(model, sign), (0.0, 0.0, sign))


def vertebra(shared: Path) -> LoadedBone:
    """Return L4 of the reference material between two caps, pressed along z: no load case, only a test."""
    folder = shared / "reference" / "ct" / "parosol-py" / "vertebra_l4_mini"
    images = [SimpleITK.ReadImage(str(folder / f"{name}.nii.gz")) for name in ("density", "labels")]
    density, label = (SimpleITK.GetArrayFromImage(image) for image in images)
    x, y, z = images[0].GetSpacing()
    rho = np.maximum(density.astype(float), 0) / 1000
    bone, body = label > 0, label == 20
    modulus = np.where(bone, np.maximum(law("kopperdahl-vertebra").values(rho), 1.0), 0.0).astype(float)
    part = bone.astype(np.uint8)
    first, last = (int(k) for k in np.flatnonzero(body.any((1, 2)))[[0, -1]])
    low, high = body.argmax(0), body.shape[0] - 1 - body[::-1].argmax(0)
    layer = np.arange(body.shape[0])[:, None, None]
    near = ((layer < low) & (layer >= first) & (low < first + 8)) | (
        (layer > high) & (layer <= last) & (high > last - 8)
    )
    cap = near & body.any(0) & ~bone
    modulus[cap], part[cap] = PMMA, CAP
    modulus, part = modulus[first : last + 1], part[first : last + 1]
    strength = law("kopperdahl-vertebra-yield").values(rho)[first : last + 1]
    compression = np.where(part == CAP, np.inf, np.maximum(strength, 0.01))
    model = VoxelModel(modulus, (x, y, z))
    ends = join(clamp_face(model, "z", 0), clamp_face(model, "z", 1, (0.0, 0.0, -1.0)))
    return loaded(model, (compression, compression * np.float32(0.8)), ends, (0.0, 0.0, -1.0), part)


def bending(layers: int, height: float, width: float, strength: float) -> LoadedBone:
    """Return a beam along z, `layers` through its height along x, whose ends turn against each other.

    The force is then the moment over half the height.
    """
    size = height / layers
    model = VoxelModel(np.full((layers // 2, round(width / size), layers), 1000.0), (size, size, size))
    end = face(model, "z", 1)
    turned = (end % (layers + 1)) * size / (height / 2) - 1
    low = slide_face(model, "z", 0)
    pins = join(on_nodes(np.array([0]), "xy", (0.0, 0.0)), on_nodes(np.array([layers]), "y", (0.0,)))
    ends = join(low, Prescribed(end, np.full(end.size, 2), turned), pins)
    return loaded(model, (strength, strength), ends, (0.0, 0.0, 1.0))
