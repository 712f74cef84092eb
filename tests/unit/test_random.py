"""Random numbers: published vectors, the same bits in all three readings, and the right distributions."""

import itertools
import math

import numba
import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from osteocast.foundation import random

# Random123 (Salmon et al. 2011), kat_vectors, philox4x32 with 10 rounds: counter, key, result.
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
SEEDS = [0, 1, 2**31, 2**63 - 1, 2**63 + 12345, 2**64 - 1]


@numba.njit
def _fill(seed, patients, quantity, occurrence, out):
    for i in range(patients.size):
        out[i, 0] = random.uniform(seed, patients[i], quantity, occurrence)
        out[i, 1] = random.normal(seed, patients[i], quantity, occurrence)
        out[i, 2] = random.exponential(seed, patients[i], quantity, occurrence)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_published_known_answers(counter, key, expected) -> None:
    assert random.philox(key, counter) == expected

    @numba.njit
    def compiled(key, counter):
        return random.philox(key, counter)

    assert tuple(int(w) & 0xFFFFFFFF for w in compiled(key, counter)) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_python_compiled_and_array_give_the_same_bits(seed: int) -> None:
    patients = np.concatenate([np.arange(3000), [2**31, 2**32 - 1]])
    out = np.empty((patients.size, 3))
    _fill(np.uint64(seed), patients, np.uint32(7), 2**32 - 5, out)
    for column, scalar, array in (
        (0, random.uniform, random.uniform_array),
        (1, random.normal, random.normal_array),
        (2, random.exponential, random.exponential_array),
    ):
        plain = np.array([scalar(seed, int(p), 7, 2**32 - 5) for p in patients])
        assert plain.tobytes() == out[:, column].tobytes()
        assert plain.tobytes() == array(seed, patients, 7, 2**32 - 5).tobytes()


def test_every_part_of_the_key_matters_and_none_stands_for_another() -> None:
    keys = itertools.product((1, 2), repeat=4)
    assert len({random.uniform(*key) for key in keys}) == 16


def test_arrays_broadcast() -> None:
    table = random.normal_array(3, np.arange(4)[:, None], 5, np.arange(6))
    assert table.shape == (4, 6)
    assert table[2, 3] == random.normal(3, 2, 5, 3)
    assert random.normal_array(3, 2, 5, 3).shape == ()


@pytest.mark.parametrize(
    ("draw", "distribution"),
    [
        (random.uniform_array, stats.uniform),
        (random.normal_array, stats.norm),
        (random.exponential_array, stats.expon),
    ],
)
def test_distributions(draw, distribution) -> None:
    numbers = draw(2024, np.arange(200), 1, np.arange(1000)[:, None]).ravel()
    assert stats.kstest(numbers, distribution.cdf).pvalue > 0.01
    neighbours = draw(2024, np.arange(100_000), 1, 0)
    assert abs(np.corrcoef(neighbours[:-1], neighbours[1:])[0, 1]) < 0.012


def test_uniform_never_reaches_its_ends() -> None:
    # The largest and smallest values that 52 bits and a half can give.
    assert (2**52 - 0.5) / 2**52 < 1.0
    assert 0.5 / 2**52 > 0.0
    u = random.uniform_array(9, np.arange(100_000), 0, 0)
    assert 0.0 < u.min() < u.max() < 1.0


def test_normal_quantile_against_scipy() -> None:
    for p in [*np.linspace(0.001, 0.999, 997), 1e-16, 1e-9, 0.075, 0.925, 1 - 1e-9, math.exp(-25), math.exp(-26)]:
        assert random.normal_quantile(float(p)) == pytest.approx(float(ndtri(p)), rel=2e-15, abs=1e-15)
