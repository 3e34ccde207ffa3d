"""Networks are measured as their definitions say, and grow out of trade."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from sim.agents.codes import Channel
from sim.measures import networks
from sim.measures.communities import louvain
from tests.worlds import fingerprint, ran, run, same_frames, world

BIG = world(consumers=4000, days=60, burn_in=40)
near = pytest.approx


def graph_of(edges):
    a, b = np.array(edges).T
    return networks.adjacency(a, b, int(max(a.max(), b.max())) + 1)


GRAPHS = {
    "star": [(0, k) for k in range(1, 8)],
    "path": [(k, k + 1) for k in range(9)],
    "two parts": [(0, 1), (1, 2), (3, 4), (4, 5), (5, 3), (2, 6), (6, 0)],
    "random": list(nx.gnm_random_graph(60, 120, seed=3).edges),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_betweenness_is_that_of_networkx(name):
    graph = graph_of(GRAPHS[name])
    expected = nx.betweenness_centrality(nx.from_scipy_sparse_array(graph), normalized=False)
    found = networks.betweenness(graph, np.arange(graph.shape[0]))
    assert found == near(np.array([expected[k] for k in range(graph.shape[0])]))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("links", [40, 150, 900])
def test_communities_are_those_that_networkx_finds(links, seed):
    plain, of_two_kinds = nx.gnm_random_graph(150, links, seed), nx.bipartite.gnmk_random_graph(120, 30, links, seed)
    for edges in (plain.edges, of_two_kinds.edges):
        graph = graph_of(list(edges))
        whole = nx.from_scipy_sparse_array(graph)
        expected = nx.community.louvain_communities(whole, seed=seed)
        found = louvain(graph.indptr, graph.indices, seed)
        assert [set(np.flatnonzero(found.of == k)) for k in range(len(expected))] == expected
        assert found.modularity == nx.community.modularity(whole, expected)


def test_paths_are_as_long_as_networkx_says():
    graph = graph_of(GRAPHS["random"])
    apart = [far for _, others in nx.shortest_path_length(nx.from_scipy_sparse_array(graph)) for far in others.values()]
    found = networks.shortest_paths(graph, np.arange(graph.shape[0]))[1]
    assert found == near(sum(apart) / np.count_nonzero(apart))


def test_betweenness_from_a_sample_is_close_to_that_from_all():
    graph = graph_of(list(nx.gnm_random_graph(400, 1200, seed=1).edges))
    whole, part = (networks.betweenness(graph, np.arange(0, 400, step)) for step in (1, 2))
    assert part.sum() == near(whole.sum(), rel=0.1)
    assert np.corrcoef(part, whole)[0, 1] > 0.95


@pytest.mark.parametrize(("degree", "expected"), [([7] + [1] * 7, 1.0), ([2, 2, 2, 2], 0.0)])
def test_a_star_is_as_central_as_can_be_and_a_ring_not_at_all(degree, expected):
    assert networks.centralisation(np.array(degree, float), len(degree) - 1) == near(expected)


def test_a_pair_that_is_named_twice_is_linked_once():
    graph = networks.adjacency(np.array([0, 1, 0]), np.array([1, 0, 2]), 3)
    assert graph.toarray().tolist() == [[0, 1, 1], [1, 0, 0], [1, 0, 0]]


def test_the_trade_network_is_what_buyers_remember():
    model = ran(BIG, until=20)
    net, sellers = networks.trade_network(model)
    c, v = model.consumers.columns, model.vendors.columns
    n, others = net.graph.shape[0], net.graph.shape[0] - net.sellers
    assert not net.graph[:others, :others].nnz
    assert not net.graph[others:, others:].nnz
    assert (v.channel[sellers] == Channel.CRYPTOMARKET).all()
    assert v.alive[sellers].all()
    seller = int(np.argmax(np.diff(net.graph.indptr)[others:]))
    who = ((c.vendor == sellers[seller]) & (c.bought > 0)).any(axis=1) & (c.alive == 1)
    assert np.diff(net.graph.indptr)[others + seller] == who.sum()
    assert n > 100


def test_friends_are_measured_among_those_who_consider_online_sources():
    model = ran(BIG, until=20)
    net = networks.friends_network(model)
    c = model.consumers.columns
    assert net.sampled == 1.0
    assert net.graph.shape[0] == np.sum((c.alive == 1) & (c.considering > 0))


@pytest.mark.parametrize("limit", [50, 100])
def test_of_a_large_network_a_sample_that_stays_is_measured(limit):
    model = ran(BIG, until=20)
    trade, sellers = networks.trade_network(model, limit)
    friends = networks.friends_network(model, limit)
    assert trade.graph.shape[0] - len(sellers) == friends.graph.shape[0] == limit
    assert 0 < trade.sampled < 1
    assert 0 < friends.sampled < 1
    again, same = networks.trade_network(model, limit)
    assert (again.graph != trade.graph).nnz == 0
    assert (same == sellers).all()


def test_a_market_without_trade_has_an_empty_row():
    model = run(
        world(consumers=300, days=1, burn_in=14, parameters={"world": {"considering": 0.0, "market_users": 0.0}}),
        until=0,
    )
    c = model.consumers.columns
    c.bought[:] = 0
    row = networks.measured(model, "trade", networks.trade_network(model)[0])
    assert row["links"] == 0
    assert np.isnan(row["density"])


def test_the_table_has_both_networks_every_fortnight_and_does_not_touch_the_run():
    with_, without = ran(BIG, tables=("networks",)), ran(BIG)
    table = with_.table("networks")
    assert set(table["day"]) == {day for day in range(-40, 60) if day % networks.EVERY == 0}
    assert (table.groupby("day").size() == 2).all()
    assert fingerprint(with_) == fingerprint(without)
    assert same_frames(table, run(BIG, tables=("networks",)).table("networks"))


def test_the_measures_are_within_their_bounds():
    table = ran(BIG, tables=("networks",)).table("networks")
    for name in ("density", "centralisation", "broker_share", "largest_share", "sampled"):
        assert table[name].between(0, 1).all(), name
    assert table["assortativity"].dropna().between(-1, 1).all()
    assert (table["path_mean"] >= 1).all()
    trade = table[table["network"] == "trade"]
    assert trade["links"].iloc[-1] > trade["links"].iloc[0], "buyers come to know vendors"
    assert (trade["broker_share"] > 0.01).all(), "some vendors lie on more paths than others"
