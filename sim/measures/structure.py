"""Market structure: concentration of vendors and platforms in published forms."""

import numpy as np


def gini(values: np.ndarray) -> float:
    """Gini coefficient of non-negative values; 0 for none.

    Examples
    --------
    >>> gini(np.array([1.0, 1.0, 1.0]))
    0.0
    """
    return gini_of_sorted(np.sort(np.asarray(values, float)))


def gini_of_sorted(x: np.ndarray) -> float:
    """The same of values in ascending order."""
    n, total = len(x), x.sum()
    if n == 0 or total <= 0:
        return 0.0
    return max(0.0, float(2.0 * (np.arange(1, n + 1) * x).sum() / (n * total) - (n + 1) / n))


def top_share(values: np.ndarray, share: float = 0.01) -> float:
    """Share of the total that the largest ``share`` of values (at least one) have."""
    return top_share_of_sorted(np.sort(np.asarray(values, float)), share)


def top_share_of_sorted(ascending: np.ndarray, share: float = 0.01) -> float:
    """The same of values in ascending order."""
    x = ascending[::-1]
    total = x.sum()
    if len(x) == 0 or total <= 0:
        return 0.0
    return float(x[: max(1, round(share * len(x)))].sum() / total)


def herfindahl(values: np.ndarray) -> float:
    """Herfindahl-Hirschman index of non-negative values, 1 for a monopoly; 0 for none."""
    x = np.asarray(values, float)
    total = np.add.reduce(x)
    return float(np.add.reduce((x / total) ** 2)) if total > 0 else 0.0
