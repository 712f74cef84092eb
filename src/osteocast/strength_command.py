"""What the strength command does between the terminal and the library: read, show progress, write, print."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from osteocast.foundation.errors import InputError, Issue
from osteocast.progress import progress_of_stages, show_notices
from osteocast.report.folder import check_folder, result_text, write_files
from osteocast.report.strength_folder import MASK, strength_files, strength_record
from osteocast.report.strength_terminal import strength_terminal
from osteocast.strength_batch import strength_of_many
from osteocast.structure.bone_mask import find_bone
from osteocast.structure.ct_read import read_ct
from osteocast.structure.label_picture import write_mask_picture
from osteocast.structure.strength import Strength, strength
from osteocast.structure.strength_cases import is_list
from osteocast.structure.strength_document import strength_document
from osteocast.structure.strength_question import Question

__all__ = ["Asked", "strength_command"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is done with the answer: folder, bones of a list at a time, JSON, or the outline alone."""

    out: Path
    workers: int
    as_json: bool
    mask_only: bool = False


def strength_command(ct: Path, question: Question, asked: Asked) -> tuple[str, int]:
    """Compute the strength of one bone, or of each of a list; return what the terminal shows and the exit code.

    Raises
    ------
    OsteocastError
        As :func:`osteocast.structure.strength.strength`, and ``storage.*``.
    """
    if is_list(ct):
        if asked.mask_only:
            fix = "Name one CT, or leave --mask-only out."
            raise InputError(Issue("question.mask-only", "mask-only", "a list of bones", "one bone", fix))
        return strength_of_many(ct, question, (asked.out, asked.workers, asked.as_json))
    if asked.mask_only and asked.as_json:
        fix = "Leave one of them out."
        raise InputError(Issue("question.mask-only", "mask-only", "--json with it", "one of the two", fix))
    question.check()
    check_folder(asked.out)
    if asked.mask_only:
        return _mask(ct, question, asked.out), 0
    record = strength_record(_command(ct, question.labels, asked.out), question.threads)
    found = _computed(ct, question)
    document = strength_document(found)
    report = write_files(strength_files(found, document, record), asked.out)
    text = result_text(document).rstrip() if asked.as_json else f"{strength_terminal(document)}\nReport: {report}"
    return text, 0


def _mask(ct: Path, question: Question, out: Path) -> str:
    """Write the outline of the bone on three slices, to be approved before a strength is computed."""
    scan = read_ct(ct, question.unit, question.series)
    found = find_bone(scan, question)
    write_mask_picture(out / MASK, scan.volume, found.bone, found.site.name)
    told = [f"warning: [{one.code}] {one.found}" for one in (*scan.warnings, *found.warnings)]
    return "\n".join([*told, f"Picture to approve: {out / MASK}", "Then run the same command without --mask-only."])


def _computed(ct: Path, question: Question) -> Strength:
    """Compute with a progress bar, one line a stage."""
    show_notices()
    with progress_of_stages() as tell:
        return strength(ct, question, tell)


def _command(ct: Path, labels: Path | None, out: Path) -> tuple[str, ...]:
    """Return the command without names of files, however they were written: they may name a person."""
    names = {ct: "CT", labels: "LABELS", out: "OUT"}

    def nameless(word: str) -> str:
        """Return a word of the command with what stands for a path in place of it."""
        option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
        return option + equals + names.get(Path(value), value)

    return ("osteocast", *map(nameless, sys.argv[1:]))
