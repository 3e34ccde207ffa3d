"""Content: what is in a parcel, and how strong; batches follow the vendor's clock."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sim.agents.codes import Channel, Content
from sim.kernels import inner, kernel
from sim.market.groups import Moment
from sim.streams import Draw, normal_from, uniform4

BATCH = int(Draw.BATCH)
LICENSED, PHARMACY = int(Channel.LICENSED_PHARMACY), int(Channel.ILLICIT_PHARMACY)
AS_SOLD, ADULTERATED, SUBSTITUTED = int(Content.AS_SOLD), int(Content.ADULTERATED), int(Content.SUBSTITUTED)


@kernel
def as_sold_probability(quality: float, hands: float, per_hand: float, carelessness: float) -> float:
    """P(content as sold) = (1 - m)^hands (1 - d (1 - quality)): path length and the vendor's care (prototype fitted to Caudevilla et al. 2016)."""
    return (1.0 - per_hand) ** hands * (1.0 - carelessness * (1.0 - quality))


@kernel
def potency_sd2(base_sd: float, hands: float, per_hand_sd: float, spread: float, concentration: float) -> float:
    """Variance of log potency of a batch: source, hands, and beta ln(concentration): strong product is harder to dilute evenly."""
    return base_sd**2 + hands * per_hand_sd**2 + spread * math.log(max(concentration, 1.0))


@kernel
def contaminated_share(concentration: float, strongest: float) -> float:
    """Share of a supplier's opioids that hold the strongest product at hand, where the strength to weight of all of them is ``concentration`` on average.

    A mix of ``x`` of the strongest product and ``1 - x`` of the usual one, of strength 1, has the strength ``1 + x (strongest - 1)``.
    """
    return min(max((concentration - 1.0) / max(strongest - 1.0, 1e-9), 0.0), 1.0)


class Goods(NamedTuple):
    """What decides on the content of an order."""

    concentration: np.ndarray  # (suppliers + 1,), place 0 for no supplier
    mixes: np.ndarray  # (suppliers + 1, 4) what is mixed in: see `sim.market.supply.mixing.know_suppliers`
    hands: np.ndarray  # (C,) through which goods pass
    fails: np.ndarray  # (2,) chance of bad content from licensed and illicit pharmacies
    table: Any  # `views.SentSubstances`
    given: np.ndarray  # parameters of shipping: see `handed_over`


@inner
def batch(when: Moment, key: int, s: int, channel: int, quality: float, row: int, goods: Goods) -> tuple[Any, ...]:
    """The present batch of ``s`` of the vendor with ``key``, whose supplier has the place ``row`` in ``goods``.

    Content, opioid potency when pure, share of the substance left, and whether it holds a strong synthetic. That comes in whatever suppliers make or press
    themselves: in any unit of an opioid that no factory makes, in counterfeits of others. Batches follow the vendor's own clock, not the buyers'.
    """
    table, p, hands, concentration = goods.table, goods.given[0], goods.hands[channel], goods.concentration[row]
    number = (when.day + 4096 + key % 97) // int(p.batch_days)
    u1, u2, u3, u4 = uniform4(when.seed, BATCH, key, number, s)
    ok = (
        1.0 - goods.fails[channel]
        if channel <= PHARMACY
        else as_sold_probability(quality, hands, p.per_hand, p.carelessness)
    )
    content, left, strong = AS_SOLD, 1.0, False
    if u1 >= ok:
        content, left = (ADULTERATED, p.adulterated_left) if u2 >= p.substituted else (SUBSTITUTED, 0.0)
    strength = table.opioid[s] if content != SUBSTITUTED else 0.0
    usual, beyond, potency, added = goods.mixes[row]
    made_illicitly = table.opioid[s] > 0.0 and table.sold[LICENSED, s] == 0
    holds, older = 0.0, 0.0
    if content != AS_SOLD or made_illicitly:
        holds = older = table.synthetic[s] * usual
        holds += (1.0 - holds) * beyond if table.contaminable[s] else 0.0
    outside = holds
    if table.opioid[s] > 0.0 and channel != LICENSED:
        holds += (1.0 - holds) * contaminated_share(concentration, p.synthetic_concentration)
    if u3 < holds:
        strength, strong = p.synthetic_strength * (added if older <= u3 < outside else potency), True
        content = ADULTERATED if content == AS_SOLD else content
        concentration = max(concentration, p.synthetic_concentration)
    if strength > 0.0 and channel != LICENSED:
        s2 = potency_sd2(table.potency_sd[s], hands, p.potency_hand_sd, p.potency_spread, concentration)
        strength *= math.exp(-0.5 * s2 + math.sqrt(s2) * normal_from(u4))
    return content, strength, left, strong
