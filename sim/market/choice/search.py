"""Search: what somebody meets who looks for a medicine on the open web, and what keeps people away from illicit pharmacies there.

Nobody chooses an illicit pharmacy: results lead to licensed and illicit sellers, and who has a prescription may tell them apart. Rank, demotion and block
lists are in `sim.market.learning.web`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.agents.codes import ABSTAIN, NO_SLOT, SEARCH, Channel
from sim.kernels import inner
from sim.market.beliefs import logistic
from sim.streams import Draw, uniform4

CLICK, BLOCKED = int(Draw.CLICK), int(Draw.BLOCKED)
LICENSED = int(Channel.LICENSED_PHARMACY)


@inner
def draw_cumulative(slots: np.ndarray, weights: np.ndarray, u: float) -> int:
    """Slot drawn by cumulative weights, NO_SLOT when there is none."""
    if len(slots) == 0 or weights[-1] <= 0.0:
        return NO_SLOT
    target = u * weights[-1]
    k = 0
    while k < len(slots) - 1 and weights[k] < target:
        k += 1
    return slots[k]


@inner
def kept_away(
    seed: int, c: int, day: int, click: int, slot: int, knowing: bool, consumers: Any, today: Any, p: Any
) -> int:
    """What stops a click on an illicit pharmacy: 1 a block or a warning, after which the search goes on, 2 a warning that ends it, 0 nothing.

    A block stops customers of a provider that blocks, for domains on its lists, unless they know how to get around it.
    """
    u1, u2, u3, u4 = uniform4(seed, BLOCKED, c, day, click)
    if u1 < today.isp_block[consumers.jurisdiction[c]] * today.listed[slot]:
        usual = p.circumvent_knowing if knowing else p.circumvent
        if u2 >= logistic(math.log(usual / (1.0 - usual)) + p.circumvent_skill * consumers.skill[c]):
            return 1
    if u3 < today.warning * p.warning_leaves:
        return 1 if u4 < p.warning_returns else 2
    return 0


@inner
def search(
    seed: int, c: int, day: int, kind: int, prescription: bool, consumers: Any, today: Any, p: Any
) -> tuple[Any, ...]:
    """Search the open web: up to three clicks on results, each licensed or illicit. Returns channel and slot, ABSTAIN when nothing came of it."""
    j = consumers.jurisdiction[c]
    hindered = today.isp_block[j] > 0.0 or today.warning > 0.0
    for click in range(3):
        u1, u2, u3, u4 = uniform4(seed, CLICK, c, day, click)
        if u1 >= today.illicit_share[kind]:
            if prescription:
                return LICENSED, today.licensed_slot[j]
            continue
        slot = draw_cumulative(today.pharmacy_slot, today.pharmacy_weight, u2)
        if slot == NO_SLOT:
            continue
        home = consumers.pharmacy_home[c]
        refill = home != NO_SLOT and today.open[home] == 1 and u4 < p.refill
        if hindered:
            stop = kept_away(seed, c, day, click, home if refill else slot, not prescription, consumers, today, p)
            if stop == 2:
                return ABSTAIN, NO_SLOT
            if stop == 1:
                continue
        if refill:
            return SEARCH, home
        if not prescription:
            return SEARCH, slot  # knows what it is and looks for just that
        detect = p.detect_believer if consumers.misbelief[c] else p.detect_unaided
        detect = min(1.0, detect * (today.glance if today.forged[slot] else today.unsealed))
        detect = 1.0 - (1.0 - detect) * (1.0 - today.recognition[j])
        detect = 1.0 - (1.0 - detect) * (1.0 - consumers.verification[c] * today.lookup)
        if u3 >= detect:
            return SEARCH, slot
    return ABSTAIN, NO_SLOT
