"""Considering: who begins to think of an illicit online source, and who no longer does."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.agents.codes import NEVER, NO_SLOT, Considering, Membership
from sim.kernels import kernel

BEGINS, STOPS = 1, 2  # what becomes of a consumer's stage of considering
NOT_YET, CONSIDERS, BOUGHT, EXPERIENCED = (int(stage) for stage in Considering)
LAPSED, NO_MEMBER = int(Membership.LAPSED), int(Membership.NONE)


@kernel
def turn_to_markets(day: int, starts: np.ndarray, people: Any) -> None:
    """Those who begin (``starts``) look for a cryptomarket from tomorrow on; those who stop look for none any more, and use none."""
    for c in range(len(starts)):
        if starts[c] == BEGINS:
            people.considering[c], people.market_state[c], people.market_until[c] = CONSIDERS, LAPSED, day + 1
        elif starts[c] == STOPS:
            people.considering[c], people.market_state[c], people.market_until[c] = NOT_YET, NO_MEMBER, NEVER
            people.home[c] = NO_SLOT
