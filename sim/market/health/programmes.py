"""Programmes: who takes up what is offered, and who stays. What is offered to whom is the business of policies; whether people take it is their own.

Where nothing is offered in this way, everybody takes part in what reaches them. Everybody has a propensity of their own for each programme, drawn once. Who
trusts services, feels less stigma and knows of help takes up more, by the same rule by which people ask for treatment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import N_PROGRAMMES, Programme
from sim.evidence.groups import ConsumptionParameters
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.blocks import over_rows
from sim.market.groups import Moment
from sim.market.health.harm import trusting
from sim.market.health.naloxone import share_out
from sim.market.views import narrow
from sim.streams import Draw, uniform

if TYPE_CHECKING:
    from sim.market.state import MarketState

TAKE_UP, LEAVE = int(Draw.TAKE_UP), int(Draw.LEAVE)
WEEK, MONTH = 7, 30.4


@inner
def willingness(stigma: float, trust: float, knowledge: float, p: ConsumptionParameters) -> float:
    """How readily somebody turns to services: less with stigma, more with trust in them and knowledge of them."""
    known = p.support_base + (1.0 - p.support_base) * knowledge
    return (1.0 - stigma) * trusting(trust, p) * known


@inner
def willing(c: int, consumers: Any, p: ConsumptionParameters) -> float:
    """`willingness` of a consumer."""
    return willingness(consumers.stigma[c], consumers.trust_police[c], consumers.support_knowledge[c], p)


@kernel
def decide(
    lo: int,
    hi: int,
    every: int,
    when: Moment,
    consumers: Any,
    taken_up: np.ndarray,
    leaving: np.ndarray,
    usual: np.ndarray,
    given: np.ndarray,
) -> None:
    """Those whose turn it is decide on what is offered to them: whether they take part in it, and with turns of a week whether they leave it for good.

    ``taken_up`` and ``leaving`` (J, 4, 100, programmes) are the shares of those offered who take part and of those who do who leave in a month; ``usual``
    (stigma, trust, knowledge) says at which the first is stated. ``every`` is the days between turns, 1 when all are asked at once.
    """
    p = given[0]
    at_usual = willingness(usual[0], usual[1], usual[2], p)
    for c in range(lo + (when.day - lo) % every, hi, every):
        ready = willing(c, consumers, p) / at_usual
        j, g, k = consumers.jurisdiction[c], consumers.segment[c], consumers.turn[c]
        declined, gone = consumers.declined[c], consumers.quitted[c]
        for b in range(N_PROGRAMMES):
            bit, share = 1 << b, taken_up[j, g, k, b]
            if share <= 0.0 or consumers.alive[c] == 0:
                declined, gone = declined & ~bit, gone & ~bit
                continue
            takes = not gone & bit and uniform(when.seed, TAKE_UP, c, 0, b) < share * ready
            if takes and every > 1 and leaving[j, g, k, b] > 0.0:
                stays = (1.0 - leaving[j, g, k, b]) ** (every / MONTH)
                if uniform(when.seed, LEAVE, c, when.day, b) >= stays:
                    gone, takes = gone | bit, False
            declined = declined & ~bit if takes else declined | bit
        consumers.declined[c], consumers.quitted[c] = declined, gone


@kernel
def accept(
    who: np.ndarray,
    seed: int,
    programme: int,
    consumers: Any,
    taken_up: np.ndarray,
    usual: np.ndarray,
    given: np.ndarray,
    out: np.ndarray,
) -> None:
    """Set ``out`` for those of ``who`` who take up what is offered to them today; the rest as in `decide`."""
    p = given[0]
    at_usual = willingness(usual[0], usual[1], usual[2], p)
    for i in range(len(who)):
        c = who[i]
        share = taken_up[consumers.jurisdiction[c], consumers.segment[c], consumers.turn[c], programme]
        ready = willing(c, consumers, p) / at_usual
        out[i] = uniform(seed, TAKE_UP, c, 0, programme) < share * ready


def usual_stance(state: MarketState) -> np.ndarray:
    """(3,) stigma, trust and knowledge to which people return: those at which the share who take something up is stated."""
    p = state.p.learning
    return np.array([p.stigma_normal, p.trust_normal, p.support_floor])


def ask_people(state: MarketState) -> None:
    """People decide on what is offered to them: all of them when something else is offered than the day before, then each once a week."""
    offered, c = state.levers.taken_up, state.consumers.columns
    if not np.logical_or.reduce(offered, axis=None):
        if np.logical_or.reduce(state.care.offered, axis=None):
            share_out(state)
            c.declined[:] = c.quitted[:] = 0
            state.care.offered = offered.copy()
        return
    new = not np.array_equal(offered, state.care.offered)
    if new:
        share_out(state)
        state.care.offered = offered.copy()
    over_rows(
        state.pool, decide, state.consumers.n, 1 if new else WEEK, state.moment, narrow(c, views.ProgrammeConsumers), offered, state.levers.leaving,
        usual_stance(state), state.given.consumption,
    )  # fmt: skip


def accepted(state: MarketState, who: np.ndarray, programme: Programme) -> np.ndarray:
    """(len(who),) which of these people, who are offered a programme today, take it."""
    out = np.zeros(len(who), bool)
    if len(who):
        accept(
            who, int(state.seed), int(programme), narrow(state.consumers.columns, views.ProgrammeConsumers), state.levers.taken_up,
            usual_stance(state), state.given.consumption, out,
        )  # fmt: skip
    return out


def note_checked(state: MarketState, who: np.ndarray) -> None:
    """Note who had a parcel checked because of a programme, and how much easier programmes make it for them."""
    c, levers = state.consumers.columns, state.levers
    at = c.jurisdiction[who], c.segment[who], c.turn[who]
    base = state.p.consumption.checking_base
    state.today.checked, state.today.easier = who, levers.checking_reach[at] + base * np.log(levers.check_uptake[at])
