"""Many effects looked at together: the p value that an interval stands for, and what is left of it for as many as were looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim.studies.runs.effects import LEVEL, quantile

Row = Mapping[str, Any]
"""An effect, as `sim.studies.runs.effects.paired_effects` gives it."""

FEW_PAIRS = 6
"""Pairs of runs below which a reader is warned: a single odd one decides."""


def pairs_of(row: Row) -> int:
    """Pairs in which both runs have a value."""
    return int(row["n"] if "n" in row else row["runs"])


def p_values(rows: Sequence[Row]) -> list[float]:
    """The p value that each interval stands for, from its half on the side of zero: below 5 % where it leaves zero out.

    Where all pairs differ by the same, its half is zero: few pairs (below `FEW_PAIRS`) may agree by chance, as often as their signs would (2^(1 - n)).
    """
    from scipy.special import stdtr

    if not rows:
        return []
    mean, low, high = (np.array([row[name] for row in rows], dtype=float) for name in ("mean", "low", "high"))
    n = np.array([pairs_of(row) for row in rows])
    half = np.where(mean > 0, mean - low, high - mean)
    quantiles = np.array([quantile(LEVEL, count) for count in n])
    far = np.divide(np.abs(mean) * quantiles, half, out=np.zeros_like(mean), where=half > 0)
    p = 2 * stdtr(np.maximum(n - 1, 1), -far)
    p = np.where((mean == 0) | (n < 2), 1.0, np.where(half <= 0, np.where(n < FEW_PAIRS, 0.5 ** (n - 1.0), 0.0), p))
    known = np.array([row.get("p", np.nan) for row in rows], dtype=float)  # of chance and parameters together
    return [float(value) for value in np.where(np.isfinite(known), known, p)]


def corrected(values: Sequence[float]) -> list[float]:
    """The p values for as many tests as were made, after Benjamini and Hochberg."""
    p = np.array(values, dtype=float)
    falling = np.argsort(p)[::-1]
    p[falling] = np.minimum.accumulate(p[falling] * (p.size / np.arange(p.size, 0, -1)))
    return [float(value) for value in np.minimum(p, 1.0)]


def told_all(rows: Sequence[Row]) -> list[bool]:
    """Which differences are told from zero so that all of them together hold in 95 of 100 cases, however they hang together.

    Holm 1979, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 65-70.

    Parameters
    ----------
    rows
        mean, low, high (as of Student's t), and n or runs of each.
    """
    p = np.array(p_values(rows), dtype=float)
    rising = np.argsort(p, kind="stable")
    p[rising] = np.maximum.accumulate(p[rising] * np.arange(p.size, 0, -1))
    return [bool(value <= 1 - LEVEL) for value in p]
