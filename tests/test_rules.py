"""The rules of `docs/model.md`, section 7, each said in the field's words where no other test file says it.

Most look at one phase of one day of a market that is set to what the rule is about; the table of the section names the test of every rule.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.agents.codes import (
    NEVER,
    NO_SLOT,
    Channel,
    Considering,
    ExitCause,
    Membership,
    OrderOutcome,
    PlatformStatus,
    RiskGroup,
    Segment,
)
from sim.agents.consumers import ON_STREETS
from sim.agents.orders import NO_RATING
from sim.market import views
from sim.market.books import KEPT, PAID
from sim.market.choice.choice import choice
from sim.market.demand.demand import demand
from sim.market.demand.needs import FROM_STASH
from sim.market.enforcement.contacts import charge_or_refer, user_contacts
from sim.market.enforcement.enforcement import enforce
from sim.market.enforcement.raids import run_covertly
from sim.market.entry_exit.entry import commission, platform_entry, role_changes, vendor_entry
from sim.market.entry_exit.exit import abandon, close_platform, platform_exits
from sim.market.entry_exit.vendor_exit import vendor_moves
from sim.market.health.receipt import threats
from sim.market.health.violence import learn_of_violence
from sim.market.learning.learning import learning
from sim.market.supply.pricing import price
from sim.market.supply.supply import restock
from sim.market.trade.checkout import checkout
from sim.market.trade.shipping import shipping
from sim.market.views import narrow
from sim.model import MarketModel
from sim.scenario import Scenario
from tests.worlds import branched, frames, model_of, ran, run, world

MANY_BUYERS = {"supply": {"crypto_vendors": 0.02}, "world": {"market_users": 0.9}}


def market(parameters: dict[str, Any] | None = None, consumers: int = 2000, **fields: Any) -> MarketModel:
    """A market on day 0, after forty days of trade."""
    return ran(world(consumers=consumers, burn_in=40, parameters=parameters or {}, **fields), 1, 0)


def under(model: MarketModel, **parameters: dict[str, Any]) -> MarketModel:
    """A copy of a market under other parameters."""
    given = model.scenario.resolved()["parameters"]
    return branched(
        model, 0, parameters={k: {**given.get(k, {}), **parameters.get(k, {})} for k in {*given, *parameters}}
    )


def ordered(model: MarketModel) -> pd.DataFrame:
    """Orders that today's needs lead to, as they stand when they have been paid for."""
    needs = demand(model)
    lo, hi = checkout(model, needs, choice(model, needs))
    columns, rows = model.books.open_orders.columns, slice(lo, hi)
    wanted = ("consumer", "vendor", "platform", "channel", "substance", "quantity", "price", "held")
    return pd.DataFrame({name: getattr(columns, name)[rows].copy() for name in wanted})


def everybody_needs(model: MarketModel) -> MarketModel:
    """The same market, on a day on which all consumers need something."""
    model.consumers.columns.next_day[:] = model.day
    return model


def slots(model: MarketModel) -> np.ndarray:
    return model.crypto_slots().copy()


def sellers(model: MarketModel, channel: Channel = Channel.CRYPTOMARKET) -> np.ndarray:
    v, n = model.vendors.columns, model.vendors.n
    return np.flatnonzero((v.channel[:n] == channel) & (v.alive[:n] == 1))


# Payment --------------------------------------------------------------------------------------------------------------
def finalised_early(positive: float, negative: float, **payment: float) -> pd.Series:
    """Whether each order on a cryptomarket is finalised early, where all vendors have these ratings."""
    model = everybody_needs(market(MANY_BUYERS))
    if payment:
        model = under(model, payment=payment)
    model.vendors.columns.positive[:], model.vendors.columns.negative[:] = positive, negative
    orders = ordered(model)
    on_market = orders[orders["channel"] == Channel.CRYPTOMARKET]
    assert len(on_market) > 50
    assert (orders.loc[orders["channel"] != Channel.CRYPTOMARKET, "held"] == 0).all()
    return on_market["held"] == 0


def test_early_finalisation_is_for_vendors_with_good_ratings():
    assert not finalised_early(0.0, 50.0).any(), "a badly rated vendor cannot ask for money before the goods are there"
    unknown, trusted = finalised_early(0.0, 0.0).mean(), finalised_early(500.0, 0.0).mean()
    assert unknown < 0.5 * trusted


def test_early_finalisation_of_a_trusted_vendor_is_twice_what_the_market_leaves_out_of_escrow():
    share = market(MANY_BUYERS).p.platforms.escrow_share
    early = finalised_early(1e6, 0.0)
    expected = 2.0 * (1.0 - share)
    assert abs(early.mean() - expected) < 4.0 * np.sqrt(expected * (1.0 - expected) / len(early))


def settled(held: bool, outcome: OrderOutcome, **shipping_parameters: float) -> tuple[MarketModel, int, int]:
    """A market whose open cryptomarket orders all have this fate today: it, what was in escrow for them, and vendors' income from before."""
    model = under(market(MANY_BUYERS), shipping=shipping_parameters)
    o = model.books.open_orders
    on_market = o.columns.channel[: o.n] == Channel.CRYPTOMARKET
    o.columns.due[: o.n] = np.where(on_market, model.day, model.day + 100)
    o.columns.outcome[: o.n] = outcome
    if not held:
        for m in slots(model):
            model.platform_table.columns.escrow[m] -= o.columns.held[: o.n][o.columns.platform[: o.n] == m].sum()
        o.columns.held[: o.n][on_market] = 0
    before = model.books.ledger.vendor_income, model.books.ledger.refunds, int(o.columns.held[: o.n][on_market].sum())
    shipping(model, (o.n, o.n))
    assert before[2] > 0 or not held
    return model, before[2], model.books.ledger.refunds - before[1]


def test_escrow_gives_buyers_their_money_back_when_a_dispute_is_decided_for_them():
    _, held, refunds = settled(True, OrderOutcome.SCAMMED, dispute_scam=1.0)
    assert refunds == held
    _, _, refunds = settled(True, OrderOutcome.SCAMMED, dispute_scam=0.0)
    assert refunds == 0


def test_who_finalised_early_gets_nothing_back():
    _, _, refunds = settled(False, OrderOutcome.SCAMMED, dispute_scam=1.0)
    assert refunds == 0


def test_escrow_of_goods_that_arrived_is_paid_out_less_the_fee():
    model, held, refunds = settled(True, OrderOutcome.DELIVERED, left_to_clock=0.0)
    earned = model.books.ledger.vendor_income - market(MANY_BUYERS).books.ledger.vendor_income
    fees = model.books.ledger.fees - market(MANY_BUYERS).books.ledger.fees
    assert refunds == 0
    assert earned + fees == held
    assert fees == pytest.approx(held * model.p.platforms.fee, rel=0.01)


