"""Drawing: by weight, by utility."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from math import exp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def draw[T](rng: np.random.Generator, options: Sequence[T], weights: Sequence[float]) -> T:
    """One of the options, with probability in proportion to its weight."""
    cumulative = list(accumulate(weights))
    place = bisect_left(cumulative, rng.random() * cumulative[-1])
    return options[min(place, len(options) - 1)]


def draw_logit[T](rng: np.random.Generator, utilities: dict[T, float]) -> T:
    """One of the options, with probability in proportion to exp(utility)."""
    top = max(utilities.values())
    return draw(rng, list(utilities), [exp(u - top) for u in utilities.values()])


def logistic(x: float) -> float:
    """1 / (1 + e^-x)."""
    return 1.0 / (1.0 + exp(-x)) if x > -700 else 0.0
