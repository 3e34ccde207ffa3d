"""What is drawn of a world as it is today: who sells where, orders by channel, deaths, and open platforms."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.ticker import NullLocator

from sim.agents.codes import N_CHANNELS, Channel
from sim.app import say
from sim.measures.outcomes import ONLINE
from sim.report.figures.layout import SMALL, guides, number, scale, title_of, wrap
from sim.report.figures.style import FAINT, INK, QUIET, SERIES, Picture, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sim.app.watch.world import Watched
    from sim.market.state import MarketState

INCHES = (6.0, 3.7)
FRAME = (0.08, 0.23, 0.89, 0.68)
"""Where the panel lies in the figure, in shares of it: what is below is for the axis and the key."""
MOST_VENDORS = 15
"""Vendors drawn of a platform, the largest."""
GONE_DAYS = 60
"""Days for which a platform that closed stays in the picture."""
SMOOTHING_DAYS = 7
COLUMNS = 3
"""Channels beside each other in the picture of the network."""
ROWS = -(-N_CHANNELS // COLUMNS)
RAY = 9.0
"""Points between the edge of a platform and its vendors."""
ORDER, USUAL = 25.0, 2_000
"""Square points that an order a day takes in a world of so many consumers; in larger worlds in proportion less."""
_one_at_a_time = threading.Lock()
"""Settings of the library that draws are those of the process, and every browser has a thread of its own."""


class Network(NamedTuple):
    """Platforms with the largest vendors that have an account there.

    Attributes
    ----------
    slots
        (p,) platforms: open ones, and those that closed lately.
    channel, orders
        (p,) their channel, and orders a day in the last week.
    gone
        (p,) whether it has closed.
    vendor, place
        (l,) each account: the vendor's row, and which of the platforms.
    sales
        (l,) orders a day of that vendor in the last week, on all its platforms.
    """

    slots: np.ndarray
    channel: np.ndarray
    orders: np.ndarray
    gone: np.ndarray
    vendor: np.ndarray
    place: np.ndarray
    sales: np.ndarray


def network(state: MarketState, most: int = MOST_VENDORS) -> Network:
    """Platforms and, of each, the ``most`` vendors with most orders in the last week."""
    t, n = state.platform_table.columns, state.platform_table.n
    is_open = np.zeros(n, bool)
    for channel in Channel:
        is_open[state.open_slots(channel)] = True
    since = state.day - t.close_day[:n].astype(int)
    gone = ~is_open & (since >= 0) & (since <= GONE_DAYS)
    slots = (is_open | gone).nonzero()[0]
    v, rows = state.vendors.columns, state.vendors.n
    vendor, place, sales = [], [], []
    for p, slot in enumerate(slots):
        if is_open[slot]:
            here = ((v.account[:rows] == slot).any(axis=1) & (v.alive[:rows] == 1)).nonzero()[0]
            here = here[np.argsort(-v.recent[here], kind="stable")[:most]]
            vendor.append(here)
            place.append(np.full(len(here), p))
            sales.append(v.recent[here].astype(float))
    none = np.zeros(0, int)
    return Network(
        slots, t.channel[slots], np.where(gone[slots], 0.0, t.trade7[slots]), gone[slots],
        np.concatenate([none, *vendor]), np.concatenate([none, *place]), np.concatenate([none.astype(float), *sales]),
    )  # fmt: skip


def drawn(draw: Callable[[Axes, Watched], None]) -> Callable[[Watched], Picture]:
    """A picture with one panel in the style of this project's figures; one is drawn at a time."""

    @wraps(draw)
    def picture(world: Watched) -> Picture:
        with _one_at_a_time, style():
            figure = Picture(figsize=INCHES)
            draw(figure.add_axes(FRAME), world)
            return figure

    return picture


