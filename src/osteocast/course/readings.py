"""What is read off a course: derived quantities, monthly series, and the body's read-outs on days of the record."""

from typing import Any, Final, NamedTuple

from osteocast.course import memory as m
from osteocast.course.layout import PLACE_INDEX
from osteocast.course.lesion_events import observe_lesion
from osteocast.course.memory import Rules, Run
from osteocast.course.patient_events import observe_person
from osteocast.foundation.compiled import inlined, jitable

_ROW: Final = PLACE_INDEX["report_index"]


class Written(NamedTuple):
    """Where one course writes its results (see `courses.Courses`)."""

    person_series: Any  # (n_t, n_person_series)
    lesion_series: Any  # (n_rows, n_t, n_lesion_series)
    records: Any  # (n_records, n_observables): body read-outs on the days of `Action.RECORD`


@inlined
def read_body(k: Any, run: Run) -> None:
    """Evaluate the body's read-outs with what the lesions export now."""
    k.sum_exports(run.xb, run.xl, run.counts[0], run.pb, run.pl, run.controls, run.work, run.exported)
    k.body_observables(run.xb, run.pb, run.exported, run.controls, run.observed)


@jitable
def observe(k: Any, run: Run, rules: Rules, day: float) -> None:
    """Bring every derived quantity of the course up to date."""
    read_body(k, run)
    observe_person(run, rules, day)
    worst = 0.0
    for j in range(run.counts[0]):
        observe_lesion(run, rules, j, day)
        worst = max(worst, run.lesion[j, m.PAIN])
    run.body[m.WORST_PAIN] = worst


@inlined
def snapshot(run: Run, rules: Rules, month: int, written: Written) -> None:
    """Write the monthly state of a living patient."""
    i = rules.at
    body = run.body
    row = written.person_series[month]
    row[0] = run.observed[i.calcium]
    row[1] = run.observed[i.untx]
    row[2] = run.observed[i.ctx]
    row[3] = run.observed[i.bone_alp]
    row[4] = run.observed[i.pth]
    row[5] = run.observed[i.gfr]
    row[6] = run.observed[i.volume]
    row[7] = run.observed[i.pthrp]
    row[8] = body[m.WORST_PAIN]
    row[9] = body[m.ECOG]
    row[10] = body[m.WALKS]
    row[11] = run.exported[5]
    row[12] = 1.0
    for j in range(run.counts[0]):
        line = written.lesion_series[int(run.place[j, _ROW]), month]
        line[0] = run.xl[j, i.tumour]
        line[1] = run.xl[j, i.bone]
        line[2] = run.xl[j, i.woven]
        line[3] = run.xl[j, i.extent]
        line[4] = run.xl[j, i.epidural]
        line[5] = run.lesion[j, m.STRENGTH]
        line[6] = run.lesion[j, m.PAIN]
        line[7] = run.lesion[j, m.OSTEOCLASTS]
