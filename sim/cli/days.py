"""How a run is watched: its days, how fast they go, what is left and the memory in use."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from sim.cli.output import say
from sim.cli.progress import LINE_SECONDS, in_clock

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
