"""Life: how likely people of an age and sex are to die of other causes than use, and how old those are who use.

The table is a period life table of the United States [us-life-table]; between the ages of the table the logarithm is straight.
"""

from __future__ import annotations

import numpy as np

from sim.agents.codes import Sex
from sim.agents.consumers import ADULT

AT = np.array([18, 20, 30, 40, 50, 60, 70, 80, 90, 100])
"""Ages of the table."""
DIE = {
    Sex.MALE: (843, 1118, 1419, 2234, 5347, 11046, 24488, 61620, 168352, 353765),
    Sex.FEMALE: (347, 402, 662, 1345, 3289, 6696, 16440, 43899, 131146, 299455),
}
"""Of a million people of these ages, how many die within a year."""
LOG_HAZARD = np.log(-np.log1p(-np.array([DIE[sex] for sex in Sex]) / 1_000_000))
OLDEST = 110
YEARS = np.arange(ADULT, OLDEST + 1)
TRIES = 12
"""Draws after which somebody is as old as the last one says, however unlikely it is to live so long."""


def hazard(age: np.ndarray, sex: np.ndarray) -> np.ndarray:
    """Deaths a year of other causes, by years of age and code of sex."""
    return np.exp(np.where(sex == Sex.MALE, *(np.interp(age, AT, LOG_HAZARD[s]) for s in Sex)))


REACHED = np.array([np.cumsum(hazard(YEARS - 1, np.full(len(YEARS), s))) for s in Sex])
"""What of that somebody has run since childhood by each of the `YEARS`."""


def survival(start: np.ndarray, end: np.ndarray, sex: np.ndarray) -> np.ndarray:
    """Chance of somebody of age ``start`` to live until age ``end``."""
    male, female = (np.interp(end, YEARS, REACHED[s]) - np.interp(start, YEARS, REACHED[s]) for s in Sex)
    return np.exp(-np.where(sex == Sex.MALE, male, female))


def ages(u: np.ndarray, stay: np.ndarray, sex: np.ndarray, newcomers: bool) -> np.ndarray:
    """Years of age of people who take up use from 18 on at a rate of 1 / ``stay`` a year, and stay for as long on average.

    Newcomers are 18 + Exp(stay) years old; those who are there, 18 + Gamma(2, stay), less those who would have died by then.

    Parameters
    ----------
    u
        (TRIES, 3, people) uniform numbers.
    stay
        (people,) years.
    sex
        (people,) codes.
    newcomers
        Whether they begin today.
    """
    begins = ADULT - stay * np.log(u[0, 0])
    found = begins.copy()
    if newcomers:
        return np.minimum(found, OLDEST)
    open_ = np.arange(len(stay))
    for first, since, lived in u:
        start = ADULT - stay[open_] * np.log(first[open_])
        now = start - stay[open_] * np.log(since[open_])
        found[open_] = now
        open_ = open_[lived[open_] >= survival(start, now, sex[open_])]
    return np.minimum(found, OLDEST)
