"""Rules that contest with each other: the usual ones change nothing, and each rival makes another world."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest

from sim.agents.codes import NO_SLOT, SUM_OVERDOSE, Channel, Considering, Membership, PlatformStatus, RiskGroup
from sim.market import groups
from sim.market.choice.choice import choice
from sim.market.choice.conditions import Conditions, conditions
from sim.market.choice.displaced import by_overlap
from sim.market.choice.migration import seek_markets
from sim.market.demand.demand import demand
from sim.market.entry_exit.entry import open_cryptomarket
from sim.market.entry_exit.exit import close_platform
from sim.market.learning.fear import spread_news
from sim.market.supply.pricing import price
from sim.model import MarketModel
from sim.scenario import Scenario, Submodels
from sim.studies.findings.rivals import names_of
from tests.test_rules import MANY_BUYERS, everybody_needs, market, sellers, slots
from tests.worlds import branched, fingerprint, ran, world

USUAL = Submodels().model_dump()
RIVALS = [(name, rule) for name, usual in USUAL.items() for rule in names_of(name) if rule != usual]


def under(rule: str, **rules: str) -> MarketModel:
    """A market on day 0 that goes on by other rules."""
    name, value = rule.split("=")
    return branched(market(MANY_BUYERS), 0, submodels={name: value, **rules})


# All ------------------------------------------------------------------------------------------------------------------
def test_the_usual_rules_are_what_a_scenario_without_a_word_of_them_has():
    silent, told = world(), world(submodels=USUAL)
    assert silent.digest == told.digest
    assert silent.resolved()["submodels"] == USUAL
    assert "submodels" not in silent.canonical(), "what was run before stays the same run"
    assert Scenario(silent.resolved()) == silent


@pytest.mark.parametrize(("name", "rival"), RIVALS)
def test_another_rule_is_another_scenario_that_says_so(name, rival):
    scenario = world().override([f"submodels.{name}={rival}"])
    assert scenario.digest != world().digest
    assert scenario.submodels.model_dump() == {**USUAL, name: rival}
    assert f"  {name}: {rival}" in scenario.to_yaml()
    rules = groups.Rules.of(scenario.submodels.model_dump())
    assert rules != groups.Rules.of(USUAL) == (0, 0, 0, 0, 0)
    assert scenario.with_(submodels={name: USUAL[name]}).digest == world().digest


@pytest.mark.parametrize(("name", "rival"), RIVALS)
def test_each_rival_does_something(name, rival):
    """A year's events in a month: the leader falls, and what was bought is used."""
    policies = [{"kind": "takedown", "start": 1, "count": 1}]
    start = market(MANY_BUYERS)
    usual, other = (
        fingerprint(branched(start, 20, policies=policies, submodels=rules)) for rules in ({}, {name: rival})
    )
    assert usual != other


# Choice of a vendor ---------------------------------------------------------------------------------------------------
MUCH_TRADE = {
    "supply": {"crypto_vendors": 0.06},
    "world": {"market_users": 0.9, "considering": 0.9},
    "choice": {"crypto": 3.0},
}


@functools.cache
def trade(rule: str) -> pd.DataFrame:
    """Orders on cryptomarkets of a hundred days under a rule of choice."""
    scenario = world(consumers=3000, burn_in=30, parameters=MUCH_TRADE, platforms={"cryptomarkets": [0.6, 0.4]})
    start = ran(scenario, 1, 0, tables=("orders",))
    orders = branched(start, 100, submodels={"vendor_choice": rule}).table("orders")
    return orders[(orders["day"] >= 0) & (orders["channel"] == "cryptomarket")]


def loyalty(orders: pd.DataFrame) -> float:
    """Share of the orders of those with three or more that goes to their main vendor."""
    pairs = orders.groupby(["consumer", "vendor"]).size()
    mine = pairs.groupby("consumer").agg(["max", "sum"])
    mine = mine[mine["sum"] >= 3]
    return float(mine["max"].sum() / mine["sum"].sum())


