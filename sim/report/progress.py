"""How far a comparison is, for whoever wants to show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.studies.execution.events import Event, OnEvent, only_what_all_must_know

if TYPE_CHECKING:
    from sim.studies.study import ReadyStudy


@dataclass(frozen=True)
class Progress:
    """How far a comparison is: runs, and days of all runs that are done."""

    runs_done: int
    runs: int
    days_done: int
    days: int


OnProgress = Callable[[Progress], None]


def both(on_event: OnEvent | None, progress: OnProgress | None, study: ReadyStudy) -> OnEvent | None:
    """What is told events, where somebody wants the days of all runs too."""
    if progress is None:
        return on_event
    days = sum(scenario.burn_in + scenario.days for scenario in study.scenarios.values()) // len(study.scenarios)

    def tell(event: Event) -> None:
        (on_event or only_what_all_must_know)(event)
        if event["event"] == "progress":
            progress(Progress(event["done"], event["runs"], event["done"] * days, event["runs"] * days))

    return tell
