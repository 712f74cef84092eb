"""The form of a strength's ``result.json``; its JSON Schema is published from here."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["STRENGTH_FORMAT", "StrengthDocument"]

STRENGTH_FORMAT: Final = "osteocast.strength-result/1"

Number = float | None


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CtPart(_Part):
    """The CT, without a name: voxels are counted along x, y, z of the patient."""

    kind: Literal["DICOM", "NIfTI", "NRRD", "MetaImage"]
    sha256: str = Field(description="of voxels, places and unit")
    unit: str
    voxels: list[int] = Field(min_length=3, max_length=3)
    spacing_mm: list[float] = Field(min_length=3, max_length=3)
    kvp: Number
    kernel: str | None
    contrast: bool | None
    manufacturer: str | None


class BonePart(_Part):
    """The bone as it was computed with."""

    site: str
    title: str
    label: str
    voxels: int
    spacing_mm: list[float] = Field(min_length=3, max_length=3)
    volume_ml: float
    mean_density: float = Field(description="mg/cm3 of what density_unit says")
    density_unit: str


class CalibrationPart(_Part):
    """density = slope * HU + intercept."""

    method: str
    slope: float
    intercept: float
    unit: str
    source: str


class LawPart(_Part):
    """From density to modulus or strength; status "recalled" is a formula from memory."""

    name: str
    property: Literal["modulus", "strength"]
    formula: str
    density: str
    source: str
    status: Literal["read", "recalled"]


class LoadPart(_Part):
    """Load case with its version."""

    name: str
    length_mm: float = Field(description="between support and loaded surface")


class CurvePart(_Part):
    """Force against displacement of the loaded surface."""

    displacement_mm: list[float]
    force_n: list[float]


class RulePart(_Part):
    """A failure load by a rule from the elastic solution alone; null with the reason where it does not apply."""

    rule: str
    load_n: Number
    reason: str
    about: str
    at_contact: bool | None = Field(
        description="whether it is met next to a cap or support; null of a rule without a place"
    )


class CarriedPart(_Part):
    """A bone loaded until it failed."""

    stiffness_n_mm: float
    failure_load_n: float
    low_n: Number = Field(description="end of the interval that published experiments suggest")
    high_n: Number
    moment_nm: Number = Field(description="at failure, where the loaded surface turns; null where it moves straight")
    definition: Literal["maximum", "plateau", "limit"] = Field(description="what failure means here")
    yield_load_n: Number = Field(description="0.2 % offset; null where the curve does not reach it")
    displacement_mm: float
    energy_mj: float
    failed_ml: float
    tension_share: Number
    half_way_load_n: float = Field(description="force at half the movement: what a limit of half the size would give")
    contact_share: Number = Field(description="of the work of failure, within 10 mm of caps and supports")
    contact_bone_share: float = Field(description="of the bone, within 10 mm of caps and supports")
    lesion_share: Number = Field(description="of the work of failure, within 10 mm of the lesion; null without one")
    curve: CurvePart
    rules: list[RulePart]
    residual: float
    left_out_voxels: int = Field(description="in parts that nothing holds")


class ItemPart(_Part):
    """What the CT says for one item of a score; null with the reason where it says nothing."""

    instrument: str
    item: str
    value: float | str | None
    missing: str


class PiecePart(_Part):
    """One lesion measured."""

    volume_ml: float
    diameter_mm: float
    kind: str | None
    region: str | None = Field(description="of a femur")
    items: list[ItemPart]
    missing: list[str] = Field(description="why sections and region are missing")


class DailyPart(_Part):
    """A load of daily life over the load carried; a ratio above 1 is a load that exceeds it, no probability."""

    activity: str
    about: str
    load_n: float
    low_n: Number
    high_n: Number
    ratio: float
    ratio_low: Number
    ratio_high: Number
    spread: str
    source: str
    status: Literal["read", "derived"]


class LesionPart(_Part):
    """What the lesion costs; losses are shares of the bone without it and negative where it is stronger."""

    synthetic: bool
    volume_ml: float
    share: float = Field(description="of the volume of the bone")
    without: CarriedPart
    pieces: list[PiecePart] = Field(description="lesions that do not touch one another, the largest first")
    load_lost: float
    yield_lost: Number = Field(description="of the yield load; null where a curve does not reach it")
    stiffness_lost: float


class WarningPart(_Part):
    """What to know before the result is used."""

    code: str
    place: str
    found: str
    expected: str
    fix: str


class StrengthDocument(_Part):
    """How much load one bone of one CT carries."""

    format: Literal["osteocast.strength-result/1"] = Field(alias="schema")
    version: str
    banner: str
    ct: CtPart
    bone: BonePart
    calibration: CalibrationPart | None
    laws: list[LawPart] = Field(min_length=2, max_length=2)
    load: LoadPart
    strength: CarriedPart
    lesion: LesionPart | None
    body_weight_kg: Number
    daily_loads: list[DailyPart] = Field(description="by rising load; empty without a body weight")
    interval: list[str] = Field(description="series the interval comes from, and what it is not")
    assumptions: list[str]
    warnings: list[WarningPart]
    citations: dict[str, str]
