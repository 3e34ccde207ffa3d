"""Routes: goods go from where they are made to where vendors sell, directly or through a third jurisdiction, and part is seized at each border.

After NarcoLogic (Magliocca et al. 2019): suppliers learn the risk of each border from what is seized there, and spread their loads over the ways that they have as
a mean-variance choice: of a load on a way with risk P the expected share 1 - P arrives, with variance P (1 - P); with independent risks the best shares are
mean over variance, 1 / P. So interdiction at one border moves goods to others, and cannot stop them all. Where more is lost, they send more and smaller loads.

K suppliers, J jurisdictions; a leg is a pair (from, to), equal where goods stay at home; a way is named by the jurisdiction through which it goes, the
origin itself for the direct one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import EventKind
from sim.agents.suppliers import SOURCES
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.beliefs import interdiction_belief
from sim.market.groups import Moment
from sim.market.supply.network import bits
from sim.market.views import narrow
from sim.streams import Draw, uniform

if TYPE_CHECKING:
    from sim.market.state import MarketState

CONSIGNMENT = int(Draw.CONSIGNMENT)
WEEK, MONTH = 7, 30
MOST_LOADS = 1000
MOST_RISK = 0.95
LEAST_RISK = 1e-3
"""Risks between which goods are sent and beliefs are reckoned with, so that every way keeps some share."""


class Ways(NamedTuple):
    """The ways from each origin to each destination through each place (J, J, J)."""

    share: np.ndarray  # of the goods, 0 where there is no such way
    risk: np.ndarray  # that a load is lost


@kernel
def risk_of_ways(leg: np.ndarray, risk: np.ndarray, pull: np.ndarray) -> None:
    """Fill ``risk`` with that of each way there is, and ``pull`` with one over it; both (J, J, J) by origin, destination and the place through which it goes."""
    for a in range(len(leg)):
        for b in range(len(leg)):
            for via in range(len(leg)):
                risk[a, b, via], pull[a, b, via] = 0.0, 0.0
                if via == a:
                    risk[a, b, via] = within_reason(leg[a, b])
                elif via != b and a != b:
                    risk[a, b, via] = 1.0 - (1.0 - within_reason(leg[a, via])) * (1.0 - within_reason(leg[via, b]))
                if risk[a, b, via] > 0.0:
                    pull[a, b, via] = 1.0 / risk[a, b, via]


@inner
def within_reason(risk: float) -> float:
    """A risk with which goods are sent and beliefs are reckoned with."""
    return min(max(risk, LEAST_RISK), MOST_RISK)


def ways(leg: np.ndarray) -> Ways:
    """How goods are spread over ways where ``leg`` (J, J) is the risk at each border."""
    risk, pull = np.empty((2, *leg.shape, len(leg)))
    risk_of_ways(leg, risk, pull)
    return Ways(pull / pull.sum(axis=2, keepdims=True), risk)


def risks(state: MarketState) -> np.ndarray:
    """(J, J) chance that a load is seized on each leg today.

    It follows the effort of agencies where the load arrives, of those where it comes from as far as a treaty lets them help, and searches of policies.
    """
    p, levers = state.p.supply, state.levers
    effort = state.policing.supplier_effort * levers.group_effort
    on_leg = effort[None, :]
    if levers.cooperation.any():
        closed = (1.0 - state.world.cooperation) * levers.cooperation * (1.0 - np.eye(len(effort)))
        on_leg = effort + closed * effort[:, None]
    return np.minimum(p.seizure * on_leg**state.p.enforcement.post_effect * levers.searches, MOST_RISK)


def origins(s: Any, i: int) -> np.ndarray:
    """Jurisdictions in which what supplier ``i`` sells is made: those of its manufacturers, or its own."""
    sources = s.source[i][s.source[i] >= 0]
    return (s.jurisdiction[sources] if len(sources) else s.jurisdiction[i : i + 1]).astype(np.int64)


@kernel
def reckon_with(n: int, suppliers: Any, loss: np.ndarray, spread: np.ndarray, reckoned: np.ndarray) -> None:
    """What each of ``n`` suppliers reckons to lose on the way to each jurisdiction; its mean risk and number of routes over those that it serves.

    ``loss`` and ``spread`` (J, J) are the share lost and the number of ways by origin and destination.
    """
    for i in range(n):
        if suppliers.alive[i] == 0:
            continue
        own = suppliers.jurisdiction[i]
        risk, routes, served = 0.0, 0.0, 0
        for j in range(len(loss)):
            lost, over, sources = 0.0, 0.0, 0
            for a in range(SOURCES):
                k = suppliers.source[i, a]
                if k >= 0:
                    lost += loss[suppliers.jurisdiction[k], j]
                    over += spread[suppliers.jurisdiction[k], j]
                    sources += 1
            reckoned[i, j] = lost / sources if sources > 0 else loss[own, j]
            if (suppliers.reach[i] >> j) & 1:
                served += 1
                risk += reckoned[i, j]
                routes += over / sources if sources > 0 else spread[own, j]
        suppliers.belief[i], suppliers.routes[i] = risk / served, routes / served


def reckon(state: MarketState) -> None:
    """Work out what suppliers reckon to lose on the way to each jurisdiction, and what that makes of cost, strength and loads."""
    p, s, n, up = state.p.supply, state.supplier_table.columns, state.supplier_table.n, state.upstream
    now = ways(up.belief)
    loss, spread = (now.share * now.risk).sum(axis=2), 1.0 / (now.share**2).sum(axis=2)
    reckon_with(n, narrow(s, views.SendingSuppliers), loss, spread, up.reckoned[1:])
    up.cost[1:] = (1.0 + p.risk_cost * up.reckoned[1:]) / (1.0 + p.risk_cost * p.seizure)
    reached = bits(s.reach[:n], len(up.belief))
    s.cost[:n] = (reached / reached.sum(axis=1, keepdims=True) * up.cost[1:]).sum(axis=1)


@kernel
def best_loads(stated: float, belief: float, usual: float) -> float:
    """Mean-variance number of loads V sqrt(rho P (1 - P) / (2 f)), where ``stated`` are best at the ``usual`` risk: more interdiction, more and smaller ones."""
    return max(1.0, stated * math.sqrt(belief * (1.0 - belief) / (usual * (1.0 - usual))))


class Legs(NamedTuple):
    """What becomes of loads on the legs of their way (J, J)."""

    share: np.ndarray  # (J, J, J) of the goods that go each way, as in `Ways`
    risk: np.ndarray
    loads: np.ndarray  # counts of those that went over a leg to where the supplier sells; likewise the next one
    caught: np.ndarray
    lost: np.ndarray  # (J, J, J) share of the supplier's goods to each jurisdiction that is lost on a leg


@kernel
def send(when: Moment, supplier: int, loads: int, reach: int, origin: np.ndarray, legs: Legs) -> tuple[int, int]:
    """Send ``loads`` of a supplier to each jurisdiction, from each ``origin`` in turn, and see which are seized, and where.

    Returns how many went to where it sells (``reach``, bits), and how many of these were seized.
    """
    went, seized = 0, 0
    legs.lost[:] = 0.0
    for to in range(len(legs.risk)):
        there = (reach >> to) & 1 == 1
        for number in range(loads):
            who = (supplier * MOST_LOADS + number) * 64 + to
            start = origin[number % len(origin)]
            via = way_taken(legs.share[start, to], uniform(when.seed, CONSIGNMENT, who, when.day, 0))
            taken = 0
            if via != start:
                taken = over_leg(start, via, to, uniform(when.seed, CONSIGNMENT, who, when.day, 1), loads, there, legs)
            if taken == 0:
                taken = over_leg(via, to, to, uniform(when.seed, CONSIGNMENT, who, when.day, 2), loads, there, legs)
            if there:
                went += 1
                seized += taken
    return went, seized


@inner
def way_taken(share: np.ndarray, u: float) -> int:
    """The place through which a load goes."""
    run, via = 0.0, 0
    for j in range(len(share)):
        run += share[j]
        if run < u:
            via = j + 1
    return min(via, len(share) - 1)


@inner
def over_leg(start: int, end: int, to: int, u: float, loads: int, there: bool, legs: Legs) -> int:
    """Whether one of ``loads`` on the way ``to`` a jurisdiction is seized on this leg (1 or 0)."""
    taken = 1 if u < legs.risk[start, end] else 0
    if there:
        legs.loads[start, end] += 1
        legs.caught[start, end] += taken
    legs.lost[to, start, end] += taken / loads
    return taken


def send_loads(state: MarketState, i: int, share: np.ndarray, risk: np.ndarray) -> None:
    """A month's loads of supplier ``i`` to each jurisdiction: which are seized, and where. Others learn from those that go where it sells."""
    p, s, up = state.p.supply, state.supplier_table.columns, state.upstream
    usual, belief = (min(max(x, LEAST_RISK), MOST_RISK) for x in (p.seizure, float(s.belief[i])))
    loads = min(round(best_loads(p.consignments, belief, usual)), MOST_LOADS)
    legs = Legs(share, risk, up.loads, up.caught, up.lost[i + 1])
    went, seized = send(state.moment, i, loads, int(s.reach[i]), origins(s, i), legs)
    s.seized[i] = seized / went
    if seized:
        state.event(EventKind.CONSIGNMENT_SEIZURE, i, cause="interdiction", amount=float(seized))


