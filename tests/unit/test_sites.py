"""Sites, their classes and measures."""

import pytest

from osteocast.domain.site import Site, SiteClass, site, site_names
from osteocast.domain.skeleton import marrow_share, section_width_mm, section_widths_mm


def test_every_named_bone_exists_once():
    names = site_names()
    assert len(names) == len(set(names)) == 24 + 1 + 2 * (3 + 3 + 2 + 3 + 12) + 3
    for name in ("C1", "T12", "L5", "sacrum", "pelvis-right-pubis-ischium", "femur-left-head-neck", "rib-right-12"):
        assert site(name) == Site(name, site(name).kind)


@pytest.mark.parametrize(
    ("name", "code"),
    [("C7", 0), ("T1", 1), ("L5", 2), ("sacrum", 3), ("pelvis-left-ilium", 3), ("femur-right-subtrochanteric", 4),
     ("femur-right-shaft", 5), ("femur-left-distal", 5), ("humerus-left-proximal", 6), ("rib-left-1", 7),
     ("sternum", 8), ("skull", 9), ("other", 10)],
)  # fmt: skip
def test_codes_of_mechanical_classes_are_pinned(name, code):
    assert site(name).code == code == int(site(name).site_class)
    assert SiteClass(code).label == site(name).kind


def test_levels_and_sides():
    assert site("C1").level == 0
    assert site("L5").level == 23
    assert site("sacrum").level is None
    assert not site("sacrum").is_vertebra
    assert site("rib-left-3").side == "left"
    assert site("skull").side is None
    assert site("femur-right-head-neck").title == "right femur, head or neck"


@pytest.mark.parametrize(
    ("name", "element"),
    [("C3", "cord"), ("L1", "cord"), ("L2", "cauda equina"), ("sacrum", "cauda equina"), ("skull", None)],
)
def test_what_an_epidural_tumour_would_press_on(name, element):
    assert site(name).neural_element == element


def test_unknown_site():
    with pytest.raises(ValueError, match="T13"):
        site("T13")


def test_measures_cover_all_classes():
    assert len(section_widths_mm()) == len(SiteClass)
    assert section_width_mm(site("T8")) == section_widths_mm()[SiteClass.VERTEBRA_THORACIC]
    assert section_width_mm(site("rib-left-4")) < section_width_mm(site("L3"))
    assert sum(marrow_share(one) for one in SiteClass) == pytest.approx(1)
    # Most metastases lie in the red marrow of the trunk.
    trunk = sum(marrow_share(one) for one in SiteClass if one <= SiteClass.PELVIS)
    assert trunk > marrow_share(SiteClass.HUMERUS) * 10
