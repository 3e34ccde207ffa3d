"""Trade by channel over time: baseline against each scenario, with bands over runs, the interventions marked."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from sim.measures.dictionary import outcome
from sim.report.figures.style import BASELINE, FAINT, SERIES, Picture, months, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from sim.scenario import Scenario
    from sim.studies.runs.compare import PairedRuns

PREFIX = "orders_"
SMOOTHING_DAYS = 7
LOW, HIGH = 0.10, 0.90
PANEL_INCHES = (2.05, 1.65)
MARGINS = (1.85, 0.3, 1.25, 0.62)
"""Inches left, right, above and below the panels."""
Band = tuple["NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]"]


def trade_figure(comparison: PairedRuns) -> Figure:
    """Draw daily orders of every channel: a row a scenario, a column a channel.

    The line is the median over runs of a moving average, the band the middle 80 % of runs. Channels have each their own
    scale, the same in every row. Dashed lines mark where interventions start, dotted ones where they end.

    Parameters
    ----------
    comparison
        The finished comparison.
    """
    channels = [name for name in comparison.daily.columns if name.startswith(PREFIX)]
    bands = {label: _bands(comparison, label, channels) for label in comparison.scenarios}
    rows, columns = len(comparison.others), len(channels)
    left, right, above, below = MARGINS
    width = left + PANEL_INCHES[0] * columns + right
    height = above + PANEL_INCHES[1] * rows + below
    with style():
        figure = Picture(figsize=(width, height))
        grid = figure.subplots(rows, columns, sharex=True, sharey="col", squeeze=False)
        figure.subplots_adjust(
            left=left / width,
            right=1 - right / width,
            top=1 - above / height,
            bottom=below / height,
            wspace=0.28,
            hspace=0.34,
        )
        for row, label in enumerate(comparison.others):
            colour = SERIES[row % len(SERIES)]
            for column, name in enumerate(channels):
                axes = grid[row, column]
                _draw(axes, bands[comparison.baseline][name], BASELINE, 0.18)
                _draw(axes, bands[label][name], colour, 0.22)
                _dress(axes, first_row=row == 0, last_row=row == rows - 1, name=name)
                _mark(axes, comparison.scenarios[label], words=column == 0)
            _name_row(figure, grid[row, 0], label, comparison.baseline, colour)
        for axes in grid[0]:
            axes.set_ylim(bottom=0)
            axes.set_ylim(top=axes.get_ylim()[1] * 1.12)
        day0 = comparison.scenarios[comparison.baseline].day0
        if day0 is not None:
            for axes in grid[-1]:
                months(axes, day0)
        _titles(figure, comparison, height)
    return figure


def _bands(comparison: PairedRuns, label: str, channels: Sequence[str]) -> dict[str, Band]:
    """Days, lower end, median and upper end over runs of the smoothed daily orders, by channel."""
    mine = comparison.daily[comparison.daily["scenario"] == label]
    days = np.sort(mine["day"].unique())
    thin = slice(None, None, max(1, days.size // 180))
    found: dict[str, Band] = {}
    for name in channels:
        runs = mine.pivot(index="day", columns="seed", values=name)
        smooth = runs.rolling(SMOOTHING_DAYS, center=True, min_periods=1).mean().to_numpy()
        low, middle, high = np.quantile(smooth, (LOW, 0.5, HIGH), axis=1)
        found[name] = (days[thin], low[thin], middle[thin], high[thin])
    return found


def _draw(axes: Axes, band: Band, colour: str, alpha: float) -> None:
    days, low, middle, high = band
    axes.fill_between(days, low, high, color=colour, alpha=alpha, linewidth=0)
    axes.plot(days, middle, color=colour, linewidth=1.3)


def _dress(axes: Axes, *, first_row: bool, last_row: bool, name: str) -> None:
    """Titles and ticks of one panel."""
    from matplotlib.ticker import MaxNLocator

    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.margins(x=0)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, min_n_ticks=2))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.tick_params(length=2.5)
    if first_row:
        title = outcome(name).label.partition(": ")[2] or outcome(name).label
        axes.set_title(fill(title[:1].upper() + title[1:], 18), fontsize=9.5, fontweight="bold", loc="left", pad=14)
    if last_row:
        axes.set_xlabel("day", fontsize=8)


def _mark(axes: Axes, scenario: Scenario, words: bool) -> None:
    """Mark where each intervention with a date starts and ends within the days shown."""
    last = scenario.days - 1
    starts: dict[int, list[str]] = {}
    dated = [p for p in scenario.policies if getattr(p, "after", None) is None and getattr(p, "when", None) is None]
    for policy in dated:
        starts.setdefault(max(policy.start, 0), []).append(policy.kind.replace("_", " "))
        if policy.end is not None and policy.end < last:
            axes.axvline(policy.end, color="#333333", linewidth=0.8, linestyle=(0, (1, 2)))
    for start, kinds in starts.items():
        axes.axvline(start, color="#333333", linewidth=0.9, linestyle=(0, (4, 2)))
        if words:
            late = start > 0.6 * last
            axes.annotate(
                ", ".join(kinds),
                (start, 1.0),
                (-2 if late else 2, 2),
                xycoords=axes.get_xaxis_transform(),
                textcoords="offset points",
                fontsize=7,
                ha="right" if late else "left",
                va="bottom",
                color="#333333",
                annotation_clip=False,
            )


def _name_row(figure: Figure, axes: Axes, label: str, baseline: str, colour: str) -> None:
    """Name the row's two lines in their colours, left of the first panel."""
    box = axes.get_position()
    middle = box.y0 + 0.6 * box.height
    figure.text(0.012, middle, fill(label, 15), va="bottom", fontsize=10, fontweight="bold", color=colour)
    figure.text(0.012, middle, f"against\n{fill(baseline, 18)}", va="top", fontsize=8.5, color=BASELINE)


def _titles(figure: Figure, comparison: PairedRuns, height: float) -> None:
    """Write what the figure shows and how to read it."""
    first = comparison.scenarios[comparison.baseline]
    figure.text(0.012, 1 - 0.13 / height, "Orders a day by channel", fontsize=13, fontweight="bold", va="top")
    text = (
        f"{comparison.runs} paired runs of {first.consumers:,} simulated consumers, "
        f"each standing for {comparison.weight:,.0f} people. Line: median of the "
        f"runs, {SMOOTHING_DAYS}-day mean. Band: middle 80 % of runs. Dashed: an intervention starts; dotted: it ends."
    )
    figure.text(0.012, 1 - 0.43 / height, text, fontsize=8.5, color="#555555", va="top")
