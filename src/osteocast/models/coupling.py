"""What the body tells a lesion (`Signals`) and what lesions tell the body (`Exports`).

Both are algebraic: neither carries a state of its own. All fields of `Exports` add over lesions, so that any
number of lesions couples to the body through one sum.
"""

from typing import Annotated, NamedTuple


class Signals(NamedTuple):
    """Systemic quantities that act on the cells of every lesion."""

    pth: Annotated[float, "pmol/L", "PTH and weighted PTHrP at the PTH receptor of bone cells"]
    denosumab: Annotated[float, "nmol/L", "denosumab in plasma, which binds RANKL"]
    bisphosphonate_effect: Annotated[float, "1", "multiplier of the osteoclast death rate, 1 without drug"]
    systemic_kill: Annotated[float, "1/day", "tumour kill rate of the systemic anticancer therapy"]
    calcium: Annotated[float, "mmol/L", "total plasma calcium"]


class Exports(NamedTuple):
    """Fluxes and marker shares of the lesions, summed over lesions."""

    calcium_invaded: Annotated[float, "mmol/day", "skeletal calcium taken by lesions and marrow disease around them"]
    calcium_released: Annotated[float, "mmol/day", "calcium released to plasma by lesions and marrow disease"]
    calcium_taken: Annotated[float, "mmol/day", "plasma calcium laid down by lesions and marrow disease"]
    resorption: Annotated[float, "1", "lesion osteoclast resorption relative to the healthy skeleton's"]
    formation: Annotated[float, "1", "lesion bone formation relative to the healthy skeleton's"]
    tumour_volume: Annotated[float, "mL", "volume of tumour in bone"]
