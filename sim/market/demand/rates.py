"""How often needs come, and what becomes of waits that run when that changes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import NEVER, Stage
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.groups import Moment
from sim.market.health.harm import is_maintained, use_left
from sim.market.views import narrow
from sim.streams import Draw, exponential_from, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

NEED_LEVEL, USES = int(Draw.NEED_LEVEL), int(Stage.USES)


@inner
def waiting_time(rate: float, u: float) -> int:
    """Whole days, at least one, until the next need at ``rate`` needs a day."""
    return max(1, int(math.ceil(exponential_from(u) / max(rate, 1e-6))))


@inner
def usual_rate(c: int, when: Moment, consumers: Any, opioid: np.ndarray, demand: Any, consumption: Any) -> float:
    """Needs a day of ``c`` in normal times: more with dependence, fewer in treatment, by whether the substance is an ``opioid`` (S,)."""
    rate = consumers.need_rate[c] * (1.0 + demand.dependence_rate * consumers.dependence[c])
    if consumers.treatment_day[c] <= when.day:
        day = consumers.treatment_day[c]
        maintained = is_maintained(when.seed, c, day, opioid[consumers.substance[c]], consumption)
        rate *= use_left(when.day - day, maintained, consumption)
    return rate


@kernel
def find_needs(
    when: Moment,
    level: np.ndarray,
    consumers: Any,
    opioid: np.ndarray,
    demand: np.ndarray,
    consumption: np.ndarray,
    chances: np.ndarray,
) -> None:
    """Fill ``chances`` (n,) with everybody's chance to need something on a day, at a ``level`` of needs (J, segments, S); waits are whole days."""
    for c in range(len(chances)):
        chances[c] = 0.0
        if consumers.alive[c] == 1 and consumers.stage[c] == USES:
            usual = usual_rate(c, when, consumers, opioid, demand[0], consumption[0])
            chances[c] = -math.expm1(
                -usual * level[consumers.jurisdiction[c], consumers.segment[c], consumers.substance[c]]
            )


def needs_of_a_day(state: MarketState) -> np.ndarray:
    """(n,) needs of each consumer that are to be expected on a day, at the level of needs that there is: none of who uses nothing, at most one."""
    found, given = np.empty(state.consumers.n), state.given
    people = narrow(state.consumers.columns, views.NeedyConsumers)
    find_needs(
        state.moment, state.world.need_level, people, state.substances.opioid, given.demand, given.consumption, found
    )
    return found


@kernel
def move_waits(
    rows: np.ndarray,
    when: Moment,
    before: np.ndarray,
    now: np.ndarray,
    consumers: Any,
    opioid: np.ndarray,
    demand: np.ndarray,
    consumption: np.ndarray,
) -> None:
    """Let waits that run follow where the level of needs (J, segments, S) moved from ``before`` to ``now`` this morning.

    Needs come as a Poisson process, so what is left of a wait goes with one over the rate; after a time without needs it is drawn anew.
    """
    for c in rows:
        cell = consumers.jurisdiction[c], consumers.segment[c], consumers.substance[c]
        old, new = before[cell], now[cell]
        if old == new or consumers.alive[c] == 0 or consumers.stage[c] != USES:
            continue
        u, v, _, _ = uniform4(when.seed, NEED_LEVEL, c, when.day, 0)
        if new <= 0.0:
            wait = NEVER
        elif old > 0.0:
            wait = math.ceil((consumers.next_day[c] - when.day + 1.0 - u) * old / new)
        else:
            wait = waiting_time(new * usual_rate(c, when, consumers, opioid, demand[0], consumption[0]), v)
        consumers.next_day[c] = min(NEVER - 1, when.day - 1 + max(1, wait))


def follow_level(state: MarketState) -> None:
    """Needs come as often as levers say from today on."""
    before, now = state.world.need_level, state.levers.need
    if not np.array_equal(before, now):
        _move(state, np.arange(state.consumers.n), before, now)
        state.world.need_level = now.copy()


def at_level(state: MarketState, rows: np.ndarray) -> None:
    """Waits of ``rows``, drawn as in normal times, are those of the level that needs have at present."""
    level = state.world.need_level
    if (level != 1.0).any():
        _move(state, rows, np.ones_like(level), level)


def _move(state: MarketState, rows: np.ndarray, before: np.ndarray, now: np.ndarray) -> None:
    """Let waits of ``rows`` follow a change of the level of needs."""
    people = narrow(state.consumers.columns, views.NeedyConsumers)
    opioid, given = state.substances.opioid, state.given
    move_waits(rows, state.moment, before, now, people, opioid, given.demand, given.consumption)
