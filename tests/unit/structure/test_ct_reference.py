"""Every CT and label image of the reference material is read, with the figures its description states."""

from __future__ import annotations

from pathlib import Path

import pytest

from osteocast.structure.ct_read import read_ct

# file, unit, shape (z, y, x), spacing (mm), least and greatest value
FILES = [
    ("ciclope/LHDL_3155_D_4_bc_200.nii.gz", "native", (200, 200, 200), 0.0195, (0, 255)),
    ("parosol-py/femur_left_mini/density.nii.gz", "mgK2HPO4/cm3", (119, 95, 119), 0.8184, (-31.37, 1448.2)),
    ("parosol-py/vertebra_l4_mini/density.nii.gz", "mgK2HPO4/cm3", (64, 102, 98), 1.0, (-17.14, 1610.16)),
    ("parosol-py/xtremect_tibia_mini/density.nii.gz", "native", (80, 107, 119), 0.0607, (-1872, 9543)),
    ("totalsegmentator/example_ct_abdomen_pelvis_3mm.nii.gz", "HU", (112, 101, 122), 3.0, (-1207, 3382)),
    ("totalsegmentator/thorax_spine_1p5mm.nii.gz", "HU", (164, 126, 120), 1.5, (-1078, 3343)),
    ("tptbox/sub-ct_label-22_ct.nii.gz", "HU", (47, 73, 73), 1.5, (-1030, 1961)),
    ("vtkbone/TRAB_1240_density_mgHAcc.nii.gz", "mgHA/cm3", (126, 108, 108), 0.0607, (-515, 1216)),
]


@pytest.mark.parametrize(("name", "unit", "shape", "spacing", "ends"), FILES, ids=[f[0] for f in FILES])
def test_reference_ct(
    shared_dir: Path, name: str, unit: str, shape: tuple[int, ...], spacing: float, ends: tuple[float, float]
) -> None:
    scan = read_ct(shared_dir / "reference/ct" / name, unit)
    assert scan.volume.shape_zyx == shape
    assert scan.volume.spacing_zyx_mm[2] == pytest.approx(spacing, rel=1e-3)
    assert (scan.volume.values.min(), scan.volume.values.max()) == pytest.approx(ends, rel=1e-3)
    assert scan.warnings == ()
    diagonal = scan.volume.affine[range(3), range(3)]
    assert (diagonal > 0).all()
