"""NIfTI, NRRD and MetaImage: same values and places after a round trip, and every way a file can be broken."""

from __future__ import annotations

import gzip
import itertools
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from tests.unit.structure.test_volume import reordered
from tests.unit.structure.written import SECRETS, affine_of, codes, numbered, oblique, orders, plain_affine, write_image

from osteocast.foundation.errors import InputError
from osteocast.structure import ct_archive, ct_header
from osteocast.structure.ct_read import read_ct

ENDINGS = [".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("direction", [np.eye(3), oblique()], ids=["straight", "oblique"])
def test_every_order_of_axes_gives_the_same_volume(tmp_path: Path, ending: str, direction: np.ndarray) -> None:
    values = numbered((3, 4, 5))
    affine = affine_of(direction, (0.7, 0.8, 2.5), (-10.0, 20.0, -30.0))
    every = 1 if direction[0, 0] == 1.0 and ending in (".nii", ".nrrd", ".mha") else 7
    for axes, signs in itertools.islice(orders(), 0, None, every):
        path = write_image(tmp_path / f"ct{ending}", *reordered(values, affine, axes, signs))
        scan = read_ct(path, "HU")
        assert np.array_equal(scan.volume.values, values)
        assert scan.volume.affine == pytest.approx(affine, abs=2e-5)
        assert scan.warnings == ()


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint16, np.int32, np.float32, np.float64, np.int64])
@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
def test_every_type_of_number_is_read(tmp_path: Path, ending: str, kind: type) -> None:
    values = (np.arange(60).reshape(3, 4, 5) - (0 if np.dtype(kind).kind == "u" else 30)).astype(kind)
    scan = read_ct(write_image(tmp_path / f"ct{ending}", values, plain_affine()), "native")
    assert np.array_equal(scan.volume.values, values.astype(np.float32))


def test_a_scale_in_a_nifti_header_is_applied(tmp_path: Path) -> None:
    path = write_image(tmp_path / "ct.nii", numbered((3, 4, 5)), plain_affine())
    raw = bytearray(path.read_bytes())
    raw[112:120] = np.array([2.0, -24.0], "<f4").tobytes()
    path.write_bytes(raw)
    assert np.array_equal(read_ct(path, "HU").volume.values, numbered((3, 4, 5)) * 2.0 - 24.0)


def test_compressed_files_are_read(tmp_path: Path) -> None:
    for name in ("ct.nrrd", "ct.mha"):
        image = SimpleITK.GetImageFromArray(numbered((8, 9, 10)))
        SimpleITK.WriteImage(image, str(tmp_path / name), useCompression=True)
        assert np.array_equal(read_ct(tmp_path / name, "HU").volume.values, numbered((8, 9, 10)))


def test_right_and_left_agree_between_formats_and_an_asymmetric_body(tmp_path: Path) -> None:
    """One bright voxel at the patient's left, back and head, written by hand in RAS (NIfTI) and in LPS (MetaImage)."""
    values = np.zeros((3, 4, 5), np.int16)
    values[2, 3, 4] = 700
    header = np.zeros(348, np.uint8)
    header[0:4] = np.array([348], "<i4").view(np.uint8)
    header[40:56] = np.array([3, 5, 4, 3, 1, 1, 1, 1], "<i2").view(np.uint8)
    header[70:74] = np.array([4, 16], "<i2").view(np.uint8)
    header[76:108] = np.array([1, 2, 2, 2, 1, 1, 1, 1], "<f4").view(np.uint8)
    header[108:112] = np.array([352], "<f4").view(np.uint8)
    header[252:256] = np.array([0, 1], "<i2").view(np.uint8)
    # NIfTI counts to the right and to the front: -x and -y of LPS
    header[280:328] = np.array([-2, 0, 0, 0, 0, -2, 0, 0, 0, 0, 2, 0], "<f4").view(np.uint8)
    header[344:348] = np.frombuffer(b"n+1\0", np.uint8)
    nifti = tmp_path / "a.nii"
    nifti.write_bytes(header.tobytes() + bytes(4) + values.tobytes())
    meta = write_image(tmp_path / "a.mha", values, affine_of(np.eye(3), (2, 2, 2), (0, 0, 0)))
    for path in (nifti, meta):
        volume = read_ct(path, "HU").volume
        where = np.argwhere(volume.values == 700)
        assert volume.positions_mm(where)[0] == pytest.approx([8.0, 6.0, 4.0])


