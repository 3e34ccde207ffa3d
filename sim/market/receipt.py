"""Receipt: parcels that arrived are checked or not and put into the stash; purchases bring threats and violence where they are physical."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.agents.codes import Channel, Content, OrderOutcome, VendorKind
from sim.kernels import kernel
from sim.streams import Draw, uniform4

CHECK, THREAT = int(Draw.CHECK), int(Draw.THREAT)
DELIVERED, AS_SOLD = int(OrderOutcome.DELIVERED), int(Content.AS_SOLD)
SOCIAL = int(VendorKind.SOCIAL_SUPPLIER)
APP, CRYPTO, DIRECT, STREET = (
    int(Channel.SOCIAL_APP),
    int(Channel.CRYPTOMARKET),
    int(Channel.DIRECT),
    int(Channel.STREET),
)


@kernel
def receive(
    rows: np.ndarray,
    seed: int,
    orders: Any,
    consumers: Any,
    reach: np.ndarray,
    uptake: np.ndarray,
    table: Any,
    p: Any,
    seen: np.ndarray,
) -> tuple[Any, ...]:
    """Put what arrived into the stash; some have it checked first, and discard or later use less. Returns parcels checked and found bad.

    ``reach`` is the share of consumers that drug checking reaches by jurisdiction; ``seen[o]`` becomes 1 where a check found bad content.
    """
    checked, bad, novel = 0, 0, 0
    for i in range(len(rows)):
        o = rows[i]
        if orders.outcome[o] != DELIVERED or orders.share[o] <= 0.0:
            continue
        c, s = orders.consumer[o], orders.substance[o]
        doses = orders.quantity[o] * orders.share[o]
        strength, content = orders.potency[o], orders.content[o]
        u1, u2, u3, u4 = uniform4(seed, CHECK, c, orders.day[o], 0)
        offered = p.checking_base + reach[consumers.jurisdiction[c]]
        takes = (
            offered
            * p.check_uptake
            * uptake[consumers.jurisdiction[c]]
            * (p.check_trust_base + p.check_trust_slope * consumers.trust_police[c])
        )
        if orders.channel[o] > 1 and u1 < takes:
            checked += 1
            if s == table.novel:
                novel += 1
            found = u2 < p.check_sensitivity and (content != AS_SOLD or strength > p.strong_dose)
            if found:
                bad += 1
                seen[i] = 1
                consumers.practice[c] = min(1.0, consumers.practice[c] + p.practice_bad_check)
                discard = p.discard_opioid if table.opioid[s] > 0.0 else p.discard_missold
                if u3 < discard:
                    continue
                if u4 < p.reduce_share:
                    strength *= p.reduced_dose
            elif u3 < p.discard_as_sold:
                continue
        doses = min(doses, p.kept * table.doses_per_order[s])  # who buys more passes the rest on
        held = consumers.stash[c]
        if held <= 0.0 or consumers.stash_substance[c] != s:
            consumers.stash[c], consumers.stash_potency[c], consumers.stash_content[c] = doses, strength, content
            consumers.stash_substance[c] = s
        else:
            total = held + doses
            consumers.stash_potency[c] = (held * consumers.stash_potency[c] + doses * strength) / total
            consumers.stash[c] = total
            consumers.stash_content[c] = max(consumers.stash_content[c], content)
    return checked, bad, novel


@kernel
def threats(
    rows: np.ndarray, seed: int, orders: Any, consumers: Any, kind: np.ndarray, hurt: np.ndarray, p: Any
) -> tuple[Any, ...]:
    """Threats and violence in the purchases settled today: count and expectation (rates by channel fitted to Barratt et al. 2016)."""
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
            )
        elif channel == APP:
            risk = p.threat_app
        elif channel == CRYPTO or channel == DIRECT:
            risk = p.threat_crypto
        else:
            continue
        expected += risk
        if u1 < risk:
            count += 1
            hurt[i] = 1
            c = orders.consumer[o]
            consumers.harms[c] += 1
    return count, expected
