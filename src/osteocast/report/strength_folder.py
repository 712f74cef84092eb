"""The folder of a strength: result, fields on the voxels of the CT, overlay picture and page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from osteocast.evidence.load import evidence_sha256
from osteocast.formats.nifti import nifti_bytes
from osteocast.formats.vti import vti_bytes
from osteocast.foundation.run_record import RunRecord, new_run_record
from osteocast.report.folder import RECORD, REPORT, RESULT, result_text, write_files
from osteocast.report.strength_html import strength_html
from osteocast.report.strength_pictures import pictures_of
from osteocast.structure.ct_fields import Fields, fields_of
from osteocast.structure.ct_libraries import READERS
from osteocast.structure.label_picture import mask_picture
from osteocast.structure.strength import Strength
from osteocast.structure.strength_document import strength_document

__all__ = ["MASK", "strength_files", "write_strength"]

MASK = "mask.png"
_ABOUT = "Osteocast, research and education only"


def strength_files(found: Strength, document: Mapping[str, Any], record: RunRecord) -> dict[str, str | bytes]:
    """Return the content of every file by its name.

    Parameters
    ----------
    found : Strength
    document : mapping
        Of :func:`osteocast.structure.strength_document.strength_document`.
    record : RunRecord
    """
    fields = fields_of(found.carried)
    title = document["bone"]["title"]
    return {
        RESULT: result_text(document),
        RECORD: record.to_json(),
        MASK: mask_picture(found.built.ct, found.carried.bone.bone, title),
        **field_files(found, fields),
        REPORT: strength_html(document, pictures_of(found, fields)),
    }


def strength_record(command: tuple[str, ...], threads: int) -> RunRecord:
    """Describe a run that is starting now; no file is named or summed in it, because a name may be a person's."""
    return new_run_record(command, None, {}, evidence_sha256(), threads, READERS)


def write_strength(found: Strength, folder: str | Path) -> Path:
    """Write result, fields, pictures and page of a strength, all or none, and return the path of the page.

    Raises
    ------
    StorageError
        ``storage.write`` or ``storage.folder``.
    """
    record = strength_record(("osteocast.strength",), found.question.threads)
    return write_files(strength_files(found, strength_document(found), record), folder)


def field_files(found: Strength, fields: Fields) -> dict[str, bytes]:
    """Return modulus, strain, failed region and bone as NIfTI, and all of them as one VTK image."""
    bone = found.carried.bone
    about = f"{_ABOUT}{'; SYNTHETIC LESION' if found.synthetic else ''}"
    arrays: dict[str, npt.NDArray[Any]] = {
        "modulus": fields.modulus,
        "strain": fields.strain,
        "failed": fields.failed.astype(np.uint8),
        "bone": np.where(bone.lesion, 2, bone.bone).astype(np.uint8),
    }
    written = {f"{name}.nii.gz": nifti_bytes(values, bone.affine, about) for name, values in arrays.items()}
    return written | {"fields.vti": vti_bytes(arrays, bone.affine, about)}