def test_a_header_without_orientation_is_read_with_a_warning(tmp_path: Path) -> None:
    path = write_image(tmp_path / "ct.nii", numbered((3, 4, 5)), plain_affine())
    raw = bytearray(path.read_bytes())
    raw[252:256] = bytes(4)
    path.write_bytes(raw)
    assert [w.code for w in read_ct(path, "HU").warnings] == ["ct.orientation-unknown"]
    text = "NRRD0004\ntype: short\ndimension: 3\nsizes: 5 4 3\nspacings: 1 1 2\nencoding: raw\nendian: little\n\n"
    (tmp_path / "ct.nrrd").write_bytes(text.encode() + numbered((3, 4, 5)).tobytes())
    assert [w.code for w in read_ct(tmp_path / "ct.nrrd", "HU").warnings] == ["ct.orientation-unknown"]


def test_the_unit_is_compulsory_and_must_fit(tmp_path: Path) -> None:
    path = write_image(tmp_path / "ct.nrrd", numbered((3, 4, 5)), plain_affine())
    assert codes(lambda: read_ct(path)) == ["ct.unit-missing"]
    assert codes(lambda: read_ct(path, "mg/cm3")) == ["ct.unit"]
    assert [w.code for w in read_ct(path, "mgHA/cm3").warnings] == ["ct.unit-doubtful"]
    grey = write_image(tmp_path / "grey.nrrd", np.arange(60, dtype=np.uint8).reshape(3, 4, 5), plain_affine())
    assert codes(lambda: read_ct(grey, "HU")) == ["ct.not-hounsfield"]
    bright = write_image(tmp_path / "bright.nrrd", numbered((3, 4, 5)) + np.int16(1500), plain_affine())
    assert [w.code for w in read_ct(bright, "HU").warnings] == ["ct.unit-doubtful"]


def test_what_stands_in_a_header_stays_there(tmp_path: Path) -> None:
    for name in ("ct.nrrd", "ct.mha"):
        path = write_image(
            tmp_path / name, numbered((3, 4, 5)), plain_affine(), PatientName=SECRETS[0], Comment=SECRETS[3]
        )
        assert SECRETS[0].encode() in path.read_bytes()
        shown = repr(read_ct(path, "HU"))
        assert not [secret for secret in SECRETS if secret in shown]


def test_the_identity_is_that_of_the_content(tmp_path: Path) -> None:
    same = [write_image(tmp_path / f"a{end}", numbered((3, 4, 5)), plain_affine()) for end in (".nrrd", ".mha")]
    other = write_image(tmp_path / "b.nrrd", numbered((3, 4, 5)) + np.int16(1), plain_affine())
    first, second = (read_ct(path, "HU").sha256 for path in same)
    assert first == second != read_ct(other, "HU").sha256
    assert read_ct(same[0], "native").sha256 != first


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha", "c.nrrd", "c.mha"])
@pytest.mark.parametrize("share", [0.05, 0.4, 0.9, 0.995])
def test_files_cut_short_are_refused(tmp_path: Path, ending: str, share: float) -> None:
    image = SimpleITK.GetImageFromArray(np.random.default_rng(1).integers(-1000, 1000, (20, 30, 40)).astype(np.int16))
    path = tmp_path / f"a{ending}"
    SimpleITK.WriteImage(image, str(path), useCompression=ending.startswith("c"))
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    found = codes(lambda: read_ct(path, "HU"))
    assert len(found) == 1
    assert found[0] in ("ct.truncated", "ct.unreadable", "ct.header")


