"""Memory of cryptomarkets, which only those have who know one: see `sim.population.few`."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.agents.codes import NO_SLOT
from sim.agents.consumers import KNOWN_MARKETS
from sim.kernels import inner


@inner
def forget(consumers: Any, memory: int, k: int) -> None:
    """Forget the ``k``-th known market of a ``memory``."""
    consumers.known[memory, k] = NO_SLOT
    consumers.good[memory, k], consumers.bad[memory, k], consumers.market_hits[memory, k] = 0.0, 0.0, 0.0


@inner
def learn_of(consumers: Any, c: int, m: int, spare: np.ndarray) -> None:
    """Add market ``m`` to those known, in the place of the least used one; the first one takes a ``spare`` memory."""
    if consumers.memory[c] == 0:
        consumers.memory[c] = spare[spare[0]]
        spare[0] -= 1
    memory, home, place = consumers.memory[c], consumers.home[c], 0
    for k in range(KNOWN_MARKETS):
        if consumers.known[memory, k] == m:
            return
        if consumers.known[memory, place] == NO_SLOT:
            continue
        if consumers.known[memory, k] == NO_SLOT or consumers.good[memory, k] < consumers.good[memory, place]:
            place = k
    if consumers.known[memory, place] == home and home != NO_SLOT and home != m:
        place = (place + 1) % KNOWN_MARKETS
    forget(consumers, memory, place)
    consumers.known[memory, place] = m
