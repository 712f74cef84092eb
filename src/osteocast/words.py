"""What can be wrong with the words of a command line before a command sees them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from osteocast.foundation.errors import InputError, Issue

__all__ = ["check_words", "misuse"]


def check_words(words: Sequence[str]) -> None:
    """Refuse an empty word: as the name of a file it would be the folder one stands in.

    Raises
    ------
    InputError
        ``option.invalid``
    """
    for word in words:
        option, equals, value = word.partition("=")
        if not word or (option.startswith("--") and equals and not value):
            fix = "Fill it in, or leave the option out; a variable of the shell may be empty."
            raise InputError(Issue("option.invalid", option or "osteocast", "an empty word", "a name or value", fix))


def misuse(error: Exception) -> str:
    """Return what to say of a complaint of Typer about an option, argument or command."""
    context = getattr(error, "ctx", None)
    command = Path(context.command_path).name if context is not None else "osteocast"
    told = getattr(error, "format_message", None)
    message = told() if told is not None else str(error)
    if message.startswith("Usage:"):
        return str(message)  # a command without arguments shows its help
    issue = Issue("option.invalid", command, message, "options as in the help", f"See `{command} --help`.")
    return str(InputError(issue))
