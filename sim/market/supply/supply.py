"""Supply: suppliers fill wholesale stocks, vendors restock from them; suppliers reckon with interdiction and concentrate the product.

Interdiction learning and the choice of routes follow NarcoLogic (Magliocca et al. 2019); concentration follows cost: more interdiction, more strength to weight.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import Channel, EventKind, VendorKind
from sim.evidence.groups import SupplyParameters
from sim.kernels import kernel
from sim.market import views
from sim.market.beliefs import interdiction_belief
from sim.market.groups import Moment
from sim.market.supply.money import upstream_money
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
LEAST = 5e-5  # orders a day a consumer: what suppliers of a rarely wanted substance are made for


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


class Terms(NamedTuple):
    """On what terms vendors are supplied."""

    reliability: np.ndarray  # (suppliers + 1,), place 0 for no supplier; 0 for those out of business
    find: np.ndarray  # (S, J, suppliers) cumulative weights by which vendors find another one
    keep: float  # weight of a day in the mean of recent sales


class Wants(NamedTuple):
    """What vendors want of suppliers today."""

    want: np.ndarray  # (vendors,) orders
    by_substance: np.ndarray  # (S,) orders, from those who have a supplier
    branches: np.ndarray  # (suppliers,)
    clients: np.ndarray  # (suppliers,)


@kernel
def wanted(
    n: int, when: Moment, vendors: Any, terms: Terms, orders_today: np.ndarray, wants: Wants, p: SupplyParameters
) -> None:
    """What each vendor would take from its supplier today: towards ``stock_days`` of recent sales, as fast as it can grow.

    The vendors of suppliers out of business get nothing and look for another one.
    """
    reliability, want = terms.reliability, wants.want
    for v in range(n):
        want[v] = 0.0
        if vendors.alive[v] == 0:
            continue
        vendors.recent[v] += terms.keep * (orders_today[v] - vendors.recent[v])
        row = vendors.supplier[v] + 1
        s = vendors.main[v]
        if row > 0 and reliability[row] <= 0.0:
            u, w, _, _ = uniform4(when.seed, REWIRE, vendors.key[v], when.day, 0)
            weights = terms.find[s, vendors.jurisdiction[v]]
            if u < p.rewire_rate and weights[-1] > 0.0:
                k = 0
                while k < len(weights) - 1 and weights[k] <= w * weights[-1]:
                    k += 1
                vendors.supplier[v] = k
            continue
        if row > 0:
            wants.clients[row - 1] += 1
            wants.branches[row - 1] += 1 if vendors.kind[v] == BRANCH else 0
        aim = max(p.stock_floor, p.stock_days * vendors.recent[v])
        reach = max(p.stock_floor, vendors.stock[v]) * (1.0 + p.growth_cap) + orders_today[v]
        want[v] = reliability[row] * max(0.0, min(aim, reach) - vendors.stock[v])
        if row > 0:
            wants.by_substance[s] += want[v]


@kernel
def deliver(
    n: int,
    vendors: Any,
    want: np.ndarray,
    ration: np.ndarray,
    dearer: np.ndarray,
    cost: np.ndarray,
    seen: np.ndarray,
    p: SupplyParameters,
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
    up, working = state.upstream, s.alive[:n].tobytes()
    if working != up.working:
        up.working, up.find = working, find_weights(state)
    upstream_money(state)
    up.cost[1:], up.concentration[1:] = s.cost[:n], s.concentration[:n]
    up.reliability[1:] = np.where(s.alive[:n] == 1, s.reliability[:n], 0.0)
    restock(state)
    recruit(state)
    state.trade.vendor_orders[:] = 0


def restock(state: MarketState) -> None:
    """A day's production goes into wholesale stocks, by substance; vendors take from these, dearer where they are low, rationed where they are empty."""
    p, s, n, v, up = state.p.supply, state.supplier_table.columns, state.supplier_table.n, state.vendors, state.upstream
    sellers = narrow(v.columns, views.SupplyVendors)
    s.branches[:n] = s.clients[:n] = 0
    wants = Wants(np.zeros(v.n), np.zeros(len(up.wholesale)), s.branches, s.clients)
    wanted(v.n, state.moment, sellers, Terms(up.reliability, up.find, 1.0 / 7.0), state.trade.vendor_orders, wants, p)
    total = wants.by_substance
    up.days += 1
    if settling := state.day < 0 or up.days < SETTLING:
        up.made_for[:] = np.maximum(up.flow, LEAST * state.consumers.n)
        up.wholesale[:] = np.maximum(p.wholesale_days * up.made_for, total)
    full = p.wholesale_days * up.made_for
    made = p.spare_capacity * up.made_for * capacity(state)
    up.wholesale[:] = np.maximum(up.wholesale, np.minimum(up.wholesale + made, full))
    dearer = np.minimum(np.maximum(up.wholesale / full, 0.02), 1.0) ** -p.shortage_cost
    ration = np.minimum(1.0, up.wholesale / np.maximum(total, 1e-9))
    deliver(v.n, sellers, wants.want, ration, dearer, up.cost, buyers_see(state), p)
    sold = total * ration
    up.wholesale[:] = np.maximum(up.wholesale - sold, 0.0)
    up.flow += (sold - up.flow) / min(30.0, up.days)
    if not settling:  # suppliers grow with what they sell; they shrink where it stays in their stores
        unsold = (up.wholesale > 0.9 * full) * (up.made_for - up.flow) / 60.0
        up.made_for[:] = np.maximum(np.maximum(up.made_for - unsold, up.flow), LEAST * state.consumers.n)


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
