"""From the primary to bone: waiting times, competing risks against formulas, and what removes metastases."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from scipy.integrate import quad

from osteocast.course.correlations import mixing_of
from osteocast.course.gompertz import cumulative, log_of_integral, time_between, waiting
from osteocast.course.layout import PLACE_INDEX
from osteocast.course.lesion_table import lesion_growth
from osteocast.course.natural_history import First, Lives, Stage, Way, live, origins_with_history
from osteocast.course.population import draw_patients
from osteocast.course.streams import Streams
from osteocast.course.typical import Typical, file_of
from osteocast.domain.patient import Patient, PrimaryTumour
from osteocast.domain.site import SiteClass
from osteocast.engine.system import fields_of
from osteocast.evidence.load import load_targets
from osteocast.foundation.errors import EvidenceError
from osteocast.inference.reference_arms import TypicalStreams
from osteocast.models import lesion
from osteocast.trials.cohort_measures import BONE, coded_incidence, first_of, incidence_curve
from osteocast.trials.survival_curves import estimate_at, kaplan_meier

ENTRIES = file_of("natural_history")
ALIKE = {"population.tempo_sd": 0.0, "natural_history.propensity_sd": 0.0}
SILENT = {f"natural_history.{name}": 0.0 for name in ("pain_rate", "fracture_rate", "calcium_rate", "organ_rate")}


def typical(n: int = 2000, **fixed: float) -> Typical:
    """Central values of people of one draw, with some entries fixed by ``file__name``."""
    keys = np.arange(n, dtype=np.int64)
    return Typical(TypicalStreams(7, keys, np.zeros_like(keys)), {}, named(fixed))


def named(fixed: dict[str, float]) -> dict[str, float]:
    return {name.replace("__", "."): value for name, value in fixed.items()}


def lives(origin: str = "lung", n: int = 2000, fixed: dict[str, float] | None = None) -> Lives:
    keys = np.arange(n, dtype=np.int64)
    return live(origin, Typical(TypicalStreams(7, keys, np.zeros_like(keys)), {}, fixed or {}))  # type: ignore[arg-type]


@pytest.mark.parametrize("power", [1.0, 2.0 / 3.0])
@pytest.mark.parametrize("age", [0.5, 5.0, 30.0])
def test_cumulative_is_the_integral_of_size(power: float, age: float) -> None:
    start, growth = 1e-6, 0.3
    found, _ = quad(lambda u: np.exp(power * np.log(start) * np.exp(-growth * u)), 0.0, age, epsabs=1e-14, limit=200)
    assert cumulative(age, growth, start, power) == pytest.approx(found, rel=1e-7, abs=1e-13)


def test_waiting_is_the_inverse_of_cumulative_also_long_after_the_plateau() -> None:
    age = np.array([0.3, 1.0, 4.0, 20.0, 60.0, 200.0])
    total = cumulative(age, 0.3, 1e-6, 2.0 / 3.0)
    assert waiting(total, 0.3, 1e-6, 2.0 / 3.0) == pytest.approx(age, rel=2e-3)
    assert np.isposinf(waiting(np.inf, 0.3, 1e-6, 1.0))
    assert np.isneginf(log_of_integral(np.inf))


def test_time_between_sizes_follows_the_law_of_a_lesion() -> None:
    """Euler steps of the growth term of `models.lesion` at zero feedback take as long."""
    size, growth, step, time = 0.01, 1.5, 1e-5, 0.0
    while size < 0.3:
        size += step * growth * -np.log(size) * size
        time += step
    assert time_between(0.01, 0.3, growth) == pytest.approx(time, rel=1e-3)


def test_seeding_and_finding_compete_as_two_exponentials_of_one_burden() -> None:
    """Both rates in proportion to volume: the chance of a seed before the primary is found is a ratio of rates."""
    rate = 0.05
    found_volume = ENTRIES["found_volume_breast"].value
    fixed = ALIKE | SILENT | {
        "natural_history.shedding_exponent": 1.0,
        "natural_history.bone_breast": rate,
        "natural_history.organ_breast": 0.0,
        "natural_history.dormancy": 0.0,
        "natural_history.together_share": 0.0,
    }  # fmt: skip
    seeded = (lives("breast", 20_000, fixed).seed_day < 0.0).any(axis=1)
    expected = rate * found_volume / (1.0 + rate * found_volume)
    assert seeded.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / 20_000))


def test_number_of_seeds_is_geometric_with_an_exponential_exposure() -> None:
    """A Poisson number whose mean is exponential is geometric: the mean is rate x volume of finding."""
    rate = 0.1
    fixed = ALIKE | SILENT | {
        "natural_history.shedding_exponent": 1.0,
        "natural_history.bone_breast": rate,
        "natural_history.organ_breast": 0.0,
        "natural_history.dormancy": 0.0,
        "natural_history.together_share": 0.0,
        "natural_history.spread_share": 0.0,
        "population.seeding_base": 0.0,
    }  # fmt: skip
    number = (lives("breast", 20_000, fixed).seed_day < 0.0).sum(axis=1)
    mean = rate * ENTRIES["found_volume_breast"].value
    assert number.mean() == pytest.approx(mean, rel=0.05)
    assert np.mean(number == 0) == pytest.approx(1.0 / (1.0 + mean), abs=0.012)


def test_without_other_death_people_die_of_the_cancer_at_the_rate_of_their_metastases() -> None:
    fixed = ALIKE | {"natural_history.other_death": 1e-9, "hazards.death_tempo": 0.0}
    found = lives("lung", 4000, fixed)
    early = (found.organ_day <= 0.0) & (found.bone_visible_day > 0.0)
    rate = file_of("population")["death_lung"].value * ENTRIES["organ_death_ratio"].value
    assert found.death_day[early].mean() == pytest.approx(365.25 / rate, rel=0.1)


def test_without_metastases_people_die_as_others_of_their_age() -> None:
    fixed = {"natural_history.bone_lung": 0.0, "natural_history.organ_lung": 0.0}
    found = lives("lung", 8000, fixed)
    assert not found.of_cancer.any()
    near = np.abs(found.age - 67.5) < 2.0
    slope, rate = ENTRIES["other_death_age"].value, ENTRIES["other_death"].value
    expected = np.log1p(np.log(2.0) * slope / rate) / slope
    assert np.median(found.death_day[near]) / 365.25 == pytest.approx(expected, rel=0.06)


def test_without_death_aalen_johansen_is_one_minus_kaplan_meier() -> None:
    fixed = {"natural_history.other_death": 1e-9, "population.death_lung": 1e-9}
    found = lives("lung", 1500, fixed)
    day, outcome = first_of(found)
    free = estimate_at(kaplan_meier(day, outcome == BONE), 3652.5).value
    assert estimate_at(incidence_curve(found), 3652.5).value == pytest.approx(1.0 - free, abs=1e-12)


def test_censoring_death_overstates_the_incidence_where_everything_is_coded() -> None:
    found = lives("lung", 2000)
    competing = estimate_at(incidence_curve(found), 3652.5).value
    censored = coded_incidence({"lung": found}, 3652.5).value / ENTRIES["claims_capture"].value
    assert censored > competing * 1.1


@pytest.mark.parametrize("factor", ["seeding_perfusion", "seeding_adhesion", "seeding_support"])
def test_removing_any_factor_of_bone_stops_all_bone_metastases(factor: str) -> None:
    found = lives("lung", 1500, {f"population.{factor}": 0.0})
    assert np.isposinf(found.seed_day).all()
    assert np.isposinf(found.bone_day).all()
    assert (found.bone_way == Way.NOT_FOUND).all()
    assert np.isfinite(found.organ_day).any()


@pytest.mark.parametrize("factor", ["seeding_perfusion", "seeding_adhesion", "seeding_support"])
def test_each_factor_at_its_neutral_value_lowers_bone_metastases(factor: str) -> None:
    usual, fewer = lives("breast", 4000), lives("breast", 4000, {f"population.{factor}": 1.0})
    assert np.isfinite(fewer.bone_day).sum() < 0.8 * np.isfinite(usual.bone_day).sum()


def test_neutral_rates_of_seeding_leave_nothing_to_spread() -> None:
    neutral = {f"natural_history.{what}_lung": 0.0 for what in ("bone", "organ", "nodes")}
    assert all(ENTRIES[name.partition(".")[2]].neutral == value for name, value in neutral.items())
    found = lives("lung", 1500, neutral)
    assert (found.stage == Stage.LOCAL).all()
    assert np.isposinf(found.bone_day).all()
    assert np.isposinf(found.organ_day).all()


def test_bone_found_by_itself_needs_pain_fracture_or_calcium() -> None:
    assert (lives("lung", 2000).first == First.BONE).any()
    assert not (lives("lung", 2000, SILENT).first == First.BONE).any()
    assert np.isin(lives("lung", 2000, SILENT).bone_way, [Way.NOT_FOUND, Way.STAGING, Way.IMAGING]).all()


def test_a_cancer_found_local_is_taken_out_and_sheds_no_longer() -> None:
    """With cells that grow at once, nobody who is found without metastases ever has one."""
    found = lives("breast", 4000, {"natural_history.dormancy": 0.0, "natural_history.organ_breast": 0.0})
    local = found.stage == Stage.LOCAL
    unseen = local & (found.seed_day >= 0.0).all(axis=1)
    assert local.mean() > 0.5
    assert np.isposinf(found.seed_day[unseen]).all()
    assert not found.of_cancer[unseen].any()


def test_a_life_does_not_depend_on_its_neighbours() -> None:
    whole = typical(300)
    chosen = np.array([7, 8, 250], dtype=np.int64)
    all_lives, some = live("kidney", whole), live("kidney", whole.take(chosen))
    for field in fields(Lives):
        assert np.array_equal(getattr(all_lives, field.name)[chosen], getattr(some, field.name))


@pytest.mark.parametrize("origin", origins_with_history())
def test_lives_are_well_formed(origin: str) -> None:
    found = lives(origin, 1500)
    assert (found.death_day > 0.0).all()
    known = np.isfinite(found.bone_day)
    assert (found.bone_day[known] >= found.bone_visible_day[known] - 1e-6).sum() > 0
    assert (found.bone_day[known] < found.death_day[known]).all()
    assert (found.bone_day >= 0.0).all()
    assert ((found.seed_day[known] < found.bone_day[known, None]).any(axis=1)).all()
    assert (found.bone_way[known] != Way.NOT_FOUND).all()
    assert (found.primary_day[found.first == First.PRIMARY] == 0.0).all()
    assert (found.stage[found.first != First.PRIMARY] == Stage.DISTANT).all()


def test_drawn_patients_are_the_people_of_the_history() -> None:
    """Tempo, growth, sites and days of seeding are those of the life of the same key."""
    people = typical(600)
    found = live("breast", people)
    index = np.flatnonzero(np.isfinite(found.bone_day)).astype(np.int64)
    record = Patient(62.0, "female", PrimaryTumour("breast"))
    some = people.take(index)
    draws = draw_patients(record, some, found.seeded(index, found.bone_day[index]))
    assert np.array_equal(draws.known, (found.seed_day[index] < found.bone_day[index, None]).sum(axis=1))
    oldest = draws.place[:, 0, PLACE_INDEX["seed_day"]]
    assert oldest == pytest.approx(found.seed_day[index].min(axis=1) - found.bone_day[index])
    rows = draws.place[:, 0, PLACE_INDEX["report_index"]].astype(int)
    growth = lesion_growth("breast", some, draws.latents["population.tempo"], found.seed_day.shape[1])
    column = [f.name for f in fields_of(lesion.Params)].index("growth")
    assert draws.lesions[:, 0, column] * 365.25 == pytest.approx(growth[np.arange(len(index)), rows])
    assert np.array_equal(
        draws.place[:, 0, PLACE_INDEX["site_class"]], found.site_class[index][np.arange(len(index)), rows]
    )


@pytest.mark.parametrize(
    ("origin", "sites", "target"),
    [
        ("prostate", (1, 2, 3), "EV0627"),
        ("breast", (1, 2, 3), "EV0628"),
        ("breast", (1, 7, 8), "EV0629"),
        ("prostate", (1, 7, 8), "EV0630"),
    ],
)
def test_factors_by_site_give_the_matched_shares(origin: str, sites: tuple[int, ...], target: str) -> None:
    site = lives(origin, 4000).site_class
    share = np.isin(site, [SiteClass(one) for one in sites]).mean()
    assert 100 * share == pytest.approx(load_targets()[target].value, abs=1.0)


def test_neutral_correlations_mix_nothing() -> None:
    table = file_of("correlations")
    assert table
    assert all(entry.neutral == 0.0 for entry in table.values())
    assert mixing_of(dict.fromkeys(table, 0.0)) == {}


def test_correlations_are_those_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = {"a with b": 0.6, "a with c": -0.3, "b with c": 0.2}
    monkeypatch.setattr("osteocast.course.streams.mixing", lambda: mixing_of(pairs))
    keys = np.arange(40_000, dtype=np.int64)
    streams = Streams(1, keys, np.zeros_like(keys))
    found = np.corrcoef([streams.person(name) for name in "abcd"])
    wanted = np.array([[1, 0.6, -0.3, 0], [0.6, 1, 0.2, 0], [-0.3, 0.2, 1, 0], [0, 0, 0, 1]])
    assert found == pytest.approx(wanted, abs=0.02)
    # a number that is put in place of a drawn one carries its partners with it
    given = Streams(1, keys, np.zeros_like(keys), {"b": np.full(len(keys), 2.0)})
    assert given.person("c").mean() > streams.person("c").mean()
    assert given.person("b").tolist() == [2.0] * len(keys)


def test_impossible_correlations_are_refused() -> None:
    with pytest.raises(EvidenceError) as caught:
        mixing_of({"a with b": 0.9, "b with c": 0.9, "a with c": -0.9})
    assert caught.value.issues[0].code == "evidence.correlation"
