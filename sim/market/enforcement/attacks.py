"""Attacks on how a market works rather than on its place: moderators, weak links, reputation. Recovery is left to operators, vendors and buyers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import EventKind, RiskGroup
from sim.agents.consumers import REMEMBERED_VENDORS
from sim.kernels import kernel
from sim.market import views
from sim.market.blocks import over_rows
from sim.market.views import narrow

if TYPE_CHECKING:
    from sim.market.state import MarketState

DARK = int(RiskGroup.CRYPTO)


def stop_moderation(state: MarketState, slot: int, publicity: float, policy: str) -> None:
    """Take a market's moderators away: the site stays up, disputes are not decided, no feedback is taken, advice on its forum is lost."""
    t = state.platform_table.columns
    share = float(t.trade60[slot]) / max(float(t.trade60[state.crypto_slots()].sum()), 1e-9)
    t.moderation[slot] = 0.0
    state.trade.unmoderated.add(int(slot))
    state.forum.delete(int(slot))
    state.publicity += publicity * share
    state.event(EventKind.NETWORK_ATTACK, int(slot), policy=policy, cause="moderators", amount=share)


def find_moderators(state: MarketState) -> None:
    """Operators find and train others, on average in ``moderators_back`` days."""
    t = state.platform_table.columns
    for slot in sorted(state.trade.unmoderated):
        t.moderation[slot] += (1.0 - t.moderation[slot]) / state.p.enforcement.moderators_back
        if t.moderation[slot] > 0.999:
            t.moderation[slot] = 1.0
            state.trade.unmoderated.discard(slot)


@kernel
def count_weak(lo: int, hi: int, consumers: Any, weak: np.ndarray) -> None:
    """Add to ``weak`` for each vendor the buyers who bought once."""
    for c in range(lo, hi):
        for j in range(REMEMBERED_VENDORS):
            if consumers.vendor[c, j] >= 0 and consumers.bought[c, j] == 1:
                weak[consumers.vendor[c, j]] += 1


@kernel
def cut_weak(lo: int, hi: int, consumers: Any, attacked: np.ndarray, hits: float) -> None:
    """Buyers who bought once from an attacked vendor keep away from now on, and take the letter as a risk."""
    for c in range(lo, hi):
        told = False
        for j in range(REMEMBERED_VENDORS):
            v = consumers.vendor[c, j]
            if v >= 0 and consumers.bought[c, j] == 1 and attacked[v] == 1:
                consumers.bought[c, j], consumers.tie[c, j] = 0, 0
                told = True
        if told:
            consumers.legal_hits[c, DARK] += hits


def weak_links(state: MarketState) -> np.ndarray:
    """(vendors,) buyers who remember one good order with each vendor."""
    weak = np.zeros(state.vendors.n, np.int64)
    count_weak(0, state.consumers.n, narrow(state.consumers.columns, views.MemoryConsumers), weak)
    return weak


def cut_links(state: MarketState, rows: np.ndarray, policy: str) -> None:
    """Police write to the once-only buyers of these vendors: the links are lost, the vendors stay."""
    attacked = np.zeros(state.vendors.n, np.uint8)
    attacked[rows] = 1
    weak = weak_links(state)
    over_rows(
        state.pool, cut_weak, state.consumers.n, narrow(state.consumers.columns, views.MemoryConsumers), attacked,
        state.p.enforcement.arrest_fright,
    )  # fmt: skip
    state.today.privacy += int(weak[rows].sum())
    for row in rows if state.books.events.wanted else ():
        state.event(EventKind.NETWORK_ATTACK, int(row), policy=policy, cause="weak_link", amount=float(weak[row]))


def post_false_ratings(state: MarketState, rows: np.ndarray, noise: float, policy: str) -> None:
    """Ratings that say nothing, half good and half bad, ``noise`` for each true one: reputation moves towards the middle."""
    v = state.vendors.columns
    false = 0.5 * noise * (v.positive[rows] + v.negative[rows])
    v.positive[rows] += false
    v.negative[rows] += false
    for row in rows if state.books.events.wanted else ():
        state.event(EventKind.NETWORK_ATTACK, int(row), policy=policy, cause="signal", amount=noise)
