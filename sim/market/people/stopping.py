"""Stopping: some of those who turn away from what is banned take nothing in its place, and where the law makes use dear more stop and fewer begin.

Half of the users of a legal high turned to other illegal drugs when it was banned, the others did not [bzp-displacement]. How many people use follows prices
with an elasticity of its own, beside how much they take [cannabis-participation]; it is shared evenly between stopping and beginning. The
more dependent somebody is, the less of either. Who stops uses up what is at hand and buys no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import NEVER, NO_SLOT, Considering, EventKind, Membership, Stage
from sim.market.people.who import is_patient
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState


def gives_up(state: MarketState, who: np.ndarray) -> np.ndarray:
    """Which of these consumers turn away from the substance that they mostly need, as it is banned, and take nothing else: the same ones while it is."""
    c, deterred = state.consumers.columns, state.substances.deterred
    found = np.zeros(len(who), np.bool_)
    for s in deterred.any(axis=0).nonzero()[0].tolist():
        at = (c.substance[who] == s).nonzero()[0]
        them = who[at]
        turned = uniforms(state.seed, Draw.SUBSTITUTE, them, s) < deterred[c.jurisdiction[them], s] * (
            1.0 - c.dependence[them]
        )
        found[at] = turned & (uniforms(state.seed, Draw.SUBSTITUTE, them, s, 1) < state.p.demand.banned_stop)
    return found


def dearness(state: MarketState, who: np.ndarray) -> np.ndarray:
    """What half of the elasticity of use makes of what the law adds to the price that each of these people meets; 1 for patients."""
    c = state.consumers.columns
    price = state.substances.premium[c.jurisdiction[who], c.substance[who]]
    return np.where(is_patient(c.segment[who], c.origin[who]), 1.0, price ** (state.p.demand.price_stop / 2.0))


def stop(state: MarketState, who: np.ndarray) -> None:
    """These people stop: they need nothing any more, look for no source, and will not consider one."""
    c = state.consumers.columns
    c.stage[who], c.next_day[who], c.unmet_until[who] = Stage.STOPPED, NEVER, -NEVER
    c.considering[who], c.market_state[who], c.market_until[who] = Considering.NOT_YET, Membership.NONE, NEVER
    c.home[who] = c.app_home[who] = c.pharmacy_home[who] = NO_SLOT


def stop_using(state: MarketState, who: np.ndarray, chance: np.ndarray) -> None:
    """Of the users ``who`` those stop who give up what is banned, and some for its price: ``chance`` is that of leaving today."""
    c = state.consumers.columns
    more = np.maximum(dearness(state, who) - 1.0, 0.0) * (1.0 - c.dependence[who])
    stops = who[(uniforms(state.seed, Draw.LEAVING, who, state.day, 2) < chance * more) | gives_up(state, who)]
    stop(state, stops)
    state.today.quitters += len(stops)
    state.consumer_events(EventKind.STOPPED, stops)


def begin_using(state: MarketState, rows: np.ndarray) -> np.ndarray:
    """Which of the newcomers in these rows begin: not who would give up what is banned, nor some where it is dear. The others never use."""
    u = uniforms(state.seed, Draw.LEAVING, rows, state.day, 3)
    begins = ~gives_up(state, rows) & (u * dearness(state, rows) < 1.0)
    stop(state, rows[~begins])
    return rows[begins]
