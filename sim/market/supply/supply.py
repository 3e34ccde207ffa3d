"""Supply: suppliers fill wholesale stocks, vendors restock from them; suppliers reckon with interdiction and concentrate the product.

Interdiction learning and the choice of routes follow NarcoLogic (Magliocca et al. 2019); concentration follows cost: more interdiction, more strength to weight.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import Channel, EventKind, VendorKind
from sim.agents.suppliers import SOURCES
from sim.kernels import kernel
from sim.market import views
from sim.market.beliefs import interdiction_belief
from sim.market.supply.network import capacity, find_sources, find_weights, replace_suppliers
from sim.market.supply.recruitment import recruit
from sim.market.views import narrow
from sim.streams import Draw, uniform4, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

REWIRE, BRANCH, APP = int(Draw.REWIRE), int(VendorKind.ORGANISED_CRIME), int(Channel.SOCIAL_APP)
SETTLING = (
    15  # days in which suppliers learn at least what is wanted; until then, and before day 0, they deliver all of it
)
LEAST = 1.0  # orders a day: what suppliers of a rarely wanted substance are made for


@kernel
def best_concentration(belief: float, a: float, lam: float, h: float, strongest: float) -> float:
    """Cost-least strength to weight p* = A (1 + lambda P) / h, between 1 and the strongest product at hand."""
    return min(max(a * (1.0 + lam * belief) / h, 1.0), strongest)


@kernel
def concentrate(
    n: int, belief: np.ndarray, concentration: np.ndarray, a: float, lam: float, h: float, strongest: float, copy: float
) -> None:
    """Move the concentration of ``n`` suppliers towards the best by ``copy``."""
    for i in range(n):
        concentration[i] += copy * (best_concentration(belief[i], a, lam, h, strongest) - concentration[i])


@kernel
def best_routes(volume: float, belief: float, risk_aversion: float, fixed: float) -> float:
    """Mean-variance number of routes n* = V sqrt(rho P (1 - P) / (2 f)): more interdiction, more and smaller consignments."""
    return max(1.0, volume * math.sqrt(risk_aversion * belief * (1.0 - belief) / (2.0 * fixed)))


@kernel
def dilution(care: float, unit_cost: float, seen: float, custom: float) -> float:
    """Share by which a vendor cuts: the gain ``x c`` less the custom lost ``x seen custom`` less the unease ``x^2 / (2 (1 - care))``, at its best.

    Hidden quality invites cutting, most by those who care least: lower on average and more spread (moral hazard as in Galenianos and Gavazza).
    """
    return (1.0 - care) * min(max(unit_cost - custom * seen, 0.0), 1.5)


@kernel
def wanted(
    n: int,
    vendors: Any,
    seed: int,
    day: int,
    reliability: np.ndarray,
    orders_today: np.ndarray,
    find: np.ndarray,
    want: np.ndarray,
    by_substance: np.ndarray,
    branches: np.ndarray,
    clients: np.ndarray,
    keep: float,
    p: Any,
) -> None:
    """What each vendor would take from its supplier today: towards ``stock_days`` of recent sales, as fast as it can grow.

    ``reliability`` is indexed by supplier + 1 (0: no supplier) and 0 for suppliers out of business: their vendors get nothing and look for another one.
    """
    for v in range(n):
        want[v] = 0.0
        if vendors.alive[v] == 0:
            continue
        vendors.recent[v] += keep * (orders_today[v] - vendors.recent[v])
        row = vendors.supplier[v] + 1
        s = vendors.main[v]
        if row > 0 and reliability[row] <= 0.0:
            u, w, _, _ = uniform4(seed, REWIRE, vendors.key[v], day, 0)
            weights = find[s, vendors.jurisdiction[v]]
            if u < p.rewire_rate and weights[-1] > 0.0:
                k = 0
                while k < len(weights) - 1 and weights[k] <= w * weights[-1]:
                    k += 1
                vendors.supplier[v] = k
            continue
        if row > 0:
            clients[row - 1] += 1
            branches[row - 1] += 1 if vendors.kind[v] == BRANCH else 0
        aim = max(p.stock_floor, p.stock_days * vendors.recent[v])
        reach = max(p.stock_floor, vendors.stock[v]) * (1.0 + p.growth_cap) + orders_today[v]
        want[v] = reliability[row] * max(0.0, min(aim, reach) - vendors.stock[v])
        if row > 0:
            by_substance[s] += want[v]


@kernel
def deliver(
    n: int,
    vendors: Any,
    want: np.ndarray,
    ration: np.ndarray,
    dearer: np.ndarray,
    cost: np.ndarray,
    seen: np.ndarray,
    p: Any,
) -> None:
    """Deliver the rationed part of what vendors want; their cost follows their supplier's and the shortage; they decide how far to cut.

    ``ration`` and ``dearer`` are by substance, ``seen`` by channel: how well buyers see what they get.
    """
    for v in range(n):
        if vendors.alive[v] == 0:
            continue
        row, s, channel = vendors.supplier[v] + 1, vendors.main[v], vendors.channel[v]
        vendors.stock[v] += want[v] * (ration[s] if row > 0 else 1.0)
        vendors.unit_cost[v] += 0.1 * (cost[row] * (dearer[s] if row > 0 else 1.0) - vendors.unit_cost[v])
        if channel >= APP:
            cut = dilution(vendors.quality[v], vendors.unit_cost[v], seen[channel], p.custom_loss)
            vendors.purity[v] += 0.1 * (max(1.0 - cut, 0.05) - vendors.purity[v])


def buyers_see(state: MarketState) -> np.ndarray:
    """(C,) how well bad goods are found out: noticed by the buyer, and heard of by others through ratings and talk."""
    p, ship = state.p.supply, state.p.shipping
    heard = np.array([1.0, 1.0, p.heard_app, 1.0, 1.0, p.heard_street])
    return ship.notice_content * (1.0 + ship.rate_bad * heard)


def supply(state: MarketState) -> None:
    """Phase 4: suppliers' decisions, replacement and search for sources; production fills wholesale stocks, from which vendors restock."""
    p, s = state.p.supply, state.supplier_table.columns
    n = state.supplier_table.n
    if state.day % 30 == 0:
        interdict(state)
    a, lam, h, most = p.concentrate_a, p.concentrate_lambda, p.concentrate_h, p.concentrate_best
    concentrate(n, s.belief, s.concentration, a, lam, h, most, p.copy_rate)
    replace_suppliers(state)
    find_sources(state)
    working = s.alive[:n].tobytes()
    if working != state.upstream.working:
        state.upstream.working, state.upstream.find = working, find_weights(state)
    upstream_money(state)
    state.upstream.cost[1:] = s.cost[:n]
    state.upstream.reliability[1:] = np.where(s.alive[:n] == 1, s.reliability[:n], 0.0)
    state.upstream.concentration[1:] = s.concentration[:n]
    restock(state)
    recruit(state)
    state.trade.vendor_orders[:] = 0


