"""What a course of radiotherapy does to the tumour in a lesion: linear-quadratic dose, kill that
fades.

The dose enters through its biologically effective dose. Tumour cells die over the following months:
the course of the disease adds `kill_jump` to the lesion's `rt_kill`, which then decays at the
lesion's `rt_decay`. Pain relief, which is faster than tumour shrinkage and comes in only some
patients, is a response drawn in the course, not an equation here.
"""

from typing import Annotated, NamedTuple


class Params(NamedTuple):
    """Constants of the dose response."""

    alpha_beta: Annotated[float, "Gy", "dose at which linear and quadratic cell kill are equal"]
    reference_dose: Annotated[float, "Gy", "total dose of the course that `log_kill` belongs to"]
    reference_fractions: Annotated[float, "1", "fractions of that course"]
    log_kill: Annotated[float, "1", "natural log of tumour killed by that course; neutral 0"]
    radium_dose: Annotated[
        float, "Gy*kg/MBq", "absorbed dose per activity of radium-223 at normal numbers of osteoblasts; neutral 0"
    ]
    alpha_effectiveness: Annotated[float, "1", "effect of absorbed dose of alpha particles against that of x-rays"]


def effective_dose(dose: float, fractions: float, p: Params) -> float:
    """Biologically effective dose [Gy] of a total `dose` [Gy] given in equal `fractions`."""
    return dose * (1 + dose / fractions / p.alpha_beta)


def radionuclide_dose(activity: float, p: Params) -> float:
    """Biologically effective dose [Gy] of radium-223 [kBq/kg] in a lesion with normal numbers of osteoblasts.

    Alpha particles leave no damage that is repaired between doses, so there is no quadratic term. The course multiplies
    it by the osteoblasts of each lesion on the day: the radionuclide goes where bone is formed.
    """
    return p.alpha_effectiveness * p.radium_dose * activity / 1000


def kill_jump(dose: float, fractions: float, rt_decay: float, p: Params) -> float:
    """Kill rate [1/day] to add to a lesion's `rt_kill` at the end of a course.

    Parameters
    ----------
    dose : float [Gy]
        Total dose.
    fractions : float [1]
        Number of equal fractions.
    rt_decay : float [1/day]
        The lesion's decay of that kill rate; the time integral of the kill is independent of it.
    p : Params
    """
    reference = effective_dose(p.reference_dose, p.reference_fractions, p)
    return p.log_kill * effective_dose(dose, fractions, p) / reference * rt_decay
