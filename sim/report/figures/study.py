"""Figures of studies: effects, ranks, the cost-effectiveness plane, responses to what a sweep varies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.dictionary import outcome
from sim.report.figures.style import FAINT, INK, NEITHER, SERIES, Picture, grid, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

MOST_PANELS = 12


def effects(table: DataFrame) -> Figure:
    """Effects in per cent of the baseline with their intervals, a panel an outcome that is not a detail."""
    names = [name for name in dict.fromkeys(table["outcome"]) if not outcome(name).detail and not outcome(name).price]
    return _rows(table[table["outcome"].isin(names)], names, "per cent of the baseline", percent=True)


def ranking(table: DataFrame) -> Figure:
    """Ranks with their intervals, a panel an outcome; 1 is the best."""
    renamed = table.assign(mean=table["rank"])
    return _rows(renamed, list(dict.fromkeys(table["outcome"])), "rank (1 is best)", percent=False)


def _rows(table: DataFrame, names: Sequence[str], unit: str, percent: bool) -> Figure:
    """A panel an outcome, a row a scenario: a point and its interval."""
    names = list(names)[:MOST_PANELS]
    labels = list(dict.fromkeys(table["scenario"]))
    with style():
        figure, panels = grid(len(names), 0.55 + 0.22 * len(labels))
        for name, axes in zip(names, panels, strict=False):
            rows = table[table["outcome"] == name].set_index("scenario").reindex(labels)
            scale = 100 / rows["baseline"].abs().replace(0, np.nan) if percent else 1.0
            middle, low, high = (rows[word] * scale for word in ("mean", "low", "high"))
            y = np.arange(len(labels))[::-1]
            axes.axvline(0 if percent else 1, color=FAINT, zorder=0)
            axes.hlines(y, low, high, color=NEITHER, linewidth=1.5)
            axes.plot(middle, y, "o", color=SERIES[0], markersize=4)
            axes.set_yticks(y, labels)
            axes.set_title(outcome(name).label or name, fontsize=8, loc="left", color=INK)
            axes.set_xlabel(unit, fontsize=7)
        return figure


def cost_effectiveness(table: DataFrame) -> Figure:
    """What each scenario costs more against how much better it makes the outcome, with both intervals."""
    with style():
        figure = Picture(figsize=(6.0, 4.2), layout="constrained")
        axes = figure.add_subplot()
        axes.axhline(0, color=FAINT, zorder=0)
        axes.axvline(0, color=FAINT, zorder=0)
        for k, row in enumerate(table.to_dict("records")):
            colour = SERIES[k % len(SERIES)]
            axes.hlines(row["cost"], row["gain_low"], row["gain_high"], color=colour, linewidth=1)
            axes.vlines(row["gain"], row["cost_low"], row["cost_high"], color=colour, linewidth=1)
            axes.plot(row["gain"], row["cost"], "osDv^P"[k // len(SERIES) % 6], color=colour, label=row["scenario"])
        name = str(table["benefit"].iloc[0])
        axes.set_xlabel(f"improvement of: {outcome(name).label or name} ({outcome(name).unit})")
        axes.set_ylabel("cost above the baseline (USD)")
        axes.legend(fontsize=7, frameon=False)
        return figure


def sweep(table: DataFrame, paths: Sequence[str], names: Sequence[str]) -> Figure:
    """Mean outcome with its interval over the first factor, a panel an outcome; other factors are spread as points."""
    names = list(names)[:MOST_PANELS]
    first = paths[0]
    number = table[first].map(lambda value: isinstance(value, int | float)).all()
    with style():
        figure, panels = grid(len(names), 2.2)
        for name, axes in zip(names, panels, strict=False):
            rows = table[table["outcome"] == name]
            for k, (label, group) in enumerate(rows.groupby("scenario", sort=False)):
                ordered: Any = group.sort_values(first) if number else group
                x = ordered[first].astype(float if number else str)
                colour = SERIES[k % len(SERIES)]
                axes.plot(
                    x, ordered["mean"], "o-" if len(paths) == 1 else "o", color=colour, markersize=3, label=str(label)
                )
                if len(paths) == 1:
                    axes.fill_between(x, ordered["low"], ordered["high"], color=colour, alpha=0.15, linewidth=0)
            axes.set_title(outcome(name).label or name, fontsize=8, loc="left", color=INK)
            axes.set_xlabel(first, fontsize=7)
            axes.set_ylabel(outcome(name).unit, fontsize=7)
        if panels:
            panels[0].legend(fontsize=6, frameon=False)
        return figure
