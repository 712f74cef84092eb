"""What the command line writes to standard output."""

from __future__ import annotations

import os
import sys

import typer

from osteocast.foundation.errors import Issue, StorageError

__all__ = ["say"]


def say(text: str) -> None:
    """Write a line to standard output; a reader who has closed it (``| head``) has seen enough.

    Raises
    ------
    StorageError
        ``storage.output``: standard output cannot be written.
    """
    try:
        typer.echo(text)
    except BrokenPipeError:
        # Nothing is left to flush when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None
    except OSError as error:
        fix = "Free some space or write somewhere else; files named with --out are complete."
        found = error.strerror or str(error)
        raise StorageError(Issue("storage.output", "standard output", found, "a place to write to", fix)) from None
