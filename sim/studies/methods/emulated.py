"""Sobol indices of an emulator, for outcomes in which luck is loud: a few hundred points say what thousands of them say by themselves.

Functions are drawn from what a Gaussian process has learnt, and each is analysed with SALib, so that intervals hold what so few points leave open as well as
the error of the sampling (as `sobolGP` of R's package sensitivity does). Luck is no part of these functions: shares are of the variance that factors make.
Columns that nothing depends on are learnt from with the factors. What they get is what luck gives a factor: it is taken off all of them, and a factor is told
from luck where its interval begins above the intervals of all such columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.studies.methods.designs import unit
from sim.studies.methods.emulators import Emulator, emulate

Floats = NDArray[np.float64]
IDLE = 3
"""Columns that nothing depends on."""
BATCHES, MOST_PLACES, MOST_BASE = 8, 30_000, 256
"""Designs of SALib over which draws are spread, places of each at most, and base points at most."""
LEAST_LEFT = 0.25
"""Share of the variance of the functions that must be left when what luck gives them is taken off."""


class Share(NamedTuple):
    """First or total order of a factor: the mean over drawn functions, both ends of the interval, and whether luck alone would not give it."""

    factor: str
    index: str
    value: float
    low: float
    high: float
    told: str


def fitted(points: Floats, results: Floats, luck: float, seed: int) -> Emulator | str:
    """An emulator over points in the unit cube and idle columns beside them, or why there can be none.

    Parameters
    ----------
    points, results
        The design, a row a point, and the mean over seeds there.
    luck
        Share of the variance of the results that is luck.
    seed
        Of the idle columns.
    """
    idle = unit("lhs", IDLE, len(points), seed)
    return emulate(np.column_stack([points, idle]), results, luck * float(np.nanvar(results)), seed)


def shares(emulator: Emulator, names: Sequence[str], draws: int, seed: int, level: float) -> list[Share]:
    """First and total order of the factors; empty where luck leaves too little of the functions.

    Parameters
    ----------
    emulator
        From `fitted`, over the factors that ``names`` gives in order.
    draws
        Functions that are drawn, at least; the same number from each design.
    level
        Share of them that an interval holds.
    """
    from SALib.analyze import sobol as analyze
    from SALib.sample import sobol as sample

    width = len(names) + IDLE
    problem: dict[str, Any] = {
        "num_vars": width, "names": [str(k) for k in range(width)], "bounds": [[0.0, 1.0]] * width
    }  # fmt: skip
    base = MOST_BASE
    while base > 2 and base * (width + 2) > MOST_PLACES:
        base //= 2
    rng = np.random.default_rng(seed)
    parts, wholes = [], []
    for batch in range(BATCHES):
        places = sample.sample(problem, base, calc_second_order=False, seed=seed + batch)
        for drawn in emulator.draws(places, -(-draws // BATCHES), rng):
            made = analyze.analyze(problem, drawn, calc_second_order=False, num_resamples=2, seed=seed)
            wholes.append(float(drawn.var()))
            parts.append(wholes[-1] * np.stack([made["S1"], made["ST"]]))
    variance, whole = np.stack(parts), np.array(wholes)
    by_luck = variance[:, :, len(names) :].mean(axis=(0, 2))
    left, least = whole - width * by_luck[0], LEAST_LEFT * float(whole.mean())
    if left.mean() < least:
        return []
    share = (variance - by_luck[:, None]) / np.maximum(left, least)[:, None, None]
    value = share.mean(axis=0)
    low, high = np.quantile(share, [(1 - level) / 2, (1 + level) / 2], axis=0)
    above = high[:, len(names) :].max(axis=1)
    return [
        Share(name, index, float(value[i, k]), float(low[i, k]), float(high[i, k]), "yes" if low[i, k] > above[i] else "no")
        for i, index in enumerate(("S1", "ST"))
        for k, name in enumerate(names)
    ]  # fmt: skip
