"""Upstream: where the money of the day ends up, tier by tier, and how suppliers and the post stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.kernels import kernel
from sim.measures.dictionary import UNOBSERVED

if TYPE_CHECKING:
    from sim.market.state import MarketState


@kernel
def in_business(
    n: int, alive: np.ndarray, branches: np.ndarray, routes: np.ndarray, concentration: np.ndarray, found: np.ndarray
) -> tuple[int, int]:
    """Fill ``found`` (2, n) with routes and concentration of those of ``n`` suppliers who are in business; returns how many, and the branches of all."""
    count, sellers = 0, 0
    for i in range(n):
        sellers += branches[i]
        if alive[i] == 1:
            found[0, count], found[1, count] = routes[i], concentration[i]
            count += 1
    return count, sellers


def upstream(state: MarketState) -> dict[str, float]:
    """The money that reached groups and manufacturers today; suppliers' routes, branches and stocks; delay of parcels.

    It is yesterday's money received by vendors, without scams that were refunded, charge-backs, and escrow that is held or was stolen or seized. Of it, the
    share ``upstream_share`` goes to the vendor's supplier; a group that buys from manufacturers pays them ``source_share`` of what it gets. Organised crime
    keeps what its branches and its groups keep; what manufacturers receive is counted apart.
    """
    p, s, n, today = state.p.supply, state.supplier_table.columns, state.supplier_table.n, state.today
    found = np.empty((2, n), np.float32)
    count, branches = in_business(n, s.alive, s.branches, s.routes, s.concentration, found)
    routes, concentration = np.add.reduce(found[:, :count], axis=1).tolist()
    working = max(count, 1)
    backlog = [post.backlog for post in state.posts]
    return {
        "organised_crime_revenue": (today.groups + today.branches) / 100.0,
        "revenue_groups": today.groups / 100.0,
        "revenue_manufacturers": today.manufacturers / 100.0,
        "organised_branches": float(branches),
        "supply_routes": routes / working if count else UNOBSERVED,
        "supply_seized": today.goods_seized / today.goods_sent if today.goods_sent > 0 else UNOBSERVED,
        "supply_concentration": concentration / working if count else UNOBSERVED,
        "wholesale_stock": float(
            np.minimum(state.upstream.wholesale / (p.wholesale_days * state.upstream.made_for), 1.0).sum()
        )
        / len(state.upstream.wholesale),
        "parcel_delay_days": float(np.dot(state.world.consumer_weight, backlog)),
    }
