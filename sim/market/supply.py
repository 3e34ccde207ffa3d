"""Supply: suppliers ship to vendors, reckon with interdiction, concentrate the product, and are replaced when removed.

Interdiction learning and the choice of routes follow NarcoLogic (Magliocca et al. 2019); concentration follows cost: more interdiction, more strength to weight.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import EventKind
from sim.kernels import kernel
from sim.market import views
from sim.market.beliefs import interdiction_belief
from sim.market.views import narrow
from sim.streams import Draw, uniform, uniforms

if TYPE_CHECKING:
    from sim.model import MarketModel


@kernel
def best_concentration(belief: float, a: float, lam: float, h: float, strongest: float) -> float:
    """Cost-least strength to weight p* = A (1 + lambda P) / h, between 1 and the strongest product at hand."""
    return min(max(a * (1.0 + lam * belief) / h, 1.0), strongest)


@kernel
def best_routes(volume: float, belief: float, risk_aversion: float, fixed: float) -> float:
    """Mean-variance number of routes n* = V sqrt(rho P (1 - P) / (2 f)): more interdiction, more and smaller consignments."""
    return max(1.0, volume * math.sqrt(risk_aversion * belief * (1.0 - belief) / (2.0 * fixed)))


@kernel
def restock(
    n: int, vendors: Any, cost: np.ndarray, reliability: np.ndarray, orders_today: np.ndarray, keep: float, p: Any
) -> None:
    """Let vendors restock towards ``stock_days`` of recent sales, as fast as they can grow and their supplier delivers.

    ``cost`` and ``reliability`` are indexed by supplier + 1 (0: no supplier).
    """
    for v in range(n):
        if vendors.alive[v] == 0:
            continue
        vendors.recent[v] += keep * (orders_today[v] - vendors.recent[v])
        aim = max(p.stock_floor, p.stock_days * vendors.recent[v])
        row = vendors.supplier[v] + 1
        reach = max(p.stock_floor, vendors.stock[v]) * (1.0 + p.growth_cap) + orders_today[v]
        vendors.stock[v] += reliability[row] * max(0.0, min(aim, reach) - vendors.stock[v])
        vendors.unit_cost[v] += 0.1 * (cost[row] - vendors.unit_cost[v])


def supply(model: MarketModel) -> None:
    """Phase 4: monthly decisions of suppliers, replacement of removed ones, restocking of vendors."""
    p, s = model.p.supply, model.supplier_table.columns
    n = model.supplier_table.n
    if model.day % 30 == 0:
        interdict(model)
    s.concentration[:n] += p.copy_rate * (
        np.array(
            [
                best_concentration(b, p.concentrate_a, p.concentrate_lambda, p.concentrate_h, p.concentrate_best)
                for b in s.belief[:n]
            ]
        )
        - s.concentration[:n]
    )
    replace_suppliers(model)
    missing = 1.0 - s.alive[:n].mean()
    model.supplier_cost[1:] = s.cost[:n] * (1.0 + missing)
    model.supplier_reliability[1:] = np.where(s.alive[:n] == 1, s.reliability[:n], 0.3)
    model.supplier_concentration[1:] = s.concentration[:n]
    v = model.vendors
    restock(
        v.n,
        narrow(v.columns, views.SupplyVendors),
        model.supplier_cost,
        model.supplier_reliability,
        model.vendor_orders_today,
        1.0 / 7.0,
        p,
    )
    model.vendor_orders_today[:] = 0


def interdict(model: MarketModel) -> None:
    """A month's consignments of each supplier: some are seized; suppliers update the risk, the number of routes and the cost."""
    p, s, day = model.p.supply, model.supplier_table.columns, model.day
    effort = model.supplier_effort
    count = int(p.consignments)
    for i in range(model.supplier_table.n):
        if not s.alive[i]:
            continue
        risk = min(0.95, p.seizure * effort[s.jurisdiction[i]] ** 0.5)
        draws = uniforms(model.seed, Draw.CONSIGNMENT, np.arange(count) + 1000 * i, day)
        seized = float(np.mean(draws < risk))
        s.belief[i] = interdiction_belief(float(s.belief[i]), seized, p.seizure_floor)
        s.routes[i] = best_routes(10.0, float(s.belief[i]), 2.0, 1.0)
        s.cost[i] = (1.0 + p.risk_cost * s.belief[i]) / (1.0 + p.risk_cost * p.seizure)
        if seized > 0:
            model.event(EventKind.CONSIGNMENT_SEIZURE, i, cause="interdiction", amount=seized * count)


def replace_suppliers(model: MarketModel) -> None:
    """Removed suppliers are replaced after a while by others who serve the same vendors."""
    p, s, day = model.p.supply, model.supplier_table.columns, model.day
    for i in np.flatnonzero(s.alive[: model.supplier_table.n] == 0):
        away = day - int(s.removed_day[i])
        if (
            away > p.replacement_wait
            and uniform(model.seed, int(Draw.REPLACEMENT), int(i), day, 0) < p.replacement_rate
        ):
            s.alive[i], s.evidence[i] = 1, 0.0
            model.event(EventKind.SUPPLIER_REPLACED, int(i), cause="replaced", amount=away)
