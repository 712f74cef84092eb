"""What the strength command does between the terminal and the library: read, show progress, write, print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from osteocast.evidence.load import evidence_sha256
from osteocast.foundation.run_record import new_run_record
from osteocast.progress import progress_bar, show_notices
from osteocast.report.folder import check_folder, result_text, write_files
from osteocast.report.strength_folder import strength_files
from osteocast.report.strength_terminal import strength_terminal
from osteocast.structure.strength import Strength, strength
from osteocast.structure.strength_document import strength_document
from osteocast.structure.strength_question import Question

if TYPE_CHECKING:
    from rich.progress import TaskID

__all__ = ["strength_command"]


def strength_command(ct: Path, question: Question, out: Path, as_json: bool) -> str:
    """Compute the strength of one bone, write the folder, and return what the terminal shows.

    Raises
    ------
    OsteocastError
        As :func:`osteocast.structure.strength.strength`, and ``storage.*``.
    """
    question.check()
    check_folder(out)
    record = new_run_record(_command(ct, question), None, {}, evidence_sha256(), question.threads)
    found = _computed(ct, question)
    document = strength_document(found)
    report = write_files(strength_files(found, document, record), out)
    return result_text(document).rstrip() if as_json else f"{strength_terminal(document)}\nReport: {report}"


def _computed(ct: Path, question: Question) -> Strength:
    """Compute with a progress bar, one line a stage."""
    show_notices()
    with progress_bar() as bar:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)

        return strength(ct, question, tell)


def _command(ct: Path, question: Question) -> tuple[str, ...]:
    """Return the command without names of files: they may name a person."""
    names = {str(ct): "CT", str(question.labels): "LABELS"}
    return ("osteocast", *(names.get(word, word) for word in sys.argv[1:]))
