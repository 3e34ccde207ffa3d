"""Upstream: where the money of the day ends up, tier by tier, and how suppliers and the post stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import VendorKind

if TYPE_CHECKING:
    from sim.model import MarketModel


def upstream(model: MarketModel, new: np.ndarray) -> dict[str, float]:
    """Today's sales (rows ``new`` of the open orders) traced from vendor to group to manufacturer; suppliers' routes, branches and stocks; delay of parcels.

    Of what a buyer pays, the share ``upstream_share`` goes to the vendor's supplier; a group that buys from manufacturers pays them ``source_share`` of it.
    Organised crime keeps what its branches and its groups keep; what manufacturers receive is counted apart.
    """
    o, p, v = model.open_orders.columns, model.p.supply, model.vendors.columns
    s, n = model.supplier_table.columns, model.supplier_table.n
    vendor, paid = o.vendor[new], o.price[new] / 100.0
    supplied = v.supplier[vendor] >= 0
    by_supplier = p.upstream_share * np.bincount(v.supplier[vendor][supplied], paid[supplied], n)
    bought = (s.source[:n] >= 0).any(axis=1)
    passed = p.source_share * by_supplier * bought
    organised = s.organised[:n] == 1
    groups = float((by_supplier - passed)[organised].sum())
    kind = v.kind[vendor]
    branch = (kind == VendorKind.ORGANISED_CRIME) | (kind == VendorKind.ILLICIT_PHARMACY)
    branches = float(((1.0 - p.upstream_share * supplied) * paid)[branch].sum())
    alive = s.alive[:n] == 1
    mail = np.diff(model.consumer_share, prepend=0.0)
    return {
        "organised_crime_revenue": groups + branches,
        "revenue_groups": groups,
        "revenue_manufacturers": float(passed.sum() + by_supplier[~organised].sum()),
        "organised_branches": float(s.branches[:n].sum()),
        "supply_routes": float(s.routes[:n][alive].mean()) if alive.any() else float("nan"),
        "supply_concentration": float(s.concentration[:n][alive].mean()) if alive.any() else float("nan"),
        "wholesale_stock": float(np.mean(np.minimum(model.wholesale / (p.wholesale_days * model.usual_supply), 1.0))),
        "parcel_delay_days": float(sum(share * post.backlog for share, post in zip(mail, model.posts, strict=True))),
    }
