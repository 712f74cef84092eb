"""Match the free rates of the natural history to one published figure each and print them.

Run: python benchmarks/natural_history_rates.py. Only rows of use "fit", registries that are no target, and assumed
shares are matched; see the notes of data/parameters/natural_history.toml.
"""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np

from osteocast.course.natural_history import Lives, Stage, live, origins_with_history
from osteocast.course.typical import file_of
from osteocast.evidence.load import DATA
from osteocast.inference.parameter_draws import Parameters
from osteocast.inference.posterior import read_posterior
from osteocast.trials.cohort_measures import coded_incidence

PEOPLE = 12_000
# origin -> bone metastases at diagnosis, distant stage, regional stage [1]
AIMS = {
    "breast": (0.033, 0.06, 0.27),
    "prostate": (0.051, 0.054, 0.118),
    "lung": (0.1805, 0.52, 0.22),
    "kidney": (0.0545, 0.16, 0.17),
    "thyroid": (0.005, 0.03, 0.30),
    "other": (0.015, 0.22, 0.33),
}
RISE = (8.4 - 4.8) / 4.8
"""Rise of the published incidence from 1 to 10 years over that at 1 year (EV0533, EV0536)."""


def lives(origin: str, fixed: dict[str, float]) -> Lives:
    """Return lives at central values with some rates put in place."""
    parameters = Parameters(read_posterior(DATA / "posterior.toml"), 1, False)
    typical = parameters.typical(np.arange(PEOPLE), 0)
    named = {f"natural_history.{name}": value for name, value in fixed.items()}
    return live(origin, type(typical)(typical.streams, typical.scales, named))


def matched(origin: str, rates: dict[str, float], dormancy: float) -> tuple[dict[str, float], Lives]:
    """Return the rates of one primary at which its three shares are met, and the lives."""
    names = [f"{what}_{origin}" for what in ("bone", "organ", "nodes")]
    for _ in range(7):
        found = lives(origin, rates | {"dormancy": dormancy})
        seen = [np.mean(found.bone_day <= 0.0), np.mean(found.stage == Stage.DISTANT)]
        seen.append(np.mean(found.stage == Stage.REGIONAL))
        for name, aim, now in zip(names, AIMS[origin], seen, strict=True):
            power = 1.3 if name != names[2] else 1.0
            rates[name] *= (np.log1p(-aim) / np.log1p(-max(now, 1e-4))) ** power
    return rates, lives(origin, rates | {"dormancy": dormancy})


def _some(origin: str, one: Lives) -> Lives:
    """Return as many lives as the mixture of all primaries holds, of twice `PEOPLE` in all."""
    n = min(round(2 * PEOPLE * file_of("natural_history")[f"mix_{origin}"].value), one.n)
    return Lives(**{f.name: getattr(one, f.name)[:n] for f in fields(Lives)})


def main() -> None:
    """Match all rates within a bisection of the dormancy."""
    entries = file_of("natural_history")
    names = [f"{what}_{origin}" for what in ("bone", "organ", "nodes") for origin in origins_with_history()]
    rates = {name: entries[name].value for name in names}
    low, high = np.log(0.7), np.log(2.8)
    for _ in range(6):
        dormancy = float(np.exp(0.5 * (low + high)))
        found = {}
        for origin in origins_with_history():
            rates, found[origin] = matched(origin, rates, dormancy)
        mixed = {origin: _some(origin, one) for origin, one in found.items()}
        curve = [coded_incidence(mixed, day).value for day in (30.0, 365.25, 3652.5)]
        rise = (curve[2] - curve[1]) / curve[1]
        low, high = (np.log(dormancy), high) if rise < RISE else (low, np.log(dormancy))
        print(f"dormancy {dormancy:.3f}: {curve} rise {rise:.2f}", flush=True)
    print(json.dumps({n: float(f"{v:.3g}") for n, v in rates.items()} | {"dormancy": float(f"{dormancy:.3g}")}))


if __name__ == "__main__":
    main()
