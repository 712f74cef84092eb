"""Plasma values of the healthy body that the other parts take as reference."""

from typing import Annotated, NamedTuple


class Healthy(NamedTuple):
    """Healthy plasma values and the extracellular volume they are in."""

    volume: Annotated[float, "L", "extracellular volume of the published model"]
    calcium: Annotated[float, "mmol/L", "total plasma calcium"]
    phosphate: Annotated[float, "mmol/L", "plasma phosphate"]
    pth: Annotated[float, "pmol/L", "plasma PTH"]
    calcitriol: Annotated[float, "pmol/L", "plasma calcitriol"]
