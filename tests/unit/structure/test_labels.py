"""Segmentations of every kind onto the grid of a CT, and what is wrong with masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID
from tests.unit.structure.test_volume import reordered
from tests.unit.structure.written import affine_of, codes, numbered, plain_affine, series, slice_header, write_image

from osteocast.structure.label_checks import check_bone, mask_in_box
from osteocast.structure.label_names import plain_name
from osteocast.structure.label_picture import mask_picture, write_mask_picture
from osteocast.structure.labels import label_tables, read_labels
from osteocast.structure.resample import box_of, crop
from osteocast.structure.volume import Volume

SHAPE = (14, 16, 18)


def ct(values: np.ndarray | None = None, unit: str = "HU") -> Volume:
    """Return a CT of the small shape: soft tissue with values that are all different."""
    return Volume(numbered(SHAPE).astype(np.float32) / 100 if values is None else values, plain_affine(), unit)


def bones() -> np.ndarray:
    """Return two labelled boxes: 75 (a left femur of TotalSegmentator) and 28 (L4)."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:12, 3:14, 2:9], labels[4:9, 4:12, 10:16] = 75, 28
    return labels


def test_names_have_one_form() -> None:
    assert plain_name("vertebrae_L4") == plain_name("L4") == plain_name("Vertebra L4") == "vertebra-l4"
    assert plain_name("femur_left") == plain_name("Left Femur") == "femur-left"
    assert plain_name("Wirbelko\u0308rper_1") == plain_name("wirbelk\u00f6rper 1") == "wirbelk\u00f6rper-1"
    assert plain_name("\u690e\u9aa8") == "\u690e\u9aa8"
    assert set(label_tables()) == {"totalsegmentator-v2", "totalsegmentator-v1", "verse", "ogo", "vertebra-parts"}


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
def test_numbers_get_names_from_the_table_that_is_named(tmp_path: Path, ending: str) -> None:
    path = write_image(tmp_path / f"labels{ending}", bones(), plain_affine())
    labels = read_labels(path, ct(), "totalsegmentator-v2")
    assert [(s.name, s.number) for s in labels.segments] == [("vertebra-l4", 28), ("femur-left", 75)]
    assert labels.warnings == ()
    assert np.array_equal(labels.mask_of("L4"), bones() == 28)
    assert np.array_equal(labels.mask_of("femur_left"), labels.mask_of(75))
    plain = read_labels(path, ct())
    assert (plain.segments[1].name, plain.table) == ("label-75", "numbers")
    assert codes(lambda: plain.mask_of("femur-left")) == ["label.unknown"]
    assert codes(lambda: plain.mask_of("-75")) == ["label.unknown"]
    assert codes(lambda: read_labels(path, ct(), "totalsegmentator")) == ["label.table"]


def test_numbers_of_totalsegmentator_are_those_of_its_list(tmp_path: Path) -> None:
    for table, pairs in {
        "totalsegmentator-v2": {
            25: "sacrum",
            31: "vertebra-l1",
            50: "vertebra-c1",
            76: "femur-right",
            103: "rib-left-12",
        },
        "totalsegmentator-v1": {18: "vertebra-l5", 41: "vertebra-c1", 88: "femur-left", 92: "sacrum"},
        "verse": {1: "vertebra-c1", 8: "vertebra-t1", 19: "vertebra-t12", 20: "vertebra-l1", 24: "vertebra-l5"},
    }.items():
        values = np.zeros(SHAPE, np.uint8)
        values.ravel()[: len(pairs)] = list(pairs)
        path = write_image(tmp_path / "l.nrrd", values, plain_affine())
        assert {s.number: s.name for s in read_labels(path, ct(), table).segments} == pairs


def test_labels_on_other_axes_are_the_same_labels(tmp_path: Path) -> None:
    stored, place = reordered(bones(), plain_affine(), (2, 0, 1), (-1, 1, -1))
    labels = read_labels(write_image(tmp_path / "l.nii.gz", stored, place), ct())
    assert np.array_equal(labels.layers[0], bones())
    assert labels.warnings == ()


def test_a_cropped_label_image_falls_into_its_place(tmp_path: Path) -> None:
    affine = plain_affine()
    affine[:3, 3] += affine[:3, :3] @ [1, 2, 1]
    labels = read_labels(write_image(tmp_path / "l.nrrd", bones()[1:13, 2:15, 1:17], affine), ct())
    assert np.array_equal(labels.layers[0], bones())
    assert labels.warnings == ()


def test_a_larger_label_image_is_cut_to_the_ct(tmp_path: Path) -> None:
    affine = plain_affine()
    affine[:3, 3] -= affine[:3, :3] @ [3, 3, 3]
    labels = read_labels(write_image(tmp_path / "l.nrrd", np.pad(bones(), 3), affine), ct())
    assert np.array_equal(labels.layers[0], bones())


