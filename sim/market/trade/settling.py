"""Settling: what becomes of the money of orders whose fate is known, and how their buyers rate them.

A cryptomarket pays the vendor when the buyer says that the goods are there. Some buyers say nothing, and the market pays by its clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import Channel, Content, OrderOutcome, Settlement
from sim.agents.payments import FIRST_ACQUIRER
from sim.evidence.groups import ShippingParameters
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.books import DUE, GOT
from sim.market.views import narrow
from sim.streams import Draw, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

DISPUTE = int(Draw.DISPUTE)
PHARMACY, CRYPTO = int(Channel.ILLICIT_PHARMACY), int(Channel.CRYPTOMARKET)
DELIVERED, SCAMMED = int(OrderOutcome.DELIVERED), int(OrderOutcome.SCAMMED)
UNSETTLED, PAID, REFUNDED, CHARGED_BACK, STOLEN = (
    int(Settlement.UNSETTLED), int(Settlement.PAID), int(Settlement.REFUNDED), int(Settlement.CHARGED_BACK), int(Settlement.STOLEN),
)  # fmt: skip
AS_SOLD = int(Content.AS_SOLD)
NOTHING_CAME, NOT_AS_SOLD, BEST = 1, 3, 5
"""Stars that cryptomarkets' buyers give."""
INCOME, FEES, REFUNDS, WITHHELD = 0, 1, 2, 3


@inner
def release(o: int, orders: Any, vendors: Any, platforms: Any, money: np.ndarray, settled: np.ndarray) -> None:
    """Let the money held for order ``o`` go to its vendor, less the fee; an operator who prepares to leave keeps it."""
    v, m, held = orders.vendor[o], orders.platform[o], orders.held[o]
    fee = np.int64(held * platforms.fee[m])
    platforms.escrow[m] -= held
    orders.held[o] = 0
    settled[orders.channel[o], DUE] += held - fee
    if platforms.payouts[m] == 0:
        vendors.withheld[v] += held
        money[WITHHELD] += held
        orders.settlement[o] = STOLEN
    else:
        platforms.fees[m] += fee
        vendors.income[v] += held - fee
        money[INCOME] += held - fee
        settled[orders.channel[o], GOT] += held - fee
        money[FEES] += fee
        orders.settlement[o] = PAID


@inner
def left_to_clock(seed: int, o: int, day: int, orders: Any, p: ShippingParameters) -> bool:
    """Whether the buyer of order ``o``, whose goods are there, does not release the money, so that it waits for the market's clock."""
    u, _, _, _ = uniform4(seed, DISPUTE, orders.consumer[o], orders.day[o], 1)
    return u < p.left_to_clock and day - orders.day[o] < p.clock_days


@kernel
def look_through(
    n: int, day: int, clock_days: float, orders: Any, due: np.ndarray, run_out: np.ndarray
) -> tuple[int, int]:
    """Fill ``due`` with those of ``n`` open orders whose fate is known today, ``run_out`` with those for whose release the clock has run out; how many each."""
    known, late = 0, 0
    for o in range(n):
        if orders.due[o] == day:
            due[known] = o
            known += 1
        elif orders.due[o] < day and orders.held[o] > 0 and orders.day[o] <= day - clock_days:
            run_out[late] = o
            late += 1
    return known, late


@kernel
def look_for_closed(n: int, day: int, orders: Any, closed: np.ndarray) -> int:
    """Fill ``closed`` with those of ``n`` open orders whose fate is known and whose money is out of escrow; returns how many they are."""
    many = 0
    for o in range(n):
        if orders.due[o] <= day and orders.held[o] == 0:
            closed[many] = o
            many += 1
    return many


