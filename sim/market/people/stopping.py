"""Stopping: some of those who turn away from what is banned take nothing in its place, and where the law makes use dear more stop and fewer begin.

Half of the users of a legal high turned to other illegal drugs when it was banned, the others did not [bzp-displacement]. How many people use follows prices
with an elasticity of its own, beside how much they take [cannabis-participation]; it is shared evenly between stopping and beginning. The
more dependent somebody is, the less of either. Who stops uses up what is at hand and buys no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import NEVER, NO_SLOT, Considering, EventKind, Membership, Stage
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.groups import Moment
from sim.market.people.who import is_patient
from sim.market.views import narrow
from sim.streams import Draw, uniform

if TYPE_CHECKING:
    from sim.market.state import MarketState

LEAVING, SUBSTITUTE = int(Draw.LEAVING), int(Draw.SUBSTITUTE)


class Ban(NamedTuple):
    """What the law does to use."""

    deterred: np.ndarray  # (J, S) share of those without dependence who turn away from a substance, as it is banned
    premium: np.ndarray  # (J, S) what the law multiplies its price by
    stop: float  # share of those who turn away who take nothing in its place
    elasticity: float  # half of that of use by price


@inner
def gives_up(c: int, seed: int, people: Any, ban: Ban) -> bool:
    """Whether a consumer turns away from the substance mostly needed, as it is banned, and takes nothing else: the same ones while it is."""
    s = people.substance[c]
    deterred = ban.deterred[people.jurisdiction[c], s]
    if deterred <= 0.0 or uniform(seed, SUBSTITUTE, c, s, 0) >= deterred * (1.0 - people.dependence[c]):
        return False
    return uniform(seed, SUBSTITUTE, c, s, 1) < ban.stop


@inner
def dearness(c: int, people: Any, ban: Ban) -> Any:
    """What half of the elasticity of use makes of what the law adds to the price that a consumer meets; 1 for patients."""
    if is_patient(people.segment[c], people.origin[c]):
        return 1.0
    return ban.premium[people.jurisdiction[c], people.substance[c]] ** ban.elasticity


@inner
def stops(c: int, when: Moment, people: Any, ban: Ban, chance: float) -> bool:
    """Whether a user stops today, for a ban or for the price; ``chance`` is that of leaving today."""
    more = max(dearness(c, people, ban) - 1.0, 0.0) * (1.0 - people.dependence[c])
    if more > 0.0 and uniform(when.seed, LEAVING, c, when.day, 2) < chance * more:
        return True
    return gives_up(c, when.seed, people, ban)


@kernel
def begin(rows: np.ndarray, when: Moment, people: Any, ban: Ban, begins: np.ndarray) -> None:
    """Mark which of the newcomers in these rows begin to use."""
    for i in range(len(rows)):
        u = uniform(when.seed, LEAVING, rows[i], when.day, 3)
        begins[i] = u * dearness(rows[i], people, ban) < 1.0 and not gives_up(rows[i], when.seed, people, ban)


def ban_today(state: MarketState) -> Ban:
    """What the law does to use today."""
    table, d = state.substances, state.p.demand
    return Ban(table.deterred, table.premium, d.banned_stop, d.price_stop / 2.0)


def stop(state: MarketState, who: np.ndarray) -> None:
    """These people stop: they need nothing any more, look for no source, and will not consider one."""
    if not len(who):
        return
    c = state.consumers.columns
    c.stage[who], c.next_day[who], c.unmet_until[who] = Stage.STOPPED, NEVER, -NEVER
    c.considering[who], c.market_state[who], c.market_until[who] = Considering.NOT_YET, Membership.NONE, NEVER
    c.home[who] = c.app_home[who] = c.pharmacy_home[who] = NO_SLOT


def stop_using(state: MarketState, who: np.ndarray) -> None:
    """These users stop."""
    if not len(who):
        return
    stop(state, who)
    state.today.quitters += len(who)
    state.consumer_events(EventKind.STOPPED, who)


def begin_using(state: MarketState, rows: np.ndarray) -> np.ndarray:
    """Which of the newcomers in these rows begin: not who would give up what is banned, nor some where it is dear. The others never use."""
    begins = np.zeros(len(rows), bool)
    begin(rows, state.moment, narrow(state.consumers.columns, views.LivingConsumers), ban_today(state), begins)
    stop(state, rows[~begins])
    return rows[begins]
