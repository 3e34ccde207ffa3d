"""Latent against observed: what there was on cryptomarkets, and what an observer makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from sim.report.figures.layout import SMALL, TITLE
from sim.report.figures.style import INK, QUIET, Picture, look, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

PANELS = {
    "vendors": "Names of vendors in a window",
    "listings": "Listings in a window",
    "sales": "Sales in a window",
    "revenue_usd": "Revenue in a window (USD)",
}
"""What is drawn, in this order."""
WIDTH, HEIGHT = 8.0, 6.2


def observed_figure(estimates: DataFrame) -> Figure:
    """The latent numbers on cryptomarkets window by window, and what is estimated from the pages that a crawler copied.

    Parameters
    ----------
    estimates
        The table `estimates` of an observer.
    """
    rows = estimates.astype({"what": str, "estimator": str})
    hows = [how for how in dict.fromkeys(rows.loc[rows["what"].isin(PANELS), "estimator"]) if how != "latent"]
    looks = {how: look(k) for k, how in enumerate(hows)}
    with style():
        figure = Picture(figsize=(WIDTH, HEIGHT))
        for place, (what, title) in enumerate(PANELS.items()):
            axes = figure.add_axes((0.09 + 0.49 * (place % 2), 0.52 - 0.44 * (place // 2), 0.4, 0.3))
            mine = rows[rows["what"] == what]
            for how in ("latent", *hows):
                line = mine[mine["estimator"] == how]
                middle = (line["first_day"] + line["last_day"]) / 2
                if how == "latent":
                    axes.plot(middle, line["value"], color=INK, lw=2.4, alpha=0.35, zorder=1)
                elif len(line):
                    axes.plot(middle, line["value"], lw=1.0, ms=3.5, **looks[how])
            axes.set_ylim(bottom=0)
            axes.set_title(title, fontsize=SMALL + 1.5, loc="left")
            axes.set_xlabel("day", fontsize=SMALL)
            axes.tick_params(labelsize=SMALL)
        marks = [
            Line2D([], [], color=INK, lw=2.4, alpha=0.35),
            *(Line2D([], [], lw=1.0, ms=3.5, **looks[how]) for how in hows),
        ]
        names = ["latent", *(how.replace("_", " ") for how in hows)]
        figure.legend(
            marks, names, loc="upper left", bbox_to_anchor=(0.07, 0.91), ncols=len(names), fontsize=SMALL, frameon=False
        )
        figure.text(0.08, 0.97, "Latent against observed", va="top", fontsize=TITLE, weight="bold", color=INK)
        words = "Thick line: what there was. Others: what an observer makes of the pages and feedback copied."
        figure.text(0.08, 0.925, words, va="top", fontsize=SMALL, color=QUIET)
    return figure
