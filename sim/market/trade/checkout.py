"""Checkout: what is paid, how, and who holds the money.

Card payments on the open web pass an acquirer and an issuer, and some that are authorised are never taken (McCoy, Levchenko and colleagues: 63 % of test
orders were authorised, 47 % settled); cryptomarkets hold money in escrow unless the order is finalised early, which trusted vendors can ask for (Christin
2013; Andrei et al. 2023). Money is counted in whole cents.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import N_CHANNELS, Channel
from sim.agents.consumers import REMEMBERED_VENDORS
from sim.agents.payments import CARDS, CASH, COIN
from sim.evidence.groups import PaymentParameters
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.beliefs import beta_reputation
from sim.market.blocks import over_rows
from sim.market.choice.scene import CHOSEN, NOT_PAID, NOT_SETTLED, Choices
from sim.market.choice.vendor import account_of
from sim.market.demand.needs import Needs
from sim.market.groups import Moment
from sim.market.trade.booking import book_orders
from sim.market.views import narrow
from sim.streams import Draw, normal_from, uniform4, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

PAYMENT, SIZE, PRIORITY = int(Draw.PAYMENT), int(Draw.ORDER_SIZE), int(Draw.PRIORITY)
PHARMACY, LICENSED, CRYPTO = int(Channel.ILLICIT_PHARMACY), int(Channel.LICENSED_PHARMACY), int(Channel.CRYPTOMARKET)
DIRECT = int(Channel.DIRECT)
DOLLAR = 100.0
"""Cents; no order costs less."""


class Till(NamedTuple):
    """What decides on payment."""

    consumers: Any  # columns: `views.CheckoutConsumers`; likewise the next three
    vendors: Any
    platforms: Any
    table: Any  # `views.PricedSubstances`
    price_factor: np.ndarray  # (J,)
    coin_access: np.ndarray  # (J,)
    given: np.ndarray  # parameters of payment: see `handed_over`


class Bills(NamedTuple):
    """What the orders of the day come to, one entry per need."""

    quantity: np.ndarray  # doses
    price: np.ndarray  # cents
    held: np.ndarray  # 1 where escrow takes the money
    processor: np.ndarray
    first: np.ndarray  # 1 where the buyer does not remember the vendor


@inner
def quantity_and_price(
    when: Moment, c: int, v: int, s: int, size: float, wholesale: int, posted: bool, price_factor: float, till: Till
) -> tuple[Any, ...]:
    """Doses and price in cents of one order, with quantity discount: unit price falls as quantity^-discount (Moeller et al. 2020)."""
    vendors, table, p = till.vendors, till.table, till.given[0]
    level = math.exp(vendors.log_price[v]) * price_factor
    median = table.doses_per_order[s]
    if wholesale == 1 and vendors.wholesale[v] == 1:
        u, _, _, _ = uniform4(when.seed, SIZE, c, when.day, 0)
        q = median * p.wholesale_multiple * math.exp(p.wholesale_spread * normal_from(u))
    else:
        q = median * (p.online_pack if posted else 1.0) * math.exp(vendors.pack[v] + size) * level**-p.size_elasticity
    cents = DOLLAR * table.dose_usd[s] * level * q * (q / median) ** -p.quantity_discount
    most = p.largest_order_usd * DOLLAR
    if cents > most:  # nobody sells more for so much money
        q *= (most / cents) ** (1.0 / (1.0 - p.quantity_discount))
    return q, min(max(cents, DOLLAR), most)


@inner
def payment(when: Moment, c: int, slot: int, channel: int, platforms: Any, p: PaymentParameters) -> tuple[Any, ...]:
    """What becomes of the payment, CHOSEN where it goes through, and by which processor (-1: cash or coin without one)."""
    u1, u2, u3, u4 = uniform4(when.seed, PAYMENT, c, when.day, 0)
    if channel == LICENSED:
        return CHOSEN, CARDS
    if channel != PHARMACY:
        return CHOSEN, coin_or_cash(channel)
    if platforms.processor_day[slot] <= when.day and u1 < platforms.availability[slot] and u2 >= p.issuer_decline:
        return CHOSEN if u4 < p.settles else NOT_SETTLED, platforms.processor[slot]
    if u3 < platforms.coin_offered[slot] * p.crypto_conversion:
        return CHOSEN, COIN
    return NOT_PAID, CASH


@inner
def coin_or_cash(channel: int) -> int:
    """Row of the coin used on cryptomarkets and in direct deals; cash elsewhere."""
    return COIN if channel == CRYPTO or channel == DIRECT else CASH


@kernel
def check_out(lo: int, hi: int, when: Moment, wanted: Needs, chosen: Choices, till: Till, bills: Bills) -> None:
    """Work out quantity, price, payment and escrow for the chosen orders ``lo:hi``; their status becomes NOT_PAID or NOT_SETTLED where payment fails."""
    consumers, platforms, table, p = till.consumers, till.platforms, till.table, till.given[0]
    for i in range(lo, hi):
        if chosen.status[i] != CHOSEN:
            continue
        c, v, m, s, channel = (
            wanted.due[i],
            chosen.vendor[i],
            chosen.platform[i],
            wanted.substance[i],
            chosen.channel[i],
        )
        j = consumers.jurisdiction[c]
        factor = till.price_factor[j] * table.premium[j, s] if channel != LICENSED else 1.0
        posted = channel == PHARMACY or channel == CRYPTO or channel == DIRECT
        q, cents = quantity_and_price(when, c, v, s, wanted.size[i], wanted.wholesale[i], posted, factor, till)
        status, row = payment(when, c, m, channel, platforms, p)
        w, u1, u2, _ = uniform4(when.seed, PAYMENT, c, when.day, 1)
        if status == CHOSEN and row == COIN and u1 >= till.coin_access[j]:
            status = NOT_PAID
        if status != CHOSEN:
            chosen.status[i] = status
            if u2 < p.retry:
                consumers.next_day[c] = min(consumers.next_day[c], when.day + 1)
            continue
        bills.quantity[i], bills.price[i], bills.processor[i] = q, np.int32(cents), row
        bills.held[i] = 1 if channel == CRYPTO and in_escrow(v, m, w, till) else 0
        new = 1
        for k in range(REMEMBERED_VENDORS):
            if consumers.vendor[c, k] == v:
                new = 0
        bills.first[i] = new


@inner
def in_escrow(v: int, m: int, u: float, till: Till) -> bool:
    """Whether the market in slot ``m`` holds the money until the goods are there: the better the vendor's ratings, the more often it is finalised early."""
    vendors = till.vendors
    a = account_of(vendors, v, m)
    trusted = beta_reputation(vendors.positive[v, a], vendors.negative[v, a], 0.0, till.given[0].early_prior)
    return u < 1.0 - (1.0 - till.platforms.escrow_share[m]) * 2.0 * trusted


