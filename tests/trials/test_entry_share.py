"""A published share at entry: it holds at every parameter set, changes nobody, and is refused with figures."""

from __future__ import annotations

import dataclasses
import json

import jsonschema
import numpy as np
import pytest
from tests.trials.small import raw_trial, small_trial

from osteocast.formats.schema import schemas
from osteocast.formats.trial_file import builtin_trials, read_trial
from osteocast.foundation.errors import ForecastError, InputError
from osteocast.inference.parameter_draws import Parameters
from osteocast.inference.posterior import read_posterior
from osteocast.trials.checkpoint import NothingKept
from osteocast.trials.entry import QUANTITIES
from osteocast.trials.entry_strata import strata_of
from osteocast.trials.run import TrialSettings, subjects_of
from osteocast.trials.simulate_trial import POSTERIOR, simulate_trial
from osteocast.trials.subjects import Subjects, arrays_of

EVENT = list(QUANTITIES).index("prior-skeletal-event")
PAIN = list(QUANTITIES).index("worst-pain")
PATIENTS = 40


def share(value: float, **what: object) -> dict[str, object]:
    """A share in per cent, of an event before entry where nothing else is said."""
    asked = what or {"quantity": "prior-skeletal-event", "is": "yes"}
    return {**asked, "share": {"value": value, "unit": "%", "grade": "assumed", "why": "test"}}


def subjects(trial: object, patients: int = PATIENTS, workers: int = 1, seed: int = 1, drawn: bool = False) -> Subjects:
    """The subjects of one replicate, the same in both arms."""
    settings = TrialSettings(patients, design="counterfactual", seed=seed)
    parameters = Parameters(read_posterior(POSTERIOR), seed, drawn)
    found = subjects_of(trial, settings, parameters, 0, (NothingKept(), workers, lambda *news: None))  # type: ignore[arg-type]
    return found.take(found.arm == 0)


def same(one: Subjects, other: Subjects) -> bool:
    """Whether every array has the same bytes; numbers of rows of a block's events depend on the size of the block."""
    mine, others = arrays_of(one), arrays_of(other)
    return all(mine[name].tobytes() == others[name].tobytes() for name in mine if name != "observed.raw")


@pytest.fixture(scope="module")
def plain() -> Subjects:
    return subjects(small_trial())


def test_built_in_trials_have_the_published_shares_and_no_others() -> None:
    # docs/decisions/0023-share-with-an-event-before-entry.md
    shares = {name: read_trial(name).entry_share for name in builtin_trials()}
    assert {name: found.share.value for name, found in shares.items() if found} == {
        "stopeck-2010": 0.37,
        "saad-2002": 0.34,
    }


def test_the_share_holds_at_the_centre_and_at_drawn_parameters(plain: Subjects) -> None:
    natural = np.count_nonzero(plain.entry[:, EVENT])
    trial = small_trial(entry_share=share(65.0))
    assert natural < 26
    for seed, drawn in ((1, False), (2, True), (3, True)):
        found = subjects(trial, seed=seed, drawn=drawn)
        assert (found.n, np.count_nonzero(found.entry[:, EVENT])) == (PATIENTS, 26)


def test_it_may_be_of_any_criterion() -> None:
    found = subjects(small_trial(entry_share=share(70.0, quantity="worst-pain", low=5, unit="1")))
    assert np.count_nonzero(found.entry[:, PAIN] >= 5.0) == 28
    assert found.n == PATIENTS


def test_bytes_depend_neither_on_threads_nor_on_the_size_of_the_trial() -> None:
    trial = small_trial(entry_share=share(65.0))
    one = subjects(trial)
    assert same(one, subjects(trial, workers=3))
    larger = subjects(trial, patients=80)
    chosen = larger.take(np.isin(larger.key, one.key))
    assert same(one, chosen)


def test_who_enters_is_who_would_have_entered_alone(plain: Subjects) -> None:
    """The share that whoever comes has by chance changes nobody; another one only replaces some."""
    count = int(np.count_nonzero(plain.entry[:, EVENT]))
    assert same(plain, subjects(small_trial(entry_share=share(100.0 * count / PATIENTS))))
    more = subjects(small_trial(entry_share=share(65.0)))
    kept = np.isin(more.key, plain.key)
    assert set(plain.key[plain.entry[:, EVENT] == 1.0]) <= set(more.key)
    assert np.all(more.entry[~kept, EVENT] == 1.0)


def test_a_stratum_that_cannot_be_filled_is_told_with_figures() -> None:
    trial = small_trial(entry_share=share(50.0, quantity="prior-bisphosphonate", **{"is": "yes"}))
    with pytest.raises(ForecastError) as caught:
        subjects(trial, patients=4)
    (issue,) = caught.value.issues
    assert issue.code == "trial.entry-share"
    assert issue.found.startswith("0 of 2,0")
    assert "(0.00%)" in issue.found
    assert issue.expected == "2 of 4 patients, as 50.0% have it"


def test_the_result_tells_the_share_and_goes_on_where_it_stopped(tmp_path) -> None:
    trial = small_trial(entry_share=share(65.0))
    settings = TrialSettings(24, 2)

    def stop(what: str, done: int, total: int) -> None:
        if what == "replicates":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_trial(trial, settings, tmp_path, progress=stop)
    again, fresh = simulate_trial(trial, settings, tmp_path).to_dict(), simulate_trial(trial, settings).to_dict()
    assert json.dumps(again) == json.dumps(fresh)
    jsonschema.validate(json.loads(json.dumps(fresh)), schemas()["trial-result.schema.json"])
    assert fresh["trial"]["entry"][-1]["text"] == "a skeletal event before entry: yes, in 65 % of the patients"
    assert fresh["trial"]["entry"][-1]["grade"] == "assumed"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"share": {"value": 130, "unit": "%", "grade": "assumed", "why": "test"}}, "value.implausible"),
        ({"share": {"value": 1, "unit": "kg", "grade": "assumed", "why": "test"}}, "value.unit"),
        ({"low": 1, "unit": "1"}, "trial.criterion"),
        ({"quantity": "shoe-size"}, "value.choice"),
        ({"people": 3}, "key.unknown"),
    ],
)
def test_wrong_shares_are_refused(wrong: dict[str, object], code: str) -> None:
    with pytest.raises(InputError) as caught:
        small_trial(entry_share=share(37.0) | wrong)
    assert code in [issue.code for issue in caught.value.issues]


def test_strata_are_whole_patients_and_sum_to_the_group() -> None:
    one = small_trial(entry_share=share(37.0)).entry_share
    assert one is not None
    for patients in (0, 1, 2, 7, 100, 1001):
        wanted = strata_of(one, patients).wanted
        assert wanted.sum() == patients
        assert abs(wanted[1] - 0.37 * patients) <= 0.5
    everybody = strata_of(None, 5)
    assert everybody.wanted.tolist() == [5]
    none = dataclasses.replace(one, share=dataclasses.replace(one.share, value=0.0))
    assert strata_of(none, 9).wanted.tolist() == [9, 0]
    assert "entry_share" not in raw_trial()
