"""Figure of an optimisation: portfolios in the planes of its objectives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from sim.report.figures.layout import MARGIN, SMALL, Mark, Page, line_height, lines_in, scale, wrap
from sim.report.figures.style import FAINT, SERIES, style
from sim.report.text.names import outcome_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

MOST_PANELS = 9
OUT = {"linestyle": "", "marker": "x", "color": "#B0B0B0", "markersize": 3.5}
TRIED = {"linestyle": "", "marker": ".", "color": "#808080", "markersize": 3}
FRONT = {"linestyle": "", "marker": "o", "color": SERIES[0], "markersize": 4.5}
SECOND = {"linestyle": "", "marker": "D", "color": SERIES[1], "markersize": 5, "markerfacecolor": "none"}


@style()
def pareto(table: DataFrame, second: DataFrame, names: Sequence[str], whose: str) -> Figure:
    """Every portfolio tried, those undominated, and for those kept what the second look says, a panel a pair of objectives."""
    every = list(combinations(range(len(names)), 2))
    pairs = every[:MOST_PANELS]
    means = second.pivot_table(index="trial", columns="measure", values="mean")
    across, wide, high, left = min(3, len(pairs)) or 1, 3.4, 2.2, 0.95
    of = dict(zip(second["measure"], second["of"], strict=True)) if "of" in second else {}
    labels = [wrap(_objective(name, of.get(name, "level")), high, SMALL) for name in names]
    tall = lines_in(labels) * line_height(SMALL)
    left, wide = left + tall, wide + tall
    block = high + tall + 0.55
    key = [
        *([] if table["feasible"].all() else [Mark("outside the limits", OUT)]),
        Mark("tried", TRIED),
        Mark("undominated", FRONT),
        Mark("those of them that were looked at again, in other worlds", SECOND),
    ]
    below = [f"{len(pairs)} of {len(every)} pairs of objectives; the rest is in the table."] if len(pairs) < len(every) else []  # fmt: skip
    words = "Each portfolio by two of the objectives; undominated: no other is better in one and as good in all. "
    words += f"Changes are against the baseline. Totals are those of the {whose}."
    page = Page(max(MARGIN + wide * across, 6.8), block * -(-len(pairs) // across), "Portfolios", words, key, below)
    for k, (i, j) in enumerate(pairs):
        axes = page.panel(
            MARGIN + wide * (k % across) + left - 0.15, block * (k // across) + 0.08, wide - left - 0.2, high
        )
        x, y = f"objective.{i}", f"objective.{j}"
        inside = table[table["feasible"] & ~table["undominated"]]
        for rows, kind in (
            (table[~table["feasible"]], OUT),
            (inside, TRIED),
            (table[table["undominated"]], FRONT),
        ):
            axes.plot(rows[x], rows[y], **kind)
        if names[i] in means and names[j] in means:
            axes.plot(means[names[i]], means[names[j]], **SECOND)
        axes.set_xlabel(labels[i], fontsize=SMALL, linespacing=1.2)
        page.figure.text(
            (MARGIN + wide * (k % across) + 0.02) / page.width,
            1 - (page.top + block * (k // across) + 0.08 + high / 2) / page.height,
            labels[j],
            rotation=90,
            fontsize=SMALL,
            va="center",
            linespacing=1.2,
        )
        for draw, name in ((axes.axvline, names[i]), (axes.axhline, names[j])):
            if of.get(name) == "effect":
                draw(0, color=FAINT, linewidth=1.0, zorder=0)
        scale(axes.xaxis, 3)
        scale(axes.yaxis)
    return page.figure


def _objective(name: str, of: str) -> str:
    """An objective as an axis names it: a level, or a change against the baseline."""
    words = outcome_name(name)
    return f"change in {words[:1].lower()}{words[1:]}" if of == "effect" else words