def restock(state: MarketState) -> None:
    """A day's production goes into wholesale stocks, by substance; vendors take from these, dearer where they are low, rationed where they are empty."""
    p, s, n, v = state.p.supply, state.supplier_table.columns, state.supplier_table.n, state.vendors
    sellers = narrow(v.columns, views.SupplyVendors)
    want, total = np.zeros(v.n), np.zeros(len(state.upstream.wholesale))
    s.branches[:n] = s.clients[:n] = 0
    wanted(
        v.n, sellers, state.seed, state.day, state.upstream.reliability, state.trade.vendor_orders, state.upstream.find,
        want, total, s.branches, s.clients, 1.0 / 7.0, p,
    )  # fmt: skip
    state.upstream.days += 1
    if settling := state.day < 0 or state.upstream.days < SETTLING:
        state.upstream.made_for[:] = np.maximum(state.upstream.flow, LEAST)
        state.upstream.wholesale[:] = np.maximum(p.wholesale_days * state.upstream.made_for, total)
    full = p.wholesale_days * state.upstream.made_for
    made = p.spare_capacity * state.upstream.made_for * capacity(state)
    state.upstream.wholesale[:] = np.maximum(
        state.upstream.wholesale, np.minimum(state.upstream.wholesale + made, full)
    )
    dearer = np.minimum(np.maximum(state.upstream.wholesale / full, 0.02), 1.0) ** -p.shortage_cost
    ration = np.minimum(1.0, state.upstream.wholesale / np.maximum(total, 1e-9))
    deliver(v.n, sellers, want, ration, dearer, state.upstream.cost, buyers_see(state), p)
    sold = total * ration
    state.upstream.wholesale[:] = np.maximum(state.upstream.wholesale - sold, 0.0)
    state.upstream.flow += (sold - state.upstream.flow) / min(30.0, state.upstream.days)
    if not settling:  # suppliers grow with what they sell; they shrink where it stays in their stores
        unsold = (state.upstream.wholesale > 0.9 * full) * (state.upstream.made_for - state.upstream.flow) / 60.0
        state.upstream.made_for[:] = np.maximum(
            np.maximum(state.upstream.made_for - unsold, state.upstream.flow), LEAST
        )