@kernel
def settle(
    rows: np.ndarray,
    run_out: np.ndarray,
    seed: int,
    day: int,
    orders: Any,
    vendors: Any,
    platforms: Any,
    money: np.ndarray,
    settled: np.ndarray,
    given: np.ndarray,
) -> None:
    """Settle the orders ``rows`` whose fate is known today: release escrow, refund after disputes, charge cards back; release that of ``run_out``.

    ``money`` counts cents: to vendors, fees, refunds, kept by operators who prepare to leave with it; ``settled`` (C, 2) those that were due to
    vendors and those that they got. What became of the money is written into
    ``settlement``; buyers may notice what the goods are, and rate where there are ratings. Orders whose market closed have it already.
    """
    p = given[0]
    for i in range(len(run_out)):
        release(run_out[i], orders, vendors, platforms, money, settled)
    for i in range(len(rows)):
        o = rows[i]
        m, held = orders.platform[o], orders.held[o]
        bad = orders.outcome[o] != DELIVERED or orders.late[o] == 1
        u1, u2, u3, u4 = uniform4(seed, DISPUTE, orders.consumer[o], orders.day[o], 0)
        works = platforms.moderation[m]
        if held > 0:
            chance = p.dispute_scam if orders.outcome[o] == SCAMMED else p.dispute_lost
            if bad and u1 < chance * works:
                platforms.escrow[m] -= held
                orders.held[o] = 0
                settled[orders.channel[o], DUE] += held - np.int64(held * platforms.fee[m])
                money[REFUNDS] += held
                orders.settlement[o] = REFUNDED
            elif bad or not left_to_clock(seed, o, day, orders, p):
                release(o, orders, vendors, platforms, money, settled)
        elif orders.settlement[o] != UNSETTLED:
            pass
        elif bad and orders.channel[o] == PHARMACY and orders.processor[o] >= FIRST_ACQUIRER and u1 < p.chargeback:
            back = np.int64(orders.price[o])
            vendors.income[orders.vendor[o]] -= back
            money[INCOME] -= back
            settled[PHARMACY, GOT] -= back
            money[REFUNDS] += back
            orders.settlement[o] = CHARGED_BACK
        else:
            orders.settlement[o] = PAID
        fault = 1.0 if orders.content[o] != AS_SOLD else (1.0 - orders.purity[o]) ** 2
        orders.noticed[o] = 1 if not bad and u4 < p.notice_content * fault else 0
        if orders.channel[o] == CRYPTO and u2 < (p.rate_bad if bad else p.rate_good) * works:
            if bad:
                orders.rating[o] = NOTHING_CAME
            elif orders.noticed[o] == 1:
                orders.rating[o] = NOT_AS_SOLD
            else:
                orders.rating[o] = BEST if u3 >= p.not_five_stars else BEST - 1


def settling(state: MarketState) -> None:
    """Settle what is due today: orders whose fate is known, and money that waited for the clock of its market. Says which orders close with that."""
    books, day, p = state.books, state.day, state.p.shipping
    n, orders = books.open_orders.n, narrow(books.open_orders.columns, views.ShippingOrders)
    due, run_out, closed = np.empty((3, n), np.int64)
    known, late = look_through(n, day, p.clock_days, orders, due, run_out)
    due = books.due = due[:known].copy()
    money = np.zeros(4, np.int64)
    settle(
        due, run_out[:late], state.seed, day, orders, narrow(state.vendors.columns, views.ShippingVendors),
        narrow(state.platform_table.columns, views.ShippingPlatforms), money, state.today.settled, state.given.shipping,
    )  # fmt: skip
    books.closed = closed[: look_for_closed(n, day, orders, closed)].copy()
    income, fees, refunds, withheld = money.tolist()
    ledger = books.ledger
    ledger.vendor_income += income
    ledger.fees += fees
    ledger.refunds += refunds
    ledger.stolen += withheld
    state.today.commission += fees


@inner
def defrauded(outcome: int, settlement: int, content: int) -> bool:
    """Whether a buyer paid and got nothing, from a vendor who sent nothing or since the operator stole the money; or something else than was sold."""
    if outcome == DELIVERED:
        return content != AS_SOLD
    if outcome == SCAMMED:
        return settlement != REFUNDED and settlement != CHARGED_BACK
    return settlement == STOLEN
