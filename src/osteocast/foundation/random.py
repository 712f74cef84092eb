"""Counter-based random numbers: each is a pure function of (seed, patient, quantity, occurrence).

Philox4x32-10 of Salmon et al. 2011 (doi:10.1145/2063384.2063405): the seed is the 64-bit key, the three
other integers and a zero are the 128-bit counter. No state is kept, so a number never depends on which others
were drawn. The scalar functions run as plain Python and inside compiled code; the ``*_array`` functions give
the same numbers, bit for bit, for many keys at once.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from osteocast.foundation.compiled import compiled_as, jitable

_MASK = 0xFFFFFFFF
_MULTIPLY_0 = 0xD2511F53
_MULTIPLY_1 = 0xCD9E8D57
_WEYL_0 = 0x9E3779B9
_WEYL_1 = 0xBB67AE85
_ROUNDS = 10

# Wichura 1988, algorithm AS 241 (PPND16): numerators and denominators of three rational approximations to the
# normal quantile, highest power first; relative accuracy about 1e-16.
_A = (
    2.5090809287301226727e3, 3.3430575583588128105e4,
    6.7265770927008700853e4, 4.5921953931549871457e4,
    1.3731693765509461125e4, 1.9715909503065514427e3,
    1.3314166789178437745e2, 3.3871328727963666080e0,
)  # fmt: skip
_B = (
    5.2264952788528545610e3, 2.8729085735721942674e4,
    3.9307895800092710610e4, 2.1213794301586595867e4,
    5.3941960214247511077e3, 6.8718700749205790830e2,
    4.2313330701600911252e1, 1.0,
)  # fmt: skip
_C = (
    7.74545014278341407640e-4, 2.27238449892691845833e-2,
    2.41780725177450611770e-1, 1.27045825245236838258e0,
    3.64784832476320460504e0, 5.76949722146069140550e0,
    4.63033784615654529590e0, 1.42343711074968357734e0,
)  # fmt: skip
_D = (
    1.05075007164441684324e-9, 5.47593808499534494600e-4,
    1.51986665636164571966e-2, 1.48103976427480074590e-1,
    6.89767334985100004550e-1, 1.67638483018380384940e0,
    2.05319162663775882187e0, 1.0,
)  # fmt: skip
_E = (
    2.01033439929228813265e-7, 2.71155556874348757815e-5,
    1.24266094738807843860e-3, 2.65321895265761230930e-2,
    2.96560571828504891230e-1, 1.78482653991729133580e0,
    5.46378491116411436990e0, 6.65790464350110377720e0,
)  # fmt: skip
_F = (
    2.04426310338993978564e-15, 1.42151175831644588870e-7,
    1.84631831751005468180e-5, 7.86869131145613259100e-4,
    1.48753612908506148525e-2, 1.36929880922735805310e-1,
    5.99832206555887937690e-1, 1.0,
)  # fmt: skip


def _signed(value: int) -> int:
    """Return the integer; compiled, its bits as a signed 64-bit word, so that no type mixes into a float."""
    return int(value)


@compiled_as(_signed)
def _signed_compiled(value: Any) -> Any:
    def implementation(value: Any) -> Any:
        """Return the bits as a signed 64-bit word."""
        return np.int64(value)

    return implementation


@jitable
def philox(key: tuple[int, int], counter: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Return the four 32-bit words of Philox4x32-10 for a key and a counter of 32-bit words."""
    k0, k1 = key
    c0, c1, c2, c3 = counter
    for _ in range(_ROUNDS):
        # Compiled, the products wrap in 64 bits; the shift and mask still give their exact high words.
        p0 = _MULTIPLY_0 * c0
        p1 = _MULTIPLY_1 * c2
        c0, c1, c2, c3 = (
            ((p1 >> 32) & _MASK) ^ c1 ^ k0,
            p1 & _MASK,
            ((p0 >> 32) & _MASK) ^ c3 ^ k1,
            p0 & _MASK,
        )
        k0 = (k0 + _WEYL_0) & _MASK
        k1 = (k1 + _WEYL_1) & _MASK
    return c0, c1, c2, c3


@jitable
def uniform(seed: int, patient: int, quantity: int, occurrence: int) -> float:
    """Return a number uniform on (0, 1), ends excluded, with 52 random bits.

    Parameters
    ----------
    seed : int
        0 to 2**64 - 1.
    patient, quantity, occurrence : int
        0 to 2**32 - 1: whose number, of what, and which one in turn.
    """
    s = _signed(seed)
    key = (s & _MASK, (s >> 32) & _MASK)
    counter = (_signed(patient) & _MASK, _signed(quantity) & _MASK, _signed(occurrence) & _MASK, 0)
    w0, w1, _, _ = philox(key, counter)
    # 26 + 26 bits and a half: the largest value, 1 - 2**-53, is still a double below one.
    return ((w0 >> 6) * 67108864.0 + (w1 >> 6) + 0.5) / 4503599627370496.0


