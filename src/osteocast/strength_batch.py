"""Many bones, one after another or several at a time: a folder each, and one table of all."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from osteocast.evidence.load import evidence_sha256
from osteocast.foundation.banner import BANNER
from osteocast.foundation.errors import InputError, Issue, OsteocastError
from osteocast.foundation.files import read_text_limited, write_atomically
from osteocast.foundation.settings import MOST_WORKERS, out_of_range
from osteocast.foundation.version import VERSION
from osteocast.foundation.workers import in_order
from osteocast.interruption import work_that_stays
from osteocast.progress import progress_bar, show_notices
from osteocast.report.folder import RESULT, check_folder, write_files
from osteocast.report.strength_folder import strength_files, strength_record
from osteocast.report.strength_terminal import force_text
from osteocast.structure.strength import strength
from osteocast.structure.strength_cases import Case, read_cases
from osteocast.structure.strength_document import strength_document
from osteocast.structure.strength_question import Question

__all__ = ["COLUMNS", "strength_of_many"]

TABLE = "strengths.csv"
_DONE = "case.json"
_SHOWN = 12
_WIDTH = 80

COLUMNS = (
    "case",
    "outcome",
    "site",
    "label",
    "load",
    "failure_load_n",
    "stiffness_n_mm",
    "yield_load_n",
    "definition",
    "volume_ml",
    "mean_density",
    "density_unit",
    "lesion_ml",
    "synthetic_lesion",
    "load_lost",
    "stiffness_lost",
    "warnings",
    "problems",
)


def strength_of_many(path: Path, question: Question, asked: tuple[Path, int, bool]) -> tuple[str, int]:
    """Compute every bone of a list; return what the terminal shows, and 2 where one could not be computed.

    Each bone has its own folder in the output; where that is finished for the same inputs it is not computed again.
    The table does not depend on the number of workers.

    Parameters
    ----------
    path : Path
        A list in TOML or CSV, or a folder of images with their labels.
    question : Question
        What the list does not say itself.
    asked : (Path, int, bool)
        Folder of the results, bones at a time, and whether the table is to be printed as JSON.

    Raises
    ------
    OsteocastError
        ``cases.*``, ``storage.*``
    """
    out, workers, as_json = asked
    if issues := out_of_range("question.setting", {"workers": (workers, 1, MOST_WORKERS)}):
        raise InputError(issues)
    cases = read_cases(path, question)
    check_folder(out)
    show_notices()
    rows = []
    with work_that_stays(out), progress_bar() as bar:
        task = bar.add_task("bones", total=len(cases))
        for row in in_order(partial(_row, out=out), cases, workers):
            rows.append(row)
            bar.update(task, advance=1)
    write_atomically(out / TABLE, _csv(rows))
    failed = sum(row["outcome"] != "computed" for row in rows)
    text = json.dumps({"banner": BANNER, "rows": rows}, indent=1) if as_json else _summary(rows, failed, out)
    return text, 2 if failed else 0


def _row(case: Case, out: Path) -> dict[str, Any]:
    """Return the row of a case, from its folder if it is finished there."""
    folder = out / case.name
    identity = _identity(case)
    kept = _kept(folder, identity)
    if kept is not None:
        return kept
    try:
        found = strength(case.ct, case.question)
        document = strength_document(found)
        row = {"case": case.name, "outcome": "computed", **_figures(document)}
        command = ("osteocast", "strength", "LIST")
        record = strength_record(command, case.question.threads)
        files = strength_files(found, document, record)
    except OsteocastError as error:
        row = {"case": case.name, "outcome": "not computed", "problems": "; ".join(_told(one) for one in error.issues)}
        files = {}
    row = {name: row.get(name) for name in COLUMNS}
    write_files(files | {_DONE: json.dumps({"identity": identity, "row": row}, indent=1) + "\n"}, folder)
    return row


def _kept(folder: Path, identity: str) -> dict[str, Any] | None:
    done = folder / _DONE
    try:
        found = json.loads(read_text_limited(done)) if done.is_file() else {}
        row = found.get("row") if found.get("identity") == identity else None
        whole = isinstance(row, dict) and (row.get("outcome") != "computed" or (folder / RESULT).is_file())
    except (OSError, ValueError, InputError, AttributeError):
        return None
    return row if whole else None


def _identity(case: Case) -> str:
    """Return a hash of everything the result depends on: inputs by size and time of change, question and evidence."""
    asked = {name: str(value) for name, value in asdict(case.question).items() if name != "threads"}
    files = [_stamp(case.ct), *([] if case.question.labels is None else [_stamp(case.question.labels)])]
    text = json.dumps([VERSION, evidence_sha256(), str(case.ct), asked, files], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _stamp(path: Path) -> list[tuple[str, int, int]]:
    try:
        inside = [p for p in sorted(path.rglob("*")) if p.is_file()] if path.is_dir() else [path]
        return [(one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in inside]
    except OSError:
        return []


def _figures(document: dict[str, Any]) -> dict[str, Any]:
    one, lesion, bone = document["strength"], document["lesion"], document["bone"]
    return {
        "site": bone["site"],
        "label": bone["label"],
        "load": document["load"]["name"],
        **{name: one[name] for name in ("failure_load_n", "stiffness_n_mm", "yield_load_n", "definition")},
        **{name: bone[name] for name in ("volume_ml", "mean_density", "density_unit")},
        "lesion_ml": None if lesion is None else lesion["volume_ml"],
        "synthetic_lesion": None if lesion is None else lesion["synthetic"],
        "load_lost": None if lesion is None else lesion["load_lost"],
        "stiffness_lost": None if lesion is None else lesion["stiffness_lost"],
        "warnings": " ".join(dict.fromkeys(w["code"] for w in document["warnings"])),
    }


def _told(one: Issue) -> str:
    return f"[{one.code}] {one.found}"


def _csv(rows: list[dict[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _summary(rows: list[dict[str, Any]], failed: int, out: Path) -> str:
    lines = [f"{len(rows)} bone{'' if len(rows) == 1 else 's'}, {failed} not computed", BANNER]
    for row in rows[:_SHOWN]:
        if row["outcome"] == "computed":
            text = f"{force_text(row['failure_load_n'])}, {row['stiffness_n_mm']:,.0f} N/mm"
            text += "" if row["load_lost"] is None else f", lesion {-100 * row['load_lost']:+.0f} %"
        else:
            text = row["problems"]
        lines.append(f"{row['case'][:24]:25}{text}"[:_WIDTH])
    if len(rows) > _SHOWN:
        lines.append(f"{len(rows) - _SHOWN} more in the table")
    return "\n".join([*lines, f"Table: {out / TABLE}"])