def test_the_quantity_discount_lowers_the_price_of_a_dose_as_a_power_of_the_quantity():
    start = everybody_needs(market())
    plain, cheap = (ordered(under(start, payment={"quantity_discount": d})) for d in (0.0, 0.3))
    assert (plain["quantity"] == cheap["quantity"]).all()
    median = start.substances.doses_per_order[plain["substance"]]
    inside = plain["price"].between(2_000, 1_000_000) & cheap["price"].between(2_000, 1_000_000)
    ratio = (cheap["price"] / plain["price"])[inside]
    assert inside.sum() > 200
    np.testing.assert_allclose(ratio, ((plain["quantity"] / median) ** -0.3)[inside], rtol=0.01)


# Shipping -------------------------------------------------------------------------------------------------------------
def parcels(seizures: float = 1.0) -> pd.DataFrame:
    """Orders by post of a day, with the parcels that they are split into."""
    model = everybody_needs(under(market(MANY_BUYERS), shipping={"split_usd": 60.0}))
    for post in model.posts:
        post.border *= seizures
    needs = demand(model)
    rows = checkout(model, needs, choice(model, needs))
    shipping(model, rows)
    o = model.books.open_orders.columns
    lo, hi = rows
    found = pd.DataFrame(
        {
            name: getattr(o, name)[lo:hi].copy()
            for name in ("consumer", "vendor", "channel", "price", "parcels", "dispatched")
        }
    )
    source = model.vendors.columns.jurisdiction[found["vendor"]]
    found["abroad"] = source != model.consumers.columns.jurisdiction[found["consumer"]]
    return found[(found["channel"] == Channel.CRYPTOMARKET) & (found["dispatched"] == 1) & found["abroad"]]


