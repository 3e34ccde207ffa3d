"""Sums over the orders that were placed or closed today."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import N_CHANNELS, Channel, Content, OrderOutcome
from sim.kernels import kernel
from sim.market import views
from sim.market.views import narrow

if TYPE_CHECKING:
    from sim.market.state import MarketState

LICENSED = int(Channel.LICENSED_PHARMACY)
DELIVERED, SEIZED, AS_SOLD = int(OrderOutcome.DELIVERED), int(OrderOutcome.SEIZED), int(Content.AS_SOLD)


class Placed(NamedTuple):
    """Orders placed on a day; money in USD."""

    orders: int
    paid: float
    expected: float  # at the usual prices of goods, places and sizes
    by_channel: np.ndarray  # (C,) orders
    by_origin: np.ndarray  # (J,) orders, by the vendor's jurisdiction


class Closed(NamedTuple):
    """Orders closed on a day, as numbers; purity is that of illicit goods delivered."""

    goods: int
    purity: float
    purity_sd: float
    counterfeit: int
    illicit: int
    not_sent: int
    posted: int
    seized: int


class UsualPrices(NamedTuple):
    """What orders cost at the usual prices."""

    level: np.ndarray  # (J,)
    dose: np.ndarray  # (S,) USD
    doses: np.ndarray  # (S,) of an order
    discount: float  # exponent of quantity


class Sums(NamedTuple):
    """What is added up, as in `Placed`."""

    by_channel: np.ndarray
    by_origin: np.ndarray


@kernel
def sum_placed(
    rows: np.ndarray, orders: Any, vendors: Any, home: np.ndarray, usual: UsualPrices, sums: Sums
) -> tuple[int, int, float]:
    """Add the orders ``rows`` to ``sums``; returns their number, cents paid, USD expected."""
    count, cents, expected = 0, 0, 0.0
    for i in rows:
        v, s = orders.vendor[i], orders.substance[i]
        count += 1
        cents += orders.price[i]
        sums.by_channel[orders.channel[i]] += 1.0
        sums.by_origin[vendors.jurisdiction[v]] += 1.0
        size = max(orders.quantity[i] / usual.doses[s], 1e-9)
        level = usual.level[home[orders.consumer[i]]] if orders.channel[i] != LICENSED else 1.0
        expected += usual.dose[s] * orders.quantity[i] * level * size**-usual.discount
    return count, cents, expected


def todays_orders(state: MarketState) -> np.ndarray:
    """Rows of the orders placed today."""
    o = state.books.open_orders
    return (o.columns.day[: o.n] == state.day).nonzero()[0]


def placed_orders(state: MarketState, rows: np.ndarray) -> Placed:
    """What the orders ``rows`` add up to as they were placed."""
    o, table, p = state.books.open_orders, state.substances, state.p
    usual = UsualPrices(state.world.price_factor, table.dose_usd, table.doses_per_order, p.payment.quantity_discount)
    sums = Sums(np.zeros(N_CHANNELS), np.zeros(state.world.n_jurisdictions))
    count, cents, expected = sum_placed(
        rows, narrow(o.columns, views.PlacedOrders), narrow(state.vendors.columns, views.SellingVendors),
        state.consumers.columns.jurisdiction, usual, sums,
    )  # fmt: skip
    return Placed(count, cents / 100.0, expected, *sums)


@kernel
def sum_closed(rows: np.ndarray, orders: Any) -> tuple[int, float, float, int, int, int, int, int]:
    """The fields of `Closed` for the orders ``rows``."""
    goods, counterfeit, illicit, not_sent, posted, seized, total = 0, 0, 0, 0, 0, 0, 0.0
    for i in rows:
        if orders.channel[i] == LICENSED:
            continue
        illicit += 1
        not_sent += orders.dispatched[i] == 0
        if orders.parcels[i] > 0:
            posted += 1
            seized += orders.outcome[i] == SEIZED
        if orders.outcome[i] == DELIVERED:
            goods += 1
            counterfeit += orders.content[i] != AS_SOLD
            total += orders.purity[i]
    mean, square = total / max(goods, 1), 0.0
    for i in rows:
        if orders.channel[i] != LICENSED and orders.outcome[i] == DELIVERED:
            square += (orders.purity[i] - mean) ** 2
    return goods, mean, math.sqrt(square / max(goods, 1)), counterfeit, illicit, not_sent, posted, seized


def closed_orders(state: MarketState, rows: np.ndarray) -> Closed:
    """What the orders ``rows``, which close today, add up to."""
    return Closed(*sum_closed(rows, narrow(state.books.open_orders.columns, views.ClosedOrders)))
