"""The form of a patient's file, field by field; its JSON Schema is published from here."""

from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from osteocast.domain.observation import QUANTITIES
from osteocast.domain.patient import ESCC_GRADES, ORIGINS
from osteocast.domain.primary import find_origin, refused_reason, therapy_classes
from osteocast.domain.table import read_table, table_names
from osteocast.formats.fields import (
    Age,
    Date,
    Ecog,
    Pain,
    SiteName,
    Text,
    Truth,
    choice_field,
    clipped,
    measure_field,
    measure_schema,
    one_of,
    parse_measure,
    refuse,
    suggestion,
)

__all__ = [
    "PATIENT_FORMAT",
    "SECTIONS",
    "EarlierCourseEntry",
    "EventEntry",
    "LesionEntry",
    "ObservationEntry",
    "PatientEntry",
    "PrimaryEntry",
    "TherapyEntry",
]

PATIENT_FORMAT: Final = "osteocast.patient/1"
_KINDS = ("lytic", "mixed", "sclerotic")
_EVENTS = ("fracture", "cord-compression", "radiotherapy", "surgery", "hypercalcaemia")
_SEXES = ("female", "male")
# A procedure happens on one day; only courses of drugs (or supportive care) can be running.
_RUNNING = tuple(name for name in table_names("regimens") if "procedures" not in read_table(f"regimens/{name}"))


def origin_field(given: object) -> str:
    """Validate the origin of the cancer; a tumour that begins in bone is refused with the reason."""
    if isinstance(given, str) and given.strip():
        reason = refused_reason(given)
        if reason is not None:
            fix = "Check the diagnosis; there is nothing here to forecast it with."
            raise refuse("patient.primary-bone-tumour", clipped(given), f"a cancer that has spread: {reason}", fix)
        if find_origin(given) is not None:
            return given.strip()
    word = clipped(given)
    hint = suggestion(word.casefold(), ORIGINS) or "Use 'other' with a subtype, or 'unknown'."
    raise refuse("patient.origin", word, "one of " + ", ".join(ORIGINS), hint)


Origin = Annotated[
    str,
    BeforeValidator(origin_field),
    WithJsonSchema({"type": "string", "description": "one of " + ", ".join(ORIGINS) + ", or a common synonym"}),
]
Sex = Annotated[str, BeforeValidator(choice_field(_SEXES, "sex")), one_of(_SEXES)]
Kind = Annotated[str, BeforeValidator(choice_field(_KINDS, "kind of lesion")), one_of(_KINDS)]
Grade = Annotated[
    str,
    BeforeValidator(choice_field(ESCC_GRADES, "epidural grade (ESCC)")),
    WithJsonSchema({"enum": [*ESCC_GRADES, 0, 2, 3]}),
]
EventKind = Annotated[str, BeforeValidator(choice_field(_EVENTS, "event")), one_of(_EVENTS)]
TherapyClass = Annotated[
    str, BeforeValidator(choice_field(tuple(therapy_classes()), "class")), one_of(tuple(therapy_classes()))
]
DrugName = Annotated[str, BeforeValidator(choice_field(table_names("drugs"), "drug")), one_of(table_names("drugs"))]
RegimenName = Annotated[str, BeforeValidator(choice_field(_RUNNING, "regimen")), one_of(_RUNNING)]
QuantityName = Annotated[str, BeforeValidator(choice_field(QUANTITIES, "quantity")), one_of(QUANTITIES)]
Weight = Annotated[float, BeforeValidator(measure_field("weight")), WithJsonSchema(measure_schema("weight"))]
Size = Annotated[float, BeforeValidator(measure_field("lesion-size")), WithJsonSchema(measure_schema("lesion-size"))]
Cortex = Annotated[
    float,
    BeforeValidator(measure_field("cortical-involvement")),
    WithJsonSchema(measure_schema("cortical-involvement")),
]
Collapse = Annotated[float, BeforeValidator(measure_field("collapse")), WithJsonSchema(measure_schema("collapse"))]
DoseAmount = Annotated[float, BeforeValidator(measure_field("dose")), WithJsonSchema(measure_schema("dose"))]
Interval = Annotated[float, BeforeValidator(measure_field("interval")), WithJsonSchema(measure_schema("interval"))]
_VALUE_SCHEMA = {
    "description": "value with its unit, such as '2.61 mmol/L' or '<0.3 pmol/L'",
    "anyOf": measure_schema("calcium")["anyOf"],
}


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PrimaryEntry(_Entry):
    """Where the cancer began."""

    origin: Origin
    subtype: Text | None = None
    diagnosed: Date | None = None


class LesionEntry(_Entry):
    """One lesion; leave out what is not known."""

    site: SiteName
    kind: Kind | None = None
    size: Size | None = None
    cortical_involvement: Cortex | None = None
    pain_at_rest: Pain | None = None
    pain_on_loading: Pain | None = None
    collapse: Collapse | None = None
    epidural_grade: Grade | None = None
    irradiated: Date | None = None
    fixed: Date | None = None
    found: Date | None = None
    note: Text | None = None


class TherapyEntry(_Entry):
    """One line of systemic anticancer therapy."""

    therapy_class: TherapyClass = Field(alias="class")
    name: Text | None = None
    started: Date | None = None
    stopped: Date | None = None


class EarlierCourseEntry(_Entry):
    """An antiresorptive course given before the assessment, or running at it."""

    drug: DrugName
    dose: DoseAmount | None = None
    interval: Interval | None = None
    started: Date | None = None
    stopped: Date | None = None


class EventEntry(_Entry):
    """A skeletal complication that has happened."""

    kind: EventKind
    site: SiteName | None = None
    date: Date | None = None


class ObservationEntry(_Entry):
    """One laboratory value or pain rating."""

    quantity: QuantityName
    value: Annotated[Any, WithJsonSchema(_VALUE_SCHEMA)]
    date: Date

    @field_validator("value", mode="before")
    @classmethod
    def _convert(cls, given: object, info: ValidationInfo) -> object:
        # Without a valid quantity there is no unit to check; the quantity itself is reported.
        quantity = info.data.get("quantity")
        return given if quantity is None else parse_measure(given, quantity)


class PatientEntry(_Entry):
    """A patient's file. Only age, sex and the primary are required; the rest is drawn where it is absent."""

    format: Literal["osteocast.patient/1"] = PATIENT_FORMAT
    identifier: Text | None = None
    assessed: Date | None = None
    age_years: Age
    sex: Sex
    weight: Weight | None = None
    ecog: Ecog | None = None
    visceral_metastases: Truth | None = None
    current_regimen: RegimenName | None = None
    primary: PrimaryEntry
    lesions: list[LesionEntry] = Field(default=[], max_length=60)
    therapies: list[TherapyEntry] = Field(default=[], max_length=40)
    antiresorptives: list[EarlierCourseEntry] = Field(default=[], max_length=40)
    events: list[EventEntry] = Field(default=[], max_length=200)
    observations: list[ObservationEntry] = Field(default=[], max_length=1000)


SECTIONS: dict[str, type[BaseModel]] = {
    "": PatientEntry,
    "primary": PrimaryEntry,
    "lesions": LesionEntry,
    "therapies": TherapyEntry,
    "antiresorptives": EarlierCourseEntry,
    "events": EventEntry,
    "observations": ObservationEntry,
}
