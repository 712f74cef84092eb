"""The error of a change from leaving out groups."""

from __future__ import annotations

import numpy as np
import pytest

from osteocast.validation.jackknife import GROUPS, jackknife_error


def test_error_of_a_mean_is_that_of_its_groups() -> None:
    groups = np.random.default_rng(1).normal(size=GROUPS)
    without = (groups.sum() - groups) / (GROUPS - 1)
    assert jackknife_error(without) == pytest.approx(groups.std(ddof=1) / np.sqrt(GROUPS))


def test_figure_that_lacks_without_a_group_has_no_error() -> None:
    assert np.isnan(jackknife_error(np.array([1.0, np.nan, 2.0])))
    assert np.isnan(jackknife_error(np.array([])))
