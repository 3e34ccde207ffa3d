"""Violence teaches: who is threatened or hurt at a purchase remembers where, and friends hear of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import N_CHANNELS, Channel
from sim.agents.consumers import AT_APPS, ON_STREETS

if TYPE_CHECKING:
    from sim.market.state import MarketState

NOWHERE = -1
PLACE = np.full(N_CHANNELS, NOWHERE)
"""Place of a channel in a consumer's `danger`."""
PLACE[Channel.STREET], PLACE[Channel.SOCIAL_APP] = ON_STREETS, AT_APPS


def learn_of_violence(state: MarketState, rows: np.ndarray) -> None:
    """Threats and violence in the orders ``rows``: what people know is the mean of what they met themselves and of what their friends met."""
    o, danger, friends = state.books.open_orders.columns, state.consumers.columns.danger, state.world.friends
    place = PLACE[o.channel[rows]]
    who, place = o.consumer[rows][place != NOWHERE], place[place != NOWHERE]
    np.add.at(danger, (who, place), 1.0 / 2.0)
    first = friends.start[who].astype(np.int64)
    count = friends.start[who + 1] - first
    steps = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    told = friends.who[np.repeat(first, count) + steps]
    np.add.at(danger, (told, np.repeat(place, count)), np.repeat(1.0 / (2.0 * np.maximum(count, 1)), count))
