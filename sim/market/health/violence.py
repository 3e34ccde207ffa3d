"""Violence teaches: who is threatened or hurt at a purchase remembers where, and friends hear of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import N_CHANNELS, Channel
from sim.agents.consumers import AT_APPS, ON_STREETS
from sim.kernels import kernel
from sim.market import views
from sim.market.groups import Friends
from sim.market.views import narrow

if TYPE_CHECKING:
    from sim.market.state import MarketState

NOWHERE = -1
PLACE = np.full(N_CHANNELS, NOWHERE)
"""Place of a channel in a consumer's `danger`."""
PLACE[Channel.STREET], PLACE[Channel.SOCIAL_APP] = ON_STREETS, AT_APPS


@kernel
def tell_friends(rows: np.ndarray, orders: Any, friends: Friends, danger: np.ndarray) -> None:
    """What happened in the orders ``rows`` counts half for who met it, and half for all friends together."""
    for o in rows:
        place = PLACE[orders.channel[o]]
        if place != NOWHERE:
            danger[orders.consumer[o], place] += 1.0 / 2.0
    for o in rows:
        place, who = PLACE[orders.channel[o]], orders.consumer[o]
        if place == NOWHERE:
            continue
        first, last = friends.start[who], friends.start[who + 1]
        for k in range(first, last):
            danger[friends.who[k], place] += 1.0 / (2.0 * (last - first))


def learn_of_violence(state: MarketState, rows: np.ndarray) -> None:
    """Threats and violence in the orders ``rows``: what people know is the mean of what they met themselves and of what their friends met."""
    if len(rows):
        orders = narrow(state.books.open_orders.columns, views.ConsumptionOrders)
        tell_friends(rows, orders, state.world.friends, state.consumers.columns.danger)
