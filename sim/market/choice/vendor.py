"""Choice of a vendor: somebody remembered or somebody new, reputation first and price second.

Buyer memory with preferential attachment (mechanism: Bracci et al. 2022, PNAS Nexus 1(4) pgac201; exponents fitted, see parameters). Its rivals know
neither memory nor popularity: a logit of reputation and price, and chance (`submodels.vendor_choice`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.agents.codes import Channel, VendorChoice
from sim.agents.consumers import REMEMBERED_VENDORS
from sim.agents.vendors import ACCOUNTS
from sim.evidence.groups import ChoiceParameters
from sim.kernels import inner
from sim.market.beliefs import beta_reputation, try_new_probability
from sim.market.choice.offers import Offers, draw_evenly, draw_offer
from sim.market.choice.scene import CANDIDATES, IMPOSSIBLE, Room, Scene
from sim.market.groups import Moment
from sim.streams import Draw, uniform, uniform4

NEGLIGIBLE = 40
"""Utility below the best one at which nobody ever chooses."""
MEMORY, RANDOM = int(VendorChoice.MEMORY), int(VendorChoice.RANDOM)
APP, CRYPTO, STREET = int(Channel.SOCIAL_APP), int(Channel.CRYPTOMARKET), int(Channel.STREET)


@inner
def sells(offers: Offers, v: int, s: int) -> bool:
    """Whether vendor ``v`` can deliver ``s`` today."""
    return v >= 0 and (offers.selling[v] >> s) & 1 == 1


@inner
def sells_on(vendors: Any, offers: Offers, v: int, m: int, s: int) -> bool:
    """Whether vendor ``v`` can deliver ``s`` today and has an account on slot ``m``."""
    return sells(offers, v, s) and account_of(vendors, v, m) >= 0


@inner
def account_of(vendors: Any, v: int, m: int) -> int:
    """Index of the account of ``v`` on slot ``m``, -1 for none."""
    for a in range(ACCOUNTS):
        if vendors.account[v, a] == m:
            return a
    return -1


@inner
def known_vendor(c: int, s: int, m: int, u_new: float, u_pick: float, weights: np.ndarray, scene: Scene) -> int:
    """A remembered vendor for this purchase, or -1 to try a new one."""
    consumers, vendors, p = scene.consumers, scene.vendors, scene.given[0]
    n = 0
    total = 0.0
    for j in range(REMEMBERED_VENDORS):
        v = consumers.vendor[c, j]
        weights[j] = 0.0
        if consumers.bought[c, j] > 0 and sells_on(vendors, scene.offers, v, m, s):
            n += 1
            weights[j] = consumers.bought[c, j] ** p.loyalty_exponent * math.exp(-p.price_weight * vendors.log_price[v])
            total += weights[j]
    if n == 0 or u_new < try_new_probability(float(n), p.new_c, p.new_beta):
        return -1
    target = u_pick * total
    run = 0.0
    last = -1
    for j in range(REMEMBERED_VENDORS):
        if weights[j] > 0.0:
            last = consumers.vendor[c, j]
            run += weights[j]
            if target <= run:
                return last
    return last


@inner
def heard_of(when: Moment, c: int, s: int, m: int, attempt: int, channel: int, n: int, room: Room, scene: Scene) -> int:
    """A friend tells what is known of vendors, who are ``n`` candidates so far. Returns how many there are then.

    Of whom a friend keeps away, after an order that failed or a warning that was read, true or false, is less likely taken. Where nobody rates,
    the friend's own vendors are candidates too. What a friend tells counts as ratings do.
    """
    consumers, vendors, friends, p = scene.consumers, scene.vendors, scene.friends, scene.given[0]
    first, last = friends.start[c], friends.start[c + 1]
    if last == first:
        return n
    friend = friends.who[
        first + int(uniform(when.seed, Draw.NEW_VENDOR, c, when.day, attempt * 4 + 2) * (last - first))
    ]
    unknown = beta_reputation(0.0, 0.0, p.reputation_good, p.reputation_bad)
    drawn = n
    for j in range(REMEMBERED_VENDORS):
        v, good = consumers.vendor[friend, j], consumers.bought[friend, j]
        if v < 0 or remembers(consumers, c, v):
            continue
        told = beta_reputation(float(good), 0.0 if good > 0 else 1.0, p.reputation_good, p.reputation_bad)
        if good > 0 and channel != CRYPTO and sells_on(vendors, scene.offers, v, m, s):
            border = border_weight(channel, p) if vendors.jurisdiction[v] != consumers.jurisdiction[c] else 0.0
            room.candidates[n] = v
            room.weights[n] = p.reputation_weight * math.log(told) - p.price_weight * vendors.log_price[v] - border
            n += 1
        for i in range(drawn):
            if good == 0 and room.candidates[i] == v:
                room.weights[i] += p.reputation_weight * math.log(told / unknown)
    return n


@inner
def remembers(consumers: Any, c: int, v: int) -> bool:
    """Whether consumer ``c`` remembers vendor ``v``, for good or ill."""
    for j in range(REMEMBERED_VENDORS):
        if consumers.vendor[c, j] == v:
            return True
    return False


@inner
def new_vendor(when: Moment, c: int, s: int, m: int, attempt: int, channel: int, room: Room, scene: Scene) -> int:
    """A vendor who is not remembered, for good or ill: candidates drawn by popularity, weighed by reputation and price; -1 when there is none.

    Where nobody remembers, all vendors are new: candidates are drawn evenly, and at random the first of them is taken.
    """
    consumers, offers, memory = scene.consumers, scene.offers, scene.rule == MEMORY
    border = border_weight(channel, scene.given[0])
    group = m * len(scene.table.dose_usd) + s
    if offers.start[group] == offers.start[group + 1]:
        return -1
    n = 0
    home = consumers.jurisdiction[c]
    for block in range(CANDIDATES // 4):
        draws = uniform4(when.seed, Draw.NEW_VENDOR, c, when.day, attempt * 4 + block)
        for d in range(4):
            k = draw_offer(offers, group, draws[d]) if memory else draw_evenly(offers, group, draws[d])
            v = offers.vendor[k]
            if memory and remembers(consumers, c, v):
                continue
            room.candidates[n] = v
            room.weights[n] = offers.appeal[k] - (border if offers.where[k] != home else 0.0)
            n += 1
    if scene.rule == RANDOM:
        return int(room.candidates[0])
    if memory and (channel == APP or channel == STREET or channel == CRYPTO):
        n = heard_of(when, c, s, m, attempt, channel, n, room, scene)
    if n == 0:
        return -1
    u = uniform(when.seed, Draw.NEW_VENDOR, c, when.day, attempt * 4 + 3)
    return int(room.candidates[draw_logit(room.weights, n, room.shares, u)])


@inner
def partner(c: int, s: int, scene: Scene) -> int:
    """Place in memory of the vendor with a direct tie who sells ``s`` and was bought from most, -1 for none."""
    consumers = scene.consumers
    best, most = -1, 0
    for j in range(REMEMBERED_VENDORS):
        if (
            consumers.tie[c, j] == 1
            and consumers.bought[c, j] > most
            and sells(scene.offers, consumers.vendor[c, j], s)
        ):
            best, most = j, consumers.bought[c, j]
    return best


@inner
def border_weight(channel: int, p: ChoiceParameters) -> float:
    """How much a foreign vendor is disliked, by channel."""
    if channel == APP or channel == STREET:
        return p.border_local
    return p.border_post if channel == CRYPTO else 0.0


@inner
def draw_logit(utilities: np.ndarray, n: int, weights: np.ndarray, u: float) -> int:
    """Index below ``n`` drawn with probability proportional to exp(utility); ``weights`` is room for as many numbers."""
    top = IMPOSSIBLE
    for a in range(n):
        top = max(top, utilities[a])
    total = 0.0
    for a in range(n):
        weights[a] = math.exp(utilities[a] - top) if utilities[a] > top - NEGLIGIBLE else 0.0
        total += weights[a]
    target = u * total
    run = 0.0
    last = 0
    for a in range(n):
        if weights[a] > 0.0:
            last = a
            run += weights[a]
            if target <= run:
                return a
    return last
