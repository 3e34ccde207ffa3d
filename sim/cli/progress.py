"""How a study is watched (one live display on a terminal, plain lines elsewhere, one JSON object a line for programs), and how a run is, day by day."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from sim.cli import output
from sim.cli.output import say
from sim.studies.execution.events import only_what_all_must_know

LINE_SECONDS = 30.0
"""Seconds between two lines where there is no terminal."""
FAILURES_SHOWN = 5

Tell = Callable[[dict[str, Any]], None]


@contextmanager
def show_study(what: str, as_json: bool, quiet: bool = False) -> Iterator[Tell]:
    """Give the function that shows events; a quiet one says only what all must know."""
    if quiet:
        yield only_what_all_must_know
    elif as_json:
        yield lambda event: print(json.dumps(event, allow_nan=False), flush=True)
    elif sys.stderr.isatty():
        with _live(what) as tell:
            yield tell
    else:
        yield _Lines(output.say).tell


class _Lines:
    """Events as lines of text, progress only now and then."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say, self.last, self.failures = say, -LINE_SECONDS, 0

    def tell(self, event: dict[str, Any]) -> None:
        """Say an event."""
        kind = event["event"]
        if kind == "progress":
            if monotonic() - self.last >= LINE_SECONDS or event["done"] >= event["runs"]:
                self.last = monotonic()
                self.say(in_words(event))
        elif kind == "started":
            self.say(
                f"{event['study']} ({event['kind']}): at most {event['runs']:,} runs, {event['there']:,} are there"
                + (f", into {event['folder']}" if event["folder"] else "")
            )
        elif kind == "note":
            self.say(event["text"])
        elif kind in ("failed", "aborted"):
            self.failures += 1
            if self.failures <= FAILURES_SHOWN:
                self.say(f"{kind}: {event['scenario']}, seed {event['seed']}: {event['error']}")


def in_words(event: dict[str, Any]) -> str:
    """Progress in a line."""
    parts = [
        f"{event['done']:,} of {event['runs']:,} runs done",
        f"{event['failed']} failed",
        *([f"{event['aborted']} lost with their workers"] if event["aborted"] else []),
        f"{event['running']} running",
    ]
    if event["runs_per_second"] is not None:
        parts += [_rate(event["runs_per_second"]), f"{in_clock(event['seconds_left'])} left"]
    return ", ".join(parts)


def _rate(runs: float) -> str:
    return f"{runs:.1f} runs/s" if runs >= 1 else f"{60 * runs:.1f} runs/min"


def in_clock(seconds: float) -> str:
    """Seconds as hours, minutes and seconds."""
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


@contextmanager
def _live(what: str) -> Iterator[Tell]:
    """One bar that stays in place; notes and failures scroll by above it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    words = TextColumn("{task.fields[words]}", markup=False)
    columns = (words,)
    if console.width >= output.NARROW + len(what):
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), words, TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None, words="getting ready")
        lines = _Lines(lambda text: console.print(output.clean(text), soft_wrap=True, markup=False))

        def tell(event: dict[str, Any]) -> None:
            if event["event"] == "progress":
                progress.update(task, completed=event["done"], total=event["runs"], words=in_words(event))
            elif event["event"] != "started":
                lines.tell(event)

        yield tell


WIDE = 100
"""Columns from which on progress has room for a bar."""


@contextmanager
def run_progress(what: str, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Show the days of a run, how fast they go, and the memory in use; gives the function to call, or None where nobody looks."""
    if not quiet and not sys.stderr.isatty():
        yield _Said(what).days
        return
    with _bar(what, "{task.completed:,.0f}/{task.total:,.0f} days{task.fields[more]}", quiet) as update:
        pace = Pace()
        yield update and (lambda done, total: update(completed=done, total=total, more=pace.words(done)))


class Pace:
    """Days a second of a run so far, and the memory of this process."""

    def __init__(self) -> None:
        self.begun, self.first = monotonic(), 0

    def days_a_second(self, done: int) -> float | None:
        """Since the first day that was heard of, which may follow some compiling; None before there is a second."""
        if not self.first:
            self.begun, self.first = monotonic(), done
        seconds = monotonic() - self.begun
        return (done - self.first) / seconds if seconds > 0 and done > self.first else None

    def words(self, done: int) -> str:
        """As `, 31 days/s, 1.2 GB`."""
        rate, used = self.days_a_second(done), memory_gb()
        return (f", {rate:,.3g} days/s" if rate else "") + (f", {used:.1f} GB" if used else "")


class _Said:
    """Days of a long run as lines, for logs: nothing in the first half minute, then a line each."""

    def __init__(self, what: str) -> None:
        self.what, self.pace, self.last = what, Pace(), monotonic()

    def days(self, done: int, total: int) -> None:
        """Say how far the run is, if it is time."""
        rate = self.pace.days_a_second(done)
        if monotonic() - self.last < LINE_SECONDS or done >= total:
            return
        self.last = monotonic()
        left = f", {in_clock((total - done) / rate)} left" if rate else ""
        say(f"{self.what}: {done:,} of {total:,} days{self.pace.words(done)}{left}")


def memory_gb() -> float | None:
    """Most memory that this process has had, in GB; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9


@contextmanager
def _bar(what: str, count: str, quiet: bool) -> Iterator[Callable[..., None] | None]:
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
    from rich.table import Column
    from rich.text import Text

    class Count(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text("getting ready" if task.total is None else count.format(task=task))

    console = Console(stderr=True)
    room = Column(no_wrap=True, overflow="ellipsis", max_width=max(12, console.width - 44))
    wide = (BarColumn(), Count(), TimeElapsedColumn(), TextColumn("so far,"))
    columns = (
        TextColumn("{task.description}", markup=False, table_column=room),
        *(wide if console.width >= WIDE else (Count(),)),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None, more="")
        yield lambda **changes: progress.update(task, **changes)
