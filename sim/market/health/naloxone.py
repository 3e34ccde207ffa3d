"""Naloxone: who has a kit, and how likely the friends who are at an overdose have one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import Programme, Stage
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.blocks import over_rows
from sim.market.groups import Friends
from sim.market.views import narrow

if TYPE_CHECKING:
    from sim.market.state import MarketState

NALOXONE, ON_THE_WAY = 1 << Programme.NALOXONE, int(Stage.LEAVING)
NOT_THERE = -1.0


@kernel
def carry(lo: int, hi: int, people: Any, carried: np.ndarray, kits: np.ndarray) -> None:
    """Fill ``kits`` for the rows ``lo:hi``: those who took kits have one with them with the chance ``carried`` (J, 4, 100) of their like."""
    for c in range(lo, hi):
        if people.alive[c] == 0 or people.stage[c] == ON_THE_WAY:
            kits[c] = NOT_THERE
        elif people.declined[c] & NALOXONE:
            kits[c] = 0.0
        else:
            kits[c] = carried[people.jurisdiction[c], people.segment[c], people.turn[c]]


@inner
def among_friends(c: int, kits: np.ndarray, friends: Friends) -> float:
    """Mean chance that a friend of ``c`` has a kit; those who are dead or leaving are no company, and without friends it is 0."""
    chance, there = 0.0, 0
    for i in range(friends.start[c], friends.start[c + 1]):
        kit = kits[friends.who[i]]
        if kit != NOT_THERE:
            chance += float(kit)
            there += 1
    return chance / there if there > 0 else 0.0


def kits_today(state: MarketState) -> np.ndarray:
    """(n,) chance that each has a kit beyond what is usual, as the day of use begins, or NOT_THERE; without rows where nobody has."""
    if not state.outreach.carried.any():
        return np.empty(0)
    kits = np.empty(state.consumers.n)
    people = narrow(state.consumers.columns, views.CarryingConsumers)
    over_rows(state.pool, carry, len(kits), people, state.outreach.carried, kits)
    return kits


def share_out(state: MarketState) -> None:
    """Where kits are offered no longer, nobody is known any more as one who took some: what is left of them is spread over all people alike."""
    over = (state.care.offered > 0.0) & (state.levers.taken_up == 0.0)
    over, left = over[..., Programme.NALOXONE], state.outreach.carried
    if not left[over].any():
        return
    c, n = state.consumers.columns, state.consumers.n
    alike = np.ravel_multi_index((c.jurisdiction[:n], c.segment[:n], c.turn[:n]), left.shape)
    took = (c.alive[:n] == 1) & (c.declined[:n] & NALOXONE == 0)
    people, takers = (np.bincount(alike, who, left.size).reshape(left.shape) for who in (c.alive[:n], took))
    left[over] *= (takers / np.maximum(people, 1.0))[over]
