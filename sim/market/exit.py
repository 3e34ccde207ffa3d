"""Exit: platforms close by competing risks, vendors leave, move or are taken.

An operator steals the escrow when it is large against the income to be expected; a small market is given up; young ones are hacked. What follows, who
searches where and whether trade comes back, is left to vendors and consumers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import NEVER, NO_SLOT, Channel, EventKind, ExitCause, PlatformStatus
from sim.agents.vendors import ACCOUNTS
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.accounts import review_accounts
from sim.market.blocks import over_rows
from sim.market.migration import hear_of_closure
from sim.market.moderation import moderate
from sim.market.news import tell_of_new_names
from sim.market.views import narrow
from sim.streams import Draw, uniform4

if TYPE_CHECKING:
    from sim.model import MarketModel

VENDOR_EXIT, IDENTITY = int(Draw.VENDOR_EXIT), int(Draw.IDENTITY)
CRYPTO = int(Channel.CRYPTOMARKET)
STAYS = 255


def scam_hazard(escrow: float, daily_income: float, frailty: float, momentum: float, p: object) -> float:
    """Daily hazard of an exit scam: frailty x (escrow / expected income) / momentum / closure_days.

    Expected income is ``scam_income_days`` of commission; ``momentum`` is the week's trade over the two months'.
    """
    expected = max(daily_income * p.scam_income_days, 1.0)  # type: ignore[attr-defined]
    return frailty * (escrow / expected) * max(momentum, 0.05) ** -p.scam_decline / p.closure_days  # type: ignore[attr-defined]


def platform_exits(model: MarketModel) -> None:
    """Close cryptomarkets by voluntary exit, hack or exit scam, each with its own hazard and its own draw."""
    p, t, day = model.p.platforms, model.platform_table.columns, model.day
    for m in model.crypto_slots():
        if t.status[m] != PlatformStatus.OPEN:
            continue
        if m in model.absconding:
            abscond(model, m)
            continue
        age = day - int(t.open_day[m])
        share = float(t.trade180[m]) / model.reference_trade
        quit_hazard = float(t.frail_quit[m]) * math.exp(-share / p.quit_share) / p.closure_days
        hack = math.exp(-age / p.hack_young) / p.closure_days + p.hack_base
        turnover = float(t.trade7[m]) * model.mean_order_cents
        momentum = float(t.trade7[m] + 0.01) / float(t.trade60[m] + 0.01)
        scam = scam_hazard(float(t.escrow[m]), turnover * float(t.fee[m]), float(t.frail_scam[m]), momentum, p)
        u1, u2, u3, _ = uniform4(int(model.seed), int(Draw.CLOSURE), int(t.key[m]), day, 0)
        if u1 < scam:
            abandon(model, m, True, 0.3)
        elif u2 < hack:
            close_platform(model, m, PlatformStatus.HACKED, "hack", 0.2)
        elif u3 < quit_hazard:
            abandon(model, m, False, 0.1)


def abandon(model: MarketModel, slot: int, scam: bool, publicity: float, policy: str = "") -> None:
    """Let the operator of a cryptomarket leave, in order, or with the money: payouts stop, and the market closes ``scam_withholds`` days later."""
    if not scam:
        close_platform(model, slot, PlatformStatus.CLOSED, "voluntary", publicity, policy=policy)
        return
    model.absconding[int(slot)] = (model.day + round(model.p.platforms.scam_withholds), publicity, policy)
    model.platform_table.columns.payouts[slot] = 0
    abscond(model, slot)


def abscond(model: MarketModel, slot: int) -> None:
    """Close a market whose operator steals what falls due, when the day has come."""
    until, publicity, policy = model.absconding[slot]
    if model.day >= until:
        close_platform(model, slot, PlatformStatus.EXIT_SCAMMED, "exit scam", publicity, policy=policy)


def close_platform(
    model: MarketModel,
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
        0 to 2; news of a raid reaches more people, frightens them, and draws newcomers.
    """
    t, day, g = model.platform_table.columns, model.day, model.p.migration
    trade = t.trade60[model.crypto_slots()]
    share = float(t.trade60[slot]) / max(float(trade.sum()), 1e-9)
    raid = status == PlatformStatus.SEIZED
    theft = status in (PlatformStatus.EXIT_SCAMMED, PlatformStatus.HACKED)
    lost = release_escrow(model, slot, raid, theft)
    model.absconding.pop(int(slot), None)
    t.status[slot], t.close_day[slot] = status, day
    model.event(EventKind.PLATFORM_CLOSED, slot, agency=agency, policy=policy, cause=cause, amount=share)
    if theft:
        model.event(
            EventKind.EXIT_SCAM if status == PlatformStatus.EXIT_SCAMMED else EventKind.HACK,
            slot,
            cause=cause,
            amount=share,
        )
    severity = (share / 0.5) ** g.raid_exponent if raid else 0.0
    hit = g.raid_hit * (0.5 + 0.5 * publicity) * severity
    wide = g.raid_others * publicity * severity
    scam = 1.0 if theft else (g.loss_raid if raid else 0.0)
    pool, c = model.pool, model.consumers
    over_rows(
        pool,
        hear_of_closure,
        c.n,
        model.seed,
        day,
        slot,
        scam,
        hit,
        wide,
        g.loss_users,
        g.loss_others * min(1.0, 2.0 * share),
        min(1.0, publicity),
        narrow(c.columns, views.MigrationConsumers),
        g,
    )
    model.publicity += publicity * (share + 0.1)
    if raid or theft:
        model.forum.lose(model.p.services.forum_lost * share)
    renamed = np.zeros(model.vendors.n, np.uint8)
    vendors_of_closed(
        model.vendors.n,
        model.seed,
        day,
        slot,
        int(t.key[slot]),
        lost,
        model.mean_order_cents,
        narrow(model.vendors.columns, views.ExitVendors),
        model.p.vendors,
        renamed,
    )
    tell_of_new_names(model, np.flatnonzero(renamed))
    settle_exits(model)


