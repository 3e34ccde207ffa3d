"""The supply network: manufacturers supply groups, groups supply vendors.

The day works on arrays, NetworkX measures the whole.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from sim.agents.codes import CLEAN, NOBODY, OLDER
from sim.agents.suppliers import SOURCES, SUPPLIER, Supplier, SupplierColumns
from sim.kernels import kernel
from sim.market import views
from sim.market.groups import Upstream
from sim.market.views import narrow
from sim.population import SlotTable
from sim.streams import Draw, uniform, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState


def make_suppliers(state: MarketState) -> None:
    """Manufacturers and organised-crime groups of unequal size, what they supply and where, and who buys from whom."""
    p, seed = state.p.supply, state.seed
    count, j, k = int(p.suppliers), state.world.n_jurisdictions, len(state.substances.dose_usd)
    own = state.scenario.columns.get("suppliers")
    state.supplier_table = SlotTable(SUPPLIER, SupplierColumns, count, "suppliers", own)
    for slot in range(count):
        u = drawn(state, slot)
        size = math.exp(p.size_spread * (u[2] + u[2] - 1.0))
        add_supplier(state, int(u[0] * j), int(u[1] < p.organised_suppliers), size, np.arange(slot, k, count))
    s, rows = state.supplier_table.columns, np.arange(count)
    two = uniforms(seed, Draw.SUPPLIER_TRAITS, rows, 3) < p.second_source
    for maker, group in upper_tier(s.organised[:count], s.size[:count], two):
        s.source[group, int(s.source[group, 0] >= 0)] = maker
    size, served = s.size[:count].astype(float), bits(s.serves[:count], k)
    state.upstream = Upstream(
        cost=np.ones((1, j)), reckoned=np.zeros((1, j)), lost=np.zeros((1, j, j, j)), reliability=np.ones(1), concentration=np.ones(count + 1),
        mixes=np.ones((count + 1, 4)),
        belief=np.full((j, j), p.seizure), loads=np.zeros((j, j)), caught=np.zeros((j, j)), seized=np.zeros((j, j)),
        seen_revenue=np.zeros(count, np.int64),
        find=find_weights(state), wholesale=np.zeros(k), made_for=np.zeros(k), flow=np.zeros(k), size=size @ served,
        recruiters=float((size * s.organised[:count]).sum()), recruitment=np.ones(j), recruits=np.ones((j, count)), contested=np.zeros(j),
    )  # fmt: skip


def drawn(state: MarketState, slot: int) -> np.ndarray:
    """(5,) what the traits of a supplier are drawn with."""
    return np.array([uniform(state.seed, int(Draw.SUPPLIER_TRAITS), slot, 0, a) for a in range(5)])


def add_supplier(state: MarketState, jurisdiction: int, organised: int, size: float, sells: np.ndarray) -> int:
    """A supplier of its own in the next slot, which is returned: it sells the substances ``sells`` and others, at home and elsewhere."""
    p, slot, cell = state.p.supply, state.supplier_table.n, state.supplier_table.n * 64
    k, j = np.arange(len(state.substances.dose_usd)), np.arange(state.world.n_jurisdictions)
    served = (uniforms(state.seed, Draw.SUPPLIER_TRAITS, cell + k, 1) < p.group_scope) | np.isin(k, sells)
    reached = (uniforms(state.seed, Draw.SUPPLIER_TRAITS, cell + j, 2) < p.group_scope) | (j == jurisdiction)
    return Supplier(
        state, state.supplier_table, jurisdiction=jurisdiction, organised=organised, size=size, belief=p.seizure, seized=p.seizure, cost=1.0,
        reliability=p.least_reliable + (1.0 - p.least_reliable) * drawn(state, slot)[3], serves=int((served << k).sum()),
        reach=int((reached << j).sum()), mixes=OLDER if drawn(state, slot)[4] < state.p.shipping.synthetic_supply else CLEAN,
    ).slot  # fmt: skip


def upper_tier(organised: np.ndarray, size: np.ndarray, two: np.ndarray) -> list[tuple[int, int]]:
    """Slots of manufacturers and of groups that buy from them: each group from one or ``two``, larger manufacturers supply more groups.

    Empty where there are no manufacturers, so that groups make what they sell.
    """
    makers, groups = (organised == 0).nonzero()[0], (organised == 1).nonzero()[0]
    if not len(makers) or not len(groups):
        return []
    wanted = np.minimum(1 + two[groups].astype(int), min(SOURCES, len(makers)))
    ideal = size[makers] / size[makers].sum() * wanted.sum()
    degree = np.minimum(np.floor(ideal).astype(int), len(groups))
    for m in np.argsort(degree - ideal, kind="stable").tolist() * (int(wanted.sum()) + 1):
        if degree.sum() == wanted.sum():
            break
        degree[m] += degree[m] < len(groups)
    return [(int(makers[a]), int(groups[b])) for a, b in havel_hakimi(degree.tolist(), wanted.tolist())]


def havel_hakimi(degrees: list[int], others: list[int]) -> list[tuple[int, int]]:
    """Edges of a bipartite graph of given degrees: who has most takes those of the other side who have most left.

    The same as NetworkX makes, which takes longer to load than a world takes to build.
    """
    left, edges = [[degree, b] for b, degree in enumerate(others)], []
    for degree, a in sorted(((degree, a) for a, degree in enumerate(degrees)), reverse=True):
        left.sort()
        for place in left[len(left) - degree :]:
            place[0] -= 1
            edges.append((a, place[1]))
    return sorted(edges)


def bits(column: np.ndarray, n: int) -> np.ndarray:
    """(rows, n) bool: which of ``n`` bits are set."""
    return (column[:, None].astype(np.int64) >> np.arange(n)) & 1 == 1


def find_weights(state: MarketState) -> np.ndarray:
    """(S, J, suppliers) cumulative weights by which vendors of a main substance and jurisdiction find a supplier in business."""
    s, n = state.supplier_table.columns, state.supplier_table.n
    size = s.size[:n].astype(float) * s.alive[:n]
    served, reached = (
        bits(s.serves[:n], len(state.substances.dose_usd)),
        bits(s.reach[:n], state.world.n_jurisdictions),
    )
    weight = size * served.T[:, None, :] * reached.T[None, :, :]
    nobody = weight.sum(axis=2) == 0
    weight[nobody] = (size * served.T)[np.nonzero(nobody)[0]]
    nobody = weight.sum(axis=2) == 0
    weight[nobody] = size
    return np.cumsum(weight, axis=2)


def find_groups(state: MarketState, main: np.ndarray, jurisdiction: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Suppliers for new vendors, by size among those who serve their main substance and jurisdiction; ``u`` in (0, 1)."""
    weights = state.upstream.find[main, jurisdiction]
    found = (weights <= (u * weights[:, -1])[:, None]).sum(axis=1)
    return np.where(weights[:, -1] > 0, np.minimum(found, weights.shape[1] - 1), NOBODY)


