"""Money goes up: vendors pay their suppliers of what they received, groups their manufacturers; every cent is in the books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import VendorKind
from sim.agents.suppliers import SOURCES
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.views import narrow

if TYPE_CHECKING:
    from sim.market.state import MarketState

BRANCH, PROGRAMME = int(VendorKind.ORGANISED_CRIME), int(VendorKind.ILLICIT_PHARMACY)
UPSTREAM, BRANCHES, GROUPS, MANUFACTURERS = 0, 1, 2, 3
"""What ``flows`` count, in cents."""


@inner
def in_business(suppliers: Any, i: int) -> bool:
    """Whether ``i`` is a supplier in business, -1 for none."""
    return i >= 0 and suppliers.alive[i] == 1


@kernel
def pay_suppliers(n: int, vendors: Any, suppliers: Any, share: float, flows: np.ndarray) -> None:
    """Let ``n`` vendors pay a ``share`` of what they received since they last reckoned to their suppliers who are in business; they keep what is for others.

    Who was charged back more than was earned makes up for that first. ``flows`` counts cents: passed upstream, kept by branches of organised crime.
    """
    for v in range(n):
        gained = vendors.income[v] - vendors.reckoned[v]
        if gained <= 0:
            continue
        vendors.reckoned[v] = vendors.income[v]
        supplier, up = vendors.supplier[v], np.int64(0)
        if in_business(suppliers, supplier):
            up = np.int64(gained * share)
            vendors.passed[v] += up
            suppliers.revenue[supplier] += up
            flows[UPSTREAM] += up
        if vendors.kind[v] == BRANCH or vendors.kind[v] == PROGRAMME:
            flows[BRANCHES] += gained - up


@kernel
def pass_on(n: int, suppliers: Any, share: float, seen: np.ndarray, earned: np.ndarray, flows: np.ndarray) -> None:
    """Let ``n`` suppliers pay a ``share`` of what they earned since ``seen`` (cents) to those in business whom they buy from; their mean takings follow.

    ``earned`` is room for a number each. ``flows`` counts cents: kept by groups, received by manufacturers.
    """
    for i in range(n):
        earned[i] = suppliers.revenue[i] - seen[i]
        seen[i] = suppliers.revenue[i]
        suppliers.takings[i] += (earned[i] / 100.0 - suppliers.takings[i]) / 30.0
    for i in range(n):
        sources = 0
        for a in range(SOURCES):
            sources += in_business(suppliers, suppliers.source[i, a])
        each = np.int64(share * earned[i] / max(sources, 1))
        suppliers.paid[i] += each * sources
        for a in range(SOURCES):
            if in_business(suppliers, suppliers.source[i, a]):
                suppliers.revenue[suppliers.source[i, a]] += each
        if suppliers.organised[i] == 1:
            flows[GROUPS] += earned[i] - each * sources
        else:
            flows[MANUFACTURERS] += earned[i]


def upstream_money(state: MarketState) -> None:
    """Yesterday's money goes up: vendors pay suppliers, groups the manufacturers from whom they buy."""
    p, s, n, v = state.p.supply, state.supplier_table.columns, state.supplier_table.n, state.vendors
    flows, suppliers = np.zeros(4, np.int64), narrow(s, views.TakingSuppliers)
    pay_suppliers(v.n, narrow(v.columns, views.PayingVendors), suppliers, p.upstream_share, flows)
    pass_on(n, suppliers, p.source_share, state.upstream.seen_revenue, np.zeros(n, np.int64), flows)
    passed, state.today.branches, state.today.groups, state.today.manufacturers = flows.tolist()
    state.books.ledger.upstream += passed
