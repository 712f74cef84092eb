"""Radium-223: the dose by hand, where it goes, and nothing without it."""

import dataclasses

import numpy as np
import pytest

from osteocast.course.calendar import coming_calendar
from osteocast.course.layout import PLACE_INDEX, Action
from osteocast.course.rules import constants
from osteocast.course.simulate import continue_from
from osteocast.course.system import loop_index
from osteocast.domain.regimen import Procedure, Regimen
from osteocast.evidence.load import fill
from osteocast.formats.regimen_file import read_regimen
from osteocast.formats.trial_file import read_trial
from osteocast.inference.parameter_draws import Parameters
from osteocast.inference.posterior import read_posterior
from osteocast.models import radiotherapy
from osteocast.trials.cohort import candidates, groups_of
from osteocast.trials.simulate_trial import POSTERIOR

MONTHS = 6
KEYS = np.arange(512, dtype=np.int64)


def test_the_dose_by_hand():
    p = fill(radiotherapy.Params, "radiotherapy")
    # four lesions of 434, 516, 1205 and 781 mGy per 50 kBq/kg, with three times the osteoblasts of normal bone
    measured = np.mean([0.434, 0.516, 1.205, 0.781]) / 0.050
    assert 3 * p.radium_dose == pytest.approx(measured, rel=0.01)
    assert radiotherapy.radionuclide_dose(55, p) == pytest.approx(5 * 4.9 * 0.055)
    assert radiotherapy.radionuclide_dose(55, p._replace(radium_dose=0.0)) == 0.0


@pytest.fixture(scope="module")
def men():
    """Men of a trial of prostate cancer as they stand at entry, and what is known of them."""
    trial = read_trial("saad-2002")
    group = groups_of(trial)[0]
    entered = candidates(trial, group, Parameters(read_posterior(POSTERIOR), 1, False), 0, KEYS, None)
    few = np.arange(64)
    return entered.present.take(few, entered.key[few]), group.record


def followed(men, regimen):
    present, record = men
    rule = constants(radiotherapy.Params, "radiotherapy", present.draws.typical)
    calendar = coming_calendar(record, regimen, MONTHS, rule)
    return calendar, continue_from(present, calendar, MONTHS)


def test_it_kills_tumour_where_bone_is_formed(men):
    calendar, treated = followed(men, read_regimen("radium-223"))
    _, without = followed(men, read_regimen("supportive-care"))
    given = calendar[calendar[:, 1] == int(Action.RADIONUCLIDE)]
    assert given[:, 0].tolist() == [0, 28, 56, 84, 112, 140]
    assert given[:, 2] == pytest.approx(5 * 4.9 * 0.055 / 14.4)
    present, at = men[0], loop_index()
    active = np.arange(present.standing.xl.shape[1])[None, :] < present.standing.counts[:, :1]
    left = [courses.lesion_series[:, :, 3, 0] for courses in (treated, without)]
    row = present.standing.place[:, :, PLACE_INDEX["report_index"]].astype(int)
    share = np.take_along_axis(left[0] / left[1], row, axis=1)
    formed = present.standing.xl[:, :, at.osteoblasts] / present.standing.pl[:, :, at.osteoblasts_reference]
    known = active & np.isfinite(share)
    assert np.all(share[known] < 1.0)
    order = np.argsort(formed[known])
    third = len(order) // 3
    assert np.median(share[known][order[-third:]]) < np.median(share[known][order[:third]]) - 0.05


def test_no_activity_changes_nothing_beyond_the_accuracy_of_the_integration(men):
    nothing = Regimen("x", "x", (), (Procedure("radionuclide", "", 0.0, None, None, 1e-9),))
    _, one = followed(men, nothing)
    _, other = followed(men, dataclasses.replace(nothing, procedures=()))
    np.testing.assert_allclose(one.of_patient("untx_ratio"), other.of_patient("untx_ratio"), rtol=1e-2)
