"""Life: how likely people of an age and sex are to die of other causes than use, and how old those are who use.

The table is a period life table of the United States [us-life-table]; between the ages of the table the logarithm is straight.
"""

from __future__ import annotations

import math

import numpy as np

from sim.agents.codes import Sex
from sim.agents.consumers import ADULT
from sim.kernels import inner, kernel

AT = np.array([18, 20, 30, 40, 50, 60, 70, 80, 90, 100]).astype(np.float64)
"""Ages of the table."""
DIE = {
    Sex.MALE: (843, 1118, 1419, 2234, 5347, 11046, 24488, 61620, 168352, 353765),
    Sex.FEMALE: (347, 402, 662, 1345, 3289, 6696, 16440, 43899, 131146, 299455),
}
"""Of a million people of these ages, how many die within a year."""
LOG_HAZARD = np.log(-np.log1p(-np.array([DIE[sex] for sex in Sex]) / 1_000_000))
HIGHEST = float(np.exp(LOG_HAZARD.max()))
"""No age and sex has a higher one."""
OLDEST = 110
YEARS = np.arange(ADULT, OLDEST + 1.0)


REACHED = np.array([np.cumsum(np.exp(np.interp(YEARS - 1.0, AT, LOG_HAZARD[s]))) for s in Sex])
"""What of their hazard people of each sex have run since childhood by each of the `YEARS`."""


@inner
def between(x: float, xs: np.ndarray, ys: np.ndarray) -> float:
    """The value at ``x`` on straight lines between the points (``xs``, ``ys``), level beyond them."""
    k = np.searchsorted(xs, x, side="right") - 1
    if k < 0:
        return ys[0]
    if k >= len(xs) - 1:
        return ys[-1]
    return (ys[k + 1] - ys[k]) / (xs[k + 1] - xs[k]) * (x - xs[k]) + ys[k]


@kernel
def hazard(age: float, sex: int) -> float:
    """Deaths a year of other causes, by years of age and code of sex."""
    return math.exp(between(age, AT, LOG_HAZARD[sex]))


@kernel
def survival(start: float, end: float, sex: int) -> float:
    """Chance of somebody of age ``start`` to live until age ``end``."""
    return math.exp(between(start, YEARS, REACHED[sex]) - between(end, YEARS, REACHED[sex]))