def release_escrow(model: MarketModel, slot: int, raid: bool, theft: bool) -> np.ndarray:
    """Empty the escrow of a closing platform: refunded when it closes in order, otherwise stolen or seized. Returns (V,) cents that vendors lose."""
    t, o = model.platform_table.columns, model.open_orders.columns
    n = model.open_orders.n
    rows = np.flatnonzero((o.platform[:n] == slot) & (o.held[:n] > 0))
    money = int(o.held[rows].sum(dtype=np.int64))
    if theft:
        model.ledger.stolen += money
        model.count_fraud(o.consumer[rows])
    elif raid:
        model.ledger.seized += money
    else:
        model.ledger.refunds += money
    lost = np.bincount(o.vendor[rows], o.held[rows] * float(theft or raid), model.vendors.n)
    o.held[rows] = 0
    t.escrow[slot] -= money
    return lost


@inner
def retirement(lost: float, takings: float, p: Any) -> float:
    """Chance to retire when a market closes that owed ``lost`` to a vendor who takes ``takings`` a month.

    It is 1 - (1 - retire_closed) exp(-retire_loss lost / takings); more than three months of takings count as three.
    """
    months = min(lost / takings, 3.0) if takings > 0.0 else (3.0 if lost > 0.0 else 0.0)
    return 1.0 - (1.0 - p.retire_closed) * math.exp(-p.retire_loss * months)


