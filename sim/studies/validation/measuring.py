"""Measuring runs: each target of a run as a number, or as part and whole, with the number of cases that it rests on."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.scenario import Problem
from sim.studies.errors import RequestError
from sim.studies.validation.database import WRITTEN, About, Asker, empty_frames, opened, said
from sim.studies.validation.files import TargetsError
from sim.studies.validation.measures import MEASURES
from sim.studies.validation.targets import Target, Targets

if TYPE_CHECKING:
    from pandas import DataFrame

FORMS = "one row with the column value, or part and whole, and n beside them for the number of cases"


class Reading(NamedTuple):
    """What a target is in a run: a value, or a part of a whole, and the cases behind it; NaN where there is none."""

    value: float
    part: float
    whole: float
    cases: float

    @property
    def there(self) -> bool:
        """Whether the run has it at all."""
        return math.isfinite(self.value) or math.isfinite(self.whole)


@dataclass(frozen=True)
class Job:
    """A run to be measured.

    Attributes
    ----------
    run, seed
        Which run it is.
    about
        Its size.
    place
        Folder of its tables.
    daily, outcomes
        What it gave every day, and as a whole.
    targets, views
        What is asked.
    """

    run: str
    seed: int
    about: About
    place: Path
    daily: Mapping[str, Any]
    outcomes: Mapping[str, float]
    targets: tuple[Target, ...]
    views: Mapping[str, str]


def measure(jobs: Sequence[Job]) -> dict[str, dict[str, Reading]]:
    """Readings by run and target; what a worker does."""
    return {job.run: measure_run(job) for job in jobs}


def measure_run(job: Job) -> dict[str, Reading]:
    """Every target of a run."""
    import pandas as pd

    views, seen = asked_views(job.targets, job.views), any(target.observed for target in job.targets)
    needed = [name for name in WRITTEN if seen or is_asked(name, job.targets, views)]  # an observer looks at all
    frames = {name: pd.read_parquet(job.place / f"{name}.parquet") for name in needed}
    frames["daily"] = pd.DataFrame(dict(job.daily)).assign(day=lambda rows: range(len(rows)))
    frames["outcomes"] = pd.DataFrame({name: [value] for name, value in job.outcomes.items()})
    return readings(frames, job.about, job.targets, job.views, job.seed)


def readings(
    frames: Mapping[str, DataFrame], about: About, targets: Sequence[Target], views: Mapping[str, str], seed: int = 0
) -> dict[str, Reading]:
    """Every target of a run, from its tables.

    Parameters
    ----------
    frames
        Tables by name: those that a run writes, `daily` with a column `day`, and `outcomes`, one row.
    about, targets, views
        The run, and what is asked.
    seed
        Seed of the run, by which an observer draws.

    Raises
    ------
    RequestError
        If a question is wrong; names the target.
    """
    if any(target.observed for target in targets):
        from sim.measures.observer import observe

        frames = {**frames, **observe(frames, seed=seed)}
    views = asked_views(targets, views)
    needed = {name: frame for name, frame in frames.items() if is_asked(name, targets, views)}
    with opened(needed, about, views) as asker:
        return {target.id: _reading(asker, target) for target in targets if not target.unmeasurable}


def asked_views(targets: Iterable[Target], views: Mapping[str, str]) -> dict[str, str]:
    """The views that questions may read, through others or not, in their order; the rest would cost time in every run."""
    texts = [target.question for target in targets]
    found: dict[str, str] = {}
    for name, query in reversed(list(views.items())):
        if any(re.search(rf"\b{name}\b", text) for text in texts):
            found[name] = query
            texts.append(query)
    return dict(reversed(list(found.items())))


def is_asked(table: str, targets: Iterable[Target], views: Mapping[str, str]) -> bool:
    """Whether a question or a view may read a table."""
    return any(re.search(rf"\b{table}\b", text) for text in (*views.values(), *(target.question for target in targets)))


def _reading(asker: Asker, target: Target) -> Reading:
    """One target of a run."""
    try:
        if target.measure is not None:
            value, cases = MEASURES[target.measure].ask(asker, target.window, target.arguments)
            return Reading(value, math.nan, math.nan, cases)
        return _of_row(asker.rows(target.sql or "", target.window))
    except RequestError as error:
        raise RequestError(f"target {target.id}: {said(error)}") from None


def _of_row(rows: DataFrame) -> Reading:
    """What a question gave as a reading."""
    columns = [str(name) for name in rows.columns]
    wrong = sorted(set(columns) - {"value", "part", "whole", "n"})
    if wrong or ("value" in columns) == ("part" in columns) or ("part" in columns) != ("whole" in columns):
        raise RequestError(f"query: given the columns {', '.join(columns)}, allowed: {FORMS}")
    if len(rows) > 1:
        raise RequestError(f"query: given {len(rows)} rows, allowed: {FORMS}")
    row = {name: _number(rows[name].iloc[0]) if len(rows) else math.nan for name in columns}
    part, whole, value = row.get("part", math.nan), row.get("whole", math.nan), row.get("value", math.nan)
    if "whole" in row and not math.isfinite(whole):
        part, whole = 0.0, 0.0
    part = 0.0 if "part" in row and not math.isfinite(part) else part
    cases = row.get("n", whole if "whole" in row else float(math.isfinite(value)))
    if "whole" in row:
        value = part / whole if whole else math.nan
    return Reading(value, part, whole, cases if math.isfinite(cases) else 0.0)


def _number(given: Any) -> float:
    """A number of a row; NaN where it is none."""
    try:
        return float(given)
    except (TypeError, ValueError):
        return math.nan


def check_questions(targets: Targets) -> None:
    """Try every question on tables without rows, so that what is wrong is said before anything is run.

    Raises
    ------
    TargetsError
        With every question that is wrong.
    """
    problems: list[Problem] = []
    with opened(empty_frames(), About("", 1.0, 1, 1.0, 1, {}), {}) as asker:
        for name, query in targets.views.items():
            try:
                asker.view(name, query)
            except RequestError as error:
                problems.append(Problem(f"views.{name}", said(error), "one SELECT over the tables of a run"))
        for target in targets.all:
            if target.unmeasurable:
                continue
            try:
                _reading(asker, target)
            except RequestError as error:
                text = str(error).removeprefix(f"target {target.id}: ")
                problems.append(Problem(f"targets.{target.id}", text, f"one SELECT that gives {FORMS}"))
    if problems:
        raise TargetsError(problems)
