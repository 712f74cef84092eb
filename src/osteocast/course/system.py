"""The one system of equations a course integrates, and where the loop finds its numbers."""

from functools import cache
from typing import Any

from osteocast.course.memory import Index
from osteocast.engine.system import System, fields_of, result_type
from osteocast.models import body, lesion


@cache
def disease_system() -> System:
    """Body and lesions with their coupling."""
    return System(
        body_rates=body.rates,
        body_signals=body.signals,
        lesion_rates=lesion.rates,
        lesion_exports=lesion.exports,
        body_observables=body.observables,
        nonnegative=("lesion.tumour", "lesion.bone", "lesion.OCa", "lesion.OBa"),
    )


@cache
def loop_index() -> Index:
    """Positions in the flattened states, parameters, controls and observables."""
    state = [f.name for f in fields_of(body.State)]
    cells = [f.name for f in fields_of(lesion.State)]
    params = [f.name for f in fields_of(lesion.Params)]
    controls = [f.name for f in fields_of(body.Controls)]
    seen = [f.name for f in fields_of(result_type(body.observables))]
    return Index(
        tumour=cells.index("tumour"),
        bone=cells.index("bone"),
        woven=cells.index("woven"),
        extent=cells.index("extent"),
        epidural=cells.index("epidural"),
        osteoclasts=cells.index("OCa"),
        rt_kill=cells.index("rt_kill"),
        extent_max=params.index("extent_max"),
        epidural_growth=params.index("epidural_growth"),
        osteoclasts_reference=params.index("pivonka.OCa_reference"),
        osteoblasts=cells.index("OBa"),
        osteoblasts_reference=params.index("pivonka.OBa_reference"),
        systemic_kill=state.index("systemic_kill"),
        denosumab_depot=state.index("denosumab.depot"),
        saline=controls.index("saline"),
        infusion=controls.index("bisphosphonate_infusion"),
        resistance=controls.index("resistance_rate"),
        calcium=seen.index("calcium_total"),
        untx=seen.index("untx_ratio"),
        ctx=seen.index("ctx_ratio"),
        bone_alp=seen.index("bone_alp_ratio"),
        pth=seen.index("pth"),
        gfr=seen.index("gfr"),
        volume=seen.index("volume"),
        pthrp=seen.index("pthrp"),
    )


@cache
def observable_names() -> tuple[str, ...]:
    """Names of the body's read-outs, in the order of `Simulated.records`."""
    return tuple(field.name for field in fields_of(result_type(body.observables)))


def meanings_of(params: type[Any]) -> dict[str, str]:
    """Meaning of each parameter of a model, by dotted field name."""
    return {field.name: field.meaning for field in fields_of(params)}
