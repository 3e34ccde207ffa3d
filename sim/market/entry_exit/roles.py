"""Roles: people become dependent and recover, begin to supply friends and stop, and give selling up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import Considering, EventKind, ExitCause, Segment, Stage
from sim.market.demand.rates import follow_rate, level_of
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

WEEK = 7
YEAR = 365.0
LOOK = 3
"""Day of the week on which roles are looked at."""
MOST_NEEDS = 2.0
"""Needs a day that the column holds."""
DEPENDENT, SUPPLIER = int(Segment.DEPENDENT), int(Segment.SOCIAL_SUPPLIER)


def change_roles(state: MarketState) -> None:
    """Once a week: dependence makes and unmakes dependent consumers; buyers begin or stop to supply friends."""
    if state.day % WEEK != LOOK:
        return
    c, n, v = state.consumers.columns, state.consumers.n, state.p.vendors
    segment, living = c.segment[:n], (c.alive[:n] == 1) & (c.stage[:n] == Stage.USES)
    dependence = c.dependence[:n]
    free = living & (segment < DEPENDENT)
    take_role(state, (free & (dependence >= state.p.consumption.dependent_from)).nonzero()[0], DEPENDENT, "dependent")
    remit(state, (living & (segment == DEPENDENT)).nonzero()[0])
    recovered = (living & (segment == DEPENDENT) & (dependence < state.p.consumption.dependent_from / 2)).nonzero()[0]
    take_role(state, recovered, c.origin[recovered], "recovered")
    able = (living & (segment == Segment.RECREATIONAL) & (c.considering[:n] >= Considering.BOUGHT)).nonzero()[0]
    begin = able[uniforms(state.seed, Draw.SUPPLYING, able, state.day) < WEEK * v.supply_start]
    take_role(state, begin, SUPPLIER, "began to supply friends")
    supplying = (living & (segment == SUPPLIER)).nonzero()[0]
    stop = supplying[uniforms(state.seed, Draw.SUPPLYING, supplying, state.day, 1) < WEEK * v.supply_stop]
    take_role(state, stop, c.origin[stop], "stopped supplying friends")
    stop_selling(state)


def remit(state: MarketState, who: np.ndarray) -> None:
    """Some of these dependent people are so no longer this week, of their own accord or with help [dependence-remission]; use may make them so again."""
    ends = uniforms(state.seed, Draw.REMISSION, who, state.day) < WEEK / YEAR * state.p.consumption.remission
    state.consumers.columns.dependence[who[ends]] = 0.0


def take_role(state: MarketState, who: np.ndarray, role: int | np.ndarray, cause: str) -> None:
    """``who`` pass to another segment; from today on their needs come as often as that segment's do, each keeping the own deviation."""
    if not len(who):
        return
    c, d = state.consumers.columns, state.p.demand
    rates = np.array([d.patient_rate, d.recreational_rate, d.dependent_rate, d.supplier_rate])
    before = c.segment[who].astype(np.int64)
    after = np.broadcast_to(np.asarray(role, np.int64), before.shape)
    rate, level = c.need_rate[who].astype(float), level_of(state, who)
    c.origin[who] = np.where(before < DEPENDENT, before, c.origin[who])
    c.need_rate[who] = np.minimum(c.need_rate[who] * rates[after] / rates[before], MOST_NEEDS)
    c.segment[who] = after
    follow_rate(state, who, rate, level)
    state.event(EventKind.ROLE_CHANGE, who, cause=cause)


def stop_selling(state: MarketState) -> None:
    """Vendors who are consumers too and no longer supply friends give selling up: they leave business today."""
    v, n, c = state.vendors.columns, state.vendors.n, state.consumers.columns
    rows = ((v.person[:n] >= 0) & (v.alive[:n] == 1)).nonzero()[0]
    person = v.person[rows]
    v.exit_cause[rows[(c.segment[person] != SUPPLIER) | (c.alive[person] == 0) | (c.stage[person] != Stage.USES)]] = (
        ExitCause.ROLE_ENDED
    )
