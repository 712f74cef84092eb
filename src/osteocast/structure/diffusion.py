"""Steady diffusion with decay on voxels: how far a signal made in one place reaches into the tissue around it.

Finite volumes, seven points: what flows through the face of two voxels follows the harmonic mean of their diffusion
coefficients, which is exact for layers. Solved by conjugate gradients around a fast transform: cosines (sines where
the outer faces hold a value) solve a box of one coefficient exactly, and voids or layers leave them a good guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft, sparse
from scipy.sparse import linalg

from osteocast.foundation.errors import InputError, Issue, SolveError

__all__ = ["Medium", "Signal", "steady_signal"]

Floats = NDArray[np.float64]

_MOST_ITERATIONS = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Medium:
    """Box voxels that a signal diffuses through and decays in.

    Attributes
    ----------
    diffusivity : array, shape (nz, ny, nx)
        [mm2/day]; 0 where there is no tissue.
    spacing : tuple of float
        Size of a voxel along x, y, z [mm].
    decay : float
        [1/day]. The decay length is sqrt(diffusivity / decay) [mm].
    boundary : float, optional
        Concentration on every outer face of the tissue, that of a void among them [amount/mm3]; None where nothing
        passes through them.

    Raises
    ------
    InputError
        All at once: ``diffusion.shape``, ``diffusion.diffusivity``, ``diffusion.spacing``, ``diffusion.decay``,
        ``diffusion.boundary``, ``diffusion.singular``
    """

    diffusivity: Floats
    spacing: tuple[float, float, float]
    decay: float
    boundary: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be solved."""
        if issues := [*_field_issues(self.diffusivity), *_number_issues(self)]:
            raise InputError(issues)


class Signal(NamedTuple):
    """What the tissue holds in the steady state.

    Attributes
    ----------
    concentration : array, shape (nz, ny, nx)
        [amount/mm3]; 0 where there is no tissue.
    decayed, outflow : float
        What decays, and what leaves through the outer faces [amount/day]; together all that the source makes.
    iterations : int
    residual : float
        Relative to the norm of the right-hand side.
    """

    concentration: Floats
    decayed: float
    outflow: float
    iterations: int
    residual: float


def steady_signal(medium: Medium, source: Floats, tolerance: float = 1e-10) -> Signal:
    """Solve ``decay c - div(diffusivity grad c) = source``.

    Parameters
    ----------
    medium : Medium
    source : array, shape (nz, ny, nx)
        What each voxel makes [amount/mm3/day]; 0 where there is no tissue.
    tolerance : float
        Residual relative to the right-hand side.

    Raises
    ------
    InputError
        ``diffusion.source``
    SolveError
        ``diffusion.not-converged``
    """
    tissue = medium.diffusivity > 0.0
    _check_source(source, tissue)
    matrix, exchange = _assemble(medium, tissue)
    edge = 0.0 if medium.boundary is None else medium.boundary
    right = source[tissue] + edge * exchange
    steps: list[None] = []
    guess = _box_inverse(medium, tissue)
    found, _ = linalg.cg(
        matrix, right, rtol=0.5 * tolerance, maxiter=_MOST_ITERATIONS, M=guess, callback=lambda _: steps.append(None)
    )
    size = float(np.linalg.norm(right))
    residual = float(np.linalg.norm(right - matrix @ found)) / (size or 1.0)
    if not residual <= tolerance:
        fix = "Allow a larger residual, or give a shorter decay length or coefficients closer to each other."
        text = f"relative residual {residual:.2g} after {len(steps)} iterations"
        raise SolveError(Issue("diffusion.not-converged", "diffusion", text, f"at most {tolerance:g}", fix))
    concentration, volume = np.zeros(tissue.shape), float(np.prod(medium.spacing))
    concentration[tissue] = found
    lost = volume * medium.decay * float(found.sum()), volume * float(exchange @ (found - edge))
    return Signal(concentration, *lost, len(steps), residual)


