"""Attacks on how a market works rather than on its place: moderators, weak links, reputation. Recovery is left to operators, vendors and buyers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import EventKind
from sim.agents.consumers import REMEMBERED_VENDORS
from sim.kernels import kernel
from sim.market import views
from sim.market.blocks import over_rows
from sim.market.groups import Moment
from sim.market.learning.fear import feel
from sim.market.views import narrow
from sim.streams import Draw, uniform

if TYPE_CHECKING:
    from sim.market.state import MarketState

LETTER = int(Draw.LETTER)


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


class Letters(NamedTuple):
    """What letters to buyers do."""

    attacked: np.ndarray  # (vendors,) 1 for those whose once-only buyers are written to
    heeded: float  # share of those written to who give the vendor up
    fright: float  # to perceived legal risk
    hearsay: float  # share of it that is felt at other markets than the own one


@kernel
def cut_weak(lo: int, hi: int, when: Moment, consumers: Any, letters: Letters) -> None:
    """Those who bought once from an attacked vendor get a letter, which they take as a risk; some keep away from that vendor from now on."""
    for c in range(lo, hi):
        told = 0
        for j in range(REMEMBERED_VENDORS):
            v = consumers.vendor[c, j]
            if v >= 0 and consumers.bought[c, j] == 1 and letters.attacked[v] == 1:
                told += 1
                if uniform(when.seed, LETTER, c, when.day, j) < letters.heeded:
                    consumers.bought[c, j], consumers.tie[c, j] = 0, 0
        feel(consumers, c, consumers.home[c], told * letters.fright, letters.hearsay)


def weak_links(state: MarketState) -> np.ndarray:
    """(vendors,) buyers who remember one good order with each vendor."""
    weak = np.zeros(state.vendors.n, np.int64)
    count_weak(0, state.consumers.n, narrow(state.consumers.columns, views.MemoryConsumers), weak)
    return weak


def cut_links(state: MarketState, rows: np.ndarray, policy: str) -> None:
    """Police write to the once-only buyers of these vendors: some of the links are lost, the vendors stay."""
    attacked = np.zeros(state.vendors.n, np.uint8)
    attacked[rows] = 1
    weak = weak_links(state)
    letters = Letters(
        attacked, state.p.enforcement.letter_heeded, state.p.enforcement.arrest_fright, state.p.learning.hearsay
    )
    readers = narrow(state.consumers.columns, views.MemoryConsumers)
    over_rows(state.pool, cut_weak, state.consumers.n, state.moment, readers, letters)
    state.today.privacy += int(weak[rows].sum())
    state.event(EventKind.NETWORK_ATTACK, rows, policy=policy, cause="weak_link", amount=weak[rows])


def post_false_ratings(state: MarketState, rows: np.ndarray, noise: float, policy: str) -> None:
    """Ratings that say nothing, half good and half bad, ``noise`` for each true one: reputation moves towards the middle."""
    v = state.vendors.columns
    false = 0.5 * noise * (v.positive[rows] + v.negative[rows])
    v.positive[rows] += false
    v.negative[rows] += false
    state.event(EventKind.NETWORK_ATTACK, rows, policy=policy, cause="signal", amount=noise)