@jitable
def _horner(c: tuple[float, ...], x: float) -> float:
    y = c[0]
    for i in range(1, 8):
        y = y * x + c[i]
    return y


@jitable
def normal_quantile(p: float) -> float:
    """Return the standard normal quantile of a probability in (0, 1) (Wichura 1988, AS 241)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _horner(_A, r) / _horner(_B, r)
    r = math.sqrt(-math.log(min(p, 1.0 - p)))
    if r <= 5.0:
        r -= 1.6
        z = _horner(_C, r) / _horner(_D, r)
    else:
        r -= 5.0
        z = _horner(_E, r) / _horner(_F, r)
    return -z if q < 0.0 else z


@jitable
def normal(seed: int, patient: int, quantity: int, occurrence: int) -> float:
    """Return a standard normal number for the key (see :func:`uniform`)."""
    return normal_quantile(uniform(seed, patient, quantity, occurrence))


@jitable
def exponential(seed: int, patient: int, quantity: int, occurrence: int) -> float:
    """Return an exponential number of mean 1 for the key (see :func:`uniform`)."""
    return -math.log(uniform(seed, patient, quantity, occurrence))


def uniform_array(seed: int, patient: ArrayLike, quantity: ArrayLike, occurrence: ArrayLike) -> NDArray[np.float64]:
    """Return :func:`uniform` for every key; the last three arguments broadcast against one another."""
    mask, shift = np.uint64(_MASK), np.uint64(32)
    words = np.broadcast_arrays(*(np.asarray(a) for a in (patient, quantity, occurrence)))
    c0, c1, c2 = (w.astype(np.uint64) & mask for w in words)
    c3 = np.zeros_like(c0)
    k0, k1 = int(seed) & _MASK, (int(seed) >> 32) & _MASK
    for _ in range(_ROUNDS):
        p0 = np.uint64(_MULTIPLY_0) * c0
        p1 = np.uint64(_MULTIPLY_1) * c2
        c0, c1, c2, c3 = (
            (p1 >> shift) ^ c1 ^ np.uint64(k0),
            p1 & mask,
            (p0 >> shift) ^ c3 ^ np.uint64(k1),
            p0 & mask,
        )
        k0, k1 = (k0 + _WEYL_0) & _MASK, (k1 + _WEYL_1) & _MASK
    six = np.uint64(6)
    bits: NDArray[np.float64] = (c0 >> six).astype(np.float64) * 67108864.0 + (c1 >> six) + 0.5
    return bits / 4503599627370496.0


def _log(values: NDArray[np.float64]) -> NDArray[np.float64]:
    # The C library's logarithm, as in compiled code: NumPy's own may differ in the last bit.
    return np.fromiter(map(math.log, values.ravel().tolist()), np.float64, values.size).reshape(values.shape)


def normal_array(seed: int, patient: ArrayLike, quantity: ArrayLike, occurrence: ArrayLike) -> NDArray[np.float64]:
    """Return :func:`normal` for every key (see :func:`uniform_array`)."""
    p = np.atleast_1d(uniform_array(seed, patient, quantity, occurrence))
    q = p - 0.5
    z = np.empty_like(p)
    inner = np.abs(q) <= 0.425
    r = 0.180625 - q[inner] * q[inner]
    z[inner] = q[inner] * _horner_array(_A, r) / _horner_array(_B, r)
    outer = ~inner
    r = np.sqrt(-_log(np.minimum(p[outer], 1.0 - p[outer])))
    near = r <= 5.0
    tail = np.empty_like(r)
    tail[near] = _horner_array(_C, r[near] - 1.6) / _horner_array(_D, r[near] - 1.6)
    tail[~near] = _horner_array(_E, r[~near] - 5.0) / _horner_array(_F, r[~near] - 5.0)
    z[outer] = np.where(q[outer] < 0.0, -tail, tail)
    return z.reshape(np.broadcast_shapes(np.shape(patient), np.shape(quantity), np.shape(occurrence)))


def _horner_array(c: tuple[float, ...], x: NDArray[np.float64]) -> NDArray[np.float64]:
    y = np.full_like(x, c[0])
    for a in c[1:]:
        y = y * x + a
    return y


def exponential_array(seed: int, patient: ArrayLike, quantity: ArrayLike, occurrence: ArrayLike) -> NDArray[np.float64]:
    """Return :func:`exponential` for every key (see :func:`uniform_array`)."""
    return -_log(uniform_array(seed, patient, quantity, occurrence))
