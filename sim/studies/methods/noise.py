"""What luck does to indices of sensitivity: how much of a variance is noise, and which indices noise alone would not give.

With two seeds or more, differences between seeds at the same point show luck without any signal: weighted sums over seeds whose weights add
up to nothing keep how luck goes from point to point, and lose all that the factors do. Analysed as the results are, they say what each
factor would get from luck alone. Methods that need no design are asked the same of results in random order, and once more with such luck
added to the results: how far an index goes then is how far luck may have brought it already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert

if TYPE_CHECKING:
    from sim.studies.methods.sensitivity import Analysis, Index

Floats = NDArray[np.float64]
CONTRASTS = 4
"""Sums over seeds that are looked at, at most."""
SHUFFLES = 10
FAR = 2.5
"""An index is told from noise by so many standard deviations over the mean of random orders, and by more than any of them gave any factor."""
Z95 = 1.96
NO_SIGNAL = 0.05
"""P value of points being all alike from which no share of a variance is told from noise."""


class Luck(NamedTuple):
    """What luck alone gives an index: its mean, and the upper end of it."""

    mean: float
    high: float


def shares(values: Floats) -> tuple[float, float]:
    """Share of the variance between points that is noise, and share of that of single runs which the seed moves alike everywhere.

    Parameters
    ----------
    values
        Points x seeds, the same seeds at all points.

    Returns
    -------
    noise, common
        What single points and seeds do together, divided by the number of seeds, over the variance of the means of points; and the
        variance of the means of seeds over that of all. NaN with one seed.
    """
    values = values[np.isfinite(values).all(axis=1)]
    n, seeds = values.shape
    if n < 2 or seeds < 2 or np.ptp(values) == 0:
        return np.nan, np.nan
    points, luck, mean = values.mean(axis=1), values.mean(axis=0), values.mean()
    rest = values - points[:, None] - luck[None, :] + mean
    error = float((rest**2).sum() / ((n - 1) * (seeds - 1)))
    between = float(points.var(ddof=1))
    common = float(max(0.0, luck.var(ddof=1) - error / n) / values.var(ddof=1))
    return (min(1.0, error / seeds / between) if between > 0 else np.nan), common


def differ(values: Floats) -> float:
    """The p value of the means of points (rows) being equal, seeds (columns) being blocks; NaN where there is nothing to tell it from.

    An analysis of variance without repetition (Fisher): 0 where points differ and no luck is seen, 1 where all is equal. Values are finite.
    """
    from scipy.stats import f

    n, seeds = values.shape
    if n < 2 or seeds < 2:
        return np.nan
    points, luck, mean = values.mean(axis=1), values.mean(axis=0), values.mean()
    error = float(((values - points[:, None] - luck[None, :] + mean) ** 2).sum() / ((n - 1) * (seeds - 1)))
    between = float(seeds * points.var(ddof=1))
    tiny = (1e-12 * float(np.abs(values).max())) ** 2
    if between <= tiny:
        return 1.0
    return float(f.sf(between / error, n - 1, (n - 1) * (seeds - 1))) if error > tiny else 0.0


def contrasts(values: Floats) -> list[Floats]:
    """Luck without signal: each like a mean over seeds, of the same noise, in which all that seeds share has cancelled.

    Parameters
    ----------
    values
        Points x seeds.
    """
    seeds = values.shape[1]
    scale = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
    found = [values @ weights / np.sqrt(seeds) for weights in helmert(seeds)[:CONTRASTS]]
    return [np.where(np.abs(luck) <= 1e-12 * scale, 0.0 * luck, luck) for luck in found]


def with_luck(
    analysis: Analysis, points: Floats, values: Floats, indices: Sequence[Index], resamples: int
) -> list[Index]:
    """Indices whose intervals contain what luck may have given them, each with whether it is told from that.

    Parameters
    ----------
    analysis, points
        What gave the indices, and the design.
    values
        Points x seeds.
    indices
        Those of the mean over seeds.
    resamples
        Bootstrap resamples for what luck gives.
    """
    how = analysis.noise
    if not indices or how == "idle":
        return list(indices)
    if how == "shuffle":
        luck = _shuffled(analysis, points, values.mean(axis=1), min(resamples, 5))
        moved, share = (_moved(analysis, points, values), shares(values)[0]) if values.shape[1] > 1 else ({}, 0.0)
        return [_from_shuffled(_wider(index, moved.get(_key(index), []), share), luck) for index in indices]
    if values.shape[1] < 2:
        return list(indices)
    luck, share = _from_seeds(analysis, points, values, min(resamples, 100))
    if how == "share" and not differ(values[np.isfinite(values).all(axis=1)]) < NO_SIGNAL:
        return [replace(i, low=min(0.0, i.low), high=max(1.0, i.high), told="no") for i in indices]
    return [_less(index, luck.get(_key(index), Luck(0.0, 0.0)), how, share) for index in indices]


def _key(index: Index) -> tuple[str, str, str]:
    return index.factor, index.other, index.name


def _from_seeds(
    analysis: Analysis, points: Floats, values: Floats, resamples: int
) -> tuple[dict[tuple[str, str, str], Luck], float]:
    """What luck gives each index, as it adds to it, and the share of the variance of results that luck is."""
    whole = float(np.nanvar(values.mean(axis=1)))
    seen: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    parts = []
    each = contrasts(values)
    for luck in each:
        part = float(np.nanvar(luck)) / whole if whole > 0 else 0.0
        parts.append(min(1.0, part))
        for index in analysis.indices(points, luck, resamples):
            high = index.high if np.isfinite(index.high) else index.value
            if analysis.noise == "share":
                pair = (part * index.value, part * high)
            else:
                pair = (index.value, high)
            seen.setdefault(_key(index), []).append(pair)
    power = 2 if analysis.noise == "square" else 1
    found = {}
    for key, pairs in seen.items():
        mean, high = (np.abs(np.array(pairs)) ** power).sum(axis=0) / len(each)
        found[key] = Luck(float(mean ** (1 / power)), float(high ** (1 / power)))
    return found, float(np.mean(parts))


def _less(index: Index, luck: Luck, how: str, share: float) -> Index:
    """An index with an interval from what is left without luck up to what it is of all but luck."""
    if not (np.isfinite(index.low) and np.isfinite(index.high)):
        return index
    low, high = index.low, index.high
    if how == "square":
        low = float(np.sqrt(max(0.0, low) ** 2 - luck.high**2)) if low > luck.high else 0.0
    else:
        low -= luck.high
    if how == "share":
        high = _without(high, share)
    elif how == "add":
        low = max(0.0, low)
    return replace(index, low=min(low, index.value), high=high, told="yes" if low > 0 else "no")


def _shuffled(analysis: Analysis, points: Floats, mean: Floats, resamples: int) -> dict[str, Luck]:
    """What an index of any factor is where results stand in random order."""
    rng = np.random.default_rng(analysis.seed)
    whole = np.isfinite(mean)
    drawn: dict[str, list[float]] = {}
    for _ in range(SHUFFLES):
        mixed = mean.copy()
        mixed[whole] = rng.permutation(mean[whole])
        for index in analysis.indices(points, mixed, resamples):
            drawn.setdefault(index.name, []).append(index.value)
    return {
        name: Luck(float(np.mean(values)), float(max(max(values), np.mean(values) + FAR * np.std(values))))
        for name, values in drawn.items()
    }


def _moved(analysis: Analysis, points: Floats, values: Floats) -> dict[tuple[str, str, str], list[float]]:
    """What each index becomes with as much luck again as the mean over seeds holds, added and taken away."""
    mean = values.mean(axis=1)
    found: dict[tuple[str, str, str], list[float]] = {}
    for luck in contrasts(values):
        for other in (mean + luck, mean - luck):
            for index in analysis.indices(points, other, 2):
                found.setdefault(_key(index), []).append(index.value)
    return found


def _wider(index: Index, moved: Sequence[float], share: float) -> Index:
    """An index whose interval has the spread that luck gives, up to what it is of all but luck."""
    if not (moved and np.isfinite(index.low) and np.isfinite(index.high)):
        return index
    luck = Z95 * float(np.std(moved))
    low, high = (
        index.value + side * float(np.hypot(index.value - end, luck))
        for side, end in ((-1, index.low), (1, index.high))
    )
    return replace(index, low=low, high=_without(high, share))


def _without(high: float, share: float) -> float:
    """The upper end of a share of a variance, of what is left of that without luck; never lower."""
    return max(high, min(1.0, high / (1 - share) if share < 1 else 1.0))


def _from_shuffled(index: Index, drawn: dict[str, Luck]) -> Index:
    """An index with whether it lies beyond what random order gives; down to 0 where it does not."""
    if not (np.isfinite(index.low) and np.isfinite(index.high)):
        return index
    luck = drawn.get(index.name, Luck(0.0, 0.0))
    told = index.value > luck.high and index.low > max(0.0, luck.mean)
    return replace(index, low=index.low if told else min(0.0, index.low), told="yes" if told else "no")
