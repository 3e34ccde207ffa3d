"""Checkout: what is paid, how, and who holds the money.

Card payments on the open web pass an acquirer and an issuer (McCoy, Levchenko and colleagues: 63 % of test orders were authorised); cryptomarkets
hold money in escrow unless the order is finalised early, which trusted vendors can ask for (Christin 2013; Andrei et al. 2023).
Money is counted in whole cents.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import Channel
from sim.agents.consumers import REMEMBERED_VENDORS
from sim.kernels import inner, kernel, maker
from sim.market import views
from sim.market.beliefs import beta_reputation
from sim.market.blocks import over_rows
from sim.market.choice.choice import CHOSEN, Choices
from sim.market.choice.vendor import account_of
from sim.market.demand.demand import Needs
from sim.market.trade.booking import book_orders
from sim.market.views import narrow
from sim.streams import Draw, normal_from, uniform4, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

PAYMENT, SIZE, PRIORITY = int(Draw.PAYMENT), int(Draw.ORDER_SIZE), int(Draw.PRIORITY)
PHARMACY, LICENSED, CRYPTO = int(Channel.ILLICIT_PHARMACY), int(Channel.LICENSED_PHARMACY), int(Channel.CRYPTOMARKET)
DIRECT = int(Channel.DIRECT)


@inner
def quantity_and_price(
    seed: int,
    c: int,
    v: int,
    s: int,
    day: int,
    size: float,
    wholesale: int,
    posted: bool,
    consumers: Any,
    vendors: Any,
    table: Any,
    price_factor: float,
    p: Any,
) -> tuple[Any, ...]:
    """Doses and price in cents of one order, with quantity discount: unit price falls as quantity^-discount (Moeller et al. 2020)."""
    level = math.exp(vendors.log_price[v]) * price_factor
    median = table.doses_per_order[s]
    if wholesale == 1 and vendors.wholesale[v] == 1:
        u, _, _, _ = uniform4(seed, SIZE, c, day, 0)
        q = median * p.wholesale_multiple * math.exp(p.wholesale_spread * normal_from(u))
    else:
        q = median * (p.online_pack if posted else 1.0) * math.exp(vendors.pack[v] + size) * level**-p.size_elasticity
    cents = 100.0 * table.dose_usd[s] * level * q * (q / median) ** -p.quantity_discount
    return q, min(max(cents, 100.0), p.largest_order_usd * 100.0)


@inner
def authorised(seed: int, c: int, slot: int, channel: int, day: int, platforms: Any, p: Any) -> tuple[Any, ...]:
    """Whether the payment goes through, and by which processor (-1: cash or coin without one)."""
    u1, u2, u3, _ = uniform4(seed, PAYMENT, c, day, 0)
    if channel == LICENSED:
        return True, 0
    if channel != PHARMACY:
        return True, p_coin(channel)
    if platforms.processor_day[slot] <= day and u1 < platforms.availability[slot] and u2 >= p.issuer_decline:
        return True, platforms.processor[slot]
    if u3 < platforms.coin_offered[slot] * p.crypto_conversion:
        return True, p_coin(CRYPTO)
    return False, -1


@inner
def p_coin(channel: int) -> int:
    """Row of the coin used on cryptomarkets and in direct deals; cash elsewhere."""
    return 1 if channel == 3 or channel == 4 else -1


@kernel
def check_out(
    lo: int,
    hi: int,
    seed: int,
    day: int,
    due: np.ndarray,
    substance: np.ndarray,
    size: np.ndarray,
    wholesale: np.ndarray,
    channel: np.ndarray,
    platform: np.ndarray,
    vendor: np.ndarray,
    status: np.ndarray,
    consumers: Any,
    vendors: Any,
    platforms: Any,
    table: Any,
    price_factor: np.ndarray,
    coin_access: np.ndarray,
    p: Any,
    quantity: np.ndarray,
    price: np.ndarray,
    held: np.ndarray,
    processor: np.ndarray,
    first: np.ndarray,
) -> None:
    """Work out quantity, price, payment and escrow for the chosen orders among ``due[lo:hi]``; status becomes 3 where payment fails."""
    for i in range(lo, hi):
        if status[i] != 1:
            continue
        c, v, m = due[i], vendor[i], platform[i]
        j = consumers.jurisdiction[c]
        factor = price_factor[j] * (table.premium[j, substance[i]] if channel[i] != LICENSED else 1.0)
        q, cents = quantity_and_price(
            seed,
            c,
            v,
            substance[i],
            day,
            size[i],
            wholesale[i],
            channel[i] == PHARMACY or channel[i] == CRYPTO or channel[i] == DIRECT,
            consumers,
            vendors,
            table,
            factor,
            p,
        )
        ok, row = authorised(seed, c, m, channel[i], day, platforms, p)
        w, u1, u2, _ = uniform4(seed, PAYMENT, c, day, 1)
        if ok and row == 1 and u1 >= coin_access[consumers.jurisdiction[c]]:
            ok = False
        if not ok:
            status[i] = 3
            if u2 < p.retry:
                consumers.next_day[c] = min(consumers.next_day[c], day + 2)
            continue
        escrow = False
        if channel[i] == CRYPTO:
            a = account_of(vendors, v, m)
            trusted = beta_reputation(vendors.positive[v, a], vendors.negative[v, a], 0.0, p.early_prior)
            escrow = w < 1.0 - (1.0 - platforms.escrow_share[m]) * 2.0 * trusted
        quantity[i], price[i], processor[i] = q, np.int32(cents), row
        held[i] = 1 if escrow else 0
        new = 1
        for j in range(REMEMBERED_VENDORS):
            if consumers.vendor[c, j] == v:
                new = 0
        first[i] = new


@maker
def any_short(vendor: np.ndarray, stock: np.ndarray) -> bool:
    """Whether a vendor of the orders ``vendor`` has less ``stock`` than orders."""
    asked = np.zeros(len(stock), np.int32)
    for v in vendor:
        asked[v] += 1
        if asked[v] > stock[v]:
            return True
    return False


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
    contested = np.flatnonzero(short[vendor])
    order = contested[np.lexsort((priority[contested], vendor[contested]))]
    v = vendor[order]
    starts = np.flatnonzero(np.r_[True, v[1:] != v[:-1]])
    rank = np.arange(len(v)) - np.repeat(starts, np.diff(np.r_[starts, len(v)]))
    keep[order] = rank < np.floor(stock[v])
    return keep


def checkout(state: MarketState, wanted: Needs, chosen: Choices) -> tuple[int, int]:
    """Phase 8: payment; stock is rationed by keyed priority. Returns the range of the new rows among the open orders."""
    m = len(wanted.due)
    quantity, price, first = np.empty(m), np.empty(m, np.int32), np.empty(m, np.uint8)
    held, processor = np.empty(m, np.int32), np.empty(m, np.int8)
    c, v, t = state.consumers.columns, state.vendors, state.platform_table.columns
    over_rows(
        state.pool, check_out, m, state.seed, state.day, wanted.due, wanted.substance, wanted.size, wanted.wholesale, chosen.channel,
        chosen.platform, chosen.vendor, chosen.status, narrow(c, views.CheckoutConsumers), narrow(v.columns, views.CheckoutVendors),
        narrow(t, views.CheckoutPlatforms), state.substances, state.world.price_factor, state.trade.coin_access,
        state.p.payment, quantity, price, held, processor, first,
    )  # fmt: skip
    paid = np.flatnonzero(chosen.status == CHOSEN)
    if any_short(chosen.vendor[paid], v.columns.stock):
        priority = uniforms(int(state.seed), Draw.PRIORITY, wanted.due[paid], state.day)
        paid = paid[ration(chosen.vendor[paid], v.columns.stock, priority)]
    buyers = wanted.due[paid]
    lo, hi = state.books.open_orders.append(
        day=state.day, due=state.day, consumer=buyers, vendor=chosen.vendor[paid], platform=chosen.platform[paid],
        channel=chosen.channel[paid], substance=wanted.substance[paid], quantity=quantity[paid], price=price[paid], held=held[paid],
        processor=processor[paid], first=first[paid],
    )  # fmt: skip
    book_orders(state, lo, hi)
    return lo, hi
