"""When a policy begins besides on a date: after another one, or when an outcome or the number of events crosses a level.

Conditions are plain data. They read what was recorded up to yesterday, from day 0 on, and write nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from sim.agents.codes import EventKind
from sim.measures.dictionary import families, outcome, outcomes

if TYPE_CHECKING:
    from sim.market.state import MarketState
    from sim.measures.kept.recorder import Recorder

PER = 100_000.0
"""Consumers for whom levels of what is counted are given."""


def _one_of(given: str, names: list[str]) -> str:
    """The name, when there is one; otherwise the error that a choice gives, which names the nearest."""
    if given not in names:
        raise PydanticCustomError(
            "literal_error", "one of {expected}", {"expected": ", ".join(f"'{n}'" for n in names)}
        )
    return given


class After(BaseModel):
    """Some days after another policy of the list began, each time that it does."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    policy: str = Field(min_length=1, max_length=80, description="label or kind of the other policy")
    days: int = Field(default=0, ge=0, le=32_000, description="days between its beginning and this one's (days)")


class When(BaseModel):
    """While an outcome, or the number of events of a kind, is above or below a level.

    Compared is the mean of the last ``over_days`` days, or the last of these of an outcome of which the last day speaks for a run; what grows with the number of
    consumers (orders, deaths, people, USD) per 100,000 of them, so that a level means the same in worlds of any size. Events are the exception: their number in
    these days, as simulated.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    outcome: str | None = Field(
        default=None, description="name of an outcome (a count: per day and 100,000 consumers; else in its own unit)"
    )
    event: str | None = Field(default=None, description="kind of event, such as alert, instead of an outcome (number)")
    above: float | None = Field(default=None, ge=-1e15, le=1e15, description="it holds above this level")
    below: float | None = Field(default=None, ge=-1e15, le=1e15, description="it holds below this level")
    over_days: int = Field(default=28, ge=1, le=3_650, description="days looked back on, ending yesterday (days)")
    cooldown: int = Field(default=0, ge=0, le=32_000, description="days off before it may begin again (days)")
    times: int | None = Field(
        default=None, ge=1, le=32_000, description="how often it may begin at most (number; empty: any)"
    )

    @field_validator("outcome")
    @classmethod
    def _an_outcome_of_a_run(cls, given: str | None) -> str | None:
        known = [name for name, spec in outcomes().items() if not spec.paired]
        if given is None or given.startswith(tuple(families())):
            return given
        return _one_of(given, known)

    @field_validator("event")
    @classmethod
    def _a_kind_of_event(cls, given: str | None) -> str | None:
        return given if given is None else _one_of(given, [kind.name.lower() for kind in EventKind])

    @model_validator(mode="after")
    def _one_thing_and_one_level(self) -> Self:
        if (self.outcome is None) == (self.event is None):
            raise ValueError("either an outcome or an event, such as {outcome: deaths, above: 0.5}")
        if (self.above is None) == (self.below is None):
            raise ValueError("either above or below, such as {event: alert, above: 0}")
        return self

    @property
    def full_window(self) -> bool:
        """Whether all days looked back on must have been recorded; an event that happened has happened."""
        return self.event is None or self.below is not None

    @property
    def first_look(self) -> int:
        """The first day on which it can hold."""
        return self.over_days if self.full_window else 1

    def unknown_member(self, jurisdictions: list[str]) -> tuple[str, list[str]] | None:
        """An outcome of a jurisdiction that there is not, with those that there are."""
        for prefix in families():
            if self.outcome is not None and self.outcome.startswith(prefix):
                names = [f"{prefix}{member}" for member in jurisdictions]
                return None if self.outcome in names else (self.outcome, names)
        return None

    def value(self, state: MarketState, recorder: Recorder) -> float:
        """What is compared with the level today; nan where nothing is known yet."""
        last = state.day
        if last < self.first_look:
            return math.nan
        if self.event is not None:
            kind = int(EventKind[self.event.upper()])
            return float(state.books.events.number(kind, max(0, last - self.over_days), last))
        spec, days = outcome(str(self.outcome)), recorder.column(str(self.outcome))[-self.over_days :]
        seen = days[~np.isnan(days)]
        if not len(seen):
            return math.nan
        level = float(seen[-1] if spec.aggregate == "last" else seen.mean())
        return level * PER / state.scenario.consumers if spec.scales else level

    def holds(self, state: MarketState, recorder: Recorder) -> bool:
        """Whether it holds today."""
        value = self.value(state, recorder)
        return value > self.above if self.above is not None else value < float(self.below or 0.0)
