"""Displacement as a picture: from where orders go and to where, net, with bands as wide as the orders that move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from sim.report.figures.layout import MARGIN, NAME, SMALL, Page, line_height, wrap
from sim.report.figures.style import INK, NEITHER, QUIET, SERIES, style
from sim.report.parts.flows import Flow, moves
from sim.studies.findings import numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NO_MORE, NEW = "elsewhere, or no order any more", "from elsewhere, or no order before"
LABEL_INCHES, BAND_INCHES, NODE, GAP, LEAST = 2.1, 2.5, 0.09, 0.12, 0.012
TALL = 2.2
"""Inches that all bands take together, apart from the gaps."""
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "||||")
"""Beside the colours, so that a print in grey tells the bands apart."""


@style()
def flow_figure(found: Sequence[Flow], scenario: str, baseline: str, between: str, whose: str) -> Figure:
    """Draw where orders go: on the left what has fewer of them, on the right what has more.

    Only changes that are told from zero are drawn; what loses gives to what gains in proportion, since the model counts orders and not who
    went where. Where nothing is told, the figure says so.

    Parameters
    ----------
    found
        Changes of orders, as `sim.report.parts.flows.flows` gives them.
    scenario, baseline
        What is compared.
    between
        What they are changes between, in a word: ``channels`` or ``places``.
    whose
        Whose orders these are: ``real people``, or ``simulated consumers``.
    """
    rows = [(a or NEW, b or NO_MORE, size) for a, b, size in moves(found) if size > 0]
    total = sum(size for *_, size in rows)
    words = (
        f"Net change of orders against {baseline}, those of the {whose}: mean of {max((f.n for f in found), default=0)} paired runs, only what is told from zero. "
        "Bands are as wide as the orders that move; who went where is not counted, so that what has fewer gives to what has more in proportion."
    )
    rest = [flow.name for flow in found if not flow.told]
    below = [f"Without a clear change: {', '.join(rest)}."] if rest else []
    width = 2 * (MARGIN + LABEL_INCHES) + BAND_INCHES + 0.3
    title = f"Orders that move between {between}: {scenario}"
    if not total:
        page = Page(width, 0.4, title, words, below=below)
        page.write(MARGIN, 0.1, f"No change of orders between {between} is told from zero.", fontsize=NAME + 1)
        return page.figure
    by = {flow.name: flow for flow in found}
    sides = [list(dict.fromkeys(a for a, _, _ in rows)), list(dict.fromkeys(b for _, b, _ in rows))]
    heights = [
        {name: max(TALL * sum(row[2] for row in rows if row[side] == name) / total, LEAST) for name in sides[side]}
        for side in (0, 1)
    ]
    texts = [{name: _lines(_words(name, by, rows, side)) for name in sides[side]} for side in (0, 1)]
    rooms = [
        {name: max(heights[side][name], (texts[side][name].count("\n") + 1) * line_height(NAME)) + GAP for name in sides[side]}
        for side in (0, 1)
    ]  # fmt: skip
    body = max(sum(room.values()) for room in rooms) + 0.25
    page = Page(width, body, title, words, below=below)
    axes = page.panel(0.0, 0.0, width, body)
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(body, 0)
    left = MARGIN + LABEL_INCHES + 0.1
    right = width - left
    places = [_nodes(axes, x, side, heights[side], rooms[side], texts[side]) for side, x in ((0, left), (1, right))]
    for a, b, size in rows:
        tall = TALL * size / total
        k = sides[0].index(a)
        _band(axes, (left, right), (places[0][a], places[1][b]), tall, k)
        places[0][a] += tall
        places[1][b] += tall
    return page.figure


def _nodes(
    axes: Axes, x: float, side: int, heights: Mapping[str, float], rooms: Mapping[str, float], texts: Mapping[str, str]
) -> dict[str, float]:
    """Draw what has fewer orders (side 0) or more (side 1), one below the other, and give where each begins.

    Parameters
    ----------
    x
        Where bands begin or end, in inches.
    heights, rooms, texts
        Of each node: how tall it is, how much room it takes with its text, and that text.
    """
    align = ("right", "left")[side]
    axes.text(x, 0.08, ("fewer orders", "more orders")[side], fontsize=SMALL, color=QUIET, va="center", ha=align)
    y, begins = 0.22, {}
    for name, tall in heights.items():
        middle = y + (rooms[name] - GAP) / 2
        begins[name] = middle - tall / 2
        colour = NEITHER if name in (NO_MORE, NEW) else INK
        axes.add_patch(Rectangle((x - NODE if side == 0 else x, begins[name]), NODE, tall, color=colour))
        where = x - NODE - 0.06 if side == 0 else x + NODE + 0.06
        axes.text(where, middle, texts[name], fontsize=NAME, va="center", ha=align, linespacing=1.2)
        y += rooms[name]
    return begins


def _words(name: str, by: dict[str, Flow], rows: Sequence[tuple[str, str, float]], side: int) -> str:
    """What a node is called, with its change and interval; new and lost orders with their sum."""
    if name in by:
        return f"{name}\n{by[name].change}".replace("-", "\u2212")
    return f"{name}\n{numbers.level(sum(row[2] for row in rows if row[side] == name), '')}"


def _lines(text: str) -> str:
    """A text whose lines are wrapped each for itself."""
    return "\n".join(wrap(line, LABEL_INCHES, NAME) for line in text.split("\n"))


def _band(axes: Axes, x: tuple[float, float], y: tuple[float, float], tall: float, k: int) -> None:
    """Draw a band from a height on the left to one on the right."""
    (a, b), (top, end), middle = x, y, sum(x) / 2
    line = [(a, top), (middle, top), (middle, end), (b, end), (b, end + tall), (middle, end + tall), (middle, top + tall), (a, top + tall), (a, top)]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    colour = SERIES[k % len(SERIES)]
    look = {"facecolor": colour, "edgecolor": colour, "alpha": 0.45, "linewidth": 0.6, "hatch": HATCHES[k % len(HATCHES)]}  # fmt: skip
    axes.add_patch(PathPatch(Path(line, codes), **look))