@drawn
def trade_picture(axes: Axes, world: Watched) -> None:
    """Draw platforms by channel with their largest vendors around them, each as large as its trade."""
    net = network(world.market)
    axes.set_axis_off()
    axes.set_position((0.03, 0.1, 0.94, 0.8))
    title_of(axes, say("watch.network", day=world.market.day, most=MOST_VENDORS))
    centres = _centres(net)
    each = ORDER * USUAL / world.market.scenario.consumers
    area = 20 + each * net.orders
    wide, high = (72 * inches / fields for inches, fields in zip(INCHES, (COLUMNS, ROWS), strict=True))
    points, sizes, colours, lines, widths, tints = [], [], [], [], [], []
    placed: dict[int, tuple[float, float]] = {}
    for p, (x, y) in enumerate(centres):
        colour = SERIES[net.channel[p]]
        here = net.place == p
        for k, (row, sales) in enumerate(zip(net.vendor[here], net.sales[here], strict=True)):
            if int(row) not in placed:
                turn = 2 * np.pi * (k + 0.25) / max(here.sum(), 1)
                away = RAY + np.sqrt(area[p] / np.pi)
                placed[int(row)] = (x + away / wide * np.cos(turn), y + away / high * np.sin(turn))
                points.append(placed[int(row)])
                sizes.append(6 + each * sales)
                colours.append(colour)
            to = placed[int(row)]
            lines.append([(x, y), to])
            widths.append(0.5 + 0.4 * min(sales, 6))
            tints.append(colour)
    if points:
        axes.add_collection(LineCollection(lines, colors=tints, linewidths=widths, alpha=0.5, zorder=1))
        axes.scatter(*zip(*points, strict=True), s=sizes, c=colours, alpha=0.75, linewidths=0, zorder=2)
    if len(centres):
        here = ~net.gone
        fill = [SERIES[channel] for channel in net.channel[here]]
        axes.scatter(*centres[here].T, s=area[here], c=fill, edgecolors=INK, linewidths=0.8, zorder=3)
        axes.scatter(*centres[net.gone].T, s=40, c=INK, marker="x", linewidths=1.5, zorder=3)
    for channel in Channel:
        row, column = divmod(int(channel), COLUMNS)
        axes.text(column + 0.02, 0.97 - row, _name(channel), fontsize=SMALL + 1, color=SERIES[channel], fontweight="bold", va="top")  # fmt: skip
    for line in range(1, COLUMNS):
        axes.axvline(line, color=FAINT, linewidth=0.7)
    axes.axhline(0, color=FAINT, linewidth=0.7)
    axes.set_xlim(0, COLUMNS)
    axes.set_ylim(1 - ROWS, 1)
    key = wrap(say("watch.key", days=GONE_DAYS), 0.94 * INCHES[0], SMALL)
    axes.text(0, -0.02, key, transform=axes.transAxes, fontsize=SMALL, color=QUIET, va="top")


def _centres(net: Network) -> np.ndarray:
    """(p, 2) where platforms stand: each channel has a field of one by one, in which its platforms stand in rows."""
    found = np.zeros((len(net.slots), 2))
    for channel in Channel:
        these = (net.channel == channel).nonzero()[0]
        wide = int(np.ceil(np.sqrt(1.4 * len(these)))) or 1
        high = -(-len(these) // wide) or 1
        row, column = divmod(np.arange(len(these)), wide)
        down, across = divmod(int(channel), COLUMNS)
        found[these, 0] = across + (column + 0.5) / wide
        found[these, 1] = 0.85 - down - 0.84 * (row + 0.5) / high
    return found


@drawn
def orders_picture(axes: Axes, world: Watched) -> None:
    """Draw orders a day by channel."""
    title_of(axes, say("watch.orders", days=SMOOTHING_DAYS))
    for channel in Channel:
        _line(axes, world, f"orders_{channel}", SERIES[channel], _name(channel))
    axes.set_yscale("symlog", linthresh=1, linscale=0.5)  # the street has many times the orders of any place online
    _finish(axes, legend=True, plain=False)
    axes.yaxis.set_major_formatter(number)
    axes.set_yticks([0, *(10.0**k for k in range(int(np.log10(max(axes.get_ylim()[1], 10))) + 1))])
    axes.yaxis.set_minor_locator(NullLocator())


@drawn
def deaths_picture(axes: Axes, world: Watched) -> None:
    """Draw expected deaths from overdose a year, in the world that the simulated consumers stand for."""
    title_of(axes, say("watch.deaths", days=SMOOTHING_DAYS))
    _line(axes, world, "deaths_expected", SERIES[1], "", 365.0 * world.market.weight)
    _finish(axes)


@drawn
def platforms_picture(axes: Axes, world: Watched) -> None:
    """Draw how many platforms of each online channel are open."""
    title_of(axes, say("watch.platforms"))
    days = np.array(world.open_platforms, float).reshape(-1, N_CHANNELS)
    for channel in ONLINE:
        axes.step(np.arange(len(days)), days[:, channel], where="post", color=SERIES[channel], linewidth=1.4, label=_name(channel))  # fmt: skip
    _finish(axes, legend=True)


def _name(channel: Channel) -> str:
    return str(channel).replace("_", " ").capitalize()


def _line(axes: Axes, world: Watched, name: str, colour: str, label: str, factor: float = 1.0) -> None:
    """A moving average over the days so far; in the first days over those that there are."""
    values = world.datacollector.get_model_vars_dataframe()[name].to_numpy(float) * factor
    sums = np.cumsum(np.r_[0.0, values])
    last = np.arange(1, len(values) + 1)
    first = np.maximum(last - SMOOTHING_DAYS, 0)
    axes.plot(last - 1, (sums[last] - sums[first]) / (last - first), color=colour, linewidth=1.4, label=label)


def _finish(axes: Axes, legend: bool = False, plain: bool = True) -> None:
    axes.set_ylim(bottom=0)
    axes.set_xlim(0, max(axes.dataLim.x1, 30) if np.isfinite(axes.dataLim.x1) else 30)
    if plain:
        scale(axes.yaxis)
    scale(axes.xaxis, 5, whole=True)
    guides(axes)
    axes.set_xlabel(say("watch.day"), fontsize=SMALL)
    if legend:
        axes.legend(fontsize=SMALL, frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.16))
