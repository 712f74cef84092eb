"""The form of a regimen's file, field by field; its JSON Schema is published from here."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from osteocast.formats.fields import (
    Fractions,
    SiteName,
    Text,
    choice_field,
    measure_field,
    measure_schema,
    number_field,
    one_of,
)

__all__ = [
    "REGIMEN_FORMAT",
    "SECTIONS",
    "CourseEntry",
    "DrugEntry",
    "ProcedureEntry",
    "RegimenEntry",
    "RenalEntry",
]

REGIMEN_FORMAT: Final = "osteocast.regimen/1"
_MECHANISMS = ("denosumab", "bisphosphonate")
_PROCEDURES = ("radiotherapy", "rod", "radionuclide")

Mechanism = Annotated[str, BeforeValidator(choice_field(_MECHANISMS, "mechanism")), one_of(_MECHANISMS)]
ProcedureKind = Annotated[str, BeforeValidator(choice_field(_PROCEDURES, "procedure")), one_of(_PROCEDURES)]
DoseAmount = Annotated[float, BeforeValidator(measure_field("dose")), WithJsonSchema(measure_schema("dose"))]
Interval = Annotated[float, BeforeValidator(measure_field("interval")), WithJsonSchema(measure_schema("interval"))]
Time = Annotated[float, BeforeValidator(measure_field("time")), WithJsonSchema(measure_schema("time"))]
Infusion = Annotated[float, BeforeValidator(measure_field("infusion")), WithJsonSchema(measure_schema("infusion"))]
Potency = Annotated[float, BeforeValidator(measure_field("potency")), WithJsonSchema(measure_schema("potency"))]
Absorbed = Annotated[
    float, BeforeValidator(measure_field("bioavailability")), WithJsonSchema(measure_schema("bioavailability"))
]
Clearance = Annotated[float, BeforeValidator(measure_field("clearance")), WithJsonSchema(measure_schema("clearance"))]
Radiation = Annotated[
    float, BeforeValidator(measure_field("radiation-dose")), WithJsonSchema(measure_schema("radiation-dose"))
]
Activity = Annotated[float, BeforeValidator(measure_field("activity")), WithJsonSchema(measure_schema("activity"))]
Percent = Annotated[
    float,
    BeforeValidator(number_field(1, 100, "percent of the full dose")),
    WithJsonSchema({"type": "number", "minimum": 1, "maximum": 100}),
]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RenalEntry(_Entry):
    """A row of a renal dosing table, highest clearance first; exactly one of ``above`` and ``from``."""

    above: Clearance | None = None
    starting: Clearance | None = Field(default=None, alias="from")
    percent: Percent


class DrugEntry(_Entry):
    """A drug: in a file of its own, or in a regimen's file under ``[drug.NAME]``."""

    title: Text
    mechanism: Mechanism
    potency: Potency | None = None
    bioavailability: Absorbed | None = None
    infusion: Infusion | None = None
    minimum_clearance: Clearance | None = None
    plausible_dose: Annotated[list[DoseAmount], Field(min_length=2, max_length=2)] | None = None
    renal_doses: list[RenalEntry] = Field(default=[], max_length=20)
    sources: list[Text] = Field(default=[], max_length=20)


class CourseEntry(_Entry):
    """Doses of one drug. Without an interval a single dose (and its loading doses) is given."""

    drug: Text
    dose: DoseAmount
    interval: Interval | None = None
    start: Time = 0.0
    stop: Time | None = None
    loading: list[Time] = Field(default=[], max_length=20)
    averaged: Interval | None = None


class ProcedureEntry(_Entry):
    """Radiotherapy of, or a rod through, the lesion at a site; a radionuclide given to the person."""

    kind: ProcedureKind
    site: SiteName | None = None
    day: Time = 0.0
    dose: Radiation | None = None
    fractions: Fractions | None = None
    activity: Activity | None = None


class RegimenEntry(_Entry):
    """A regimen's file. Without courses and procedures it is supportive care."""

    format: Literal["osteocast.regimen/1"] = REGIMEN_FORMAT
    name: Text | None = None
    title: Text
    note: Text | None = None
    sources: list[Text] = Field(default=[], max_length=20)
    drug: dict[str, DrugEntry] = Field(default={}, max_length=20)
    courses: list[CourseEntry] = Field(default=[], max_length=40)
    procedures: list[ProcedureEntry] = Field(default=[], max_length=40)


SECTIONS: dict[str, type[BaseModel]] = {
    "": RegimenEntry,
    "drug": DrugEntry,
    "courses": CourseEntry,
    "procedures": ProcedureEntry,
}
