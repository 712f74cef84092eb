"""What synthetic lesions cost in real bones: ``python benchmarks/lesions_in_bone.py volume t12``.

Experiments: ``volume`` (stiffness against the volume of a lytic lesion), ``sclerotic`` (claim D14), ``strength``
(failure load by kind), ``margin`` (bone thinned around a lytic lesion), ``femur`` (place and kind, Mirels' items beside
load to strength). Bones: ``t12`` comes with the
project, ``l4`` and ``femur`` lie in the reference material (folder in OSTEOCAST_SHARED). The lesions are in no
patient. Rows are written as CSV to the standard output as they come; comments begin with #.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from osteocast.domain.table import read_table
from osteocast.structure.axes import find_axes
from osteocast.structure.bone_model import Built, build_bone
from osteocast.structure.ct_read import read_ct
from osteocast.structure.failure import Failure, load_to_failure, settings_for
from osteocast.structure.failure_rules import rule_loads
from osteocast.structure.lesion_insert import insert_lesion
from osteocast.structure.lesion_measures import Reading
from osteocast.structure.lesion_report import report_lesions
from osteocast.structure.lesion_spec import LesionSpec, parse_lesion
from osteocast.structure.load_case import LoadOptions, load_bone
from osteocast.structure.loaded import BoneModel
from osteocast.structure.solver import VoxelSolver
from osteocast.structure.strength_question import Question

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("OSTEOCAST_SHARED", ROOT / "reference")) / "reference" / "ct" / "parosol-py"
DIAMETERS = (8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32)
PLACES = ("body-centre", "body-anterior", "body-posterior")
LARGEST_SHARE = 0.37
LESIONS = (
    "lytic:18mm@body-centre",
    "mixed:18mm@body-centre",
    "sclerotic:18mm@body-centre",
    "lytic:24mm@body-centre",
)
MARGINS_MM = (0, 1, 2, 4)
WOVEN = (1.0, 0.52, 0.4, 0.28)
"""No penalty; the assumed one and one SD (0.12) to either side."""
DENSITIES = (0.0, 338.0, 506.0)
"""As the bone around it; 444 HU (Vassiliou 2007) and 654 HU (Ulano 2016) at 0.7957 mg/cm3 a HU - 14.79."""

STANCE_MM = 2.0
WALKING_N = 2.38 * 70.0 * 9.80665
"""Joint force of walking (Bergmann 2001, abstract) of a person of 70 kg."""
FEMORAL = (
    *product(("neck-superolateral", "neck-inferomedial"), ("lytic",), (10, 16, 22)),
    *product(("subtrochanteric-medial", "subtrochanteric-lateral"), ("lytic",), (10, 16, 22)),
    *product(("neck-centre", "trochanteric-centre", "head-centre"), ("lytic",), (16, 26)),
    *product(("neck-inferomedial", "subtrochanteric-medial", "neck-centre"), ("mixed", "sclerotic"), (22,)),
)


class Result(NamedTuple):
    """Stiffness [N/mm] and failure load [N] of one bone."""

    stiffness: float
    load: float
    cpu_s: float


class Stance(NamedTuple):
    """Stiffness [N/mm], failure load [N], and the load at which one piece of 405 mm3 yields [N]."""

    stiffness: float
    load: float
    piece: float


def built(name: str) -> Built:
    """Return a bone with its material."""
    if name == "t12":
        folder = ROOT / "examples" / "ct"
        question = Question(
            labels=folder / "t12_labels.nii.gz",
            table="totalsegmentator-v2",
            label="vertebra-t12",
            calibration="0.7957,-14.79,mgK2HPO4/cm3",
        )
        return build_bone(read_ct(folder / "t12.nii.gz", unit="HU"), question)
    if name == "l4":
        folder = SHARED / "vertebra_l4_mini"
        question = Question(
            labels=folder / "labels.nii.gz", parts=(("body", "20"), ("posterior", "48")), site="vertebra"
        )
    else:
        folder = SHARED / "femur_left_mini"
        question = Question(labels=folder / "labels.nii.gz", label="2", site="femur-left")
    return build_bone(read_ct(folder / "density.nii.gz", unit="mgK2HPO4/cm3"), question)


def stiffness(bone: BoneModel, load: str) -> float:
    """Stiffness under a load case [N/mm]; the loaded surface is moved by 1 mm."""
    loaded = load_bone(bone, load)
    return loaded.force(VoxelSolver(loaded.model, loaded.constraints).solve())


def carried(bone: BoneModel, load: str) -> Result:
    """Load a bone until it fails."""
    failure: Failure = load_to_failure(load_bone(bone, load))
    return Result(failure.stiffness_n_mm, failure.failure_load_n, failure.seconds[1])


def body_share(bone: BoneModel) -> float:
    """Share of the vertebral body that the lesion takes."""
    body = find_axes(bone).parts["body"]
    return float((bone.lesion & body).sum() / body.sum())


def volume(name: str) -> Iterator[str]:
    """Stiffness with lytic lesions of growing size at three places of a vertebral body."""
    found = built(name)
    sound = stiffness(found.bone, "compression")
    yield f"# {name}: sound {sound:.0f} N/mm"
    yield "bone,place,diameter_mm,body_share,stiffness_lost"
    read = read_table("lesion_tissues")["published"]["lytic_volume"]
    published = tuple(zip(read["body_share"], read["stiffness_lost"], strict=True))
    for place in PLACES:
        rows = []
        for diameter in DIAMETERS:
            made = insert_lesion(found.bone, parse_lesion(f"lytic:{diameter}mm@{place}"), found.material)
            if body_share(made) > LARGEST_SHARE:
                break
            rows.append((body_share(made), 1.0 - stiffness(made, "compression") / sound))
            yield f"{name},{place},{diameter},{rows[-1][0]:.4f},{rows[-1][1]:.4f}"
        share, lost = np.array(rows).T
        slope, intercept = np.polyfit(share, lost, 1)
        r2 = np.corrcoef(share, lost)[0, 1] ** 2
        at = ", ".join(f"at {s:.0%} {slope * s + intercept:.0%} (published {p:.0%})" for s, p in published)
        yield f"# {name} {place}: lost = {slope:.2f} share + {intercept:.3f}, r2 {r2:.3f}; {at}"


def sclerotic(name: str) -> Iterator[str]:
    """Stiffness with a sclerotic lesion, by what is assumed of it, beside a lytic one of the same size (claim D14)."""
    found = built(name)
    load, place, size = ("compression", "body-centre", 16) if name != "femur" else ("stance", "neck-centre", 20)
    sound = stiffness(found.bone, load)
    spec = parse_lesion(f"sclerotic:{size}mm@{place}")
    lytic = stiffness(insert_lesion(found.bone, parse_lesion(f"lytic:{size}mm@{place}"), found.material), load)
    yield f"# {name}: sound {sound:.0f} N/mm, lytic lesion of the same size {1.0 - lytic / sound:.4f} lost"
    yield "bone,density,woven,stiffness_lost"
    for density in DENSITIES:
        for woven in WOVEN:
            tissue = spec.tissue._replace(bone_density=density, woven_stiffness=woven)
            changed: LesionSpec = dataclasses.replace(spec, tissue=tissue)
            one = stiffness(insert_lesion(found.bone, changed, found.material), load)
            yield f"{name},{density:g},{woven:g},{1.0 - one / sound:.4f}"


def strength(name: str) -> Iterator[str]:
    """Failure load with one lesion of each kind in the middle of a vertebral body."""
    found = built(name)
    sound = carried(found.bone, "compression")
    yield f"# {name}: sound {sound.stiffness:.0f} N/mm, {sound.load:.0f} N, {sound.cpu_s:.0f} s CPU"
    yield "bone,lesion,body_share,stiffness_lost,load_lost"
    for text in LESIONS:
        made = insert_lesion(found.bone, parse_lesion(text), found.material)
        one = carried(made, "compression")
        lost = 1.0 - one.stiffness / sound.stiffness, 1.0 - one.load / sound.load
        yield f"{name},{text},{body_share(made):.4f},{lost[0]:.4f},{lost[1]:.4f}"


def margin(name: str) -> Iterator[str]:
    """Stiffness with a lytic lesion in the middle of a vertebral body, by the margin around it."""
    found = built(name)
    sound = stiffness(found.bone, "compression")
    yield f"# {name}: sound {sound:.0f} N/mm"
    yield "bone,diameter_mm,margin_mm,body_share,mineral_lost,stiffness_lost"
    mineral = float(np.maximum(found.bone.density, 0.0)[found.bone.bone].sum())
    for diameter, length in product((12, 18), MARGINS_MM):
        made = insert_lesion(found.bone, parse_lesion(f"lytic:{diameter}mm+{length}mm@body-centre"), found.material)
        kept = float(np.maximum(made.density, 0.0)[made.bone].sum()) / mineral
        lost = 1.0 - stiffness(made, "compression") / sound
        yield f"{name},{diameter},{length},{body_share(made):.4f},{1.0 - kept:.4f},{lost:.4f}"


def femur(name: str) -> Iterator[str]:
    """Place, size and kind in a femur in stance: load lost beside what the image says for Mirels' score."""
    found = built(name)
    sound = _stance(found.bone)
    yield f"# {name}: sound {sound.stiffness:.0f} N/mm, {sound.load:.0f} N, voxels of {STANCE_MM:g} mm"
    head = "bone,place,kind,diameter_mm,region,volume_ml,width_share,circumference,axial_mm,mirels_low,mirels_high"
    yield f"{head},stiffness_lost,load_n,load_lost,piece_lost,walking_ratio"
    for place, kind, diameter in FEMORAL:
        made = insert_lesion(found.bone, parse_lesion(f"{kind}:{diameter}mm@{place}"), found.material)
        report = report_lesions(made)[0]
        sections = report.measures.sections
        one = _stance(made)
        image = [report.measures.volume_ml, sections.width_share, sections.circumference_share, sections.axial_mm]
        lost = [1.0 - a / b for a, b in zip(one[:3], sound[:3], strict=True)]
        cost = [lost[0], one.load, *lost[1:], WALKING_N / one.load]
        yield (
            f"{name},{place},{kind},{diameter},{report.region},"
            + ",".join(f"{value:.3f}" for value in image)
            + ",{},{},".format(*mirels_range(report.items["mirels"]))
            + ",".join(f"{value:.4g}" for value in cost)
        )


