"""Networks as they evolve: who bought from whom on cryptomarkets, and who talks to whom.

Small networks are measured whole. Of large ones a keyed sample is measured: buyers with their vendors, or a neighbourhood of friends; shortest paths and
betweenness start from a keyed sample of nodes in any case. The table says what share of the network a row was measured on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph

from sim.agents.codes import Channel, Considering
from sim.kernels import maker
from sim.measures.communities import louvain
from sim.measures.dictionary import tables as dictionary
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    start, who = state.world.friends.start, state.world.friends.who
    people = kept = np.flatnonzero(inside)
    if len(people) > limit:
        first = people[np.argmin(uniforms(int(state.seed), Draw.NETWORK_SAMPLE, people, 0, 1))]
        kept = np.sort(neighbourhood(first, inside, start, who, limit))
    number = np.full(n, -1)
    number[kept] = np.arange(len(kept))
    many = start[kept + 1] - start[kept]
    a = np.repeat(np.arange(len(kept)), many)
    b = number[who[np.arange(len(a)) + np.repeat(start[kept] - np.cumsum(many) + many, many)]]
    graph = adjacency(a[b >= 0], b[b >= 0], len(kept))
    return Network(graph, 0, len(kept) / max(len(people), 1))


@maker
def neighbourhood(first: int, inside: np.ndarray, start: np.ndarray, who: np.ndarray, limit: int) -> np.ndarray:
    """At most ``limit`` of those ``inside``, nearest to ``first`` first; of friends of the same friend, the lowest row first."""
    found, seen, head, tail = np.empty(limit, np.int64), ~inside, 0, 1
    found[0], seen[first] = first, True
    while head < tail < limit:
        c = found[head]
        head += 1
        for friend in np.sort(who[start[c] : start[c + 1]]):
            if not seen[friend] and tail < limit:
                found[tail], seen[friend] = friend, True
                tail += 1
    return found[:tail]


@maker
def brandes(start: np.ndarray, links: np.ndarray, sources: np.ndarray) -> tuple[np.ndarray, int, int]:
    """(n,) betweenness by the algorithm of Brandes (2001): pair dependencies summed over the ``sources``, ends not counted.

    And how many others all sources reach, and over how many links in all.
    """
    n, reached, steps = len(start) - 1, 0, 0
    between, order = np.zeros(n), np.empty(n, np.int32)
    distance, paths, share = np.empty(n, np.int32), np.empty(n), np.empty(n)
    before, count = np.empty(len(links), np.int32), np.empty(n, np.int32)  # those before each on its shortest paths
    for s in sources:
        distance[:], paths[:], share[:], count[:] = -1, 0.0, 0.0, 0
        distance[s], paths[s], order[0] = 0, 1.0, s
        head, tail = 0, 1
        while head < tail:
            i = order[head]
            head += 1
            far = int(distance[i]) + 1
            for k in range(start[i], start[i + 1]):
                j = links[k]
                if distance[j] < 0:
                    distance[j] = far
                    steps += far
                    order[tail] = j
                    tail += 1
                before[start[j] + count[j]] = i
                here = distance[j] == far
                count[j] += here
                paths[j] += paths[i] if here else 0.0
        reached += tail - 1
        for place in range(tail - 1, 0, -1):
            j = order[place]
            for k in range(start[j], start[j] + count[j]):
                i = before[k]
                share[i] += paths[i] / paths[j] * (1.0 + share[j])
            between[j] += share[j]
    return between, reached, steps


def sources_of(state: MarketState, n: int, most: int = SOURCES) -> np.ndarray:
    """A keyed sample of at most ``most`` of ``n`` nodes; all of them where they are fewer."""
    if n <= most:
        return np.arange(n)
    return np.sort(
        np.argsort(uniforms(int(state.seed), Draw.NETWORK_PATHS, np.arange(n), state.day), kind="stable")[:most]
    )


def shortest_paths(graph: sparse.csr_matrix, sources: np.ndarray) -> tuple[np.ndarray, float]:
    """(n,) how many shortest paths between pairs lead through a node: exact from all sources, scaled up from a sample of them; and how long they are on average."""
    between, reached, steps = brandes(graph.indptr, graph.indices, sources)
    return 0.5 * between * nodes(graph) / max(len(sources), 1), steps / reached if reached else np.nan


def betweenness(graph: sparse.csr_matrix, sources: np.ndarray) -> np.ndarray:
    """(n,) how many shortest paths between pairs lead through a node; see `shortest_paths`."""
    return shortest_paths(graph, sources)[0]


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
    pick = int(uniforms(int(state.seed), Draw.NETWORK_GROUPS, [0], state.day)[0] * 2**31)
    groups = louvain(graph.indptr, graph.indices, pick)
    row["communities"] = float(np.count_nonzero(np.bincount(groups.of) > 1))
    row["modularity"] = groups.modularity
    between, row["path_mean"] = shortest_paths(graph, sources_of(state, n))
    between = np.sort(between)[::-1]
    row["broker_share"] = float(between[: max(1, round(0.01 * n))].sum() / max(between.sum(), 1e-12))
    a, b = degree[np.repeat(np.arange(n), np.diff(graph.indptr))], degree[graph.indices]
    row["assortativity"] = float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 else np.nan
    _, part = csgraph.connected_components(graph, directed=False)
    row["largest_share"] = float(np.bincount(part).max() / n)
    return row


def network_rows(state: MarketState) -> list[dict[str, object]]:
    """Both networks as they are at the end of the day."""
    return [measured(state, "trade", trade_network(state)[0]), measured(state, "friends", friends_network(state))]


def network_table(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """The table of these rows."""
    columns = list(dictionary()["networks"])
    if not rows:
        return pd.DataFrame(columns=columns)
    frame = pd.DataFrame(rows)
    kinds = pd.Categorical(frame["network"], ["trade", "friends"])
    return frame.assign(day=frame["day"].astype(np.int32), network=kinds)[columns]


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
