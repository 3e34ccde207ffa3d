"""Memory of vendors: from whom somebody bought, with whom there is a tie, from whom to keep away."""

from __future__ import annotations

from typing import Any

from sim.agents.consumers import REMEMBERED_VENDORS
from sim.kernels import inner

MOST_BOUGHT = 65_535  # that a column holds


@inner
def remember(consumers: Any, c: int, v: int, good: bool, u: float, forget: float) -> int:
    """Update the memory of vendors: a good order counts, a bad one erases the tie with chance ``forget``. Returns the place, -1 when forgotten."""
    place, weakest = -1, 0
    for j in range(REMEMBERED_VENDORS):
        if consumers.vendor[c, j] == v:
            place = j
        fewer = consumers.bought[c, j] < consumers.bought[c, weakest]
        same = consumers.bought[c, j] == consumers.bought[c, weakest]
        if fewer or (same and consumers.vendor[c, j] < 0 and consumers.vendor[c, weakest] >= 0):
            weakest = j  # a free place before one that warns of a cheat
    if not good:
        if place >= 0 and u < forget:
            consumers.bought[c, place], consumers.tie[c, place] = 0, 0
        elif place < 0 and consumers.bought[c, weakest] == 0:
            consumers.vendor[c, weakest], consumers.tie[c, weakest] = v, 0  # known as one to keep away from
        return -1
    if place < 0:
        place = weakest
        consumers.vendor[c, place], consumers.bought[c, place], consumers.tie[c, place] = v, 0, 0
    if consumers.bought[c, place] < MOST_BOUGHT:
        consumers.bought[c, place] += 1
    return place


@inner
def has_tie(consumers: Any, c: int, v: int) -> bool:
    """Whether consumer ``c`` has a tie with the vendor ``v``, and so knows it under whatever name."""
    for j in range(REMEMBERED_VENDORS):
        if consumers.vendor[c, j] == v and consumers.tie[c, j] == 1:
            return True
    return False
