"""Suppliers, their network, wholesale stocks, recruitment and the post, piece by piece."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from sim.agents.codes import Channel, VendorKind
from sim.agents.enforcement import POST
from sim.agents.intermediaries import PostalService
from sim.agents.levers import Levers
from sim.market.entry_exit.entry import new_vendors
from sim.market.supply.network import (
    bits,
    capacity,
    find_groups,
    find_weights,
    havel_hakimi,
    network_measures,
    supply_graph,
    upper_tier,
)
from sim.market.supply.recruitment import enlist, organised_entry, recruit, recruiting, where_newcomers_work
from sim.market.supply.supply import buyers_see, dilution
from sim.market.supply.turnover import arrest_group, find_sources, missing
from sim.market.trade.post import inspect
from sim.measures.audit import violations
from sim.model import MarketModel
from tests.worlds import branched, fingerprint, model_of, ran, run, world

TOWN = {"consumers": 2000, "burn_in": 40, "days": 300}


def town(seed: int = 1, **parameters: dict) -> MarketModel:
    """A market at day 0."""
    return ran(world(**TOWN, parameters=parameters), seed, 0)


# The network ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("organised", [[0, 1, 1, 1], [0, 0, 1, 1, 1, 1, 1], [1, 1, 1], [0, 0, 0]])
@pytest.mark.parametrize("two", [False, True])
def test_every_group_buys_from_one_or_two_manufacturers_where_there_are_any(organised, two):
    kind = np.array(organised)
    tier = upper_tier(kind, 1.0 + np.arange(len(kind)), np.full(len(kind), two))
    makers = int((kind == 0).sum())
    wanted = min(1 + two, makers) if makers else 0
    groups = [group for _, group in tier]
    assert all(groups.count(i) == wanted for i in np.flatnonzero(kind == 1))
    assert all(kind[a] == 0 and kind[b] == 1 for a, b in tier)
    assert len(set(tier)) == len(tier)


def test_a_larger_manufacturer_supplies_more_groups():
    tier = upper_tier(np.array([0, 0] + [1] * 12), np.array([5.0, 1.0] + [1.0] * 12), np.zeros(14, bool))
    makers = [maker for maker, _ in tier]
    assert makers.count(0) > 3 * makers.count(1) > 0


@pytest.mark.parametrize(
    ("degrees", "others"), [([3, 1], [1, 1, 1, 1]), ([2, 5, 3], [2, 2, 2, 2, 2]), ([0, 4, 4, 1], [2, 1, 3, 1, 2])]
)
def test_a_graph_of_given_degrees_is_the_one_that_networkx_makes(degrees, others):
    graph = nx.bipartite.havel_hakimi_graph(degrees, others, create_using=nx.Graph())
    edges = sorted((min(edge), max(edge) - len(degrees)) for edge in graph.edges)
    assert havel_hakimi(degrees, others) == edges


def test_the_network_reaches_from_manufacturers_to_vendors():
    model = town()
    graph, measures = supply_graph(model), network_measures(model)
    assert nx.is_directed_acyclic_graph(graph)
    assert measures["tiers"] == 3
    v, n = model.vendors.columns, model.vendors.n
    assert measures["vendors"] == int(((v.alive[:n] == 1) & (v.supplier[:n] >= 0)).sum())
    assert measures["cut_off"] == 0.0
    assert 1 / measures["suppliers"] <= measures["top_share"] < 1


def test_vendors_begin_with_a_supplier_who_serves_them():
    model = model_of(world(**TOWN))
    v, s, n = model.vendors.columns, model.supplier_table.columns, model.supplier_table.n
    rows = np.flatnonzero(v.supplier[: model.vendors.n] >= 0)
    at = v.supplier[rows]
    serves, reach = bits(s.serves[:n], len(model.substances.dose_usd)), bits(s.reach[:n], model.world.n_jurisdictions)
    assert serves[at, v.main[rows]].all()
    exists = (serves[:, v.main[rows]] & reach[:, v.jurisdiction[rows]]).any(axis=0)
    assert reach[at, v.jurisdiction[rows]][exists].all()


def test_suppliers_are_found_by_size_and_only_in_business():
    model = model_of(world(**TOWN))
    s, n = model.supplier_table.columns, model.supplier_table.n
    s.serves[:n], s.reach[:n] = 2**32 - 1, 2**32 - 1
    s.alive[1:n:2] = 0
    model.upstream.find = find_weights(model)
    u = (np.arange(40_000) + 0.5) / 40_000
    found = np.bincount(find_groups(model, np.zeros(40_000, int), np.zeros(40_000, int), u), minlength=n)
    expected = s.size[:n] * s.alive[:n]
    assert found / 40_000 == pytest.approx(expected / expected.sum(), abs=1e-3)


def without_groups(model: MarketModel, gone: list[int], days: int, **parameters: float) -> MarketModel:
    after = branched(model, 0, parameters={"supply": {"replacement_rate": 0.0, "succession": 0.0, **parameters}})
    for i in gone:
        arrest_group(after, i)
    after.run_for(days)
    return after


def largest(model: MarketModel) -> int:
    s, n = model.supplier_table.columns, model.supplier_table.n
    return int(np.argmax(s.clients[:n] * s.organised[:n]))


def test_vendors_of_a_group_that_is_gone_run_down_their_stock_and_find_another_one_in_time():
    start = town()
    group = largest(start)
    v, n = start.vendors.columns, start.vendors.n
    mine = np.flatnonzero((v.supplier[:n] == group) & (v.alive[:n] == 1) & (v.recent[:n] > 0.05))
    cut_off = without_groups(start, [group], 20, rewire_rate=1e-9).vendors.columns
    usual = branched(start, 20).vendors.columns
    assert cut_off.stock[mine].sum() < 0.8 * usual.stock[mine].sum()
    soon, late = (
        float(np.mean(without_groups(start, [group], 20, rewire_rate=r).vendors.columns.supplier[mine] != group))
        for r in (0.2, 0.02)
    )
    assert soon > 0.9
    assert late < 0.6


def test_groups_whose_manufacturer_is_gone_find_another_one():
    start = town()
    s, n = start.supplier_table.columns, start.supplier_table.n
    makers = np.flatnonzero(s.organised[:n] == 0)
    assert len(makers) > 1
    before, after = (
        (without_groups(start, [int(makers[0])], days, rewire_rate=0.1).supplier_table.columns.source[:n])
        for days in (1, 90)
    )
    assert (before == makers[0]).sum() > (after == makers[0]).sum()


def test_groups_make_what_they_sell_once_there_is_no_manufacturer():
    """And until they do, they are missing: others would grow into the gap."""
    model = branched(town(), 0, parameters={"supply": {"rewire_rate": 0.1}})
    s, n = model.supplier_table.columns, model.supplier_table.n
    makers = np.flatnonzero(s.organised[:n] == 0)
    whole = missing(model)
    s.alive[makers] = 0
    groups = (s.organised[:n] == 1) & (s.alive[:n] == 1)
    sold = bits(s.serves[:n], len(whole))[groups].any(axis=0)
    assert capacity(model) == pytest.approx(0.0)
    assert missing(model) == pytest.approx(1.0)
    for day in range(90):
        model.day = day
        find_sources(model)
    assert (s.source[:n][groups] < 0).all()
    assert (capacity(model)[sold] > 0.0).all()
    assert (missing(model)[sold] < 1.0).all()


def test_a_group_counts_for_the_part_that_its_manufacturers_in_business_make():
    model = branched(town(), 0)
    s, n = model.supplier_table.columns, model.supplier_table.n
    makers, groups = np.flatnonzero(s.organised[:n] == 0), np.flatnonzero((s.organised[:n] == 1) & (s.alive[:n] == 1))
    assert len(makers) > 1
    s.alive[:n] = 0
    s.alive[groups[0]] = s.alive[makers[:2]] = 1
    s.source[groups[0]] = makers[:2]
    s.serves[makers], s.serves[groups[0]] = 0, 1
    there = 1.0 - missing(model)[0]
    s.alive[makers[0]] = 0
    assert 1.0 - missing(model)[0] == pytest.approx(0.5 * there)


# Capacity and stocks --------------------------------------------------------------------------------------------------
def test_capacity_is_whole_at_usual_seizures_and_falls_with_production_by_place_and_substance():
    model = model_of(world(**TOWN))
    assert capacity(model) == pytest.approx(1.0, rel=1e-5)
    model.levers.production[:, 3] = 0.25
    assert capacity(model)[3] == pytest.approx(0.25, rel=1e-5)
    assert np.delete(capacity(model), 3) == pytest.approx(1.0, rel=1e-5)
    model.levers.reset()
    s, n = model.supplier_table.columns, model.supplier_table.n
    maker = int(np.flatnonzero(s.organised[:n] == 0)[0])
    model.levers.production[s.jurisdiction[maker]] = 0.0
    assert (capacity(model) < 0.99).any()


def test_a_group_sells_only_what_its_manufacturers_make():
    model = model_of(world(**TOWN))
    s, n = model.supplier_table.columns, model.supplier_table.n
    s.alive[np.flatnonzero(s.organised[:n] == 0)] = 0
    assert (s.source[s.organised[:n] == 1, 0] >= 0).all()
    assert capacity(model) == pytest.approx(0.0)


def test_stocks_hide_a_shock_at_first():
    model = run(world(**TOWN, policies=[{"kind": "supply_shock", "lost": 0.8}]), until=120)
    daily = model.daily()
    assert (np.diff(daily["wholesale_stock"][:25]) < 0).mean() > 0.8
    assert daily["price_index"][:20].mean() < 0.9 * daily["price_index"][80:].mean()
    assert daily["orders"][80:].mean() < 0.7 * daily["orders"][:20].mean()


# Purity ---------------------------------------------------------------------------------------------------------------
def test_dilution_goes_as_far_as_pays():
    """The choice is the best of: gain less custom lost less unease."""
    care, cost, seen, custom = 0.6, 1.0, 0.2, 3.0
    x = np.linspace(0, 1, 100_001)
    worth = x * cost - x * seen * custom - x**2 / (2 * (1 - care))
    assert dilution(care, cost, seen, custom) == pytest.approx(x[worth.argmax()], abs=1e-4)
    assert dilution(1.0, 1.0, 0.0, 3.0) == 0.0
    assert dilution(0.5, 1.0, 0.9, 3.0) == 0.0, "everybody would hear of it"
    assert dilution(0.5, 1.5, 0.2, 3.0) > dilution(0.5, 1.0, 0.2, 3.0), "dear goods are cut"


def test_buyers_see_most_where_ratings_are_public():
    seen = buyers_see(town())
    assert seen[Channel.CRYPTOMARKET] > seen[Channel.SOCIAL_APP] > seen[Channel.STREET] > 0


def test_vendors_who_care_alike_cut_less_on_cryptomarkets_than_on_the_street():
    """Means of purity alone would say who happened to come: a town has about ten vendors on cryptomarkets."""
    for seed in range(1, 4):
        v, cut = town(seed).vendors, {}
        for channel in (Channel.CRYPTOMARKET, Channel.STREET):
            at = (v.get("channel") == channel) & (v.get("alive") == 1)
            assert 0.6 < v.get("purity")[at].mean() < 1.0
            cut[channel] = (1.0 - v.get("purity")[at]).sum() / (1.0 - v.get("quality")[at]).sum()
        assert 0.0 < cut[Channel.CRYPTOMARKET] < 0.95 * cut[Channel.STREET]


# Recruitment ----------------------------------------------------------------------------------------------------------
def test_who_is_recruited_adds_to_those_who_come_by_themselves():
    model = model_of(world(**TOWN))
    assert recruiting(model) == pytest.approx(1.0)
    model.upstream.recruitment[:] = 0.0
    by_themselves = 1.0 - organised_entry(model)
    assert all(there == pytest.approx(by_themselves) for there in recruiting(model).T)


@pytest.mark.parametrize("channel", [Channel.STREET, Channel.SOCIAL_APP, Channel.CRYPTOMARKET])
def test_where_groups_do_not_recruit_branches_are_missing_and_nobody_else_is(channel):
    """Newcomers by place and kind, with and without recruitment in the first place."""
    found = []
    for there in (1.0, 0.0):
        model = model_of(world(**TOWN))
        model.upstream.recruitment[:] = 1.0
        model.upstream.recruitment[0] = there
        many = where_newcomers_work(model)[channel, -1]
        rows = new_vendors(model, np.full(round(20_000 * many), int(channel)), model.day)
        enlist(model, rows)
        v, places = model.vendors.columns, model.world.n_jurisdictions
        cells = v.jurisdiction[rows].astype(int) * 5 + v.kind[rows]
        found.append(np.bincount(cells, minlength=5 * places).reshape(places, 5))
    usual, less = found
    assert usual[0, VendorKind.ORGANISED_CRIME] > 100
    assert less[0, VendorKind.ORGANISED_CRIME] == 0
    usual[0, VendorKind.ORGANISED_CRIME] = 0
    assert less == pytest.approx(usual, rel=0.1, abs=60)


def test_a_group_that_takes_in_much_for_its_branches_recruits_more():
    """What it takes in and whom it has on that day decide, whatever was so before the start."""
    model = town()
    s, n = model.supplier_table.columns, model.supplier_table.n
    recruit(model)
    usual, group = s.drive[:n].copy(), int(np.argmax(s.branches[:n]))
    s.branches[group] = 0
    recruit(model)
    assert s.drive[group] > 1.2 * usual[group]
    less = s.drive[group]
    s.takings[group] = 3 * s.takings[group] + 100
    recruit(model)
    assert s.drive[group] > less
    s.takings[:n], s.branches[:n] = 10 * s.takings[:n], 10 * s.branches[:n]
    recruit(model)
    assert s.drive[group] > less, "against the groups of the day, so that a common rise moves nothing"
    s.alive[group] = 0
    recruit(model)
    assert s.drive[group] == 0.0


def test_groups_recruit_in_proportion_to_their_size_and_where_they_work():
    model = town(supply={"recruit_income": 0.0})
    s, n, places = model.supplier_table.columns, model.supplier_table.n, model.world.n_jurisdictions
    reach = bits(s.reach[:n], places)
    recruit(model)
    weights = np.diff(model.upstream.recruits, axis=1, prepend=0.0)
    assert weights == pytest.approx(np.where(reach.T, s.size[:n] * s.organised[:n], 0.0))
    half = s.organised[:n] * (np.arange(n) % 2)
    s.size[:n] *= np.where(half, 2.0, 1.0)
    before = model.upstream.recruitment.copy()
    recruit(model)
    assert (model.upstream.recruitment > 1.2 * before).all(), "more members know more people"


@pytest.mark.parametrize(("level", "share"), [(0.0, 0.0), (1.0, None), (4.0, None)])
def test_newcomers_are_branches_as_far_as_groups_recruit(level, share):
    model = town()
    recruit(model)
    model.upstream.recruitment[:] = level
    v = model.vendors.columns
    rows = np.flatnonzero(
        (v.channel[: model.vendors.n] == Channel.STREET) & (v.kind[: model.vendors.n] != VendorKind.SOCIAL_SUPPLIER)
    )
    found = []
    for day in range(40):
        model.day = day
        enlist(model, rows)
        found.append((v.kind[rows] == VendorKind.ORGANISED_CRIME).mean())
    base = model.p.supply.organised_share
    assert np.mean(found) == pytest.approx(
        base * level / (1 - base + base * level) if share is None else share, abs=0.05
    )


# The post -------------------------------------------------------------------------------------------------------------
def test_inspections_beyond_capacity_wait_and_are_cleared_when_there_is_time():
    post = PostalService(town(), 0, 0.05, 0.01)
    assert [post.work(2.0, 1.0, 3.0) for _ in range(4)] == [1.0, 1.0, 0.5, 0.5]
    assert post.backlog == 3.0
    assert post.work(0.5, 1.0, 3.0) == 1.0
    assert post.backlog == 2.5
    for _ in range(9):
        post.work(0.5, 1.0, 3.0)
    assert post.backlog == 0.0


def test_at_neutral_levers_a_parcel_runs_the_risk_of_its_destination():
    model = town()
    model.levers = Levers(model.world.n_jurisdictions)
    risk, delay = inspect(model)
    for k, post in enumerate(model.posts):
        border = post.border * model.policing.post_effort[k] ** model.p.enforcement.post_effect
        assert np.delete(risk[:, k], k) == pytest.approx(border)
        assert risk[k, k] == post.domestic
    assert not delay.any()


def test_inspection_and_data_of_one_route_leave_the_others_alone():
    model = town()
    before, _ = inspect(model)
    model.levers.inspection[0, 1], model.levers.advance_data[2, 3] = 3.0, 1.0
    after, _ = inspect(model)
    assert after[0, 1] == pytest.approx(3 * before[0, 1])
    assert before[2, 3] < after[2, 3] < model.p.shipping.data_gain * before[2, 3]
    before[0, 1] = before[2, 3] = after[0, 1] = after[2, 3] = 0
    assert (before == after).all()


def test_parcels_that_a_policy_has_seized_earn_border_agencies_no_credit():
    model = town(shipping={"patience_days": 3.0})
    for post in model.posts:
        post.border = 0.15
    before = model.policing.records.credit[:, POST].sum()
    earned, seized = [], []
    for policies in ([], [{"kind": "postal_interdiction", "start": 0, "inspections": 5.0, "staff": 5.0}]):
        after = branched(model, 14, policies=policies)
        earned.append(after.policing.records.credit[:, POST].sum() - before)
        seized.append(after.daily()["seizure_rate"].mean())
    assert seized[1] > 1.5 * seized[0]
    assert 0 < earned[1] < 1.15 * earned[0]


# Money ----------------------------------------------------------------------------------------------------------------
def test_what_vendors_receive_is_traced_to_groups_and_manufacturers_cent_by_cent():
    model = town()
    after = branched(model, 30)
    s, n, v = after.supplier_table.columns, after.supplier_table.n, after.vendors.columns
    daily, was = after.daily(), model.supplier_table.columns
    groups = s.organised[:n] == 1
    kept = (s.revenue - s.paid - was.revenue + was.paid)[:n] / 100.0
    assert daily["revenue_groups"].sum() == pytest.approx(kept[groups].sum(), rel=0.1)
    assert daily["revenue_manufacturers"].sum() == pytest.approx(kept[~groups].sum(), rel=0.1)
    assert (daily["organised_crime_revenue"] >= daily["revenue_groups"]).all()
    supplied = v.supplier[: after.vendors.n] >= 0
    share = v.passed[: after.vendors.n][supplied].sum() / v.reckoned[: after.vendors.n][supplied].sum()
    assert share == pytest.approx(after.p.supply.upstream_share, abs=0.02)
    earned = after.books.ledger.vendor_income - model.books.ledger.vendor_income
    assert (daily["organised_crime_revenue"] + daily["revenue_manufacturers"]).sum() <= 1.05 * earned / 100.0


def test_nobody_pays_a_supplier_who_is_out_of_business():
    """What would have gone there stays with vendors and with groups, and no cent is lost."""
    model = branched(town(), 0, parameters={"supply": {"rewire_rate": 0.0, "succession": 0.0}})
    s, n = model.supplier_table.columns, model.supplier_table.n
    gone = [int(np.flatnonzero((s.organised[:n] == kind) & (s.alive[:n] == 1))[0]) for kind in (0, 1)]
    model.run_for(1)
    for i in gone:
        arrest_group(model, i)
    s, v = model.supplier_table.columns, model.vendors.columns
    clients = np.isin(v.supplier[: model.vendors.n], gone)
    had, passed, earned = (
        s.revenue[gone].copy(),
        v.passed[: len(clients)][clients].sum(),
        v.income[: len(clients)][clients].sum(),
    )
    model.run_for(15)
    s, v = model.supplier_table.columns, model.vendors.columns
    assert v.income[: len(clients)][clients].sum() > earned
    assert (s.revenue[gone] == had).all()
    assert v.passed[: len(clients)][clients].sum() == passed
    assert violations(model) == []


def test_orders_that_are_never_paid_out_are_nobodys_revenue():
    """Vendors of cryptomarkets who send nothing, where all money is in escrow and every dispute is decided for the buyer."""
    model = branched(town(), 0, parameters={"shipping": {"dispute_scam": 1.0}})
    v = model.vendors.columns
    cheats = np.flatnonzero(v.channel[: model.vendors.n] == Channel.CRYPTOMARKET)
    v.ships[cheats], model.platform_table.columns.escrow_share[:], model.consumers.columns.tie[:] = 0.0, 1.0, 0
    model.run_for(40)  # until what was under way is settled
    before, sold = (model.vendors.columns.passed[cheats].sum(), model.vendors.columns.orders[cheats].sum())
    model.run_for(15)
    assert model.vendors.columns.orders[cheats].sum() > sold
    assert model.vendors.columns.passed[cheats].sum() == before


# Dose-response of levers ----------------------------------------------------------------------------------------------
POLICIES = {
    "supplier_interdiction": ({"effort": 4.0, "recruitment_cut": 0.4}, {"group_effort": 1, "recruitment": -1}),
    "supply_shock": ({"lost": 0.6, "staff_lost": 0.3}, {"production": -1, "postal_staff": -1}),
    "demand_shock": (
        {"needs": 0.6, "street_lost": 0.5, "initiation": 2.0},
        {"need": -1, "street_access": -1, "initiation": 1},
    ),
    "postal_interdiction": (
        {"inspections": 3.0, "advance_data": 0.5, "staff": 2.0},
        {"inspection": 1, "advance_data": 1, "postal_staff": 1},
    ),
}


@pytest.mark.parametrize("kind", POLICIES)
def test_a_lever_moves_further_with_strength(kind):
    fields, levers = POLICIES[kind]
    moved = []
    for strength in (0.0, 0.5, 1.0):
        model = run(world(policies=[{"kind": kind, "strength": strength, **fields}]), until=1)
        moved.append([getattr(model.levers, name).sum() for name in levers])
    for (name, sign), (none, half, full) in zip(levers.items(), zip(*moved, strict=True), strict=True):
        assert sign * none < sign * half < sign * full, name


def test_a_shock_of_one_substance_in_one_place_spares_the_rest():
    shock = {"kind": "supply_shock", "substance": "heroin", "jurisdictions": ["rest_of_world"], "lost": 1.0}
    lever = run(world(policies=[shock]), until=1).levers.production
    assert lever[3, 4] == 0.0
    assert lever.sum() == lever.size - 1


def test_a_shock_comes_on_over_its_ramp():
    shock = {"kind": "supply_shock", "lost": 0.8, "ramp_days": 4}
    model, seen = run(world(policies=[shock]), until=0), []
    for _ in range(6):
        model.run_for(1)
        seen.append(float(model.levers.production[0, 0]))
    assert seen == pytest.approx([0.8, 0.6, 0.4, 0.2, 0.2, 0.2])


def test_a_demand_shock_of_a_segment_spares_the_others():
    lever = run(
        world(policies=[{"kind": "demand_shock", "segments": ["recreational"], "needs": 0.5}]), until=1
    ).levers.need
    kinds = len(world().substances)
    assert (lever[:, 1, :kinds] == 0.5).all()
    assert lever.sum() == lever.size - 0.5 * kinds * len(lever)


def test_shocks_cost_the_public_nothing():
    shocks = [{"kind": "supply_shock"}, {"kind": "demand_shock"}]
    assert (run(world(policies=shocks)).daily()["policy_cost_usd"] == 0).all()


def test_a_wave_of_arrests_takes_groups_and_no_manufacturers():
    policy = {"kind": "supplier_interdiction", "effort": 1.0, "arrested": 1.0}
    model = run(world(policies=[policy]), until=1)
    s, n = model.supplier_table.columns, int(model.p.supply.suppliers)
    assert not s.alive[:n][s.organised[:n] == 1].any()
    assert s.alive[:n][s.organised[:n] == 0].all()
    heirs = slice(n, model.supplier_table.n)
    assert s.size[heirs].sum() <= model.p.supply.succession * s.size[:n][s.organised[:n] == 1].sum()


def test_two_runs_of_all_of_them_are_the_same():
    policies = [{"kind": kind, **fields} for kind, (fields, _) in POLICIES.items()]
    one, other = (fingerprint(run(world(policies=policies), audit=True)) for _ in range(2))
    assert one == other
