"""Reader of ``data/calibration.toml``: every problem of the file is listed at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from osteocast.calibration.fitted_row import RowProblem, fitted_row
from osteocast.calibration.plan import FittedTrial, FreeScale, LeftOut, Plan, Shared, Stage
from osteocast.domain.trial import Trial
from osteocast.evidence.load import DATA, load_parameters, load_targets
from osteocast.evidence.target import Target
from osteocast.formats.trial_file import read_trial
from osteocast.foundation.errors import EvidenceError, InputError, Issue
from osteocast.foundation.files import read_text_limited
from osteocast.validation.discrepancy import Discrepancies

CALIBRATION: Final = DATA / "calibration.toml"
MOST_SCALES: Final = 12
_Text = Annotated[str, Field(min_length=1)]
_Positive = Annotated[float, Field(gt=0.0, lt=10.0)]
_Share = Annotated[float, Field(ge=0.0, lt=1.0)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Scale(_Entry):
    name: _Text
    parameters: Annotated[tuple[_Text, ...], Field(min_length=1)]
    mean: Annotated[float, Field(gt=-3.0, lt=3.0)]
    sd: _Positive
    why: _Text


class _Row(_Entry):
    target: _Text
    endpoint: str | None = None
    error: _Positive | None = None
    why: _Text


class _Trial(_Entry):
    name: _Text
    months: Annotated[int, Field(ge=1, le=120)] | None = None
    patients: Annotated[int, Field(ge=2)] | None = None
    rows: Annotated[tuple[str | _Row, ...], Field(min_length=1)]


class _Stage(_Entry):
    name: _Text
    title: _Text
    scales: Annotated[tuple[_Scale, ...], Field(min_length=1, max_length=MOST_SCALES)]
    trials: Annotated[tuple[_Trial, ...], Field(min_length=1)]


class _LeftOut(_Entry):
    targets: Annotated[tuple[_Text, ...], Field(min_length=1)]
    why: _Text


class _Discrepancy(_Entry):
    level: _Positive
    mean_of_ratios: _Positive
    contrast: _Positive
    freedom: Annotated[float, Field(gt=2.0)]


class _Shared(_Entry):
    discrepancy: _Share
    sampling: _Share


class _Pooled(_Entry):
    trial: _Text
    people: Annotated[dict[str, Annotated[int, Field(ge=1)]], Field(min_length=2)]
    why: _Text


class _File(_Entry):
    seed: Annotated[int, Field(ge=0)]
    patients: Annotated[int, Field(ge=2)]
    points: Annotated[int, Field(ge=1)]
    ensemble: Annotated[int, Field(ge=0)]
    discrepancy: _Discrepancy
    shared: _Shared
    stages: Annotated[tuple[_Stage, ...], Field(min_length=1)]
    left_out: tuple[_LeftOut, ...] = ()
    same_people: tuple[tuple[_Text, ...], ...] = ()
    pooled: tuple[_Pooled, ...] = ()


def read_plan(path: str | Path = CALIBRATION, targets: Mapping[str, Target] | None = None) -> Plan:
    """Read what is fitted.

    Parameters
    ----------
    targets : published figures by id; None takes those of the package.

    Raises
    ------
    EvidenceError
        ``calibration.file``, ``calibration.scale``, ``calibration.row``, ``calibration.target-use``,
        ``calibration.error-unknown``, ``calibration.not-mentioned``, ``calibration.pooled``; the
        problems of a trial's file.
    """
    try:
        file = _File.model_validate(tomllib.loads(read_text_limited(path)))
    except tomllib.TOMLDecodeError as error:
        raise EvidenceError(_issue("calibration.file", str(path), str(error), "a TOML file", "Mend it.")) from error
    except ValidationError as error:
        fix = "Correct it; the head of the file explains its keys."
        raise EvidenceError(
            _issue("calibration.file", _place(one["loc"]), str(one.get("input"))[:80], one["msg"], fix)
            for one in error.errors(include_url=False)
        ) from error
    reader = _Reader(file, load_targets() if targets is None else targets, [])
    plan = reader.plan()
    if reader.issues:
        raise EvidenceError(reader.issues)
    return plan


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns the file into a plan and collects what is wrong with it."""

    file: _File
    targets: Mapping[str, Target]
    issues: list[Issue]

    def plan(self) -> Plan:
        """Return the plan; problems of stages and scales are collected."""
        self._check_scales()
        stages = tuple(self._stage(stage) for stage in self.file.stages)
        self._check_mentioned(stages)
        return Plan(
            seed=self.file.seed,
            patients=self.file.patients,
            points=self.file.points,
            members=self.file.ensemble,
            shared=self._shared(),
            stages=stages,
            left_out=tuple(LeftOut(one.targets, one.why) for one in self.file.left_out),
        )

    def _shared(self) -> Shared:
        file = self.file
        pooled = {}
        for one in file.pooled:
            known = next((names for names in file.same_people if one.trial in names), ())
            for name in one.people:
                if name not in known or name == one.trial:
                    expected, fix = "another trial of its group of same_people", "Name it there, or remove it here."
                    self._refuse("calibration.pooled", f"pooled {one.trial}", name, expected, fix)
            pooled[one.trial] = {name: n / sum(one.people.values()) for name, n in one.people.items()}
        return Shared(file.shared.discrepancy, file.shared.sampling, file.discrepancy.freedom, file.same_people, pooled)

    def _check_scales(self) -> None:
        names = [scale.name for stage in self.file.stages for scale in stage.scales]
        owned = [one for stage in self.file.stages for scale in stage.scales for one in scale.parameters]
        for name in sorted({one for one in names if names.count(one) > 1}):
            self._refuse("calibration.scale", name, "two scales of this name", "one", "Rename one.")
        for name in sorted({one for one in owned if owned.count(one) > 1}):
            self._refuse("calibration.scale", name, "scaled twice", "one scale for each parameter", "Remove one.")
        for name in sorted(set(owned)):
            file, _, parameter = name.partition(".")
            if not (DATA / "parameters" / f"{file}.toml").is_file() or parameter not in load_parameters(file):
                fix = "See `osteocast evidence list parameters`."
                self._refuse("calibration.scale", name, "no such parameter", "file.name of the evidence", fix)

    def _stage(self, stage: _Stage) -> Stage:
        scales = tuple(FreeScale(s.name, s.parameters, s.mean, s.sd, s.why) for s in stage.scales)
        trials = tuple(found for one in stage.trials if (found := self._trial(one)) is not None)
        return Stage(stage.name, stage.title, scales, trials)

    def _trial(self, entry: _Trial) -> FittedTrial | None:
        try:
            trial = read_trial(entry.name)
        except InputError as error:
            self.issues.extend(error.issues)
            return None
        found = []
        off = self.file.discrepancy
        discrepancies = Discrepancies(off.level, off.mean_of_ratios, off.contrast)
        for row in entry.rows:
            given = row if isinstance(row, _Row) else _Row(target=row, why="as published")
            try:
                one = fitted_row(trial, given.target, given.endpoint, self.targets, discrepancies)
                if given.error is not None:
                    one = replace(one, error=given.error)
                if not np.isfinite(one.error):
                    expected = "a published error, a number of patients, or `error` with the reason"
                    raise RowProblem("calibration.error-unknown", "no sampling error", expected)
                found.append(one)
            except RowProblem as problem:
                code, seen, expected = problem.args
                self._refuse(code, f"{entry.name}: {given.target}", seen, expected, "Correct the row or leave it out.")
        return FittedTrial(_shortened(trial, entry.months), entry.patients, tuple(found))

    def _check_mentioned(self, stages: tuple[Stage, ...]) -> None:
        fitted = [row.target for stage in stages for row in stage.rows]
        left = [target for one in self.file.left_out for target in one.targets]
        for target in sorted({one for one in fitted if fitted.count(one) > 1} | set(fitted) & set(left)):
            self._refuse("calibration.row", target, "mentioned twice", "fitted once or left out", "Remove one mention.")
        trials = {one.trial.name: one.trial for stage in stages for one in stage.trials}
        for trial in trials.values():
            for endpoint in trial.endpoints:
                known = self.targets.get(endpoint.target or "")
                if known is not None and known.use == "fit" and known.id not in (*fitted, *left):
                    expected = "a row of a stage, or a figure left out with its reason"
                    fix = "Say under [[left_out]] why it is not fitted."
                    self._refuse("calibration.not-mentioned", f"{trial.name}: {known.id}", "neither", expected, fix)

    def _refuse(self, code: str, place: str, found: str, expected: str, fix: str) -> None:
        self.issues.append(_issue(code, place, found, expected, fix))


def _shortened(trial: Trial, months: int | None) -> Trial:
    """Return the trial simulated for no longer than its rows need."""
    if months is None:
        return trial
    simulated = replace(trial.follow_up.simulated, value=float(months))
    return replace(trial, follow_up=replace(trial.follow_up, simulated=simulated))


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "the file"


def _issue(code: str, place: str, found: str, expected: str, fix: str) -> Issue:
    return Issue(code, f"calibration.toml: {place}", found, expected, fix)
