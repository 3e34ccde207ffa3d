"""Figures of discovery: the limits of boxes, the worlds in the plane of the two factors that restrict most, and what tells failures apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.report.figures.layout import (
    MARGIN,
    NAME,
    SMALL,
    Mark,
    Page,
    guides,
    line_height,
    lines_in,
    number,
    scale,
    width_of,
    wrap,
)
from sim.report.figures.style import FAINT, NEITHER, SERIES, style
from sim.report.text.names import factor_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

MOST_SCORES = 20
LABEL_INCHES, WORDS_INCHES = 2.8, 2.0


@style()
def boxes(limits: DataFrame, quality: DataFrame) -> Figure:
    """Limits of every box, as shares of the ranges of the factors, with the limits themselves beside them."""
    rows = limits.reset_index(drop=True).to_dict("records")
    labels = [wrap(f"box {row['box']}, {factor_name(row['factor'])}", LABEL_INCHES, NAME) for row in rows]
    words = [wrap(row["values"] or f"{_end(row['low'])} to {_end(row['high'])}", WORDS_INCHES, SMALL + 0.5) for row in rows]  # fmt: skip
    heights = np.array([max(lines_in([pair[0]]), lines_in([pair[1]])) for pair in zip(labels, words, strict=True)])
    heights = heights * line_height(NAME) + 0.09
    left = MARGIN + max((width_of(label, NAME) for label in labels), default=0.5) + 0.12
    right = max((width_of(text, SMALL + 0.5) for text in words), default=0.0) + 0.25
    held = quality[quality["worlds"] == "held out"].to_dict("records")
    below = [
        f"Box {row['box']}, on the worlds held out: holds {100 * row['coverage']:.0f} % of the failures (coverage); "
        f"of the worlds in it {100 * row['density']:.0f} % fail (density)."
        if np.isfinite(row["coverage"]) and np.isfinite(row["density"])
        else f"Box {row['box']}: no world held out tells what it is worth."
        for row in held
    ]
    about = "Each line is a factor that a box restricts: its range in grey, the part in the box in colour, its ends in numbers."
    tall = float(heights.sum()) or 0.2
    page = Page(max(left + 2.8 + right + MARGIN, 6.8), tall + 0.55, "Where the policy fails: limits of the boxes", about, below=below)  # fmt: skip
    axes = page.panel(left, 0.05, page.width - left - right - MARGIN, tall)
    y = np.cumsum(heights) - heights / 2
    axes.hlines(y, 0, 1, color=FAINT, linewidth=6)
    for place, row, text in zip(y, rows, words, strict=True):
        span = row["most"] - row["least"]
        low, high = ((row[end] - row["least"]) / span if span else float(end == "high") for end in ("low", "high"))
        if np.isfinite(low):
            axes.hlines(place, low, high, color=SERIES[(row["box"] - 1) % len(SERIES)], linewidth=6)
        axes.text(1.03, place, text, transform=axes.get_yaxis_transform(), fontsize=SMALL + 0.5, va="center", linespacing=1.2)  # fmt: skip
    axes.set_yticks(y, labels, fontsize=NAME, linespacing=1.2)
    axes.set_ylim(tall, 0)
    axes.set_xlim(0, 1)
    axes.set_xlabel("place in the range of the factor (0: least, 1: most)", fontsize=SMALL)
    return page.figure


def _end(value: float) -> str:
    """An end of a box, with three digits that count: it was found from some hundred worlds."""
    return number(float(f"{value:.3g}"))


@style()
def worlds(table: DataFrame, limits: DataFrame) -> Figure:
    """Worlds in which the policy fails and does not, over the two numbers that the first box restricts most."""
    rows = limits[(limits["box"] == 1) & limits["low"].notna()]
    kept = (rows["high"] - rows["low"]) / (rows["most"] - rows["least"])
    names = [str(name) for name in rows.loc[kept.sort_values().index, "factor"]][:2]
    names += ["point"] * (2 - len(names))
    looks = {
        False: {"marker": "o", "color": NEITHER, "markerfacecolor": "none", "markersize": 3.5, "linestyle": ""},
        True: {"marker": "x", "color": SERIES[1], "markersize": 4.5, "linestyle": ""},
    }
    count = int(table["fails"].sum())
    key = [Mark(f"fails ({count:,})", looks[True]), Mark(f"does not fail ({len(table) - count:,})", looks[False])]
    words = [wrap("number of the world" if name == "point" else factor_name(name), 3.4, NAME) for name in names]
    tall = lines_in(words) * line_height(NAME)
    page = Page(6.5, 4.1 + tall, "Worlds, by the two factors that the first box restricts most", key=key)
    axes = page.panel(0.95 + tall, 0.08, 6.5 - tall - 1.2, 3.55)
    for fails in (False, True):
        chosen = table[table["fails"] == fails]
        axes.plot(chosen[names[0]], chosen[names[1]], clip_on=False, **looks[fails])
    axes.set_xlabel(words[0], fontsize=NAME, linespacing=1.2)
    page.figure.text(
        (MARGIN + 0.02) / page.width, 1 - (page.top + 0.08 + 3.55 / 2) / page.height, words[1], rotation=90,
        fontsize=NAME, va="center", linespacing=1.2,
    )  # fmt: skip
    scale(axes.xaxis, 5)
    scale(axes.yaxis, 6)
    return page.figure


@style()
def scores(table: DataFrame) -> Figure:
    """Which factors tell failures apart."""
    every = table[table["of"] == "fails"].sort_values("score", ascending=False)
    rows = every.head(MOST_SCORES)
    labels = [wrap(factor_name(name), LABEL_INCHES, NAME) for name in rows["factor"]]
    row = lines_in(labels) * line_height(NAME) + 0.07
    left = MARGIN + max((width_of(label, NAME) for label in labels), default=0.5) + 0.12
    below = [f"{len(rows)} of {len(every)} factors, those that matter most; the rest is in the table."] if len(rows) < len(every) else []  # fmt: skip
    words = "Importance of each factor in telling worlds of failure from the others (extra trees); all add up to 1."
    page = Page(max(left + 3.2, 6.8), row * max(len(rows), 1) + 0.55, "What tells failures apart", words, below=below)
    axes = page.panel(left, 0.05, page.width - left - 0.35, row * max(len(rows), 1))
    y = np.arange(len(rows))
    axes.barh(y, rows["score"], color=SERIES[0], height=0.7)
    axes.set_yticks(y, labels, fontsize=NAME, linespacing=1.2)
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    axes.set_xlim(left=0)
    scale(axes.xaxis, 5)
    guides(axes, "x")
    axes.set_xlabel("importance (share)", fontsize=SMALL)
    return page.figure
