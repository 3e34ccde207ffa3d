"""Suppliers come and go: arrest, successors, newcomers, and those who grow into a gap.

A supplier that is removed does not come back. Its vendors look for another one, by size; a successor inside a group keeps part of it (groups whose leaders are
taken break up rather than vanish); others grow and new ones enter, in other slots and places, as far as there is less on offer than is asked for.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import NOBODY, EventKind, VendorKind
from sim.agents.suppliers import SOURCES
from sim.kernels import kernel
from sim.market.supply.network import add_supplier, bits, find_weights
from sim.streams import Draw, pick, poisson, uniform, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

WEEK = 7


def arrest_group(state: MarketState, i: int, agency: int = -1, policy: str = "") -> None:
    """Take a supplier out of business for good. Of a group with branches a part goes on under a successor; the other vendors look for another supplier."""
    s = state.supplier_table.columns
    s.alive[i], s.removed_day[i], s.evidence[i] = 0, state.day, 0.0
    state.today.supplier_arrests += 1
    state.event(EventKind.SUPPLIER_ARREST, i, agency=agency, policy=policy, cause="supplier")
    if s.organised[i] == 1 and state.p.supply.succession > 0.0:
        succeed(state, i)


def succeed(state: MarketState, i: int) -> None:
    """Branches of the group ``i`` who stay together go on: they sell the same in the same places, from the same manufacturers, and are that much smaller."""
    v, n, kept = state.vendors.columns, state.vendors.n, state.p.supply.succession
    branches = ((v.supplier[:n] == i) & (v.kind[:n] == VendorKind.ORGANISED_CRIME) & (v.alive[:n] == 1)).nonzero()[0]
    stay = branches[uniforms(state.seed, Draw.SUCCESSION, v.key[branches], i) < kept]
    if not len(stay):
        return
    old = state.supplier_table.columns
    slot = add_supplier(state, int(old.jurisdiction[i]), 1, kept * float(old.size[i]), np.empty(0, np.int64))
    s = state.supplier_table.columns
    for column in (
        s.serves,
        s.reach,
        s.source,
        s.reliability,
        s.belief,
        s.seized,
        s.concentration,
        s.cost,
        s.routes,
        s.mixes,
        s.added,
    ):
        column[slot] = column[i]
    s.takings[slot] = kept * s.takings[i]
    v.supplier[stay] = slot
    state.upstream.seen_revenue = np.append(state.upstream.seen_revenue, 0)
    state.event(EventKind.SUPPLIER_REPLACED, slot, cause="succession", amount=float(len(stay)))


def missing(state: MarketState) -> np.ndarray:
    """(S,) share of the suppliers that demand calls for who are missing; negative where there are more.

    A group whose manufacturers are gone counts for the part that it still gets, by those of them who are in business.
    """
    s, n = state.supplier_table.columns, state.supplier_table.n
    buys = s.source[:n] >= 0
    gets = (buys & (s.alive[s.source[:n]] == 1)).sum(axis=1) / np.maximum(buys.sum(axis=1), 1)
    live = s.size[:n].astype(float) * s.alive[:n] * np.where(buys.any(axis=1), gets, 1.0)
    return 1.0 - live @ bits(s.serves[:n], len(state.upstream.size)) / state.upstream.size


def come_and_go(state: MarketState) -> None:
    """Suppliers in business grow while others are missing and shrink while there are too many; newcomers enter while some are missing."""
    p, s, n, up = state.p.supply, state.supplier_table.columns, state.supplier_table.n, state.upstream
    working = s.alive[:n].tobytes()
    if working == up.working and state.day % WEEK:
        return
    gap = missing(state)
    if state.day % WEEK == 0 and (np.abs(gap) > 1e-6).any():
        weight = np.maximum(up.made_for, 1e-9)
        served = bits(s.serves[:n], len(gap)) * weight
        call = served @ gap / np.maximum(served.sum(axis=1), 1e-9)
        s.size[:n] *= np.where(s.alive[:n] == 1, np.exp(WEEK * p.supplier_growth * call), 1.0)
        rate = WEEK * p.replacement_rate * p.suppliers * max(0.0, float(weight @ gap) / float(weight.sum()))
        for k in range(poisson(state.seed, int(Draw.REPLACEMENT), 0, state.day, 0, rate)):
            enter(state, k, weight * np.maximum(gap, 0.0))
    up.working, up.find = state.supplier_table.columns.alive[: state.supplier_table.n].tobytes(), find_weights(state)


def enter(state: MarketState, number: int, wanted: np.ndarray) -> None:
    """A newcomer, small at first, for what is missing most (``wanted``, (S,)), in a place where vendors without a supplier sell; anywhere if there are none."""
    p, v, n, s = state.p.supply, state.vendors.columns, state.vendors.n, state.supplier_table.columns
    u = [uniform(state.seed, int(Draw.REPLACEMENT), number + 1, state.day, a) for a in range(5)]
    substance = int(pick(np.cumsum(wanted), np.array([u[0]]))[0])
    lost = (v.alive[:n] == 1) & (v.supplier[:n] >= 0) & (s.alive[v.supplier[:n]] == 0)
    sales = np.bincount(v.jurisdiction[:n][lost], v.recent[:n][lost], state.world.n_jurisdictions)
    where = sales if sales.sum() > 0 else state.world.vendor_weight
    jurisdiction = int(pick(np.cumsum(where), np.array([u[1]]))[0])
    organised = int(u[2] < p.organised_suppliers)
    slot = add_supplier(state, jurisdiction, organised, math.exp(-p.size_spread), np.array([substance]))
    state.upstream.seen_revenue = np.append(state.upstream.seen_revenue, 0)
    if organised:
        for place in range(1 + int(u[3] < p.second_source)):
            find_source(state, slot, place, u[4] if place == 0 else u[3] / max(p.second_source, 1e-9))
    state.event(EventKind.SUPPLIER_REPLACED, slot, cause="entry")


def find_source(state: MarketState, i: int, place: int, u: float) -> None:
    """Let the group ``i`` buy from a manufacturer in business from whom it does not buy yet, drawn by size with ``u``, if there is one."""
    s, n = state.supplier_table.columns, state.supplier_table.n
    makers = ((s.organised[:n] == 0) & (s.alive[:n] == 1)).nonzero()[0]
    free = makers[~np.isin(makers, s.source[i])]
    if len(free):
        weight = np.cumsum(s.size[free].astype(float))
        s.source[i, place] = free[min(int(np.searchsorted(weight, u * weight[-1])), len(free) - 1)]


@kernel
def any_cut_off(n: int, source: np.ndarray, alive: np.ndarray) -> bool:
    """Whether one of ``n`` suppliers in business buys from one who is out of it."""
    for i in range(n):
        for a in range(SOURCES):
            if alive[i] == 1 and source[i, a] >= 0 and alive[source[i, a]] == 0:
                return True
    return False


def find_sources(state: MarketState) -> None:
    """Groups whose manufacturer is gone look for another one in business; where there is none at all, they make what they sell themselves."""
    p, s, n, day = state.p.supply, state.supplier_table.columns, state.supplier_table.n, state.day
    if not any_cut_off(n, s.source, s.alive):
        return
    none = not ((s.organised[:n] == 0) & (s.alive[:n] == 1)).any()
    lost = (s.source[:n] >= 0) & (s.alive[s.source[:n]] == 0) & (s.alive[:n, None] == 1)
    for i, place in zip(*np.nonzero(lost), strict=True):
        key = int(i) * SOURCES + int(place)
        if uniform(state.seed, int(Draw.RESOURCE), key, day, 0) >= p.rewire_rate:
            continue
        if none:
            s.source[i] = NOBODY
        else:
            find_source(state, int(i), int(place), uniform(state.seed, int(Draw.RESOURCE), key, day, 1))
