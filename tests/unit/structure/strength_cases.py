"""A bar of bone in fat as CT and labels, for tests of the whole way from a file to a strength."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.unit.structure.written import affine_of, write_image

from osteocast.structure.strength_question import Question

SPACING = (1.0, 1.2, 1.5)
BONE_HU, FAT_HU, LESION_HU = 300.0, -100.0, 40.0
LINE = "1.0,0,mgK2HPO4/cm3"
BONE, LESION, ELSEWHERE = 1, 2, 3


def affine() -> np.ndarray:
    return affine_of(np.eye(3), SPACING, (-12.0, 30.0, 100.0))


def labels_of(shape: tuple[int, int, int] = (24, 20, 22)) -> np.ndarray:
    """Return a bar of 14 x 12 x 10 voxels with a lesion of 5 x 4 x 4 in it, and a label beside it."""
    labels = np.zeros(shape, np.uint8)
    labels[5:19, 4:16, 5:15] = BONE
    labels[9:14, 8:12, 8:12] = LESION
    labels[0:2, 0:2, 0:2] = ELSEWHERE
    return labels


def values_of(labels: np.ndarray) -> np.ndarray:
    values = np.full(labels.shape, FAT_HU, np.float32)
    values[labels == BONE] = BONE_HU
    values[labels == LESION] = LESION_HU
    return values


def write_case(folder: Path, name: str = "bar") -> tuple[Path, Question]:
    """Write CT and labels and return the CT and the question about the bar without its lesion named."""
    labels = labels_of()
    ct = write_image(folder / f"{name}.nii.gz", values_of(labels), affine())
    beside = write_image(folder / f"{name}_labels.nii.gz", labels, affine())
    question = Question(unit="HU", labels=beside, parts=(("whole", "1"), ("inside", "2")), site="generic")
    return ct, replace(question, calibration=LINE, boundary="ends-sliding")