def interdict(state: MarketState) -> None:
    """Suppliers whose month begins today send their loads, newcomers at once; once a month all learn from what was seized at each border."""
    s, n, up = state.supplier_table.columns, state.supplier_table.n, state.upstream
    if state.day % MONTH == 0:
        for a, b in np.argwhere(up.loads > 0).tolist():
            x = float(up.caught[a, b] / up.loads[a, b])
            up.belief[a, b] = interdiction_belief(float(up.belief[a, b]), x, state.p.supply.seizure_floor)
        up.loads[:], up.caught[:] = 0, 0
    known = len(up.lost) - 1
    if n > known:
        for name, filled in (("lost", 0.0), ("reckoned", 0.0), ("cost", 1.0)):
            old = getattr(up, name)
            setattr(up, name, np.concatenate([old, np.full((n - known, *old.shape[1:]), filled)]))
    if n > known or state.day % WEEK == 0:
        reckon(state)
    turn = [i for i in range(n) if s.alive[i] and (i >= known or i % MONTH == state.day % MONTH)]
    if turn:
        share, risk = ways(up.belief).share, risks(state)
        for i in turn:
            send_loads(state, i, share, risk)


def account_for(state: MarketState, sent: np.ndarray, arrived: np.ndarray) -> None:
    """Count goods on the way: ``sent`` and ``arrived`` (K + 1, J) orders' worth by supplier and where vendors sell; what is seized, by leg."""
    up = state.upstream
    seized = (sent.ravel() @ up.lost.reshape(sent.size, -1)).reshape(up.seized.shape)
    went = float(sent.sum())
    up.sent += went
    up.arrived += float(arrived.sum())
    up.seized += seized
    state.today.goods_sent, state.today.goods_seized = went, float(seized.sum())
