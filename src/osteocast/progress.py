"""Progress and notices of long work, on standard error."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

__all__ = ["progress_bar", "progress_of_stages", "show_notices"]


def progress_bar() -> Progress:
    """Return a progress bar on standard error, which shows on a terminal only."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


@contextmanager
def progress_of_stages(lasting: Sequence[str] | None = None) -> Iterator[Callable[[str, int, int], None]]:
    """Yield what tells how much of a stage is done (its name, done, total): one line a stage.

    Parameters
    ----------
    lasting : names of the stages whose line stays while the others give way to one another; None: every line stays.
    """
    with progress_bar() as bar:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            """Show how much of a stage is done."""
            for other in [name for name in tasks if lasting is not None and name not in (what, *lasting)]:
                bar.remove_task(tasks.pop(other))
            if what not in tasks:
                tasks[what] = bar.add_task(escape(what), total=total)
            bar.update(tasks[what], completed=done)

        yield tell


def show_notices() -> None:
    """Let notices of the kernel cache and of kept work reach standard error, once."""
    log = logging.getLogger("osteocast")
    if not log.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("Notice: %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