def test_detached_voxels_cut_short_are_refused(tmp_path: Path) -> None:
    for end in (".mhd", ".nhdr"):
        path = write_image(tmp_path / f"ct{end}", numbered((9, 10, 11)), plain_affine())
        raw = next(f for f in tmp_path.iterdir() if f.suffix in (".raw", ".gz"))
        raw.write_bytes(raw.read_bytes()[:300])
        assert codes(lambda path=path: read_ct(path, "HU")) in (["ct.truncated"], ["ct.unreadable"])
        raw.unlink()
        assert codes(lambda path=path: read_ct(path, "HU")) == ["file.missing"]


def test_names_of_other_files_in_a_header_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.raw"
    secret.write_bytes(bytes(range(120)))
    folder = tmp_path / "in"
    folder.mkdir()
    text = write_image(folder / "ct.mhd", numbered((3, 4, 5)), plain_affine()).read_text()
    for name in (str(secret), "../secret.raw", "LIST", "ct%03d.raw 1 3 1", "..\\secret.raw", "", "a\x00b"):
        (folder / "ct.mhd").write_text(text.replace("ct.raw", name))
        found = codes(lambda: read_ct(folder / "ct.mhd", "HU"))
        assert found in (["ct.data-file"], ["ct.header"]), name
    nrrd = "NRRD0004\ntype: short\ndimension: 3\nsizes: 5 4 3\nencoding: raw\nendian: little\ndata file: {}\n\n"
    for name in (str(secret), "../secret.raw", "LIST\na.raw", "x%d.raw 1 3 1"):
        (folder / "ct.nhdr").write_text(nrrd.format(name))
        assert codes(lambda: read_ct(folder / "ct.nhdr", "HU")) == ["ct.data-file"]


def test_headers_that_promise_too_much_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    text = "ObjectType = Image\nNDims = 3\nDimSize = {0} {0} {0}\nElementType = MET_SHORT\nElementDataFile = LOCAL\n"
    for side, code in ((30_000, "ct.too-large"), (800, "ct.truncated")):
        path = write(tmp_path / "big.mha", text.format(side).encode() + bytes(1000))
        assert codes(lambda path=path: read_ct(path, "HU")) == [code]
    nrrd = "NRRD0004\ntype: double\ndimension: 3\nsizes: 800 800 800\nencoding: gzip\nendian: little\n\n"
    path = write(tmp_path / "big.nrrd", nrrd.encode() + gzip.compress(bytes(10_000)))
    assert codes(lambda: read_ct(path, "HU")) == ["ct.truncated"]


