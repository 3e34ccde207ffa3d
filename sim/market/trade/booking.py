"""Booking: new orders are written down, their money goes where it belongs, and sales and first purchases are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import Channel, Considering, EventKind
from sim.kernels import kernel
from sim.market import views
from sim.market.books import DUE, GOT, KEPT, ORDERS, PAID
from sim.market.choice.migration import hear_of_markets
from sim.market.choice.vendor import account_of
from sim.market.views import narrow
from sim.population import make_room

if TYPE_CHECKING:
    from sim.market.state import MarketState

PHARMACY, APP, CRYPTO = int(Channel.ILLICIT_PHARMACY), int(Channel.SOCIAL_APP), int(Channel.CRYPTOMARKET)
BOUGHT = int(Considering.BOUGHT)
MONTH = 30.0
SPENT, FEES, CUTS, INCOME = 0, 1, 2, 3


class Parties(NamedTuple):
    """Orders and who takes part in them, as columns of `views`."""

    orders: Any
    consumers: Any
    vendors: Any
    platforms: Any


class Booked(NamedTuple):
    """What the booking of a day adds up to."""

    vendor_orders: np.ndarray  # (vendors,)
    count: np.ndarray  # (P,) orders
    volume: np.ndarray  # (P,) cents
    money: np.ndarray  # (4,) cents: paid, fees, cuts, income
    settled: np.ndarray  # (C, 2) cents due to vendors, those that they got
    ordered: np.ndarray  # (C, 3) orders, cents paid, and cents that vendors keep when all goes well
    fresh: np.ndarray  # consumers who buy online for the first time
    market_buyers: np.ndarray  # consumers who buy on a cryptomarket


@kernel
def book(lo: int, hi: int, day: int, parties: Parties, rates: np.ndarray, booked: Booked) -> tuple[Any, ...]:
    """Book the new orders ``lo:hi``; ``held`` is 1 where escrow takes the money and becomes the cents in it.

    The processor takes its cut, ``rates`` (processors + 1,), the last one of cash; escrow holds the rest for now, or vendor and platform have it at once.
    Returns how many consumers stand in ``booked.fresh`` and ``booked.market_buyers``.
    """
    orders, consumers, vendors, platforms = parties
    money = booked.money
    n_fresh, n_market = 0, 0
    for o in range(lo, hi):
        c, v, m, channel = orders.consumer[o], orders.vendor[o], orders.platform[o], orders.channel[o]
        price = np.int64(orders.price[o])
        cut = np.int64(price * rates[orders.processor[o]])
        fee, at_once = np.int64(0), np.int64(0)
        booked.ordered[channel, ORDERS] += 1.0
        booked.ordered[channel, PAID] += price
        booked.ordered[channel, KEPT] += price - cut - np.int64((price - cut) * np.float64(platforms.fee[m]))
        if orders.held[o] == 1:
            orders.held[o] = price - cut
            platforms.escrow[m] += price - cut
        else:
            at_once = price - cut
            fee = np.int64(at_once * np.float64(platforms.fee[m]))
        vendors.income[v] += at_once - fee
        platforms.fees[m] += fee
        money[SPENT] += price
        money[FEES] += fee
        money[CUTS] += cut
        money[INCOME] += at_once - fee
        booked.settled[channel, DUE] += at_once - fee
        booked.settled[channel, GOT] += at_once - fee
        orders.identity[o] = vendors.identity[v]
        booked.vendor_orders[v] += 1
        vendors.sales[v] += np.float32(1.0)
        vendors.orders[v] += 1
        vendors.stock[v] -= np.float32(1.0)
        vendors.buyers[v] += orders.first[o]
        vendors.last_sale[v] = day
        a = account_of(vendors, v, m)
        if a >= 0:
            vendors.account_sales[v, a] += np.float32(1.0)
        booked.count[m] += 1.0
        booked.volume[m] += price
        if day >= 0:
            consumers.orders[c] += 1
            consumers.spent[c] += np.float32(price / 100.0)
            consumers.vendors_used[c] += orders.first[o]
        consumers.habit[c] = channel
        if (channel == PHARMACY or channel == APP or channel == CRYPTO) and consumers.considering[c] < BOUGHT:
            consumers.considering[c] = BOUGHT
            booked.fresh[n_fresh] = c
            n_fresh += 1
        if channel == CRYPTO:
            booked.market_buyers[n_market] = c
            n_market += 1
    return n_fresh, n_market


def book_orders(state: MarketState, lo: int, hi: int) -> None:
    """Book the new orders ``lo:hi`` and let the market's running means follow."""
    c, v, t = state.consumers.columns, state.vendors.columns, state.platform_table.columns
    rates = np.array([processor.fee for processor in state.processors] + [0.0])
    slots, m = len(t.status), hi - lo
    booked = Booked(
        state.trade.vendor_orders, np.zeros(slots), np.zeros(slots), np.zeros(4, np.int64), state.today.settled,
        np.zeros(state.trade.ordered.shape), np.empty(m, np.int64), np.empty(m, np.int64),
    )  # fmt: skip
    parties = Parties(
        narrow(state.books.open_orders.columns, views.BookingOrders), narrow(c, views.BookingConsumers), narrow(v, views.BookingVendors),
        narrow(t, views.BookingPlatforms),
    )  # fmt: skip
    n_fresh, n_buyers = book(lo, hi, state.day, parties, rates, booked)
    paid, fees, cuts, income = booked.money.tolist()
    ledger = state.books.ledger
    ledger.payments += paid
    ledger.fees += fees
    ledger.processor_fees += cuts
    state.today.commission += fees + cuts
    ledger.vendor_income += income
    state.today.initiations += n_fresh
    state.consumer_events(EventKind.INITIATION, booked.fresh[:n_fresh])
    state.trade.ordered *= 1.0 - 1.0 / MONTH
    state.trade.ordered += booked.ordered
    crypto = state.crypto_slots()
    buyers = booked.market_buyers[:n_buyers]
    make_room(state.consumers, "memory", buyers)
    hear_of_markets(
        buyers, state.moment, crypto, t.trade60, t.open_day, narrow(state.consumers.columns, views.MigrationConsumers),
        state.given.migration, state.consumers.spare["memory"], np.empty(len(crypto)),
    )  # fmt: skip
    running_means(state, booked.count, booked.volume)


@kernel
def follow_trade(n: int, count: np.ndarray, week: np.ndarray, two_months: np.ndarray, half_year: np.ndarray) -> None:
    """Let means of trade of the first ``n`` platforms follow the ``count`` of today's orders."""
    for m in range(n):
        today = np.float32(count[m])
        week[m] += (today - week[m]) / np.float32(7.0)
        two_months[m] += (today - two_months[m]) / np.float32(60.0)
        half_year[m] += (today - half_year[m]) / np.float32(180.0)


def running_means(state: MarketState, count: np.ndarray, volume: np.ndarray) -> None:
    """Running means of trade by platform."""
    t, n = state.platform_table.columns, state.platform_table.n
    state.trade.orders, state.trade.volume = count, volume
    follow_trade(n, count, t.trade7, t.trade60, t.trade180)
