"""What these markets do by themselves: nothing below is scripted, each comes out of what the actors do."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from sim.agents.codes import NO_SLOT, Channel, Membership
from sim.agents.enforcement import VENDORS, Unit
from sim.market.enforcement.enforcement import enforce
from sim.model import MarketModel
from sim.scenario import Scenario
from sim.streams import uniforms
from tests.worlds import branched, example, model_of, ran, run, world

SEVERAL = [0.34, 0.26, 0.16, 0.11, 0.07, 0.06]
NEAR_MONOPOLY = [0.8, 0.06, 0.05, 0.04, 0.03, 0.02]
NO_OTHER_CLOSURES = {"platforms": {"closure_days": 1e6, "hack_base": 0.0}, "enforcement": {"platform_case": 1e6}}
OFTEN = {"frailty": 0.3, "closure_days": 60.0, "hack_base": 0.0, "operator_income": 1.0, "cryptomarket_entry": 0.2}
MANY_VENDORS = {"supply": {"crypto_vendors": 0.02}}


def orders(model: MarketModel, channel: str, weeks: range | None = None) -> float:
    daily = model.daily()[f"orders_{channel}"]
    return float(daily.sum() if weeks is None else daily[7 * weeks.start : 7 * weeks.stop].sum())


def vendors_of(model: MarketModel, channel: Channel) -> np.ndarray:
    """Rows of the vendors of a channel who are in business."""
    v, n = model.vendors.columns, model.vendors.n
    return np.flatnonzero((v.channel[:n] == channel) & (v.alive[:n] == 1))


# Closures -------------------------------------------------------------------------------------------------------------
@functools.cache
def after_the_leader_fell(shares: tuple[float, ...]) -> tuple[list[MarketModel], list[MarketModel]]:
    """Markets twelve weeks after their leader was seized on day 0, and the same markets had nothing happened."""
    alone, struck = [], []
    for seed in range(5):
        start = ran(
            world(consumers=4000, burn_in=60, platforms={"cryptomarkets": list(shares)}, parameters=NO_OTHER_CLOSURES),
            seed,
            0,
        )
        alone.append(branched(start, 84))
        struck.append(branched(start, 84, policies=[example("takedown", count=1)]))
    return alone, struck


def trade_left(shares: list[float], channel: str, weeks: range) -> float:
    alone, struck = after_the_leader_fell(tuple(shares))
    return sum(orders(m, channel, weeks) for m in struck) / sum(orders(m, channel, weeks) for m in alone)


def test_the_fall_of_a_leader_is_felt_at_once_with_or_without_substitutes():
    assert trade_left(SEVERAL, "cryptomarket", range(1)) < 0.85
    assert trade_left(NEAR_MONOPOLY, "cryptomarket", range(1)) < 0.4


def test_trade_comes_back_within_weeks_where_there_are_substitutes():
    first, later = (trade_left(SEVERAL, "cryptomarket", weeks) for weeks in (range(1), range(3, 6)))
    assert later > first + 0.05
    assert later > 0.6


def test_trade_stays_down_for_months_where_a_near_monopoly_fell():
    assert trade_left(NEAR_MONOPOLY, "cryptomarket", range(3, 6)) < 0.6
    assert trade_left(NEAR_MONOPOLY, "cryptomarket", range(8, 12)) < 0.6


def test_substitutes_are_what_makes_the_difference():
    several, one = (trade_left(shares, "cryptomarket", range(8, 12)) for shares in (SEVERAL, NEAR_MONOPOLY))
    assert several > one + 0.2


@pytest.mark.parametrize("shares", [SEVERAL, NEAR_MONOPOLY], ids=["several markets", "a near-monopoly"])
def test_deals_between_people_who_know_each_other_survive_a_closure(shares):
    assert trade_left(shares, "direct", range(12)) > 0.95


def test_most_of_those_who_move_go_to_one_market():
    """Main destination of migrants: 71 % (sd 21) over observed closures [migration-top-destination]."""
    shares = []
    for seed in range(4):
        start = ran(world(consumers=6000, burn_in=60, parameters=NO_OTHER_CLOSURES), seed, 0)
        t, c = start.platform_table.columns, start.consumers.columns
        second = sorted(start.crypto_slots(), key=lambda slot: -t.trade60[slot])[1]
        users = np.flatnonzero((c.home == second) & (c.market_state == Membership.ACTIVE))
        after = branched(start, 28, policies=[example("takedown", rank=2, count=1)])
        home = after.consumers.columns.home[users]
        went = np.bincount(home[home != NO_SLOT])
        assert second not in home
        shares.append(went.max() / went.sum())
    assert 0.5 < np.mean(shares) < 0.95


@pytest.mark.slow
def test_vendors_who_kept_their_name_sell_more_after_a_closure_than_had_they_given_it_up():
    sold = {1.0: 0, 0.0: 0}
    for seed in range(5):
        start = ran(world(consumers=4000, burn_in=60, parameters=NO_OTHER_CLOSURES | MANY_VENDORS), seed, 0)
        v, t, n = start.vendors.columns, start.platform_table.columns, start.vendors.n
        leader = max(start.crypto_slots(), key=lambda slot: t.trade60[slot])
        listed = v.account[:n] != NO_SLOT
        displaced = (v.account[:n] == leader).any(axis=1) & (listed.sum(axis=1) == 1) & (v.alive[:n] == 1)
        for keep in sold:
            after = branched(
                start, 60, policies=[example("takedown", count=1)], parameters={"vendors": {"keep_identity": keep}}
            )
            sold[keep] += int((after.vendors.columns.orders[:n] - v.orders[:n])[displaced].sum())
    assert sold[1.0] > 1.05 * sold[0.0]


def test_a_name_given_up_is_another_identity_and_one_kept_is_not():
    start = ran(world(consumers=2000, parameters=NO_OTHER_CLOSURES | MANY_VENDORS), until=0)
    policies = [example("takedown", count=1)]
    kept, reset = (
        branched(start, 2, policies=policies, parameters={"vendors": {"keep_identity": keep}}) for keep in (1.0, 0.0)
    )
    assert not kept.vendors.get("identity").any()
    assert reset.vendors.get("identity").any()


def test_buyers_do_not_know_a_vendor_again_under_a_new_name():
    parameters = NO_OTHER_CLOSURES | MANY_VENDORS | {"vendors": {"keep_identity": 0.0}}
    start = ran(world(consumers=8000, burn_in=60, parameters=parameters), 1, 0, tables=("orders",))
    c, v = start.consumers.columns, start.vendors.columns
    after = branched(start, 40, policies=[example("takedown", count=1)])
    sold = after.table("orders").query("day >= 0 and channel == 'cryptomarket'")
    sold = sold[after.vendors.columns.identity[sold["vendor"]] > v.identity[sold["vendor"]]]
    first = sold.sort_values("order").drop_duplicates(["consumer", "vendor"])
    partners = (
        (c.vendor[first["consumer"]] == first["vendor"].to_numpy()[:, None]) & (c.tie[first["consumer"]] == 1)
    ).any(1)
    assert len(first) > 20
    assert first["first_time_pair"][~partners].mean() > 0.95, (
        "whoever was a customer before is one anew, but for sales under the old name"
    )


# Exit scams -----------------------------------------------------------------------------------------------------------
def exit_scams(group: str, runs: int = 4, **parameters: float) -> int:
    """Exit scams in several runs of a market whose operators often think about it."""
    found = 0
    changes = {group: parameters, "platforms": OFTEN | (parameters if group == "platforms" else {})}
    for seed in range(runs):
        model = run(world(consumers=1500, days=60, parameters=changes), seed, tables=("events",))
        found += int((model.table("events")["kind"] == "exit_scam").sum())
    return found


def test_operators_steal_more_often_where_they_hold_more():
    little, much = exit_scams("platforms", escrow_share=0.1), exit_scams("platforms", escrow_share=1.0)
    assert much > 1.5 * max(little, 1)


@pytest.mark.slow
def test_operators_steal_more_often_where_they_hold_it_longer():
    quick = exit_scams("shipping", 16, border_days=2.0, domestic_days=2.0)
    slow = exit_scams("shipping", 16, border_days=40.0, domestic_days=40.0)
    assert slow > 1.5 * max(quick, 1)


@pytest.mark.slow
def test_an_operator_who_earns_more_by_staying_stays():
    low, high = exit_scams("platforms", fee=0.02), exit_scams("platforms", fee=0.2)
    assert high < low


def test_an_exit_scam_takes_what_was_in_escrow():
    model = run(world(consumers=1500, days=60, parameters={"platforms": OFTEN | {"closure_days": 20.0}}))
    assert model.books.ledger.stolen > 0
    t = model.platform_table
    gone = t.columns.status[: t.n] == 4
    assert gone.any()
    assert (t.columns.escrow[: t.n][gone] == 0).all()


# Vendors --------------------------------------------------------------------------------------------------------------
def test_better_rated_vendors_sell_more():
    """Half of the vendors of cryptomarkets, drawn at random, find as many bad ratings as good ones under their names."""
    sold = np.zeros(2)
    for seed in range(3):
        start = ran(world(consumers=4000, burn_in=40, parameters=MANY_VENDORS), seed, 0)
        rows = vendors_of(start, Channel.CRYPTOMARKET)
        half = rows[uniforms(seed, 1, rows, 0) < 0.5]
        before = start.vendors.columns.orders[half].sum()
        worse = branched(start, 0)
        worse.vendors.columns.negative[half] += worse.vendors.columns.positive[half] + 2
        worse.run_for(30)
        sold += [
            branched(start, 30).vendors.columns.orders[half].sum() - before,
            worse.vendors.columns.orders[half].sum() - before,
        ]
    assert sold[1] < 0.7 * sold[0]


@pytest.mark.slow
def test_vendors_who_do_not_deliver_lose_their_customers():
    sold = np.zeros((2, 2))  # honest and cheating worlds: sales of that half, sales of all
    for seed in range(1, 4):
        start = ran(world(consumers=4000, burn_in=40, parameters=MANY_VENDORS), seed, 0)
        rows = vendors_of(start, Channel.CRYPTOMARKET)
        half = rows[uniforms(seed, 1, rows, 0) < 0.5]
        cheats = branched(start, 0)
        cheats.vendors.columns.ships[half] = 0.0
        cheats.run_for(90)
        worlds = (branched(start, 90), cheats)
        sold += [[m.vendors.columns.recent[half].sum(), m.vendors.columns.recent[rows].sum()] for m in worlds]
    share = sold[:, 0] / sold[:, 1]
    assert share[1] < 0.85 * share[0]


def concentration(popularity: float, seed: int) -> float:
    """Gini of vendors' sales half a year after all began alike."""
    model = model_of(
        world(consumers=4000, burn_in=150, parameters={"supply": {"popularity_exponent": popularity}}), seed
    )
    v = model.vendors.columns
    v.sales[:], v.positive[:], v.breadth[:] = 1.0, 0.0, 3.0
    model.run_for(170)
    return float(model.daily()["vendor_gini"].iloc[-1])


