"""Picture of what a margin around a lytic lesion costs: ``python -m benchmarks.lesion_margin FILE.png``.

A made vertebra of one density (voxels of 1 mm) and the T12 of the examples, a lesion of 12 mm in the middle of the
body, compression. Rows are written as CSV to the standard output.
"""

from __future__ import annotations

import sys

import numpy as np
from benchmarks.lesions_in_bone import MARGINS_MM, built, stiffness
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from tests.unit.structure.lesion_cases import bone_of, laws_of
from tests.unit.structure.load_cases import vertebra

from osteocast.structure.lesion_insert import insert_lesion
from osteocast.structure.lesion_margin import Material
from osteocast.structure.lesion_places import locate
from osteocast.structure.lesion_spec import parse_lesion
from osteocast.structure.loaded import BoneModel

DIAMETER_MM = 12
DENSITY = 195.0


def made_vertebra() -> tuple[BoneModel, Material]:
    """Return the made vertebra and its laws."""
    shape = vertebra(np.eye(3))
    bone = bone_of(np.where(shape.bone, DENSITY, 0.0), shape.bone, shape.affine, "vertebra-l3", **shape.parts)
    return bone, laws_of(bone.bone)


def text_of(margin_mm: float) -> str:
    """Return the lesion as the command line takes it."""
    return f"lytic:{DIAMETER_MM}mm+{margin_mm}mm@body-centre"


def profile(bone: BoneModel, laws: Material, margin_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Distance from the surface of the lesion to the side [mm], and what is left of the density there."""
    made = insert_lesion(bone, parse_lesion(text_of(margin_mm)), laws)
    centre = locate(bone, "body-centre")
    x, y, z = np.rint(np.linalg.solve(bone.affine[:3, :3], centre - bone.affine[:3, 3])).astype(int)
    beside = np.arange(x, bone.bone.shape[2])[bone.bone[z, y, x:]]
    away = np.abs(bone.affine[0, 0] * beside + bone.affine[0, 3] - centre[0]) - 0.5 * DIAMETER_MM
    return away, made.density[z, y, beside] / bone.density[z, y, beside]


def losses(bone: BoneModel, laws: Material) -> list[float]:
    """Return the share of the stiffness that is lost with each margin."""
    sound = stiffness(bone, "compression")
    texts = [text_of(margin) for margin in MARGINS_MM]
    return [1.0 - stiffness(insert_lesion(bone, parse_lesion(text), laws), "compression") / sound for text in texts]


def main() -> None:
    """Compute and draw."""
    made, t12 = made_vertebra(), built("t12")
    bones = {"made vertebra": losses(*made), "T12": losses(t12.bone, t12.material)}
    print("bone,margin_mm,stiffness_lost")
    for name, lost in bones.items():
        for margin, one in zip(MARGINS_MM, lost, strict=True):
            print(f"{name},{margin},{one:.4f}")
    figure = Figure(figsize=(8.0, 3.0), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for margin, line in zip(MARGINS_MM, ("k-", "k--", "k-.", "k:"), strict=True):
        left.plot(*profile(*made, margin), line, label=f"{margin} mm" if margin else "none")
    left.legend(title="margin", frameon=False)
    left.set(xlabel="from the surface of the lesion (mm)", ylabel="density left", xlim=(-3, 12), ylim=(0, 1.05))
    for (name, lost), line in zip(bones.items(), ("ko-", "ks--"), strict=True):
        right.plot(MARGINS_MM, 100.0 * np.array(lost), line, label=name)
    right.legend(frameon=False)
    right.set(xlabel="margin (mm)", ylabel="stiffness lost (%)", ylim=(0, None))
    figure.savefig(sys.argv[1], dpi=110)


if __name__ == "__main__":
    main()