def test_another_grid_is_told(tmp_path: Path) -> None:
    affine = affine_of(np.eye(3), (0.35, 0.4, 1.25), (-10.0 - 0.175, 20.0 - 0.2, -30.0 - 0.625))
    fine = bones().repeat(2, 0).repeat(2, 1).repeat(2, 2)
    labels = read_labels(write_image(tmp_path / "l.nrrd", fine, affine), ct())
    assert [w.code for w in labels.warnings] == ["label.resampled"]
    assert (labels.layers[0] != bones()).mean() < 0.05


def test_labels_of_another_ct_are_refused(tmp_path: Path) -> None:
    far = plain_affine()
    far[0, 3] += 500.0
    assert codes(lambda: read_labels(write_image(tmp_path / "a.nrrd", bones(), far), ct())) == ["label.elsewhere"]
    none = write_image(tmp_path / "b.nrrd", bones() * 0, plain_affine())
    assert codes(lambda: read_labels(none, ct())) == ["label.empty"]
    near = plain_affine()
    near[0, 3] -= 0.7 * 8
    shifted = read_labels(write_image(tmp_path / "c.nrrd", bones(), near), ct())
    assert [w.code for w in shifted.warnings] == ["label.outside"]


@pytest.mark.parametrize(
    "values",
    [np.full(SHAPE, 0.5, np.float32), np.full(SHAPE, -3, np.int16), np.full(SHAPE, np.nan, np.float32)],
    ids=["probabilities", "negative", "nan"],
)
def test_what_is_no_label_image(tmp_path: Path, values: np.ndarray) -> None:
    path = write_image(tmp_path / "l.nrrd", values, plain_affine())
    assert codes(lambda: read_labels(path, ct())) == ["label.not-labels"]


def test_whole_numbers_as_floats_are_labels(tmp_path: Path) -> None:
    path = write_image(tmp_path / "l.nii.gz", bones().astype(np.float64), plain_affine())
    assert np.array_equal(read_labels(path, ct()).layers[0], bones())


def test_segments_of_slicer_keep_their_names_and_may_overlap(tmp_path: Path) -> None:
    lesion = np.zeros(SHAPE, np.uint8)
    lesion[3:6, 4:8, 3:7] = 1
    layers = np.stack([bones(), lesion], axis=-1)
    image = SimpleITK.GetImageFromArray(layers, isVector=True)
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin((-10.0, 20.0, -30.0))
    for n, (name, value, layer) in enumerate([("Left femur", 75, 0), ("L4", 28, 0), ("lytic lesion", 1, 1)]):
        image.SetMetaData(f"Segment{n}_Name", name)
        image.SetMetaData(f"Segment{n}_LabelValue", str(value))
        image.SetMetaData(f"Segment{n}_Layer", str(layer))
    SimpleITK.WriteImage(image, str(tmp_path / "s.seg.nrrd"))
    labels = read_labels(tmp_path / "s.seg.nrrd", ct())
    assert [s.name for s in labels.segments] == ["vertebra-l4", "femur-left", "lytic-lesion"]
    assert np.array_equal(labels.mask_of("lytic lesion"), lesion == 1)
    assert np.array_equal(labels.mask_of("femur-left"), bones() == 75)
    image.SetMetaData("Segment2_Layer", "7")
    SimpleITK.WriteImage(image, str(tmp_path / "b.seg.nrrd"))
    assert codes(lambda: read_labels(tmp_path / "b.seg.nrrd", ct())) == ["label.not-labels"]


def test_a_folder_of_masks_is_read_as_totalsegmentator_writes_it(tmp_path: Path) -> None:
    write_image(tmp_path / "femur_left.nii.gz", (bones() == 75).astype(np.uint8), plain_affine())
    write_image(tmp_path / "vertebrae_L4.nii.gz", (bones() == 28).astype(np.uint8), plain_affine())
    labels = read_labels(tmp_path, ct())
    assert np.array_equal(labels.mask_of("femur-left"), bones() == 75)
    assert np.array_equal(labels.mask_of("l4"), bones() == 28)
    write_image(tmp_path / "z.nii.gz", bones()[:-1], plain_affine())
    assert codes(lambda: read_labels(tmp_path, ct())) == ["label.grids-differ"]
    (tmp_path / "none").mkdir()
    assert codes(lambda: read_labels(tmp_path / "none", ct())) == ["label.no-masks"]


