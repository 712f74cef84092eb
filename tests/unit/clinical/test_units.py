"""Units: graded as reported, converted only where the instrument says so, refused where they are not said."""

import pytest

import osteocast
from osteocast.domain.laboratory import corrected_calcium, creatinine_clearance
from osteocast.foundation.errors import InputError

MG_PER_MMOL = 4.008


def grade(value, **more):
    return osteocast.score("ctcae-hypercalcaemia", calcium=value, **more).values["grade"]


def test_calcium_is_graded_in_the_unit_of_the_report():
    assert grade("11.55 mg/dL") == 2
    assert round(11.55 / MG_PER_MMOL, 2) == 2.88
    assert grade("2.88 mmol/L", uln="2.6 mmol/L") == 1


def test_one_written_unit_is_that_of_all_values_whatever_their_order():
    for items in ({"uln": 10.5, "calcium": "10.6 mg/dL"}, {"calcium": 10.6, "uln": "10.5 mg/dl"}):
        assert osteocast.score("ctcae-hypercalcaemia", **items).values["grade"] == 1
    assert osteocast.score("ctcae-hypercalcaemia", corrected_ca_mmol_l=3.11, uln=2.6).values["grade"] == 3


def test_ionised_limits_are_their_own():
    items = {"basis": "ionised", "uln": "1.32 mmol/L"}
    assert [grade(f"{v} mmol/L", **items) for v in (1.3, 1.4, 1.55, 1.7, 1.9)] == [0, 1, 2, 3, 4]
    found = osteocast.score("ctcae-hypercalcaemia", calcium="6.4 mg/dL", basis="ionised")
    assert not found.applicable
    low = {"basis": "ionised", "lln": "1.15 mmol/L"}
    hypo = [
        osteocast.score("ctcae-hypocalcaemia", calcium=f"{v} mmol/L", **low).values["grade"]
        for v in (1.2, 1.0, 0.9, 0.8, 0.79)
    ]
    assert hypo == [0, 1, 2, 3, 4]


def test_the_clinic_can_raise_a_grade_and_never_lower_it():
    assert grade("11.0 mg/dL", uln=10.5, symptomatic=True) == 2
    assert grade("11.0 mg/dL", uln=10.5, hospitalisation="yes") == 3
    assert grade("11.0 mg/dL", uln=10.5, life_threatening="yes") == 4
    assert grade("13.0 mg/dL", symptomatic="yes") == 3
    assert grade("10.0 mg/dL", uln=10.5, life_threatening="yes") == 0  # no high calcium, no grade of it


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ({"calcium": 11.5}, "instrument.unit-missing"),
        ({"calcium": "11.5 mg"}, "instrument.unit"),
        ({"calcium": "11.5 mg/dL", "unit": "mmol/L"}, "instrument.unit"),
        ({"calcium": "11.5 mg/dL", "uln": "2.6 mmol/L"}, "instrument.unit"),
        ({"calcium": "11.5 mmol/L"}, "instrument.range"),
        ({"calcium": "2.9 mg/dL"}, "instrument.range"),
        ({"calcium": "11,500 mg/dL"}, "instrument.number"),
    ],
)
def test_a_unit_that_does_not_fit_is_refused(items, code):
    with pytest.raises(InputError) as caught:
        osteocast.score("ctcae-hypercalcaemia", **items)
    assert [issue.code for issue in caught.value.issues] == [code]


def test_creatinine_may_be_given_in_either_unit():
    usual = osteocast.score("cockcroft-gault", age=68, weight=74, creatinine=1.2, sex="M")
    other = osteocast.score("cockcroft-gault", age=68, weight="74 kg", creatinine="106.08 µmol/L", sex="male")
    assert usual.values["crcl_ml_min"] == pytest.approx(other.values["crcl_ml_min"])
    with pytest.raises(InputError, match=r"instrument\.range"):
        osteocast.score("cockcroft-gault", creatinine=106)
    assert osteocast.score("zoledronate-dose", age=68, weight=72, creatinine=1.2, sex="M").values == {
        "crcl_ml_min": 60.0,
        "dose_mg": 3.5,
        "not_recommended": False,
    }


def test_the_rise_of_creatinine_has_its_own_limits_in_each_unit():
    def withhold(before, after):
        return osteocast.score("zoledronate-creatinine", baseline=before, current=after).values["withhold"]

    assert withhold("1.3 mg/dL", "1.8 mg/dL") is True
    assert withhold("1.4 mg/dL", "1.9 mg/dL") is False
    assert withhold("1.4 mg/dL", "2.4 mg/dL") is True
    assert withhold("100 umol/L", "144 umol/L") is True
    assert withhold("124 umol/L", "200 umol/L") is False
    assert withhold("124 umol/L", "212 umol/L") is True


def test_formulas_agree_with_those_of_the_record():
    """The instruments and the patient's record must not drift apart: one formula, one set of constants."""
    found = osteocast.score("corrected-calcium-mmol-l", ca_mmol_l=2.31, albumin_g_l=27)
    assert found.values["corrected_mmol_l"] == pytest.approx(corrected_calcium(2.31, 27))
    found = osteocast.score("cockcroft-gault", age=71, weight=61, creatinine="97 umol/L", sex="female")
    assert found.values["crcl_ml_min"] == pytest.approx(creatinine_clearance(71, 61, "female", 97))


def test_zoledronate_doses_are_those_of_the_drug_file():
    from osteocast.formats.drug_file import builtin_drug

    drug = builtin_drug("zoledronate")
    for clearance in (75.0, 60.0, 55.0, 50.0, 49.6, 45.0, 40.0, 39.5, 30.0):
        shares = [
            r.fraction
            for r in drug.renal_doses
            if r.clearance < clearance or (r.inclusive and r.clearance == clearance)
        ]
        assert osteocast.score("zoledronate-dose", crcl=clearance).values["dose_mg"] == pytest.approx(4.0 * shares[0])


def test_albumin_of_the_other_scale_gives_the_same():
    one = osteocast.score("corrected-calcium-mg-dl", ca_mg_dl=7.4, albumin_g_dl=2.0).values
    two = osteocast.score("corrected-calcium-mg-dl", ca_mg_dl="7.4 mg/dL", albumin_g_dl="20 g/L").values
    assert one == two == {"corrected_mg_dl": 9.0}
    with pytest.raises(InputError, match=r"instrument\.unit"):
        osteocast.score("corrected-calcium-mg-dl", ca_mg_dl="1.85 mmol/L")
