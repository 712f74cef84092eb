"""Options of the strength command, grouped as they are read: the CT, the bone, its material, the load, the output."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from osteocast.standard_output import say

__all__ = ["strength_of_a_bone"]


def strength_of_a_bone(  # noqa: PLR0913, PLR0917 -- one argument an option
    ct: Annotated[
        Path, typer.Argument(readable=False, help="DICOM folder or file, .zip, NIfTI, NRRD or MetaImage; or a list")
    ],
    unit: Annotated[
        str | None, typer.Option(help="CT: what its values are: HU, mgHA/cm3, mgK2HPO4/cm3; compulsory but for DICOM")
    ] = None,
    series: Annotated[str | None, typer.Option(help="CT: which of several DICOM series")] = None,
    labels: Annotated[Path | None, typer.Option(readable=False, help="bone: segmentation of the CT")] = None,
    labels_table: Annotated[
        str | None, typer.Option(help="bone: what its numbers mean, such as totalsegmentator-v2")
    ] = None,
    label: Annotated[str | None, typer.Option(help="bone: its label, by name or number")] = None,
    part: Annotated[
        list[str] | None, typer.Option(help="bone: NAME=LABEL of a part, such as body=20; repeat it")
    ] = None,
    box: Annotated[str | None, typer.Option(help="bone: instead of labels, x,x,y,y,z,z of a box in mm (LPS)")] = None,
    threshold: Annotated[float | None, typer.Option(help="bone: least value of its surface in the box")] = None,
    site: Annotated[
        str | None, typer.Option(help="bone: vertebra, femur-left, humerus-right, generic; default: from the label")
    ] = None,
    lesion: Annotated[str | None, typer.Option(help="bone: label of its lesion, to compute without it, too")] = None,
    insert_lesion: Annotated[
        str | None, typer.Option(help="bone: put in a synthetic lesion, such as lytic:12mm@body-centre")
    ] = None,
    allow_metal: Annotated[
        bool, typer.Option("--allow-metal", help="bone: go on beside metal, with a warning")
    ] = False,
    calibration: Annotated[
        str | None,
        typer.Option(help="material: air-fat-muscle (default), fixed, or SLOPE,INTERCEPT,UNIT of a phantom"),
    ] = None,
    law: Annotated[
        list[str] | None, typer.Option(help="material: law of modulus or strength by name; repeat it")
    ] = None,
    spacing: Annotated[float | None, typer.Option(help="material: size of the voxels, mm; default: the CT's")] = None,
    load: Annotated[str | None, typer.Option(help="load: load case; default: that of the site")] = None,
    boundary: Annotated[
        str | None, typer.Option(help="load: how it holds the bone; default: that of the load case")
    ] = None,
    body_weight: Annotated[float | None, typer.Option(help="load: kg, to compare with loads of daily life")] = None,
    threads: Annotated[int, typer.Option(help="threads of one bone; the result does not depend on them")] = 1,
    workers: Annotated[int, typer.Option(help="bones of a list at a time")] = 1,
    out: Annotated[Path, typer.Option(readable=False, help="folder for result, fields and report.html")] = Path(
        "strength"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON instead of the summary")] = False,
) -> None:
    """Compute how much load one bone of a CT carries, where it fails, and what its lesion costs.

    Example: osteocast strength t12.nii.gz --unit HU --labels t12_labels.nii.gz --labels-table totalsegmentator-v2
    --label T12 --calibration 0.7957,-14.79,mgK2HPO4/cm3 --out t12
    """
    from osteocast.strength_batch import strength_of_many
    from osteocast.strength_command import strength_command
    from osteocast.structure.strength_cases import is_list
    from osteocast.structure.strength_question import Question, box_of_text, part_of_text

    question = Question(
        unit=unit,
        series=series,
        labels=labels,
        table=labels_table,
        label=label,
        parts=tuple(part_of_text(one) for one in part or ()),
        box_mm=None if box is None else box_of_text(box),
        threshold=threshold,
        lesion=lesion,
        insert=insert_lesion,
        site=site,
        load=load,
        boundary=boundary,
        calibration=calibration,
        laws=tuple(law or ()),
        spacing_mm=spacing,
        body_weight_kg=body_weight,
        metal_allowed=allow_metal,
        threads=threads,
    )
    if is_list(ct):
        text, code = strength_of_many(ct, question, (out, workers, as_json))
        say(text)
        if code:
            raise typer.Exit(code)
        return
    say(strength_command(ct, question, out, as_json))
