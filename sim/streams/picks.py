"""Picks: one of several, drawn by cumulative weights."""

from __future__ import annotations

import numpy as np

from sim.kernels import inner


@inner
def picked(cumulative: np.ndarray, u: float) -> int:
    """Index drawn by cumulative weights."""
    return min(np.searchsorted(cumulative, u * cumulative[-1], side="right"), len(cumulative) - 1)


def pick(cumulative: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Indices drawn by cumulative weights."""
    return np.minimum(np.searchsorted(cumulative, u * cumulative[-1], side="right"), len(cumulative) - 1)
