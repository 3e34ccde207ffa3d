"""Search: what somebody meets who looks for a medicine on the open web, and what keeps people away from illicit pharmacies there.

Nobody chooses an illicit pharmacy: results lead to licensed and illicit sellers, and who has a prescription may tell them apart. Rank, demotion and block
lists are in `sim.market.learning.web`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.agents.codes import ABSTAIN, NO_SLOT, SEARCH, Channel, LegalStatus
from sim.kernels import inner
from sim.market.beliefs import logistic
from sim.market.choice.scene import Scene
from sim.market.groups import Moment
from sim.streams import Draw, uniform, uniform4

CLICK, BLOCKED, PROVIDER = int(Draw.CLICK), int(Draw.BLOCKED), int(Draw.PROVIDER)
LICENSED, PRESCRIPTION = int(Channel.LICENSED_PHARMACY), int(LegalStatus.PRESCRIPTION)
PATIENTS = 0.3  # of the chance to get around a block of who looks for an illicit source, that of who has a prescription (prototype: 0.12 of 0.40; 0.1 to 0.6)
ORDINARY, CONTROLLED, PROHIBITED = 0, 1, 2
"""Kinds of search: for a medicine that somebody may have, for a controlled one without a prescription, for what is prohibited."""
"""What stops a click on an illicit pharmacy: nothing; a block or a warning, after which the search goes on; a warning that ends it."""


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
def kept_away(when: Moment, c: int, click: int, slot: int, knowing: bool, scene: Scene) -> bool:
    """Whether a block or a warning stops a click on an illicit pharmacy; the search goes on.

    A block stops customers of a provider that blocks, for domains on its lists, unless they know how to get around it. Who is a
    customer of one stays that: the same people as long as as many block, and among those of more.
    """
    consumers, today, p = scene.consumers, scene.today, scene.given[0]
    u1, u2, u3, _ = uniform4(when.seed, BLOCKED, c, when.day, click)
    j = consumers.jurisdiction[c]
    if u1 < today.listed[slot] and uniform(when.seed, PROVIDER, c, 0, 0) < today.isp_block[j]:
        usual = p.circumvent_knowing * (1.0 if knowing else PATIENTS)
        if u2 >= logistic(math.log(usual / (1.0 - usual)) + p.circumvent_skill * consumers.skill[c]):
            return True
    return u3 < today.warning[j] * p.warning_leaves


@inner
def search(when: Moment, c: int, kind: int, prescription: bool, scene: Scene) -> tuple[Any, ...]:
    """Search the open web: some clicks on results, each licensed or illicit. Returns channel and slot, ABSTAIN when nothing came of it."""
    consumers, today, p = scene.consumers, scene.today, scene.given[0]
    j = consumers.jurisdiction[c]
    hindered = today.isp_block[j] > 0.0 or today.warning[j] > 0.0
    for click in range(int(p.clicks)):
        u1, u2, u3, u4 = uniform4(when.seed, CLICK, c, when.day, click)
        if u1 >= today.illicit_share[j, kind]:
            if prescription:
                return LICENSED, today.licensed_slot[j]
            continue
        slot = draw_cumulative(today.pharmacy_slot, today.pharmacy_weight[j], u2)
        if slot == NO_SLOT:
            continue
        home = consumers.pharmacy_home[c]
        refill = home != NO_SLOT and today.open[home] == 1 and u4 < p.refill
        if hindered and kept_away(when, c, click, home if refill else slot, not prescription, scene):
            continue
        if refill:
            return SEARCH, home
        if not prescription:
            return SEARCH, slot  # knows what it is and looks for just that
        detect = p.detect_believer if consumers.misbelief[c] else p.detect_unaided
        detect = min(1.0, detect * (today.glance[j] if today.forged[slot] else today.unsealed[j]))
        detect = 1.0 - (1.0 - detect) * (1.0 - today.recognition[j, consumers.segment[c], consumers.turn[c]])
        detect = 1.0 - (1.0 - detect) * (1.0 - consumers.verification[c] * today.lookup[j])
        if u3 >= detect:
            return SEARCH, slot
    return ABSTAIN, NO_SLOT


@inner
def kind_of_search(law: int, prescription: bool) -> int:
    """What is looked for, by legal status; without a prescription a medicine is looked for as a controlled one."""
    kind = ORDINARY if law <= PRESCRIPTION else law - PRESCRIPTION
    return kind if prescription else max(CONTROLLED, kind)
