"""Friends: who has more than for own use lets friends have of it, as a gift or for money; only then do these go shopping.

That is how what social suppliers buy for others reaches them, and how the rest of a large pack of medicine is shared.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import NOBODY, EventKind
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.blocks import over_rows, rows_marked
from sim.market.demand.needs import FROM_STASH, Needs
from sim.market.groups import Friends, Moment
from sim.market.health.stash import place_of, put
from sim.market.views import narrow
from sim.streams import Draw, uniform, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

PASSED_ON = int(Draw.PASSED_ON)


class Circle(NamedTuple):
    """Consumers, whom they know, and what goes between them."""

    consumers: Any  # columns: `views.SharingConsumers`
    friends: Friends
    table: Any  # `views.PricedSubstances`
    kept: float  # usual orders that people keep for themselves
    paid: float  # share of what is passed on that is paid for
    price_factor: np.ndarray  # (J,)


@inner
def spare(consumers: Any, c: int, s: int, kept: float, table: Any) -> float:
    """Doses of ``s`` that ``c`` has beyond own use, if these are a usual order; else 0."""
    k = place_of(consumers, c, s)
    if k < 0 or consumers.alive[c] == 0:
        return 0.0
    beyond = consumers.stash[c, k] - kept * table.doses_per_order[s]
    return beyond if beyond >= table.doses_per_order[s] else 0.0


@inner
def giver(c: int, s: int, circle: Circle) -> int:
    """The friend of ``c`` who has most ``s`` to spare, -1 for none."""
    friends, best, most = circle.friends, NOBODY, 0.0
    for k in range(friends.start[c], friends.start[c + 1]):
        f = friends.who[k]
        has = spare(circle.consumers, f, s, circle.kept, circle.table)
        if has > most:
            best, most = f, has
    return best


@kernel
def could_ask(lo: int, hi: int, wanted: Needs, circle: Circle, able: np.ndarray) -> None:
    """Mark in ``able`` those needs ``lo:hi``, not of wholesale buyers, that a friend could meet."""
    for i in range(lo, hi):
        s = wanted.substance[i]
        if s != FROM_STASH and wanted.wholesale[i] == 0 and giver(wanted.due[i], s, circle) != NOBODY:
            able[i] = 1


@kernel
def hand_over(when: Moment, rows: np.ndarray, wanted: Needs, circle: Circle, got: np.ndarray) -> tuple[Any, ...]:
    """Meet the needs ``rows``, one after the other, from friends who still have something to spare; ``got`` becomes 1 for them.

    Returns doses passed on, doses given up for want of a place, and cents paid.
    """
    consumers, table = circle.consumers, circle.table
    passed, lost, paid = 0.0, 0.0, np.int64(0)
    for turn in range(len(rows)):
        i = int(rows[turn])
        c, s = wanted.due[i], wanted.substance[i]
        f = giver(c, s, circle)
        if f == NOBODY:
            continue
        k = place_of(consumers, f, s)
        usual = math.exp(wanted.size[i]) * table.doses_per_order[s]
        doses = min(usual, spare(consumers, f, s, circle.kept, table))
        consumers.stash[f, k] -= np.float32(doses)
        which = uniform(when.seed, PASSED_ON, c, when.day, 2)
        lost += put(consumers, c, s, doses, consumers.stash_potency[f, k], consumers.stash_content[f, k], table, which)
        passed += doses
        if uniform(when.seed, PASSED_ON, c, when.day, 1) < circle.paid:
            j = consumers.jurisdiction[c]
            cents = np.int64(100.0 * doses * table.dose_usd[s] * circle.price_factor[j] * table.premium[j, s])
            paid += cents
            if when.day >= 0:
                consumers.from_friends[f] += np.int32(cents)
                consumers.from_friends[c] -= np.int32(cents)
        wanted.substance[i], got[i] = FROM_STASH, 1
    return passed, lost, paid


def ask_friends(state: MarketState, wanted: Needs) -> None:
    """Let friends who have something to spare meet needs of today; who comes first where it does not do for all is drawn."""
    circle = Circle(
        narrow(state.consumers.columns, views.SharingConsumers), state.world.friends,
        narrow(state.substances, views.PricedSubstances), state.p.consumption.kept,
        state.p.demand.friends_pay, state.world.price_factor,
    )  # fmt: skip
    asks = np.zeros(len(wanted.due), np.uint8)
    over_rows(state.pool, could_ask, len(asks), wanted, circle, asks)
    able = rows_marked(asks)
    if not len(able):
        return
    turn = np.argsort(uniforms(int(state.seed), Draw.PASSED_ON, wanted.due[able], state.day), kind="stable")
    got = np.zeros(len(wanted.due), np.uint8)
    passed, lost, paid = hand_over(state.moment, able[turn], wanted, circle, got)
    state.today.passed_on += passed
    state.today.paid_to_friends += int(paid)
    state.books.goods.discarded += lost
    state.consumer_events(EventKind.PASSED_ON, wanted.due[got == 1])
