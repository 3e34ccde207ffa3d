"""After a closure trade comes back in weeks where large substitutes survive, and stays down for months where a near-monopoly fell.

Every natural hazard is on, and both scenarios run with the parameters as shipped: they differ in the markets' sizes and in which of them falls.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.agents.codes import Channel, PlatformStatus
from sim.market.enforcement.raids import run_covertly
from sim.market.entry_exit.exit import abandon
from sim.model import MarketModel
from sim.scenario import Scenario
from tests.worlds import example, ran, run, world

SCENARIOS = Path(__file__).parents[1] / "experiments" / "scenarios"
SEEDS = range(20)
BEFORE, WEEKS = 28, 12
"""Days before a closure that make up the level before, and weeks that are looked at after it."""


def shipped(name: str, consumers: int, weeks: int = WEEKS, **changes) -> Scenario:
    """A shipped scenario, until so many weeks after its first event."""
    scenario = Scenario.load(SCENARIOS / f"{name}.yaml")
    days = scenario.policies[0].start + 7 * weeks
    return scenario.with_(consumers=consumers, days=days, **changes)


def weekly_trade(model: MarketModel, day: int, weeks: int = WEEKS) -> np.ndarray:
    """Cryptomarket orders of each week after ``day``, over those of a week of the 28 days before."""
    orders = model.daily()["orders_cryptomarket"].to_numpy(float)
    level = orders[day - BEFORE : day].mean()
    return orders[day : day + 7 * weeks].reshape(weeks, 7).mean(axis=1) / level


def trade_after(name: str, consumers: int, seeds: range) -> np.ndarray:
    """Weekly trade (seeds, weeks) after the first event of a shipped scenario, relative to before."""
    scenario = shipped(name, consumers)
    return np.array([weekly_trade(run(scenario, seed), scenario.policies[0].start) for seed in seeds])


def test_the_scenarios_differ_in_markets_and_in_which_of_them_falls_only():
    several, one = (Scenario.load(SCENARIOS / f"{name}.yaml").resolved() for name in ("onymous-2014", "near-monopoly"))
    for key in several.keys() - {"name", "title", "question", "platforms", "policies"}:
        assert several[key] == one[key], key


@pytest.mark.slow
def test_trade_comes_back_with_substitutes_and_not_after_a_near_monopoly():
    """A few seeds of small worlds; the slow test below has the numbers."""
    several, one = (np.median(trade_after(name, 8_000, range(3)), axis=0) for name in ("onymous-2014", "near-monopoly"))
    assert several[1:8].max() > 0.9
    assert several[:8].mean() > one[:8].mean() + 0.3
    assert one[7:12].max() < 0.65


@pytest.mark.slow
@pytest.mark.xfail(strict=True, reason="missed since decision 0040: 15 of 20; with sixty other seeds 47")
def test_trade_is_back_within_eight_weeks_while_large_substitutes_survive():
    trade = trade_after("onymous-2014", 20_000, SEEDS)
    assert (trade[:, :8].max(axis=1) > 0.9).sum() >= 16


@pytest.mark.slow
def test_trade_is_still_down_twelve_weeks_after_a_near_monopoly_fell():
    trade = trade_after("near-monopoly", 20_000, SEEDS)
    assert (trade[:, 11] < 0.6).sum() >= 16


def crypto_prices(name: str, seed: int, closed: bool, weeks: int = WEEKS) -> np.ndarray:
    """Mean log price on cryptomarkets, daily, of a shipped scenario with or without its closures, from 28 days before the first one on."""
    scenario = shipped(name, 8_000, weeks)
    first = scenario.policies[0].start
    model = MarketModel(scenario if closed else scenario.with_(policies=[]), rng=seed)
    level = []
    while model.day < scenario.days:
        model.step()
        if model.day >= first - BEFORE:
            level.append(model.trade.price_level[Channel.CRYPTOMARKET])
    return np.array(level)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("onymous-2014", 0.03),
        pytest.param(
            "near-monopoly", 0.06, marks=pytest.mark.xfail(strict=True, reason="missed: +7.2 %, one of ten seeds +38 %")
        ),
    ],
)
def test_prices_hardly_rise_after_a_closure(name, most):
    """[onymous-prices-retire]: not against the weeks before, nor against the same world without it; where nearly all escrow is seized, a few percent."""
    with_, without = (np.array([crypto_prices(name, seed, closed) for seed in range(10)]) for closed in (True, False))
    before = with_[:, :BEFORE].mean(axis=1, keepdims=True)
    rise, effect = (with_ - before)[:, BEFORE + 7 :].mean(axis=1), (with_ - without)[:, BEFORE + 7 :].mean(axis=1)
    assert rise.mean() < most
    assert effect.mean() < most


@pytest.mark.slow
def test_in_the_long_run_several_markets_of_unequal_size_share_the_trade():
    """Leader's share of trade over time, all hazards on; listings of leaders: [market-leader-share] 80 to 91 % in 2019-2021, less in 2014-2016."""
    leader, several = [], []
    for seed in range(4):
        model = MarketModel(world(name="long", consumers=20_000, days=540, burn_in=60), rng=seed)
        for _ in range(40):
            model.run_for(15)
            if model.day >= 0 and len(model.crypto_slots()):
                shares = model.trade_shares(model.crypto_slots())
                leader.append(shares.max())
                several.append((shares > 0.05).sum())
    assert 0.3 < np.median(leader) < 0.65
    assert np.mean(several) > 2


