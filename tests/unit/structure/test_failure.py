"""Loading until failure, against limit loads known by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.structure.failure_cases import bar, vertebra

from osteocast.structure.failure import Settings, load_to_failure


@pytest.mark.parametrize(("sign", "stress"), [(-1.0, 10.0), (1.0, 6.0)])
def test_a_bar_carries_its_yield_stress_times_its_section(sign: float, stress: float) -> None:
    failure = load_to_failure(bar(np.full((8, 4, 4), 1000.0), 10.0, 6.0, sign))
    assert failure.failure_load_n == pytest.approx(stress * 16, rel=1e-4)
    assert failure.definition == "plateau"
    assert failure.tension_share == (1.0 if sign > 0 else 0.0)
    assert failure.failed.all()


@pytest.mark.slow
def test_a_vertebra_fails(shared_dir: Path) -> None:
    loaded = vertebra(shared_dir)
    failure = load_to_failure(loaded, Settings(limit_strain=0.019, steps=8))
    assert 1000 < failure.failure_load_n < 15_000
    assert (np.diff(failure.force_n) > 0).all()
