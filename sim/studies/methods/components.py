"""Two kinds of doubt about an effect, told apart: the luck of the draw, and what is not known about the parameters.

Pairs of runs are made in several parameter sets, some in each with other seeds. Their differences within a set are luck alone; the means of sets
differ by luck and by the parameters. A one-way analysis of variance with random effects splits the variance (Searle, Casella and McCulloch 1992,
Variance Components, chapter 3). The total interval is for the effect in one parameter set, of which nobody knows which it is: it gets no narrower
than the sets lie apart, however many are run (Higgins, Thompson and Spiegelhalter 2009, doi:10.1111/j.1467-985X.2008.00552.x, who call it a
prediction interval), and takes into account that variances of few sets are hardly known, by drawing them from their confidence distributions
(Nagashima, Noma and Furukawa 2019, doi:10.1177/0962280218773520, who do so in a meta-analysis).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEVEL = 0.95
DRAWS = 1_024
"""Draws of both variances from their confidence distributions; a power of two, as Sobol points want it."""
MOSTLY_CHANCE, MOSTLY_PARAMETERS = "mostly chance", "mostly what is not known about the parameters"
MOSTLY = 2 / 3
"""Share of the variance from which doubt is mostly of one kind."""
TOTAL = f"chance and parameters, {LEVEL:.0%}".replace("%", " %")
"""The kind of the total interval, as tables name it."""
HOW_APART = (
    "Intervals: chance (how far the mean effect moves when the same parameter sets are run again with other random numbers), parameters (where the effect "
    "lies in 95 of 100 parameter sets), and both together, which decides what is a finding: an analysis of variance with random effects, the total as the "
    "interval of the effect in one parameter set of which nobody knows which it is. Ranks and costs count each set once."
)
SET = "parameter_set"
"""Column of tables of runs: the parameter set that a run was made in."""
COLUMNS = ("chance_low", "chance_high", "parameters_low", "parameters_high", "parameter_share", "sets", "sets_same_sign", "p")  # fmt: skip
"""What a table of effects has besides, where the kinds of doubt are apart."""


class Doubt(NamedTuple):
    """An effect with its doubt, by kind; intervals are NaN where there are no two pairs in any set.

    Attributes
    ----------
    mean, low, high
        Mean over pairs, and the total interval: both kinds together.
    chance_low, chance_high
        How far the mean may move when the same sets are run again with other random numbers.
    parameters_low, parameters_high
        Where the effect lies in 95 of 100 parameter sets, but for luck.
    parameter_share
        Share of the variance behind the total interval that is due to parameters; NaN where there is none.
    sets, sets_same_sign
        Parameter sets, and the share of them in which the effect, without its luck, has the sign of the mean.
    p
        The p value that the total interval stands for.
    """

    mean: float
    low: float
    high: float
    chance_low: float
    chance_high: float
    parameters_low: float
    parameters_high: float
    parameter_share: float
    sets: int
    sets_same_sign: float
    p: float


def doubt(differences: Floats, sets: NDArray[np.int64]) -> Doubt:
    """Split the doubt about a mean difference.

    Parameters
    ----------
    differences
        Paired differences; those that are not finite are left out.
    sets
        The parameter set of each.
    """
    there = np.isfinite(differences)
    values, of = differences[there], np.unique(sets[there], return_inverse=True)[1]
    sizes = np.bincount(of).astype(float)
    n, k = values.size, sizes.size
    mean = float(values.mean()) if n else np.nan
    if n == k:
        none = np.nan
        return Doubt(mean, none, none, none, none, none, none, none, k, none, none)
    means = np.bincount(of, values) / sizes
    inside, between = float(((values - means[of]) ** 2).sum()), float((sizes * (means - mean) ** 2).sum())
    tiny = (1e-12 * float(np.abs(values).max())) ** 2  # the rounding of sums is no spread
    inside, between = (part if part > n * tiny else 0.0 for part in (inside, between))
    luck = inside / (n - k)
    each = (n - float((sizes**2).sum()) / n) / (k - 1) if k > 1 else 1.0  # runs of a set, were all alike
    apart = max(0.0, between / (k - 1) - luck) / each if k > 1 else 0.0
    chance, p_chance = _t(mean, float(np.sqrt(luck / n)), n - k)
    total, p_total = _total(mean, inside, between, (n, k, each)) if k > 1 else (chance, p_chance)
    total, p_total = max(total, chance), max(p_total, p_chance)
    spread = 1.96 * float(np.sqrt(apart))
    whole = apart * (1 + float((sizes**2).sum()) / n**2) + luck / n
    shrunk = mean + np.sqrt(apart / (apart + luck / sizes) if apart > 0 else np.zeros(k)) * (means - mean)
    same = float(np.mean(np.sign(shrunk) == np.sign(mean)))
    ends = (mean - total, mean + total, mean - chance, mean + chance, mean - spread, mean + spread)
    return Doubt(
        mean, *ends, apart * (1 + float((sizes**2).sum()) / n**2) / whole if whole > 0 else np.nan, k, same, p_total
    )


def _t(mean: float, error: float, degrees: int) -> tuple[float, float]:
    """Half the width of Student's interval, and the p value of the mean being zero."""
    from scipy.stats import t

    p = 2 * float(t.sf(abs(mean) / error, degrees)) if error > 0 else float(mean == 0)
    return float(t.ppf((1 + LEVEL) / 2, degrees)) * error, p


@lru_cache(maxsize=64)
def _drawn(between: int, inside: int) -> tuple[Floats, Floats]:
    """Chi-squared numbers of both sums of squares, the same for all effects."""
    from scipy.stats import chi2, qmc

    places = qmc.Sobol(2, rng=np.random.default_rng(1)).random(DRAWS)
    return chi2.ppf(places[:, 0], between), chi2.ppf(places[:, 1], inside)


def _total(mean: float, inside: float, between: float, counts: tuple[int, int, float]) -> tuple[float, float]:
    """Half the width of the interval of the effect in one parameter set, and the p value of its being zero."""
    from scipy.optimize import brentq
    from scipy.special import ndtr

    n, k, each = counts
    of_between, of_inside = _drawn(k - 1, n - k)
    luck = inside / of_inside
    both = np.maximum(between / of_between, luck)
    spread = np.sqrt((both - luck) / each + both / n)
    if not spread.any():
        return 0.0, float(mean == 0)
    beyond = lambda half: float(2 * ndtr(-half / spread).mean())  # noqa: E731 - a share of draws, of one argument
    found: Any = brentq(lambda half: beyond(half) - (1 - LEVEL), 0.0, 50.0 * float(spread.max()))
    return float(found), beyond(abs(mean))


def in_words(share: float) -> str:
    """Which kind of doubt is the larger, from the share of the variance that is due to parameters."""
    if not np.isfinite(share):
        return "none seen"
    if share >= MOSTLY:
        return MOSTLY_PARAMETERS
    return MOSTLY_CHANCE if share <= 1 - MOSTLY else "chance and parameters alike"