def dicom_seg(masks: dict[str, np.ndarray], affine: np.ndarray) -> Dataset:
    """Return a binary DICOM segmentation that leaves empty slices out, as programs write it."""
    place = series(numbered(SHAPE), affine)
    one = slice_header("1.2.3", 1, np.zeros(SHAPE[1:], np.int16))
    one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = UID("1.2.840.10008.5.1.4.1.1.66.4")
    one.Modality, one.SegmentationType = "SEG", "BINARY"
    one.BitsAllocated = one.BitsStored = 1
    one.HighBit = one.PixelRepresentation = 0
    one.SegmentSequence, frames, bits = Sequence(), Sequence(), []
    for number, (name, mask) in enumerate(masks.items(), 1):
        segment = Dataset()
        segment.SegmentNumber, segment.SegmentLabel = number, name
        one.SegmentSequence.append(segment)
        for z in np.flatnonzero(mask.any(axis=(1, 2)))[::-1]:
            group, which, plane = Dataset(), Dataset(), Dataset()
            which.ReferencedSegmentNumber = number
            plane.ImagePositionPatient = place[z].ImagePositionPatient
            group.SegmentIdentificationSequence = Sequence([which])
            group.PlanePositionSequence = Sequence([plane])
            frames.append(group)
            bits.append(mask[z].ravel())
    shared, turned, measured = Dataset(), Dataset(), Dataset()
    turned.ImageOrientationPatient, measured.PixelSpacing = place[0].ImageOrientationPatient, place[0].PixelSpacing
    measured.SpacingBetweenSlices = "2.5"
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Sequence([turned]), Sequence([measured])
    one.SharedFunctionalGroupsSequence, one.PerFrameFunctionalGroupsSequence = Sequence([shared]), frames
    one.NumberOfFrames = str(len(bits))
    one.PixelData = np.packbits(np.concatenate(bits), bitorder="little").tobytes()
    if len(one.PixelData) % 2:
        one.PixelData += b"\0"
    return one


def test_a_dicom_segmentation_is_read(tmp_path: Path) -> None:
    lesion = np.zeros(SHAPE, bool)
    lesion[3:6, 4:8, 3:7] = True
    made = dicom_seg({"Left femur": bones() == 75, "Lesion": lesion}, plain_affine())
    made.save_as(tmp_path / "seg.dcm", enforce_file_format=True)
    labels = read_labels(tmp_path / "seg.dcm", ct())
    assert [s.name for s in labels.segments] == ["femur-left", "lesion"]
    assert np.array_equal(labels.mask_of("femur-left"), bones() == 75)
    assert np.array_equal(labels.mask_of("lesion"), lesion)
    assert labels.warnings == ()
    assert "Mustermann" not in repr(labels)
    del made.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence
    made.save_as(tmp_path / "bad.dcm", enforce_file_format=True)
    assert codes(lambda: read_labels(tmp_path / "bad.dcm", ct())) == ["ct.unreadable"]
    series(numbered(SHAPE), plain_affine())[0].save_as(tmp_path / "ct.dcm", enforce_file_format=True)
    assert codes(lambda: read_labels(tmp_path / "ct.dcm", ct())) == ["label.format"]
    (tmp_path / "x.bin").write_bytes(b"hello")
    assert codes(lambda: read_labels(tmp_path / "x.bin", ct())) == ["label.format"]


def solid() -> np.ndarray:
    """Return a mask of 1,320 voxels that touches no edge."""
    mask = np.zeros(SHAPE, bool)
    mask[2:12, 2:14, 3:14] = True
    return mask


def test_a_whole_bone_passes_unchanged() -> None:
    bone = check_bone(ct(), solid(), "femur-left")
    assert np.array_equal(bone.mask, solid())
    assert bone.warnings == ()


def test_bad_masks_are_refused_all_at_once() -> None:
    assert codes(lambda: check_bone(ct(), solid()[1:], "b")) == ["label.shape"]
    assert codes(lambda: check_bone(ct(), np.zeros(SHAPE, bool), "b")) == ["label.empty"]
    two = solid()
    two[:, 7:9] = False
    values = np.zeros(SHAPE, np.float32)
    values[5, 5, 5] = 3071.0
    assert codes(lambda: check_bone(ct(values), two, "b")) == ["label.two-pieces", "label.tiny", "label.metal"]
    assert codes(lambda: check_bone(ct(values), solid(), "b")) == ["label.metal"]
    allowed = check_bone(ct(values), solid(), "b", metal_allowed=True)
    assert [w.code for w in allowed.warnings] == ["label.metal"]
    assert check_bone(ct(values, "mgHA/cm3"), solid(), "b").warnings == ()


def test_crumbs_borders_and_holes_are_told() -> None:
    mask = solid()
    mask[1, 15, 17] = mask[1, 15, 16] = True
    bone = check_bone(ct(), mask, "b")
    assert [w.code for w in bone.warnings] == ["label.crumbs"]
    assert np.array_equal(bone.mask, solid())
    mask = solid()
    mask[0:2, 5:9, 5:9] = True
    mask[5:9, 6:10, 6:11] = False
    bone = check_bone(ct(), mask, "b")
    assert [w.code for w in bone.warnings] == ["label.border", "label.hole"]
    assert "lower (16 voxels)" in bone.warnings[0].found
    assert "0.11 mL" in bone.warnings[1].found


