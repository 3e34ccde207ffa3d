"""Networks as they evolve: who bought from whom on cryptomarkets, and who talks to whom.

Small networks are measured whole. Of large ones a keyed sample is measured: buyers with their vendors, or a neighbourhood of friends; shortest paths and
betweenness start from a keyed sample of nodes in any case. The table says what share of the network a row was measured on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import networkx as nx
import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph

from sim.agents.codes import Channel, Considering
from sim.kernels import maker
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

LIMIT = 2000
"""Most buyers, or friends, that are measured."""
SOURCES = 100
"""Most nodes from which shortest paths and betweenness are counted."""
EVERY = 14
"""Days between two rows of the table."""


class Network(NamedTuple):
    """An undirected graph without weights.

    Attributes
    ----------
    graph
        (n, n) symmetric adjacency of ones.
    sellers
        Number of nodes at the end that are vendors; 0 in a network of one kind of node.
    sampled
        Share of the whole network's buyers, or friends, that it holds.
    """

    graph: sparse.csr_matrix
    sellers: int
    sampled: float


def nodes(graph: sparse.csr_matrix) -> int:
    """Number of nodes."""
    return len(graph.indptr) - 1


def trade_links(state: MarketState) -> tuple[np.ndarray, np.ndarray]:
    """Buyers and cryptomarket vendors who traded well and are both still there, one pair a link."""
    c, v, n = state.consumers.columns, state.vendors.columns, state.consumers.n
    seller = c.vendor[:n]
    row, place = np.nonzero((seller >= 0) & (c.bought[:n] > 0) & (c.alive[:n] == 1)[:, None])
    vendor = seller[row, place]
    here = (v.alive[vendor] == 1) & (v.channel[vendor] == Channel.CRYPTOMARKET)
    return row[here], vendor[here]


def adjacency(a: np.ndarray, b: np.ndarray, n: int) -> sparse.csr_matrix:
    """Adjacency of the links ``a``-``b`` between ``n`` nodes; a link that is named twice counts once."""
    both = np.r_[a, b], np.r_[b, a]
    graph = sparse.csr_matrix((np.ones(2 * len(a)), both), shape=(n, n))
    graph.data[:] = 1.0
    return graph


def trade_network(state: MarketState, limit: int = LIMIT) -> tuple[Network, np.ndarray]:
    """Buyers, then vendors; and the rows of these vendors. Of more than ``limit`` buyers, a keyed sample that stays from day to day."""
    buyer, vendor = trade_links(state)
    everybody = np.unique(buyer)
    kept = everybody
    if len(everybody) > limit:
        order = np.argsort(uniforms(int(state.seed), Draw.NETWORK_SAMPLE, everybody, 0), kind="stable")
        kept = np.sort(everybody[order[:limit]])
        here = np.isin(buyer, kept)
        buyer, vendor = buyer[here], vendor[here]
    sellers = np.unique(vendor)
    a, b = np.searchsorted(kept, buyer), len(kept) + np.searchsorted(sellers, vendor)
    graph = adjacency(a, b, len(kept) + len(sellers))
    return Network(graph, len(sellers), len(kept) / max(len(everybody), 1)), sellers


def friends_network(state: MarketState, limit: int = LIMIT) -> Network:
    """Living consumers who consider online sources, and their friendships; of more than ``limit``, the neighbourhood of a keyed one."""
    c, n = state.consumers.columns, state.consumers.n
    inside = (c.alive[:n] == 1) & (c.considering[:n] > Considering.NOT_YET)
    number = np.cumsum(inside) - 1
    count = int(inside.sum())
    source = np.repeat(np.arange(n), np.diff(state.world.friends.start))
    both = inside[source] & inside[state.world.friends.who]
    graph = adjacency(number[source[both]], number[state.world.friends.who[both]], count)
    if count > limit:
        people = np.flatnonzero(inside)
        start = int(np.argmin(uniforms(int(state.seed), Draw.NETWORK_SAMPLE, people, 0, 1)))
        ball = np.sort(csgraph.breadth_first_order(graph, start, return_predecessors=False)[:limit])
        graph = graph[ball][:, ball]
    return Network(graph, 0, nodes(graph) / max(count, 1))


@maker
def brandes(start: np.ndarray, links: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """(n,) betweenness by the algorithm of Brandes (2001): pair dependencies summed over the ``sources``, ends not counted."""
    n = len(start) - 1
    between, order = np.zeros(n), np.empty(n, np.int64)
    distance, paths, share = np.empty(n, np.int64), np.empty(n), np.empty(n)
    for s in sources:
        distance[:], paths[:], share[:] = -1, 0.0, 0.0
        distance[s], paths[s], order[0] = 0, 1.0, s
        head, tail = 0, 1
        while head < tail:
            i = order[head]
            head += 1
            for k in range(start[i], start[i + 1]):
                j = links[k]
                if distance[j] < 0:
                    distance[j] = distance[i] + 1
                    order[tail] = j
                    tail += 1
                if distance[j] == distance[i] + 1:
                    paths[j] += paths[i]
        for place in range(tail - 1, 0, -1):
            j = order[place]
            for k in range(start[j], start[j + 1]):
                i = links[k]
                if distance[i] == distance[j] - 1:
                    share[i] += paths[i] / paths[j] * (1.0 + share[j])
            between[j] += share[j]
    return between


def sources_of(state: MarketState, n: int, most: int = SOURCES) -> np.ndarray:
    """A keyed sample of at most ``most`` of ``n`` nodes; all of them where they are fewer."""
    if n <= most:
        return np.arange(n)
    return np.sort(
        np.argsort(uniforms(int(state.seed), Draw.NETWORK_PATHS, np.arange(n), state.day), kind="stable")[:most]
    )


def betweenness(graph: sparse.csr_matrix, sources: np.ndarray) -> np.ndarray:
    """(n,) how many shortest paths between pairs lead through a node: exact from all sources, scaled up from a sample of them."""
    found = brandes(graph.indptr.astype(np.int64), graph.indices.astype(np.int64), sources.astype(np.int64))
    return 0.5 * found * nodes(graph) / max(len(sources), 1)


def centralisation(degree: np.ndarray, most: float) -> float:
    """Freeman's degree centralisation: 1 when all links are one node's; ``most`` links are possible for a node."""
    n = len(degree)
    slack = (n - 1) * (most - 1.0)
    return float(np.sum(degree.max() - degree) / slack) if n > 1 and slack > 0 else 0.0


def measured(state: MarketState, name: str, net: Network) -> dict[str, object]:
    """One row of the table."""
    graph, n = net.graph, nodes(net.graph)
    degree = np.diff(graph.indptr).astype(float)
    links = int(degree.sum() / 2)
    row: dict[str, object] = {"day": state.day, "network": name, "nodes": n, "links": links, "sampled": net.sampled}
    if not links:
        blank = ("density", "centralisation", "communities", "modularity", "broker_share", "assortativity", "path_mean")
        return {**row, **dict.fromkeys((*blank, "largest_share"), np.nan)}
    others = n - net.sellers
    pairs = others * net.sellers if net.sellers else n * (n - 1) / 2
    hubs, most = (degree[others:], others) if net.sellers else (degree, n - 1)
    row["density"], row["centralisation"] = links / pairs, centralisation(hubs, most)
    whole = nx.from_scipy_sparse_array(graph)
    pick = int(uniforms(int(state.seed), Draw.NETWORK_GROUPS, [0], state.day)[0] * 2**31)
    groups = nx.community.louvain_communities(whole, seed=pick)
    row["communities"] = float(sum(len(g) > 1 for g in groups))
    row["modularity"] = float(nx.community.modularity(whole, groups))
    sources = sources_of(state, n)
    between = np.sort(betweenness(graph, sources))[::-1]
    row["broker_share"] = float(between[: max(1, round(0.01 * n))].sum() / max(between.sum(), 1e-12))
    a, b = degree[np.repeat(np.arange(n), np.diff(graph.indptr))], degree[graph.indices]
    row["assortativity"] = float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 else np.nan
    steps = csgraph.shortest_path(graph, unweighted=True, indices=sources)
    apart = steps[np.isfinite(steps) & (steps > 0)]
    row["path_mean"] = float(apart.mean()) if len(apart) else np.nan
    _, part = csgraph.connected_components(graph, directed=False)
    row["largest_share"] = float(np.bincount(part).max() / n)
    return row


def network_rows(state: MarketState) -> pd.DataFrame:
    """Both networks as they are at the end of the day."""
    rows = [measured(state, "trade", trade_network(state)[0]), measured(state, "friends", friends_network(state))]
    frame = pd.DataFrame(rows)
    return frame.assign(
        day=frame["day"].astype(np.int32), network=pd.Categorical(frame["network"], ["trade", "friends"])
    )


def vendor_centrality(state: MarketState, by: str, rows: np.ndarray) -> np.ndarray:
    """(rows,) buyers (``degree``) or shortest paths (``betweenness``, from a keyed sample of nodes) of vendors in the whole trade network."""
    net, sellers = trade_network(state, limit=state.consumers.n)
    n = nodes(net.graph)
    if by == "degree":
        value = np.diff(net.graph.indptr).astype(float)
    else:
        value = betweenness(net.graph, sources_of(state, n, 4 * SOURCES))
    found = np.zeros(state.vendors.n)
    found[sellers] = value[n - net.sellers :]
    return found[rows]
