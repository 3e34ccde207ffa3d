"""Two answers side by side: a package of each, and the difference of the two where they were run in the same world with the same luck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.app import say
from sim.app.plan import Plan
from sim.app.reading import Reading
from sim.measures.dictionary import outcome
from sim.report.text.words import records
from sim.studies.findings.effects import is_price, is_tested, tell
from sim.studies.runs.effects import paired_effects


@dataclass(frozen=True)
class Side:
    """A package of an answer.

    Attributes
    ----------
    plan, reading
        What was asked, and what can be read of it.
    label
        Which package.
    """

    plan: Plan
    reading: Reading
    label: str

    @property
    def title(self) -> str:
        """What people call it."""
        return self.reading.titles[self.label]

    def rows(self, scale: str) -> dict[str, dict[str, Any]]:
        """Its effects by outcome."""
        return {row["outcome"]: row for row in self.reading.rows(scale) if row["scenario"] == self.label}


@dataclass(frozen=True)
class Beside:
    """Two packages side by side.

    Attributes
    ----------
    one, other
        Effects of each against nothing new, by outcome, in the order of the dictionary.
    difference
        Effect of the other minus that of the one, by outcome, with interval and `verdict`; empty where it cannot be had.
    seeds
        Pairs of runs behind the difference.
    why_not
        Why there is no difference; empty where there is one.
    """

    one: Mapping[str, Mapping[str, Any]]
    other: Mapping[str, Mapping[str, Any]]
    difference: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seeds: int = 0
    why_not: str = ""


def beside(one: Side, other: Side, scale: str) -> Beside:
    """Put two packages side by side.

    Parameters
    ----------
    one, other
        The packages.
    scale
        Totals of ``real`` people or of the ``simulated`` consumers.
    """
    mine, theirs = one.rows(scale), other.rows(scale)
    seeds = sorted(set(one.reading.comparison.seeds) & set(other.reading.comparison.seeds))
    why_not = _why_not(one, other, seeds)
    if why_not:
        return Beside(mine, theirs, why_not=why_not)
    return Beside(mine, theirs, _difference(one, other, seeds, scale), len(seeds))


def _why_not(one: Side, other: Side, seeds: list[int]) -> str:
    """Why effects of two packages cannot be subtracted pair by pair; empty where they can."""
    mine, theirs = one.plan, other.plan
    differs = [
        say(f"beside.{name}")
        for name, same in (
            ("world", mine.world == theirs.world),
            ("happens", mine.happens == theirs.happens),
            ("consumers", mine.size.consumers == theirs.size.consumers),
            ("days", mine.size.days == theirs.size.days),
        )
        if not same
    ]
    if differs:
        return say("beside.differ", what=", ".join(differs))
    if len(seeds) < 2:
        return say("beside.seeds", seeds=len(seeds))
    bases = [_runs(each, each.reading.comparison.baseline, seeds, "simulated") for each in (one, other)]
    names = [name for name in bases[0].columns if name in bases[1].columns]
    if not np.array_equal(bases[0][names].to_numpy(), bases[1][names].to_numpy(), equal_nan=True):
        return say("beside.version")
    return ""


def _runs(side: Side, label: str, seeds: list[int], scale: str) -> Any:
    """Outcomes of the runs of a scenario, a row a seed."""
    frame = side.reading.of(scale).outcomes
    mine = frame[frame["scenario"] == label].set_index("seed").loc[seeds]
    return mine.drop(columns="scenario")


def _difference(one: Side, other: Side, seeds: list[int], scale: str) -> dict[str, dict[str, Any]]:
    """The other minus the one, seed by seed; what both are compared with is the same run and falls out."""
    import pandas as pd

    first, second = (
        _runs(each, each.label, seeds, scale).reset_index().assign(scenario=name) for each, name in ((one, "one"), (other, "other"))
    )  # fmt: skip
    both = pd.concat([first, second], join="inner", ignore_index=True)
    wanted = [
        name for name in both.columns if name not in ("scenario", "seed") and (_shown(str(name)) or is_price(str(name)))
    ]
    rows = records(paired_effects(both[["scenario", "seed", *wanted]], "one"))
    found = tell(rows)
    for row in rows:
        row["verdict"] = found.verdict(row["outcome"])
    return {row["outcome"]: row for row in rows if _shown(row["outcome"])}


def _shown(name: str) -> bool:
    return is_tested(name) and not outcome(name).detail