@kernel
def what_works(n: int, suppliers: Any, production: np.ndarray, size: np.ndarray, works: np.ndarray) -> None:
    """Fill ``works`` (S,): see `capacity`. ``production`` works by jurisdiction and substance, ``size`` (S,) is what demand calls for."""
    for s in range(len(works)):
        total = 0.0
        for i in range(n):
            if (suppliers.serves[i] >> s) & 1 == 0:
                continue
            made, sources = 0.0, 0
            for a in range(SOURCES):
                k = suppliers.source[i, a]
                if k >= 0:
                    sources += 1
                    made += production[suppliers.jurisdiction[k], s] * suppliers.alive[k]
            output = made / sources if sources > 0 else production[suppliers.jurisdiction[i], s]
            total += suppliers.size[i] * output * suppliers.alive[i]
        works[s] = total / size[s]


def capacity(state: MarketState) -> np.ndarray:
    """(S,) share of the usual wholesale capacity of each substance that works today.

    A group in business sells what its manufacturers make, or what it makes itself.
    """
    works = np.empty(len(state.substances.dose_usd))
    suppliers = narrow(state.supplier_table.columns, views.MakingSuppliers)
    what_works(state.supplier_table.n, suppliers, state.levers.production, state.upstream.size, works)
    return works


def supply_graph(state: MarketState) -> nx.DiGraph:
    """The network as it stands: manufacturers to groups to vendors in business. Nodes are ("supplier", slot) and ("vendor", row)."""
    s, n, v = state.supplier_table.columns, state.supplier_table.n, state.vendors.columns
    graph = nx.DiGraph()
    graph.add_nodes_from(("supplier", int(i)) for i in (s.alive[:n] == 1).nonzero()[0])
    for i, place in zip(*np.nonzero(s.source[:n] >= 0), strict=True):
        edge = ("supplier", int(s.source[i, place])), ("supplier", int(i))
        if edge[0] in graph and edge[1] in graph:
            graph.add_edge(*edge)
    supplier = v.supplier[: state.vendors.n]
    for row in ((v.alive[: state.vendors.n] == 1) & (supplier >= 0)).nonzero()[0]:
        graph.add_node(("vendor", int(row)))
        if ("supplier", int(supplier[row])) in graph:
            graph.add_edge(("supplier", int(supplier[row])), ("vendor", int(row)))
    return graph


def network_measures(state: MarketState) -> dict[str, Any]:
    """Structure of the supply network.

    Returns
    -------
    dict
        ``suppliers``, ``vendors``; ``components`` (weak) and the share of nodes in the ``largest`` one; ``tiers`` (nodes on the longest chain);
        ``top_share`` of vendors with one supplier; ``cut_off``: share of vendors without a supplier in business.
    """
    graph = supply_graph(state)
    vendors = [node for node in graph if node[0] == "vendor"]
    clients = [sum(b[0] == "vendor" for b in graph.successors(node)) for node in graph if node[0] == "supplier"]
    parts = [len(part) for part in nx.weakly_connected_components(graph)]
    return {
        "suppliers": len(clients),
        "vendors": len(vendors),
        "components": len(parts),
        "largest": max(parts, default=0) / max(len(graph), 1),
        "tiers": nx.dag_longest_path_length(graph) + 1 if len(graph) else 0,
        "top_share": max(clients, default=0) / max(len(vendors), 1),
        "cut_off": sum(graph.in_degree(node) == 0 for node in vendors) / max(len(vendors), 1),
    }
