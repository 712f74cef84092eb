"""A dated measurement of a patient, in the canonical unit of its quantity."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

__all__ = ["QUANTITIES", "Censoring", "Observation", "Quantity"]

Censoring = Literal["=", "<", ">"]
Quantity = Literal[
    "calcium",
    "corrected-calcium",
    "ionised-calcium",
    "albumin",
    "creatinine",
    "uNTx",
    "CTX",
    "bone-ALP",
    "PTHrP",
    "PTH",
    "phosphate",
    "pain-worst",
]
QUANTITIES: tuple[Quantity, ...] = (
    "calcium",
    "corrected-calcium",
    "ionised-calcium",
    "albumin",
    "creatinine",
    "uNTx",
    "CTX",
    "bone-ALP",
    "PTHrP",
    "PTH",
    "phosphate",
    "pain-worst",
)


@dataclass(frozen=True, slots=True)
class Observation:
    """One measured value.

    Parameters
    ----------
    quantity : str
        What was measured; one of `QUANTITIES`. ``calcium`` is total serum calcium as measured,
        ``corrected-calcium`` is total calcium that the laboratory has corrected for albumin.
    value : float
        Value in `unit`.
    unit : str
        Canonical unit of the quantity (see `osteocast.domain.quantity`).
    date : datetime.date
        Day of the sample.
    censoring : {"=", "<", ">"}
        ``<`` and ``>`` state that the value lies below or above the number, as laboratories report
        beyond a limit of the assay.
    given : str
        The value as the file gave it, for the report.
    """

    quantity: Quantity
    value: float
    unit: str
    date: dt.date
    censoring: Censoring = "="
    given: str = ""
