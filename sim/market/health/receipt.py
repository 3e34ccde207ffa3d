"""Receipt: parcels that arrived are checked or not and put into the stash; purchases bring threats and violence where they are physical."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.agents.codes import MOST_COUNTED, Channel, Check, Content, OrderOutcome, Programme, Segment, VendorKind
from sim.kernels import inner, kernel
from sim.market.ahead import AHEAD, ask_for_row
from sim.market.groups import Friends
from sim.market.health.harm import trusting
from sim.market.health.stash import put
from sim.streams import Draw, uniform, uniform4

CHECK, THREAT, DIVERSION = int(Draw.CHECK), int(Draw.THREAT), int(Draw.DIVERSION)
DELIVERED, AS_SOLD = int(OrderOutcome.DELIVERED), int(Content.AS_SOLD)
FOUND_AS_SOLD, FOUND_BAD = int(Check.AS_SOLD), int(Check.NOT_AS_SOLD)
DEPENDENT = int(Segment.DEPENDENT)
CHECKING, SUPPLY = 1 << Programme.CHECKING, 1 << Programme.SUPPLY
SOCIAL = int(VendorKind.SOCIAL_SUPPLIER)
LICENSED, PHARMACY, APP, CRYPTO, DIRECT, STREET = (
    int(Channel.LICENSED_PHARMACY),
    int(Channel.ILLICIT_PHARMACY),
    int(Channel.SOCIAL_APP),
    int(Channel.CRYPTOMARKET),
    int(Channel.DIRECT),
    int(Channel.STREET),
)

NOVEL_CHECKED, STRONG_FOUND, POSTED = range(3)
"""What `receive` counts by jurisdiction: samples of novel substances, opioids found bad, novel substances from cryptomarkets, whose buyers write in forums."""


class Offered(NamedTuple):
    """What is offered to buyers, by jurisdiction (J,) or by jurisdiction, segment and turn (J, 4, 100)."""

    reach: np.ndarray  # (J, 4, 100) share of parcels at which those who take part in a programme have it within reach
    uptake: np.ndarray  # (J, 4, 100) what multiplies the share of these that they have checked
    legal: np.ndarray  # (J, 4, 100) share of needs that regulated supply covers for those who take part in it
    diversion: np.ndarray  # (J,) share of what dependent people get of it that they pass on


class Received(NamedTuple):
    """What the deliveries of a day add up to."""

    checked: int  # parcels; likewise the next one
    bad: int  # found so
    arrived: float  # doses; likewise the next two
    lost: float  # discarded, or given up for want of a place
    passed: float  # passed on to a friend at once


@inner
def keeper(seed: int, c: int, s: int, day: int, offered: Offered, consumers: Any, table: Any, friends: Friends) -> int:
    """Who ends up with what ``c`` got on prescription: a dependent consumer passes some of what regulated supply gives and makes dependent on to a friend.

    What it gives is its part of the prescriptions of those who take part in it; they would have had the others without it.
    """
    first, last = friends.start[c], friends.start[c + 1]
    if (
        last == first
        or consumers.segment[c] != DEPENDENT
        or table.dependence[s] <= 0.0
        or consumers.declined[c] & SUPPLY
    ):
        return c
    j = consumers.jurisdiction[c]
    legal = offered.legal[j, DEPENDENT, consumers.turn[c]]
    if legal <= 0.0:
        return c
    given = legal / (legal + consumers.access[c] * table.prescribed[j, s])
    u1, u2, _, _ = uniform4(seed, DIVERSION, c, day, 0)
    friend = friends.who[first + int(u2 * (last - first))]
    return int(friend) if u1 < offered.diversion[j] * given and consumers.alive[friend] == 1 else c


@inner
def ask_for_stash(c: int, consumers: Any) -> None:
    """Ask for what a buyer has at hand."""
    ask_for_row(consumers.stash, c)
    ask_for_row(consumers.stash_substance, c)
    ask_for_row(consumers.stash_potency, c)
    ask_for_row(consumers.stash_content, c)
    ask_for_row(consumers.trust_police, c)
    ask_for_row(consumers.declined, c)


@kernel
def receive(
    rows: np.ndarray,
    seed: int,
    orders: Any,
    consumers: Any,
    offered: Offered,
    friends: Friends,
    table: Any,
    given: np.ndarray,
    extra: np.ndarray,
    signs: np.ndarray,
) -> tuple[int, int, float, float, float]:
    """Put what arrived into the stash; some have it checked first, and discard or later use less. Returns the fields of `Received`.

    ``extra`` becomes 1 where a programme brought the check about; ``signs`` (J, 3) counts what early warning may learn, by the buyer's jurisdiction.
    """
    p = given[0]
    checked, bad = 0, 0
    arrived, lost, passed = 0.0, 0.0, 0.0
    for i in range(len(rows)):
        if i + AHEAD < len(rows):
            ask_for_stash(orders.consumer[rows[i + AHEAD]], consumers)
        o = rows[i]
        if orders.outcome[o] != DELIVERED or orders.share[o] <= 0.0:
            continue
        c, s = orders.consumer[o], orders.substance[o]
        doses = orders.quantity[o] * orders.share[o]
        arrived += doses
        strength, content = orders.potency[o], orders.content[o]
        j, g, k = consumers.jurisdiction[c], consumers.segment[c], consumers.turn[c]
        if s == table.novel and orders.channel[o] == CRYPTO:
            signs[j, POSTED] += 1
        u1, u2, u3, u4 = uniform4(seed, CHECK, c, orders.day[o], 0)
        usual = p.checking_base * p.check_uptake * trusting(consumers.trust_police[c], p)
        takes = usual
        if not consumers.declined[c] & CHECKING:
            takes = (usual + p.check_uptake * offered.reach[j, g, k]) * offered.uptake[j, g, k]
        if orders.channel[o] != LICENSED and orders.channel[o] != PHARMACY and u1 < takes:
            checked += 1
            extra[i] = u1 >= usual
            if s == table.novel:
                signs[j, NOVEL_CHECKED] += 1
            differs = content != AS_SOLD or strength > p.strong_dose * table.opioid[s]
            found = u2 < p.check_sensitivity and differs
            orders.check[o] = FOUND_BAD if found else FOUND_AS_SOLD
            if found:
                bad += 1
                signs[j, STRONG_FOUND] += 1 if strength > 0.0 else 0
                consumers.practice[c] = min(1.0, consumers.practice[c] + p.practice_bad_check)
                discard = p.discard_opioid if table.opioid[s] > 0.0 else p.discard_missold
                if u3 < discard:
                    lost += doses
                    orders.discarded[o] = 1
                    continue
                if u4 < p.reduce_share:
                    strength *= p.reduced_dose
            elif u3 < p.discard_as_sold:
                lost += doses
                orders.discarded[o] = 1
                continue
        if orders.channel[o] == LICENSED and offered.diversion[j] > 0.0:
            c = keeper(seed, c, s, orders.day[o], offered, consumers, table, friends)
        passed += 0.0 if c == orders.consumer[o] else doses
        which = uniform(seed, CHECK, orders.consumer[o], orders.day[o], 1)
        lost += put(consumers, c, s, doses, strength, content, table, which)
    return checked, bad, arrived, lost, passed


@kernel
def threats(
    rows: np.ndarray,
    seed: int,
    orders: Any,
    consumers: Any,
    kind: np.ndarray,
    hurt: np.ndarray,
    risks: np.ndarray,
    rivalry: np.ndarray,
    given: np.ndarray,
) -> tuple[Any, ...]:
    """Threats and violence in the purchases settled today: count and expectation (rates by channel fitted to Barratt et al. 2016).

    ``hurt`` becomes 1 where there was some, ``risks`` the probability of each. ``rivalry`` (J,) multiplies it where dealers meet their buyers: suppliers
    fight over vendors whose supplier is gone.
    """
    p = given[0]
    count, expected = 0, 0.0
    for i in range(len(rows)):
        o = rows[i]
        channel, v = orders.channel[o], orders.vendor[o]
        u1, u2, _, _ = uniform4(seed, THREAT, orders.consumer[o], orders.day[o], 0)
        if channel == STREET:
            risk = (
                p.threat_friend
                if kind[v] == SOCIAL
                else (p.threat_stranger if u2 < p.stranger_share else p.threat_dealer)
                * rivalry[consumers.jurisdiction[orders.consumer[o]]]
            )
        elif channel == APP:
            risk = p.threat_app * rivalry[consumers.jurisdiction[orders.consumer[o]]]
        elif channel == CRYPTO or channel == DIRECT:
            risk = p.threat_crypto
        else:
            continue
        risks[i] = risk
        expected += risk
        if u1 < risk:
            count += 1
            hurt[i] = 1
            c = orders.consumer[o]
            consumers.harms[c] = min(consumers.harms[c] + 1, MOST_COUNTED)
    return count, expected
