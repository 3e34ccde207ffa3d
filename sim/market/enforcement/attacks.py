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
    from sim.model import MarketModel

DARK = int(RiskGroup.CRYPTO)


def stop_moderation(model: MarketModel, slot: int, publicity: float, policy: str) -> None:
    """Take a market's moderators away: the site stays up, disputes are not decided, no feedback is taken, advice on its forum is lost."""
    t = model.platform_table.columns
    share = float(t.trade60[slot]) / max(model.crypto_trade(), 1e-9)
    t.moderation[slot] = 0.0
    model.unmoderated.add(int(slot))
    model.forum.lose(model.p.services.forum_lost * share)
    model.publicity += 0.1 * publicity
    model.event(EventKind.NETWORK_ATTACK, int(slot), policy=policy, cause="moderators", amount=share)


def find_moderators(model: MarketModel) -> None:
    """Operators find and train others, on average in ``moderators_back`` days."""
    t = model.platform_table.columns
    for slot in sorted(model.unmoderated):
        t.moderation[slot] += (1.0 - t.moderation[slot]) / model.p.enforcement.moderators_back
        if t.moderation[slot] > 0.999:
            t.moderation[slot] = 1.0
            model.unmoderated.discard(slot)


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


def weak_links(model: MarketModel) -> np.ndarray:
    """(vendors,) buyers who remember one good order with each vendor."""
    weak = np.zeros(model.vendors.n, np.int64)
    count_weak(0, model.consumers.n, narrow(model.consumers.columns, views.MemoryConsumers), weak)
    return weak


def cut_links(model: MarketModel, rows: np.ndarray, policy: str) -> None:
    """Police write to the once-only buyers of these vendors: the links are lost, the vendors stay."""
    attacked = np.zeros(model.vendors.n, np.uint8)
    attacked[rows] = 1
    weak = weak_links(model)
    over_rows(
        model.pool, cut_weak, model.consumers.n, narrow(model.consumers.columns, views.MemoryConsumers), attacked,
        10.0 * model.p.enforcement.arrest_fright,
    )  # fmt: skip
    model.today.privacy += int(weak[rows].sum())
    for row in rows if model.events.wanted else ():
        model.event(EventKind.NETWORK_ATTACK, int(row), policy=policy, cause="weak_link", amount=float(weak[row]))


def post_false_ratings(model: MarketModel, rows: np.ndarray, noise: float, policy: str) -> None:
    """Ratings that say nothing, half good and half bad, ``noise`` for each true one: reputation moves towards the middle."""
    v = model.vendors.columns
    false = 0.5 * noise * (v.positive[rows] + v.negative[rows])
    v.positive[rows] += false
    v.negative[rows] += false
    for row in rows if model.events.wanted else ():
        model.event(EventKind.NETWORK_ATTACK, int(row), policy=policy, cause="signal", amount=noise)
