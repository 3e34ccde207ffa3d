"""Upstream: where the money of the day ends up, tier by tier, and how suppliers and the post stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.measures.dictionary import UNOBSERVED

if TYPE_CHECKING:
    from sim.market.state import MarketState


def upstream(state: MarketState) -> dict[str, float]:
    """The money that reached groups and manufacturers today; suppliers' routes, branches and stocks; delay of parcels.

    It is yesterday's money received by vendors, without scams that were refunded, charge-backs, and escrow that is held or was stolen or seized. Of it, the
    share ``upstream_share`` goes to the vendor's supplier; a group that buys from manufacturers pays them ``source_share`` of what it gets. Organised crime
    keeps what its branches and its groups keep; what manufacturers receive is counted apart.
    """
    p, s, n, today = state.p.supply, state.supplier_table.columns, state.supplier_table.n, state.today
    alive = s.alive[:n] == 1
    count = int(np.count_nonzero(alive))
    working = max(count, 1)
    backlog = [post.backlog for post in state.posts]
    return {
        "organised_crime_revenue": (today.groups + today.branches) / 100.0,
        "revenue_groups": today.groups / 100.0,
        "revenue_manufacturers": today.manufacturers / 100.0,
        "organised_branches": float(np.add.reduce(s.branches[:n])),
        "supply_routes": float(s.routes[:n][alive].sum()) / working if count else UNOBSERVED,
        "supply_seized": today.goods_seized / today.goods_sent if today.goods_sent > 0 else UNOBSERVED,
        "supply_concentration": float(s.concentration[:n][alive].sum()) / working if count else UNOBSERVED,
        "wholesale_stock": float(
            np.minimum(state.upstream.wholesale / (p.wholesale_days * state.upstream.made_for), 1.0).sum()
        )
        / len(state.upstream.wholesale),
        "parcel_delay_days": float(np.dot(state.world.consumer_weight, backlog)),
    }
