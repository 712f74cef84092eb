"""Names of bones as people and programs write them, in one form: ``femur-left``, ``vertebra-l4``."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["plain_name"]

_LONGEST = 60
_LEVEL = re.compile(r"(?:vertebrae?-)?([ctl]\d{1,2})")
_WORDS = {"left-femur": "femur-left", "right-femur": "femur-right", "left-humerus": "humerus-left",
          "right-humerus": "humerus-right", "clavicula-left": "clavicle-left",
          "clavicula-right": "clavicle-right"}  # fmt: skip


def plain_name(text: str) -> str:
    """Return a name in lower case with hyphens, letters of any script kept; a bare level of the spine is a vertebra.

    Examples
    --------
    >>> plain_name("vertebrae_L4"), plain_name("L4"), plain_name("Femur Left"), plain_name("7")
    ('vertebra-l4', 'vertebra-l4', 'femur-left', '7')
    """
    name = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFKC", text).casefold()).strip("-")[:_LONGEST]
    level = _LEVEL.fullmatch(name)
    return f"vertebra-{level[1]}" if level else _WORDS.get(name, name)