def top_tenth(orders: pd.DataFrame) -> float:
    """Share of orders of the tenth of vendors who sell most, of all who sell."""
    sold = orders.groupby("vendor").size().sort_values(ascending=False)
    return float(sold.iloc[: max(1, len(sold) // 10)].sum() / sold.sum())


def test_without_memory_buyers_are_less_loyal_and_trade_is_less_concentrated():
    memory, logit, chance = (trade(rule) for rule in ("memory", "logit", "random"))
    assert loyalty(memory) > 1.2 * loyalty(logit)
    assert loyalty(memory) > 1.2 * loyalty(chance)
    assert top_tenth(memory) > top_tenth(logit) + 0.05
    assert top_tenth(memory) > top_tenth(chance) + 0.05
    assert len(memory) > 500


def test_by_logit_buyers_keep_away_from_who_is_badly_rated_and_at_random_they_do_not():
    def bad(rule: str) -> float:
        model = everybody_needs(under(f"vendor_choice={rule}"))
        v, rows = model.vendors.columns, sellers(model)
        v.positive[rows], v.negative[rows] = 20.0, 0.0
        v.positive[rows[::2]], v.negative[rows[::2]] = 0.0, 20.0
        found = choice(model, demand(model))
        chosen = found.vendor[(found.channel == Channel.CRYPTOMARKET) & (found.vendor >= 0)]
        assert len(chosen) > 50
        return float(np.isin(chosen, rows[::2]).mean())

    assert bad("random") > 1.5 * bad("logit")


# Migration ------------------------------------------------------------------------------------------------------------
def moves(rule: str, known: bool = False, bought: bool = False) -> tuple[float, int]:
    """Share that goes to the smaller of two rivals, of those who lost their market and had no tie to either, and how many move.

    Others of them knew the smaller rival before (``known``), or they themselves bought from vendors who are on it only (``bought``).
    """
    model = under(f"migration={rule}")
    c, n, t, v = model.consumers.columns, model.consumers.n, model.platform_table.columns, model.vendors.columns
    by_users = sorted(slots(model).tolist(), key=lambda slot: -np.count_nonzero(c.home[:n] == slot))
    fallen, _, small = by_users[:3]
    t.arrivals[:] = 0.0
    users = np.flatnonzero((c.home[:n] == fallen) & (c.considering[:n] > Considering.NOT_YET))
    c.vendor[users], c.bought[users] = -1, 0
    model.consumers.at(users).set("known", [fallen, NO_SLOT, NO_SLOT, NO_SLOT])
    movers, others = users[: len(users) // 2], users[len(users) // 2 :]
    if known:
        model.consumers.at(others).set("known", [fallen, small, NO_SLOT, NO_SLOT])
    if bought:
        there = sellers(model)[:5]
        v.account[there], v.account[there, 0] = NO_SLOT, small
        c.vendor[movers, 0], c.bought[movers, 0] = there[np.arange(len(movers)) % 5], 5
    close_platform(model, fallen, PlatformStatus.CLOSED, "test", 0.0)
    c.legal_hits[:], c.loss_hits[:] = 0.0, 0.0
    went = []
    for _ in range(3):
        c.home[movers], c.market_state[movers], c.market_until[movers] = NO_SLOT, Membership.SEARCHING, model.day
        c.home[others], c.market_state[others] = NO_SLOT, Membership.LAPSED
        seek_markets(model, conditions_of(model))
        went.append(c.home[movers].copy())
        model.day += 1
    home = np.concatenate(went)
    found = home[home != NO_SLOT]
    return float((found == small).mean()), len(found)


def conditions_of(model: MarketModel) -> Conditions:
    t = model.platform_table.columns
    is_open = ((t.status == PlatformStatus.OPEN) | (t.status == PlatformStatus.COVERT)).astype(np.uint8)
    return conditions(model, is_open, t.listings.copy())


def test_by_overlap_the_displaced_go_where_users_in_common_are_and_not_where_most_users_are():
    by_size, by_overlap = moves("size", known=True), moves("overlap", known=True)
    assert by_overlap[0] > by_size[0] + 0.2
    assert by_overlap[1] > 50


def test_a_market_that_opens_when_the_table_of_platforms_has_grown_has_no_users_in_common_yet():
    model = under("migration=overlap")
    room = model.platform_table.capacity
    model.trade.common = np.ones(room)  # as noted at a closure before
    while model.platform_table.capacity == room:
        newest = open_cryptomarket(model, model.day)
    both = np.array([slots(model)[0], newest.slot])
    assert newest.slot >= room
    assert by_overlap(model, both, np.array([3.0, 1.0])).tolist() == [4.0, 0.0]


def test_without_users_in_common_overlap_is_size():
    assert moves("overlap") == moves("size")


def test_those_who_follow_their_vendors_go_where_these_sell():
    by_size, by_vendors = moves("size", bought=True), moves("vendors", bought=True)
    assert by_vendors[0] > by_size[0] + 0.03
    assert by_vendors[0] > 0.9
    assert moves("vendors") == moves("size"), "who remembers nobody finds a market as others do"


# Overdose -------------------------------------------------------------------------------------------------------------
def test_by_the_logistic_form_twice_the_strength_does_far_more():
    def day(rule: str, strength: float) -> float:
        start = market({"world": {"dependents": 0.3}})
        start.consumers.columns.stash_potency[:] *= strength
        return branched(start, 1, submodels={"overdose": rule}).today.sums[SUM_OVERDOSE]

    hill, logistic = (day(rule, 2.0) / day(rule, 1.0) for rule in ("hill", "logistic"))
    assert logistic > 2.0 * hill > 2.0


# Prices ---------------------------------------------------------------------------------------------------------------
def asked(
    rule: str, risk: float = 0.0, kept: float = 1.0, cost: float = 1.0, days: int = 1, speed: float = 1.0
) -> float:
    """Mean log price of vendors on cryptomarkets who reckon with arrests a month, a share kept of what is due and a cost of goods."""
    model = branched(
        market(MANY_BUYERS),
        0,
        submodels={"prices": rule},
        parameters={"pricing": {"reputation_premium": 0.0, "scarcity": 0.0, "speed": speed}},
    )
    v, rows = model.vendors.columns, sellers(model)
    v.unit_cost[:], v.purity[:] = cost, model.p.shipping.usual_purity
    for _ in range(days):
        model.policing.vendor_risk[:], model.trade.income[:], model.trade.price_level[:] = risk, 100.0, 0.0
        model.trade.settled[Channel.CRYPTOMARKET] = (1e6, 1e6 * kept)
        model.yesterday.settled[:], model.yesterday.missed[:] = 0, 0
        price(model)
    return float(v.log_price[rows].mean())


def test_anchored_prices_do_not_rise_with_risk_and_losses():
    assert asked("cost", risk=0.03) > asked("cost") + 0.05
    assert asked("cost", kept=0.8) > asked("cost") + 0.1
    assert (
        asked("anchored", risk=0.03) == asked("anchored", kept=0.8) == asked("anchored") == pytest.approx(0.0, abs=1e-3)
    )


def test_anchored_prices_pass_on_the_share_of_the_goods_and_return_to_the_usual_level():
    share = market(MANY_BUYERS).p.supply.upstream_share
    assert asked("anchored", cost=2.0) == pytest.approx(share * np.log(2.0), abs=1e-3)
    assert abs(asked("anchored", days=60, speed=0.1)) < 0.01


# Fear -----------------------------------------------------------------------------------------------------------------
def frightened(rule: str, share: float, friends_stay: bool = False) -> float:
    """What the raid of a market with that share of trade adds to perceived risk of its users, by events felt."""
    model = under(f"fear={rule}")
    c, n, t = model.consumers.columns, model.consumers.n, model.platform_table.columns
    mine = int(slots(model)[0])
    others = [int(slot) for slot in slots(model) if slot != mine]
    t.trade60[slots(model)] = (1.0 - share) / len(others)
    t.trade60[mine] = share
    users = np.flatnonzero((c.home[:n] == mine) & (c.considering[:n] > Considering.NOT_YET))
    if friends_stay:
        c.home[np.setdiff1d(np.arange(n), users)] = others[0]
    before = c.legal_hits[users, RiskGroup.CRYPTO].copy()
    close_platform(model, mine, PlatformStatus.SEIZED, "raid", 1.0)
    spread_news(model)
    return float((c.legal_hits[users, RiskGroup.CRYPTO] - before).mean())


def test_by_share_the_fall_of_a_near_monopoly_frightens_far_more():
    p = market(MANY_BUYERS).p.learning
    large, half, small = (frightened("share", share) for share in (0.9, 0.5, 0.2))
    assert half == pytest.approx(p.raid_own + p.raid_friends, rel=1e-3)
    assert (large - p.raid_own) / (small - p.raid_own) == pytest.approx(4.5**p.raid_exponent, rel=0.01)
    assert frightened("seen", 0.9) == frightened("seen", 0.2), "what people see is no share of trade"


def test_by_share_nobody_looks_at_friends():
    assert frightened("share", 0.3, friends_stay=True) == frightened("share", 0.3)
    assert frightened("seen", 0.3, friends_stay=True) < frightened("seen", 0.3)
