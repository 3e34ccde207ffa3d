"""Money waits in escrow for the market's clock where buyers do not release it; goods, ratings and people do not wait for it."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.codes import OrderOutcome, PlatformStatus, Settlement
from sim.market.entry_exit.exit import abandon, close_platform, release_escrow
from sim.market.people.come_and_go import busy
from sim.market.trade.shipping import shipping
from sim.model import MarketModel
from tests.worlds import branched, frames, ran, run, world

BUYERS = {"supply": {"crypto_vendors": 0.02}, "world": {"market_users": 0.9}}
CLOCK = 14
SILENT = {**BUYERS, "shipping": {"left_to_clock": 1.0, "clock_days": float(CLOCK)}}
"""Buyers none of whom releases the money."""


def market(**more: object) -> MarketModel:
    return ran(world(consumers=2000, burn_in=40, parameters=SILENT), 1, 0, **more)


def waiting(model: MarketModel) -> np.ndarray:
    """Rows of the orders whose goods have come while their money is in escrow."""
    o, n = model.books.open_orders.columns, model.books.open_orders.n
    return np.flatnonzero((o.due[:n] < model.day) & (o.held[:n] > 0))


def where_most_waits(model: MarketModel) -> tuple[int, np.ndarray]:
    """The market with most orders of which only the money waits, and their rows."""
    rows = waiting(model)
    slots = model.books.open_orders.columns.platform[rows]
    slot = int(np.bincount(slots).argmax())
    return slot, rows[slots == slot]


def nothing_new(model: MarketModel) -> None:
    """The post of a day without new orders."""
    shipping(model, (model.books.open_orders.n, model.books.open_orders.n))


# The clock ------------------------------------------------------------------------------------------------------------
def test_money_that_buyers_leave_in_escrow_is_paid_out_by_the_clock():
    model = market(tables=("orders",))
    o = model.books.open_orders.columns
    rows = waiting(model)
    numbers, longest = o.number[rows].copy(), model.day - o.day[rows].min()
    assert len(rows) > 20
    assert longest <= CLOCK, "nothing waits longer than the clock"
    slots = o.platform[rows].copy()
    model.run_for(CLOCK)
    still = set(model.books.open_orders.columns.number[: model.books.open_orders.n])
    assert not still & set(numbers)
    settled = model.table("orders").set_index("order").loc[numbers, "settlement"]
    alive = model.platform_table.columns.status[slots] == PlatformStatus.OPEN
    assert (settled[alive] == "paid").all()


def test_where_goods_come_after_the_clock_their_coming_releases_the_money():
    parameters = {**SILENT, "shipping": {"left_to_clock": 1.0, "clock_days": 1.0}}
    assert not len(waiting(ran(world(consumers=2000, burn_in=40, parameters=parameters), 1, 0)))


def test_where_all_release_the_money_no_clock_matters():
    """What a clock of zero days gives is what buyers give who all release it at once, to the last bit."""
    outcomes = [
        ran(world(parameters={"shipping": {"left_to_clock": share, "clock_days": days}})).outcomes()
        for share, days in ((0.0, 14.0), (0.0, 21.0), (0.6, 0.0))
    ]
    assert outcomes[0] == pytest.approx(outcomes[1], abs=0.0, nan_ok=True)
    assert outcomes[0] == pytest.approx(outcomes[2], abs=0.0, nan_ok=True)


def test_a_market_whose_buyers_are_silent_holds_more_days_of_trade():
    def held(share: float) -> float:
        platforms = frames(
            world(consumers=2000, burn_in=40, parameters={**BUYERS, "shipping": {"left_to_clock": share}})
        )["platforms"]
        crypto = platforms[platforms["channel"] == "cryptomarket"]
        return float(crypto["escrow_usd"].sum() / crypto["volume_usd"].sum())

    assert held(0.6) > held(0.3) + 0.5 > held(0.0) + 1.0


# Only money waits -----------------------------------------------------------------------------------------------------
def test_goods_ratings_and_notices_are_those_of_buyers_who_release_the_money():
    silent = market()
    prompt = branched(silent, 0, parameters={**SILENT, "shipping": {"left_to_clock": 0.0}})
    for model in (silent, prompt):
        nothing_new(model)
    a, b, due = silent.books.open_orders.columns, prompt.books.open_orders.columns, silent.books.due
    np.testing.assert_array_equal(due, prompt.books.due)
    for name in ("rating", "noticed", "outcome"):
        np.testing.assert_array_equal(getattr(a, name)[due], getattr(b, name)[due])
    assert silent.today.fraud == prompt.today.fraud
    assert a.held[due].sum() > 0 == b.held[due].sum()


def test_goods_are_due_once():
    model = market()
    rows = waiting(model)
    nothing_new(model)
    assert not np.isin(model.books.due, rows).any()


def test_disputes_are_decided_when_the_buyer_gives_the_goods_up():
    model = market()
    o, n = model.books.open_orders.columns, model.books.open_orders.n
    due = np.flatnonzero((o.held[:n] > 0) & (o.due[:n] >= model.day))
    o.due[due], o.outcome[due] = model.day, OrderOutcome.SCAMMED
    nothing_new(model)
    assert (o.held[due] == 0).all()


def test_who_waits_for_nothing_but_the_clock_may_go():
    model = market()
    o, n, rows = model.books.open_orders.columns, model.books.open_orders.n, waiting(model)
    under_way = o.consumer[:n][o.due[:n] >= model.day]
    free = np.setdiff1d(o.consumer[rows], under_way)
    assert len(free)
    assert not busy(model)[free].all()
    assert busy(model)[under_way].all()


# Closures -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "settlement"),
    [
        (PlatformStatus.EXIT_SCAMMED, Settlement.STOLEN),
        (PlatformStatus.HACKED, Settlement.STOLEN),
        (PlatformStatus.SEIZED, Settlement.SEIZED),
        (PlatformStatus.CLOSED, Settlement.PAID),
    ],
)
def test_what_waits_goes_the_way_of_the_escrow(status, settlement):
    model = market()
    slot, rows = where_most_waits(model)
    o = model.books.open_orders.columns
    close_platform(model, slot, status, "test", 0.0)
    nothing_new(model)
    assert (o.settlement[rows] == settlement).all()
    assert np.isin(rows, model.books.closed).all()
    assert not np.isin(rows, model.books.due).any()


def test_escrow_stolen_after_the_goods_came_is_the_vendors_loss():
    model = market()
    slot, rows = where_most_waits(model)
    o = model.books.open_orders.columns
    o.due[np.flatnonzero(o.due[: model.books.open_orders.n] >= model.day)] = model.day + 100
    owed, victims = np.bincount(o.vendor[rows], o.held[rows], model.vendors.n), model.today.fraud
    lost = release_escrow(model, slot, False, True)
    nothing_new(model)
    assert (lost >= owed).all()
    assert owed.sum() > 0
    assert model.today.fraud == victims, "no buyer is one"


def test_an_operator_who_prepares_to_leave_keeps_what_the_clock_releases():
    model = market()
    slot, rows = where_most_waits(model)
    o = model.books.open_orders.columns
    abandon(model, slot, True, 0.0)
    o.day[rows] = model.day - CLOCK
    owed, stolen = int(o.held[rows].sum()), model.books.ledger.stolen
    nothing_new(model)
    assert (o.settlement[rows] == Settlement.STOLEN).all()
    assert model.books.ledger.stolen - stolen >= owed


def test_money_is_conserved_while_markets_close_and_much_of_it_waits():
    closures = {
        "platforms": {"closure_days": 40.0, "cryptomarket_entry": 0.2, "frailty": 0.3, "scam_income_days": 5.0},
        "shipping": {"left_to_clock": 0.6, "clock_days": 21.0},
    }
    model = run(world(parameters=closures, consumers=1500, days=60), audit=True, tables=("orders", "events"))
    orders = model.table("orders")
    assert {"exit scam", "voluntary"} <= set(model.table("events").query("kind == 'platform_closed'")["cause"])
    came = orders["outcome"] == "delivered"
    assert (came & (orders["settlement"] == "stolen")).any()


# Tables ---------------------------------------------------------------------------------------------------------------
def test_an_order_whose_money_waits_has_an_outcome_and_no_settlement():
    model = market(tables=("orders",))
    rows = waiting(model)
    numbers = model.books.open_orders.columns.number[rows]
    shown = model.table("orders").set_index("order").loc[numbers]
    assert (shown["outcome"] == "delivered").all()
    assert shown["settlement"].isna().all()
    assert (shown["outcome_day"] < model.day).all()
    assert shown["content"].notna().all()
    assert shown["rating"].notna().any()
