"""How a study is watched: one live display on a terminal, plain lines elsewhere, one JSON object a line for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from sim.cli import output
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
