"""Shipping: dispatch or scam, content, split parcels, transit and interception; then orders whose fate is known are settled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import LAST_DAY, NEVER, Channel, EventKind, OrderOutcome
from sim.agents.enforcement import POST
from sim.agents.payments import FIRST_ACQUIRER
from sim.evidence.groups import ShippingParameters
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.blocks import over_rows
from sim.market.groups import Moment
from sim.market.trade.content import Goods, batch
from sim.market.trade.post import Routes, inspect, usual_seizures
from sim.market.trade.settling import defrauded, settling
from sim.market.views import narrow
from sim.streams import Draw, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

DISPATCH, BATCH, PARCEL = int(Draw.DISPATCH), int(Draw.BATCH), int(Draw.PARCEL)
LICENSED, PHARMACY, APP, CRYPTO, DIRECT, STREET = (int(c) for c in Channel)
DELIVERED, SEIZED, LOST, SCAMMED = (
    int(OrderOutcome.DELIVERED), int(OrderOutcome.SEIZED), int(OrderOutcome.LOST), int(OrderOutcome.SCAMMED),
)  # fmt: skip
MAX_PARCELS = 6
ABROAD = 3
"""Days that a parcel across a border takes at the least, on top of which come those of `border_days`."""


class Post(NamedTuple):
    """Orders, buyers and vendors, as columns of `views`."""

    orders: Any
    consumers: Any
    vendors: Any


@inner
def parcels_for(price: float, intercept: float, domestic: bool, p: ShippingParameters) -> int:
    """Number of parcels: larger orders are split, more so on routes where more is seized."""
    unit = p.split_usd * 100.0 * (p.domestic_split if domestic else 1.0)
    n = 1 + int(price / unit * math.sqrt(intercept / p.reference_intercept))
    return min(n, MAX_PARCELS)


@kernel
def dispatch(lo: int, hi: int, when: Moment, post: Post, routes: Routes, goods: Goods) -> None:
    """Decide for the new orders ``lo:hi`` dispatch, content, parcels, day of arrival and outcome."""
    orders, consumers, vendors, p, day = post.orders, post.consumers, post.vendors, goods.given[0], when.day
    for o in range(lo, hi):
        v, c, s, channel = orders.vendor[o], orders.consumer[o], orders.substance[o], orders.channel[o]
        u1, u2, u3, _u4 = uniform4(when.seed, DISPATCH, c, day, 0)
        source, target = vendors.jurisdiction[v], consumers.jurisdiction[c]
        orders.dispatched[o] = 1 if u1 < vendors.ships[v] and vendors.leaving[v] == NEVER else 0
        domestic = source == target
        if channel == STREET:
            days = 0
        elif domestic:
            days = 1 + int(u2 * p.domestic_days)
        else:
            days = ABROAD + int(u2 * p.border_days + routes.delay[target])
        content, potency, left, strong = batch(
            when, vendors.key[v], s, channel, 0.0 if vendors.covered[v] else vendors.quality[v], vendors.supplier[v] + 1, goods,
        )  # fmt: skip
        purity = vendors.purity[v] * left
        if not strong:
            potency *= purity / p.usual_purity if channel >= APP else left
        orders.content[o], orders.potency[o], orders.purity[o] = content, potency, purity
        orders.share[o] = 1.0
        if orders.dispatched[o] == 0:
            orders.outcome[o], orders.share[o] = SCAMMED, 0.0
            orders.due[o] = min(LAST_DAY, day + days + int(p.patience_days))
            continue
        orders.due[o] = min(LAST_DAY, day + days)
        orders.outcome[o] = DELIVERED
        if not domestic and channel != STREET and routes.delay[target] > 0.0:
            orders.late[o] = 1 if u3 < -math.expm1(-routes.delay[target] / p.patience_days) else 0
        if channel == STREET or channel == LICENSED or (channel == APP and domestic):
            continue
        risk = routes.intercept[source, target]
        n = parcels_for(orders.price[o], risk, domestic, p)
        loss = p.loss if domestic else min(1.0, p.loss + p.delay_loss * routes.delay[target] * (1.0 - p.loss))
        arrived, seized = 0, 0
        for k in range(n):
            w1, w2, _, _ = uniform4(when.seed, PARCEL, c, day, k)
            if w1 < risk:
                seized += 1
            elif w2 >= loss:
                arrived += 1
        orders.parcels[o], orders.seized[o], orders.share[o] = n, seized, arrived / n
        if arrived == 0:
            orders.outcome[o] = SEIZED if seized > 0 else LOST
            orders.due[o] = min(LAST_DAY, day + days + int(p.patience_days))


@kernel
def tally(
    due: np.ndarray, orders: Any, source: np.ndarray, home: np.ndarray, chance: np.ndarray, given: np.ndarray, expected: np.ndarray
) -> tuple[int, int, int, int, int]:  # fmt: skip
    """Count the orders ``due``; add to ``expected`` (J,) the parcels that would be sent and seized with this ``chance`` (J, J).

    Returns parcels posted, parcels seized, buyers defrauded, orders paid by card to a merchant, and of these those that did not come, or late.
    """
    parcels, lost, victims, cards, failed = 0, 0, 0, 0, 0
    for o in due:
        parcels += orders.parcels[o]
        lost += orders.seized[o]
        if orders.parcels[o] > 0:
            j, k = source[orders.vendor[o]], home[orders.consumer[o]]
            expected[k] += chance[j, k] * parcels_for(orders.price[o], chance[j, k], j == k, given[0])
        victims += defrauded(orders.outcome[o], orders.settlement[o], orders.content[o])
        if orders.processor[o] >= FIRST_ACQUIRER:
            cards += 1
            failed += orders.outcome[o] != DELIVERED or orders.late[o] == 1
    return parcels, lost, victims, cards, failed


class Shifted:
    """The dispatch kernel over rows that begin at ``first``."""

    def __init__(self, first: int) -> None:
        self.first = first

    def __call__(self, lo: int, hi: int, *args: Any) -> None:
        """Dispatch the orders ``lo:hi`` counted from the first."""
        dispatch(self.first + lo, self.first + hi, *args)


def shipping(state: MarketState, rows: tuple[int, int]) -> None:
    """Phase 9: new orders are dispatched or not; those whose fate is known today are settled."""
    p, o = state.p.shipping, state.books.open_orders
    orders, vendors = (
        narrow(o.columns, views.ShippingOrders),
        narrow(state.vendors.columns, views.ShippingVendors),
    )
    hands = np.array([0.0, 0.0, p.hands_app, p.hands_crypto, p.hands_crypto, p.hands_street])
    fails = np.array([p.licensed_fails, p.pharmacy_fails])
    up = state.upstream
    goods = Goods(
        up.concentration, up.mixes, hands, fails, narrow(state.substances, views.SentSubstances), state.given.shipping
    )
    post = Post(orders, narrow(state.consumers.columns, views.ShippingConsumers), vendors)
    lo, hi = rows
    over_rows(state.pool, Shifted(lo), hi - lo, state.moment, post, inspect(state), goods)
    settling(state)
    due = state.books.due
    expected = np.zeros(state.world.n_jurisdictions)
    parcels, lost, victims, cards, failed = tally(
        due, narrow(o.columns, views.TalliedOrders), state.vendors.columns.jurisdiction, state.consumers.columns.jurisdiction,
        usual_seizures(state), state.given.shipping, expected,
    )  # fmt: skip
    state.today.parcels, state.today.parcels_seized = parcels, lost
    state.today.fraud += victims
    taken = due[o.columns.seized[due] > 0]
    state.books.intercepted = o.columns.consumer[taken].astype(np.int64), o.columns.channel[taken].copy()
    state.consumer_events(EventKind.PARCEL_SEIZURE, o.columns.consumer[taken])
    state.trade.by_card[state.day % len(state.trade.by_card)] = cards, failed
    state.credit_agencies(POST, state.p.enforcement.credit_parcel * expected)