@kernel
def sort_out(
    chosen: Choices, stock: np.ndarray, paid: np.ndarray, failed: np.ndarray, asked: np.ndarray
) -> tuple[Any, ...]:
    """Fill ``paid`` with the needs that are paid for; ``asked`` (vendors,) counts their orders.

    ``failed`` (2, P) counts by platform those that are not, and of these those that were authorised and not settled. Returns how many are
    paid for, and whether a vendor has less ``stock`` than orders.
    """
    many, short = 0, False
    for i in range(len(chosen.status)):
        status = chosen.status[i]
        if status == CHOSEN:
            v = chosen.vendor[i]
            paid[many] = i
            many += 1
            asked[v] += 1
            short |= asked[v] > stock[v]
        elif status == NOT_PAID or status == NOT_SETTLED:
            failed[0, chosen.platform[i]] += 1
            failed[1, chosen.platform[i]] += status == NOT_SETTLED
    return many, short


def ration(vendor: np.ndarray, stock: np.ndarray, priority: np.ndarray) -> np.ndarray:
    """Which orders a vendor's stock can serve, by keyed priority and never by row order.

    Parameters
    ----------
    vendor
        (n,) vendor of each order.
    stock
        Stock of every vendor, in orders.
    priority
        (n,) keyed numbers; smaller ones come first.

    Returns
    -------
    (n,) bool
    """
    counts = np.bincount(vendor, minlength=len(stock))
    short = counts > stock[: len(counts)]
    keep = np.ones(len(vendor), bool)
    if not short.any():
        return keep
    contested = short[vendor].nonzero()[0]
    order = contested[np.lexsort((priority[contested], vendor[contested]))]
    v = vendor[order]
    starts = (np.r_[True, v[1:] != v[:-1]]).nonzero()[0]
    rank = np.arange(len(v)) - np.repeat(starts, np.diff(np.r_[starts, len(v)]))
    keep[order] = rank < np.floor(stock[v])
    return keep


def checkout(state: MarketState, wanted: Needs, chosen: Choices) -> tuple[int, int]:
    """Phase 8: payment; stock is rationed by keyed priority. Returns the range of the new rows among the open orders."""
    m = len(wanted.due)
    bills = Bills(
        np.empty(m), np.empty(m, np.int32), np.empty(m, np.int32), np.empty(m, np.int8), np.empty(m, np.uint8)
    )
    v = state.vendors
    till = Till(
        narrow(state.consumers.columns, views.CheckoutConsumers), narrow(v.columns, views.CheckoutVendors),
        narrow(state.platform_table.columns, views.CheckoutPlatforms),
        narrow(state.substances, views.PricedSubstances), state.world.price_factor, state.trade.coin_access,
        state.given.payment,
    )  # fmt: skip
    over_rows(state.pool, check_out, m, state.moment, wanted, chosen, till, bills)
    paid, asked = np.empty(m, np.int64), np.zeros(v.n, np.int32)
    failed = np.zeros((2, len(state.platform_table.columns.status)), np.int64)
    many, short = sort_out(chosen, v.columns.stock, paid, failed, asked)
    paid, (state.trade.unpaid, state.trade.unsettled) = paid[:many], failed
    if short:
        priority = uniforms(int(state.seed), Draw.PRIORITY, wanted.due[paid], state.day)
        served = ration(chosen.vendor[paid], v.columns.stock, priority)
        state.today.missed += np.bincount(chosen.channel[paid[~served]], minlength=N_CHANNELS)
        paid = paid[served]
    buyers = wanted.due[paid]
    lo, hi = state.books.open_orders.append(
        day=state.day, due=state.day, consumer=buyers, vendor=chosen.vendor[paid], platform=chosen.platform[paid],
        channel=chosen.channel[paid], substance=wanted.substance[paid], quantity=bills.quantity[paid], price=bills.price[paid], held=bills.held[paid],
        escrow=bills.held[paid], processor=bills.processor[paid], first=bills.first[paid],
    )  # fmt: skip
    book_orders(state, lo, hi)
    return lo, hi
