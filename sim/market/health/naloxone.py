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
WITH_THEM, OWN = 0, 1
"""Chances of who took kits: to have one with them at somebody else's overdose, and to have one at hand at their own."""


@kernel
def carry(
    lo: int, hi: int, people: Any, kept: np.ndarray, carried: np.ndarray, at_home: float, kits: np.ndarray
) -> None:
    """Fill ``kits`` (n, 2) for the rows ``lo:hi`` with both chances of those who took some, by ``kept`` and ``carried`` (J, 4, 100) of their like.

    A kit that is at home is at hand at an overdose of one's own that happens there, which the share ``at_home`` do.
    """
    for c in range(lo, hi):
        with_them = own = 0.0
        if people.alive[c] == 0 or people.stage[c] == ON_THE_WAY:
            with_them = NOT_THERE
        elif not people.declined[c] & NALOXONE:
            j, s, k = people.jurisdiction[c], people.segment[c], people.turn[c]
            with_them = carried[j, s, k]
            own = with_them + at_home * max(kept[j, s, k] - with_them, 0.0)
        kits[c, WITH_THEM], kits[c, OWN] = with_them, own


@inner
def among_friends(c: int, kits: np.ndarray, friends: Friends) -> float:
    """Mean chance that a friend of ``c`` has a kit; those who are dead or leaving are no company, and without friends it is 0."""
    chance, there = 0.0, 0
    for i in range(friends.start[c], friends.start[c + 1]):
        kit = kits[friends.who[i], WITH_THEM]
        if kit != NOT_THERE:
            chance += float(kit)
            there += 1
    return chance / there if there > 0 else 0.0


def kits_today(state: MarketState) -> np.ndarray:
    """(n, 2) chances that each has a kit beyond what is usual, `WITH_THEM` (or NOT_THERE) and at an `OWN` overdose; without rows where nobody has."""
    kept, carried = state.outreach.kept, state.outreach.carried
    if not (kept.any() or carried.any()):
        return np.empty((0, 2))
    kits = np.empty((state.consumers.n, 2))
    people = narrow(state.consumers.columns, views.CarryingConsumers)
    over_rows(state.pool, carry, len(kits), people, kept, carried, state.p.services.overdoses_at_home, kits)
    return kits


def share_out(state: MarketState) -> None:
    """Where kits are offered no longer, nobody is known any more as one who took some: what is left of them is spread over all people alike."""
    over = (state.care.offered > 0.0) & (state.levers.taken_up == 0.0)
    over, kept, carried = over[..., Programme.NALOXONE], state.outreach.kept, state.outreach.carried
    if not (kept[over].any() or carried[over].any()):
        return
    c, n = state.consumers.columns, state.consumers.n
    alike = np.ravel_multi_index((c.jurisdiction[:n], c.segment[:n], c.turn[:n]), kept.shape)
    took = (c.alive[:n] == 1) & (c.declined[:n] & NALOXONE == 0)
    people, takers = (np.bincount(alike, who, kept.size).reshape(kept.shape) for who in (c.alive[:n], took))
    for left in (kept, carried):
        left[over] *= (takers / np.maximum(people, 1.0))[over]