@pytest.mark.slow
def test_a_few_vendors_come_to_sell_most_because_sales_attract_buyers():
    with_, without = (np.mean([concentration(p, seed) for seed in range(5)]) for p in (0.45, 0.0))
    assert with_ > 0.55
    assert with_ > without + 0.02


# Prices ---------------------------------------------------------------------------------------------------------------
def raised(start: MarketModel, channels: tuple[Channel, ...], log_price: float, days: int) -> MarketModel:
    """The market after so many more days in which the vendors of these channels ask another price."""
    model = branched(start, 0, parameters={"pricing": {"speed": 0.0}})
    for channel in channels:
        model.vendors.columns.log_price[vendors_of(model, channel)] += log_price
        model.trade.price_level[channel] += log_price  # newcomers ask what others ask
    model.run_for(days)
    return model


def doses_sold(model: MarketModel, substance: str | None = None) -> float:
    sold = model.table("orders").query("day >= 0")
    return float(sold[sold["substance"] == substance]["quantity"].sum() if substance else sold["quantity"].sum())


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_fewer_doses_are_sold_at_higher_prices(seed):
    start = ran(world(consumers=3000), seed, 0, tables=("orders",))
    cheap, usual, dear = (doses_sold(raised(start, tuple(Channel), x, 45)) for x in (-0.7, 0.0, 0.7))
    assert dear < 0.95 * usual < 0.9 * cheap


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_dearer_drug_is_bought_less_often(seed):
    price = Scenario().substances["cocaine"].dose_usd
    bought = []
    for factor in (1, 6):
        scenario = world(consumers=3000, substances={"cocaine": {"dose_usd": factor * price}})
        table = ran(scenario, seed, tables=("orders",)).table("orders")
        bought.append((table["substance"] == "cocaine").sum())
    assert bought[1] < bought[0]


