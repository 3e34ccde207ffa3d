"""Numbers of findings as people read them: as in `sim.measures.numbers`, but with three digits that count, since no more are known of a mean over runs.

Whole numbers below a million are given in full: they may be counts of a single run.
"""

from __future__ import annotations

import math

from sim.measures import numbers as exact
from sim.measures.numbers import NOTHING, percent

LARGE, IN_FULL = 1000, 1_000_000
__all__ = ["NOTHING", "effect", "interval", "level", "percent"]


def level(value: float, unit: str) -> str:
    """Write a level in its unit: ``12.3 %`` for a share, ``$4.21 m`` for money, ``486,000`` for a mean count."""
    if unit == "share" or not math.isfinite(value) or abs(value) < LARGE:
        return exact.level(value, unit)
    return f"{'-' if value < 0 else ''}{_large(abs(value), unit)}"


def effect(value: float, unit: str) -> str:
    """Write a difference in its unit, with its sign; shares differ by percentage points."""
    if unit == "share" or not math.isfinite(value) or abs(value) < LARGE:
        return exact.effect(value, unit)
    return f"{'+' if value > 0 else '-'}{_large(abs(value), unit)}"


def interval(low: float, high: float, unit: str) -> str:
    """Write an interval of differences; empty where there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return NOTHING
    return f"{effect(low, unit)} to {effect(high, unit)}"


def _large(size: float, unit: str) -> str:
    """A size of a thousand or more with three digits that count."""
    text = f"{size:,.0f}" if size < IN_FULL and size == int(size) else _three(size)
    return f"${text}" if unit == "USD" else f"{text} days" if unit == "days" else text


def _three(size: float) -> str:
    rounded = float(f"{size:.3g}")
    for one, word in ((1e9, " bn"), (1e6, " m")):
        if rounded >= one:
            share = rounded / one
            return f"{share:,.{0 if share >= 100 else 1 if share >= 10 else 2}f}{word}"
    return f"{rounded:,.0f}"
