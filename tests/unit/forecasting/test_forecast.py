"""The whole Forecast: its document, its reproducibility, its refusals."""

import datetime as dt
import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from osteocast.course.system import observable_names
from osteocast.domain.observation import Observation
from osteocast.domain.patient import EarlierCourse, Lesion, Patient, PrimaryTumour
from osteocast.domain.site import site
from osteocast.evidence.load import DATA
from osteocast.forecasting.candidates import seen_values
from osteocast.forecasting.describe import describe
from osteocast.forecasting.drivers import DrawnQuantity
from osteocast.forecasting.forecast import Context, build_forecast
from osteocast.forecasting.record_fit import record_fit
from osteocast.forecasting.run import _judged
from osteocast.forecasting.summary import RegimenRun
from osteocast.foundation.errors import ForecastError
from osteocast.inference.nested import NestedSample
from osteocast.inference.observe import measurement_of
from osteocast.inference.posterior import FitRow, Posterior
from osteocast.inference.weights import Weights

SCHEMA = json.loads((DATA / "schema" / "result.schema.json").read_text(encoding="utf-8"))
D, C = 10, 60
N = D * C
SAMPLE = NestedSample.of(np.repeat(np.arange(D), C))
PATIENT = Patient(
    age_years=61,
    sex="female",
    primary=PrimaryTumour("breast"),
    weight_kg=70.0,
    assessed=dt.date(2026, 3, 2),
    lesions=(Lesion(site("femur-left-shaft"), kind="lytic", size_mm=28.0), Lesion(site("T8"))),
    observations=(Observation("calcium", 2.6, "mmol/L", dt.date(2026, 3, 2), "<"),),
)
POSTERIOR = Posterior(
    names=("strength",),
    prior_mean=np.zeros(1),
    prior_sd=np.ones(1),
    mean=np.zeros(1),
    covariance=np.eye(1),
    rows=(FitRow("EV1", "events", 2.0, "1/year", 2.1, 0.1, 0.4, 0.99),),
    design_points=12,
    laplace_k=0.1,
    statement="calibrated",
)
CONTEXT = Context(
    patient=PATIENT,
    posterior=POSTERIOR,
    weights=Weights(np.full(900, 1 / 900), 512.0, 0.31, -1.0, ("total calcium on 2026-03-02",), ""),
    seed=1,
    continuations=C,
    parameters=(DrawnQuantity("g", "tumour growth", "fitted", np.random.default_rng(3).normal(size=N)),),
    unrecorded=(DrawnQuantity("ECOG", "ECOG", "", np.random.default_rng(4).integers(0, 3, N) * 1.0, True),),
)


@pytest.fixture
def runs(exponential_courses):
    def made(name, rate, current):
        courses = exponential_courses(np.full(N, rate), np.full(N, 0.3), np.full(N, 0.3))
        return RegimenRun(name, name.upper(), current, True, (), "", courses)

    return [made("none", 0.5, True), made("drug", 0.3, False), made("same", 0.5, False)]


def test_the_document_holds_every_part_and_is_json(runs):
    document = build_forecast(runs, SAMPLE, CONTEXT).to_dict()
    assert set(document) == {
        "schema", "version", "title", "banner", "patient", "settings", "calibration", "applicability",
        "weights", "regimens", "contrasts", "drivers", "missing", "assumptions", "citations",
        "record_fit", "excluded",
    }  # fmt: skip
    text = json.dumps(document, allow_nan=False)
    assert text == json.dumps(build_forecast(runs, SAMPLE, CONTEXT).to_dict(), allow_nan=False)
    regimen = document["regimens"][0]
    assert set(regimen) == {
        "name", "title", "current", "eligible", "reasons", "calendar_note", "risk", "first_event", "expected_events",
        "survival", "lesions", "courses", "harms",
    }  # fmt: skip
    assert set(regimen["risk"]) == {
        "fracture", "cord_compression", "radiotherapy", "surgery", "any_event", "hypercalcaemia",
        "hypocalcaemia", "loss_of_walking", "death",
    }  # fmt: skip
    assert regimen["risk"]["death"]["months"] == list(range(25))
    assert document["settings"]["draws"] == D
    # these scales are not those of the shipped validation
    assert document["calibration"]["statement"].startswith("not checked with these scales")
    assert document["calibration"]["brief"] == "calibrated on 1 figures; not checked with these scales"
    assert document["calibration"]["validated"] is None
    assert "not a diagnosis" in document["banner"]