def test_buyers_go_elsewhere_when_the_street_gets_dear():
    usual, dear = 0.0, 0.0
    for seed in range(2):
        start = ran(world(consumers=3000), seed, 0, tables=("orders",))
        usual += orders(raised(start, (Channel.STREET,), 0.0, 45), "social_app")
        dear += orders(raised(start, (Channel.STREET,), 1.4, 45), "social_app")
    assert dear > 1.05 * usual


def without_suppliers(gone: int) -> float:
    """Price index three months after so many of twenty suppliers left for good, mean of six runs."""
    parameters = {"pricing": {"scarcity": 0.0}, "supply": {"replacement_rate": 0.0}}
    index = []
    for seed in range(6):
        model = run(world(consumers=1500, days=100, parameters=parameters), seed, until=0)
        model.supplier_table.columns.alive[:gone] = 0
        model.run_for(100)
        index.append(model.daily()["price_index"][70:].mean())
    return float(np.mean(index))


def test_prices_follow_what_supply_costs():
    assert without_suppliers(10) > 1.05 * without_suppliers(0), (
        "with more of them gone, hardly anybody is left who sells"
    )


# Deterrence -----------------------------------------------------------------------------------------------------------
def policed(monkeypatch: pytest.MonkeyPatch, effort: float, seed: int, **pricing: float) -> MarketModel:
    """A market in which police work ``effort`` times as much as usual from day 0 on."""

    def work(model: MarketModel, *_: Any) -> None:
        if model.day >= 0:
            model.levers.police_effort[:] = effort

    monkeypatch.setattr("sim.model.apply_policies", work)
    return run(world(consumers=3000, days=120, parameters={"pricing": pricing}), seed)


