"""What the model must reproduce: facts with a range, and the worlds in which runs are measured against them.

A targets file names `worlds` and `targets`. Facts for calibration may be fitted to; those for validation are only compared with, after fitting.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Level = Literal["consumers", "vendors", "platforms", "market", "health", "enforcement"]
Use = Literal["calibration", "validation"]
Band = Literal["reported", "derived", "assumed"]
LEVELS: tuple[str, ...] = get_args(Level)
USES: tuple[str, ...] = get_args(Use)
NAME = r"^[a-z][a-z0-9_]*$"


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class World(_Plain):
    """A world in which targets are measured: a scenario, its size and length, and what is changed in it."""

    title: str = Field(default="", max_length=300, description="what it is, in words")
    scenario: str | dict[str, Any] = Field(
        description="name of a scenario, path relative to this file, or a scenario in full"
    )
    consumers: int | None = Field(
        default=None, ge=100, le=10_000_000, description="simulated consumers; by default the scenario's"
    )
    days: int | None = Field(default=None, ge=1, le=36_500, description="days from day 0 on; by default the scenario's")
    burn_in: int | None = Field(
        default=None, ge=0, le=36_500, description="days before day 0; by default the scenario's"
    )
    set: dict[str, Any] = Field(default_factory=dict, max_length=1_000, description="path: value, as --set has them")
    paired: bool = Field(
        default=False,
        description="whether it is also run without its policies, or with those of `against`, with the same seeds",
    )
    against: tuple[dict[str, Any], ...] = Field(
        default=(), max_length=50, description="policies of the other arm; by default none"
    )


class Target(_Plain):
    """A fact about the world, how a run is measured against it, and the range in which it counts as agreeing.

    What is measured is one of `sql`, `measure` or, where no run can give it, `unmeasurable`. Either end of the range may be missing where the
    fact is a direction; `value` is missing where none is published.
    """

    id: str = Field(pattern=NAME, max_length=60, description="name of the target")
    level: Level = Field(description="what it is a fact about")
    use: Use = Field(description="whether it may be fitted to")
    world: str = Field(max_length=60, description="name of a world")
    window: tuple[int, int] | None = Field(
        default=None, description="first and last day, from day 0 on; by default the whole run"
    )
    statistic: str = Field(
        min_length=5, max_length=500, description="what is computed, in words exact enough to code it"
    )
    sql: str | None = Field(
        default=None, max_length=10_000, description="one SELECT over the tables of a run: value, or part and whole"
    )
    measure: str | None = Field(default=None, max_length=60, description="name of a measure in Python instead of sql")
    arguments: dict[str, str | float] = Field(default_factory=dict, description="what that measure is asked")
    unmeasurable: str = Field(default="", max_length=500, description="why no run can give it")
    compare: Literal["none", "ratio", "difference"] = Field(
        default="none", description="with the policies over, or minus, the same seeds without"
    )
    fewest: float = Field(default=1, ge=0, le=1e12, description="cases over all runs below which it is not measured")
    least: float = Field(default=0, ge=0, le=1e12, description="cases in a run below which that run is left out")
    cases: str = Field(default="cases", max_length=60, description="what these cases are, in a word")
    observed: bool = Field(default=False, description="whether it reads what an observer of the market would see")
    value: float | None = Field(default=None, description="what is published")
    low: float | None = Field(default=None, description="lower end of the range that counts as agreeing")
    high: float | None = Field(default=None, description="upper end of the range")
    unit: str = Field(default="", max_length=80, description="unit of value and range")
    pattern: str = Field(default="", max_length=500, description="a direction or shape, in words")
    band: Band = Field(description="where the range comes from")
    reason: str = Field(min_length=5, max_length=800, description="why the range is as it is")
    weight: float = Field(default=1, ge=0, le=1_000, description="weight in the share of all that is in range")
    sources: tuple[str, ...] = Field(default=(), max_length=20, description="ids in sources.yaml")

    def agrees(self, observed: float) -> bool:
        """Whether a number from runs lies in the range."""
        return not (self.low is not None and observed < self.low) and not (
            self.high is not None and observed > self.high
        )

    def distance(self, observed: float) -> float | None:
        """How far a number is from the value, in standard units: the range is read as the 95 % interval of the value, each side for itself.

        None where no value is published or the range is open on that side.
        """
        if self.value is None:
            return None
        end = self.high if observed > self.value else self.low
        if end is None:
            return None
        if end == self.value:
            return 0.0 if observed == self.value else None
        return (observed - self.value) / abs(end - self.value) * 1.96

    @property
    def compares(self) -> bool:
        """Whether the world with its policies is held against the same without."""
        return self.compare != "none"

    @property
    def question(self) -> str:
        """All that decides what is measured, as text: what was measured for this is good as long as it stays."""
        asked = self.model_dump(include={"sql", "measure", "arguments", "window", "observed"}, mode="json")
        return json.dumps(asked, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Targets:
    """Targets, and the worlds that they are measured in.

    Attributes
    ----------
    all
        Every target, in the order of the files.
    worlds
        Worlds by name; more than the targets need.
    views
        Queries that targets share, by the name under which SQL reads them.
    """

    all: tuple[Target, ...] = ()
    worlds: Mapping[str, World] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)

    @property
    def calibration(self) -> tuple[Target, ...]:
        """Those that may be fitted to."""
        return tuple(target for target in self.all if target.use == "calibration")

    @property
    def validation(self) -> tuple[Target, ...]:
        """Those held out: only compared with, after fitting."""
        return tuple(target for target in self.all if target.use == "validation")

    def __getitem__(self, name: str) -> Target:
        for target in self.all:
            if target.id == name:
                return target
        raise KeyError(name)

    def __len__(self) -> int:
        return len(self.all)

    def of(self, levels: Iterable[str] = (), uses: Iterable[str] = (), ids: Iterable[str] = ()) -> Targets:
        """Those of some levels, uses or names; nothing named means all."""
        levels, uses, ids = set(levels), set(uses), set(ids)
        chosen = [
            target
            for target in self.all
            if (not levels or target.level in levels)
            and (not uses or target.use in uses)
            and (not ids or target.id in ids)
        ]
        return Targets(tuple(chosen), self.worlds, self.views)

    def needed(self) -> dict[str, World]:
        """The worlds that have to be run."""
        names = {target.world for target in self.all if not target.unmeasurable}
        return {name: world for name, world in self.worlds.items() if name in names}

    def fingerprint(self) -> str:
        """Hash of what must not change after a look at the model: which fact is for what, and every range."""
        facts = sorted((t.id, t.use, t.value, t.low, t.high, t.weight, t.sources) for t in self.all)
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
