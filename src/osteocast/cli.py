"""The command line: one small function a command, each one library call; heavy imports stand inside them."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, cast

import typer

from osteocast import strength_options as bones
from osteocast.evidence_commands import evidence_app
from osteocast.foundation.errors import Issue, OsteocastError, StorageError
from osteocast.foundation.version import VERSION
from osteocast.interruption import SIGNALS, interrupt
from osteocast.standard_output import say as _say
from osteocast.words import check_words, misuse

app = typer.Typer(
    name="osteocast",
    help="Forecast metastatic bone disease under each treatment.\n\n"
    "Research and education use only; not a diagnosis, an order or a treatment recommendation.\n\n"
    "Example: osteocast forecast patient.toml --out forecast",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(evidence_app, name="evidence")


# Typer does not export the class of its own complaints about options and commands.
_UsageError = cast(type[Exception], typer.BadParameter.__base__)


def _print_version(wanted: bool) -> None:
    if wanted:
        _say(f"osteocast {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the options that belong to no command."""


@app.command("calibrate")
def calibrate_scales(  # noqa: PLR0913, PLR0917 -- one argument an option
    out: Annotated[Path, typer.Option(readable=False, help="file for the calibrated scales")] = Path("posterior.toml"),
    work: Annotated[
        Path | None, typer.Option(readable=False, help="folder for finished runs; default: beside --out")
    ] = None,
    points: Annotated[int | None, typer.Option(help="real runs of the stage with most scales")] = None,
    ensemble: Annotated[int | None, typer.Option(help="real runs with parameters drawn from the posterior")] = None,
    patients: Annotated[int | None, typer.Option(help="admitted to each trial, followed in every arm")] = None,
    workers: Annotated[int | None, typer.Option(help="runs at a time; all processors where not given")] = None,
    stage: Annotated[
        list[str] | None, typer.Option(help="stage to fit; repeat it; default: all. Scales of others keep their prior")
    ] = None,
) -> None:
    """Calibrate the shared scales on published trials, stage by stage; interrupted, it goes on where it stopped.

    Example: osteocast calibrate --out posterior.toml
    """
    from osteocast.calibrate_command import Asked, calibrate_command

    _say(calibrate_command(Asked(points, ensemble, patients, workers, tuple(stage or ())), out, work))


