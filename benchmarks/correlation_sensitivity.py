"""How far figures move with the correlations between people, which no source gives and which all stand at 0.

Run: python benchmarks/correlation_sensitivity.py. One correlation at a time at -0.3 and +0.3, the same random numbers
otherwise, parameters at their centre. Prints two tables for docs/natural-history.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from unittest.mock import patch

import numpy as np

import osteocast
from osteocast.course.correlations import mixing_of
from osteocast.course.natural_history import First, Lives, live, origins_with_history
from osteocast.evidence.load import DATA, load_parameters
from osteocast.inference.parameter_draws import Parameters
from osteocast.inference.posterior import read_posterior
from osteocast.trials.cohort_measures import lesion_counts

PEOPLE = 20_000
PATIENTS = 800
SIZE = 0.3
TRIALS = ("stopeck-2010", "saad-2002")
FIGURES = {
    "stopeck-2010": ("any-event-zoledronate", "first-event-ratio", "all-events-ratio", "death-ratio"),
    "saad-2002": ("any-event-placebo", "all-events-ratio"),
}


def lives_of(origin: str) -> Lives:
    """Return lives of one primary at central values."""
    parameters = Parameters(read_posterior(DATA / "posterior.toml"), 1, False)
    return live(origin, parameters.typical(np.arange(PEOPLE), 0))


def cohort() -> dict[str, float]:
    """Return figures of cohorts [%, months]."""
    lives = {origin: lives_of(origin) for origin in origins_with_history()}
    breast = lives["breast"]
    bone = np.isfinite(breast.bone_day)
    after = (breast.death_day - breast.bone_day)[bone]
    first = [np.mean(one.first[np.isfinite(one.bone_day)] == First.BONE) for one in lives.values()]
    return {
        "breast: bone at diagnosis, %": 100 * float(np.mean(breast.bone_day <= 0.0)),
        "breast: bone ever found, %": 100 * float(np.mean(bone)),
        "breast: one lesion at finding, %": 100 * float(np.mean(lesion_counts(breast) == 1)),
        "mean of primaries: bone before the primary, %": 100 * float(np.mean(first)),
        "breast: alive at 1 year, % (EV0559)": 100 * float(np.mean(after > 365.25)),
        "breast: alive at 5 years, % (EV0560)": 100 * float(np.mean(after > 1826.25)),
        "lung: median, months (EV0592)": _median_months(lives["lung"]),
        "thyroid: median, months (EV0609)": _median_months(lives["thyroid"]),
    }


def _median_months(one: Lives) -> float:
    return float(np.median(one.death_day[one.bone_day <= 0.0])) / 30.4375


def trials() -> dict[str, float]:
    """Return figures of trials, each patient followed in every arm."""
    found = {}
    for name in TRIALS:
        settings = osteocast.TrialSettings(PATIENTS, design="counterfactual")
        result = osteocast.trial(osteocast.read_trial(name), settings).to_dict()
        values = {one["name"]: one["value"] for one in result["endpoints"]}
        found[f"{name}: event before entry, %"] = 100 * result["trial"]["arms"][0]["prior_event"]
        found |= {f"{name}: {figure}": values[figure] for figure in FIGURES[name]}
    return found


def table(asked: Callable[[], Mapping[str, float]], pairs: list[str]) -> None:
    """Print a figure a line: at 0, and with each correlation at -SIZE and +SIZE."""
    columns = {"all 0": asked()}
    for pair in pairs:
        for size in (-SIZE, SIZE):
            mixed = mixing_of({pair: size})
            with patch("osteocast.course.streams.mixing", lambda mixed=mixed: mixed):
                columns[f"{pair} {size:+g}"] = asked()
    print("| figure | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for figure in columns["all 0"]:
        print(f"| {figure} | " + " | ".join(f"{one[figure]:.3g}" for one in columns.values()) + " |", flush=True)


def main() -> None:
    """Print both tables."""
    pairs = list(load_parameters("correlations"))
    table(cohort, [pair for pair in pairs if "natural_history" in pair])
    table(trials, [pair for pair in pairs if "natural_history" not in pair])


if __name__ == "__main__":
    main()
