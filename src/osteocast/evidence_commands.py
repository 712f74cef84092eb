"""The commands about evidence: check, list, show, cite."""

from __future__ import annotations

from typing import Annotated

import typer

from osteocast.standard_output import say

__all__ = ["evidence_app"]

evidence_app = typer.Typer(
    help="Read and check the numbers the model stands on.\n\nExample: osteocast evidence show EV0001",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@evidence_app.command("check")
def evidence_check() -> None:
    """List every problem of parameters, sources and targets at once.

    Example: osteocast evidence check
    """
    from osteocast.evidence.check import check_evidence, find_params
    from osteocast.foundation.errors import EvidenceError

    check = check_evidence(find_params(("osteocast.models", "osteocast.course")))
    say(
        f"{check.parameters} parameters ({check.not_read_twice} not yet read twice), "
        f"{check.sources} sources, {check.targets} targets"
    )
    if check.issues:
        raise EvidenceError(check.issues)
    say("no problem found")


@evidence_app.command("list")
def evidence_list(
    what: Annotated[str, typer.Argument(help="parameters, sources or targets")] = "parameters",
) -> None:
    """List parameters, sources or targets, one a line, separated by tabs.

    Example: osteocast evidence list targets
    """
    from osteocast.evidence.describe import table_of

    if what not in ("parameters", "sources", "targets"):
        raise typer.BadParameter(f"{what!r} is none of parameters, sources, targets")
    for row in table_of(what):
        say("\t".join(row))


@evidence_app.command("show")
def evidence_show(
    name: Annotated[str, typer.Argument(help="parameter, source key or target id")],
) -> None:
    """Show everything known under a name.

    Example: osteocast evidence show denosumab.clearance
    """
    from osteocast.evidence.describe import show

    for key, text in show(name):
        say(f"{key + ':':17}{text}")


@evidence_app.command("cite")
def evidence_cite(
    keys: Annotated[list[str] | None, typer.Argument(help="source keys; all where none is given")] = None,
) -> None:
    """Print references.

    Example: osteocast evidence cite peterson2010
    """
    from osteocast.evidence.cite import cite

    for key, text in cite(keys or None).items():
        say(f"{key}: {text}")