def in_business(model: MarketModel) -> int:
    return int((model.vendors.get("alive") == 1).sum())


@pytest.mark.parametrize("seed", [0, 1])
def test_more_police_work_means_more_arrests_fewer_vendors_and_less_trade(monkeypatch, seed):
    usual, more = (policed(monkeypatch, effort, seed) for effort in (1.0, 5.0))
    assert more.daily()["vendor_arrests"].sum() > 2 * usual.daily()["vendor_arrests"].sum()
    assert in_business(more) < 0.9 * in_business(usual)
    assert more.daily()["orders"].sum() < usual.daily()["orders"].sum()


@pytest.mark.slow
@pytest.mark.parametrize("outcome", ["vendor_arrests", "seizure_rate"])
def test_a_world_with_more_police_has_more_of_what_police_do(outcome):
    found = []
    for days in (100, 1000):
        jurisdictions = {name: {"police_days_per_100k": days} for name in Scenario().jurisdictions}
        scenario = world(consumers=4000, days=100, jurisdictions=jurisdictions)
        found.append(sum(ran(scenario, seed).daily()[outcome].sum() for seed in range(2)))
    assert found[1] > 1.5 * found[0]


@pytest.mark.slow
def test_risk_keeps_newcomers_out():
    """The same arrests, but newcomers who do not care: the difference is deterrence."""
    with pytest.MonkeyPatch.context() as patch:
        careful, careless = (policed(patch, 5.0, 0, arrest_cost=usd).vendors.n for usd in (60000.0, 0.0))
    assert careful < careless


def arrests_to_be_expected(trade: float, **enforcement: float) -> np.ndarray:
    """(J,) a day's arrests nearby that police expect when the vendors of the first jurisdiction have ``trade`` times their usual trade."""
    model = model_of(world(parameters={"enforcement": {"credit_arrest": 1.0, **enforcement}}))
    v, n = model.vendors.columns, model.vendors.n
    v.recent[:n][v.jurisdiction[:n] == 0] *= trade
    enforce(model)
    return np.array([agency.credit[VENDORS] for agency in model.agencies if agency.unit == Unit.POLICE])


def test_the_same_effort_over_more_offenders_means_more_arrests_and_less_risk_for_each_there_and_nowhere_else():
    usual, more = arrests_to_be_expected(2.0), arrests_to_be_expected(8.0)  # police who are busy
    assert 1.0 < more[0] / usual[0] < 2.0, "four times the exposure, and hardly more arrests"
    assert more[1:] == pytest.approx(usual[1:], rel=1e-6), "police elsewhere have as much to do as ever"


def test_where_arrests_are_no_work_each_offender_runs_the_published_risk_however_many_there_are():
    usual, more = arrests_to_be_expected(1.0, arrest_days=0.0), arrests_to_be_expected(4.0, arrest_days=0.0)
    assert more[0] == pytest.approx(4.0 * usual[0], rel=1e-6)
    busy = arrests_to_be_expected(1.0)
    assert (busy <= usual).all()
    assert busy.sum() < 0.5 * usual.sum(), "cases leave little time to look for others"
