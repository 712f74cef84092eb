"""Options of the strength command, in the order they are read: the CT, the bone, its material, the load, the output."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CtPath = Annotated[
    Path,
    typer.Argument(readable=False, help="DICOM folder or file, .zip, NIfTI, NRRD, MetaImage; or a list of bones"),
]
Unit = Annotated[
    str | None, typer.Option(help="CT: what its values are: HU, mgHA/cm3, mgK2HPO4/cm3; compulsory but for DICOM")
]
Series = Annotated[str | None, typer.Option(help="CT: which of several DICOM series")]
Labels = Annotated[Path | None, typer.Option(readable=False, help="bone: segmentation of the CT")]
LabelsTable = Annotated[str | None, typer.Option(help="bone: what its numbers mean, such as totalsegmentator-v2")]
Label = Annotated[str | None, typer.Option(help="bone: its label, by name or number")]
Part = Annotated[list[str] | None, typer.Option(help="bone: NAME=LABEL of a part, such as body=20; repeat it")]
BoxText = Annotated[str | None, typer.Option(help="bone: instead of labels, x,x,y,y,z,z of a box in mm (LPS)")]
Threshold = Annotated[float | None, typer.Option(help="bone: least value of its surface in the box")]
SiteName = Annotated[
    str | None, typer.Option(help="bone: vertebra, femur-left, humerus-right, generic; default: from the label")
]
LesionLabel = Annotated[str | None, typer.Option(help="bone: label of its lesion, to compute without it, too")]
InsertLesion = Annotated[
    str | None, typer.Option(help="bone: put in a synthetic lesion, such as lytic:12mm@body-centre")
]
AllowMetal = Annotated[bool, typer.Option("--allow-metal", help="bone: go on beside metal, with a warning")]
MaskOnly = Annotated[
    bool, typer.Option("--mask-only", help="bone: write the picture of its outline, to approve, and stop")
]
CalibrationText = Annotated[
    str | None, typer.Option(help="material: air-fat-muscle (default), fixed, or SLOPE,INTERCEPT,UNIT of a phantom")
]
LawNames = Annotated[list[str] | None, typer.Option(help="material: law of modulus or strength by name; repeat it")]
Spacing = Annotated[
    float | None, typer.Option(help="load: size of the loaded voxels, mm; default: that of the load case")
]
LoadName = Annotated[str | None, typer.Option(help="load: load case; default: that of the site")]
BoundaryName = Annotated[str | None, typer.Option(help="load: how it holds the bone; default: that of the load case")]
BodyWeight = Annotated[float | None, typer.Option(help="load: kg, to compare with loads of daily life")]
Threads = Annotated[int, typer.Option(help="threads of one bone; the result does not depend on them")]
WorkerNumber = Annotated[int, typer.Option(help="bones of a list at a time")]
Out = Annotated[Path, typer.Option(readable=False, help="folder for result, fields and report.html")]
AsJson = Annotated[bool, typer.Option("--json", help="print the result as JSON instead of the summary")]
