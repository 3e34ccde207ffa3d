"""How many there are, from who was seen when: the estimators that studies of online markets use, and survival from first to last seen.

Each of the estimators of number takes ``seen`` (T, U), True where one of U units was seen on an occasion, and returns nan where it has no value.
"""

from __future__ import annotations

import numpy as np


def counted(seen: np.ndarray) -> float:
    """Units seen at least once.

    Examples
    --------
    >>> counted(np.array([[True, False], [True, False]]))
    1.0
    """
    return float(np.count_nonzero(seen.any(axis=0)))


def lincoln_petersen(seen: np.ndarray) -> float:
    """Chapman's form of Lincoln and Petersen's estimate, from the first half of the occasions and the second.

    Chapman D.G. (1951) Some properties of the hypergeometric distribution with applications to zoological sample censuses.
    """
    half = len(seen) // 2
    if half == 0:
        return float("nan")
    first, second = seen[:half].any(axis=0), seen[half:].any(axis=0)
    both = np.count_nonzero(first & second)
    return float((first.sum() + 1) * (second.sum() + 1) / (both + 1) - 1)


def schnabel(seen: np.ndarray) -> float:
    """Schnabel's estimate for a population that stays the same: marks at large times captures, over recaptures.

    Schnabel Z.E. (1938) The estimation of the total fish population of a lake. American Mathematical Monthly 45: 348-352.
    """
    marked = _before(seen)
    recaptured = np.count_nonzero(seen & marked)
    return float((seen.sum(axis=1) * marked.sum(axis=1)).sum() / recaptured) if recaptured else float("nan")


def chao(seen: np.ndarray) -> float:
    """Chao's lower bound, which allows for units that are harder to see than others: from those seen once and twice.

    Chao A. (1987) Estimating the population size for capture-recapture data with unequal catchability. Biometrics 43: 783-791; bias-corrected form.
    """
    times = seen.sum(axis=0)
    once, twice = np.count_nonzero(times == 1), np.count_nonzero(times == 2)
    few = (len(seen) - 1) / len(seen) if len(seen) else 0.0
    return counted(seen) + few * once * (once - 1) / (2.0 * (twice + 1))


def jolly_seber(seen: np.ndarray) -> float:
    """Jolly and Seber's estimate for units that come and go: mean over the occasions that have one before and one after.

    Jolly G.M. (1965) Explicit estimates from capture-recapture data with both death and immigration. Biometrika 52: 225-247. Seber G.A.F. (1965) A note on the
    multiple-recapture census. Biometrika 52: 249-259.
    """
    before, after = _before(seen), _before(seen[::-1])[::-1]
    caught, recaught = seen.sum(axis=1), (seen & before).sum(axis=1)
    missed, again = (~seen & before & after).sum(axis=1), (seen & after).sum(axis=1)
    inner = np.arange(len(seen))[1:-1]
    inner = inner[(again[inner] > 0) & (recaught[inner] > 0)]
    if not len(inner):
        return float("nan")
    marks = recaught[inner] + caught[inner] * missed[inner] / again[inner]
    return float((marks * caught[inner] / recaught[inner]).mean())


def _before(seen: np.ndarray) -> np.ndarray:
    """(T, U) whether a unit was seen on an earlier occasion."""
    found = np.zeros_like(seen)
    if len(seen) > 1:
        found[1:] = np.logical_or.accumulate(seen, axis=0)[:-1]
    return found


def survival(days: np.ndarray, ended: np.ndarray, at: float) -> float:
    """Kaplan and Meier's share of those who last longer than ``at`` days; nan for nobody.

    Parameters
    ----------
    days
        (n,) days that each was there, or so far.
    ended
        (n,) whether that was the end; False for those who were still there.

    Examples
    --------
    >>> float(survival(np.array([5, 10, 30]), np.array([True, True, False]), 20))
    0.3333333333333333
    """
    if not len(days):
        return float("nan")
    order = np.argsort(days, kind="stable")
    t, died = np.asarray(days)[order], np.asarray(ended)[order]
    times, first = np.unique(t, return_index=True)
    at_risk = len(t) - first
    deaths = np.add.reduceat(died.astype(float), first)
    return float(np.prod(1.0 - deaths[times <= at] / at_risk[times <= at]))
