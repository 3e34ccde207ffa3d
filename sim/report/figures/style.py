"""How figures look: colours that colour-blind readers can tell apart, and settings that stay inside the figure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito's palette, without its yellow, which is too light for lines.
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
BETTER, WORSE, NEITHER, UNCLEAR = "#0072B2", "#D55E00", "#4D4D4D", "#8C8C8C"
BASELINE, INK, QUIET, FAINT, BAND = "#6E6E6E", "#222222", "#555555", "#D9D9D9", "#F4F4F1"
MARKS = "osD^vPX<>ph"
"""Marks beside the colours, so that a print in grey tells series apart; all pairs differ until colours x marks."""
DPI = 150

_SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "text.color": INK,
    "text.parse_math": False,
    "text.hinting": "no_hinting",
    "axes.edgecolor": "#999999",
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "svg.hashsalt": "online-drug-markets",
    "svg.fonttype": "path",
    "figure.dpi": 100.0,
}


class Picture(Figure):
    """A figure that needs no window system and no global state, and that notebooks show."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        FigureCanvasAgg(self)

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        with style():
            self.savefig(buffer, format="png", dpi=DPI * 2 / 3)
        return buffer.getvalue()


def look(k: int) -> dict[str, Any]:
    """Colour and mark of the k-th series; from the 67th on marks are hollow."""
    colour = SERIES[k % len(SERIES)]
    hollow = k // (len(SERIES) * len(MARKS)) % 2
    return {"color": colour, "marker": MARKS[k % len(MARKS)], "markerfacecolor": "white" if hollow else colour}


def months(axes: Axes, day0: date) -> None:
    """Write dates in the place of days on an axis of time."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num, num2date

    first = float(date2num(day0))
    low, high = axes.get_xlim()
    locator = AutoDateLocator(minticks=2, maxticks=4)
    ticks = [
        tick
        for tick in locator.tick_values(num2date(first + low), num2date(first + high))
        if low <= tick - first <= high
    ]
    axes.set_xticks([tick - first for tick in ticks], ConciseDateFormatter(locator).format_ticks(ticks))
    axes.set_xlabel("")


@contextmanager
def style() -> Iterator[None]:
    """Draw with this project's settings; the reader's own come back afterwards."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(cast(Any, _SETTINGS))
        yield


def save_figure(figure: Figure, stem: Path) -> None:
    """Write a figure as PNG and SVG beside each other; equal figures give equal files.

    Parameters
    ----------
    figure
        The figure.
    stem
        Path without its ending.
    """
    with style():
        figure.savefig(stem.with_name(f"{stem.name}.png"), dpi=DPI, metadata={"Software": None})
        figure.savefig(stem.with_name(f"{stem.name}.svg"), metadata={"Date": None, "Creator": None})
