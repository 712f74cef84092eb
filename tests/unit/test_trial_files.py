"""Trials as data: read by name and from files, every number with its unit, refused where wrong."""

import copy
import json
import re
import tomllib
from pathlib import Path

import pytest

from osteocast.course.courses import PATIENT_SERIES, EventKind
from osteocast.course.event_definitions import definition_of, event_definition
from osteocast.domain.table import read_table
from osteocast.domain.trial_words import MARKERS, component_names, estimator_facts, estimator_names
from osteocast.evidence.load import DATA, load_targets
from osteocast.formats.trial_file import builtin_trials, read_trial, trial_from_mapping
from osteocast.foundation.errors import InputError

ROOT = Path(__file__).parents[2]
TRIALS = [read_trial(name) for name in builtin_trials()]


def number(value, unit, why="for the test"):
    return {"value": value, "unit": unit, "grade": "assumed", "why": why}


@pytest.fixture
def raw():
    leave = {"withdrawal": number(0.3, "1/year"), "per_ecog_point": number(0, "1"), "after_progression": number(0, "1")}
    return copy.deepcopy(
        {
            "title": "A trial",
            "populations": [
                {
                    "name": "breast",
                    "origin": "breast",
                    "share": number(1, "1"),
                    "female": number(100, "%"),
                    "age": number(60, "year"),
                    "line_started": number(4, "month"),
                    "line_strength": number(1, "1"),
                    "oldest_lesion": number(1.5, "year"),
                    "lesions": number(6, "1"),
                }
            ],
            "entry": [
                {"quantity": "corrected-calcium", "high": 11, "unit": "mg/dL", "grade": "assumed", "why": "test"},
                {"quantity": "lytic-lesion", "is": "yes", "grade": "assumed", "why": "test"},
            ],
            "arms": [
                {"name": "drug", "title": "denosumab", "regimen": "denosumab-q4w", "share": 0.5, "n": 100},
                {"name": "control", "title": "control", "regimen": "half", "share": 0.5, "n": 100},
            ],
            "regimen": {
                "half": {"title": "Half", "courses": [{"drug": "zoledronate", "dose": "2 mg", "interval": "4 weeks"}]}
            },
            "allocation": {"method": "permuted-blocks", "block_size": 4, "why": "test"},
            "follow_up": {
                "survey_interval": number(12, "week"),
                "laboratory_interval": number(28, "day"),
                "earliest_exit": number(1, "year"),
                "latest_exit": number(2, "year"),
                "cut_off": number(24, "month"),
                "simulated": number(24, "month"),
            },
            "drop_out": leave,
            "counting": {"sre": {"definition": "SRE"}},
            "endpoints": [
                {"name": "hr", "estimator": "cox", "arms": ["drug"], "comparator": "control", "counting": "sre"},
                {"name": "any", "estimator": "first-event-proportion", "arms": ["drug"], "counting": "sre",
                 "first": ["fracture"], "time": "12 months"},
            ],
            "estimand": {"death": "hypothetical", "switching": "treatment-policy", "drop_out": "hypothetical",
                         "why": "test"},
        }
    )  # fmt: skip


def problems(raw):
    with pytest.raises(InputError) as caught:
        trial_from_mapping(raw, "mine.toml")
    return {(issue.code, issue.place.removeprefix("mine.toml: ")) for issue in caught.value.issues}


def changed(raw, place, value):
    node = raw
    *path, last = place
    for key in path:
        node = node[key]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return raw


def test_units_become_the_canonical_ones(raw):
    trial = trial_from_mapping(raw, "mine.toml")
    assert trial.name == "mine"
    assert trial.populations[0]["female"] == pytest.approx(1.0)
    assert trial.populations[0]["line_started"] == pytest.approx(4 * 30.4375)
    assert trial.follow_up.survey_interval.value == pytest.approx(84)
    calcium, lytic = trial.entry
    assert calcium.high == pytest.approx(2.745, abs=0.001)
    assert (calcium.holds(2.6), calcium.holds(2.9)) == (True, False)
    assert (lytic.holds(1.0), lytic.holds(0.0)) == (True, False)
    assert trial.endpoint("any").day == pytest.approx(365.25)
    assert trial.arm("control").regimen.courses[0].dose_mg == 2
    assert trial.arm("control").drop_out.withdrawal.value == 0.3
    assert trial.countings["sre"].window_days == 21
    assert trial.countings["sre"].components == ("fracture", "cord_compression", "radiotherapy", "surgery")


