"""Fields as NIfTI and VTK image: read again by SimpleITK, and unpacked by hand."""

import base64
import re
import struct
import zlib
from itertools import pairwise

import numpy as np
import pytest
import SimpleITK
from tests.unit.structure.written import affine_of, oblique, orders

from osteocast.formats.nifti import nifti_bytes
from osteocast.formats.vti import vti_bytes

SHAPE = (4, 5, 6)


def affines():
    spacing = (0.7, 1.1, 2.5)
    yield affine_of(oblique(), spacing, (-12.3, 45.6, -78.9))
    for axes, signs in orders():
        turn = np.zeros((3, 3))
        for column, (row, sign) in enumerate(zip(axes, signs, strict=True)):
            turn[row, column] = sign
        yield affine_of(turn, spacing, (10.0, -20.0, 30.0))


@pytest.mark.parametrize("affine", list(affines()))
def test_another_program_finds_the_same_voxels_at_the_same_places(tmp_path, affine):
    values = np.arange(np.prod(SHAPE), dtype=np.float32).reshape(SHAPE) / 7
    path = tmp_path / "a.nii.gz"
    path.write_bytes(nifti_bytes(values, affine, "about"))
    image = SimpleITK.ReadImage(str(path))
    assert np.array_equal(SimpleITK.GetArrayFromImage(image), values)
    for index in ((0, 0, 0), (5, 4, 3), (2, 0, 1)):
        place = image.TransformContinuousIndexToPhysicalPoint([float(i) for i in index])
        assert place == pytest.approx((affine @ [*index, 1.0])[:3], abs=1e-4)


def test_the_same_field_gives_the_same_bytes_and_no_date():
    values = np.ones(SHAPE, np.uint8)
    first, second = (nifti_bytes(values, np.eye(4), "about") for _ in range(2))
    assert first == second
    assert first[4:8] == b"\0\0\0\0"


@pytest.mark.parametrize("shape", [(3, 4, 5), (32, 32, 32), (32, 32, 33)])
def test_a_vtk_image_holds_what_was_put_in(shape):
    affine = affine_of(oblique(), (0.5, 0.75, 1.25), (1.0, 2.0, 3.0))
    values = np.random.default_rng(1).random(shape).astype(np.float32)
    mask = (values > 0.5).astype(np.uint8)
    text = vti_bytes({"strain": values, "failed": mask}, affine, "a -- b").decode("ascii")
    assert text.count("--") == 2, "a comment ends only where it should"
    turn = [float(v) for v in re.search(r'Direction="([^"]*)"', text)[1].split()]
    assert np.reshape(turn, (3, 3)) == pytest.approx(oblique(), abs=1e-8)
    assert re.search(r'Origin="1 2 3" Spacing="0.5 0.75 1.25"', text)
    for name, expected in (("strain", values), ("failed", mask)):
        packed = re.search(rf'Name="{name}" format="binary">([^<]*)<', text)[1]
        assert np.array_equal(unpacked(packed, expected.dtype).reshape(shape), expected)


def unpacked(text, dtype):
    """Return the array of a block of compressed data: head of four or more numbers of 8 bytes, then the blocks."""
    count = struct.unpack("<Q", base64.b64decode(text[:12])[:8])[0]
    size = -(-8 * (3 + count) // 3) * 4
    head = struct.unpack(f"<{3 + count}Q", base64.b64decode(text[:size]))
    body = base64.b64decode(text[size:])
    ends = np.cumsum([0, *head[3:]])
    raw = b"".join(zlib.decompress(body[a:b]) for a, b in pairwise(ends))
    assert len(raw) == (count - 1) * head[1] + (head[2] or head[1])
    return np.frombuffer(raw, dtype)
