"""A study: a question as a file. It names scenarios, what varies, what is measured, how often, and how much may be spent.

The words are those of robust decision making (XLRM): uncertainties (X), levers (L), relations (the scenarios), measures (M).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sim.measures.scale import REAL, SIMULATED
from sim.studies.methods.factors import Factor, Point
from sim.studies.methods.paths import has_path
from sim.studies.methods.worlds import ParameterSets, drawn_worlds, members_for

if TYPE_CHECKING:
    from sim.scenario import Scenario


MAX_SCENARIOS = 100
MAX_PATHS = 1_000
MAX_REPLICATIONS = 1_000_000
"""Scenarios of a study, paths that it sets or varies, and runs of each point and scenario."""


class Budget(BaseModel):
    """What a study may spend; it ends in order when either is used up."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    runs: int | None = Field(default=None, ge=1, le=1_000_000_000, description="runs")
    hours: float | None = Field(default=None, gt=0, le=100_000, description="hours on the wall")


class StudyFile(BaseModel):
    """The plain part of a study file; the section named after its kind is the kind's own."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    name: str = Field(
        default="study",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        max_length=80,
        description="name: letters, digits, dots, dashes and underscores; results are filed under it",
    )
    title: str = Field(default="", max_length=200, description="title for figures and tables")
    question: str = Field(default="", max_length=5000, description="the question it asks, a paragraph")
    expected_time: str = Field(default="", max_length=200, description="how long it takes, and on what, in words")
    kind: str = Field(description="what is done with the runs")
    scenarios: tuple[str | dict[str, Any], ...] = Field(
        min_length=1,
        max_length=MAX_SCENARIOS,
        description="names, paths relative to this file, or scenarios in full; the first is the baseline",
    )
    set: dict[str, Any] = Field(
        default_factory=dict, max_length=MAX_PATHS, description="path: value, for every scenario that has the path"
    )
    uncertainties: tuple[Factor, ...] = Field(
        default=(), max_length=MAX_PATHS, description="facts that nobody knows exactly"
    )
    ensemble: str | None = Field(
        default=None,
        description="ensemble of a calibration (a file, or `default`: the one that ships), in the place of ranges",
    )
    levers: tuple[Factor, ...] = Field(
        default=(), max_length=MAX_PATHS, description="settings of policies that somebody could choose"
    )
    measures: tuple[str, ...] = Field(default=(), description="outcomes to report; by default all")
    daily: Literal["measures", "all", "none"] | tuple[str, ...] = Field(
        default="measures", description="outcomes whose daily values are kept"
    )
    exact_daily: bool = Field(default=False, description="whether daily values are kept in every bit")
    tables: tuple[str, ...] = Field(default=(), description="tables that every run writes into `tables/`, or `all`")
    by: tuple[str, ...] = Field(
        default=(), description="groupings by which outcomes are kept too, such as segment or segment:jurisdiction"
    )
    totals: Literal["real", "simulated"] = Field(
        default="real",
        description="whose totals the answer holds, and settings such as limits and targets mean: those of real people, or of the simulated consumers",
    )
    audit: bool = Field(default=False, description="whether every run checks every conservation identity each day")
    replications: int = Field(default=8, ge=1, le=MAX_REPLICATIONS, description="runs of each point and scenario")
    seed: int = Field(default=1, ge=0, lt=2**64, description="seed of the first replication; the next take the next")
    budget: Budget = Field(default_factory=Budget, description="what may be spent")


@dataclass(frozen=True)
class ReadyStudy:
    """A study that can be done: checked, with every scenario loaded.

    Attributes
    ----------
    file
        What the file says, defaults included.
    scenarios
        Every scenario by its label, the baseline first, with `set` applied.
    uncertainties, levers
        What varies, with ranges filled in.
    settings
        The section of the kind, as the kind declares it.
    ensemble, weights
        Points of an ensemble, from which worlds are drawn instead of from ranges, and how much each counts; no weights where all count alike.
    """

    file: StudyFile
    scenarios: Mapping[str, Scenario]
    uncertainties: tuple[Factor, ...]
    levers: tuple[Factor, ...]
    settings: Any
    source: str = field(default="", compare=False)
    ensemble: tuple[Point, ...] = ()
    weights: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """Name of the study."""
        return self.file.name

    @property
    def scale(self) -> str:
        """Whose totals the answer holds, in words."""
        return REAL if self.file.totals == "real" else SIMULATED

    @property
    def baseline(self) -> str:
        """Label of the scenario that the others are compared with."""
        return next(iter(self.scenarios))

    @property
    def drawn_from(self) -> str:
        """What its worlds are drawn from, in words; nothing where all runs are made at the same values."""
        return "the ensemble" if self.ensemble else "the uncertainties" if self.uncertainties else ""

    @property
    def factors(self) -> tuple[Factor, ...]:
        """Everything that varies, uncertainties first."""
        return (*self.uncertainties, *self.levers)

    @property
    def varied(self) -> tuple[Factor, ...]:
        """What a design varies: everything but what members of an ensemble set together."""
        together = self.ensemble[0] if self.ensemble else {}
        return tuple(factor for factor in self.factors if factor.path not in together)

    def worlds(self, design: str, number: int, factors: tuple[Factor, ...] = (), shift: int = 0) -> list[Point]:
        """Points in which it runs; see `sim.studies.methods.worlds.drawn_worlds`. ``shift`` is added to the seed of the draw."""
        sets = ParameterSets(self.ensemble, self.weights)
        return drawn_worlds(sets, factors or self.uncertainties, design, number, self.file.seed + shift)

    def members(self, pairs: int, asked: int | None = None) -> int:
        """Parameter sets over which pairs of runs are shared out; see `sim.studies.methods.worlds.members_for`."""
        counting = sum(weight > 0 for weight in self.weights) or len(self.ensemble)
        return members_for(pairs, asked, counting)

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of the replications."""
        return tuple(range(self.file.seed, self.file.seed + self.file.replications))

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Outcomes to report; empty for all."""
        return tuple(dict.fromkeys(self.file.measures))

    @property
    def daily(self) -> tuple[str, ...] | None:
        """Outcomes whose daily values are kept; None for all."""
        kept = self.file.daily
        if kept == "none":
            return ()
        if isinstance(kept, tuple):
            return kept
        return (self.measures or None) if kept == "measures" else None

    def applies(self, path: str, label: str) -> bool:
        """Whether a scenario has what a path names: all have parameters and settings, not all a policy."""
        return has_path(self.scenarios[label], path)

    def describe(self) -> dict[str, Any]:
        """Everything that the numbers depend on, with title and question, as plain data."""
        return {
            "study": self.file.model_dump(mode="json", exclude={"expected_time", "ensemble"}),
            "uncertainties": [factor.model_dump(mode="json") for factor in self.uncertainties],
            "levers": [factor.model_dump(mode="json") for factor in self.levers],
            "settings": self.settings.model_dump(mode="json") if isinstance(self.settings, BaseModel) else {},
            "scenarios": {
                label: {"digest": scenario.digest, "resolved": scenario.resolved()}
                for label, scenario in self.scenarios.items()
            },
            **({"ensemble": [dict(point) for point in self.ensemble]} if self.ensemble else {}),
            **({"weights": list(self.weights)} if self.weights else {}),
        }


def labelled(scenarios: Iterable[Scenario]) -> dict[str, Scenario]:
    """Scenarios by their names; one whose name is there already (as a control, say) gets a number."""
    found: dict[str, Scenario] = {}
    for scenario in scenarios:
        label, count = scenario.name, 1
        while label in found:
            count += 1
            label = f"{scenario.name} ({count})"
        found[label] = scenario
    return found
