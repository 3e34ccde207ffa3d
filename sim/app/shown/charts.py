"""Small pictures as inline SVG, as wide as there is room: effects with intervals, days of a run, cost against effect. No colour tells what no mark tells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from sim.studies.findings import numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame

SMOOTHING_DAYS = 7
MOST_POINTS = 180
LOW, HIGH = 0.10, 0.90
DASHES = ("", "7 3", "2 3", "9 3 2 3")
"""Dashes of the packages, so that a print in grey tells their lines apart."""
WIDTH, LETTER = 480.0, 7.4
"""Width of the plane of cost and effect, and room that a bold letter of its names takes."""
MINUS = "\u2212"
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Band:
    """An outcome over the days of a run: the middle of the runs, and where most of them are.

    Attributes
    ----------
    days
        Days, from day 0 on.
    low, middle, high
        Lower end, median and upper end over runs, of a moving mean.
    mean
        Mean over days and runs, not smoothed.
    """

    days: NDArray[np.float64]
    low: NDArray[np.float64]
    middle: NDArray[np.float64]
    high: NDArray[np.float64]
    mean: float


def band_of(daily: DataFrame, label: str, name: str) -> Band:
    """An outcome of a scenario over time.

    Parameters
    ----------
    daily
        A row a day and run: scenario, seed, day and outcomes.
    label, name
        Which scenario and outcome.
    """
    runs = daily[daily["scenario"] == label].pivot(index="day", columns="seed", values=name)
    smooth = runs.rolling(SMOOTHING_DAYS, center=True, min_periods=1).mean().to_numpy(dtype=float)
    low, middle, high = np.nan_to_num(np.quantile(smooth, (LOW, 0.5, HIGH), axis=1))
    thin = slice(None, None, max(1, len(runs) // MOST_POINTS))
    mean = float(np.nan_to_num(runs.to_numpy(dtype=float)).mean())
    return Band(runs.index.to_numpy(dtype=float)[thin], low[thin], middle[thin], high[thin], mean)


def axis_limit(percents: Sequence[float], clear: Sequence[bool]) -> float:
    """Half width of an axis in per cent: most of what is told fits, a few very large effects do not decide."""
    sizes = [abs(each) for each, told in zip(percents, clear, strict=True) if told and math.isfinite(each)]
    sizes = sizes or [abs(each) for each in percents if math.isfinite(each)]
    wanted = 1.6 * float(np.quantile(sizes, 0.85)) if sizes else 5.0
    return next((step for step in STEPS if step >= wanted), STEPS[-1])


def whisker(mean: float, low: float, high: float, limit: float, look: str, text: str) -> str:
    """An effect and its interval on an axis from ``-limit`` to ``limit``.

    Parameters
    ----------
    mean, low, high, limit
        In per cent; ends that are NaN are left out, what lies beyond the axis is an arrow.
    look
        ``better``, ``worse``, ``other`` or ``unclear``: class and mark.
    text
        What it says to whoever does not see it.
    """

    def across(value: float) -> float:
        return 4 + 192 * (min(max(value, -limit), limit) + limit) / (2 * limit)

    parts = ['<line class="zero" x1="100" x2="100" y1="0" y2="22"/>']
    if math.isfinite(low) and math.isfinite(high) and max(low, -limit) < min(high, limit):
        parts.append(f'<line class="span" x1="{across(low):.1f}" x2="{across(high):.1f}" y1="11" y2="11"/>')
    x = across(mean) if math.isfinite(mean) else 100.0
    if math.isfinite(mean) and abs(mean) > limit:
        way = -1 if mean < 0 else 1
        parts.append(f'<path class="mark" d="M{x + 4 * way:.1f} 11l{-9 * way} -5v10z"/>')
    elif math.isfinite(mean):
        marks = {
            "better": f'<circle class="mark" cx="{x:.1f}" cy="11" r="4.5"/>',
            "worse": f'<path class="mark" d="M{x:.1f} 5l6 6l-6 6l-6 -6z"/>',
            "other": f'<rect class="mark" x="{x - 4:.1f}" y="7" width="8" height="8"/>',
            "unclear": f'<circle class="mark" cx="{x:.1f}" cy="11" r="4"/>',
        }
        parts.append(marks[look])
    return f'<svg class="whisker {look}" viewBox="0 0 200 22" role="img" aria-label="{escape(text)}">{"".join(parts)}</svg>'


def days_picture(
    bands: Mapping[str, Band],
    baseline: str,
    starts: Mapping[str, Sequence[int]],
    text: str,
    day_words: str,
    until: int = 0,
) -> str:
    """An outcome over the days of the run: grey dashes for the baseline, a line and a band for each package.

    Parameters
    ----------
    bands
        The outcome by scenario, the baseline first.
    baseline
        Its label.
    starts
        Days on which interventions of a package begin.
    text
        What it says to whoever does not see it.
    day_words
        The word under the axis.
    until
        Days that the axis holds, where they are more than have come.
    """
    left, right, top, bottom = 46.0, 314.0, 8.0, 138.0
    last = max((float(band.days[-1]) for band in bands.values() if band.days.size), default=1.0) or 1.0
    last = max(last, float(until - 1))
    most = max((float(band.high.max()) for band in bands.values() if band.high.size), default=0.0) or 1.0
    ticks = _ticks(most)
    most = max(most, ticks[-1]) * 1.02

    def x(day: float) -> float:
        return left + (right - left) * day / last

    def y(value: float) -> float:
        return bottom - (bottom - top) * value / most

    parts = [
        f'<line class="guide" x1="{left}" x2="{right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        f'<text class="tick" x="{left - 5}" y="{y(tick) + 3.5:.1f}" text-anchor="end">{numbers.level(tick, "")}</text>'
        for tick in ticks
    ]
    for day, anchor in ((0.0, "start"), (last / 2, "middle"), (last, "end")):
        parts.append(
            f'<text class="tick" x="{x(day):.1f}" y="{bottom + 13}" text-anchor="{anchor}">{day_words} {day:,.0f}</text>'
        )
    for place, (label, band) in enumerate(bands.items()):
        look = "base" if label == baseline else f"s{place}"
        dash = "4 3" if label == baseline else DASHES[(place - 1) % len(DASHES)]
        parts += [
            f'<line class="start s{place}" x1="{x(day):.1f}" x2="{x(day):.1f}" y1="{top}" y2="{bottom}"/>'
            for day in sorted(set(starts.get(label, ())))
            if 0 <= day < last
        ]
        forth = [f"{x(day):.1f},{y(value):.1f}" for day, value in zip(band.days, band.high, strict=True)]
        back = [f"{x(day):.1f},{y(value):.1f}" for day, value in zip(band.days[::-1], band.low[::-1], strict=True)]
        line = " ".join(f"{x(day):.1f},{y(value):.1f}" for day, value in zip(band.days, band.middle, strict=True))
        parts.append(f'<polygon class="band {look}" points="{" ".join((*forth, *back))}"/>')
        parts.append(f'<polyline class="line {look}" stroke-dasharray="{dash}" points="{line}"/>')
    return f'<svg class="days" viewBox="0 0 320 156" role="img" aria-label="{escape(text)}">{"".join(parts)}</svg>'


def key(look: str, dash: str) -> str:
    """A piece of a line, for the words that say which line is which."""
    line = f'<line class="line {look}" stroke-dasharray="{dash}" x1="0" x2="28" y1="4" y2="4"/>'
    return f'<svg class="key" viewBox="0 0 28 8" aria-hidden="true">{line}</svg>'


@dataclass(frozen=True)
class Spot:
    """A package in the plane of cost and effect: means and ends of their intervals."""

    name: str
    x: tuple[float, float, float]
    y: tuple[float, float, float]


def plane(spots: Sequence[Spot], words: tuple[str, str], text: str) -> str:
    """Cost against effect: a mark a package with the intervals of both.

    Parameters
    ----------
    spots
        Mean, lower and upper end across and up.
    words
        Under the axis and beside it.
    text
        What it says to whoever does not see it.
    """
    left, right, top, bottom = 70.0, 460.0, 14.0, 220.0
    across, up = (_reach([each for spot in spots for each in getattr(spot, side)]) for side in ("x", "y"))

    def x(value: float) -> float:
        return left + (right - left) * (value - across[0]) / (across[1] - across[0])

    def y(value: float) -> float:
        return bottom - (bottom - top) * (value - up[0]) / (up[1] - up[0])

    parts = [
        f'<line class="zero" x1="{left}" x2="{right}" y1="{y(0):.1f}" y2="{y(0):.1f}"/>',
        f'<line class="zero" x1="{x(0):.1f}" x2="{x(0):.1f}" y1="{top}" y2="{bottom}"/>',
    ]
    parts += [
        f'<text class="tick" x="{x(end):.1f}" y="{bottom + 14}" text-anchor="middle">{numbers.level(_round(end), "").replace("-", MINUS)}</text>'
        for end in (*across, 0.0)
    ]
    parts += [
        f'<text class="tick" x="{left - 6}" y="{y(end) + 4:.1f}" text-anchor="end">{numbers.level(_round(end), "").replace("-", MINUS)}</text>'
        for end in (*up, 0.0)
    ]
    for place, spot in enumerate(spots, 1):
        (mx, lx, hx), (my, ly, hy) = spot.x, spot.y
        if all(map(math.isfinite, (lx, hx, ly, hy))):
            parts.append(
                f'<line class="span s{place}" x1="{x(lx):.1f}" x2="{x(hx):.1f}" y1="{y(my):.1f}" y2="{y(my):.1f}"/>'
            )
            parts.append(
                f'<line class="span s{place}" x1="{x(mx):.1f}" x2="{x(mx):.1f}" y1="{y(ly):.1f}" y2="{y(hy):.1f}"/>'
            )
        parts.append(f'<circle class="mark s{place}" cx="{x(mx):.1f}" cy="{y(my):.1f}" r="5"/>')
        side = ("end", -8) if x(mx) > WIDTH / 2 else ("start", 8)
        fits = int((max(x(mx), WIDTH - x(mx)) - 8) / LETTER)
        name = spot.name if len(spot.name) <= fits else f"{spot.name[: fits - 1].rstrip()}\u2026"
        parts.append(
            f'<text class="name" x="{x(mx) + side[1]:.1f}" y="{y(my) - 8:.1f}" text-anchor="{side[0]}">{escape(name)}</text>'
        )
    parts.append(
        f'<text class="word" x="{(left + right) / 2}" y="{bottom + 32}" text-anchor="middle">{escape(words[0])}</text>'
    )
    parts.append(
        f'<text class="word" transform="rotate(-90)" x="{-(top + bottom) / 2}" y="12" text-anchor="middle">{escape(words[1])}</text>'
    )
    return (
        f'<svg class="plane" viewBox="0 0 {WIDTH:g} 258" role="img" aria-label="{escape(text)}">{"".join(parts)}</svg>'
    )


def _reach(values: Sequence[float]) -> tuple[float, float]:
    """Ends of an axis that holds zero and all values, with some room."""
    there = [0.0, *(value for value in values if math.isfinite(value))]
    low, high = min(there), max(there)
    room = 0.08 * (high - low) or 1.0
    return low - (room if low < 0 else 0.0), high + (room if high > 0 or low == high else 0.0)


def _round(value: float) -> float:
    """Two digits."""
    return float(f"{value:.2g}")


def _ticks(most: float) -> list[float]:
    """Zero, and one or two round numbers up to about the most."""
    power = 10.0 ** math.floor(math.log10(most))
    step = next(power * size for size in (0.2, 0.5, 1.0, 2.0, 5.0) if most / (power * size) <= 3.001)
    return [step * k for k in range(int(most / step + 1e-9) + 1)] if most >= step else [0.0, step]
