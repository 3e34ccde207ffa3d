"""A study that a session looks at: how far it is, and what can be read of it, looked up again and again while it goes on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shiny import reactive

from sim.app.reading import Early, Reading
from sim.app.running import Progress, State

if TYPE_CHECKING:
    from sim.app.shown.desk import Service

TENTH = 0.1
LOOK_SECONDS, IDLE_SECONDS = 0.25, 4.0
"""Seconds between two looks at a study: at work, and otherwise."""
WORTH_READING = 1.25
"""How many times as many runs as at the last reading make another worth while: intervals are a tenth narrower then; the runs have the processor meanwhile."""


def is_news(before: Progress, now: Progress) -> bool:
    """Whether how far a study is says something new: not where only the time left is another, and by less than a tenth."""
    if before.seconds_left is None or now.seconds_left is None:
        return before != now
    apart = abs(before.seconds_left - now.seconds_left)
    return replace(before, seconds_left=now.seconds_left) != now or apart > TENTH * before.seconds_left


class Looking:
    """What a session sees of a study.

    Attributes
    ----------
    study, progress, state, reading, early
        Its identity, empty for none; how far it is; whether it is at work; what can be read of it; and before that, what its first pair has come to.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.study: reactive.Value[str] = reactive.Value("")
        self.progress: reactive.Value[Progress] = reactive.Value(Progress("none"))
        self.state: reactive.Value[State] = reactive.Value("none")
        """That of the progress: who needs no more is not drawn anew with every number."""
        self.reading: reactive.Value[Reading | None] = reactive.Value(None)
        self.early: reactive.Value[Early | None] = reactive.Value(None)
        self._seen: tuple[Any, ...] = ()
        self._done = 0

    def turn(self, identity: str) -> None:
        """Look at another study, or at none."""
        with reactive.isolate():
            if identity and identity == self.study():
                return
        self._seen = ()
        self.reading.set(None)
        self.early.set(None)
        self.tell(Progress("none"))
        self.study.set(identity)

    def tell(self, now: Progress) -> None:
        """Take note of how far it is, where that says something new."""
        with reactive.isolate():
            if is_news(self.progress(), now):
                self.progress.set(now)
                self.state.set(now.state)

    def begin(self) -> None:
        """Set up what looks."""

        @reactive.extended_task
        async def fetch(identity: str, early: bool) -> Reading | Early | None:
            reader = self.service.reader
            found = await asyncio.to_thread(reader.read, identity)
            return await asyncio.to_thread(reader.early, identity) if found is None and early else found

        @reactive.effect
        def _() -> None:
            identity = self.study()
            if not identity:
                return
            now = self.service.runner.progress(identity)
            reactive.invalidate_later(LOOK_SECONDS if now.state in ("working", "waiting") else IDLE_SECONDS)
            with reactive.isolate():
                self.tell(now)
                seen = (identity, now.state)
                all_there = now.done == now.runs  # the report is being written meanwhile
                more = now.done > self._done and (all_there or now.done >= WORTH_READING * self._done)
                early = self.reading() is None and now.state == "working"
                if (seen != self._seen or more or early) and fetch.status() != "running":
                    self._seen, self._done = seen, now.done
                    fetch(identity, early)

        @reactive.effect
        def _() -> None:
            found = fetch.result()
            with reactive.isolate():
                if found is None or found.identity != self.study():
                    return
                if isinstance(found, Early):
                    self.early.set(found)
                elif found is not self.reading():
                    self.reading.set(found)
