"""Friendship: who knows whom among consumers, by place, use and age, and how it changes over the years.

People become friends with people like themselves: similarity of use predicts friendship beyond what else is alike (de la Haye and colleagues 2015); that
friends are near each other in age is assumed. Half of the
people close to somebody have been replaced seven years later (Mollenhorst and colleagues, as told by [friends-seven-years]).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.kernels import kernel
from sim.market.blocks import over_rows
from sim.market.groups import Friends, Moment
from sim.streams import Draw, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

FRIENDS = int(Draw.FRIENDS)
SEASON = 91
"""Days after which people look back: some friendships have ended, and others have begun."""
CIRCLE = 2
"""Circles of people alike who meet each other are so many times as large as the number of friends that one has."""


class Circles(NamedTuple):
    """The living in order of place, use and age, and where each stands."""

    order: np.ndarray  # (living,) consumers by jurisdiction, substance and age
    place: np.ndarray  # (consumers,) where each is in that order
    first: np.ndarray  # (J + 1,) where each jurisdiction begins
    jurisdiction: np.ndarray  # (consumers,)
    alive: np.ndarray  # (consumers,)
    new: np.ndarray  # (consumers,) whether somebody else is there than at the last look


def circles(state: MarketState) -> Circles:
    """How people stand to each other today."""
    c, n = state.consumers.columns, state.consumers.n
    living = np.flatnonzero(c.alive[:n])
    order = living[np.lexsort((c.born[living], c.substance[living], c.jurisdiction[living]))]
    place = np.zeros(n, np.int64)
    place[order] = np.arange(len(order))
    size = np.bincount(c.jurisdiction[living], minlength=state.world.n_jurisdictions)
    return Circles(
        order, place, np.r_[0, np.cumsum(size)], c.jurisdiction[:n], c.alive[:n], c.came[:n] >= state.day - SEASON
    )


@kernel
def name_friends(
    lo: int, hi: int, when: Moment, ending: float, homophily: float, circles: Circles, named: np.ndarray
) -> None:
    """Each of the living ``lo:hi`` replaces a friend whom it named with chance ``ending``, and each who has died or left; ``named`` (consumers, k) in place.

    A new friend comes from the circle of people alike with chance ``homophily``, and from anywhere otherwise.
    """
    width = 2 * CIRCLE * named.shape[1]
    everybody = len(circles.order)
    for c in range(lo, hi):
        if circles.alive[c] == 0:
            continue
        j = circles.jurisdiction[c]
        start, here = circles.first[j], circles.first[j + 1] - circles.first[j]
        for k in range(named.shape[1]):
            u1, u2, u3, _ = uniform4(when.seed, FRIENDS, c * named.shape[1] + k, when.day, 0)
            friend = named[c, k]
            if u3 >= ending and circles.alive[friend] == 1 and not (circles.new[c] or circles.new[friend]):
                continue
            if u1 < homophily:
                at = start + (circles.place[c] - start + 1 + int(u2 * width)) % here
            else:
                at = int(u2 * everybody)
            for _ in range(2):  # somebody else than oneself and the friend of before
                if circles.order[at] == c or circles.order[at] == named[c, k]:
                    at = (at + 1) % everybody
            named[c, k] = circles.order[at]


@kernel
def link(named: np.ndarray, start: np.ndarray, who: np.ndarray, filled: np.ndarray) -> None:
    """Both ends of every friendship: each consumer's list holds those whom it named, then those who named it, in order of their rows."""
    n, k = named.shape
    start[:] = 0
    for c in range(n):
        for i in range(k):
            start[named[c, i] + 1] += 1
    for c in range(n):
        start[c + 1] += start[c] + k
    filled[:] = 0
    for c in range(n):
        for i in range(k):
            who[start[c] + i] = named[c, i]
            friend = named[c, i]
            who[start[friend] + k + filled[friend]] = c
            filled[friend] += 1


def meet(state: MarketState, named: np.ndarray, ending: float) -> None:
    """Friendships of which a share ``ending`` is replaced today, from those ``named`` (consumers, k) so far."""
    n = len(named)
    over_rows(state.pool, name_friends, n, state.moment, ending, state.p.world.homophily, circles(state), named)
    friends = Friends(np.empty(n + 1, np.int32), np.empty(2 * named.size, np.int32), named.shape[1])
    link(named, friends.start, friends.who, np.empty(n, np.int32))
    state.world.friends = friends


def make_friends(state: MarketState) -> None:
    """The friendships of the start: everybody names half of the usual number of friends."""
    n = state.consumers.n
    meet(state, np.zeros((n, max(1, round(state.p.world.friends / 2))), np.int32), 1.0)


def friendship(state: MarketState) -> None:
    """Once a season some friendships have ended, and others have begun."""
    if state.day % SEASON:
        return
    old = state.world.friends
    named = old.who[old.start[:-1, None] + np.arange(old.named)]
    meet(state, named, 1.0 - (1.0 - state.p.world.friends_replaced) ** (SEASON / 365.0))