def test_recorded_cord_compression_is_an_emergency_without_risk_or_comparison(runs):
    lesions = (PATIENT.lesions[0], replace(PATIENT.lesions[1], epidural_grade="2"))
    context = replace(CONTEXT, patient=replace(PATIENT, lesions=lesions))
    document = build_forecast(runs, SAMPLE, context).to_dict()
    first = document["applicability"][0]
    assert (first["level"], first["about"]) == ("emergency", "epidural")
    assert "suspected or present" in first["text"]
    reason = "which needs treatment today; the comparison of drugs does not apply."
    assert first["instead"].endswith(reason)
    assert {c["kind"] for c in document["contrasts"]} == set(first["not_compared"])
    for c in document["contrasts"]:
        assert {c[key] for key in ("avoided_per_100", "low", "high", "distinguishable")} == {None}
        assert c["text"] == first["instead"]
    jsonschema.validate(document, SCHEMA)
    with pytest.raises(ValueError, match="needs treatment today"):
        build_forecast(runs, SAMPLE, context).risk("cord_compression")
    for regimen in document["regimens"]:
        assert [one["cord_recorded"] for one in regimen["lesions"]] == [False, True]
        assert regimen["risk"]["cord_compression"] is None
        assert regimen["first_event"]["cord_compression"] is None
        assert all(one["cord"] is None for one in regimen["lesions"])
        assert regimen["risk"]["fracture"]["probability"][-1] > 0
    quiet = build_forecast(runs, SAMPLE, CONTEXT).to_dict()
    assert "emergency" not in {one["level"] for one in quiet["applicability"]}
    assert not any(one["cord_recorded"] for one in quiet["regimens"][0]["lesions"])


def test_high_calcium_of_the_record_is_no_risk(runs):
    high = Observation("calcium", 3.1, "mmol/L", dt.date(2026, 3, 2))
    document = build_forecast(runs, SAMPLE, replace(CONTEXT, patient=replace(PATIENT, observations=(high,)))).to_dict()
    assert document["applicability"][0]["instead_brief"] == "already present"
    assert all(one["risk"]["hypercalcaemia"] is None for one in document["regimens"])
    for c in document["contrasts"]:
        assert (c["low"] is None) == (c["kind"] == "hypercalcaemia")
    jsonschema.validate(document, SCHEMA)


def test_a_change_of_drug_and_a_poor_fit_are_said(runs):
    running = replace(PATIENT, drug_history=(EarlierCourse("zoledronate", started=dt.date(2025, 1, 1)),))
    drug = (("denosumab", "Denosumab"),)
    some = [runs[0], replace(runs[1], drugs=drug), replace(runs[2], drugs=(("zoledronate", "Zoledronate"),))]
    misfit = {"inside": False, "text": "calcium: recorded 2.80, model 2.46 (2.37-2.70) mmol/L"}
    document = build_forecast(some, SAMPLE, replace(CONTEXT, patient=running, record_fit=(misfit,))).to_dict()
    said = {one["about"]: one for one in document["applicability"]}
    assert said["switch"]["text"].startswith("Zoledronate is running and denosumab is compared with it.")
    assert misfit["text"] in said["record_fit"]["text"]
    assert {said[name]["level"] for name in ("switch", "record_fit")} == {"caution"}
    calm = build_forecast(some, SAMPLE, CONTEXT).to_dict()
    assert {"switch", "record_fit"}.isdisjoint(one["about"] for one in calm["applicability"])


def test_the_band_of_a_recorded_value_is_that_of_the_model():
    date = dt.date(2026, 3, 2)
    marker = Observation("uNTx", 40.0, "nmol BCE/mmol creatinine", date)
    seen = seen_values(replace(PATIENT, observations=(Observation("calcium", 2.8, "mmol/L", date), marker)))
    names = observable_names()
    records = np.full((1001, 1, len(names)), np.nan)
    records[:, 0, names.index("calcium_total")] = np.linspace(2.3, 2.7, 1001)
    records[:, 0, names.index("untx_ratio")] = 1.0
    calcium, untx = record_fit(seen, records, np.full(1001, 1 / 1001))
    assert [calcium[key] for key in ("low", "model", "high")] == pytest.approx([2.32, 2.5, 2.68], abs=1e-3)
    assert calcium["inside"] is False
    assert calcium["text"] == "calcium on 2026-03-02: recorded 2.80, model 2.50 (2.32–2.68) mmol/L"
    assert untx["inside"] is True
    assert untx["low"] < 0.7 * untx["model"] < untx["model"] < 0.7 * untx["high"]


def test_a_limit_is_outside_where_no_value_it_leaves_open_is_inside():
    date = dt.date(2026, 3, 2)
    records = np.full((10, 1, len(observable_names())), 2.4)
    found = []
    for sign, value in (("<", 2.6), ("<", 2.2), (">", 2.2), (">", 2.6)):
        seen = seen_values(replace(PATIENT, observations=(Observation("calcium", value, "mmol/L", date, sign),)))
        found.append(record_fit(seen, records, np.full(10, 0.1))[0]["inside"])
    assert found == [True, False, True, False]


def test_the_usual_regimens_that_are_left_out_come_with_reasons():
    poor = replace(PATIENT, observations=(Observation("creatinine", 260.0, "umol/L", dt.date(2026, 3, 2)),))
    judged, excluded = _judged(poor, None)
    assert {one.regimen.name for one in judged} == {"supportive-care", "denosumab-q4w"}
    assert [one["name"] for one in excluded] == ["zoledronate-q4w", "zoledronate-q12w"]
    assert "mL/min" in excluded[0]["reasons"][0]
    named = tuple(one.regimen for one in judged)
    assert _judged(poor, named)[1] == ()


