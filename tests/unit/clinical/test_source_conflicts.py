"""One test for each place where public sources contradict each other, so that no later edit follows the wrong one."""

import pytest

import osteocast
from osteocast.formats.instrument_file import instrument, instrument_names

SINS = {
    "location": "T5",
    "pain": "none",
    "lesion": "blastic",
    "alignment": "normal",
    "collapse": "none",
    "posterolateral": "none",
}
TOKUHASHI = {
    "kps": 80,
    "extraspinal_bone": 0,
    "vertebral": 1,
    "organs": "none",
    "primary": "breast",
    "frankel": "E",
}


def total(name, **items):
    return osteocast.score(name, **items).values["total"]


def test_sins_pain_is_three_one_zero():
    assert [total("sins", **{**SINS, "pain": word}) for word in ("mechanical", "occasional", "none")] == [4, 2, 1]


def test_sins_zero_is_stable():
    assert osteocast.score("sins", **{**SINS, "location": "S3"}).values["band"] == "stable"
    assert total("sins", **{**SINS, "location": "S3"}) == 0


def test_sins_collapse_of_exactly_half_is_asked_for():
    found = osteocast.score("sins", **{**SINS, "collapse": 50})
    assert found.answer("total").possible == (3, 4)
    assert [m.item for m in found.missing] == ["collapse"]
    assert any("Exactly 50 %" in note for note in found.notes)
    assert total("sins", **{**SINS, "collapse": 51}) == 4
    assert total("sins", **{**SINS, "collapse": "49 %"}) == 3
    assert osteocast.score("sins", **{**SINS, "collapse": 0}).answer("total").possible == (1, 2)


def test_tokuhashi_vertebral_bodies():
    assert [total("tokuhashi", **{**TOKUHASHI, "vertebral": n}) for n in (1, 2, 3, 5)] == [15, 14, 13, 13]


def test_tokuhashi_low_totals_are_the_short_survival():
    assert osteocast.score("tokuhashi", **TOKUHASHI).values["band"] == ">=1y"
    worst = {
        "kps": 30,
        "extraspinal_bone": 3,
        "vertebral": 3,
        "organs": "unremovable",
        "primary": "lung",
        "frankel": "A",
    }
    assert osteocast.score("tokuhashi", **worst).values["band"] == "<6mo"


def test_tomita_rapid_growth_is_four():
    assert total("tomita", primary="lung", visceral="untreatable", bone="multiple") == 10


def test_mirels_eight_is_judgement():
    items = {"site": "lower", "pain": "moderate", "lesion": "mixed"}
    assert osteocast.score("mirels", **items, size="1/3-2/3").values["band"] == "judgement"
    assert osteocast.score("mirels", **items, size=">2/3").values["band"] == "prophylactic_fixation"
    assert osteocast.score("mirels", **items, size="<1/3").values["band"] == "observe_rt"


def test_mirels_painless_is_mild_and_flagged():
    found = osteocast.score("mirels", site="lower", pain="none", lesion="lytic", size=">2/3")
    assert found.values["total"] == 9
    assert any("no level for a lesion without pain" in note for note in found.notes)


def test_mirels_size_is_recorded_with_what_it_was_measured_of():
    items = {"site": "lower", "pain": "mild", "lesion": "lytic", "size": ">2/3"}
    for what in ("cortex", "diameter"):
        found = osteocast.score("mirels", **items, size_of=what)
        assert found.values["total"] == 9
        assert what in [one.level for one in found.items]


def test_escc_contact_without_compression_is_1c():
    levels = {level.name: level.title for level in instrument("escc").items["grade"].levels}
    assert "not touched" in levels["1b"]
    assert "touched, not compressed" in levels["1c"]
    groups = [osteocast.score("escc", grade=g).values["group"] for g in ("0", "1a", "1b", "1c", "2", "3")]
    assert groups == ["low", "low", "low", "intermediate_abutment", "high", "high"]


def test_axial_exactly_thirty_is_high_and_marked():
    answers = [osteocast.score("axial-cortical", axial=mm, circumferential=0).values for mm in (29.9, 30, 30.1)]
    assert [one["high_risk"] for one in answers] == [False, True, True]
    assert [one["edge"] for one in answers] == [False, True, False]
    assert osteocast.score("axial-cortical", axial="3 cm", circumferential=50).values["edge"] is True


def test_pain_bands_of_both_publications_are_shown():
    found = [osteocast.score("pain-band", pain=n).values for n in range(11)]
    none, mild, moderate, severe = (["none"], ["mild"], ["moderate"], ["severe"])
    assert [one["serlin_1995"] for one in found] == none + 4 * mild + 2 * moderate + 4 * severe
    assert [one["chow_2016_bone_mets"] for one in found] == none + 4 * mild + 4 * moderate + 2 * severe


def test_zoledronate_interval_of_both_sources_is_shown():
    notes = " ".join(osteocast.score("zoledronate-dose", crcl=70).notes)
    assert "every 3 to 4 weeks" in notes
    assert "every 12 weeks" in notes


@pytest.mark.parametrize(
    ("clearance", "dose"),
    [(60.1, 4.0), (60, 3.5), (50, 3.5), (49.99, 3.3), (49.5, 3.3), (40, 3.3), (39.5, 3.0), (30, 3.0), (29.999, None)],
)
def test_zoledronate_edges_take_the_lower_dose(clearance, dose):
    found = osteocast.score("zoledronate-dose", crcl=clearance)
    assert found.values["dose_mg"] == dose
    assert found.values["not_recommended"] is (dose is None)


def test_albumin_factor_is_recorded():
    usual = osteocast.score("corrected-calcium-mmol-l", ca_mmol_l=2.2, albumin_g_l=20)
    other = osteocast.score("corrected-calcium-mmol-l", ca_mmol_l=2.2, albumin_g_l=20, factor=0.022)
    assert usual.values["corrected_mmol_l"] == pytest.approx(2.60)
    assert other.values["corrected_mmol_l"] == pytest.approx(2.64)
    assert any("0.02" in note for note in usual.notes)
    assert "0.022" in [one.given for one in other.items]


def test_clock_of_cord_compression_is_that_of_2023():
    clock = osteocast.score("urgency", unchecked=True, neuro="yes").values["clock"]
    assert clock[-1] == "radiotherapy if no surgery: <=24 h of decision to treat"


def test_what_was_read_in_no_source_is_off_unless_asked_for():
    off = [name for name in instrument_names() if instrument(name).status == "memory"]
    assert off == ["pain-response", "urgency"]
    with pytest.raises(osteocast.OsteocastError, match=r"instrument\.unchecked"):
        osteocast.score("pain-response", pain_before=8)
    assert osteocast.score("katagiri", visceral="none").answer("total").bounds == (0, 8)


def test_katagiri_a_critical_value_counts_two_whatever_the_others_are():
    levels = {level.name: level.title for level in instrument("katagiri").items["lab"].levels}
    assert [osteocast.score("katagiri", lab=name).items[0].points for name in levels] == [0, 1, 2]
    assert all(word in levels["abnormal"] for word in ("CRP", "LDH", "albumin"))
    assert all(word in levels["critical"] for word in ("platelets", "calcium", "bilirubin"))


def test_disagreement_of_the_sources_travels_with_every_score():
    for name in instrument_names():
        for conflict in instrument(name).conflicts:
            assert conflict.found
            assert conflict.used
            assert conflict.basis
    found = osteocast.score("tokuhashi", **TOKUHASHI).to_dict()
    assert len(found["conflicts"]) == 2