def _assemble(medium: Medium, tissue: NDArray[np.bool_]) -> tuple[Any, Floats]:
    """Return the matrix over the voxels of tissue and what each exchanges with outer faces [1/day]."""
    count = int(tissue.sum())
    # One voxel of nothing all around, so that the faces of the image are outer faces like those of a void.
    number = np.full(np.array(tissue.shape) + 2, -1, dtype=np.int32)
    number[1:-1, 1:-1, 1:-1][tissue] = np.arange(count, dtype=np.int32)
    coefficient, exchange = medium.diffusivity[tissue], np.zeros(count)
    pairs = sparse.csr_array((count, count))
    for axis, size in enumerate(medium.spacing[::-1]):
        low, high = (np.moveaxis(number, axis, 0)[part].ravel() for part in (slice(None, -1), slice(1, None)))
        inner = (low >= 0) & (high >= 0)
        a, b = low[inner], high[inner]
        mean = 2.0 * coefficient[a] * coefficient[b] / (coefficient[a] + coefficient[b]) / size**2
        pairs += sparse.coo_array((mean, (a, b)), shape=(count, count))
        outer = np.concatenate([low[(low >= 0) & (high < 0)], high[(high >= 0) & (low < 0)]])
        # Half a voxel lies between the middle of a voxel and its face.
        exchange += np.bincount(outer, 2.0 * coefficient[outer] / size**2, count)
    exchange *= medium.boundary is not None
    pairs += pairs.T
    return sparse.diags_array(medium.decay + exchange + pairs.sum(axis=1)) - pairs, exchange


def _box_inverse(medium: Medium, tissue: NDArray[np.bool_]) -> linalg.LinearOperator:
    """Return the solution on the whole box with one coefficient, seen at the voxels of tissue."""
    mean, closed = float(np.exp(np.log(medium.diffusivity[tissue]).mean())), medium.boundary is None
    forth, back = (fft.dctn, fft.idctn) if closed else (fft.dstn, fft.idstn)
    rate: Any = medium.decay
    for axis, size in enumerate(medium.spacing[::-1]):
        wave = np.pi * (np.arange(n := tissue.shape[axis]) + (not closed)) / n
        rate = rate + np.expand_dims(2.0 * mean / size**2 * (1.0 - np.cos(wave)), [i for i in range(3) if i != axis])
    box, count = np.zeros(tissue.shape), int(tissue.sum())

    def solve(right: Floats) -> Any:
        box[tissue] = right
        return back(forth(box, norm="ortho") / rate, norm="ortho")[tissue]

    return linalg.LinearOperator((count, count), matvec=solve, dtype=float)


def _field_issues(diffusivity: Any) -> list[Issue]:
    if not isinstance(diffusivity, np.ndarray) or diffusivity.ndim != 3 or diffusivity.size == 0:
        shape = str(getattr(diffusivity, "shape", type(diffusivity).__name__))
        fix = "Give one coefficient for each voxel."
        return [Issue("diffusion.shape", "diffusivity", shape, "an array (nz, ny, nx)", fix)]
    low = float(np.min(diffusivity))
    if not np.isfinite(diffusivity).all() or low < 0.0 or not diffusivity.any():
        fix = "Give 0 in voxels without tissue and more than 0 in some."
        found = f"from {low:g} to {float(np.max(diffusivity)):g} mm2/day"
        return [Issue("diffusion.diffusivity", "diffusivity", found, "finite, 0 or more, not all 0", fix)]
    return []


def _number_issues(medium: Medium) -> list[Issue]:
    issues = []
    spacing, decay, boundary = medium.spacing, medium.decay, medium.boundary
    if len(spacing) != 3 or not all(np.isfinite(size) and size > 0.0 for size in spacing):
        fix = "Read them from the image."
        issues.append(Issue("diffusion.spacing", "spacing", str(spacing), "three sizes above 0 mm", fix))
    if not (np.isfinite(decay) and decay >= 0.0):
        fix = "Give the share that decays in a day."
        issues.append(Issue("diffusion.decay", "decay", f"{decay:g} 1/day", "finite, 0 or more", fix))
    if boundary is not None and not np.isfinite(boundary):
        fix = "Give a concentration, or None where nothing passes."
        issues.append(Issue("diffusion.boundary", "boundary", f"{boundary:g}", "finite, or None", fix))
    if boundary is None and decay == 0.0:
        fix = "Give a decay above 0 or a concentration on the outer faces: what is made has to go somewhere."
        issues.append(Issue("diffusion.singular", "decay", "0, and closed outer faces", "a steady state", fix))
    return issues


def _check_source(source: Any, tissue: NDArray[np.bool_]) -> None:
    expected, fix = f"finite, shape {tissue.shape}, 0 outside of the tissue", "Cut the source to the tissue."
    shape = getattr(source, "shape", type(source).__name__)
    if shape != tissue.shape:
        raise InputError(Issue("diffusion.source", "source", str(shape), expected, fix))
    if bad := int((~np.isfinite(source) | (~tissue & (source != 0.0))).sum()):
        raise InputError(Issue("diffusion.source", "source", f"{bad} other voxels", expected, fix))
