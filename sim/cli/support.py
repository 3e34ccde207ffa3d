"""What the commands share: errors in words, progress on the standard error, JSON and tables on the standard output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from sim.studies.runs.workers import Progress

TRACEBACK = "ODM_TRACEBACK"
"""Environment variable that asks for the traceback of whatever goes wrong."""
NARROW = 118
"""Columns below which tables take one scenario at a time."""
PIPE_WIDTH = 140
"""Columns of what is written to a file or a pipe."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn what can go wrong into a message on the standard error and an exit code, without a traceback.

    A request that cannot be carried out is 2, a run that failed or a study that had to stop 1, an interruption 130, a closed pipe 141.
    """
    try:
        yield
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except KeyboardInterrupt:
        say("Interrupted. Nothing was written.")
        raise typer.Exit(130) from None
    except BrokenPipeError:
        _drop_output()
        raise typer.Exit(141) from None
    except Exception as error:
        code = exit_code(error)
        if code is None or os.environ.get(TRACEBACK):
            raise
        say(f"odm: {error}")
        if type(error).__name__ == "RunFailedError":
            say(f"{_whose(str(error))}. {TRACEBACK}=1 in the environment shows where it broke.")
        raise typer.Exit(code) from None


def _whose(told: str) -> str:
    """Where to look for the fault of a run that broke off."""
    from sim.studies.errors import NO_NUMBER, OWN

    if OWN in told:
        return "The fault is in the file of yours that is named above"
    if NO_NUMBER in told:
        return (
            "Values that are allowed each take the model where it cannot calculate; `odm show` says what the scenario "
            "changes: bring it nearer to the defaults"
        )
    return "This is a defect of the model"


def exit_code(error: Exception) -> int | None:
    """Return the exit code of an error that is not a defect of the program; None for one that is."""
    from sim.scenario import ScenarioError
    from sim.studies.errors import RequestError, StudyError

    if isinstance(error, ScenarioError | RequestError):
        return 2
    return 1 if isinstance(error, StudyError) else None


def say(text: str) -> None:
    """Write a line to the standard error."""
    print(text, file=sys.stderr, flush=True)


def flush_output() -> None:
    """Write out what is buffered; a reader who has gone away is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()


def _drop_output() -> None:
    """Send further output nowhere, so that the interpreter does not complain on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_json(content: Any) -> None:
    """Print plain data as JSON."""
    print(json.dumps(content, indent=1, allow_nan=False))


def console() -> Console:
    """Return a console on the standard output, wide where nobody's window limits it."""
    from rich.console import Console

    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=PIPE_WIDTH)


def path(text: str) -> Path:
    """A path as a person gives it: ``~`` is the home folder, as in `--out=~/results`, which a shell leaves alone."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise typer.BadParameter(f"given {text!r}: there is no such home folder") from None


def names(text: str) -> tuple[str, ...]:
    """Split names at commas."""
    return tuple(name for name in (part.strip() for part in text.split(",")) if name)


@contextmanager
def run_progress(what: str, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Show the days of a run; gives the function to call, or None where nobody looks."""
    with _bar(what, "{task.completed:,.0f}/{task.total:,.0f} days", quiet) as update:
        yield update and (lambda done, total: update(completed=done, total=total))


@contextmanager
def study_progress(what: str, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Show the runs of a study and the days of all of them together."""
    with _bar(what, "{task.fields[runs]} runs", quiet, runs="0") as update:
        yield update and (
            lambda now: update(completed=now.days_done, total=now.days, runs=f"{now.runs_done}/{now.runs}")
        )


@contextmanager
def _bar(what: str, count: str, quiet: bool, **fields: Any) -> Iterator[Callable[..., None] | None]:
    """Progress bar on the standard error; pulses until the first update."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Count(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text("getting ready" if task.total is None else count.format(task=task))

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        Count(),
        TimeElapsedColumn(),
        TextColumn("so far,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None, **fields)
        yield lambda **changes: progress.update(task, **changes)
