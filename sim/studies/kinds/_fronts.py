"""Undominated rows, and rows that lie far from each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def undominated(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows no other row beats in one column without being beaten in another; less is better."""
    better = (values[:, None, :] <= values[None, :, :]).all(axis=2) & (values[:, None, :] < values[None, :, :]).any(
        axis=2
    )
    return ~better.any(axis=0)


def spread(values: NDArray[np.float64], most: int) -> list[int]:
    """Rows that lie far from each other: the best of each column, then always the one farthest from those chosen."""
    scaled = (values - values.min(axis=0)) / np.maximum(np.ptp(values, axis=0), 1e-300)
    chosen = list(dict.fromkeys(int(k) for k in scaled.argmin(axis=0)))[:most]
    while len(chosen) < min(most, len(values)):
        distance = np.min([((scaled - scaled[k]) ** 2).sum(axis=1) for k in chosen], axis=0)
        distance[chosen] = -1.0
        chosen.append(int(distance.argmax()))
    return sorted(chosen)
