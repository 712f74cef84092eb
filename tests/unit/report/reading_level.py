"""Reading grade of a text after Flesch and Kincaid, with a count of syllables that is right for everyday words."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[.!?]+”?(?=\s|$)")
_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_VOWELS = re.compile(r"[aeiouy]+")
# Vowels that stand together but are spoken apart, and an e at the end of a part that is not spoken.
_APART = re.compile(r"ia(?!l\b)|iu|io(?!n)|eo(?!p)|rea$|yel|ua(?!r)|cei|uou|yi")
_SILENT = re.compile(r"(?:[^aeiouyl]e|[aeiouy]le|[^aeioutd]ed|[^aeiouszxcgh]es)$")


def syllables(word: str) -> int:
    """Count the syllables of an English word."""
    return sum(_of_part(part) for part in re.split(r"['’-]", word.lower()) if part not in ("s", "t"))


def _of_part(part: str) -> int:
    count = len(_VOWELS.findall(part)) + len(_APART.findall(part)) - bool(_SILENT.search(part))
    return max(count, 1)


def grade(texts: list[str]) -> float:
    """Return 0.39 words a sentence + 11.8 syllables a word - 15.59; each text ends a sentence."""
    sentences = sum(len([part for part in _SENTENCE.split(text) if _WORD.search(part)]) for text in texts)
    words = [word for text in texts for word in _WORD.findall(text)]
    return 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
