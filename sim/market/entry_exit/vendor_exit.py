"""Vendors leave: when a market closes on them, when they sell too little or are rated badly, or with their customers' money; the others review where they sell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import LAST_DAY, MOST_COUNTED, NEVER, NO_SLOT, EventKind, ExitCause, VendorKind
from sim.agents.vendors import ACCOUNTS
from sim.evidence.groups import VendorsParameters
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.blocks import over_rows
from sim.market.entry_exit.accounts import Listings, review_accounts
from sim.market.entry_exit.moderation import moderate
from sim.market.entry_exit.news import tell_of_new_names
from sim.market.groups import Moment
from sim.market.views import narrow
from sim.streams import Draw, exponential_from, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

VENDOR_EXIT, IDENTITY = int(Draw.VENDOR_EXIT), int(Draw.IDENTITY)
RETIRED, ABSCONDED, ROLE_ENDED = int(ExitCause.RETIRED), int(ExitCause.SCAMMED_AND_LEFT), int(ExitCause.ROLE_ENDED)
IN_BUSINESS = int(ExitCause.NONE)
CAUSES = tuple(cause.name.lower() for cause in ExitCause)
MONTH = 30
SOCIAL, LICENSED = int(VendorKind.SOCIAL_SUPPLIER), int(VendorKind.LICENSED_PHARMACY)


LEAST_TRADE = 1.0 / MONTH
"""Orders a day with which vendors reckon who sell less: one a month."""


class Left(NamedTuple):
    """What a closed market leaves behind."""

    cents: np.ndarray  # (vendors,) of its escrow that are lost
    lead_risk: float  # hazard of arrest by an officer-day of leads, over the published one of selling an order a day, before officers are busy


@inner
def retirement(months: float, risk: float, p: VendorsParameters) -> float:
    """Chance to retire when a market closes that owed ``months`` of takings, and leads multiply the usual risk of arrest by 1 + ``risk``.

    It is 1 - (1 - retire_closed)^(1 + risk) exp(-retire_loss months).
    """
    return 1.0 - (1.0 - p.retire_closed) ** (1.0 + risk) * math.exp(-p.retire_loss * months)


@inner
def wait(risk: float, u: float, p: VendorsParameters) -> int:
    """Days until a vendor without a market lists again: on average 1 / relist_rate, and so many times longer as leads multiply the risk."""
    return 1 + int((1.0 + risk) / p.relist_rate * exponential_from(u))


@kernel
def vendors_of_closed(
    n: int, when: Moment, slot: int, key: int, left: Left, vendors: Any, given: np.ndarray, renamed: np.ndarray
) -> None:
    """Vendors with an account on a closed market lose it; some retire (marked in ``exit_cause``).

    The more of their takings the market owed them, and the more police learned of them there, the more retire. What they
    were owed cannot be put into goods again. Those who have no market left list again after a while, the later the more
    police know of them, and some give up their name too (1 in ``renamed``).
    """
    p = given[0]
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
        u1, u2, u3, _ = uniform4(when.seed, IDENTITY, vendors.key[v], when.day, key)
        owed = left.cents[v] + vendors.withheld[v]
        trade = max(vendors.recent[v], LEAST_TRADE)
        unpaid = vendors.orders[v] * owed / (vendors.income[v] + owed) if owed > 0.0 else 0.0  # orders
        risk = left.lead_risk * vendors.evidence[v] / trade
        vendors.withheld[v] = 0
        if u1 < retirement(unpaid / (MONTH * trade), risk, p):
            vendors.exit_cause[v] = RETIRED
            continue
        vendors.stock[v] = max(vendors.stock[v] - unpaid, 0.0)
        if others == 0:
            vendors.relist_day[v] = min(LAST_DAY, when.day + wait(risk, u3, p))
            vendors.kept[v, :] = 1
            if u2 >= p.keep_identity:
                renamed[v] = 1
                vendors.kept[v, :] = 0
                vendors.identity[v] = min(vendors.identity[v] + 1, MOST_COUNTED)
                vendors.sales[v] *= p.reset_sales
                vendors.positive[v, :], vendors.negative[v, :] = 0.0, 0.0  # of accounts closed before too
            vendors.positive[v, 0] = vendors.positive[v, here]
            vendors.negative[v, 0] = vendors.negative[v, here]
            if here != 0:
                vendors.positive[v, here], vendors.negative[v, here] = 0.0, 0.0
        vendors.account[v, here] = NO_SLOT


@kernel
def vendor_exits(lo: int, hi: int, when: Moment, vendors: Any, patience: int, given: np.ndarray) -> None:
    """Mark those vendors of ``lo:hi`` who leave today in ``exit_cause`` and start own exit scams: hazards of idle, active, young and badly rated vendors.

    A scam lasts for ``patience`` days: until the first buyers give up waiting.
    """
    p = given[0]
    for v in range(lo, hi):
        if vendors.alive[v] == 0 or vendors.kind[v] == LICENSED:
            continue
        u1, u2, u3, _ = uniform4(when.seed, VENDOR_EXIT, vendors.key[v], when.day, 0)
        age = when.day - vendors.entry_day[v]
        idle = min(age, when.day - vendors.last_sale[v]) >= p.idle_days
        hazard = (p.idle_exit if idle else p.active_exit) + p.young_exit * math.exp(-age / p.young_days)
        positive, negative = 0.0, 0.0
        for a in range(ACCOUNTS):
            positive += vendors.positive[v, a]
            negative += vendors.negative[v, a]
        if negative > p.bad_share * (positive + negative) and negative >= 1.0:
            hazard += p.bad_exit
        if vendors.kind[v] == SOCIAL and u3 < p.social_exit:
            vendors.exit_cause[v] = ROLE_ENDED
        elif u1 < hazard:
            vendors.exit_cause[v] = RETIRED
        elif vendors.leaving[v] != NEVER:
            if when.day > vendors.leaving[v]:
                vendors.exit_cause[v] = ABSCONDED
        elif vendors.orders[v] > 0 and u2 < p.own_scam:
            vendors.leaving[v] = min(LAST_DAY, when.day + patience)


def leave_closed(state: MarketState, slot: int, lost: np.ndarray) -> None:
    """Let the vendors of a closed market retire or go on without it; ``lost`` holds the cents of its escrow that each loses."""
    renamed = np.zeros(state.vendors.n, np.uint8)
    e = state.p.enforcement
    usual = e.arrest_per_contact * e.remote_crypto * MONTH
    lead = (1.0 - 0.5 ** (1.0 / e.lead_days)) / e.arrest_days_online
    left = Left(lost, lead / max(usual, 1e-12))
    vendors_of_closed(
        state.vendors.n, state.moment, slot, int(state.platform_table.columns.key[slot]), left,
        narrow(state.vendors.columns, views.ExitVendors), state.given.vendors, renamed,
    )  # fmt: skip
    tell_of_new_names(state, renamed.nonzero()[0])
    settle_exits(state)


def settle_exits(state: MarketState) -> None:
    """Take the vendors marked in ``exit_cause`` out of business."""
    v = state.vendors.columns
    n = state.vendors.n
    rows = ((v.alive[:n] == 1) & (v.exit_cause[:n] != IN_BUSINESS)).nonzero()[0]
    if not len(rows):
        return
    v.alive[rows], v.exit_day[rows] = 0, state.day
    v.account[rows] = NO_SLOT
    people = v.person[rows]
    state.event(EventKind.VENDOR_EXIT, rows, cause=(CAUSES, v.exit_cause[rows]))
    state.event(EventKind.ROLE_CHANGE, people[people >= 0], cause="stopped selling")


def vendor_moves(state: MarketState) -> None:
    """Vendors leave, relist and review where they sell."""
    v = state.vendors
    sellers = narrow(v.columns, views.ExitVendors)
    patience = int(state.p.shipping.patience_days)
    over_rows(state.pool, vendor_exits, v.n, state.moment, sellers, patience, state.given.vendors)
    settle_exits(state)
    moderate(state)
    markets = listings(state)
    age = state.day - state.platform_table.columns.open_day[markets.slots].astype(float)
    newness = np.exp(-age / state.p.migration.newcomer_days)
    review_accounts(v.n, state.moment, markets, newness, sellers, state.given.vendors)


def listings(state: MarketState) -> Listings:
    """The open cryptomarkets as vendors see them today."""
    slots = state.crypto_slots()
    key = state.platform_table.columns.key[slots]
    return Listings(slots, key, state.trade_shares(slots), state.trade.prior[slots], state.p.vendors.relist_exponent)
