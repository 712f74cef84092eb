"""Errors hold every problem and know their exit code."""

import pickle

import pytest

from osteocast.foundation.errors import (
    EvidenceError,
    ForecastError,
    InputError,
    Issue,
    OsteocastError,
    SolveError,
    StorageError,
    format_issues,
)

FIRST = Issue("patient.unit", "p.toml: weight", "70 miles", "a mass", "Write kg.")
SECOND = Issue("patient.site", "p.toml: lesions[2].site", "tail", "a site", "See the list of sites.")


def test_one_block_names_code_place_found_expected_and_fix_of_every_issue() -> None:
    text = format_issues([FIRST, SECOND])
    assert text.splitlines()[0] == "2 problems found"
    for issue in (FIRST, SECOND):
        for part in (issue.code, issue.place, issue.found, issue.expected, issue.fix):
            assert part in text
    assert format_issues([FIRST]).startswith("1 problem found\n")


@pytest.mark.parametrize(
    ("error", "code"),
    [(InputError, 2), (EvidenceError, 2), (SolveError, 1), (ForecastError, 1), (StorageError, 1)],
)
def test_exit_codes(error: type[OsteocastError], code: int) -> None:
    raised = error([FIRST, SECOND])
    assert raised.exit_code == code
    assert raised.issues == (FIRST, SECOND)
    assert error(FIRST).issues == (FIRST,)
    assert str(raised) == format_issues([FIRST, SECOND])


def test_an_error_survives_the_way_from_a_worker_process() -> None:
    assert pickle.loads(pickle.dumps(InputError([FIRST]))).issues == (FIRST,)