# Newcomers ------------------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_vendors_list_on_new_markets_more_where_these_court_them():
    """Accounts on markets that opened during the run, in a world of many vendors."""
    listed = {}
    for courted in (0.0, 0.2):
        many = {"platforms": {"cryptomarket_entry": 0.1}, "supply": {"crypto_vendors": 0.03}}
        parameters = {"vendors": {"multi_new": courted}, **many}
        listed[courted] = 0
        for seed in range(3):
            model = ran(world(consumers=4_000, days=60, parameters=parameters), seed)
            t, v, n = model.platform_table.columns, model.vendors.columns, model.vendors.n
            young = [slot for slot in model.crypto_slots() if t.open_day[slot] > -20]
            listed[courted] += int((np.isin(v.account[:n], young) & (v.alive[:n] == 1)[:, None]).sum())
    assert listed[0.2] > listed[0.0] + 3


def test_founding_operators_are_less_frail_than_newcomers():
    """Those who lasted for 300 days are the hardier ones: hazards fall with age [market-hazard]."""
    founding, entering = [], []
    for seed in range(6):
        parameters = {"platforms": {"cryptomarket_entry": 0.6}}
        model = ran(world(days=30, parameters=parameters), seed)
        t, n = model.platform_table.columns, model.platform_table.n
        crypto = t.frail_scam[:n] > 0
        first = np.isin(np.arange(n), model.usual.market_slots)
        founding += list(t.frail_scam[:n][crypto & first])
        entering += list(t.frail_scam[:n][crypto & ~first])
    assert len(entering) > 30
    assert np.mean(founding) < 0.7 * np.mean(entering)


# Operator exits ---------------------------------------------------------------------------------------------------------
def exited(**fields) -> MarketModel:
    return ran(world(consumers=3_000, policies=[example("operator_exit", start=10, **fields)]), tables=("events",))


def test_an_operator_takes_the_escrow_or_pays_it_out():
    robbed, paid = exited(mode="exit_scam"), exited(mode="voluntary")
    assert robbed.books.ledger.stolen > paid.books.ledger.stolen
    assert robbed.books.ledger.refunds < paid.books.ledger.refunds


CALM = {"platforms": {"closure_days": 1e6, "hack_base": 0.0}, "enforcement": {"platform_case": 1e6}}
"""No market closes but the one that a test closes."""


def test_before_an_exit_scam_vendors_are_paid_nothing_that_falls_due_and_then_the_market_closes():
    start = ran(world(consumers=3_000, burn_in=60, parameters=CALM), until=0)
    slot = int(start.crypto_slots()[np.argmax(start.platform_table.columns.trade60[start.crypto_slots()])])
    days = round(start.p.platforms.scam_withholds)
    abandon(start, slot, True, 0.5)
    stolen = start.books.ledger.stolen
    start.run_for(days)
    t = start.platform_table.columns
    v = start.vendors.columns
    assert t.status[slot] == PlatformStatus.OPEN
    assert v.withheld.sum() == start.books.ledger.stolen - stolen > 0
    start.run_for(1)
    assert (t.status[slot], t.close_day[slot]) == (PlatformStatus.EXIT_SCAMMED, days)
    assert not start.trade.absconding
    assert v.withheld[: start.vendors.n].sum() == 0


def test_police_who_take_a_market_over_pay_its_vendors_again():
    model = ran(world(consumers=3_000, burn_in=60, parameters=CALM), until=0)
    slot = int(model.crypto_slots()[0])
    abandon(model, slot, True, 0.5)
    run_covertly(model, slot, until=30, publicity=0.5)
    assert model.platform_table.columns.payouts[slot] == 1
    model.run_for(10)
    assert model.platform_table.columns.status[slot] == PlatformStatus.COVERT


def test_a_closure_at_once_where_operators_withhold_nothing():
    model = ran(world(consumers=600, parameters={"platforms": {"scam_withholds": 0}}), until=0)
    slot = int(model.crypto_slots()[0])
    abandon(model, slot, True, 0.5)
    assert model.platform_table.columns.status[slot] == PlatformStatus.EXIT_SCAMMED


@pytest.mark.parametrize(("strength", "expected"), [(0.0, 0), (1.0, 1)])
def test_one_market_closes_on_the_day(strength, expected):
    events = exited(mode="voluntary", strength=strength).table("events")
    mine = events[(events["kind"] == "platform_closed") & (events["policy"] == "operator_exit")]
    assert list(mine["day"]) == [10] * expected
    assert (mine["cause"] == "voluntary").all()


@pytest.mark.slow
def test_how_often_an_operator_leaves_grows_with_strength():
    shares = []
    for strength in (0.0, 0.5, 1.0):
        policies = [example("operator_exit", start=0, rank=1, strength=strength, mode="voluntary")]
        closed = 0
        for seed in range(24):
            model = ran(world(consumers=300, days=1, burn_in=0, policies=policies), seed, tables=("events",))
            closed += int((model.table("events")["policy"] == "operator_exit").any())
        shares.append(closed)
    assert shares[0] == 0 < shares[1] < shares[2] == 24
