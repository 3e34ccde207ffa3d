"""Figure of an optimisation: portfolios in the planes of its objectives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import ceil
from typing import TYPE_CHECKING

from sim.report.figures.style import FAINT, SERIES, Picture, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame


def pareto(table: DataFrame, second: DataFrame, names: Sequence[str]) -> Figure:
    """Every portfolio tried, those undominated, and for those kept what the second look says, a panel a pair of objectives."""
    pairs = list(combinations(range(len(names)), 2))[:9]
    rows = ceil(len(pairs) / 3)
    means = second.pivot_table(index="trial", columns="measure", values="mean")
    with style():
        figure = Picture(figsize=(3.2 * min(3, len(pairs)), 0.5 + 2.8 * rows), layout="constrained")
        for k, (i, j) in enumerate(pairs):
            axes = figure.add_subplot(rows, min(3, len(pairs)), k + 1)
            x, y = f"objective.{i}", f"objective.{j}"
            out, front = table[~table["feasible"]], table[table["undominated"]]
            axes.plot(out[x], out[y], "x", color=FAINT, markersize=3, label="outside the limits")
            axes.plot(table[x], table[y], ".", color="#999999", markersize=2, label="tried")
            axes.plot(front[x], front[y], "o", color=SERIES[0], markersize=4, label="undominated")
            axes.plot(
                means[names[i]], means[names[j]], "D", color=SERIES[1], markersize=4, label="second look", mfc="none"
            )
            axes.set_xlabel(names[i], fontsize=7)
            axes.set_ylabel(names[j], fontsize=7)
            if not k:
                axes.legend(fontsize=6, frameon=False)
        return figure
