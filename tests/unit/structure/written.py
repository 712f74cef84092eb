"""Small CT files written for tests: arrays whose every voxel is different, and DICOM series with a patient's name."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, RLELossless, generate_uid

from osteocast.foundation.errors import InputError

SECRETS = (
    "Mustermann^Erika",
    "4711-0815",
    "19610203",
    "Klinik am Wald",
    "Waldweg 1",
    "20251224",
    "SN-998877",
    "Dr. House",
    "pelvis of Erika",
    "Iomeprol 400",
)
"""Words that stand in the written files and must never come out again."""


def codes(work: Callable[[], object]) -> list[str]:
    """Return the codes of the InputError that the call raises; an empty list where it raises none."""
    try:
        work()
    except InputError as error:
        return [issue.code for issue in error.issues]
    return []


def numbered(shape_zyx: tuple[int, int, int]) -> np.ndarray:
    """Return an array of CT numbers in which no value stands twice."""
    return (np.arange(np.prod(shape_zyx)).reshape(shape_zyx) - 1000).astype(np.int16)


def oblique() -> np.ndarray:
    """Return direction cosines that no axis shares."""
    a, b, c = 0.3, -0.2, 0.25
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return rx @ ry @ rz


def orders() -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Yield the 48 ways to exchange and reverse three axes."""
    for axes in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            yield axes, signs


def write_image(path: Path, values: np.ndarray, affine: np.ndarray, **notes: str) -> Path:
    """Write values (z, y, x) with an LPS affine by SimpleITK."""
    image = SimpleITK.GetImageFromArray(values)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    image.SetSpacing([float(s) for s in spacing])
    image.SetOrigin([float(o) for o in affine[:3, 3]])
    image.SetDirection([float(d) for d in (affine[:3, :3] / spacing).ravel()])
    for key, text in notes.items():
        image.SetMetaData(key, text)
    SimpleITK.WriteImage(image, str(path))
    return path


def affine_of(
    direction: np.ndarray, spacing_xyz: tuple[float, float, float], origin: tuple[float, float, float]
) -> Any:
    """Return the LPS affine of direction cosines, spacing and origin."""
    affine = np.eye(4)
    affine[:3, :3] = direction * np.asarray(spacing_xyz)
    affine[:3, 3] = origin
    return affine


def plain_affine() -> Any:
    """Return an affine along the body axes with three different spacings."""
    return affine_of(np.eye(3), (0.7, 0.8, 2.5), (-10.0, 20.0, -30.0))


def slice_header(uid: str, number: int, values: np.ndarray) -> FileDataset:
    """Return one CT slice of stored values (rows, columns) with every name a file may carry."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[uid, str(number)])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset("", Dataset(), file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = SECRETS[0], SECRETS[1], SECRETS[2]
    ds.InstitutionName, ds.InstitutionAddress, ds.StudyDate = SECRETS[3], SECRETS[4], SECRETS[5]
    ds.DeviceSerialNumber, ds.ReferringPhysicianName, ds.SeriesDescription = SECRETS[6], SECRETS[7], SECRETS[8]
    ds.ContrastBolusAgent, ds.Modality, ds.ImageType = SECRETS[9], "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.Manufacturer, ds.ManufacturerModelName, ds.KVP, ds.ConvolutionKernel = "SIEMENS", "Somatom", "120", "Br40"
    ds.SliceThickness, ds.SeriesNumber, ds.InstanceNumber = "2.5", "3", str(number)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(entropy_srcs=["study"]), uid
    ds.Rows, ds.Columns = values.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.PixelData = values.astype("<i2").tobytes()
    return ds


def series(
    values: np.ndarray, affine: np.ndarray, name: str = "one", intercept: float = -1024.0, slope: float = 1.0
) -> list[FileDataset]:
    """Return a series of slices whose rescaled values (z, y, x) lie on the LPS affine."""
    uid = generate_uid(entropy_srcs=[name])
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    direction = affine[:3, :3] / spacing
    stored = np.rint((values.astype(float) - intercept) / slope).astype(np.int16)
    found = []
    for number in range(values.shape[0]):
        ds = slice_header(uid, number + 1, stored[number])
        ds.PixelSpacing = [f"{spacing[1]:.10g}", f"{spacing[0]:.10g}"]
        ds.ImageOrientationPatient = [f"{v:.12g}" for v in (*direction[:, 0], *direction[:, 1])]
        ds.ImagePositionPatient = [f"{v:.12g}" for v in affine[:3, 3] + number * affine[:3, 2]]
        ds.RescaleIntercept, ds.RescaleSlope = f"{intercept:g}", f"{slope:g}"
        found.append(ds)
    return found


def write_series(folder: Path, slices: list[FileDataset], syntax: str = "plain") -> Path:
    """Write slices under names whose order is not that of their places."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, ds in enumerate(slices):
        if syntax == "rle":
            ds.compress(RLELossless, generate_instance_uid=False)
        with pydicom.config.disable_value_validation():
            ds.save_as(folder / f"{(number * 7) % 101:03d}_{number}.dcm", enforce_file_format=True)
    return folder


def small_series() -> list[FileDataset]:
    """Return a plain series of six slices of 10 x 12."""
    return series(numbered((6, 10, 12)), plain_affine())


def bytes_of(ds: FileDataset) -> bytes:
    """Return a slice as the bytes of its file."""
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