def test_a_box_and_a_threshold_make_a_mask() -> None:
    values = np.zeros(SHAPE, np.float32)
    values[solid()] = 300.0
    values[4:9, 4:12, 5:12] = 20.0  # marrow
    values[13, 0, 0] = 900.0
    ends = ct(values).positions_mm(np.array([[0, 0, 0], [13, 15, 17]]))
    box = (ends[0, 0], ends[1, 0], ends[0, 1], ends[1, 1], ends[0, 2], ends[1, 2])
    assert np.array_equal(mask_in_box(ct(values), box, 150.0), solid())
    assert codes(lambda: mask_in_box(ct(values), box, 5000.0)) == ["label.empty"]
    assert codes(lambda: mask_in_box(ct(values), (0.0, 0.0, 0.0, 1.0, 0.0, 1.0), 1.0)) == ["label.box"]
    assert codes(lambda: mask_in_box(ct(values), (900.0, 901.0, 0.0, 1.0, 0.0, 1.0), 1.0)) == ["label.box"]
    assert codes(lambda: mask_in_box(ct(values), box, float("nan"))) == ["label.box"]


def test_the_picture_has_the_same_bytes_twice_and_shows_a_line(tmp_path: Path) -> None:
    first = mask_picture(ct(), solid(), "femur-left")
    assert first == mask_picture(ct(), solid(), "femur-left")
    assert first.startswith(b"\x89PNG")
    assert b"Software" not in first
    write_mask_picture(tmp_path / "deep" / "mask.png", ct(unit="mgHA/cm3"), solid(), "femur-left")
    assert (tmp_path / "deep" / "mask.png").stat().st_size > 5_000
    edge = np.ones(SHAPE, bool)
    assert mask_picture(ct(), edge, "all").startswith(b"\x89PNG")


def test_cropping_keeps_places_and_margins_stay_inside() -> None:
    box = box_of(solid(), (2.5, 0.8, 0.7), 2.0)
    assert box == ((1, 0, 0), (13, 16, 17))
    part = crop(ct(), box)
    assert part.positions_mm(np.array([[0, 0, 0]])) == pytest.approx(ct().positions_mm(np.array([[1, 0, 0]])))
    assert np.array_equal(part.values, ct().values[1:13, 0:16, 0:17])
    assert codes(lambda: box_of(np.zeros(SHAPE, bool), (1, 1, 1))) == ["label.empty"]


def test_reference_labels(shared_dir: Path) -> None:
    from osteocast.structure.ct_read import read_ct

    folder = shared_dir / "reference/ct"
    cases = [
        ("parosol-py/femur_left_mini/density.nii.gz", "labels.nii.gz", "ogo", "femur-left", 242_082, 252.26),
        ("parosol-py/vertebra_l4_mini/density.nii.gz", "labels.nii.gz", None, "20", 43_345, 194.73),
        ("parosol-py/vertebra_l4_mini/density.nii.gz", "labels.nii.gz", None, "48", 23_224, None),
        ("totalsegmentator/thorax_spine_1p5mm.nii.gz", "thorax_spine_1p5mm_T12mask.nii.gz", None, "1", 9_617, 259.5),
        ("tptbox/sub-ct_label-22_ct.nii.gz", "sub-ct_seg-vert_label-22_msk.nii.gz", "verse", "L3", 17_698, 243.6),
    ]
    for name, mask, table, wanted, count, mean in cases:
        volume = read_ct(folder / name, "HU" if "parosol" not in name else "mgK2HPO4/cm3").volume
        labels = read_labels((folder / name).with_name(mask), volume, table)
        assert labels.warnings == ()
        found = labels.mask_of(wanted)
        assert int(found.sum()) == count
        assert mean is None or volume.values[found].mean() == pytest.approx(mean, abs=0.1)
    thorax = read_ct(folder / "totalsegmentator/thorax_spine_1p5mm.nii.gz", "HU").volume
    mask = read_labels(folder / "totalsegmentator/thorax_spine_1p5mm_T12mask.nii.gz", thorax).mask_of(1)
    assert [w.code for w in check_bone(thorax, mask, "T12").warnings] == ["label.border"]
    hip = read_ct(folder / "totalsegmentator/example_ct_abdomen_pelvis_3mm.nii.gz", "HU").volume
    whole = np.ones(hip.shape_zyx, bool)
    assert "label.metal" in codes(lambda: check_bone(hip, whole, "pelvis"))
