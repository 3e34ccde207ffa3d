"""Roles: people become dependent and recover, begin to supply friends and stop, and give selling up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import EventKind, ExitCause, Segment
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.model import MarketModel

WEEK = 7
DEPENDENT, SUPPLIER = int(Segment.DEPENDENT), int(Segment.SOCIAL_SUPPLIER)


def change_roles(model: MarketModel) -> None:
    """Once a week: dependence makes and unmakes dependent consumers; buyers begin or stop to supply friends."""
    if model.day % WEEK != 3:
        return
    c, n, v = model.consumers.columns, model.consumers.n, model.p.vendors
    segment, living = c.segment[:n], c.alive[:n] == 1
    dependence = c.dependence[:n]
    free = living & (segment < DEPENDENT)
    take_role(model, np.flatnonzero(free & (dependence >= model.p.consumption.dependent_from)), DEPENDENT, "dependent")
    recovered = np.flatnonzero(living & (segment == DEPENDENT) & (dependence < model.p.consumption.recovered_below))
    take_role(model, recovered, c.origin[recovered], "recovered")
    able = np.flatnonzero(living & (segment == Segment.RECREATIONAL) & (c.considering[:n] == 2))
    begin = able[uniforms(model.seed, Draw.SUPPLYING, able, model.day) < WEEK * v.supply_start]
    take_role(model, begin, SUPPLIER, "began to supply friends")
    supplying = np.flatnonzero(living & (segment == SUPPLIER))
    stop = supplying[uniforms(model.seed, Draw.SUPPLYING, supplying, model.day, 1) < WEEK * v.supply_stop]
    take_role(model, stop, c.origin[stop], "stopped supplying friends")
    stop_selling(model)


def take_role(model: MarketModel, who: np.ndarray, role: int | np.ndarray, cause: str) -> None:
    """``who`` pass to another segment; their needs come as often as that segment's do, each keeping the own deviation."""
    if not len(who):
        return
    c, d = model.consumers.columns, model.p.demand
    rates = np.array([d.patient_rate, d.recreational_rate, d.dependent_rate, d.supplier_rate])
    before = c.segment[who].astype(np.int64)
    after = np.broadcast_to(np.asarray(role, np.int64), before.shape)
    c.origin[who] = np.where(before < DEPENDENT, before, c.origin[who])
    c.need_rate[who] = np.minimum(c.need_rate[who] * rates[after] / rates[before], 2.0)
    c.segment[who] = after
    if model.events.wanted:
        for person in who:
            model.event(EventKind.ROLE_CHANGE, int(person), cause=cause)


def stop_selling(model: MarketModel) -> None:
    """Vendors who are consumers too and no longer supply friends give selling up: they leave business today."""
    v, n, c = model.vendors.columns, model.vendors.n, model.consumers.columns
    rows = np.flatnonzero((v.person[:n] >= 0) & (v.alive[:n] == 1))
    person = v.person[rows]
    v.exit_cause[rows[(c.segment[person] != SUPPLIER) | (c.alive[person] == 0)]] = ExitCause.ROLE_ENDED
