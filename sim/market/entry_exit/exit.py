"""Exit: platforms close by competing risks.

An operator steals the escrow when it is large against the income to be expected; a small market is given up; young ones are hacked. What follows, who
searches where and whether trade comes back, is left to vendors and consumers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import NO_SLOT, Channel, EventKind, PlatformStatus, Settlement
from sim.evidence.groups import PlatformsParameters
from sim.kernels import kernel
from sim.market import views
from sim.market.blocks import over_rows
from sim.market.books import DUE, PAID
from sim.market.choice.displaced import note_common
from sim.market.choice.migration import Closure, hear_of_closure
from sim.market.entry_exit.vendor_exit import leave_closed
from sim.market.groups import Moment
from sim.market.learning.fear import strike
from sim.market.views import narrow
from sim.streams import Draw, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

CLOSURE = int(Draw.CLOSURE)
STAYS, SCAMS, HACKED, QUITS = 0, 1, 2, 3
"""What becomes of a cryptomarket today."""


@kernel
def scam_hazard(escrow: float, daily_income: float, frailty: float, momentum: float, p: PlatformsParameters) -> float:
    """Daily hazard of an exit scam: frailty x (escrow / expected income) / momentum / closure_days.

    Expected income is ``scam_income_days`` of commission; ``momentum`` is the week's trade over the two months'.
    """
    expected = max(daily_income * p.scam_income_days, 1.0)
    return frailty * (escrow / expected) * (1.0 / max(momentum, 1e-6)) / p.closure_days


@kernel
def fates(
    slots: np.ndarray,
    when: Moment,
    t: Any,
    order_cents: float,
    real: float,
    given: np.ndarray,
    fate: np.ndarray,
) -> None:
    """Fill ``fate`` with what becomes of the cryptomarkets in ``slots``: STAYS, SCAMS, HACKED or QUITS.

    ``order_cents`` is paid for a mean order there, and each simulated order stands for ``real`` ones.
    """
    p = given[0]
    for k in range(len(slots)):
        m = slots[k]
        age, fee, week = when.day - t.open_day[m], float(t.fee[m]), float(t.trade7[m])
        earned = real * float(t.trade180[m]) * fee * order_cents / 100.0
        quits = float(t.frail_quit[m]) * math.exp(-earned / p.operator_income) / p.closure_days
        hack = math.exp(-age / p.hack_young) / p.closure_days + p.hack_base
        momentum = week / max(float(t.trade60[m]), 1e-9)
        scam = scam_hazard(float(t.escrow[m]), week * order_cents * fee, float(t.frail_scam[m]), momentum, p)
        u1, u2, u3, _ = uniform4(when.seed, CLOSURE, t.key[m], when.day, 0)
        fate[k] = SCAMS if u1 < scam else (HACKED if u2 < hack else (QUITS if u3 < quits else STAYS))


def platform_exits(state: MarketState) -> None:
    """Close cryptomarkets by voluntary exit, hack or exit scam, each with its own hazard and its own draw."""
    t, news, slots = (
        state.platform_table.columns,
        state.p.enforcement.publicity,
        state.crypto_slots(),
    )
    fate = np.zeros(len(slots), np.uint8)
    fates(
        slots,
        state.moment,
        narrow(t, views.OperatedPlatforms),
        float(state.trade.mean_order(PAID)[Channel.CRYPTOMARKET]),
        state.scenario.weight,
        state.given.platforms,
        fate,
    )
    for m, end in zip(slots.tolist(), fate.tolist(), strict=True):
        if (end == STAYS and m not in state.trade.absconding) or t.status[m] != PlatformStatus.OPEN:
            continue
        if m in state.trade.absconding:
            abscond(state, m)
        elif end == HACKED:
            close_platform(state, m, PlatformStatus.HACKED, "hack", news)
        elif end != STAYS:
            abandon(state, m, end == SCAMS, news)


def abandon(state: MarketState, slot: int, scam: bool, publicity: float, policy: str = "") -> None:
    """Let the operator of a cryptomarket leave, in order, or with the money: payouts stop, and the market closes ``scam_withholds`` days later."""
    if not scam:
        close_platform(state, slot, PlatformStatus.CLOSED, "voluntary", publicity, policy=policy)
        return
    state.trade.absconding[int(slot)] = (state.day + round(state.p.platforms.scam_withholds), publicity, policy)
    state.platform_table.columns.payouts[slot] = 0
    abscond(state, slot)


def abscond(state: MarketState, slot: int) -> None:
    """Close a market whose operator steals what falls due, when the day has come."""
    until, publicity, policy = state.trade.absconding[slot]
    if state.day >= until:
        close_platform(state, slot, PlatformStatus.EXIT_SCAMMED, "exit scam", publicity, policy=policy)


def close_platform(
    state: MarketState,
    slot: int,
    status: PlatformStatus,
    cause: str,
    publicity: float,
    agency: int = -1,
    policy: str = "",
) -> None:
    """Close a cryptomarket: money in escrow is paid out, stolen or seized; vendors lose accounts, users learn of it.

    Parameters
    ----------
    slot
        Slot of the platform.
    status
        Its new status, which says how it ended.
    cause, agency, policy
        For the events table.
    publicity
        0 to 2; what is written of a raid frightens its users, and draws newcomers.
    """
    t, day, g = state.platform_table.columns, state.day, state.p.migration
    trade = t.trade60[state.crypto_slots()]
    share = float(t.trade60[slot]) / max(float(trade.sum()), 1e-9)
    raid = status == PlatformStatus.SEIZED
    theft = status in (PlatformStatus.EXIT_SCAMMED, PlatformStatus.HACKED)
    lost = release_escrow(state, slot, raid, theft)
    state.trade.absconding.pop(int(slot), None)
    t.status[slot], t.close_day[slot] = status, day
    state.event(EventKind.PLATFORM_CLOSED, slot, agency=agency, policy=policy, cause=cause, amount=share)
    if theft:
        state.event(
            EventKind.EXIT_SCAM if status == PlatformStatus.EXIT_SCAMMED else EventKind.HACK,
            slot,
            cause=cause,
            amount=share,
        )
    c = state.consumers
    users = (c.columns.home[: c.n] == slot).nonzero()[0]
    closure = Closure(int(t.key[slot]), 1.0 if theft else (g.loss_raid if raid else 0.0))
    people = narrow(c.columns, views.MigrationConsumers)
    note_common(state, slot)
    over_rows(state.pool, hear_of_closure, c.n, state.moment, slot, closure, people, state.given.migration)
    if raid or theft:
        strike(state, users, publicity if raid else None, closure.theft, share)
        state.forum.delete(int(slot))
    people = len(users) / max(np.count_nonzero(c.columns.home[: c.n] != NO_SLOT) + len(users), 1)
    state.publicity += publicity * people
    leave_closed(state, slot, lost)


def release_escrow(state: MarketState, slot: int, raid: bool, theft: bool) -> np.ndarray:
    """Empty the escrow of a closing platform. Returns (V,) cents that vendors lose.

    When it closes in order, vendors are paid for what they have sent and buyers get the rest back; otherwise all is stolen or seized.
    """
    t, o, ledger = state.platform_table.columns, state.books.open_orders.columns, state.books.ledger
    n = state.books.open_orders.n
    rows = ((o.platform[:n] == slot) & (o.held[:n] > 0)).nonzero()[0]
    money = int(o.held[rows].sum(dtype=np.int64))
    if theft:
        ledger.stolen += money
        o.settlement[rows] = Settlement.STOLEN
    elif raid:
        ledger.seized += money
        o.settlement[rows] = Settlement.SEIZED
    else:
        sent = o.dispatched[rows] == 1
        pay_out(state, slot, rows[sent])
        ledger.refunds += int(o.held[rows[~sent]].sum(dtype=np.int64))
        o.settlement[rows] = np.where(sent, Settlement.PAID, Settlement.REFUNDED)
    lost = np.bincount(o.vendor[rows], o.held[rows] * float(theft or raid), state.vendors.n)
    state.today.settled[Channel.CRYPTOMARKET, DUE] += int(lost.sum() * (1.0 - float(t.fee[slot])))
    o.held[rows] = 0
    t.escrow[slot] -= money
    return lost


def pay_out(state: MarketState, slot: int, rows: np.ndarray) -> None:
    """Pay vendors what a platform holds for the orders ``rows``, less its fee."""
    t, o, ledger = state.platform_table.columns, state.books.open_orders.columns, state.books.ledger
    held = o.held[rows].astype(np.int64)
    fees = (held * float(t.fee[slot])).astype(np.int64)
    np.add.at(state.vendors.columns.income, o.vendor[rows], held - fees)
    t.fees[slot] += fees.sum()
    ledger.vendor_income += int((held - fees).sum())
    ledger.fees += int(fees.sum())
    state.today.commission += int(fees.sum())
    state.today.settled[Channel.CRYPTOMARKET] += int((held - fees).sum())
