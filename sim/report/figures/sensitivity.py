"""Figures of sensitivity: which factor matters for which outcome, how surely, and whether more samples would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report.figures.style import FAINT, INK, NEITHER, SERIES, UNCLEAR, Picture, grid, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

MOST_FACTORS = 25
MOST_PANELS = 9


def _single(indices: DataFrame, main: str) -> DataFrame:
    return indices[(indices["index"] == main) & (indices["other"] == "")]


def _noise(rows: DataFrame) -> np.ndarray:
    """Which indices noise alone may give; none in tables that do not say."""
    return rows["told"].eq("no").to_numpy(dtype=bool) if "told" in rows else np.zeros(len(rows), dtype=bool)


def _top(rows: DataFrame, most: int) -> list[str]:
    """The factors that matter most for any outcome, as shares of the sum over factors."""
    total = rows.groupby("outcome")["value"].transform(lambda values: values.abs().sum() or 1.0)
    share = (rows["value"].abs() / total).groupby(rows["factor"]).max()
    return [str(name) for name in share.sort_values(ascending=False).head(most).index]


def heatmap(indices: DataFrame, main: str) -> Figure:
    """Main index of every factor (rows) for every outcome (columns), each column as a share of its largest; white where noise alone may give it."""
    rows = _single(indices, main)
    names, factors = list(dict.fromkeys(rows["outcome"])), _top(rows, MOST_FACTORS)
    table = rows.pivot(index="factor", columns="outcome", values="value").reindex(index=factors, columns=names)
    noise = rows.assign(no=_noise(rows)).pivot(index="factor", columns="outcome", values="no")
    lost = noise.reindex(index=factors, columns=names).eq(True).to_numpy(dtype=bool)
    shown = (table / table.abs().max()).mask(lost, 0.0)
    with style():
        figure = Picture(figsize=(3.2 + 0.5 * len(names), 1.6 + 0.24 * len(factors)), layout="constrained")
        axes = figure.add_subplot()
        image = axes.imshow(shown.to_numpy(dtype=float), cmap="Blues", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=7)
        axes.set_yticks(range(len(factors)), factors, fontsize=7)
        for (i, j), value in np.ndenumerate(table.to_numpy(dtype=float)):
            if np.isfinite(value) and len(names) <= 12:
                dark = shown.to_numpy(dtype=float)[i, j] > 0.6
                words, colour = (
                    (f"({value:.2g})", UNCLEAR) if lost[i, j] else (f"{value:.2g}", "white" if dark else INK)
                )
                axes.text(j, i, words, ha="center", va="center", fontsize=6, color=colour)
        figure.colorbar(image, ax=axes, label=f"{main}, as a share of the largest of the outcome", shrink=0.8)
        return figure


def bars(indices: DataFrame, main: str) -> Figure:
    """Indices of the ten factors that matter most for each outcome, with intervals; hollow where noise alone may give them."""
    names = list(dict.fromkeys(indices["outcome"]))[:MOST_PANELS]
    with style():
        figure, panels = grid(len(names), 2.4, width=9.6)
        for name, axes in zip(names, panels, strict=True):
            rows = _single(indices[indices["outcome"] == name], main).sort_values("value", ascending=False).head(10)
            y = np.arange(len(rows))[::-1]
            noise = _noise(rows)
            faces = np.where(noise, "white", SERIES[0])
            axes.barh(y, rows["value"], color=faces, edgecolor=np.where(noise, UNCLEAR, SERIES[0]), height=0.7)
            axes.hlines(y, rows["low"], rows["high"], color=NEITHER, linewidth=1.2)
            axes.set_yticks(y, rows["factor"], fontsize=6)
            axes.set_title(name, fontsize=8, loc="left", color=INK)
            axes.set_xlabel(main, fontsize=7)
        if _noise(indices).any():
            figure.supxlabel("hollow: not told from noise", fontsize=7, color=UNCLEAR)
        return figure


def convergence(steps: DataFrame, main: str) -> Figure:
    """Main index of the six factors that matter most for each outcome, over the number of samples used."""
    names = list(dict.fromkeys(steps["outcome"]))[:MOST_PANELS]
    with style():
        figure, panels = grid(len(names), 2.2, width=9.6)
        for name, axes in zip(names, panels, strict=True):
            rows: Any = steps[steps["outcome"] == name]
            last = rows[rows["samples"] == rows["samples"].max()].sort_values("value", ascending=False)
            axes.axhline(0, color=FAINT, zorder=0)
            for k, factor in enumerate(last["factor"].head(len(SERIES))):
                line = rows[rows["factor"] == factor]
                axes.plot(line["samples"], line["value"], "o-", color=SERIES[k], markersize=3, label=factor)
            axes.set_xscale("log", base=2)
            axes.set_title(name, fontsize=8, loc="left", color=INK)
            axes.set_xlabel("samples", fontsize=7)
            axes.set_ylabel(main, fontsize=7)
            axes.legend(fontsize=5, frameon=False)
        return figure
