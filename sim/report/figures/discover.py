"""Figures of discovery: the limits of boxes, the worlds in the plane of the two factors that restrict most, and what tells failures apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.report.figures.style import FAINT, INK, NEITHER, SERIES, Picture, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame


def boxes(limits: DataFrame, quality: DataFrame) -> Figure:
    """Limits of every box, as shares of the ranges of the factors."""
    rows = limits.reset_index(drop=True)
    with style():
        figure = Picture(figsize=(7.2, 1.2 + 0.3 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        y = np.arange(len(rows))[::-1]
        axes.hlines(y, 0, 1, color=FAINT, linewidth=6)
        for place, row in zip(y, rows.to_dict("records"), strict=True):
            span = row["most"] - row["least"]
            low, high = ((row[end] - row["least"]) / span if span else float(end == "high") for end in ("low", "high"))
            if np.isfinite(low):
                axes.hlines(place, low, high, color=SERIES[(row["box"] - 1) % len(SERIES)], linewidth=6)
            words = row["values"] or f"{row['low']:.3g} to {row['high']:.3g}"
            axes.text(1.02, place, words, fontsize=7, va="center", color=INK)
        axes.set_yticks(
            y, [f"{box}: {name}" for box, name in zip(rows["box"], rows["factor"], strict=True)], fontsize=7
        )
        axes.set_xlim(0, 1.3)
        axes.set_xlabel("place in the range of the factor")
        held = quality[quality["worlds"] == "held out"]
        words = ", ".join(f"{r.box}: {r.coverage:.0%} / {r.density:.0%}" for r in held.itertuples())
        axes.set_title(f"coverage / density on worlds held out: {words}", fontsize=8, loc="left", color=INK)
        return figure


def worlds(table: DataFrame, limits: DataFrame) -> Figure:
    """Worlds in which the policy fails and does not, over the two numbers that the first box restricts most."""
    rows = limits[(limits["box"] == 1) & limits["low"].notna()]
    kept = (rows["high"] - rows["low"]) / (rows["most"] - rows["least"])
    names = [str(name) for name in rows.loc[kept.sort_values().index, "factor"]][:2]
    names += [] if len(names) > 1 else ["point"] * (2 - len(names))
    with style():
        figure = Picture(figsize=(5.6, 4.4), layout="constrained")
        axes = figure.add_subplot()
        for fails, colour, mark, words in ((False, NEITHER, ".", "does not fail"), (True, SERIES[1], "x", "fails")):
            chosen = table[table["fails"] == fails]
            axes.plot(chosen[names[0]], chosen[names[1]], mark, color=colour, markersize=4, label=words)
        axes.set_xlabel(names[0])
        axes.set_ylabel(names[1] if names[1] != "point" else "number of the world")
        axes.legend(fontsize=7, frameon=False)
        return figure


def scores(table: DataFrame) -> Figure:
    """Which factors tell failures apart."""
    rows = table[table["of"] == "fails"].sort_values("score", ascending=False).head(20)
    with style():
        figure = Picture(figsize=(6.0, 1.0 + 0.22 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        y = np.arange(len(rows))[::-1]
        axes.barh(y, rows["score"], color=SERIES[0], height=0.7)
        axes.set_yticks(y, rows["factor"], fontsize=7)
        axes.set_xlabel("importance for failure (extra trees)")
        return figure
