"""Where a bone fails: a bar with a weak layer at its end, in its middle and at a lesion."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.structure.failure_cases import bar

from osteocast.structure.failure import Failure, Settings, load_to_failure
from osteocast.structure.failure_rules import rule_loads
from osteocast.structure.loaded import LoadedBone

LAYERS = 80


def weak(first: int, lesion: int | None = None) -> LoadedBone:
    """Return a bar of 80 layers of 1 mm of which ten are weak, with a lesion of four layers."""
    strength = np.full((LAYERS, 8, 8), 10.0)
    strength[first : first + 10] = 4.0
    one = bar(np.full(strength.shape, 1000.0), strength, strength)
    if lesion is None:
        return one
    part = one.part.copy()
    part[lesion : lesion + 4] = 2
    return replace(one, part=part)


def failed(one: LoadedBone) -> Failure:
    return load_to_failure(one, Settings(steps=3))


@pytest.mark.parametrize(("first", "share"), [(0, 1.0), (35, 0.0)])
def test_a_bar_fails_at_its_support_or_between(first: int, share: float) -> None:
    failure = failed(weak(first))
    assert failure.place.contact == pytest.approx(share, abs=1e-6)
    assert failure.place.contact_bone == pytest.approx(20 / LAYERS, abs=2.1 / LAYERS)
    assert failure.place.lesion is None
    assert any("crushed where it is held" in text for text in failure.warnings) == (first == 0)


@pytest.mark.parametrize(("lesion", "share"), [(38, 1.0), (65, 0.0)])
def test_a_lesion_away_from_the_failure_is_told(lesion: int, share: float) -> None:
    failure = failed(weak(35, lesion))
    assert failure.place.lesion == pytest.approx(share, abs=1e-6)
    assert any("elsewhere than at its lesion" in text for text in failure.warnings) == (share == 0.0)


def test_a_local_rule_says_whether_it_is_met_at_a_support() -> None:
    for first, near in ((0, True), (35, False)):
        one = weak(first)
        found = {rule.rule: rule.at_contact for rule in rule_loads(one, failed(one).elastic)}
        assert found["contiguous"] is near
        assert found["pistoia"] is None


def test_a_bar_that_does_not_yield_fails_nowhere() -> None:
    one = replace(weak(0), yield_tension=np.full((LAYERS, 8, 8), np.inf, np.float32))
    failure = failed(replace(one, yield_compression=one.yield_tension))
    assert failure.place.contact is None
