"""The command line: outcomes in words, exit codes 0, 2 and 1, never a traceback."""

import pytest
import typer

from osteocast import cli
from osteocast.foundation.errors import EvidenceError, InputError, Issue, StorageError

ISSUE = Issue("patient.unit", "p.toml: weight", "70 miles", "a mass", "Write kg.")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--version"], 0),
        (["--help"], 0),
        (["evidence", "show", "EV0001"], 0),
        (["evidence", "list", "sources"], 0),
        (["evidence", "list", "everything"], 2),
        (["evidence", "cite", "nobody-1900"], 2),
        (["evidence", "show", "nothing-of-that-name"], 2),
        (["no-such-command"], 2),
        (["evidence", "list", "--no-such-option"], 2),
    ],
)
def test_exit_codes(arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    assert (captured.err if code else captured.out).strip()


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (InputError([ISSUE]), 2, "[patient.unit] p.toml: weight"),
        (EvidenceError([ISSUE]), 2, "Write kg."),
        (StorageError([ISSUE]), 1, "70 miles"),
        (KeyboardInterrupt(), 1, "Interrupted; no result was written."),
        (RuntimeError("odd"), 1, "[internal] RuntimeError: odd"),
    ],
)
def test_every_outcome_is_said_in_words(
    raised: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def fail() -> None:
        raise raised

    monkeypatch.setattr(cli, "app", app)
    assert cli.run([]) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_the_traceback_is_there_for_those_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def fail() -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr(cli, "app", app)
    monkeypatch.setenv("OSTEOCAST_DEBUG", "1")
    with pytest.raises(RuntimeError, match="odd"):
        cli.run([])


def test_show_prints_the_figure_and_its_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["evidence", "show", "EV0001"]) == 0
    shown = dict(line.split(":", 1) for line in capsys.readouterr().out.splitlines())
    assert shown["value"].strip() == "0.82"
    assert shown["use"].strip() == "fit"