def test_the_schema_of_the_result_is_met(runs):
    jsonschema.validate(build_forecast(runs, SAMPLE, CONTEXT).to_dict(), SCHEMA)


def test_identical_regimens_give_identical_forecasts_and_no_difference(runs):
    document = build_forecast(runs, SAMPLE, CONTEXT).to_dict()
    first, _, same = document["regimens"]
    assert first["risk"] == same["risk"]
    for c in document["contrasts"]:
        if {c["regimen"], c["against"]} == {"same", "none"}:
            assert (c["avoided_per_100"], c["low"], c["high"]) == (0.0, 0.0, 0.0)
            assert not c["distinguishable"]


def test_a_risk_is_asked_for_by_name(runs):
    forecast = build_forecast(runs, SAMPLE, CONTEXT)
    risk = forecast.risk("fracture", month=12, regimen="drug")
    assert risk.low <= risk.probability <= risk.high
    assert "90 % interval" in str(risk)
    assert forecast.risk().probability >= forecast.risk("fracture").probability
    for bad in ({"kind": "x"}, {"month": 99}, {"regimen": "x"}):
        with pytest.raises(ValueError, match=r"known|not among"):
            forecast.risk(**bad)


def test_failed_courses_are_left_out_of_every_regimen_and_said(runs):
    status = np.zeros(N, dtype=np.int8)
    status[3] = 2
    broken = replace(runs[1], courses=replace(runs[1].courses, status=status))
    document = build_forecast([runs[0], broken], SAMPLE, CONTEXT).to_dict()
    assert document["settings"]["failed_courses"] == 1
    alone = build_forecast([runs[0], runs[1]], SAMPLE.without(status != 0), CONTEXT).to_dict()
    assert document["regimens"][0]["risk"] == alone["regimens"][0]["risk"]


def test_many_failures_no_calibration_and_no_regimen_are_refused(runs):
    status = np.zeros(N, dtype=np.int8)
    status[:30] = 2
    broken = replace(runs[1], courses=replace(runs[1].courses, status=status))
    cases = [
        ([broken], CONTEXT, "forecast.solver-failures"),
        (runs, replace(CONTEXT, posterior=None), "forecast.not-calibrated"),
        ([], CONTEXT, "forecast.no-regimen"),
    ]
    for some, context, code in cases:
        with pytest.raises(ForecastError) as caught:
            build_forecast(some, SAMPLE, context)
        assert [i.code for i in caught.value.issues] == [code]
    with pytest.raises(ValueError, match="share"):
        build_forecast(runs, NestedSample.of(np.zeros(5, dtype=int)), CONTEXT)


def test_the_patient_is_told_apart_into_given_and_drawn():
    patient = describe(PATIENT)
    given = {g["item"]: g["value"] for g in patient["given"]}
    assert given["weight"] == "70 kg"
    assert given["total calcium"] == "<2.6 mmol/L on 2026-03-02"
    drawn = {d["item"]: d["how"] for d in patient["drawn"]}
    assert drawn["ECOG performance status"] == "from the population of breast cancer with bone metastases"
    assert "weight" not in drawn
    assert "size of T8" in drawn
    assert "size of femur-left-shaft" not in drawn
    assert "epidural grade of T8" in drawn
    assert "epidural grade of femur-left-shaft" not in drawn
    assert patient["lesions"][0]["drawn"] == ["pain"]
    assert patient["lesions"][1]["drawn"] == ["kind", "size", "pain", "epidural grade"]
    settled = replace(PATIENT.lesions[1], cortical_involvement=0.3, pain_on_loading=4.0)
    assert describe(replace(PATIENT, lesions=(settled,)))["lesions"][0]["drawn"] == ["kind", "epidural grade"]


def test_values_are_shown_as_they_were_written_and_unused_ones_are_marked():
    written = Observation("calcium", 3.04406, "mmol/L", dt.date(2026, 3, 2), "=", "12.2 mg/dL")
    patient = describe(replace(PATIENT, observations=(written,), visceral_metastases=True))
    given = {g["item"]: g["value"] for g in patient["given"]}
    assert given["total calcium"] == "12.2 mg/dL on 2026-03-02"
    assert given["visceral metastases"] == "yes"
    assert "subtype of the primary" not in given  # it stands with the primary
    assert "visceral metastases" not in {d["item"] for d in patient["drawn"]}
    assert "visceral metastases" in {d["item"] for d in describe(PATIENT)["drawn"]}
    assert patient["lesions"][1]["size_mm"] is None
    assert json.loads(json.dumps(patient)) == patient


def test_an_observation_becomes_a_measurement_with_its_error():
    m = measurement_of(PATIENT.observations[0])
    assert m is not None
    assert (m.value, m.censoring) == (2.6, "<")
    assert 0.005 < m.spread < 0.2
    assert "2026-03-02" in m.name