@app.command("forecast")
def forecast_patient(  # noqa: PLR0913, PLR0917 -- one argument an option
    patient: Annotated[Path, typer.Argument(readable=False, help="patient file (TOML or JSON); see `osteocast new`")],
    regimen: Annotated[
        list[str] | None,
        typer.Option(help="regimen by name, name@site, name+name, or file; repeat it; default: current and eligible"),
    ] = None,
    months: Annotated[int, typer.Option(help="horizon in months")] = 24,
    draws: Annotated[int, typer.Option(help="parameter draws")] = 64,
    continuations: Annotated[int, typer.Option(help="chance draws of each parameter draw")] = 16,
    seed: Annotated[int, typer.Option(help="seed of every random number")] = 1,
    workers: Annotated[int | None, typer.Option(help="threads; all processors where not given")] = None,
    out: Annotated[Path, typer.Option(readable=False, help="folder for result.json, tables and report.html")] = Path(
        "forecast"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON instead of the summary")] = False,
) -> None:
    """Forecast one patient's bone disease under each treatment.

    Example: osteocast forecast patient.toml --regimen denosumab-q4w --regimen supportive-care --out forecast
    """
    from osteocast.command import forecast_command
    from osteocast.forecasting.run import Settings

    settings = Settings(months, draws, continuations, seed)
    _say(forecast_command(patient, tuple(regimen or ()), settings, workers, out, as_json))


@app.command("trial")
def simulate_a_trial(  # noqa: PLR0913, PLR0917 -- one argument an option
    trial: Annotated[str, typer.Argument(help="built-in trial (see `osteocast trials`) or a trial's file")],
    patients: Annotated[int | None, typer.Option(help="in all arms together; default: the published number")] = None,
    replicates: Annotated[int, typer.Option(help="how often the whole trial is simulated; power from 2 on")] = 1,
    design: Annotated[str, typer.Option(help="parallel, or counterfactual: the same patients in every arm")] = (
        "parallel"
    ),
    drawn: Annotated[
        bool,
        typer.Option("--drawn-parameters/--central-parameters", help="draw parameters anew for each replicate"),
    ] = False,
    seed: Annotated[int, typer.Option(help="seed of every random number")] = 1,
    workers: Annotated[int | None, typer.Option(help="threads; all processors where not given")] = None,
    out: Annotated[Path, typer.Option(readable=False, help="folder for result.json, tables and report.html")] = Path(
        "trial"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON instead of the summary")] = False,
) -> None:
    """Simulate a trial beside its published figures; interrupted, the same command goes on where it stopped.

    Example: osteocast trial stopeck-2010 --patients 400 --out stopeck
    """
    from osteocast.trial_command import Asked, trial_command

    _say(trial_command(trial, Asked(patients, replicates, design, drawn, seed, workers), out, as_json))


@app.command("cohort")
def simulate_a_cohort(
    primary: Annotated[str, typer.Argument(help="breast, prostate, lung, kidney, thyroid, other, or all")],
    people: Annotated[int, typer.Option(help="people with the cancer, in all")] = 10_000,
    seed: Annotated[int, typer.Option(help="seed of every random number")] = 1,
    workers: Annotated[int | None, typer.Option(help="threads; all processors where not given")] = None,
    out: Annotated[Path, typer.Option(readable=False, help="folder for result.json, tables and report.html")] = Path(
        "cohort"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON instead of the summary")] = False,
) -> None:
    """Follow people with a cancer from its growth to bone metastases and death, beside published figures.

    Example: osteocast cohort breast --people 5000 --out breast-cohort
    """
    from osteocast.cohort_command import cohort_command

    _say(cohort_command(primary, (people, seed, workers), out, as_json))


@app.command("trials")
def list_trials() -> None:
    """List the built-in trials: name and title, separated by a tab.

    Example: osteocast trials
    """
    from osteocast.trial_command import trials_command

    _say(trials_command())


@app.command("validate")
def validate_trials(  # noqa: PLR0913, PLR0917 -- one argument an option
    patients: Annotated[str, typer.Option(help="of each trial in all arms, or `published`")] = "published",
    replicates: Annotated[int, typer.Option(help="simulated trials, each with its own draw of the parameters")] = 10,
    trials: Annotated[list[str] | None, typer.Option(help="trial by name or file; repeat it; default: all")] = None,
    seed: Annotated[int, typer.Option(help="seed of every random number")] = 1,
    without: Annotated[
        list[str] | None, typer.Option(help="also without this mechanism, or `every` one at a time; repeat it")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="threads; all processors where not given")] = None,
    out: Annotated[Path, typer.Option(readable=False, help="folder for result, table, page and finished work")] = Path(
        "validation"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON instead of the summary")] = False,
) -> None:
    """Simulate published trials and score them beside a null model; interrupted, it goes on where it stopped.

    Example: osteocast validate --trials saad-2002 --replicates 10 --out validation
    """
    from osteocast.validate_command import Asked, validate_command

    asked = Asked(patients, replicates, tuple(trials or ()), seed, workers, tuple(without or ()))
    _say(validate_command(asked, out, as_json))


@app.command("score", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def score_instrument(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="instrument; alone it shows what is asked")] = None,
    listed: Annotated[bool, typer.Option("--list", help="list the instruments with their check status")] = False,
    cases: Annotated[Path | None, typer.Option(readable=False, help="file of worked cases to compare with")] = None,
    unchecked: Annotated[bool, typer.Option("--unchecked", help="use a table that was not read in any source")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print everything as JSON")] = False,
) -> None:
    """Apply a clinical instrument to what is known; what is missing gives bounds, never zero points.

    Items are options: `--item value`; leave out what is not known.

    Example: osteocast score sins --location T9 --pain mechanical --lesion lytic
    """
    from osteocast.score_command import Asked, score_command

    text, code = score_command(name, context.args, Asked(listed, cases, unchecked, as_json))
    _say(text)
    if code:
        raise typer.Exit(code)


@app.command("leaflet")
def make_a_leaflet(
    out: Annotated[Path, typer.Option(readable=False, help="folder for the page")] = Path("leaflet"),
    language: Annotated[str, typer.Option(help="language of the page, or a file of its words (TOML)")] = "en",
) -> None:
    """Write a general page in plain language: what to watch for, when to call, what to ask; no record is needed.

    Example: osteocast leaflet --out leaflet
    """
    from osteocast.leaflet_command import leaflet_command

    _say(leaflet_command(language, out))


@app.command("assess")
def assess_record(  # noqa: PLR0913, PLR0917 -- one argument an option
    record: Annotated[
        Path, typer.Argument(readable=False, help="patient file, FHIR record, or a folder or NDJSON file of many")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="print everything as JSON")] = False,
    out: Annotated[
        Path | None, typer.Option(readable=False, help="folder for report.html, summary.txt and result.json")
    ] = None,
    patient_file: Annotated[
        Path | None, typer.Option(readable=False, help="write the record as a patient file")
    ] = None,
    fhir: Annotated[Path | None, typer.Option(readable=False, help="write findings and scores as FHIR R4")] = None,
    cards: Annotated[Path | None, typer.Option(readable=False, help="write findings as CDS Hooks cards")] = None,
    finding: Annotated[
        list[str] | None, typer.Option(help="symptom or sign beside the record: NAME or NAME=no; repeat it")
    ] = None,
    unchecked: Annotated[bool, typer.Option("--unchecked", help="use rules that were not read in any source")] = False,
    today: Annotated[str | None, typer.Option(help="day of reading, for the age of data; default: today")] = None,
    forecast: Annotated[bool, typer.Option("--forecast", help="add the risk by treatment; takes a minute")] = False,
    workers: Annotated[
        int | None, typer.Option(help="processes of many records, threads of a forecast; all where not given")
    ] = None,
) -> None:
    """Say what one record holds now: suspected complications, how urgent, scores, drug safety, options of guidelines.

    Example: osteocast assess bundle.json --out assessment
    """
    from osteocast.assess_command import Asked, assess_command

    asked = Asked(out, as_json, unchecked, patient_file, fhir, cards, tuple(finding or ()), today, forecast, workers)
    text, code = assess_command(record, asked)
    _say(text)
    if code:
        raise typer.Exit(code)


@app.command("strength")
def strength_of_a_bone(  # noqa: PLR0913, PLR0917 -- one argument an option
    ct: bones.CtPath,
    unit: bones.Unit = None,
    series: bones.Series = None,
    labels: bones.Labels = None,
    labels_table: bones.LabelsTable = None,
    label: bones.Label = None,
    part: bones.Part = None,
    box: bones.BoxText = None,
    threshold: bones.Threshold = None,
    site: bones.SiteName = None,
    lesion: bones.LesionLabel = None,
    insert_lesion: bones.InsertLesion = None,
    allow_metal: bones.AllowMetal = False,
    mask_only: bones.MaskOnly = False,
    calibration: bones.CalibrationText = None,
    law: bones.LawNames = None,
    spacing: bones.Spacing = None,
    load: bones.LoadName = None,
    boundary: bones.BoundaryName = None,
    body_weight: bones.BodyWeight = None,
    threads: bones.Threads = 1,
    workers: bones.WorkerNumber = 1,
    out: bones.Out = Path("strength"),
    as_json: bones.AsJson = False,
) -> None:
    """Compute how much load one bone of a CT carries, where it fails, and what its lesion costs.

    Example: osteocast strength dicom-folder --labels labels.nii.gz --labels-table totalsegmentator-v2 --label L4
    """
    from osteocast.strength_command import Asked, strength_command
    from osteocast.structure.strength_question import Question, box_of_text, part_of_text

    question = Question(
        unit=unit,
        series=series,
        labels=labels,
        table=labels_table,
        label=label,
        parts=tuple(part_of_text(one) for one in part or ()),
        box_mm=None if box is None else box_of_text(box),
        threshold=threshold,
        lesion=lesion,
        insert=insert_lesion,
        site=site,
        load=load,
        boundary=boundary,
        calibration=calibration,
        laws=tuple(law or ()),
        spacing_mm=spacing,
        body_weight_kg=body_weight,
        metal_allowed=allow_metal,
        threads=threads,
    )
    text, code = strength_command(ct, question, Asked(out, workers, as_json, mask_only))
    _say(text)
    if code:
        raise typer.Exit(code)


@app.command("new")
def new_patient(
    file: Annotated[Path, typer.Argument(readable=False, help="file to write")] = Path("patient.toml"),
    template: Annotated[bool, typer.Option("--template", help="write the commented template, ask nothing")] = False,
    force: Annotated[bool, typer.Option("--force", help="replace the file if it exists")] = False,
) -> None:
    """Write a patient file: by a few questions, or as a commented template.

    Example: osteocast new patient.toml
    """
    from osteocast.command import new_command

    _say(new_command(file, template or not sys.stdin.isatty(), force))


def main() -> None:
    """Run the command line (entry point of the console script).

    Exit codes: 0 done, 2 input that can be mended, 1 failure. No outcome shows a traceback.
    """
    for name in SIGNALS:
        signal.signal(getattr(signal, name), interrupt)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows a question mark.
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code, every problem reported in words on standard error."""
    try:
        check_words(arguments)
        done = app(arguments, standalone_mode=False)
        # 130 is Typer's word for Ctrl-C.
        return _interrupted() if done == 130 else int(done or 0)
    except OsteocastError as error:
        return _complain(str(error), error.exit_code)
    except _UsageError as error:
        return _complain(misuse(error), 2)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except MemoryError:
        fix = "Ask for fewer --draws, --continuations, --months or --patients, a coarser --spacing, or use more memory."
        issue = Issue("forecast.memory", "memory", "all of it in use", "room for every course", fix)
        return _complain(str(StorageError(issue)), 1)
    except Exception as error:
        if os.environ.get("OSTEOCAST_DEBUG") == "1":
            raise
        return _complain(
            f"[internal] {type(error).__name__}: {error}. This is a fault in Osteocast; please report it "
            "(OSTEOCAST_DEBUG=1 shows where it happened).",
            1,
        )


def _interrupted() -> int:
    return _complain("Interrupted; no result was written.", 1)


def _complain(text: str, code: int) -> int:
    """Write to standard error, if anybody still reads it, and return the exit code."""
    with contextlib.suppress(OSError):
        typer.echo(text, err=True)
    return code
