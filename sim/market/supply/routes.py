"""Routes: goods go from where they are made to where vendors sell, directly or through a third jurisdiction, and part is seized at each border.

After NarcoLogic (Magliocca et al. 2019): suppliers learn the risk of each border from what is seized there, and spread their loads over the ways that they have as
a mean-variance choice: of a load on a way with risk P the expected share 1 - P arrives, with variance P (1 - P); with independent risks the best shares are
mean over variance, 1 / P. So interdiction at one border moves goods to others, and cannot stop them all. Where more is lost, they send more and smaller loads.

K suppliers, J jurisdictions; a leg is a pair (from, to), equal where goods stay at home; a way is named by the jurisdiction through which it goes, the
origin itself for the direct one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.agents.codes import EventKind
from sim.kernels import kernel
from sim.market.beliefs import interdiction_belief
from sim.market.supply.network import bits
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

WEEK, MONTH = 7, 30
MOST_LOADS = 1000
MOST_RISK = 0.95
LEAST_RISK = 1e-3
"""Risks between which goods are sent and beliefs are reckoned with, so that every way keeps some share."""


class Ways(NamedTuple):
    """The ways from each origin to each destination through each place (J, J, J)."""

    share: np.ndarray  # of the goods, 0 where there is no such way
    risk: np.ndarray  # that a load is lost


def ways(leg: np.ndarray) -> Ways:
    """How goods are spread over ways where ``leg`` (J, J) is the risk at each border."""
    every = np.arange(len(leg))
    origin, destination, through = np.ix_(every, every, every)
    leg = np.clip(leg, LEAST_RISK, MOST_RISK)
    both = 1.0 - (1.0 - leg[origin, through]) * (1.0 - leg[through, destination])
    risk = np.where(through == origin, leg[origin, destination], both)
    exists = (through == origin) | ((through != destination) & (origin != destination))
    share = np.where(exists, 1.0 / risk, 0.0)
    return Ways(share / share.sum(axis=2, keepdims=True), np.where(exists, risk, 0.0))


def risks(state: MarketState) -> np.ndarray:
    """(J, J) chance that a load is seized on each leg today.

    It follows the effort of agencies where the load arrives, of those where it comes from as far as a treaty lets them help, and searches of policies.
    """
    p, levers = state.p.supply, state.levers
    effort = state.policing.supplier_effort * levers.group_effort
    joined = np.minimum.outer(levers.cooperation, levers.cooperation)
    helped = (1.0 - state.world.cooperation) * joined * (1.0 - np.eye(len(effort)))
    on_leg = effort[None, :] + helped * effort[:, None]
    return np.minimum(p.seizure * on_leg**state.p.enforcement.post_effect * levers.searches, MOST_RISK)


def origins(state: MarketState, i: int) -> np.ndarray:
    """Jurisdictions in which what supplier ``i`` sells is made: those of its manufacturers, or its own."""
    s = state.supplier_table.columns
    sources = s.source[i][s.source[i] >= 0]
    return (s.jurisdiction[sources] if len(sources) else s.jurisdiction[i : i + 1]).astype(np.int64)


def reckon(state: MarketState) -> None:
    """Work out what suppliers reckon to lose on the way to each jurisdiction, and what that makes of cost, strength and loads."""
    p, s, n, up = state.p.supply, state.supplier_table.columns, state.supplier_table.n, state.upstream
    now = ways(up.belief)
    loss, spread = (now.share * now.risk).sum(axis=2), 1.0 / (now.share**2).sum(axis=2)
    reached = bits(s.reach[:n], len(up.belief))
    weight = reached / reached.sum(axis=1, keepdims=True)
    for i in range(n):
        if s.alive[i]:
            at = origins(state, i)
            up.reckoned[i + 1] = loss[at].mean(axis=0)
            s.belief[i] = float(weight[i] @ up.reckoned[i + 1])
            s.routes[i] = float(weight[i] @ spread[at].mean(axis=0))
    up.cost[1:] = (1.0 + p.risk_cost * up.reckoned[1:]) / (1.0 + p.risk_cost * p.seizure)
    s.cost[:n] = (weight * up.cost[1:]).sum(axis=1)


@kernel
def best_loads(stated: float, belief: float, usual: float) -> float:
    """Mean-variance number of loads V sqrt(rho P (1 - P) / (2 f)), where ``stated`` are best at the ``usual`` risk: more interdiction, more and smaller ones."""
    return max(1.0, stated * math.sqrt(belief * (1.0 - belief) / (usual * (1.0 - usual))))


def send_loads(state: MarketState, i: int, share: np.ndarray, risk: np.ndarray) -> None:
    """A month's loads of supplier ``i`` to each jurisdiction: which are seized, and where. Others learn from those that go where it sells."""
    p, s, up, j = state.p.supply, state.supplier_table.columns, state.upstream, len(risk)
    usual, belief = (min(max(x, LEAST_RISK), MOST_RISK) for x in (p.seizure, float(s.belief[i])))
    loads, at = min(round(best_loads(p.consignments, belief, usual)), MOST_LOADS), origins(state, i)
    to, number = np.repeat(np.arange(j), loads), np.tile(np.arange(loads), j)
    u = [uniforms(state.seed, Draw.CONSIGNMENT, (i * MOST_LOADS + number) * 64 + to, state.day, a) for a in range(3)]
    start = at[number % len(at)]
    via = (np.cumsum(share[start, to], axis=1) < u[0][:, None]).sum(axis=1).clip(0, j - 1)
    onward = via != start
    first = onward & (u[1] < risk[start, via])
    second = ~first & (u[2] < risk[via, to])
    up.lost[i + 1] = 0.0
    there = bits(s.reach[i : i + 1], j)[0][to]
    for legs, gone, taken in (((start, via), onward, first), ((via, to), ~first, second)):
        np.add.at(up.loads, (legs[0][gone & there], legs[1][gone & there]), 1)
        np.add.at(up.caught, (legs[0][taken & there], legs[1][taken & there]), 1)
        np.add.at(up.lost[i + 1], (to[taken], legs[0][taken], legs[1][taken]), 1.0 / loads)
    s.seized[i] = float((first | second)[there].mean())
    if s.seized[i] > 0:
        state.event(EventKind.CONSIGNMENT_SEIZURE, i, cause="interdiction", amount=float((first | second)[there].sum()))


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
    up.sent += float(sent.sum())
    up.arrived += float(arrived.sum())
    up.seized += seized
    state.today.goods_sent, state.today.goods_seized = float(sent.sum()), float(seized.sum())
