"""Which of many parameters move targets: one design over all of them, and how far each target goes with each, straight or bent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CLEAR = 4.0
"""Standard errors from which on a parameter is said to move a target."""
FEWEST = 30


class Moved(NamedTuple):
    """What a parameter moves.

    Attributes
    ----------
    axis
        Its place.
    strength
        Share of the variance that it explains, summed over targets, what luck would give taken off.
    clearest, target
        How clear the clearest of it is, in standard errors, and which target that is (its place).
    targets
        Targets that it moves clearly.
    """

    axis: int
    strength: float
    clearest: float
    target: int
    targets: int


def screened(places: Floats, values: Floats) -> list[Moved]:
    """What every axis moves, the strongest first.

    Parameters
    ----------
    places
        Points in the unit cube (rows).
    values
        Targets there (columns); NaN where there is none. Ranks are what counts.
    """
    from scipy.stats import rankdata

    squares, z = [], []
    for column in values.T:
        known = np.isfinite(column)
        y = rankdata(column[known])
        if known.sum() < FEWEST or y.std() == 0:
            squares.append(np.zeros(places.shape[1]))
            z.append(np.zeros(places.shape[1]))
            continue
        straight = _correlation(places[known], y)
        bent = _correlation((places[known] - 0.5) ** 2, y)
        count = len(y)
        squares.append(np.maximum(straight**2 + bent**2 - 2 / count, 0.0))
        z.append(np.maximum(np.abs(straight), np.abs(bent)) * np.sqrt(count))
    squares, z = np.array(squares), np.array(z)
    rows = [
        Moved(k, float(squares[:, k].sum()), float(z[:, k].max()), int(z[:, k].argmax()), int((z[:, k] >= CLEAR).sum()))
        for k in range(places.shape[1])
    ]
    return sorted(rows, key=lambda row: (-(row.targets > 0), -row.strength, row.axis))


def _correlation(x: Floats, y: Floats) -> Floats:
    x = x - x.mean(axis=0)
    y = y - y.mean()
    scale = np.sqrt((x**2).sum(axis=0) * (y**2).sum())
    return (x.T @ y) / np.where(scale > 0, scale, 1.0)


def picked(rows: Sequence[Moved], fewest: int, most: int) -> list[int]:
    """The axes to calibrate: all that clearly move a target, the strongest first, at least and at most so many."""
    clear = sum(row.targets > 0 for row in rows)
    return [row.axis for row in rows[: min(most, max(fewest, clear))]]