def test_dear_orders_are_split_over_more_parcels():
    by_price = parcels().sort_values("price")
    few, many = by_price.head(len(by_price) // 3)["parcels"].mean(), by_price.tail(len(by_price) // 3)["parcels"].mean()
    assert few < many


def test_orders_are_split_more_where_more_is_seized():
    usual, strict = parcels(), parcels(seizures=9.0)
    assert (usual["price"].to_numpy() == strict["price"].to_numpy()).all()
    assert (strict["parcels"].to_numpy() >= usual["parcels"].to_numpy()).all()
    assert strict["parcels"].sum() > 1.2 * usual["parcels"].sum()


def test_most_ratings_are_five_stars():
    given = frames(world(consumers=2000, days=60))["orders"]["rating"]
    given = given[given.between(1, 5)]
    assert len(given) > 150
    assert (given == 5).mean() > 0.85


def test_only_cryptomarkets_have_ratings():
    orders = frames(world(consumers=2000, days=60))["orders"]
    assert set(orders["channel"][orders["rating"].between(1, 5)]) == {"cryptomarket"}


# Entry and exit of platforms ------------------------------------------------------------------------------------------
def opened(looking: float = 0.0, before: float = 1.0, arrested: float = 0.0) -> int:
    """Cryptomarkets that open in so many days, of which each finds so many markets as today.

    Of the other people a share ``looking`` want a market and have none; past trade was ``before`` times that of today.
    So many operators were ``arrested`` for each there is.
    """
    model = under(market(), platforms={"cryptomarket_entry": 0.5, "operator_income": 30_000.0})
    model.policing.operator_risk = arrested
    t, c, n = model.platform_table.columns, model.consumers.columns, model.consumers.n
    for name in ("trade60", "trade180"):
        getattr(t, name)[slots(model)] = before * t.trade7[slots(model)]
    others = (c.market_state[:n] != Membership.ACTIVE).nonzero()[0]
    c.market_state[others[: round(looking * len(others))]] = Membership.SEARCHING
    many, found = len(slots(model)), 0
    for day in range(200):
        model.day = day
        platform_entry(model)
        for slot in slots(model)[many:]:
            model.platform_table.columns.status[slot] = PlatformStatus.CLOSED
            found += 1
    return found


def test_platforms_open_faster_while_buyers_are_without_a_market():
    assert 0 < opened() < opened(looking=0.3) < opened(looking=1.0)


def test_an_operator_reckons_with_what_is_paid_for_an_order_on_cryptomarkets_and_not_elsewhere():
    """Orders on the street, of which there are many more, say nothing of what a market would bring."""
    bring = {}
    for channel in (Channel.STREET, Channel.CRYPTOMARKET):
        model = everybody_needs(market(MANY_BUYERS))
        v = model.vendors.columns
        v.log_price[sellers(model, channel)] += np.log(4.0)
        before = commission(model, 100.0, 0.05)
        ordered(model)
        bring[channel] = commission(model, 100.0, 0.05) / before
    same = everybody_needs(market(MANY_BUYERS))
    before = commission(same, 100.0, 0.05)
    ordered(same)
    usual = commission(same, 100.0, 0.05) / before
    assert bring[Channel.STREET] == pytest.approx(usual, rel=0.1)
    assert bring[Channel.CRYPTOMARKET] > 1.3 * usual


def test_who_opens_a_market_looks_at_what_there_is_to_be_had_and_not_at_past_trade():
    assert opened(before=10.0) == opened(before=0.0) == opened()


def test_fewer_open_markets_the_more_operators_were_arrested_and_some_always_do():
    assert 0 < opened(arrested=1.0) < 0.7 * opened()


def test_platforms_open_only_where_there_is_commission_to_earn():
    found = []
    for wanted in (1.0, 1e9):
        model = under(market(), platforms={"cryptomarket_entry": 1.0, "operator_income": wanted})
        before = len(slots(model))
        platform_entry(model)
        found.append(len(slots(model)) - before)
    assert found == [1, 0]


def closures(change: Any, **platforms: float) -> np.ndarray:
    """Status of the cryptomarkets after one day on which only the hazard in question can close them; ``change`` sets the first half of them apart."""
    model = under(market(), platforms={"frailty": 0.0, "hack_base": 0.0, **platforms})
    model.platform_table.columns.frail_scam[:] = 0.0
    first = slots(model)
    assert len(first) > 3
    change(model, first[: len(first) // 2], first[len(first) // 2 :])
    platform_exits(model)
    return model.platform_table.columns.status[first] != PlatformStatus.OPEN


def test_voluntary_closure_is_for_markets_with_little_trade():
    def change(model: MarketModel, small: np.ndarray, large: np.ndarray) -> None:
        t = model.platform_table.columns
        t.frail_quit[:], t.open_day[:] = 1.0, -3000
        t.trade180[small], t.trade180[large] = 0.0, 10.0 * model.crypto_trade()

    closed = closures(change, closure_days=1.0, hack_young=1.0)
    half = len(closed) // 2
    assert closed[:half].all()
    assert not closed[half:].any()


def test_hacks_are_for_young_markets():
    def change(model: MarketModel, young: np.ndarray, old: np.ndarray) -> None:
        t = model.platform_table.columns
        t.frail_quit[:] = 0.0
        t.open_day[young], t.open_day[old] = model.day, -3000

    closed = closures(change, closure_days=1.0, hack_young=30.0)
    half = len(closed) // 2
    assert closed[:half].all()
    assert not closed[half:].any()


@pytest.mark.parametrize(
    ("status", "entry"),
    [
        (PlatformStatus.SEIZED, "seized"),
        (PlatformStatus.HACKED, "stolen"),
        (PlatformStatus.EXIT_SCAMMED, "stolen"),
    ],
)
def test_escrow_of_a_closed_market_is_stolen_or_seized(status, entry):
    model = market(MANY_BUYERS)
    t = model.platform_table.columns
    slot = int(slots(model)[t.escrow[slots(model)].argmax()])
    held, before = int(t.escrow[slot]), {k: getattr(model.books.ledger, k) for k in ("seized", "stolen", "refunds")}
    assert held > 0
    close_platform(model, slot, status, "test", 0.0)
    gained = {k: getattr(model.books.ledger, k) - was for k, was in before.items()}
    assert gained == {**dict.fromkeys(before, 0), entry: held}
    assert t.escrow[slot] == 0


def test_before_an_exit_scam_the_operator_keeps_what_falls_due():
    model = market({**MANY_BUYERS, "platforms": {"scam_withholds": 5.0}})
    slot = int(slots(model)[0])
    abandon(model, slot, True, 0.0)
    t = model.platform_table.columns
    assert (t.status[slot], t.payouts[slot]) == (PlatformStatus.OPEN, 0), "payouts stop while orders still come in"
    model.run_for(6)
    assert t.status[slot] == PlatformStatus.EXIT_SCAMMED
    assert model.books.ledger.stolen > 0


def test_displaced_users_have_no_home_and_search_after_a_delay():
    model = market(MANY_BUYERS)
    c, n = model.consumers.columns, model.consumers.n
    slot = int(np.bincount(c.home[:n][c.home[:n] != NO_SLOT]).argmax())
    users = np.flatnonzero((c.home[:n] == slot) & (c.market_state[:n] == Membership.ACTIVE))
    assert len(users) > 20
    close_platform(model, slot, PlatformStatus.SEIZED, "raid", 1.0)
    assert (c.home[users] == NO_SLOT).all()
    assert (c.market_state[users] == Membership.SEARCHING).all()
    assert (c.market_until[users] > model.day + 1).all()
    assert not (model.consumers.at(users).get("known") == slot).any()


def test_displaced_users_herd_where_others_went():
    """The market that displaced users joined lately gains more new users than in the same world where they had gone elsewhere."""
    joined = []
    for crowd in (0, 1):
        model = market(MANY_BUYERS)
        c, t = model.consumers.columns, model.platform_table.columns
        by_trade = slots(model)[np.argsort(-t.trade7[slots(model)])]
        close_platform(model, int(by_trade[0]), PlatformStatus.SEIZED, "raid", 0.0)
        rivals = by_trade[1:3]
        t.arrivals[rivals[crowd]] = 0.2 * model.consumers.n
        was = (c.home == rivals[0]).sum()
        model.run_for(12)
        joined.append((c.home == rivals[0]).sum() - was)
    assert joined[0] > joined[1]


# Vendors come and go --------------------------------------------------------------------------------------------------
def entrants(income: float, turned_away: float = 0.0, risk: float = 0.0) -> int:
    """Vendors who enter in twenty days where a vendor keeps so many times the outside wage.

    Orders for another ``turned_away`` times that find no seller, and ``risk`` is arrests a month.
    """
    model = market()
    worth = model.p.supply.outside_wage / (1.0 - model.p.supply.upstream_share)
    model.trade.income[:], model.trade.turned_away[:] = income * worth, turned_away * worth
    model.policing.vendor_risk[:] = risk
    before = model.vendors.n
    for _ in range(20):
        vendor_entry(model)
        model.day += 1
    return model.vendors.n - before


def test_vendors_enter_where_income_per_vendor_is_high():
    assert entrants(0.1) < entrants(1.0) < entrants(10.0)


def test_vendors_enter_where_buyers_find_no_seller_and_not_where_arrest_is_likely():
    assert entrants(0.1, risk=1.0) < entrants(0.1) < entrants(0.1, turned_away=9.9)


def began_to_sell(pays: Channel) -> tuple[MarketModel, np.ndarray]:
    """A market after a look at roles on which a single channel pays, and the vendors who were consumers."""
    model = under(market(MANY_BUYERS), vendors={"social_entry": 0.01})
    c = model.consumers.columns
    c.segment[:], c.considering[:] = Segment.SOCIAL_SUPPLIER, Considering.BOUGHT
    model.trade.income[:], model.trade.turned_away[:], model.policing.vendor_risk[:] = 0.0, 0.0, 0.0
    model.trade.income[pays] = model.p.supply.outside_wage / (1.0 - model.p.supply.upstream_share)
    before = model.vendors.n
    role_changes(model)
    rows = np.arange(before, model.vendors.n)
    assert (model.vendors.columns.person[rows] >= 0).all()
    return model, rows


@pytest.mark.parametrize("channel", [Channel.STREET, Channel.SOCIAL_APP, Channel.CRYPTOMARKET])
def test_consumers_become_vendors_where_it_pays(channel):
    model, rows = began_to_sell(channel)
    assert len(rows) > 20
    assert (model.vendors.columns.channel[rows] == channel).all()


def test_consumers_sell_on_the_cryptomarket_on_which_they_buy():
    model, rows = began_to_sell(Channel.CRYPTOMARKET)
    v, c = model.vendors.columns, model.consumers.columns
    assert (c.market_state[v.person[rows]] == Membership.ACTIVE).all()
    assert (v.account[rows, 0] == c.home[v.person[rows]]).all()


def test_an_order_that_finds_no_stock_is_one_that_a_newcomer_could_have_had():
    missed = []
    for left in (1.0, 0.0):
        model = everybody_needs(market())
        model.vendors.columns.stock[sellers(model, Channel.STREET)] *= left
        before = model.trade.turned_away[Channel.STREET]
        needs = demand(model)
        checkout(model, needs, choice(model, needs))
        missed.append(int(model.today.missed[Channel.STREET]))
    model.begin_day()
    price(model)
    assert missed[1] > missed[0] + 50
    assert model.trade.turned_away[Channel.STREET] > before


def test_an_order_that_finds_no_seller_would_have_brought_what_a_vendor_of_its_channel_keeps_of_one():
    """Fees of a platform and of who processes payments are not kept, and orders elsewhere do not count."""
    model = everybody_needs(market(MANY_BUYERS))
    rates = np.array([processor.fee for processor in model.processors] + [0.0])
    model.trade.ordered[:] = 0.0
    needs = demand(model)
    lo, hi = checkout(model, needs, choice(model, needs))
    x, kept_of = model.books.open_orders.columns, {}
    for channel in (Channel.CRYPTOMARKET, Channel.STREET):
        rows = lo + np.flatnonzero(x.channel[lo:hi] == channel)
        assert len(rows) > 50
        fee = model.platform_table.columns.fee[x.platform[rows]]
        kept = x.price[rows] * (1.0 - rates[x.processor[rows]]) * (1.0 - fee)
        kept_of[channel] = model.trade.mean_order(KEPT)[channel]
        assert kept_of[channel] == pytest.approx(kept.mean(), rel=0.01)
        assert model.trade.mean_order(PAID)[channel] == pytest.approx(x.price[rows].mean(), rel=1e-6)
    missed = []
    for many in (0, 10):
        copy = branched(model, 0)
        copy.today.missed[:] = many
        copy.begin_day()
        price(copy)
        sold = {c: max(len(sellers(copy, c)), 1) for c in kept_of}
        missed.append(np.array([copy.trade.turned_away[c] * sold[c] for c in kept_of]))
    gained = (missed[1] - missed[0]) * 30.0 * 100.0 / 10.0
    assert gained == pytest.approx(list(kept_of.values()), rel=0.01)


QUIET = {"idle_exit": 0.0, "active_exit": 0.0, "young_exit": 0.0, "bad_exit": 0.0, "own_scam": 0.0, "social_exit": 0.0}


def leavers(change: Any, **vendors: float) -> tuple[np.ndarray, np.ndarray]:
    """Of the vendors of cryptomarkets, which were set apart by ``change`` and which leave, where only the named reasons to leave exist."""
    model = under(market(MANY_BUYERS), vendors={**QUIET, **vendors})
    v, rows = model.vendors.columns, sellers(model)
    v.leaving[:], v.entry_day[:], v.positive[:], v.negative[:] = NEVER, -3000, 0.0, 0.0
    v.orders[rows], v.last_sale[rows] = 10, model.day
    apart = np.arange(len(rows)) % 2 == 0
    change(model, rows[apart])
    vendor_moves(model)
    return apart, v.alive[rows] == 0


def test_idle_vendors_leave():
    def idle(model: MarketModel, rows: np.ndarray) -> None:
        model.vendors.columns.last_sale[rows] = model.day - 200

    apart, left = leavers(idle, idle_exit=1.0)
    assert (left == apart).all()


def test_who_has_just_begun_is_not_idle_for_want_of_a_sale():
    def begun(model: MarketModel, rows: np.ndarray) -> None:
        v = model.vendors.columns
        v.orders[rows], v.last_sale[rows] = 0, -NEVER
        v.entry_day[rows[::2]] = model.day - int(model.p.vendors.idle_days) + 1

    apart, left = leavers(begun, idle_exit=1.0)
    assert not left[apart][::2].any()
    assert left[apart][1::2].all()


def test_young_vendors_leave():
    def young(model: MarketModel, rows: np.ndarray) -> None:
        model.vendors.columns.entry_day[rows] = model.day

    apart, left = leavers(young, young_exit=1.0)
    assert (left == apart).all()


def test_badly_rated_vendors_leave():
    def bad(model: MarketModel, rows: np.ndarray) -> None:
        model.vendors.columns.negative[rows, 0] = 5.0

    apart, left = leavers(bad, bad_exit=1.0)
    assert (left == apart).all()


def test_a_vendors_own_exit_scam_takes_orders_and_sends_nothing():
    model = under(market(MANY_BUYERS), vendors={**QUIET, "own_scam": 1.0}, shipping={"patience_days": 3.0})
    v, rows = model.vendors.columns, sellers(model)
    v.orders[rows] = 30
    vendor_moves(model)
    assert (v.leaving[rows] < NEVER).all()
    needs = demand(everybody_needs(model))
    lo, hi = checkout(model, needs, choice(model, needs))
    shipping(model, (lo, hi))
    o = model.books.open_orders.columns
    theirs = np.isin(o.vendor[lo:hi], rows)
    assert theirs.sum() > 20
    assert not o.dispatched[lo:hi][theirs].any()
    model.day += 4
    vendor_moves(model)
    assert (v.exit_cause[rows] == ExitCause.SCAMMED_AND_LEFT).all()


def test_multihoming_larger_vendors_list_on_more_markets():
    model = market(MANY_BUYERS, consumers=8000)
    model.run_for(30)
    v, rows = model.vendors.columns, sellers(model)
    accounts = (v.account[rows] != NO_SLOT).sum(axis=1)
    assert (accounts > 1).mean() > 0.05
    large = v.sales[rows] > np.median(v.sales[rows])
    assert accounts[large].mean() > accounts[~large].mean()


# Supply and prices ----------------------------------------------------------------------------------------------------
def test_vendors_restock_towards_days_of_sales_no_faster_than_they_can_grow():
    model = market()
    v, rows, p = model.vendors.columns, sellers(model, Channel.STREET), model.p.supply
    rows = rows[v.supplier[rows] >= 0]
    v.stock[rows], v.recent[rows] = 50.0, 100.0
    model.trade.vendor_orders[:] = 0
    restock(model)
    assert (v.stock[rows] <= 50.0 * (1.0 + 1.1 * p.growth_cap)).all(), (
        "as ordered, give or take what is lost on the way"
    )
    v.stock[rows], v.recent[rows] = 50.0, 1.0
    restock(model)
    assert (v.stock[rows] == 50.0).all(), "nobody buys beyond so many days of sales"


def aims(change: Any, **pricing: float) -> tuple[np.ndarray, np.ndarray]:
    """Log prices of the vendors of cryptomarkets after a day on which all go to where they want to be, as it is and with ``change``."""
    neutral = {"reputation_premium": 0.0, "scarcity": 0.0, "speed": 1.0}
    found = []
    for changed in (False, True):
        model = under(market(MANY_BUYERS), pricing={**neutral, **pricing})
        v, rows = model.vendors.columns, sellers(model)
        v.positive[:], v.negative[:], v.stock[:], v.recent[:], v.unit_cost[:] = 0.0, 0.0, 100.0, 10.0, 1.0
        v.asks[:] = 1.0
        v.purity[:], model.policing.vendor_risk[:] = model.p.shipping.usual_purity, 0.0
        model.trade.settled[:], model.trade.income[:], model.trade.price_level[:] = 0.0, 100.0, 0.0
        model.yesterday.settled[:], model.yesterday.missed[:] = 0, 0
        if changed:
            change(v, rows) if change.__code__.co_argcount == 2 else change(v, rows, model)
        price(model)
        found.append(v.log_price[rows].astype(float))
    return found[0], found[1]


def test_direct_deals_are_reckoned_at_what_the_vendors_of_cryptomarkets_ask():
    model = market(MANY_BUYERS)
    model.vendors.columns.log_price[sellers(model)] = 0.5
    price(model)
    level = model.trade.price_level
    assert level[Channel.DIRECT] == level[Channel.CRYPTOMARKET] > 0.2


def test_reputation_raises_prices_with_the_stated_elasticity():
    def rated(v: Any, rows: np.ndarray) -> None:
        v.positive[rows, 0], v.negative[rows, 0] = 5.0, 5.0

    p = market(MANY_BUYERS).p.choice
    good, total = p.reputation_good, p.reputation_good + p.reputation_bad
    before, after = aims(rated, reputation_premium=1.0)
    expected = np.log((good + 5.0) / (total + 10.0)) - np.log(good / total)
    np.testing.assert_allclose(after - before, expected, atol=0.02)
    assert expected < 0.0


def test_scarcity_raises_prices():
    def short(v: Any, rows: np.ndarray) -> None:
        v.stock[rows] = 10.0

    before, after = aims(short, scarcity=0.2)
    assert (after > before + 0.1).all()


def test_what_the_goods_cost_is_passed_on_dollar_for_dollar():
    def dear(v: Any, rows: np.ndarray) -> None:
        v.unit_cost[rows] = 2.0

    before, after = aims(dear)
    p = market(MANY_BUYERS).p
    np.testing.assert_allclose(np.exp(before), p.supply.upstream_share + p.pricing.labour, atol=1e-3)
    np.testing.assert_allclose(np.exp(after) - np.exp(before), p.supply.upstream_share, atol=1e-3)


def test_who_cuts_the_goods_needs_less_of_them():
    def cut(v: Any, rows: np.ndarray) -> None:
        v.purity[rows] *= 0.5

    before, after = aims(cut)
    np.testing.assert_allclose(np.exp(before) - np.exp(after), 0.5 * market().p.supply.upstream_share, atol=1e-3)


def test_the_risk_of_arrest_is_paid_for_in_the_price():
    """A vendor with sales of a hundred dollars a day who reckons with an arrest in a thousand days wants a tenth of a thousandth of its cost with each dollar."""

    def risky(v: Any, rows: np.ndarray, model: MarketModel) -> None:
        model.policing.vendor_risk[:] = 0.03

    before, after = aims(risky)
    income = 100.0 * 29.0 / 30.0  # what yesterday, without sales, has left of it
    np.testing.assert_allclose(
        np.exp(after) - np.exp(before), market().p.pricing.arrest_cost / 1000.0 / income, rtol=0.01
    )


def test_a_vendor_who_asks_twice_as_much_for_time_and_risk_sells_the_same_goods_dearer():
    def asking(v: Any, rows: np.ndarray) -> None:
        v.asks[rows] = 2.0

    before, after = aims(asking)
    np.testing.assert_allclose(np.exp(after) - np.exp(before), market().p.pricing.labour, atol=1e-3)


@pytest.mark.parametrize("spread", [0.4, 1.3])
def test_vendors_differ_in_what_they_ask_and_want_the_usual_on_average(spread):
    parameters = {"supply": {"asking_spread": spread, "crypto_vendors": 0.5}}
    model = model_of(world(consumers=4000, parameters=parameters))
    asked = model.vendors.columns.asks[: model.vendors.n].astype(float)
    error = np.sqrt((np.exp(spread**2) - 1.0) / len(asked))  # of a mean of lognormal numbers
    assert abs(asked.mean() - 1.0) < 4.0 * error
    assert np.log(asked).std() == pytest.approx(spread, rel=0.1)


def test_who_asks_the_same_as_all_others_sells_at_the_same_price():
    model = model_of(world(parameters={"supply": {"asking_spread": 0.0}}))
    assert (model.vendors.columns.asks[: model.vendors.n] == 1.0).all()


def test_what_is_refunded_seized_or_stolen_is_made_up_in_the_price():
    def losing(v: Any, rows: np.ndarray, model: MarketModel) -> None:
        model.trade.settled[Channel.CRYPTOMARKET] = (1e6, 0.8e6)

    before, after = aims(losing)
    np.testing.assert_allclose(after - before, -np.log(0.8), atol=1e-3)


def test_a_stolen_escrow_is_due_to_vendors_who_did_not_get_it():
    model = market(MANY_BUYERS)
    slot = int(slots(model)[model.platform_table.columns.escrow[slots(model)].argmax()])
    held = int(model.platform_table.columns.escrow[slot])
    was = model.today.settled[Channel.CRYPTOMARKET].copy()
    close_platform(model, slot, PlatformStatus.HACKED, "test", 0.0)
    due, got = model.today.settled[Channel.CRYPTOMARKET] - was
    assert got == 0
    assert due == pytest.approx(held * (1.0 - model.p.platforms.fee), rel=1e-3)


def test_nothing_draws_a_price_to_what_it_was_or_to_what_others_ask():
    def dear(v: Any, rows: np.ndarray, model: MarketModel) -> None:
        v.log_price[rows] += 2.0
        model.trade.price_level[Channel.CRYPTOMARKET] = 1.0
        model.trade.income[Channel.CRYPTOMARKET] *= np.e  # at which vendors take as much more

    before, after = aims(dear)
    np.testing.assert_allclose(after, before, atol=1e-3)


# Demand ---------------------------------------------------------------------------------------------------------------
def waiting(change: Any = None) -> float:
    """Mean days until the next need of those whose needs are rare, who all have one today."""
    model = everybody_needs(market())
    c, n = model.consumers.columns, model.consumers.n
    c.need_rate[:], c.dependence[:], c.treatment_day[:] = 0.01, 0.0, NEVER
    if change:
        change(c, model)
    needs = demand(model)
    return float((c.next_day[needs.due] - model.day).mean()) if n else 0.0


def test_needs_come_as_a_poisson_process():
    model = everybody_needs(market())
    c = model.consumers.columns
    c.need_rate[:], c.dependence[:], c.treatment_day[:] = 0.02, 0.0, NEVER
    gaps = c.next_day[demand(model).due].astype(float) - model.day - 0.5
    assert gaps.mean() == pytest.approx(50.0, rel=0.08)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.1), "exponential: the deviation equals the mean"


def test_dependence_raises_the_rate_of_needs_and_treatment_lowers_it():
    def dependent(c: Any, model: MarketModel) -> None:
        c.dependence[:] = 1.0

    def treated(c: Any, model: MarketModel) -> None:
        c.treatment_day[:] = model.day - 400
        model.scenario = model.scenario.with_(parameters={"consumption": {"agonist_share": 1.0}})

    p, usual = market().p.demand, waiting()
    assert waiting(dependent) == pytest.approx(usual / (1.0 + p.dependence_rate), rel=0.05)
    assert waiting(treated) == pytest.approx(usual / market().p.consumption.use_in_treatment, rel=0.05)


def test_most_needs_are_for_the_own_substance():
    model = everybody_needs(market())
    model.consumers.columns.stash[:] = 0.0
    needs = demand(model)
    own = needs.substance == model.consumers.columns.substance[needs.due]
    assert own.mean() > model.p.demand.own_substance - 0.03


def test_a_full_stash_meets_the_need():
    model = everybody_needs(under(market(), demand={"own_substance": 1.0, "wholesale_share": 0.0}))
    c = model.consumers.columns
    full = np.arange(model.consumers.n) % 2 == 0
    c.stash_substance[:] = c.substance[:, None]
    some = 0.5 * (model.p.demand.stocked_up + model.p.consumption.kept)  # enough for oneself and nothing to spare
    c.stash[:] = 0.0
    c.stash[:, 0] = np.where(full, some * model.substances.doses_per_order[c.substance], 0.0)
    needs = demand(model)
    assert ((needs.substance == FROM_STASH) == full[needs.due]).all()


def test_only_social_suppliers_buy_wholesale():
    model = everybody_needs(market())
    needs = demand(model)
    bulk = needs.wholesale == 1
    assert bulk.any()
    assert (model.consumers.columns.segment[needs.due[bulk]] == Segment.SOCIAL_SUPPLIER).all()


# Choice ---------------------------------------------------------------------------------------------------------------
def share_of(channel: Channel, change: Any = None, parameters: dict[str, Any] | None = None) -> float:
    """Share of a channel in the orders of a day on which everybody needs something."""
    model = everybody_needs(market({**MANY_BUYERS, **(parameters or {})}))
    c = model.consumers.columns
    c.stash[:], c.considering[:] = 0.0, Considering.BOUGHT
    if change:
        change(c)
    return float((ordered(model)["channel"] == channel).mean())


def test_habit_draws_people_to_the_channel_of_their_last_purchase():
    def street(c: Any) -> None:
        c.habit[:] = Channel.STREET

    def market_(c: Any) -> None:
        c.habit[:] = Channel.CRYPTOMARKET

    assert share_of(Channel.CRYPTOMARKET, market_) > 1.1 * share_of(Channel.CRYPTOMARKET, street)


def test_violence_met_or_heard_of_keeps_people_from_the_street():
    def violent(c: Any) -> None:
        c.danger[:, ON_STREETS] = 5.0

    assert share_of(Channel.STREET, violent) < 0.9 * share_of(Channel.STREET)


def test_friends_hear_of_violence_as_much_as_is_met():
    model = market()
    o, c, friends = model.books.open_orders.columns, model.consumers.columns, model.world.friends
    rows = np.arange(2)
    o.channel[rows], o.consumer[rows] = (Channel.STREET, Channel.CRYPTOMARKET), (7, 8)
    c.danger[:] = 0.0
    learn_of_violence(model, rows)
    told = friends.who[friends.start[7] : friends.start[8]]
    assert c.danger[7, ON_STREETS] == 0.5
    assert c.danger[told, ON_STREETS].min() > 0.0
    assert c.danger.sum() == pytest.approx(1.0, rel=1e-5)


def dealt_with(told: bool) -> float:
    """Share of a day's street orders of people who know no dealer that go to one dealer a jurisdiction, of whom friends tell well or who is known to nobody."""
    model = everybody_needs(market())
    c, v, n = model.consumers.columns, model.vendors.columns, model.consumers.n
    street = sellers(model, Channel.STREET)
    v.carries[street], v.stock[street] = 2**32 - 1, 1e6
    j = v.jurisdiction[street]
    known = np.array([street[j == k][-1] for k in range(model.world.n_jurisdictions)])
    c.stash[:], c.vendor[:], c.bought[:], c.tie[:] = 0.0, -1, 0, 0
    half = np.arange(n) % 2 == 0
    if told:
        c.vendor[half, 0], c.bought[half, 0] = known[c.jurisdiction[half]], 20
    orders = ordered(model)
    strangers = (orders["channel"] == Channel.STREET) & ~half[orders["consumer"].to_numpy()]
    return float(np.isin(orders["vendor"][strangers], known).mean())


def test_where_nobody_rates_buyers_go_to_dealers_of_whom_friends_tell():
    assert dealt_with(True) > 2.0 * dealt_with(False)


def bought_of(warned: bool) -> float:
    """Share of a day's orders on cryptomarkets, of people who remember nobody, at vendors of whom friends were warned, or nobody was."""
    model = everybody_needs(market(MANY_BUYERS, consumers=6000))
    c, n = model.consumers.columns, model.consumers.n
    vendors = sellers(model, Channel.CRYPTOMARKET)
    model.vendors.columns.stock[vendors] = 1e6
    c.stash[:], c.vendor[:], c.bought[:], c.tie[:] = 0.0, -1, 0, 0
    half, named = np.arange(n) % 2 == 0, vendors[np.argsort(-model.vendors.columns.sales[vendors])][:4]
    if warned:
        c.vendor[half] = named
    orders = ordered(model)
    strangers = (orders["channel"] == Channel.CRYPTOMARKET) & ~half[orders["consumer"].to_numpy()]
    assert strangers.sum() > 100
    return float(np.isin(orders["vendor"][strangers], named).mean())


def test_friends_tell_of_warnings_that_they_read_in_forums_true_or_false():
    assert bought_of(True) < 0.9 * bought_of(False)


def test_digital_skill_opens_cryptomarkets():
    def skilled(c: Any) -> None:
        c.skill[:] = 1.5

    def unskilled(c: Any) -> None:
        c.skill[:] = -1.5

    assert share_of(Channel.CRYPTOMARKET, skilled) > 1.5 * share_of(Channel.CRYPTOMARKET, unskilled)


def test_caution_keeps_people_from_illicit_sources_online():
    def cautious(c: Any) -> None:
        c.caution[:] = 2.0

    for channel in (Channel.ILLICIT_PHARMACY, Channel.SOCIAL_APP, Channel.CRYPTOMARKET):
        assert share_of(channel, cautious) < share_of(channel)


@pytest.mark.parametrize(
    ("channel", "group"),
    [
        (Channel.CRYPTOMARKET, RiskGroup.CRYPTO),
        (Channel.STREET, RiskGroup.OFFLINE),
        (Channel.SOCIAL_APP, RiskGroup.OPEN_WEB),
    ],
)
def test_perceived_legal_risk_of_a_channel_keeps_people_from_it(channel, group):
    def afraid(c: Any) -> None:
        c.legal_hits[:, group] += 3.0

    assert share_of(channel, afraid) < 0.9 * share_of(channel)


def test_perceived_risk_of_loss_keeps_people_from_cryptomarkets():
    def robbed(c: Any) -> None:
        c.loss_hits[:] += 3.0

    assert share_of(Channel.CRYPTOMARKET, robbed) < 0.9 * share_of(Channel.CRYPTOMARKET)


def test_who_considers_no_online_source_uses_none():
    def offline(c: Any) -> None:
        c.considering[:] = Considering.NOT_YET

    for channel in (Channel.ILLICIT_PHARMACY, Channel.SOCIAL_APP, Channel.CRYPTOMARKET):
        assert share_of(channel, offline) == 0.0


def test_licensed_pharmacies_sell_nothing_prohibited():
    model = everybody_needs(market())
    model.consumers.columns.stash[:] = 0.0
    orders = ordered(model)
    licensed = orders[orders["channel"] == Channel.LICENSED_PHARMACY]
    home = model.consumers.columns.jurisdiction[licensed["consumer"]]
    assert len(licensed) > 10
    assert (model.substances.status[home, licensed["substance"]] < 3).all()


def test_a_home_market_is_preferred():
    """Of those who know two open markets, more order where their home is."""
    model = everybody_needs(market(MANY_BUYERS))
    c, n = model.consumers.columns, model.consumers.n
    a, b = slots(model)[:2]
    model.consumers.set("known", [a, b, NO_SLOT, NO_SLOT]).set("good", 0.0).set("bad", 0.0)
    c.bought[:n] = 0
    c.market_state[:n], c.considering[:n] = Membership.ACTIVE, Considering.BOUGHT
    at_a = []
    for home in (a, b):
        copy = branched(model, 0)
        copy.consumers.columns.home[:n] = home
        orders = ordered(copy)
        orders = orders[orders["channel"] == Channel.CRYPTOMARKET]
        at_a.append((orders["platform"] == a).mean())
    assert at_a[0] > at_a[1] + 0.1


def test_direct_deals_need_a_tie():
    def direct(tie: int) -> float:
        model = everybody_needs(market(MANY_BUYERS))
        c = model.consumers.columns
        c.stash[:], c.tie[:] = 0.0, np.where(c.bought > 0, tie, 0)
        return float((ordered(model)["channel"] == Channel.DIRECT).sum())

    assert direct(0) == 0
    assert direct(1) > 0


# Enforcement ----------------------------------------------------------------------------------------------------------
def test_a_ripe_case_becomes_a_raid():
    model = under(market(), enforcement={"ripe_raid": 1.0})
    t, p = model.platform_table.columns, model.p.enforcement
    ripe = p.platform_case * model.consumers.n / 20_000.0
    first = slots(model)
    t.evidence[first] = 0.0
    t.evidence[first[0]] = ripe
    enforce(model)
    assert t.status[first[0]] == PlatformStatus.SEIZED
    assert (t.status[first[1:]] == PlatformStatus.OPEN).all()


def test_nobody_raids_a_market_that_police_run_already():
    model = under(market(), enforcement={"ripe_raid": 1.0})
    t, first = model.platform_table.columns, slots(model)
    t.evidence[first] = 1e6
    run_covertly(model, int(first[0]), model.day + 5, 0.5)
    enforce(model)
    assert t.status[first[0]] == PlatformStatus.COVERT
    assert (t.status[first[1:]] == PlatformStatus.SEIZED).all()


def test_pharmacy_programmes_with_ripe_cases_are_raided_one_by_one():
    model = under(market(), enforcement={"ripe_raid": 0.5})
    t, programmes = model.platform_table.columns, model.open_slots(Channel.ILLICIT_PHARMACY).copy()
    t.evidence[programmes] = 1e6
    enforce(model)
    raided = (t.status[programmes] == PlatformStatus.SEIZED).sum()
    assert 0 < raided < len(programmes)


def test_a_covert_operation_gathers_evidence_and_intrudes_on_privacy_until_the_market_is_closed():
    model = market(MANY_BUYERS)
    t, v = model.platform_table.columns, model.vendors.columns
    slot = int(slots(model)[t.trade7[slots(model)].argmax()])
    here = np.flatnonzero((v.account[: model.vendors.n] == slot).any(axis=1) & (v.alive[: model.vendors.n] == 1))
    before = v.evidence[here].sum()
    run_covertly(model, slot, model.day + 5, 0.5)
    model.run_for(3)
    assert t.status[slot] == PlatformStatus.COVERT
    assert v.evidence[here].sum() > before
    assert model.yesterday.privacy + model.today.privacy > 0
    model.run_for(4)
    assert t.status[slot] == PlatformStatus.SEIZED


def test_a_criminal_record_draws_attention():
    """Among buyers of the same day and channel, those with a record are stopped more often."""
    model = under(market(), enforcement={"record_attention": 2.0, "charged": 1.0})
    c, n = model.consumers.columns, model.consumers.n
    had = np.arange(n) % 2
    buyers, there = np.arange(n), np.bincount(c.jurisdiction[:n], minlength=model.world.n_jurisdictions)
    counts = np.zeros(2)
    for day in range(20):
        model.day = day
        model.books.settled = buyers, np.full(n, int(Channel.STREET))
        model.policing.user_exposure[:] = there
        model.policing.user_effort[:, 0] = 0.1 * there / model.p.enforcement.contacts_per_day
        c.record[:n] = had
        before = c.criminalised[:n].copy()
        user_contacts(model)
        counts += np.bincount(had[c.criminalised[:n] > before], minlength=2)
    assert counts[0] > 100
    assert counts[1] / counts[0] == pytest.approx(2.0, rel=0.2)


def test_a_charge_costs_trust_in_police_and_brings_stigma():
    model = under(market(), enforcement={"charged": 1.0})
    c = model.consumers.columns
    who = np.array([3, 50, 700])
    trust, stigma = c.trust_police[who].copy(), c.stigma[who].copy()
    charge_or_refer(model, who)
    assert (c.trust_police[who] < trust).all()
    assert (c.stigma[who] > stigma).all()
    assert (c.record[who] == 1).all()


# Licensed supply ------------------------------------------------------------------------------------------------------
def test_an_order_from_a_licensed_pharmacy_says_nothing_of_the_risk_of_illicit_ones():
    model = market()
    o, c = model.books.open_orders, model.consumers.columns
    rows = np.flatnonzero(o.columns.channel[: o.n] == Channel.LICENSED_PHARMACY)
    assert len(rows)
    before = c.legal_calm.copy()
    o.columns.outcome[rows] = OrderOutcome.DELIVERED
    model.books.due = rows
    learning(model)
    buyers = np.unique(o.columns.consumer[rows])
    assert (c.legal_calm[buyers] <= before[buyers]).all()


def test_the_price_level_of_illicit_goods_in_a_jurisdiction_is_not_that_of_licensed_medicines():
    def paid(factor: float) -> pd.Series:
        places = {name: {"price_factor": factor} for name in Scenario().jurisdictions}
        orders = run(world(consumers=2000, jurisdictions=places), until=5, tables=("orders",)).table("orders")
        usd = orders["price_usd"] / orders["quantity"]
        return usd.groupby([orders["channel"].astype(str), orders["substance"].astype(str)]).median()

    dearer = (paid(3.0) / paid(1.0)).dropna()
    assert dearer["licensed_pharmacy"].median() == pytest.approx(1.0, rel=0.05)
    assert dearer["street"].median() > 1.5


def test_who_may_be_supplied_legally_turns_to_it_where_illicit_goods_are_dear():
    def licensed(factor: float) -> float:
        places = {name: {"price_factor": factor} for name in Scenario().jurisdictions}
        scenario = world(consumers=2000, days=60, jurisdictions=places, parameters={"world": {"patients": 0.5}})
        return float(run(scenario).daily()["orders_licensed_pharmacy"].sum())

    assert licensed(10.0) > 1.1 * licensed(1.0)


# Learning -------------------------------------------------------------------------------------------------------------
def learned(
    outcome: OrderOutcome, parameters: dict[str, float], stage: Considering = Considering.EXPERIENCED
) -> tuple[MarketModel, np.ndarray]:
    """A market whose open cryptomarket orders of buyers at a stage all end so, having been learned from; those buyers."""
    model = under(market(MANY_BUYERS), learning=parameters)
    o = model.books.open_orders
    rows = np.flatnonzero(o.columns.channel[: o.n] == Channel.CRYPTOMARKET)
    o.columns.outcome[rows], o.columns.rating[rows] = outcome, NO_RATING
    model.consumers.columns.considering[o.columns.consumer[rows]] = stage
    model.consumers.columns.market_state[o.columns.consumer[rows]] = Membership.ACTIVE
    model.books.due = rows
    learning(model)
    return model, o.columns.consumer[rows]


def test_good_orders_may_form_a_direct_tie():
    model, buyers = learned(OrderOutcome.DELIVERED, {"tie_chance": 1.0})
    assert (model.consumers.columns.tie[buyers].max(axis=1) == 1).mean() > 0.9


def test_bad_orders_end_a_tie():
    model = market(MANY_BUYERS)
    model.consumers.columns.tie[:] = 1
    for forget, kept in ((0.0, True), (1.0, False)):
        copy = under(model, learning={"forget_after_bad": forget})
        o, c = copy.books.open_orders, copy.consumers.columns
        rows = np.flatnonzero(o.columns.channel[: o.n] == Channel.CRYPTOMARKET)
        known = (c.vendor[o.columns.consumer[rows]] == o.columns.vendor[rows][:, None]) & (
            c.bought[o.columns.consumer[rows]] > 0
        )
        rows, known = rows[known.any(axis=1)], known[known.any(axis=1)]
        assert len(rows) > 5
        o.columns.outcome[rows], o.columns.rating[rows] = OrderOutcome.LOST, NO_RATING
        copy.books.due = rows
        learning(copy)
        tied = c.tie[o.columns.consumer[rows]][known] == 1
        assert tied.all() if kept else not tied.any()


@pytest.mark.parametrize("tied", [False, True])
def test_who_gave_up_its_name_is_known_again_only_by_those_who_have_a_tie(tied):
    """Orders that were on their way at the change of name teach the others nothing of the new one, and neither do their ratings."""
    model = market(MANY_BUYERS)
    o, c, v = model.books.open_orders, model.consumers.columns, model.vendors.columns
    rows = np.flatnonzero(o.columns.channel[: o.n] == Channel.CRYPTOMARKET)
    buyers, seller = o.columns.consumer[rows], o.columns.vendor[rows]
    _, first = np.unique(buyers, return_index=True)
    rows, buyers, seller = rows[first], buyers[first], seller[first]
    assert len(rows) > 20
    v.identity[seller] += 1
    c.vendor[buyers], c.bought[buyers], c.tie[buyers] = -1, 0, 0
    if tied:
        c.vendor[buyers, 0], c.bought[buyers, 0], c.tie[buyers, 0] = seller, 1, 1
    o.columns.outcome[rows], o.columns.late[rows], o.columns.noticed[rows] = OrderOutcome.DELIVERED, 0, 0
    o.columns.rating[rows] = 5
    rated = v.positive[: model.vendors.n].sum()
    model.books.due = rows
    learning(model)
    known = (c.vendor[buyers] == seller[:, None]).any(axis=1)
    assert known.all() if tied else not known.any()
    assert (c.bought[buyers, 0] == (2 if tied else 0)).all()
    assert v.positive[: model.vendors.n].sum() <= rated


@pytest.mark.parametrize(("stage", "anew"), [(Considering.BOUGHT, True), (Considering.EXPERIENCED, False)])
def test_after_a_first_order_on_a_cryptomarket_the_buyer_decides_anew(stage, anew):
    model, buyers = learned(OrderOutcome.DELIVERED, {}, stage)
    c = model.consumers.columns
    assert len(buyers) > 5
    assert (c.considering[buyers] == Considering.EXPERIENCED).all()
    looks = (c.market_state[buyers] == Membership.LAPSED) & (c.market_until[buyers] == model.day + 1)
    assert looks.all() == anew
    assert looks.any() == anew


def test_harm_reduction_practice_is_learned_from_friends():
    def practice(friends: float) -> float:
        model = under(market(), learning={"practice_peers": 0.2, "practice_decay": 0.0, "practice_forum": 0.0})
        c, n = model.consumers.columns, model.consumers.n
        teachers = np.arange(n) % 2 == 0
        c.practice[:n] = np.where(teachers, friends, 0.3)
        model.run_for(14)
        return float(c.practice[:n][~teachers].mean())

    assert practice(0.1) < practice(0.3) < practice(0.9)


# Harm -----------------------------------------------------------------------------------------------------------------
def test_violence_is_for_purchases_where_people_meet():
    """With everything bought on the street there is more of it than with everything bought online."""
    model = market(MANY_BUYERS)
    o = model.books.open_orders
    rows = np.arange(o.n)
    expected = {}
    for channel in (Channel.STREET, Channel.SOCIAL_APP, Channel.CRYPTOMARKET, Channel.LICENSED_PHARMACY):
        o.columns.channel[: o.n] = channel
        _, expected[channel] = threats(
            rows, int(model.seed), narrow(o.columns, views.ConsumptionOrders), narrow(model.consumers.columns, views.ConsumptionConsumers),
            model.vendors.columns.kind, np.zeros(o.n, np.uint8), np.zeros(o.n), np.ones(model.world.n_jurisdictions), model.given.consumption,
        )  # fmt: skip
    assert expected[Channel.STREET] > expected[Channel.SOCIAL_APP] > expected[Channel.LICENSED_PHARMACY] == 0.0
    assert expected[Channel.STREET] > expected[Channel.CRYPTOMARKET]
