"""Pictures of targets: what runs give, over the range of what is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.report.figures.layout import MARGIN, NAME, SMALL, TITLE, drawable, wrap
from sim.report.figures.style import BASELINE, BETTER, FAINT, INK, QUIET, WORSE, Picture, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sim.validation.estimates import Estimate
    from sim.validation.validate import Validation

WIDTH = 6.4
FAR = 4.0
"""Standard units beyond which a target is drawn at the edge of the picture of all."""
ROW = 0.17
"""Inches for a row of the picture of all."""


def one_target(estimate: Estimate, of: str) -> Picture:
    """The runs or parameter sets of a target as a histogram over the published range.

    Parameters
    ----------
    estimate
        A target that was measured.
    of
        What the values are of: runs or parameter sets.
    """
    t = estimate.target
    mean = np.nan if estimate.mean is None else estimate.mean
    with style():
        figure = Picture(figsize=(WIDTH, 2.6))
        axes = figure.add_axes((0.1, 0.22, 0.86, 0.5))
        values = np.array(estimate.values)
        ends = [x for x in (t.low, t.high, t.value, mean) if x is not None]
        low, high = min([*ends, *values]), max([*ends, *values])
        room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
        axes.set_xlim(low - room, high + room)
        left = t.low if t.low is not None else low - room
        right = t.high if t.high is not None else high + room
        axes.axvspan(left, right, color=FAINT, lw=0, label="published range")
        if t.value is not None:
            axes.axvline(t.value, color=BASELINE, lw=1.2, ls="--", label="published value")
        colour = BETTER if estimate.in_range else WORSE
        if len(values) >= 12:
            axes.hist(values, bins=min(30, 4 + len(values) // 4), color=colour, alpha=0.55)
            axes.set_ylabel(of, fontsize=SMALL)
        else:
            axes.plot(values, np.zeros(len(values)), "|", color=colour, ms=16, mew=1.6, label=f"one of the {of}")
            axes.set_yticks([])
        axes.plot([mean], [0], marker="^", color=INK, ms=8, ls="", clip_on=False, zorder=5, label="mean of the model")
        axes.set_xlabel(drawable(t.unit), fontsize=NAME)
        axes.tick_params(labelsize=SMALL)
        figure.legend(
            loc="upper left",
            bbox_to_anchor=(0.09, 0.84),
            ncols=4,
            fontsize=SMALL,
            frameon=False,
            handlelength=1.4,
            columnspacing=1.2,
        )
        title = wrap(drawable(f"{t.id}: {estimate.verdict}"), WIDTH - 2 * MARGIN, TITLE - 2, bold=True)
        figure.text(0.1, 0.97, title, va="top", fontsize=TITLE - 2, weight="bold", color=INK)
    return figure


def all_targets(result: Validation) -> Picture:
    """Every target that was measured and has a value: where the mean lies, the range being -1.96 to 1.96."""
    rows = [each for each in result.estimates if each.distance is not None]
    with style():
        height = 1.1 + ROW * max(1, len(rows))
        figure = Picture(figsize=(WIDTH, height))
        axes: Axes = figure.add_axes((0.36, 0.55 / height, 0.6, 1 - 1.0 / height))
        axes.axvspan(-1.96, 1.96, color=FAINT, lw=0)
        axes.axvline(0, color=BASELINE, lw=0.8)
        for k, each in enumerate(rows):
            away = float(np.clip(each.distance or 0.0, -FAR, FAR))
            beyond = abs(each.distance or 0.0) > FAR
            mark = "<" if beyond and away < 0 else ">" if beyond else "o"
            hollow = each.target.use == "validation"
            colour = BETTER if each.in_range else WORSE
            axes.plot([away], [k], mark, ms=4.5, color=colour, mfc="white" if hollow else colour)
        axes.set_yticks(range(len(rows)), [drawable(each.target.id) for each in rows], fontsize=5.5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(-FAR - 0.3, FAR + 0.3)
        axes.set_xlabel("standard units from the published value (grey: published range)", fontsize=SMALL)
        axes.tick_params(axis="x", labelsize=SMALL)
        words = "filled: calibration; hollow: validation; arrows: farther than the picture"
        figure.text(
            0.02,
            1 - 0.14 / height,
            f"Targets of the model, {result.last_line}",
            va="top",
            fontsize=TITLE - 3,
            weight="bold",
        )
        figure.text(0.02, 1 - 0.34 / height, words, va="top", fontsize=SMALL, color=QUIET)
    return figure
