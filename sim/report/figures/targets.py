"""Pictures of targets: what runs give, over the range of what is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report.figures.layout import MARGIN, SMALL, Mark, Page, guides, line_height, scale, width_of, wrap
from sim.report.figures.style import BASELINE, BETTER, FAINT, INK, WORSE, style
from sim.report.text.names import target_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from sim.studies.validation.estimates import Estimate
    from sim.studies.validation.validate import Validation

WIDTH, LEFT, HIGH = 6.8, 0.55, 1.15
FAR = 4.0
"""Standard units beyond which a target is drawn at the edge of the picture of all."""
ROW = line_height(SMALL) + 0.05
"""Inches for a row of the picture of all."""
MANY = 12
"""Values from which on they are drawn as a histogram."""
RANGE = Mark("published range", {"color": FAINT, "linewidth": 7, "solid_capstyle": "butt"})


@style()
def one_target(estimate: Estimate, of: str) -> Figure:
    """The runs or parameter sets of a target as a histogram over the published range.

    Parameters
    ----------
    estimate
        A target that was measured.
    of
        What the values are of: runs or parameter sets.
    """
    t = estimate.target
    values = np.array(estimate.values, dtype=float)
    colour = BETTER if estimate.in_range else WORSE
    many = len(values) >= MANY
    value: dict[str, Any] = {"color": BASELINE, "linewidth": 1.2, "linestyle": "--"}
    run: dict[str, Any] = (
        {"color": colour, "linewidth": 7, "alpha": 0.55, "solid_capstyle": "butt"}
        if many
        else {"color": colour, "linestyle": "", "marker": "|", "markersize": 12, "markeredgewidth": 1.6}
    )
    mean: dict[str, Any] = {"color": INK, "linestyle": "", "marker": "^", "markersize": 7}
    key = [RANGE, *([Mark("published value", value)] if t.value is not None else [])]
    key += [Mark(of if many else f"one of the {of}", run), Mark("mean of the model", mean)]
    words = f"{t.statistic[:1].upper()}{t.statistic[1:].rstrip('.')}."
    page = Page(WIDTH, HIGH + 0.5, f"{target_name(t.id)}: {estimate.verdict}", words, key)
    axes = page.panel(LEFT, 0.06, WIDTH - LEFT - MARGIN - 0.1, HIGH)
    ends = [float(x) for x in (t.low, t.high, t.value, estimate.mean, *values) if x is not None and np.isfinite(x)]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    axes.set_xlim(low - room, high + room)
    left, right = (t.low if t.low is not None else low - room), (t.high if t.high is not None else high + room)
    axes.axvspan(left, right, color=FAINT, linewidth=0)
    if t.value is not None:
        axes.axvline(t.value, **value)
    if many:
        axes.hist(values, bins=min(30, 4 + len(values) // 4), color=colour, alpha=0.55)
        axes.set_ylabel(of, fontsize=SMALL)
        scale(axes.yaxis, 3, whole=True)
    else:
        axes.plot(values, np.full(len(values), 0.5), **run)
        axes.set_yticks([])
        axes.set_ylim(0, 1)
    if estimate.mean is not None:
        axes.plot([estimate.mean], [0], clip_on=False, zorder=5, **mean)
    scale(axes.xaxis, 5)
    axes.tick_params(axis="x", pad=5)
    axes.set_xlabel(wrap(t.unit, WIDTH - LEFT - 0.3, SMALL), fontsize=SMALL, labelpad=1)
    return page.figure


@style()
def all_targets(result: Validation) -> Figure:
    """Every target that was measured and has a value: where the mean lies, the range being -1.96 to 1.96."""
    rows = [each for each in result.estimates if each.distance is not None]
    plain = {"linestyle": "", "marker": "o", "markersize": 4.5, "color": BASELINE}
    key = [
        RANGE,
        Mark("in range", {**plain, "color": BETTER}),
        Mark("missed", {**plain, "color": WORSE}),
        Mark("for calibration", plain),
        Mark("for validation", {**plain, "markerfacecolor": "white"}),
        Mark("farther than the picture", {**plain, "marker": ">"}),
    ]
    words = f"{result.last_line[:1].upper()}{result.last_line[1:]}. Shown is where the mean of the model lies, for targets that have a published value."
    names = [target_name(each.target.id) for each in rows]
    return distances("Targets of the model", words, key, names, [[_spot(each)] for each in rows], FAR)


def _spot(each: Estimate) -> tuple[float, dict[str, Any]]:
    """Where a target stands, and how: filled where it was fitted to, blue where it is in range."""
    colour = BETTER if each.in_range else WORSE
    face = "white" if each.target.use == "validation" else colour
    return each.distance or 0.0, {"color": colour, "markerfacecolor": face, "marker": "o"}


def distances(
    title: str,
    words: str,
    key: Sequence[Mark],
    names: Sequence[str],
    rows: Sequence[Sequence[tuple[float, dict[str, Any]]]],
    far: float,
) -> Figure:
    """Distances from what is published in standard units, a row a target, with the scale above and below; what is farther than `far` is an arrow at the edge."""
    left = MARGIN + max((width_of(name, SMALL) for name in names), default=1.0) + 0.12
    tall = ROW * max(1, len(rows))
    page = Page(max(WIDTH, left + 3.5), tall + 0.72, title, words, key)
    axes = page.panel(left, 0.24, page.width - left - MARGIN - 0.1, tall)
    axes.axvspan(-1.96, 1.96, color=FAINT, linewidth=0)
    axes.axvline(0, color=BASELINE, linewidth=0.8)
    for k, spots in enumerate(rows):
        axes.axhline(k, color="#EFEFEF", linewidth=0.6, zorder=0.6)
        for away, look in spots:
            mark = {"marker": "<" if away < 0 else ">"} if abs(away) > far else {}
            axes.plot([np.clip(away, -far, far)], [k], linestyle="", markersize=4.5, **{**look, **mark})
    axes.set_yticks(range(len(names)), names, fontsize=SMALL)
    axes.set_ylim(max(1, len(rows)) - 0.5, -0.5)
    axes.set_xlim(-far - 0.3, far + 0.3)
    axes.tick_params(axis="x", top=True, labeltop=True)
    axes.tick_params(axis="y", length=0)
    scale(axes.xaxis, 8)
    guides(axes, "x")
    axes.set_xlabel("standard units from the published value", fontsize=SMALL, labelpad=1)
    return page.figure