@kernel
def vendors_of_closed(
    n: int,
    seed: int,
    day: int,
    slot: int,
    key: int,
    lost: np.ndarray,
    usual_price: float,
    vendors: Any,
    p: Any,
    renamed: np.ndarray,
) -> None:
    """Vendors with an account on a closed market lose it; some retire (marked in ``exit_cause``), half as many of those with another account.

    The more of their takings the market owed them, the more retire: ``lost`` holds the cents of its escrow. Of those who have none left, some give up their
    name too (1 in ``renamed``).
    """
    for v in range(n):
        if vendors.alive[v] == 0:
            continue
        here, others = -1, 0
        for a in range(ACCOUNTS):
            if vendors.account[v, a] == slot:
                here = a
            elif vendors.account[v, a] != NO_SLOT:
                others += 1
        if here < 0:
            continue
        u1, u2, _, _ = uniform4(seed, IDENTITY, vendors.key[v], day, key)
        price = vendors.income[v] / vendors.orders[v] if vendors.income[v] > 0 else usual_price
        retire = retirement(lost[v] + vendors.withheld[v], 30.0 * vendors.recent[v] * price, p)
        vendors.withheld[v] = 0
        if u1 < (0.5 * retire if others > 0 else retire):
            vendors.exit_cause[v] = 1
            continue
        if others == 0:
            vendors.kept[v, :] = 1
            if u2 >= p.keep_identity:
                renamed[v] = 1
                vendors.kept[v, :] = 0
                vendors.identity[v] += 1
                vendors.sales[v] *= p.reset_sales
                vendors.positive[v, here], vendors.negative[v, here] = 0.0, 0.0
            vendors.positive[v, 0] = vendors.positive[v, here]
            vendors.negative[v, 0] = vendors.negative[v, here]
            if here != 0:
                vendors.positive[v, here], vendors.negative[v, here] = 0.0, 0.0
        vendors.account[v, here] = NO_SLOT


@kernel
def vendor_exits(n: int, seed: int, day: int, vendors: Any, p: Any) -> None:
    """Mark vendors who leave today in ``exit_cause`` and start own exit scams: hazards of idle, active, young and badly rated vendors."""
    for v in range(n):
        if vendors.alive[v] == 0 or vendors.kind[v] == 4:
            continue
        u1, u2, u3, _ = uniform4(seed, VENDOR_EXIT, vendors.key[v], day, 0)
        age = day - vendors.entry_day[v]
        idle = vendors.orders[v] == 0 or day - vendors.last_sale[v] >= p.idle_days
        hazard = (p.idle_exit if idle else p.active_exit) + p.young_exit * math.exp(-age / p.young_days)
        positive, negative = 0.0, 0.0
        for a in range(ACCOUNTS):
            positive += vendors.positive[v, a]
            negative += vendors.negative[v, a]
        if negative > 0.25 * (positive + negative) and negative >= 1.0:
            hazard += p.bad_exit
        if vendors.kind[v] == 2 and u3 < p.social_exit:
            vendors.exit_cause[v] = 4
        elif u1 < hazard:
            vendors.exit_cause[v] = 1
        elif vendors.leaving[v] != NEVER:
            if day > vendors.leaving[v]:
                vendors.exit_cause[v] = 3
        elif vendors.orders[v] > 20 and u2 < p.own_scam:
            vendors.leaving[v] = day + int(p.own_scam_days)


def settle_exits(model: MarketModel) -> None:
    """Take the vendors marked in ``exit_cause`` out of business."""
    v = model.vendors.columns
    n = model.vendors.n
    rows = np.flatnonzero((v.alive[:n] == 1) & (v.exit_cause[:n] != ExitCause.NONE))
    if not len(rows):
        return
    v.alive[rows], v.exit_day[rows] = 0, model.day
    model.close_accounts(rows)
    people = v.person[rows]
    if model.events.wanted:
        for row in rows:
            model.event(EventKind.VENDOR_EXIT, int(row), cause=ExitCause(int(v.exit_cause[row])).name.lower())
        for person in people[people >= 0]:
            model.event(EventKind.ROLE_CHANGE, int(person), cause="stopped selling")


def vendor_moves(model: MarketModel) -> None:
    """Vendors leave, relist and review where they sell."""
    v = model.vendors
    sellers = narrow(v.columns, views.ExitVendors)
    vendor_exits(v.n, model.seed, model.day, sellers, model.p.vendors)
    settle_exits(model)
    moderate(model)
    slots = model.crypto_slots()
    share = model.trade_shares(slots)
    review_accounts(
        v.n,
        model.seed,
        model.day,
        slots,
        model.platform_table.columns.key[slots],
        share,
        model.prior[slots],
        np.exp(
            -(model.day - model.platform_table.columns.open_day[slots].astype(float)) / model.p.migration.newcomer_days
        ),
        sellers,
        model.p.vendors,
    )
