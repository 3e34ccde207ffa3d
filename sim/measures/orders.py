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
    """Orders placed on a day, by group (G,)."""

    orders: np.ndarray
    cents: np.ndarray  # that were paid
    expected: np.ndarray  # USD, at the usual prices of goods, places and sizes
    by_channel: np.ndarray  # (G, C) orders
    by_origin: np.ndarray  # (G, J) orders, by the vendor's jurisdiction


class Closed(NamedTuple):
    """Orders closed on a day, by group (G,); purity is that of illicit goods delivered."""

    goods: np.ndarray
    purity: np.ndarray
    purity_sd: np.ndarray
    counterfeit: np.ndarray
    illicit: np.ndarray
    not_sent: np.ndarray
    posted: np.ndarray
    seized: np.ndarray


class UsualPrices(NamedTuple):
    """What orders cost at the usual prices."""

    level: np.ndarray  # (J,)
    dose: np.ndarray  # (S,) USD
    doses: np.ndarray  # (S,) of an order
    discount: float  # exponent of quantity


@kernel
def sum_placed(
    rows: np.ndarray, group: np.ndarray, orders: Any, vendors: Any, home: np.ndarray, usual: UsualPrices, found: Placed
) -> None:
    """Add each of the orders ``rows`` to the sums of its ``group``."""
    for k in range(len(rows)):
        i, g = rows[k], group[k]
        v, s = orders.vendor[i], orders.substance[i]
        found.orders[g] += 1
        found.cents[g] += orders.price[i]
        found.by_channel[g, orders.channel[i]] += 1.0
        found.by_origin[g, vendors.jurisdiction[v]] += 1.0
        size = max(orders.quantity[i] / usual.doses[s], 1e-9)
        level = usual.level[home[orders.consumer[i]]] if orders.channel[i] != LICENSED else 1.0
        found.expected[g] += usual.dose[s] * orders.quantity[i] * level * size**-usual.discount


def todays_orders(state: MarketState) -> np.ndarray:
    """Rows of the orders placed today."""
    o = state.books.open_orders
    return (o.columns.day[: o.n] == state.day).nonzero()[0]


def placed_orders(state: MarketState, rows: np.ndarray, group: np.ndarray, groups: int) -> Placed:
    """What the orders ``rows`` add up to as they were placed, each in its ``group`` (rows,) of so many."""
    o, table, p = state.books.open_orders, state.substances, state.p
    usual = UsualPrices(state.world.price_factor, table.dose_usd, table.doses_per_order, p.payment.quantity_discount)
    counts = np.zeros((2, groups), np.int64)
    found = Placed(
        counts[0], counts[1], np.zeros(groups), np.zeros((groups, N_CHANNELS)), np.zeros((groups, state.world.n_jurisdictions))
    )  # fmt: skip
    sum_placed(
        rows, group, narrow(o.columns, views.PlacedOrders), narrow(state.vendors.columns, views.SellingVendors),
        state.consumers.columns.jurisdiction, usual, found,
    )  # fmt: skip
    return found


@kernel
def sum_closed(rows: np.ndarray, group: np.ndarray, orders: Any, found: Closed) -> None:
    """Add each of the orders ``rows`` to the sums of its ``group``."""
    for k in range(len(rows)):
        i, g = rows[k], group[k]
        if orders.channel[i] == LICENSED:
            continue
        found.illicit[g] += 1
        found.not_sent[g] += orders.dispatched[i] == 0
        if orders.parcels[i] > 0:
            found.posted[g] += 1
            found.seized[g] += orders.outcome[i] == SEIZED
        if orders.outcome[i] == DELIVERED:
            found.goods[g] += 1
            found.counterfeit[g] += orders.content[i] != AS_SOLD
            found.purity[g] += orders.purity[i]
    for g in range(len(found.goods)):
        found.purity[g] /= max(found.goods[g], 1)
    for k in range(len(rows)):
        i, g = rows[k], group[k]
        if orders.channel[i] != LICENSED and orders.outcome[i] == DELIVERED:
            found.purity_sd[g] += (orders.purity[i] - found.purity[g]) ** 2
    for g in range(len(found.goods)):
        found.purity_sd[g] = math.sqrt(found.purity_sd[g] / max(found.goods[g], 1))


def closed_orders(state: MarketState, rows: np.ndarray, group: np.ndarray, groups: int) -> Closed:
    """What the orders ``rows``, which close today, add up to, each in its ``group`` (rows,) of so many."""
    counts, purity = np.zeros((6, groups), np.int64), np.zeros((2, groups))
    found = Closed(counts[0], purity[0], purity[1], *counts[1:])
    sum_closed(rows, group, narrow(state.books.open_orders.columns, views.ClosedOrders), found)
    return found
