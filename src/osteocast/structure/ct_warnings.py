"""What the technique of a scan does to its numbers, said beside the result."""

from __future__ import annotations

import re
from typing import Any

from osteocast.domain.table import read_table
from osteocast.foundation.errors import Issue
from osteocast.structure.ct_tags import Scanner

__all__ = ["technique_warnings"]


def technique_warnings(scanner: Scanner, calibrated: bool) -> tuple[Issue, ...]:
    """Return a warning for everything in the technique that changes the densities, and for what is not stated.

    Parameters
    ----------
    scanner : Scanner
    calibrated : bool
        Whether the numbers were calibrated with this scan itself (phantom or the patient's tissues); voltage and
        scanner are then accounted for, contrast and kernel are not.
    """
    limits: dict[str, Any] = read_table("ct_calibration")["technique"]
    warned: list[Issue] = []

    def warn(code: str, found: str, expected: str, note: str) -> None:
        warned.append(Issue(code, "scan", found, expected, note))

    if scanner.kvp is None:
        warn("ct.kvp", "tube voltage not stated", f"{limits['usual_kvp']:g} kV", _said(limits, "kvp"))
    elif scanner.kvp != limits["usual_kvp"] and not calibrated:
        warn("ct.kvp", f"{scanner.kvp:g} kV", f"{limits['usual_kvp']:g} kV, or a calibration", _said(limits, "kvp"))
    if scanner.kernel is None:
        warn("ct.kernel", "kernel not stated", "a soft kernel", _said(limits, "kernel"))
    elif _is_sharp(scanner.kernel, limits):
        warn("ct.kernel", f"sharp kernel {scanner.kernel}", "a soft kernel", _said(limits, "kernel"))
    if scanner.contrast is None:
        warn("ct.contrast", "contrast agent not stated", "none", _said(limits, "contrast"))
    elif scanner.contrast:
        warn("ct.contrast", "contrast agent given", "none", _said(limits, "contrast"))
    thickness = scanner.slice_thickness_mm
    if thickness is not None and thickness > limits["thick_slice_mm"]:
        expected = f"at most {limits['thick_slice_mm']:g} mm"
        warn("ct.slice-thick", f"slices of {thickness:g} mm", expected, f"Note: {limits['thick_slice_note']}.")
    return tuple(warned)


def _said(limits: dict[str, Any], what: str) -> str:
    return f"Note: {limits[f'{what}_note']} ({limits[f'{what}_source']})."


def _is_sharp(kernel: str, limits: dict[str, Any]) -> bool:
    word = kernel.casefold()
    if any(sharp in word for sharp in limits["sharp_words"]):
        return True
    number = re.search(r"\d{2,3}", word)
    return number is not None and int(number[0]) >= limits["sharp_kernel"]
