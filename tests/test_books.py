"""What is counted: who, what happened, when, once. What became of the goods of an order and what became of its money are two things."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.agents.codes import NO_SLOT, Channel, Content, OrderOutcome, PlatformStatus, Settlement
from sim.market.enforcement.attacks import stop_moderation
from sim.market.entry_exit.exit import close_platform
from sim.market.trade.shipping import shipping
from sim.model import MarketModel
from tests.test_rules import everybody_needs, ordered, under
from tests.worlds import frames, ran, run, world

MANY_BUYERS = {"supply": {"crypto_vendors": 0.02}, "world": {"market_users": 0.9}}
CLOSURES = {
    **MANY_BUYERS,
    "platforms": {"frailty": 0.3, "closure_days": 40.0, "operator_income": 1.0, "cryptomarket_entry": 0.2},
}


def market() -> MarketModel:
    return ran(world(consumers=2000, burn_in=40, parameters=MANY_BUYERS), 1, 0)


def largest(model: MarketModel) -> int:
    slots = model.crypto_slots()
    return int(slots[model.platform_table.columns.escrow[slots].argmax()])


def under_way(model: MarketModel, slot: int) -> np.ndarray:
    """Rows of the orders whose money the market in a slot holds."""
    o = model.books.open_orders
    return np.flatnonzero((o.columns.platform[: o.n] == slot) & (o.columns.held[: o.n] > 0))


# Goods and money ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("outcome", [OrderOutcome.SEIZED, OrderOutcome.LOST, OrderOutcome.SCAMMED])
def test_a_refund_leaves_what_became_of_the_goods(outcome):
    model = ran(
        world(
            consumers=2000,
            burn_in=40,
            parameters={**MANY_BUYERS, "shipping": {"dispute_lost": 1.0, "dispute_scam": 1.0}},
        ),
        1,
        0,
    )
    o, rows = model.books.open_orders.columns, under_way(model, largest(model))
    o.outcome[rows], o.due[rows] = outcome, model.day
    shipping(model, (model.books.open_orders.n, model.books.open_orders.n))
    assert (o.settlement[rows] == Settlement.REFUNDED).all()
    assert (o.outcome[rows] == outcome).all()


def test_kinder_disputes_do_not_lower_the_seizure_rate():
    def seized(decided: float) -> tuple[float, float]:
        orders = frames(
            world(consumers=2000, days=60, parameters={**MANY_BUYERS, "shipping": {"dispute_lost": decided}})
        )["orders"]
        by_post = orders[(orders["channel"] == "cryptomarket") & orders["outcome"].notna()]
        return float((by_post["outcome"] == "seized").mean()), float((by_post["settlement"] == "refunded").mean())

    (few, strict), (many, kind) = seized(0.0), seized(1.0)
    assert kind > strict
    assert many == pytest.approx(few, rel=0.1)


def test_every_closed_order_says_what_became_of_its_money():
    orders = frames(world(consumers=1500, days=60, parameters=CLOSURES))["orders"]
    closed = orders["settlement"].notna()
    waits = orders["outcome"].notna() & ~closed
    assert orders.loc[closed, "outcome"].notna().all()
    assert (orders.loc[waits, "escrow"] & (orders.loc[waits, "outcome"] == "delivered")).all()
    assert "unsettled" not in set(orders.loc[closed, "settlement"])
    assert {"paid", "refunded"} <= set(orders.loc[closed, "settlement"])


def test_money_and_goods_hold_under_the_audit_while_markets_close():
    model = run(world(consumers=1500, days=60, parameters=CLOSURES), audit=True, tables=("events",))
    causes = set(model.table("events").query("kind == 'platform_closed'")["cause"])
    assert len(causes) > 1, "several ways to close"


# Parcels --------------------------------------------------------------------------------------------------------------
def test_only_what_was_sent_by_post_was_posted():
    model = market()
    model.run_for(20)
    o = model.books.open_orders
    parcels, channel = o.columns.parcels[: o.n], o.columns.channel[: o.n]
    sent = o.columns.dispatched[: o.n] == 1
    assert (parcels[~sent] == 0).all()
    assert (parcels[np.isin(channel, [Channel.STREET, Channel.LICENSED_PHARMACY])] == 0).all()
    assert (parcels[sent & (channel == Channel.CRYPTOMARKET)] > 0).all()


def test_seized_parcels_count_also_where_part_of_the_order_arrives():
    model = ran(world(consumers=2000, burn_in=40, parameters={**MANY_BUYERS, "shipping": {"split_usd": 20.0}}), 1, 0)
    for post in model.posts:
        post.border *= 4.0
    o = model.books.open_orders
    partly = parcels = 0
    for _ in range(15):
        model.run_for(1)
        due = o.columns.due[: o.n] <= model.day
        some = due & (o.columns.seized[: o.n] > 0)
        partly += int((some & (o.columns.outcome[: o.n] == OrderOutcome.DELIVERED)).sum())
        parcels += model.yesterday.parcels_seized
        assert model.today.parcels_seized <= model.today.parcels
    assert partly > 0


# Fraud ----------------------------------------------------------------------------------------------------------------
def victims(orders: pd.DataFrame) -> pd.Series:
    """Whether the buyer of each order was defrauded, in the words of the dictionary."""
    nothing = (orders["outcome"] == "scammed") & ~orders["settlement"].isin(["refunded", "charged_back"])
    stolen = orders["outcome"].isin(["lost", "seized"]) & (orders["settlement"] == "stolen")
    other = (orders["outcome"] == "delivered") & orders["content"].notna() & (orders["content"] != "as_sold")
    return nothing | stolen | other


def test_victims_of_fraud_are_those_whom_the_orders_show_each_once():
    tables = frames(world(consumers=1500, days=60, parameters=CLOSURES))
    orders = tables["orders"]
    hit = orders[victims(orders) & (orders["outcome_day"] >= 0)]
    by_day = hit.groupby("outcome_day").size().reindex(range(60), fill_value=0)
    assert by_day.sum() > 20
    assert (tables["daily"].set_index("day")["victims_of_fraud"] == by_day.to_numpy()).all()


def test_a_theft_of_escrow_makes_no_victims_of_buyers_whose_goods_come():
    model = market()
    slot = largest(model)
    o, rows = model.books.open_orders.columns, under_way(model, slot)
    o.outcome[rows], o.content[rows], o.due[rows] = OrderOutcome.DELIVERED, Content.AS_SOLD, model.day
    o.due[: model.books.open_orders.n][np.setdiff1d(np.arange(model.books.open_orders.n), rows)] = model.day + 100
    before = model.today.fraud
    close_platform(model, slot, PlatformStatus.EXIT_SCAMMED, "test", 0.0)
    assert model.today.fraud == before
    shipping(model, (model.books.open_orders.n, model.books.open_orders.n))
    assert model.today.fraud == before
    assert (o.settlement[rows] == Settlement.STOLEN).all()


# Closure in order -----------------------------------------------------------------------------------------------------
def test_a_market_that_closes_in_order_settles_the_escrow_of_what_was_sent_and_refunds_the_rest():
    model = market()
    slot = largest(model)
    o, ledger, rows = model.books.open_orders.columns, model.books.ledger, under_way(model, slot)
    o.dispatched[rows] = np.arange(len(rows)) % 2
    sent, kept = rows[o.dispatched[rows] == 1], rows[o.dispatched[rows] == 0]
    owed, back = int(o.held[sent].sum()), int(o.held[kept].sum())
    before = (
        ledger.vendor_income + ledger.fees,
        ledger.refunds,
        int(model.vendors.columns.income[: model.vendors.n].sum()),
    )
    close_platform(model, slot, PlatformStatus.CLOSED, "voluntary", 0.0)
    assert ledger.vendor_income + ledger.fees - before[0] == owed > 0
    assert ledger.refunds - before[1] == back > 0
    assert int(model.vendors.columns.income[: model.vendors.n].sum()) - before[2] == pytest.approx(
        owed * (1 - model.p.platforms.fee), rel=0.02
    )
    assert (o.settlement[sent] == Settlement.PAID).all()
    assert (o.settlement[kept] == Settlement.REFUNDED).all()


# Names, prices, strength ----------------------------------------------------------------------------------------------
def test_a_new_name_has_no_ratings_from_accounts_closed_long_ago():
    model = ran(
        world(
            consumers=2000,
            burn_in=40,
            parameters={**MANY_BUYERS, "vendors": {"keep_identity": 0.0, "retire_closed": 0.0, "retire_loss": 0.0}},
        ),
        1,
        0,
    )
    v, slot = model.vendors.columns, largest(model)
    here = np.flatnonzero((v.account[: model.vendors.n, 0] == slot) & (v.alive[: model.vendors.n] == 1))
    v.account[here, 1:] = NO_SLOT
    v.positive[here, 1] = 500.0  # of an account that was closed
    close_platform(model, slot, PlatformStatus.SEIZED, "raid", 0.0)
    renamed = here[v.alive[here] == 1]
    assert len(renamed) > 5
    assert (v.positive[renamed] == 0.0).all()
    model.run_for(10)
    assert v.positive[renamed].max() < 100.0


def test_the_largest_order_is_capped_in_goods_as_in_money():
    start = everybody_needs(market())
    free = ordered(under(start, payment={"largest_order_usd": 1e6}))
    capped = ordered(under(start, payment={"largest_order_usd": 50.0}))
    dear = free["price"] > 6_000
    assert dear.sum() > 20
    discount = start.p.payment.quantity_discount
    expected = free["quantity"] * np.minimum(5_000 / free["price"], 1.0) ** (1.0 / (1.0 - discount))
    np.testing.assert_allclose(capped["quantity"][dear], expected[dear], rtol=0.01)
    assert (capped["price"] <= 5_000).all()


def test_what_is_seen_in_apps_comes_back_once_a_day():
    model = ran(
        world(
            consumers=1000, parameters={"platforms": {"moderation": 0.0, "feed_days": 10.0, "visibility_days": 10.0}}
        ),
        1,
        0,
    )
    t = model.platform_table.columns
    slots = model.open_slots(Channel.SOCIAL_APP)
    t.visibility[slots] = 0.5
    model.run_for(1)
    np.testing.assert_allclose(t.visibility[slots], 0.55, atol=1e-4)


def test_the_share_of_a_market_without_moderators_is_one_of_the_same_sixty_days():
    shares = []
    for week in (1.0, 9.0):
        model = MarketModel(world(consumers=500, burn_in=5, parameters=MANY_BUYERS), rng=1, tables=("events",))
        model.run_for(8)
        t, slots = model.platform_table.columns, model.crypto_slots()
        t.trade7[slots] = week * t.trade60[slots]
        stop_moderation(model, int(slots[0]), 0.0, "")
        shares.append(float(model.table("events")["amount"].iloc[-1]))
    assert shares[0] == shares[1] > 0.0


def test_adulterated_goods_are_weaker_in_what_is_measured_and_in_what_harms():
    def opioids(left: float, channel: Channel = Channel.CRYPTOMARKET, **parameters: dict) -> pd.DataFrame:
        bad = {
            "carelessness": 0.9,
            "pharmacy_fails": 0.9,
            "substituted": 0.0,
            "synthetic_supply": 0.0,
            "adulterated_left": left,
        }
        model = ran(world(consumers=4000, burn_in=30, parameters={**MANY_BUYERS, **parameters, "shipping": bad}), 1, 0)
        o, n = model.books.open_orders.columns, model.books.open_orders.n
        names = ("channel", "content", "purity", "potency", "vendor")
        found = pd.DataFrame({name: getattr(o, name)[:n].copy() for name in names})
        return found[(found["channel"] == channel) & (found["content"] == Content.ADULTERATED)]

    weak, strong = opioids(0.3), opioids(0.9)
    assert len(weak) > 10
    assert (weak["purity"] <= 0.3 + 1e-6).all()
    assert strong["purity"].mean() == pytest.approx(3.0 * weak["purity"].mean(), rel=0.1)
    assert strong["potency"].mean() > 1.5 * weak["potency"].mean() or strong["potency"].sum() == 0.0
    shoppers = {
        "world": {"patients": 0.9, "considering": 0.95},
        "choice": {"search_medicine": 1.5, "search_controlled": 1.5},
        "demand": {"patient_rate": 0.2},
    }
    weak, strong = (opioids(left, Channel.ILLICIT_PHARMACY, **shoppers)["potency"].to_numpy() for left in (0.3, 0.9))
    assert len(weak) == len(strong)
    assert strong == pytest.approx(3.0 * weak)
    assert weak.sum() > 0.0
