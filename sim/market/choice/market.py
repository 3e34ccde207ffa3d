"""Choice of a cryptomarket: by its goods, trust in it, fear of police there, taste, and where a favourite vendor sells."""

from __future__ import annotations

from typing import Any

from sim.agents.codes import NO_SLOT, RiskGroup
from sim.agents.consumers import KNOWN_MARKETS, REMEMBERED_VENDORS
from sim.kernels import inner
from sim.market.beliefs import event_risk, market_trust
from sim.market.choice.scene import IMPOSSIBLE, Scene
from sim.market.choice.vendor import sells_on
from sim.market.groups import Moment
from sim.streams import Draw, gumbel_from, uniform

MARKET_TASTE, MARKETS = int(Draw.MARKET_TASTE), int(RiskGroup.CRYPTO)


@inner
def market_utility(seed: int, c: int, s: int, k: int, scene: Scene) -> float:
    """Utility of the ``k``-th known cryptomarket to consumer ``c`` wanting ``s``; IMPOSSIBLE when it is closed."""
    consumers, today, p = scene.consumers, scene.today, scene.given[0]
    memory = consumers.memory[c]
    m = consumers.known[memory, k]
    if m == NO_SLOT or today.open[m] == 0:
        return IMPOSSIBLE
    trust = market_trust(today.prior[m], p.prior_weight, consumers.good[memory, k], consumers.bad[memory, k])
    value = today.market_value[m] + p.trust_weight * (trust - 1.0)
    value += p.taste_weight * gumbel_from(uniform(seed, MARKET_TASTE, c, int(today.key[m]), 0))
    hits = consumers.legal_hits[c, MARKETS] + consumers.market_hits[memory, k]
    value -= p.legal_risk_weight * event_risk(hits, consumers.legal_calm[c, MARKETS], p.risk_a, p.risk_b)
    if consumers.home[c] == m:
        value += p.home_bonus
    best = 0
    for j in range(REMEMBERED_VENDORS):
        if consumers.bought[c, j] > best and sells_on(scene.vendors, scene.offers, consumers.vendor[c, j], m, s):
            best = consumers.bought[c, j]
    if best > 0:
        value += p.favourite_bonus
    return value


@inner
def best_market(when: Moment, c: int, s: int, explore: float, scene: Scene) -> tuple[Any, ...]:
    """Slot and utility of the market for today's order: the best known one, seldom any known one that is open."""
    slot, value, first = NO_SLOT, IMPOSSIBLE, -1.0
    exploring = explore < scene.given[0].explore
    for k in range(KNOWN_MARKETS):
        u = market_utility(when.seed, c, s, k, scene)
        if u == IMPOSSIBLE:
            continue
        order = uniform(when.seed, MARKET_TASTE, c, when.day, k + 1) if exploring else u
        if slot == NO_SLOT or order > first:
            slot, value, first = scene.consumers.known[scene.consumers.memory[c], k], u, order
    return slot, value
