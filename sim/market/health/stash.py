"""Stash: what a consumer has at hand, each substance in a place of its own; nothing is destroyed but what is given up for want of a place."""

from __future__ import annotations

from typing import Any

from sim.agents.codes import Content
from sim.agents.consumers import STASHES
from sim.kernels import inner

AS_SOLD = int(Content.AS_SOLD)


@inner
def place_of(consumers: Any, c: int, s: int) -> int:
    """Place at which ``c`` has some of ``s``; -1 without any."""
    for k in range(STASHES):
        if consumers.stash[c, k] > 0.0 and consumers.stash_substance[c, k] == s:
            return k
    return -1


@inner
def held(consumers: Any, c: int, s: int) -> float:
    """Doses of ``s`` that ``c`` has."""
    k = place_of(consumers, c, s)
    return consumers.stash[c, k] if k >= 0 else 0.0


@inner
def put(consumers: Any, c: int, s: int, doses: float, strength: float, content: int, table: Any, u: float) -> float:
    """Add doses to what ``c`` has of ``s``. Returns the doses that are given up for it.

    A place holds one content of one strength: ``u`` in (0, 1) draws those of one of the doses, together, so that as many are bad, and all are as strong,
    on average as came. Where every place holds something else, what there is least of, in usual orders, is given up.
    """
    k = place_of(consumers, c, s)
    if k >= 0:
        total = consumers.stash[c, k] + doses
        if u < doses / total:
            consumers.stash_potency[c, k], consumers.stash_content[c, k] = strength, content
        consumers.stash[c, k] = total
        return 0.0
    k, least = 0, float("inf")
    for place in range(STASHES):
        orders = consumers.stash[c, place] / table.doses_per_order[consumers.stash_substance[c, place]]
        if orders < least:
            k, least = place, orders
    lost = max(0.0, consumers.stash[c, k])
    consumers.stash[c, k], consumers.stash_potency[c, k] = doses, strength
    consumers.stash_substance[c, k], consumers.stash_content[c, k] = s, content
    return lost


@inner
def beside_sedative(c: int, had: int, consumers: Any, table: Any) -> bool:
    """Whether one of the places ``had`` (bits) of the stash holds a benzodiazepine that is what it was sold as."""
    for k in range(STASHES):
        s, content = consumers.stash_substance[c, k], consumers.stash_content[c, k]
        if (had >> k) & 1 and content == AS_SOLD and table.sedative[s]:
            return True
    return False
