"""What a study says while it works: events with plain values, for a live display, for lines of text, or for programs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

Event = dict[str, Any]
"""``event`` says which: started, progress, failed, aborted, note, finished. The other keys are its values."""

OnEvent = Callable[[Event], None]


def only_what_all_must_know(event: Event) -> None:
    """Say on the standard error what somebody who asked for no events must know nevertheless: that the model is compiled, what is no fair pair."""
    if event.get("always") and sys.stderr is not None:
        print(event["text"], file=sys.stderr, flush=True)


WINDOW_SECONDS = 300.0
"""The rate is that of the last so many seconds."""


@dataclass
class Tally:
    """How far a study is.

    Attributes
    ----------
    found
        Runs that were there at the start.
    done
        Runs done since, failures and those given up included.
    failed
        Failures among all.
    aborted
        Runs given up, since workers died at them.
    running
        Runs that workers are at: at most one each.
    known
        Runs asked for so far.
    planned
        Runs that the study takes, at most.
    """

    planned: int = 0
    known: int = 0
    found: int = 0
    done: int = 0
    failed: int = 0
    aborted: int = 0
    running: int = 0
    _marks: list[tuple[float, int]] = field(default_factory=list)

    def finish(self, runs: int, failed: int = 0, aborted: int = 0) -> None:
        """Note that runs came back."""
        self.done += runs
        self.failed += failed
        self.aborted += aborted
        self.mark()

    def mark(self) -> None:
        """Note when how many were done, for the rate."""
        now = monotonic()
        self._marks.append((now, self.done))
        while len(self._marks) > 2 and now - self._marks[0][0] > WINDOW_SECONDS:
            self._marks.pop(0)

    @property
    def rate(self) -> float | None:
        """Runs a second lately."""
        if len(self._marks) < 2:
            return None
        seconds = monotonic() - self._marks[0][0]
        return (self.done - self._marks[0][1]) / seconds if seconds > 0 and self.done > self._marks[0][1] else None

    def event(self) -> Event:
        """The event `progress`."""
        total = max(self.planned, self.known)
        rate = self.rate
        left = total - self.found - self.done
        return {
            "event": "progress",
            "done": self.found + self.done,
            "failed": self.failed,
            "aborted": self.aborted,
            "running": self.running,
            "runs": total,
            "found": self.found,
            "runs_per_second": None if rate is None else round(rate, 4),
            "seconds_left": None if rate is None else round(left / rate, 1),
        }