@kernel
def pass_on(n: int, suppliers: Any, share: float, seen: np.ndarray) -> None:
    """Move the mean takings of ``n`` suppliers by what they earned since ``seen`` (cents), and pay a ``share`` of it to those whom they buy from."""
    for i in range(n):
        suppliers.takings[i] += ((suppliers.revenue[i] - seen[i]) / 100.0 - suppliers.takings[i]) / 30.0
        seen[i] = suppliers.revenue[i] - seen[i]  # what it earned, before anybody is paid
    for i in range(n):
        sources = 0
        for a in range(SOURCES):
            sources += suppliers.source[i, a] >= 0
        each = int(share * seen[i] / max(sources, 1))
        suppliers.paid[i] += each * sources
        for a in range(SOURCES):
            if suppliers.source[i, a] >= 0:
                suppliers.revenue[suppliers.source[i, a]] += each
    for i in range(n):
        seen[i] = suppliers.revenue[i]


def upstream_money(state: MarketState) -> None:
    """Yesterday's takings of suppliers; groups pass a share on to the manufacturers from whom they buy."""
    p, s, n = state.p.supply, state.supplier_table.columns, state.supplier_table.n
    pass_on(n, narrow(s, views.TakingSuppliers), p.source_share, state.upstream.seen_revenue)


def interdict(state: MarketState) -> None:
    """A month's consignments of each supplier: some are seized; suppliers update the risk, the number of routes and the cost."""
    p, s, day = state.p.supply, state.supplier_table.columns, state.day
    effort = state.policing.supplier_effort * state.levers.group_effort
    count = int(p.consignments)
    for i in range(state.supplier_table.n):
        if not s.alive[i]:
            continue
        risk = min(0.95, p.seizure * effort[s.jurisdiction[i]] ** 0.5)
        draws = uniforms(state.seed, Draw.CONSIGNMENT, np.arange(count) + 1000 * i, day)
        seized = float(np.mean(draws < risk))
        s.seized[i] = seized
        s.belief[i] = interdiction_belief(float(s.belief[i]), seized, p.seizure_floor)
        s.routes[i] = best_routes(10.0, float(s.belief[i]), 2.0, 1.0)
        s.cost[i] = (1.0 + p.risk_cost * s.belief[i]) / (1.0 + p.risk_cost * p.seizure)
        if seized > 0:
            state.event(EventKind.CONSIGNMENT_SEIZURE, i, cause="interdiction", amount=seized * count)
