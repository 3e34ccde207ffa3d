"""From readings of runs to what the model says of each target: a mean, a 90 % interval, and whether it is in range."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.studies.validation.measuring import Reading
from sim.studies.validation.targets import LEVELS, USES, Target

INTERVAL = (0.05, 0.95)
NO_VALUE = "the runs have no value for it"


@dataclass(frozen=True)
class Member:
    """The readings of a target in the runs of one parameter set, with the policies and, in a paired world, without."""

    weight: float
    runs: tuple[Reading, ...]
    without: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Estimate:
    """What the model says of a target.

    Attributes
    ----------
    target
        The target.
    mean, low, high
        Mean over runs (weighted over parameter sets), and the interval in which 90 % of parameter sets lie, or of runs where there is one set.
        None where it was not measured; no interval where there is one value.
    cases
        Cases over all runs.
    values
        One for each parameter set, or for each run where there is one set; what cannot be had is left out.
    unmeasured
        Why it was not measured; empty where it was.
    """

    target: Target
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    cases: float = 0.0
    values: tuple[float, ...] = field(default=(), repr=False)
    unmeasured: str = ""

    @property
    def in_range(self) -> bool | None:
        """Whether the mean is in the range of the target; None where it was not measured."""
        return None if self.mean is None else self.target.agrees(self.mean)

    @property
    def distance(self) -> float | None:
        """Distance of the mean from the published value in standard units; see `Target.distance`."""
        return None if self.mean is None else self.target.distance(self.mean)

    @property
    def verdict(self) -> str:
        """In a word: in range, missed, or not measured."""
        return {None: "not measured", True: "in range", False: "missed"}[self.in_range]

    def row(self) -> dict[str, Any]:
        """The estimate as plain data."""
        t = self.target
        return {
            "target": t.id, "level": t.level, "use": t.use, "world": t.world, "statistic": t.statistic, "unit": t.unit,
            "observed": t.value, "observed_low": t.low, "observed_high": t.high, "seen_by_observer": t.observed,
            "mean": self.mean, "low": self.low, "high": self.high, "in_range": self.in_range, "distance": self.distance,
            "cases": self.cases, "verdict": self.verdict, "unmeasured": self.unmeasured, "weight": t.weight,
        }  # fmt: skip


def estimate(target: Target, members: Sequence[Member]) -> Estimate:
    """What runs say of a target.

    Parameters
    ----------
    target
        The target.
    members
        Its readings, by parameter set.

    Returns
    -------
    Estimate
        Parts and wholes are summed over runs before they are divided; other values are averaged. With policies against without, each is done
        for itself and then compared.
    """
    if target.unmeasurable:
        return Estimate(target, unmeasured=target.unmeasurable)
    readings = [reading for member in members for reading in member.runs]
    most = max((reading.cases for reading in readings), default=0.0)
    if readings and most < target.least:
        why = f"{most:,.0f} {target.cases} in a run at most, {target.least:,.0f} needed"
        return Estimate(target, cases=most, unmeasured=why)
    members, some = [_usable(target, member) for member in members], bool(readings)
    readings = [reading for member in members for reading in member.runs]
    cases = float(sum(reading.cases for reading in readings))
    if target.compares:
        cases = min(cases, float(sum(r.cases for member in members for r in member.without)))
    if not readings:
        return Estimate(target, unmeasured=NO_VALUE if some else "no run of its world went well")
    if cases < target.fewest:
        return Estimate(target, cases=cases, unmeasured=f"{cases:,.0f} {target.cases}, {target.fewest:,.0f} needed")
    mean = _compared(target, *(pooled(members, arm) for arm in ("runs", "without")))
    if not math.isfinite(mean):
        return Estimate(target, cases=cases, unmeasured=NO_VALUE)
    values, weights = _values(target, members)
    low, high = (quantile(values, weights, share) if len(values) > 1 else None for share in INTERVAL)
    return Estimate(target, mean, low, high, cases, tuple(values.tolist()))


def _usable(target: Target, member: Member) -> Member:
    """A parameter set without the runs that have no value, or too few cases, as a world that is too small for what depends on size; in both arms."""
    other = member.without if len(member.without) == len(member.runs) else member.runs
    good = [k for k, run in enumerate(member.runs) if run.there and other[k].there and run.cases >= target.least]
    without = tuple(other[k] for k in good) if other is member.without else member.without
    return Member(member.weight, tuple(member.runs[k] for k in good), without)


def pooled(members: Iterable[Member], arm: str) -> float:
    """Parts over wholes, summed over all runs, or the mean of values; each parameter set has its weight."""
    part = whole = value = weight = 0.0
    for member in members:
        for reading in getattr(member, arm):
            if math.isfinite(reading.whole):
                part += member.weight * reading.part
                whole += member.weight * reading.whole
            elif math.isfinite(reading.value):
                share = member.weight / len(getattr(member, arm))
                value += share * reading.value
                weight += share
    if whole:
        return part / whole
    return value / weight if weight else math.nan


def _compared(target: Target, with_policies: float, without: float) -> float:
    """A value, or what policies make of it."""
    if target.compare == "difference":
        return with_policies - without
    if target.compare == "ratio":
        return with_policies / without if without else math.nan
    return with_policies


def _values(target: Target, members: Sequence[Member]) -> tuple[np.ndarray, np.ndarray]:
    """One value for each parameter set with its weight, or for each run where there is one set."""
    if len(members) == 1:
        (one,) = members
        rest = one.without or (None,) * len(one.runs)
        members = [
            Member(1.0, (run,), () if other is None else (other,)) for run, other in zip(one.runs, rest, strict=True)
        ]
    values = np.array([_compared(target, pooled([member], "runs"), pooled([member], "without")) for member in members])
    known = np.isfinite(values)
    return values[known], np.array([member.weight for member in members])[known]


def quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float | None:
    """A weighted quantile, between the middles of the weights of the smallest and the largest value: with equal weights that of NumPy; None of nothing."""
    values, weights = values[weights > 0], weights[weights > 0]
    if not len(values):
        return None
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    middle = np.cumsum(weights) - weights / 2
    return float(np.interp(middle[0] + share * (middle[-1] - middle[0]), middle, values))


@dataclass(frozen=True)
class Count:
    """How many targets are in range, missed and not measured."""

    hits: int
    missed: int
    unmeasured: int
    share: float | None = None
    """Share in range of the weight of those that were measured."""

    @property
    def of(self) -> int:
        """Those that were measured."""
        return self.hits + self.missed

    def __str__(self) -> str:
        return f"{self.hits} of {self.of}" + (f" ({self.unmeasured} not measured)" if self.unmeasured else "")


def count(estimates: Iterable[Estimate], level: str = "", use: str = "") -> Count:
    """The count over targets of a level and use; all where none is named."""
    chosen = [e for e in estimates if level in ("", e.target.level) and use in ("", e.target.use)]
    hits = sum(e.in_range is True for e in chosen)
    missed = sum(e.in_range is False for e in chosen)
    weights = [(e.in_range, e.target.weight) for e in chosen if e.in_range is not None]
    whole = sum(weight for _, weight in weights)
    share = sum(weight for hit, weight in weights if hit) / whole if whole else None
    return Count(hits, missed, len(chosen) - hits - missed, share)


def totals(estimates: Sequence[Estimate]) -> list[dict[str, Any]]:
    """A row for each level, and one for all, with the counts of each use."""
    rows = []
    for level in (*LEVELS, ""):
        counts = {use: count(estimates, level, use) for use in USES}
        if level and not any(each.of + each.unmeasured for each in counts.values()):
            continue
        rows.append(
            {"level": level or "all"}
            | {
                f"{use}_{word}": getattr(each, word)
                for use, each in counts.items()
                for word in ("hits", "of", "unmeasured", "share")
            }
        )
    return rows


def last_line(estimates: Sequence[Estimate]) -> str:
    """The result in one line."""
    calibration, validation = (count(estimates, use=use) for use in USES)
    return (
        f"in range: calibration {calibration.hits} of {calibration.of}, validation {validation.hits} of {validation.of}"
    )
