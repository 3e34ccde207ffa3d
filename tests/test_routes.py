"""Goods go along routes between jurisdictions; what is searched at one border goes round it."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from sim.agents.codes import CLEAN
from sim.market.supply.routes import interdict, risks, ways
from sim.market.trade.content import contaminated_share
from sim.measures.audit import violations
from sim.model import MarketModel
from sim.registry import policy_kinds
from tests.worlds import branched, ran, run, world

TOWN = {"consumers": 2000, "burn_in": 40, "days": 400}
HOME, ABROAD = 0, 3  # north_america and the rest of the world


def town() -> MarketModel:
    """A market at day 0."""
    return ran(world(**TOWN), 1, 0)


def test_goods_go_directly_or_through_one_other_place_and_stay_at_home_where_they_are_made():
    now = ways(np.full((4, 4), 0.1))
    assert now.share.sum(axis=2) == pytest.approx(1.0)
    assert now.share[0, 0].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert (now.share[0, 1] > 0).tolist() == [True, False, True, True]
    assert now.risk[0, 1, 0] == pytest.approx(0.1)
    assert now.risk[0, 1, 2] == pytest.approx(1 - 0.9**2)
    assert now.share[0, 1, 0] > now.share[0, 1, 2] == pytest.approx(now.share[0, 1, 3])
    alone = ways(np.full((1, 1), 0.1))
    assert (alone.share, alone.risk) == (pytest.approx(1.0), pytest.approx(0.1))


def test_shares_are_the_best_mean_variance_choice():
    """Among all splits over ways of independent risk, the one in proportion to 1 / P has the most mean for its spread."""
    leg = np.array([[0.1, 0.4, 0.2], [0.1, 0.1, 0.1], [0.1, 0.05, 0.1]])
    now = ways(leg)
    at = now.share[0, 1] > 0
    p, w = now.risk[0, 1][at], now.share[0, 1][at]

    def sharpe(w: np.ndarray) -> float:
        return float(w @ (1 - p)) / float(np.sqrt((w**2) @ (p * (1 - p))))

    others = np.random.default_rng(1).dirichlet(np.ones(len(p)), 2000)
    assert sharpe(w) >= max(map(sharpe, others))


def test_a_riskier_border_is_gone_round_and_never_left_for_good():
    leg = np.full((4, 4), 0.1)
    before = ways(leg).share
    leg[3, 0] = 0.5
    after = ways(leg).share
    assert 0.0 < after[3, 0, 3] < 0.5 * before[3, 0, 3]
    assert (after[3, 0, [1, 2]] > before[3, 0, [1, 2]]).all()
    assert after[1, 0, 3] < before[1, 0, 3], "nor is it a way for others"
    same = np.ones((4, 4), bool)
    same[:, 0] = same[3] = False
    assert (after[same] == before[same]).all()


def test_searches_at_every_border_cost_what_as_much_more_effort_does():
    """Loads into a jurisdiction come from the others: it has no border with itself that is left out."""
    made = policy_kinds()["supplier_interdiction"]
    model = run(world(), until=1)
    effort, searches = (made(**{"effort": 1.0, name: 3.0}).cost(model) for name in ("effort", "searches"))
    assert searches == pytest.approx(effort)
    assert effort > 0


SEARCHES = {"kind": "supplier_interdiction", "effort": 1.0, "searches": 5.0}


@functools.cache
def searched(origin: str | None, destination: str | None) -> MarketModel:
    policy = {**SEARCHES, "origin": origin, "destination": destination}
    return branched(town(), 150, policies=[policy])


@functools.cache
def usual() -> MarketModel:
    return branched(town(), 150)


def test_searches_act_on_the_borders_that_they_name_alone():
    model = branched(town(), 0)
    before = risks(model)
    model.levers.searches[ABROAD, HOME] = 5.0
    after = risks(model)
    assert after[ABROAD, HOME] == pytest.approx(5 * before[ABROAD, HOME])
    before[ABROAD, HOME] = after[ABROAD, HOME] = 0.0
    assert (before == after).all()


def test_a_treaty_lets_agencies_where_goods_come_from_help():
    model = branched(town(), 0)
    before = risks(model)
    model.levers.cooperation[np.ix_([HOME, ABROAD], [HOME, ABROAD])] = 1.0
    after = risks(model)
    assert after[ABROAD, HOME] > before[ABROAD, HOME]
    after[ABROAD, HOME], after[HOME, ABROAD] = before[ABROAD, HOME], before[HOME, ABROAD]
    assert (before == after).all()


@pytest.mark.slow
def test_interdiction_of_one_route_moves_goods_to_others():
    names = list(town().scenario.jurisdictions)
    after, before = searched(names[ABROAD], names[HOME]).upstream, usual().upstream
    assert after.belief[ABROAD, HOME] > 3 * before.belief[ABROAD, HOME]
    moved, stayed = ways(after.belief).share[ABROAD, HOME], ways(before.belief).share[ABROAD, HOME]
    assert moved[ABROAD] < 0.5 * stayed[ABROAD]
    round_about = [k for k in range(len(names)) if k not in (HOME, ABROAD)]
    assert (moved[round_about] > stayed[round_about]).all()
    taken = {end: sum(up.seized[k, HOME] for k in round_about) for end, up in (("after", after), ("before", before))}
    assert taken["after"] > taken["before"], "more is seized where nobody searches more"
    seized, sent = after.seized.sum() / after.sent, before.seized.sum() / before.sent
    assert seized < 0.1 + sent, "one border cannot stop much"


def test_what_is_searched_everywhere_is_dearer_scarcer_and_goes_in_more_loads():
    after, before = searched(None, None), usual()
    fields = [m.daily().iloc[60:].mean() for m in (after, before)]
    assert fields[0]["supply_seized"] > 1.5 * fields[1]["supply_seized"]
    assert fields[0]["supply_concentration"] > fields[1]["supply_concentration"]
    assert after.upstream.cost[1:].mean() > 1.05 * before.upstream.cost[1:].mean()


@pytest.mark.parametrize("ends", [(None, None), ("rest_of_world", "north_america")])
def test_what_is_sent_arrives_or_is_seized(ends):
    model = searched(*ends)
    up = model.upstream
    assert up.sent > 0
    assert up.seized.sum() > 0
    assert up.sent == pytest.approx(up.arrived + up.seized.sum(), rel=1e-9)
    assert violations(model) == []
    broken = branched(model, 0)
    broken.upstream.arrived += 1.0
    assert any("goods sent" in line for line in violations(broken))


def test_suppliers_learn_each_border_from_what_is_seized_there():
    model = branched(town(), 0)
    model.day = 30
    up = model.upstream
    up.loads[:], up.caught[:] = 0.0, 0.0
    up.loads[2, 1], up.caught[2, 1] = 40.0, 30.0
    before = up.belief.copy()
    interdict(model)
    assert up.belief[2, 1] == pytest.approx(0.5 * before[2, 1] + 0.5 * 0.75)
    before[2, 1] = up.belief[2, 1]
    assert (up.belief == before).all()


def test_a_supplier_mixes_in_as_much_of_the_strongest_product_as_its_strength_takes():
    assert contaminated_share(1.0, 30.0) == 0.0
    share = contaminated_share(5.0, 30.0)
    assert share * 30.0 + (1 - share) * 1.0 == pytest.approx(5.0)
    assert contaminated_share(40.0, 30.0) == 1.0


def test_strong_synthetics_come_with_the_suppliers_who_concentrate():
    """Heroin that was heroin holds a strong synthetic where its vendor's supplier makes a stronger product, and nowhere else."""
    many = run(world(consumers=12_000, burn_in=40, days=300), until=0)
    model = branched(many, 0, parameters={"supply": {"copy_rate": 1e-9}, "shipping": {"synthetic_supply": 0.0}})
    s, heroin = model.supplier_table.columns, list(model.scenario.substances).index("heroin")
    s.mixes[: model.supplier_table.n] = CLEAN
    v, n = model.vendors.columns, model.vendors.n
    used = np.unique(v.supplier[:n][(v.main[:n] == heroin) & (v.supplier[:n] >= 0)])
    strong = used[::2]
    s.concentration[: model.supplier_table.n] = 1.0
    s.concentration[strong] = 15.0
    model.run_for(60)
    o = model.books.open_orders
    orders, v = o.columns, model.vendors.columns
    bought = (orders.substance[: o.n] == heroin) & (v.supplier[orders.vendor[: o.n]] >= 0)
    odd = np.isin(v.supplier[orders.vendor[: o.n]], strong)
    adulterated = orders.content[: o.n] != 0
    assert min((bought & odd).sum(), (bought & ~odd).sum()) > 5
    assert adulterated[bought & odd].mean() > adulterated[bought & ~odd].mean()