def _stance(bone: BoneModel) -> Stance:
    loaded = load_bone(bone, "stance", LoadOptions(spacing_mm=STANCE_MM))
    failure = load_to_failure(loaded, settings_for("femur"))
    piece = rule_loads(loaded, failure.elastic, ("contiguous",))[0]
    return Stance(failure.stiffness_n_mm, failure.failure_load_n, piece.load_n)


def mirels_range(items: dict[str, Reading]) -> tuple[int, int]:
    """Least and greatest total that the items leave open: pain always, the site at head and neck."""
    table = read_table("instruments/mirels")["items"]
    low = high = 0
    for name in ("site", "pain", "lesion", "size"):
        points = {level["name"]: level["points"] for level in table[name]["levels"]}
        value = items[name].value
        open_ = (2, 3) if name == "site" else (min(points.values()), max(points.values()))
        least, most = (points[value],) * 2 if value is not None else open_
        low, high = low + least, high + most
    return low, high


EXPERIMENTS = {"volume": volume, "sclerotic": sclerotic, "strength": strength, "margin": margin, "femur": femur}


def main() -> None:
    """Run one experiment on one bone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiment", choices=EXPERIMENTS)
    parser.add_argument("bone", choices=("t12", "l4", "femur"))
    given = parser.parse_args()
    began = time.process_time()
    for row in EXPERIMENTS[given.experiment](given.bone):
        print(row, flush=True)
    print(f"# {time.process_time() - began:.0f} s CPU")


if __name__ == "__main__":
    main()
