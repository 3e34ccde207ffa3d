"""Pictures of a calibration: each parameter before and after, the pairs that only runs together can tell apart, and targets before and after."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from sim.report.figures.layout import NAME, SMALL, Mark, Page, drawable, wrap
from sim.report.figures.style import BASELINE, BETTER, FAINT, QUIET, WORSE, Picture, style
from sim.validation.calibration.calibrate import pairs

if TYPE_CHECKING:
    from sim.validation.calibration.calibrate import Calibrated

WIDTH, ACROSS, CELL = 7.0, 5, 1.1
FAR = 6.0
"""Standard units beyond which a target stands at the edge."""
ROW = 0.17
BINS = 20


def parameters(result: Calibrated) -> Picture:
    """The posterior of each parameter along its range, over what was assumed before."""
    places = result.matched.places
    rows = ceil(len(result.factors) / ACROSS)
    with style():
        key = [
            Mark("after", {"color": BETTER, "linewidth": 5, "alpha": 0.6}),
            Mark("before: even", {"color": BASELINE, "linewidth": 1.2, "linestyle": "--"}),
        ]
        words = "Each from the low to the high end of its plausible range."
        page = Page(WIDTH, rows * CELL, "What is known of parameters", words, key)
        wide = (WIDTH - 0.3) / ACROSS
        for k, factor in enumerate(result.factors):
            axes = page.panel(0.15 + (k % ACROSS) * wide, (k // ACROSS) * CELL + 0.28, wide - 0.1, CELL - 0.45)
            axes.hist(places[:, k], bins=BINS, range=(0, 1), density=True, color=BETTER, alpha=0.6)
            axes.axhline(1.0, color=BASELINE, lw=1.2, ls="--")
            axes.set_xlim(0, 1)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_title(wrap(drawable(factor.path), wide - 0.1, SMALL - 1, most=2), fontsize=SMALL - 1, pad=2)
    return page.figure


def correlated(result: Calibrated) -> Picture:
    """The pairs of parameters that are most correlated in the posterior."""
    found = pairs(result)
    places = result.matched.places
    wide = (WIDTH - 0.3) / 3
    with style():
        title, words = (
            "Parameters that make up for each other",
            "The pairs most correlated after calibration; axes are plausible ranges.",
        )
        page = Page(WIDTH, ceil(len(found) / 3) * (wide + 0.25), title, words)
        for n, (i, j, value) in enumerate(found):
            axes = page.panel(0.45 + (n % 3) * wide, (n // 3) * (wide + 0.25) + 0.25, wide - 0.55, wide - 0.55)
            axes.plot(places[:, j], places[:, i], ".", ms=2, color=BETTER, alpha=0.4)
            axes.set_xlim(0, 1)
            axes.set_ylim(0, 1)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_xlabel(wrap(drawable(result.factors[j].path), wide - 0.3, SMALL), fontsize=SMALL)
            axes.set_ylabel(wrap(drawable(result.factors[i].path), wide - 0.3, SMALL), fontsize=SMALL)
            axes.set_title(f"{value:+.2f}", fontsize=NAME, pad=2)
    return page.figure


def fit(result: Calibrated) -> Picture:
    """Distance of each target from what is published, at the defaults and over the ensemble."""
    rows = [
        (one.target.id, one.distance, other.distance, other.in_range)
        for one, other in zip(result.before, result.after, strict=True)
        if other.distance is not None
    ]
    with style():
        key = [
            Mark("at the defaults", {"color": QUIET, "marker": "o", "markerfacecolor": "white", "linestyle": ""}),
            Mark("ensemble, in range", {"color": BETTER, "marker": "o", "linestyle": ""}),
            Mark("ensemble, missed", {"color": WORSE, "marker": "o", "linestyle": ""}),
        ]
        words = (
            "Standard units from the published value; grey is the published range. What is farther stands at the edge."
        )
        page = Page(WIDTH, 0.4 + ROW * max(1, len(rows)), f"Targets, {result.last_line}", words, key)
        axes = page.panel(2.5, 0.05, WIDTH - 2.7, ROW * max(1, len(rows)))
        axes.axvspan(-1.96, 1.96, color=FAINT, lw=0)
        for k, (_, before, after, good) in enumerate(rows):
            if before is not None:
                axes.plot([np.clip(before, -FAR, FAR)], [k], "o", ms=4, color=QUIET, mfc="white")
            axes.plot([np.clip(after, -FAR, FAR)], [k], "o", ms=4, color=BETTER if good else WORSE)
        axes.set_yticks(range(len(rows)), [drawable(name) for name, *_ in rows], fontsize=5.5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(-FAR - 0.3, FAR + 0.3)
    return page.figure
