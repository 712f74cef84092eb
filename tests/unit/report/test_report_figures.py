"""Wording, the drawn skeleton and the figures."""

import itertools
import re

import pytest

from osteocast.report import anatomy, figures, wording
from osteocast.report.skeleton import skeleton, spread


@pytest.mark.parametrize(
    ("probability", "written"),
    [
        (0.0, "<1"),
        (0.0049, "<1"),
        (0.005, "1"),
        (0.145, "15"),
        (0.245, "25"),
        (0.9949, "99"),
        (0.995, ">99"),
        (1.0, ">99"),
        (None, "–"),
    ],
)
def test_percent_is_whole_and_never_certain(probability: float | None, written: str) -> None:
    assert wording.percent(probability) == written


def test_differences_are_worded_by_direction() -> None:
    assert wording.avoided_text(-4, -9, -1) == "4 more (1 to 9)"
    assert wording.avoided_text(2, -5, 9) == "2 fewer (5 more to 9 fewer)"
    assert wording.avoided_text(0.2, -0.3, 3) == "none (none to 3 fewer)"
    assert wording.avoided_text(0.2, -0.3, 0.4) == "none (less than 1 either way)"
    assert wording.avoided_text(1.1, 0.2, 2.3) == "1 fewer (under 1 to 2 fewer)"
    assert wording.avoided_text(-1.1, -2.3, -0.2) == "1 more (under 1 to 2 more)"
    assert wording.sentence_case("urinary N-telopeptide") == "Urinary N-telopeptide"
    assert wording.sentence_case("uNTx") == "uNTx"


def test_every_site_has_a_place_inside_the_drawing() -> None:
    limbs = {
        "pelvis": ("ilium", "acetabulum", "pubis-ischium"),
        "femur": ("head-neck", "trochanteric", "subtrochanteric", "shaft", "distal"),
        "humerus": ("proximal", "shaft", "distal"),
        "rib": tuple(str(i) for i in range(1, 13)),
    }
    for bone, parts in limbs.items():
        for part in parts:
            left, right = (anatomy.place_of(f"{bone}-{side}-{part}") for side in ("left", "right"))
            assert left is not None
            assert right is not None
            assert left[0] > 0, "the patient's left is on the viewer's right"
            assert right == (-left[0], left[1])
    midline = [anatomy.place_of(s) for s in ("skull", *anatomy.vertebrae(), "sacrum")]
    heights = [p[1] for p in midline if p is not None]
    assert len(heights) == len(anatomy.vertebrae()) + 2
    assert heights == sorted(heights)
    assert anatomy.place_of("other") is None
    assert anatomy.place_of("rib-left-13") is None


def test_kinds_differ_by_shape_and_labels_do_not_collide() -> None:
    shapes = {
        k: re.sub(r'fill="[^"]*"|stroke="[^"]*"', "", str(skeleton([{"site": "L3", "kind": k}])))
        for k in ("lytic", "mixed", "sclerotic", None)
    }
    assert len(set(shapes.values())) == 4
    sizes = [40.0] * 6
    placed = spread([100, 101, 102, 690, 695, 700], sizes, 14, 716)
    assert all(b - a >= 40 - 1e-9 for a, b in itertools.pairwise(placed))
    assert placed[-1] + 40 <= 716 + 1e-9
    crowd = [{"site": f"T{1 + i % 12}", "kind": "lytic", "size_mm": 10.0} for i in range(60)]
    assert str(skeleton(crowd)).count("<title>") == 1


def test_limits_of_figures_cover_the_values() -> None:
    assert figures.round_limit(0.41) == pytest.approx(0.5)
    assert figures.round_limit(0) == 1
    low, high = figures.course_limits([{"low": [2.1, None], "high": [2.9, 3.2]}], [3.0])
    assert low <= 2.1
    assert high >= 3.2
    assert low > 0
