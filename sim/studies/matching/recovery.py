"""Whether truths that are known are found again: from what was measured at each, the emulators that all share give a posterior, which must hold it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.studies.matching import sampling
from sim.studies.matching.goals import Goal
from sim.studies.matching.wave import Wave, costs

Floats = NDArray[np.float64]
LEVEL = 0.9


class Recovered(NamedTuple):
    """A truth and what was found of it: where it is, both ends of the interval of each axis, and whether that holds it."""

    truth: Floats
    low: Floats
    high: Floats

    @property
    def held(self) -> NDArray[np.bool_]:
        """By axis."""
        return (self.low <= self.truth) & (self.truth <= self.high)


def recovered(
    goals: Sequence[Goal],
    wave: Wave,
    truths: Floats,
    values: Floats,
    walkers: int = 400,
    sweeps: int = 20,
    seed: int = 1,
    level: float = LEVEL,
) -> list[Recovered]:
    """Find truths again.

    Parameters
    ----------
    goals
        Of which each gives the error of what is observed; where it lies is the truth's.
    wave
        Emulators of a wave over all the cube, shared by all truths.
    truths, values
        Where they are in the unit cube (rows), and what was measured there (a column a goal), with as many replicates as the wave had.
    walkers, sweeps, seed
        Places, their moves, and the seed of all draws. To what was measured the error of an observation is added: what is published has one too.
    level
        What an interval holds.
    """
    rng = np.random.default_rng(seed)
    found = []
    for truth, row in zip(truths, values, strict=True):
        aims = []
        for k, goal in enumerate(goals):
            near = goal.moved(0.0)
            error = rng.normal()
            at = float(goal.scaled(np.array([row[k]]))[0]) + error * (near.below if error < 0 else near.above)
            aims.append(goal.moved(at, float(wave.noise[k])))
        known = [k for k in range(len(goals)) if np.isfinite(aims[k].centre)]
        left_out = [k for k in wave.emulators if k not in known]
        posterior = sampling.likely(
            lambda at, aims=aims, left_out=left_out: costs(aims, wave, at, 0.0, left_out),
            rng.random((walkers, truths.shape[1])), rng, sweeps,
        )  # fmt: skip
        low, high = np.quantile(posterior, [(1 - level) / 2, (1 + level) / 2], axis=0)
        found.append(Recovered(truth, low, high))
    return found


def coverage(found: Sequence[Recovered], axes: Sequence[int] | None = None) -> float:
    """The share of intervals that hold their truth, over all axes or some."""
    held = np.array([each.held for each in found])
    return float(held[:, list(axes)].mean() if axes is not None else held.mean())
