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
from sim.market.entry_exit.accounts import Listings, review_accounts
from sim.market.entry_exit.moderation import moderate
from sim.market.entry_exit.news import tell_of_new_names
from sim.market.groups import Moment
from sim.market.views import narrow
from sim.streams import Draw, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

VENDOR_EXIT, IDENTITY = int(Draw.VENDOR_EXIT), int(Draw.IDENTITY)
RETIRED, ABSCONDED, ROLE_ENDED = int(ExitCause.RETIRED), int(ExitCause.SCAMMED_AND_LEFT), int(ExitCause.ROLE_ENDED)
SOCIAL, LICENSED = int(VendorKind.SOCIAL_SUPPLIER), int(VendorKind.LICENSED_PHARMACY)


class Owed(NamedTuple):
    """What a closed market leaves unpaid."""

    cents: np.ndarray  # (vendors,) of its escrow
    usual_price: float  # cents, of an order of a vendor who has sold nothing yet


@inner
def retirement(lost: float, takings: float, p: VendorsParameters) -> float:
    """Chance to retire when a market closes that owed ``lost`` to a vendor who takes ``takings`` a month.

    It is 1 - (1 - retire_closed) exp(-retire_loss lost / takings); more than three months of takings count as three.
    """
    months = min(lost / takings, 3.0) if takings > 0.0 else (3.0 if lost > 0.0 else 0.0)
    return 1.0 - (1.0 - p.retire_closed) * math.exp(-p.retire_loss * months)


@kernel
def vendors_of_closed(
    n: int, when: Moment, slot: int, key: int, owed: Owed, vendors: Any, p: VendorsParameters, renamed: np.ndarray
) -> None:
    """Vendors with an account on a closed market lose it; some retire (marked in ``exit_cause``), half as many of those with another account.

    The more of their takings the market owed them, the more retire. Of those who have none left, some give up their
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
        u1, u2, _, _ = uniform4(when.seed, IDENTITY, vendors.key[v], when.day, key)
        price = vendors.income[v] / vendors.orders[v] if vendors.income[v] > 0 else owed.usual_price
        retire = retirement(owed.cents[v] + vendors.withheld[v], 30.0 * vendors.recent[v] * price, p)
        vendors.withheld[v] = 0
        if u1 < (0.5 * retire if others > 0 else retire):
            vendors.exit_cause[v] = RETIRED
            continue
        if others == 0:
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
def vendor_exits(n: int, when: Moment, vendors: Any, patience: int, p: VendorsParameters) -> None:
    """Mark vendors who leave today in ``exit_cause`` and start own exit scams: hazards of idle, active, young and badly rated vendors.

    A scam lasts for ``patience`` days: until the first buyers give up waiting.
    """
    for v in range(n):
        if vendors.alive[v] == 0 or vendors.kind[v] == LICENSED:
            continue
        u1, u2, u3, _ = uniform4(when.seed, VENDOR_EXIT, vendors.key[v], when.day, 0)
        age = when.day - vendors.entry_day[v]
        idle = vendors.orders[v] == 0 or when.day - vendors.last_sale[v] >= p.idle_days
        hazard = (p.idle_exit if idle else p.active_exit) + p.young_exit * math.exp(-age / p.young_days)
        positive, negative = 0.0, 0.0
        for a in range(ACCOUNTS):
            positive += vendors.positive[v, a]
            negative += vendors.negative[v, a]
        if negative > 0.25 * (positive + negative) and negative >= 1.0:
            hazard += p.bad_exit
        if vendors.kind[v] == SOCIAL and u3 < p.social_exit:
            vendors.exit_cause[v] = ROLE_ENDED
        elif u1 < hazard:
            vendors.exit_cause[v] = RETIRED
        elif vendors.leaving[v] != NEVER:
            if when.day > vendors.leaving[v]:
                vendors.exit_cause[v] = ABSCONDED
        elif vendors.orders[v] > 20 and u2 < p.own_scam:
            vendors.leaving[v] = min(LAST_DAY, when.day + patience)


def leave_closed(state: MarketState, slot: int, lost: np.ndarray) -> None:
    """Let the vendors of a closed market retire or go on without it; ``lost`` holds the cents of its escrow that each loses."""
    renamed = np.zeros(state.vendors.n, np.uint8)
    vendors_of_closed(
        state.vendors.n, state.moment, slot, int(state.platform_table.columns.key[slot]), Owed(lost, state.trade.mean_order_cents),
        narrow(state.vendors.columns, views.ExitVendors), state.p.vendors, renamed,
    )  # fmt: skip
    tell_of_new_names(state, renamed.nonzero()[0])
    settle_exits(state)


def settle_exits(state: MarketState) -> None:
    """Take the vendors marked in ``exit_cause`` out of business."""
    v = state.vendors.columns
    n = state.vendors.n
    rows = ((v.alive[:n] == 1) & (v.exit_cause[:n] != ExitCause.NONE)).nonzero()[0]
    if not len(rows):
        return
    v.alive[rows], v.exit_day[rows] = 0, state.day
    v.account[rows] = NO_SLOT
    people = v.person[rows]
    if state.books.events.wanted:
        for row in rows:
            state.event(EventKind.VENDOR_EXIT, int(row), cause=ExitCause(int(v.exit_cause[row])).name.lower())
        for person in people[people >= 0]:
            state.event(EventKind.ROLE_CHANGE, int(person), cause="stopped selling")


def vendor_moves(state: MarketState) -> None:
    """Vendors leave, relist and review where they sell."""
    v = state.vendors
    sellers = narrow(v.columns, views.ExitVendors)
    vendor_exits(v.n, state.moment, sellers, int(state.p.shipping.patience_days), state.p.vendors)
    settle_exits(state)
    moderate(state)
    markets = listings(state)
    age = state.day - state.platform_table.columns.open_day[markets.slots].astype(float)
    newness = np.exp(-age / state.p.migration.newcomer_days)
    review_accounts(v.n, state.moment, markets, newness, sellers, state.p.vendors)


def listings(state: MarketState) -> Listings:
    """The open cryptomarkets as vendors see them today."""
    slots = state.crypto_slots()
    key = state.platform_table.columns.key[slots]
    return Listings(slots, key, state.trade_shares(slots), state.trade.prior[slots], state.p.vendors.relist_exponent)
