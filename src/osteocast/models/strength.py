"""Strength of the weakest section through a lesion, relative to the same bone without a lesion.

The section is what remains outside the lesion plus what is left inside it. Remaining bone inside carries load by a
power of its density (trabecular modulus), woven bone less than its density says. Axial members lose area; bent
members (long bones, ribs) lose more from an eccentric lesion, because the far fibre carries most of the moment.
"""

from typing import Annotated, NamedTuple

from osteocast.foundation.compiled import jitable
from osteocast.models.functions import positive_part, positive_power


class Params(NamedTuple):
    """Constants of the section rule."""

    density_exponent: Annotated[float, "1", "exponent of stiffness on bone density inside the lesion"]
    regained: Annotated[float, "1", "share of its strength that bone regained after a loss carries; neutral 1"]
    disturbance: Annotated[float, "1", "share of stiffness lost where lytic tumour replaced all marrow; neutral 0"]
    disturbance_decline: Annotated[float, "1", "share of that loss missing in a purely sclerotic lesion; neutral 0"]
    woven_penalty: Annotated[float, "1", "share of stiffness lost when the bone inside is all woven"]
    section_exponent: Annotated[float, "1", "exponent of bone strength on section rigidity (fitted scale); neutral 0"]
    smoothing: Annotated[float, "1", "width over which the cap at normal stiffness is rounded"]


@jitable
def structural_bone(bone: float, lowest: float, p: Params) -> float:
    """Bone that counts for strength: what was never lost, and a share of what came back.

    Parameters
    ----------
    bone : float [1]
        Bone volume now, relative to normal bone.
    lowest : float [1]
        Lowest bone volume so far, at most 1.

    Notes
    -----
    Struts that were resorbed through are not rebuilt where they stood, so regained bone is less connected.
    """
    return lowest + p.regained * (bone - lowest)


@jitable
def disruption(tumour: float, phenotype: float, p: Params) -> float:
    """Tumour burden that breaks up bone structure: `tumour` [1], less of it towards the sclerotic end of the axis."""
    return tumour * (1 - p.disturbance_decline * phenotype)


@jitable
def tissue_stiffness(bone: float, woven: float, tumour: float, p: Params) -> float:
    """Stiffness of the tissue inside a lesion relative to normal bone, capped at 1.

    Parameters
    ----------
    bone : float [1]
        Structural bone relative to normal bone at that site.
    woven : float [1]
        Share of that bone which is woven.
    tumour : float [1]
        From `disruption` of the highest burden so far: tumour breaks up the structure of bone whatever its density.
    p : Params

    Notes
    -----
    The cap of the density term is an assumption on the safe side: dense but disordered bone gets no extra credit.
    """
    density = 1 - positive_part(1 - positive_power(bone, p.density_exponent), p.smoothing)
    return density * (1 - p.woven_penalty * woven) * (1 - p.disturbance * tumour)


@jitable
def lost_section(extent: float, bending: float) -> float:
    """Share of the section's rigidity that an empty hole of this extent would remove.

    Parameters
    ----------
    extent : float [1]
        Lesion diameter over section width, 0 to 1.
    bending : float [1]
        0 for axial members (area: extent squared), 1 for bent members (eccentric hole: extent (2 - extent)).
    """
    axial = extent**2
    bent = extent * (2 - extent)
    return axial + bending * (bent - axial)


@jitable
def relative_strength(tissue: float, extent: float, bending: float, p: Params) -> float:
    """Strength of the weakest section relative to the intact bone, in (0, 1].

    Parameters
    ----------
    tissue : float [1]
        From `tissue_stiffness`.
    extent, bending : float [1]
        As for `lost_section`.
    p : Params
    """
    rigidity = 1 - lost_section(extent, bending) * (1 - tissue)
    return positive_power(rigidity, p.section_exponent)
