"""Adding up in the order in which NumPy does, so that a kernel in place of its calls moves no bit of a sum."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.kernels import inner

LANES = 8
"""Sums that NumPy keeps side by side."""
LONGEST = 128
"""Numbers that NumPy adds up so; longer rows it halves first, and kernels leave them to it."""


@inner
def added_up(x: np.ndarray) -> Any:
    """The sum of a row of at most `LONGEST` numbers, to the bit that of ``x.sum()``."""
    n, whole = len(x), len(x) - len(x) % LANES
    if whole == 0:
        total = x[0] if n > 0 else x.dtype.type(0)
        for i in range(1, n):
            total += x[i]
        return total
    a, b, c, d, e, f, g, h = x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
    for i in range(LANES, whole, LANES):
        a, b, c, d = a + x[i], b + x[i + 1], c + x[i + 2], d + x[i + 3]
        e, f, g, h = e + x[i + 4], f + x[i + 5], g + x[i + 6], h + x[i + 7]
    total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for i in range(whole, n):
        total += x[i]
    return total