def test_the_example_of_the_handbook_is_a_trial():
    text = (ROOT / "docs" / "trials.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    trial = trial_from_mapping(tomllib.loads(example), "example.toml")
    assert [arm.name for arm in trial.arms] == ["q4w", "q12w"]
    assert {*builtin_trials()} <= {*re.findall(r"[a-z]+-\d{4}", text)}
    for name in estimator_names():
        assert name in text


def test_toml_and_json_say_the_same(tmp_path):
    source = (DATA / "trials" / "stopeck-2010.toml").read_text(encoding="utf-8")
    (tmp_path / "stopeck-2010.toml").write_text(source, encoding="utf-8")
    (tmp_path / "stopeck-2010.json").write_text(json.dumps(tomllib.loads(source)), encoding="utf-8")
    assert read_trial(tmp_path / "stopeck-2010.toml") == read_trial("stopeck-2010")
    assert read_trial(str(tmp_path / "stopeck-2010.json")) == read_trial("stopeck-2010")


@pytest.mark.parametrize(
    ("place", "value", "code", "told"),
    [
        (("arms", 1, "name"), "drug", "trial.name-twice", "arms[2].name"),
        (("arms", 1, "share"), 0.6, "trial.share", "arms: share"),
        (("arms", 1, "n"), 0, "value.implausible", "arms[2].n"),
        (("arms", 1, "n"), 9.5, "value.type", "arms[2].n"),
        (("arms", 1, "regimen"), "quarter", "regimen.unknown", "arms[2].regimen"),
        (("arms", 1, "n_patients"), 5, "key.unknown", "arms[2].n_patients"),
        (("arms",), [], "value.type", "arms"),
        (("regimen", "half", "courses", 0, "drug"), "zol", "regimen.drug-unknown", "regimen.half: courses[1].drug"),
        (("regimen", "half", "courses", 0, "dose"), "2", "value.unit-missing", "regimen.half.courses[1].dose"),
        (("populations", 0, "age", "value"), 7, "value.implausible", "populations[1].age"),
        (("populations", 0, "age", "value"), float("nan"), "value.not-a-number", "populations[1].age.value"),
        (("populations", 0, "age", "unit"), "mg", "value.unit", "populations[1].age"),
        (("populations", 0, "age", "unit"), None, "key.missing", "populations[1].age.unit"),
        (("populations", 0, "age", "grade"), "guessed", "value.choice", "populations[1].age.grade"),
        (("populations", 0, "age", "why"), "", "value.text", "populations[1].age.why"),
        (("populations", 0, "age"), 60, "value.type", "populations[1].age"),
        (("populations", 0, "share", "value"), 0.9, "trial.share", "populations: share"),
        (("populations", 0, "origin"), "bone", "trial.population", "populations[1].origin"),
        (("populations", 0, "origin"), "prostate", "trial.population", "populations[1].female"),
        (("populations", 0, "subtype"), "clear-cell", "trial.population", "populations[1].subtype"),
        (("populations", 0, "agee"), number(60, "year"), "key.unknown", "populations[1].agee"),
        (("populations", 0, "age", "note"), "x", "key.unknown", "populations[1].age.note"),
        (("entry", 0, "unit"), None, "trial.criterion", "entry[1]"),
        (("entry", 0, "low"), 12, "trial.criterion", "entry[1]"),
        (("entry", 0, "high"), 1000, "value.implausible", "entry[1]"),
        (("entry", 1, "high"), 1, "trial.criterion", "entry[2]"),
        (("entry", 1, "quantity"), "mood", "value.choice", "entry[2].quantity"),
        (("counting", "sre", "definition"), "SRF", "value.choice", "counting.sre.definition"),
        (("counting", "sre", "components"), ["fracture"], "trial.definition", "counting.sre"),
        (("counting", "sre"), {}, "trial.definition", "counting.sre"),
        (("counting", "sre"), {"components": ["fracture"]}, "trial.definition", "counting.sre"),
        (("counting", "sre", "window"), "21 days", "trial.definition", "counting.sre"),
        (("endpoints", 0, "arms"), ["placebo"], "trial.arm-unknown", "endpoints[1]"),
        (("endpoints", 0, "arms"), None, "key.missing", "endpoints[1].arms"),
        (("endpoints", 0, "comparator"), None, "trial.endpoint", "endpoints[1].comparator"),
        (("endpoints", 0, "comparator"), "drug", "trial.endpoint", "endpoints[1].arms"),
        (("endpoints", 1, "comparator"), "control", "trial.endpoint", "endpoints[2].comparator"),
        (("endpoints", 0, "counting"), "SSE", "trial.counting-unknown", "endpoints[1].counting"),
        (("endpoints", 0, "counting"), None, "trial.endpoint", "endpoints[1].counting"),
        (("endpoints", 0, "marker"), "untx", "trial.endpoint", "endpoints[1].marker"),
        (("endpoints", 0, "estimator"), "weibull", "value.choice", "endpoints[1].estimator"),
        (("endpoints", 0, "target"), "EV9999", "trial.target", "endpoints[1].target"),
        (("endpoints", 0, "target"), "EV0003", "trial.target", "endpoints[1].target"),
        (("endpoints", 1, "time"), "12", "value.unit-missing", "endpoints[2].time"),
        (("endpoints", 1, "time"), "3 years", "trial.follow-days", "endpoints[2].time"),
        (("endpoints", 1, "name"), "hr", "trial.name-twice", "endpoints[2].name"),
        (("follow_up", "earliest_exit", "value"), 2.5, "trial.follow-days", "follow_up.earliest_exit"),
        (("follow_up", "cut_off", "value"), 30, "trial.follow-days", "follow_up.cut_off"),
        (("follow_up", "surveys"), number(1, "day"), "key.unknown", "follow_up.surveys"),
        (("allocation", "block_size"), None, "trial.allocation", "allocation"),
        (("allocation", "block_size"), 3, "trial.allocation", "allocation.block_size"),
        (("estimand", "death"), "ignored", "value.choice", "estimand.death"),
        (("format",), "osteocast.trial/9", "value.type", "format"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_its_place(raw, place, value, code, told):
    assert (code, told) in problems(changed(raw, place, value))


def test_a_definition_keeps_all_its_rules(raw):
    raw["counting"] = {name: {"definition": name} for name in read_table("event_definitions")["definitions"]}
    raw["endpoints"] = []
    for name, counting in trial_from_mapping(raw).countings.items():
        known, found = event_definition(name), definition_of(counting)
        assert (found.window_days, found.every_finding) == (known.window_days, known.every_finding)
        assert found.components == known.components


@pytest.mark.parametrize(
    ("name", "counting", "definition"),
    [
        ("hortobagyi-1996", "complication", "complication-hypercalcaemia"),
        ("theriault-1999", "complication", "complication"),
        ("lipton-2000", "complication", "complication-hypercalcaemia"),
        ("berenson-1996", "event", "complication"),
        ("rosen-2001", "sre", "SRE"),
        ("rosen-2001", "sre-or-hypercalcaemia", "SRE-hypercalcaemia"),
    ],
)
def test_trials_of_pamidronate_count_as_they_were_published(name, counting, definition):
    known, found = event_definition(definition), definition_of(read_trial(name).countings[counting])
    for field in ("title", "components", "window_days", "every_finding"):
        assert getattr(found, field) == getattr(known, field)


def test_a_population_is_on_its_first_line_where_nothing_else_is_said(raw):
    first = trial_from_mapping(raw).populations[0].inputs["line_number"]
    assert (first.value, first.unit, first.grade) == (1.0, "1", "assumed")
    raw["populations"][0]["line_number"] = number(2, "1")
    assert trial_from_mapping(raw).populations[0]["line_number"] == 2.0
    raw["populations"][0]["line_number"] = number(0, "1")
    assert problems(raw) == {("value.implausible", "populations[1].line_number")}


def test_components_of_the_first_event_must_count(raw):
    raw["counting"]["sre"] = {"title": "radiation", "components": ["radiotherapy"], "window": "0 days"}
    assert ("trial.endpoint", "endpoints[2].first") in problems(raw)
    raw["counting"]["sre"] |= {"symptomatic_only": ["fracture"], "therapy_change_pain": 7}
    found = problems(raw)
    assert ("trial.definition", "counting.sre.symptomatic_only") in found
    assert ("trial.definition", "counting.sre.therapy_change_pain") in found


def test_all_problems_are_listed_at_once_and_each_once(raw):
    raw["arms"][0]["share"] = 0.7
    raw["populations"][0]["age"]["value"] = 7
    raw["endpoints"][0]["arms"] = ["placebo"]
    raw["endpoints"][1]["time"] = "3 years"
    raw["colour"] = "red"
    with pytest.raises(InputError) as caught:
        trial_from_mapping(raw, "mine.toml")
    codes = sorted(issue.code for issue in caught.value.issues)
    assert codes == ["key.unknown", "trial.arm-unknown", "trial.follow-days", "trial.share", "value.implausible"]
    assert all(issue.expected and issue.fix for issue in caught.value.issues)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"arms": 3},
        {"arms": [3]},
        {"populations": {}},
        {"counting": []},
        {"endpoints": [{"name": 3}]},
        {"regimen": {"x": 3}},
        {"follow_up": None},
    ],
)
def test_nonsense_is_refused_and_nothing_breaks(given):
    with pytest.raises(InputError):
        trial_from_mapping(given, "mine.toml")


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(InputError) as caught:
        read_trial("stopek-2010")
    (issue,) = caught.value.issues
    assert issue.code == "trial.unknown"
    assert "stopeck-2010" in issue.fix


def test_estimators_and_words_are_those_of_the_model():
    kinds = {
        kind for name in component_names() for kind in read_table("event_definitions")["components"][name]["kinds"]
    }
    assert {kind.upper() for kind in kinds} <= set(EventKind.__members__)
    assert {f"{marker.replace('-', '_')}_ratio" for marker in MARKERS} <= set(PATIENT_SERIES)
    keys = {"counting", "first", "time", "rate", "marker", "harm", "fall", "calcium", "relapse", "pain", "margin"}
    for name in estimator_names():
        facts = estimator_facts(name)
        assert {*facts.needs, *facts.allows} <= keys


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_endpoints_ask_for_what_their_target_is(trial):
    """Arms, contrasts, units and days of an endpoint agree with the published figure."""
    targets = load_targets()
    unit_of = {
        "first-event-proportion": {"%"}, "kaplan-meier-median": {"days", "months"}, "cox": {"ratio"},
        "andersen-gill": {"ratio"}, "survival-cox": {"ratio"}, "survival-median": {"days", "months"},
        "morbidity-rate": {"events/patient-year", "events/100 patient-years"}, "mean-count": {"events/patient"},
        "marker-change": {"%"}, "marker-response": {"%"}, "calcium-response": {"%"}, "adverse-event": {"%"},
        "calcium-response-duration": {"days"}, "calcium-relapse": {"days"}, "pain-progression": {"months"},
    }  # fmt: skip
    for endpoint in trial.endpoints:
        if endpoint.target is None:
            continue
        target = targets[endpoint.target]
        assert target.unit in unit_of[endpoint.estimator], endpoint
        assert bool(target.comparator) == (endpoint.comparator is not None), endpoint
        drug = endpoint.arms[0].split("-")[0]
        assert drug[:6] in target.arm.lower() or (drug, target.arm[:2]) == ("bisphosphonate", "IV"), endpoint
        n = trial.arm(endpoint.arms[0]).n
        if n and target.n and len(endpoint.arms) == 1 and endpoint.comparator is None:
            assert abs(n - target.n) <= 0.1 * n + 1, endpoint


def test_each_published_figure_is_asked_for_once():
    asked = [endpoint.target for trial in TRIALS for endpoint in trial.endpoints if endpoint.target]
    assert len(asked) == len(set(asked))


def whys(node, place=""):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from whys(value, f"{place}.{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from whys(value, f"{place}[{number}]")
    elif isinstance(node, str) and re.search(r"\.(why|note|title)$", place):
        yield place, node


@pytest.mark.parametrize("name", builtin_trials())
def test_no_input_comes_from_an_outcome_that_is_held_back(name):
    """Who was studied may be read there; what happened to them may not."""
    targets = load_targets()
    for place, text in whys(tomllib.loads((DATA / "trials" / f"{name}.toml").read_text(encoding="utf-8"))):
        for row in re.findall(r"EV\d{4}", text):
            assert row in targets, (place, row)
            described = re.search(rf"(populations?|study|arm) of [^()]*{row}", text)
            assert targets[row].use not in ("check", "excluded") or described, (place, row)
