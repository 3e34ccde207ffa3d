"""Upstream: where the money of the day ends up, tier by tier, and how suppliers and the post stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.measures.dictionary import UNOBSERVED
from sim.measures.orders import Placed

if TYPE_CHECKING:
    from sim.market.state import MarketState


def upstream(state: MarketState, placed: Placed) -> dict[str, float]:
    """Today's sales traced from vendor to group to manufacturer; suppliers' routes, branches and stocks; delay of parcels.

    Of what a buyer pays, the share ``upstream_share`` goes to the vendor's supplier; a group that buys from manufacturers pays them ``source_share`` of it.
    Organised crime keeps what its branches and its groups keep; what manufacturers receive is counted apart.
    """
    p, s, n = state.p.supply, state.supplier_table.columns, state.supplier_table.n
    by_supplier = p.upstream_share * placed.by_supplier
    passed = p.source_share * by_supplier * (s.source[:n] >= 0).any(axis=1)
    organised, alive = s.organised[:n] == 1, s.alive[:n] == 1
    groups = float((by_supplier - passed)[organised].sum())
    working = max(int(alive.sum()), 1)
    backlog = [post.backlog for post in state.posts]
    return {
        "organised_crime_revenue": groups + placed.branches,
        "revenue_groups": groups,
        "revenue_manufacturers": float(passed.sum() + by_supplier[~organised].sum()),
        "organised_branches": float(s.branches[:n].sum()),
        "supply_routes": float(s.routes[:n][alive].sum()) / working if alive.any() else UNOBSERVED,
        "supply_concentration": float(s.concentration[:n][alive].sum()) / working if alive.any() else UNOBSERVED,
        "wholesale_stock": float(
            np.minimum(state.upstream.wholesale / (p.wholesale_days * state.upstream.made_for), 1.0).sum()
        )
        / len(state.upstream.wholesale),
        "parcel_delay_days": float(np.dot(state.world.consumer_weight, backlog)),
    }
