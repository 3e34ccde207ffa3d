"""What one wave of runs teaches: emulators of the goals, how far places are from them, and how likely they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.studies.matching.goals import Goal, measured, ranked
from sim.studies.matching.sampling import below
from sim.studies.methods.emulators import Emulator, emulate, learning

Floats = NDArray[np.float64]
NEAR = 2.0
"""Points of earlier waves are learnt from where they lie within so many times the cut."""
AT_ONCE = 1_000
"""Places whose likelihood is worked out at a time."""
TRIED = 400
"""Places at which it is seen whether a goal can be had at all."""
MOST_POINTS = 1_200
"""Points from which an emulator learns, unless a wave has more: the newest, and the nearest of those before."""


class Found(NamedTuple):
    """What was measured at points: a row a point, a column a goal, in natural units; and for each the values of its replicates. NaN where there is nothing."""

    values: Floats
    replicates: Floats


@dataclass(frozen=True)
class Plan:
    """How places are looked for.

    Attributes
    ----------
    points, waves
        Points of a wave, and waves.
    cut
        Standard deviations from a goal beyond which a place is ruled out.
    ignored
        Goals that may be missed by more: 1 judges a place by the second largest distance, 2 by the third.
    discrepancy
        What the model cannot be expected to get right, in standard errors of a goal.
    walkers, sweeps
        Places that are sampled at a time, and moves of each at every step.
    members, seed
        Places of the ensemble; seed of every draw.
    """

    points: int = 200
    waves: int = 4
    cut: float = 3.0
    ignored: int = 2
    discrepancy: float = 0.5
    walkers: int = 1000
    sweeps: int = 20
    members: int = 200
    seed: int = 1


@dataclass(frozen=True)
class Wave:
    """What a wave knows.

    Attributes
    ----------
    emulators
        By the place of their goal.
    aside
        Why a goal has none, by its place.
    noise
        Variance that luck gives the mean over replicates, and how much of it all points share, where they have seeds in common; by goal, on its scale.
    together
        Correlation of what the emulators get wrong, in their order; see `correlation`.
    hopeless
        Goals that no place at all comes near, by their place: they cannot rule anything out.
    """

    emulators: Mapping[int, Emulator]
    aside: Mapping[int, str]
    noise: Floats
    shared: Floats
    together: Floats
    hopeless: tuple[int, ...] = ()

    def apart(self, goals: Sequence[Goal], places: Floats, discrepancy: float) -> tuple[Floats, Floats, Floats]:
        """`Goal.apart` of places (rows) for the goals that have an emulator (columns)."""
        columns = []
        for k, emulator in self.emulators.items():
            mean, variance = emulator(places)
            columns.append(goals[k].apart(mean, variance + self.shared[k], discrepancy))
        away, error, rest = (
            (np.stack(found, axis=1) for found in zip(*columns, strict=True))
            if columns
            else np.zeros((3, len(places), 0))
        )
        return away, error, rest

    def distances(self, goals: Sequence[Goal], places: Floats, discrepancy: float) -> Floats:
        """`Goal.distance` of places (rows) for the goals that have an emulator (columns)."""
        away, error, rest = self.apart(goals, places, discrepancy)
        return away / np.sqrt(error + rest)


def luck(goal: Goal, replicates: Floats) -> tuple[float, float]:
    """Variance that luck gives the mean over the replicates that a point (rows) has, and of it what all points share, on the scale of a goal."""
    scaled = goal.scaled(replicates)
    counts = np.isfinite(scaled).sum(axis=1)
    full = scaled[counts == scaled.shape[1]]
    count = 1 / float(np.mean(1 / counts[counts > 0])) if counts.any() else 1.0
    if scaled.shape[1] < 2 or len(full) < 2:
        several = scaled[counts > 1]
        return (float(np.mean(np.nanvar(several, axis=1, ddof=1))) if len(several) else 0.0) / count, 0.0
    pooled = float(full.var(axis=1, ddof=1).mean())
    common = max(0.0, float(full.mean(axis=0).var(ddof=1)) - pooled / len(full))
    return pooled / count, min(common, pooled) / count


def learnt(
    goals: Sequence[Goal], tried: Floats, found: Found, newest: int, plan: Plan, left_out: Sequence[int] = ()
) -> Wave:
    """Emulators of all goals from the newest points and those before them that are not far off, by all goals but those left out."""
    lucks = [luck(goal, found.replicates[:, k]) for k, goal in enumerate(goals)]
    noise, shared = (np.array([pair[side] for pair in lucks]) for side in (0, 1))
    away = np.nan_to_num(measured(goals, found.values, noise, plan.discrepancy), nan=np.inf)
    heights = ranked(away[:, [k for k in range(len(goals)) if k not in left_out]], plan.ignored)
    new = np.arange(len(tried)) >= len(tried) - newest
    before = np.argsort(np.where(new, np.inf, heights), kind="stable")[: max(0, MOST_POINTS - newest)]
    used = new | (np.isin(np.arange(len(tried)), before) & (heights <= NEAR * plan.cut))
    emulators: dict[int, Emulator] = {}
    aside: dict[int, str] = {}
    for k, goal in enumerate(goals):
        made = emulate(tried[used], goal.scaled(found.values[used, k]), float(noise[k] - shared[k]), plan.seed)
        if isinstance(made, str):
            aside[k] = made
        else:
            emulators[k] = made
    missed = np.array([made.missed for made in emulators.values()]).reshape(len(emulators), int(used.sum())).T
    return Wave(emulators, aside, noise, shared, correlation(missed))


def correlation(missed: Floats) -> Floats:
    """Correlation (K, K) of what K emulators got wrong at the points (n, K) that were left out: the luck of a run moves many targets at once.

    It is shrunk towards none as far as so few points cannot tell it (Ledoit and Wolf 2004, as in scikit-learn).
    """
    if missed.shape[1] < 2:
        return np.eye(missed.shape[1])
    covariance = learning().shrunk(np.nan_to_num(missed), assume_centered=True)[0]
    spread = np.sqrt(np.diag(covariance))
    return covariance / np.outer(spread, spread)


def worst(goals: Sequence[Goal], waves: Sequence[Wave], places: Floats, plan: Plan, most: float = np.inf) -> Floats:
    """How implausible places are: the largest distance but for those that are ignored, in the wave that says most against them.

    Where one wave puts a place above ``most``, no other is asked.
    """
    heights = np.zeros(len(places))
    for wave in reversed(waves):
        left = np.flatnonzero(heights <= most)
        if len(left):
            z = wave.distances(goals, places[left], plan.discrepancy)
            counted = [column for column, k in enumerate(wave.emulators) if k not in wave.hopeless]
            heights[left] = np.maximum(heights[left], ranked(z[:, counted], plan.ignored))
    return heights


def hopeless(goals: Sequence[Goal], wave: Wave, width: int, plan: Plan) -> tuple[int, ...]:
    """Goals of a wave that no place of the cube comes within the cut of, each looked for by itself."""
    rng = np.random.default_rng([plan.seed, width])
    even = rng.random((TRIED, width))
    found = []
    for k, emulator in wave.emulators.items():
        alone = Wave({k: emulator}, {}, wave.noise, wave.shared, np.eye(1))

        def height(at: Floats, _most: float, alone: Wave = alone) -> Floats:
            return np.abs(alone.distances(goals, at, plan.discrepancy)[:, 0])

        seen = height(even, np.inf).min() <= plan.cut
        if not seen and below(height, width, plan.cut, TRIED // 4, rng, 5).level > plan.cut:
            found.append(k)
    return tuple(found)


def within(goals: Sequence[Goal], wave: Wave, values: Floats, plan: Plan) -> NDArray[np.bool_]:
    """Which points were measured within the cut of all goals but those that may be missed."""
    away = np.nan_to_num(measured(goals, values, wave.noise, plan.discrepancy), nan=np.inf)
    counted = [k for k in wave.emulators if k not in wave.hopeless]
    return ranked(away[:, counted], plan.ignored) <= plan.cut


def out_of_reach(goals: Sequence[Goal], wave: Wave, places: Floats, plan: Plan) -> list[int]:
    """Goals that none of the places comes within the cut of."""
    z = wave.distances(goals, places, plan.discrepancy)
    return [k for column, k in enumerate(wave.emulators) if np.abs(z[:, column]).min() > plan.cut]


def costs(
    goals: Sequence[Goal], wave: Wave, places: Floats, discrepancy: float, left_out: Sequence[int] = ()
) -> Floats:
    """Minus the logarithm of the likelihood of places, but for a constant.

    Errors of what was observed are independent; what is not known of targets at a place goes together as `Wave.together` says.
    """
    counted = [column for column, k in enumerate(wave.emulators) if k not in left_out]
    together = wave.together[np.ix_(counted, counted)]
    found = []
    for start in range(0, len(places), AT_ONCE):
        away, error, rest = (
            part[:, counted] for part in wave.apart(goals, places[start : start + AT_ONCE], discrepancy)
        )
        some = np.isfinite(error)  # on the open side of a range nothing is asked
        spread = np.sqrt(np.where(some, rest / np.where(some, error, 1.0), 0.0))
        whole = together * spread[:, :, None] * spread[:, None, :] + np.eye(len(counted))
        off = np.where(some, away / np.sqrt(np.where(some, error, 1.0)), 0.0)
        root = np.linalg.cholesky(whole)
        z = np.linalg.solve(root, off[:, :, None])[:, :, 0]
        found.append(0.5 * (z**2).sum(axis=1) + np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1))
    return np.concatenate(found) if found else np.zeros(0)


def corrected(
    goals: Sequence[Goal], before: Wave, after: Wave, members: Floats, plan: Plan, left_out: Sequence[int]
) -> Floats:
    """What members count once their own runs have been learnt from: their likelihood then over that by which they were drawn.

    Weights are taken to the power at which a third of the members still count, since what differs beyond that is mostly luck of the check.
    """
    both = set(before.emulators) & set(after.emulators)
    skipped = [*left_out, *(k for k in (*before.emulators, *after.emulators) if k not in both)]
    off = costs(goals, before, members, plan.discrepancy, skipped) - costs(
        goals, after, members, plan.discrepancy, skipped
    )
    off -= off.max()
    power = 1.0
    while power > 0.01:
        weight = np.exp(power * off)
        weight /= weight.sum()
        if 1 / (weight**2).sum() >= len(members) / 3:
            return weight
        power *= 0.9
    return np.full(len(members), 1 / len(members))
