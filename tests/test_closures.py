"""What different ends of a market leave behind, for vendors and for those who deal with each other directly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.agents.codes import NO_SLOT, Channel, Considering, Membership, PlatformStatus, RiskGroup
from sim.market.choice.choice import choice
from sim.market.demand.demand import demand
from sim.market.enforcement.raids import take_down
from sim.market.entry_exit.exit import close_platform
from sim.market.entry_exit.vendor_exit import leave_closed, vendor_moves
from sim.model import MarketModel
from tests.worlds import branched, ran, world

MANY_BUYERS = {"supply": {"crypto_vendors": 0.05}, "world": {"market_users": 0.9}}
STAY = {"retire_closed": 0.0, "retire_loss": 0.0}


def market(**parameters: dict[str, float]) -> MarketModel:
    """A market on day 0, after forty days of trade."""
    return ran(world(consumers=5000, burn_in=40, parameters={**MANY_BUYERS, **parameters}), 1, 0)


def largest(model: MarketModel) -> int:
    home = model.consumers.columns.home
    return int(np.bincount(home[home != NO_SLOT]).argmax())


def listed_only(model: MarketModel, slot: int) -> np.ndarray:
    """Vendors in business who sell on this market only."""
    v, n = model.vendors.columns, model.vendors.n
    accounts = v.account[:n]
    return np.flatnonzero(
        (accounts == slot).any(axis=1) & ((accounts != NO_SLOT).sum(axis=1) == 1) & (v.alive[:n] == 1)
    )


ENDS: dict[str, Any] = {
    "order": lambda model, slot: close_platform(model, slot, PlatformStatus.CLOSED, "voluntary", 0.0),
    "theft": lambda model, slot: close_platform(model, slot, PlatformStatus.EXIT_SCAMMED, "exit scam", 0.0),
    "raid": lambda model, slot: take_down(model, slot, 0.0),
}


def ended(how: str, leads: float = 0.0, **vendors: float) -> tuple[MarketModel, np.ndarray]:
    """A market whose largest place ends in this way, with so many officer-days of leads on each order a day; those who sold there only."""
    model = market(vendors=vendors)
    slot = largest(model)
    rows = listed_only(model, slot)
    assert len(rows) > 15
    model.vendors.columns.evidence[rows] = leads * model.vendors.columns.recent[rows]
    ENDS[how](model, slot)
    return model, rows


def test_relisting_vendors_wait_longer_the_more_police_know_of_them():
    """Days until they list again: after a closure in order, a raid, and a raid after police had run the market for a month."""
    days = []
    for how, leads in (("order", 0.0), ("raid", 0.0), ("raid", 180.0)):
        model, rows = ended(how, leads, **STAY)
        days.append(float((model.vendors.columns.relist_day[rows] - model.day).mean()))
    assert days[0] < 1.0 / model.p.vendors.relist_rate + 3.0, "within days"
    assert days[0] < days[1] < days[2]
    assert days[2] > 2.0 * days[0]


def test_relisting_vendors_are_back_when_they_have_waited():
    model, rows = ended("order", **STAY)
    v = model.vendors.columns
    for _ in range(30):
        model.day += 1
        vendor_moves(model)
        back = (v.account[rows] != NO_SLOT).any(axis=1) | (v.alive[rows] == 0)
        assert (back == ((v.relist_day[rows] <= model.day) | (v.alive[rows] == 0))).all()
    assert back.mean() > 0.9


def test_a_theft_leaves_vendors_with_fewer_goods():
    stock = {how: ended(how, **STAY)[0].vendors.columns.stock.astype(float) for how in ENDS}
    assert (stock["theft"] <= stock["order"]).all()
    assert stock["theft"].sum() < stock["order"].sum()
    np.testing.assert_array_equal(stock["theft"], stock["raid"], "police take the escrow as thieves do")


@pytest.mark.parametrize("paid", [0, 10])
def test_a_month_of_takings_that_a_market_owes_is_a_month_however_little_it_has_paid_out(paid):
    model = market(vendors=STAY)
    slot = largest(model)
    rows, v = listed_only(model, slot), model.vendors.columns
    v.orders[rows], v.income[rows], v.withheld[rows] = paid + 30, paid * 5000, 30 * 5000
    v.stock[rows] = 100.0
    leave_closed(model, slot, np.zeros(model.vendors.n))
    assert v.stock[rows] == pytest.approx(70.0)


def test_more_vendors_retire_after_a_theft_than_after_a_closure_in_order_and_most_where_police_know_them():
    retired = {}
    for name, how, leads in (("order", "order", 0.0), ("theft", "theft", 0.0), ("covert", "raid", 60.0)):
        model, rows = ended(how, leads, retire_closed=0.1, retire_loss=8.0)
        retired[name] = int((model.vendors.columns.alive[rows] == 0).sum())
    assert retired["order"] < retired["theft"] < retired["covert"]


# Direct deals ---------------------------------------------------------------------------------------------------------
def partners(bought: int = 5) -> tuple[MarketModel, np.ndarray]:
    """A market on a day on which all users with a vendor on the largest market need what this vendor sells, whom they know well enough to deal directly."""
    model = market()
    c, v, n = model.consumers.columns, model.vendors.columns, model.consumers.n
    slot = largest(model)
    users = np.flatnonzero((c.home[:n] == slot) & (c.market_state[:n] == Membership.ACTIVE))
    sellers = listed_only(model, slot)
    mine = sellers[np.arange(len(users)) % len(sellers)]
    c.vendor[users], c.bought[users], c.tie[users] = -1, 0, 0
    c.vendor[users, 0], c.bought[users, 0], c.tie[users, 0] = mine, bought, 1
    c.substance[users], c.stash[users], c.next_day[users] = v.main[mine], 0.0, model.day
    c.considering[users] = Considering.BOUGHT
    v.stock[sellers] = 1e3
    return model, users


def share_direct(model: MarketModel, users: np.ndarray) -> float:
    """Share of the needs of ``users`` that go to direct partners."""
    needs = demand(model)
    chosen = choice(model, needs)
    theirs = np.isin(needs.due, users) & (needs.substance == model.consumers.columns.substance[needs.due])
    assert theirs.sum() > 50
    return float((chosen.channel[theirs & (chosen.status == 1)] == Channel.DIRECT).sum() / theirs.sum())


def test_more_needs_go_to_direct_partners_once_the_market_is_closed():
    model, users = partners()
    closed = branched(model, 0)
    close_platform(closed, largest(closed), PlatformStatus.CLOSED, "voluntary", 0.0)
    before, after = share_direct(model, users), share_direct(closed, users)
    assert 0.0 < before < after < 1.0


def test_a_partner_is_trusted_by_own_purchases():
    few, many = (share_direct(*partners(bought)) for bought in (1, 20))
    assert few < 0.7 * many


@pytest.mark.parametrize(("group", "moved"), [(RiskGroup.DIRECT, True), (RiskGroup.CRYPTO, False)])
def test_direct_deals_are_shunned_for_what_happens_to_partners_and_sought_where_markets_are_feared(group, moved):
    model, users = partners()
    afraid = branched(model, 0)
    afraid.consumers.columns.legal_hits[users, group] += 3.0
    before, after = share_direct(model, users), share_direct(afraid, users)
    assert (after < 0.8 * before) if moved else (after > before)
