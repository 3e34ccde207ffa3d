"""Numbers as people read them: units, signs, percentages."""

from __future__ import annotations

import math
from decimal import Decimal

NOTHING = "-"


def level(value: float, unit: str) -> str:
    """Write a level in its unit: ``12.3 %`` for a share, ``$4.21 m`` for money, ``1,234`` for a count."""
    if not math.isfinite(value):
        return NOTHING
    if unit == "share":
        return f"{_short(100 * value)} %"
    if unit == "USD":
        return f"{'-' if value < 0 else ''}${_short(abs(value))}"
    return f"{_short(value)} days" if unit == "days" else _short(value)


def effect(value: float, unit: str) -> str:
    """Write a difference in its unit, with its sign; shares differ by percentage points."""
    if not math.isfinite(value):
        return NOTHING
    sign = "+" if value > 0 else "-" if value < 0 else ""
    size = abs(value)
    if unit == "share":
        return f"{sign}{_short(100 * size)} pp"
    if unit == "USD":
        return f"{sign}${_short(size)}"
    return f"{sign}{_short(size)} days" if unit == "days" else f"{sign}{_short(size)}"


def percent(value: float) -> str:
    """Write a change in per cent of the baseline, with its sign."""
    if not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0 %"
    size = abs(value)
    if size < 0.005:
        return "~0 %"
    digits = 0 if size >= 99.5 else 1 if size >= 0.995 else 2
    return f"{'+' if value > 0 else '-'}{size:,.{digits}f} %"


def interval(low: float, high: float, unit: str) -> str:
    """Write an interval of differences; empty where there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return NOTHING
    return f"{effect(low, unit)} to {effect(high, unit)}"


def _short(value: float) -> str:
    """Write a number with about three significant digits, millions as such, whole numbers without decimals, small ones without an exponent."""
    size = abs(value)
    if size >= 999_950_000:
        return f"{value / 1e9:,.2f} bn"
    if size >= 999_950:
        return f"{value / 1e6:,.2f} m"
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    if size >= 1:
        return f"{value:.2f}"
    if size >= 0.01:
        return f"{value:.3f}"
    text = f"{value:.2g}"
    return f"{Decimal(text):f}" if size >= 1e-7 else text