@pytest.mark.parametrize("ending", [".nii", ".nrrd", ".mha"])
def test_more_than_the_memory_is_refused(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_image(tmp_path / f"ct{ending}", numbered((3, 4, 5)), plain_affine())
    monkeypatch.setattr(ct_header, "memory_bytes", lambda: 400)
    assert codes(lambda: read_ct(path, "HU")) == ["ct.too-large"]
    monkeypatch.setattr(ct_header, "memory_bytes", lambda: None)
    assert codes(lambda: read_ct(path, "HU")) == []


def test_huge_files_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.nii"
    with path.open("wb") as stream:
        stream.truncate(5_000_000_000)  # a sparse file: five gigabytes on paper
    assert codes(lambda: read_ct(path, "HU")) == ["file.too-large"]


def test_other_files_are_no_ct(tmp_path: Path) -> None:
    cases = {
        "file.missing": tmp_path / "none.nii",
        "file.empty": write(tmp_path / "empty.nii", b""),
        "ct.format": write(tmp_path / "letter.docx", b"PK not really"),
        "ct.unreadable": write(tmp_path / "text.nii", b"hello " * 200),
        "ct.header": write(tmp_path / "text.nrrd", b"hello " * 200),
        "ct.archive": write(tmp_path / "text.zip", b"hello " * 200),
    }
    for code, path in cases.items():
        assert codes(lambda path=path: read_ct(path, "HU")) == [code]
    assert codes(lambda: read_ct(write(tmp_path / "text.mha", b"hello " * 200), "HU")) == ["ct.header"]
    (tmp_path / "void").mkdir()
    assert codes(lambda: read_ct(tmp_path / "void", "HU")) == ["ct.not-a-ct"]
    os.mkfifo(tmp_path / "pipe.nii")
    assert codes(lambda: read_ct(tmp_path / "pipe.nii", "HU")) == ["file.special"]
    constant = write_image(tmp_path / "c.nii", np.zeros((3, 4, 5), np.int16), plain_affine())
    assert codes(lambda: read_ct(constant, "HU")) == ["ct.constant"]


def test_films_and_colours_are_no_volume(tmp_path: Path) -> None:
    film = SimpleITK.JoinSeries([SimpleITK.GetImageFromArray(numbered((3, 4, 5)))] * 2)
    SimpleITK.WriteImage(film, str(tmp_path / "film.nii"))
    flat = SimpleITK.GetImageFromArray(numbered((3, 4, 5))[0])
    SimpleITK.WriteImage(flat, str(tmp_path / "flat.mha"))
    colour = SimpleITK.GetImageFromArray(np.zeros((3, 4, 5, 3), np.uint8), isVector=True)
    SimpleITK.WriteImage(colour, str(tmp_path / "colour.nrrd"))
    for name in ("film.nii", "flat.mha", "colour.nrrd"):
        assert codes(lambda name=name: read_ct(tmp_path / name, "HU")) == ["ct.shape"]


def test_sheared_and_broken_nifti_frames_are_refused(tmp_path: Path) -> None:
    path = write_image(tmp_path / "ct.nii", numbered((3, 4, 5)), plain_affine())
    raw = bytearray(path.read_bytes())
    raw[252:254] = bytes(2)  # the quaternion is not to be used, only the sheared frame
    raw[280:296] = np.array([-0.7, 0.3, 0.0, 10.0], "<f4").tobytes()
    path.write_bytes(raw)
    assert codes(lambda: read_ct(path, "HU")) in (["ct.geometry"], ["ct.unreadable"])


@pytest.mark.parametrize("size", [2.0, 0.0, -0.7])
def test_a_voxel_of_two_sizes_is_refused(tmp_path: Path, size: float) -> None:
    path = write_image(tmp_path / "ct.nii", numbered((3, 4, 5)), plain_affine())
    raw = bytearray(path.read_bytes())
    raw[80:84] = np.array([size], "<f4").tobytes()
    path.write_bytes(raw)
    assert codes(lambda: read_ct(path, "HU")) == ["ct.geometry"]


def test_what_the_library_says_names_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "ct.nii"
    path.write_bytes(bytes(400))
    with pytest.raises(InputError) as caught:
        read_ct(path, "HU")
    assert caught.value.issues[0].code == "ct.unreadable"
    assert tmp_path.name not in str(caught.value)
    assert "0x" not in str(caught.value)


def test_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = write_image(tmp_path / "ct.nrrd", numbered((3, 4, 5)), plain_affine())
    packed = tmp_path / "ct.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(image, "../../Mustermann/ct.nrrd")
    assert np.array_equal(read_ct(packed, "HU").volume.values, numbered((3, 4, 5)))
    assert not (tmp_path.parent / "Mustermann").exists()
    with monkeypatch.context() as patch:
        patch.setattr(ct_archive, "MOST_BYTES", 100)
        assert codes(lambda: read_ct(packed, "HU")) == ["ct.too-large"]
        patch.setattr(ct_archive, "MOST_BYTES", 10**9)
        patch.setattr(ct_archive, "MOST_FILES", 0)
        assert codes(lambda: read_ct(packed, "HU")) == ["ct.too-many-files"]
    raw = packed.read_bytes()
    packed.write_bytes(raw[: len(raw) // 2])
    assert codes(lambda: read_ct(packed, "HU")) == ["ct.archive"]


def test_limits_are_those_documented() -> None:
    assert ct_header.MOST_BYTES == 4_000_000_000
    assert ct_header.MOST_VOXELS == 700_000_000
