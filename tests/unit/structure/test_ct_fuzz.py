"""Broken headers: whatever bytes are changed, a file is read or refused with codes, never anything else."""

from __future__ import annotations

import struct
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.structure.test_labels import bones, ct, dicom_seg
from tests.unit.structure.written import bytes_of, codes, numbered, plain_affine, small_series, write_image

from osteocast.structure.ct_read import read_ct
from osteocast.structure.labels import read_labels

BOUNDED = settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
ENDINGS = (".nii", ".nii.gz", ".nrrd", ".mha", ".zip")
HEADER = 700
CHANGES = st.lists(
    st.tuples(st.integers(0, HEADER), st.one_of(st.integers(0, 255), st.sampled_from([0, 45, 48, 57, 127, 255]))),
    min_size=1,
    max_size=6,
)


@cache
def plain_bytes(ending: str) -> bytes:
    """Return a good small file of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{ending}"
        if ending == ".zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for number, ds in enumerate(small_series()):
                    archive.writestr(f"{number}.dcm", bytes_of(ds))
        elif ending == ".seg":
            return bytes_of(dicom_seg({"femur": bones() == 75}, plain_affine()))
        elif ending == ".dcm":
            return bytes_of(small_series()[2])
        else:
            write_image(path, numbered((6, 7, 8)), plain_affine())
        return path.read_bytes()


def changed(raw: bytes, changes: list[tuple[int, int]], cut: float) -> bytes:
    """Return the bytes with some of them changed, and cut off at a share."""
    mutable = bytearray(raw)
    for place, value in changes:
        mutable[place % len(mutable)] = value
    return bytes(mutable[: max(1, int(len(mutable) * cut))])


def areas(work: Callable[[], object]) -> set[str]:
    """Return the areas of the codes a call is refused with; any other exception passes through and fails the test."""
    return {code.partition(".")[0] for code in codes(work)}


NUMBERS = {
    "<h": [0, -1, 1, 2, 7, 255, 32767, -32768],
    "<f": [0.0, -1.0, 1e-30, 1e30, 352.5, float("nan"), float("inf"), float("-inf")],
    "<i": [0, -1, 348, 540, 2**31 - 1],
}
PLACES = {
    "<i": [0, 344, 348],
    "<h": [*range(40, 56, 2), 68, 70, 72, 252, 254],
    "<f": [*range(76, 120, 4), *range(256, 328, 4)],
}
FIELDS = st.sampled_from(
    [(kind, place, value) for kind, values in NUMBERS.items() for place in PLACES[kind] for value in values]
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(fields=st.lists(FIELDS, min_size=1, max_size=3))
def test_nifti_headers_of_any_numbers(fields: list[tuple[str, int, float]]) -> None:
    raw = bytearray(plain_bytes(".nii"))
    for kind, place, value in fields:
        struct.pack_into(kind, raw, place, value)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.nii"
        path.write_bytes(raw)
        assert areas(lambda: read_ct(path, "HU")) <= {"ct", "file"}
        assert areas(lambda: read_labels(path, ct())) <= {"ct", "file", "label"}


CUT = st.one_of(st.just(1.0), st.floats(0.01, 1.0))


@BOUNDED
@given(ending=st.sampled_from(ENDINGS), changes=CHANGES, cut=CUT)
def test_broken_images(ending: str, changes: list[tuple[int, int]], cut: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{ending}"
        path.write_bytes(changed(plain_bytes(ending), changes, cut))
        assert areas(lambda: read_ct(path, "HU")) <= {"ct", "file"}


@BOUNDED
@given(changes=CHANGES, cut=CUT)
def test_broken_slices(changes: list[tuple[int, int]], cut: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, ds in enumerate(small_series()):
            (Path(folder) / f"{number}.dcm").write_bytes(bytes_of(ds))
        (Path(folder) / "2.dcm").write_bytes(changed(plain_bytes(".dcm"), changes, cut))
        assert areas(lambda: read_ct(folder)) <= {"ct"}


@BOUNDED
@given(changes=CHANGES, cut=CUT)
def test_broken_segmentations(changes: list[tuple[int, int]], cut: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.dcm"
        path.write_bytes(changed(plain_bytes(".seg"), changes, cut))
        assert areas(lambda: read_labels(path, ct())) <= {"ct", "file", "label"}


TEXT_LINES = st.lists(
    st.sampled_from(
        [
            "NDims = 3", "NDims = 300", "DimSize = 4 4 4", "DimSize = -1 4 4", "DimSize = 4 4", "DimSize = x",
            "ElementSpacing = 0 0 0", "ElementSpacing = nan 1 1", "ElementType = MET_SHORT", "ElementType = MET_NONE",
            "TransformMatrix = 1 0 0 0 0 0 0 0 0", "Offset = 1e308 1e308 1e308", "CompressedData = True",
            "CompressedDataSize = 999999999", "BinaryData = False", "ElementNumberOfChannels = 99999",
            "HeaderSize = -1", "HeaderSize = 999999999", "ElementByteOrderMSB = maybe", "ObjectType = Tube",
            "type: short", "dimension: 3", "dimension: 16", "sizes: 4 4 4", "sizes: 4 4 99999999999999999999",
            "space: left-posterior-superior", "space directions: (1,0,0) (0,1,0) (0,0,nan)", "space origin: (0,0,inf)",
            "encoding: raw", "encoding: gzip", "encoding: hex", "encoding: bzip2", "endian: middle", "kinds: a b c",
            "byte skip: -1", "line skip: 99999999", "space directions: none none none", "type: block",
        ]
    ),
    min_size=2,
    max_size=12,
)  # fmt: skip


@BOUNDED
@given(lines=TEXT_LINES, ending=st.sampled_from([".mha", ".mhd", ".nrrd", ".nhdr"]))
def test_headers_of_any_lines(lines: list[str], ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{ending}"
        if ending.startswith(".m"):
            head = "ObjectType = Image\n" + "\n".join(lines) + "\nElementDataFile = LOCAL\n"
        else:
            head = "NRRD0004\n" + "\n".join(lines) + "\n\n"
        path.write_bytes(head.encode() + bytes(range(256)) * 2)
        assert areas(lambda: read_ct(path, "native")) <= {"ct", "file"}
