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
    draw: int,
    consumers: Any,
    opioid: np.ndarray,
    demand: np.ndarray,
    consumption: np.ndarray,
) -> None:
    """Let waits that run follow where the level of needs (rows,) moved from ``before`` to ``now`` this morning; ``draw`` tells changes of one day apart.

    Needs come as a Poisson process, so what is left of a wait goes with one over the rate; after a time without needs it is drawn anew.
    """
    for i in range(len(rows)):
        c, old, new = rows[i], before[i], now[i]
        if old == new or consumers.alive[c] == 0 or consumers.stage[c] != USES:
            continue
        u, v, _, _ = uniform4(when.seed, NEED_LEVEL, c, when.day, draw)
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
        rows = np.arange(state.consumers.n)
        cell = cells(state, rows)
        _move(state, rows, before[cell], now[cell], 0)
        state.world.need_level = now.copy()


def at_level(state: MarketState, rows: np.ndarray) -> None:
    """Waits of ``rows``, drawn as in normal times, are those of the level that needs have at present."""
    level = level_of(state, rows)
    if (level != 1.0).any():
        _move(state, rows, np.ones_like(level), level, 0)


def follow_rate(state: MarketState, rows: np.ndarray, before: np.ndarray, level: np.ndarray) -> None:
    """Waits of ``rows``, whose usual rate of needs was ``before`` and its ``level`` that, follow both as they are now."""
    now = np.maximum(state.consumers.columns.need_rate[rows].astype(float), 1e-9)
    _move(state, rows, level * before / now, level_of(state, rows), 1)


def cells(state: MarketState, rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """Where the level of needs of ``rows`` stands: jurisdiction, segment and main substance."""
    c = state.consumers.columns
    return c.jurisdiction[rows], c.segment[rows], c.substance[rows]


def level_of(state: MarketState, rows: np.ndarray) -> np.ndarray:
    """(rows,) what the usual rate of needs is multiplied by where waits run."""
    return state.world.need_level[cells(state, rows)]


def _move(state: MarketState, rows: np.ndarray, before: np.ndarray, now: np.ndarray, draw: int) -> None:
    """Let waits of ``rows`` follow a change of the level of needs (rows,)."""
    people = narrow(state.consumers.columns, views.NeedyConsumers)
    opioid, given = state.substances.opioid, state.given
    move_waits(rows, state.moment, before, now, draw, people, opioid, given.demand, given.consumption)
