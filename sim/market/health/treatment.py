"""Treatment: who asks for a place, who waits, who enters and who leaves. Places are few; people keep their turn, and some lose heart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import NEVER, EventKind
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState


def leave_treatment(state: MarketState, who: np.ndarray) -> None:
    """Those of ``who`` who are in treatment leave it; their places are free again."""
    c = state.consumers.columns
    who = who[c.treatment_day[who] <= state.day]
    if not len(who):
        return
    c.treatment_day[who] = NEVER
    relapse(state, who)
    where = np.bincount(c.jurisdiction[who], minlength=state.world.n_jurisdictions).tolist()
    for service in state.treatment:
        service.used -= where[service.jurisdiction]
    state.consumer_events(EventKind.TREATMENT_EXIT, who)


def relapse(state: MarketState, who: np.ndarray) -> None:
    """Needs of ``who`` come again at the rate at which they came before treatment."""
    c, p = state.consumers.columns, state.p.demand
    rate = c.need_rate[who] * (1.0 + p.dependence_rate * c.dependence[who])
    wait = np.ceil(-np.log(uniforms(int(state.seed), Draw.RELAPSE, who, state.day)) / np.maximum(rate, 1e-6))
    c.next_day[who] = np.minimum(NEVER - 1, state.day + np.maximum(wait, 1.0))


def give_up(state: MarketState, who: np.ndarray) -> None:
    """These people do not wait for treatment any longer."""
    if len(who):
        c = state.consumers.columns
        c.waiting_day[who] = NEVER
        queue = state.care.waiting_list
        state.care.waiting_list = queue[c.waiting_day[queue] < NEVER]


def ask(state: MarketState, who: np.ndarray) -> None:
    """These people, each once, go to the end of the waiting list, those of one day in keyed order, unless they are on it or in treatment."""
    if not len(who):
        return
    c = state.consumers.columns
    who = who[(c.alive[who] == 1) & (c.treatment_day[who] == NEVER) & (c.waiting_day[who] == NEVER)]
    c.waiting_day[who] = state.day
    order = np.argsort(uniforms(int(state.seed), Draw.ADMISSION, who, state.day), kind="stable")
    state.care.waiting_list = np.concatenate([state.care.waiting_list, who[order]])


def first_served(waiting: np.ndarray, places: np.ndarray, used: int) -> np.ndarray:
    """Those of ``waiting``, in their order, for whom there is a place: fewer are ``used`` by then than the ``places`` that are open to each."""
    entered, at = [waiting[:0]], 0
    for most in np.unique(places).tolist():  # one number, unless places are kept for some
        able = at + (places[at:] >= most).nonzero()[0][: max(0, most - used)]
        if len(able):
            entered.append(waiting[able])
            used, at = used + len(able), int(able[-1]) + 1
    return np.concatenate(entered)


def admit(state: MarketState) -> None:
    """Those who have waited longest enter as long as there are places."""
    c, queue = state.consumers.columns, state.care.waiting_list
    if not len(queue):
        for service in state.treatment:
            service.waiting = 0
        return
    where = c.jurisdiction[queue]
    for service in state.treatment:
        waiting = queue[where == service.jurisdiction]
        places = (service.slots * state.levers.treatment_slots[service.jurisdiction]).astype(int)
        entered = first_served(waiting, places[c.segment[waiting], c.turn[waiting]], service.used)
        service.waiting = len(waiting) - len(entered)
        if not len(entered):
            continue
        c.treatment_day[entered] = state.day + 1
        state.today.waited += int((state.day - c.waiting_day[entered].astype(np.int64)).sum())
        c.waiting_day[entered] = NEVER
        service.used += len(entered)
        state.today.treatment_entries += len(entered)
        state.consumer_events(EventKind.TREATMENT_ENTRY, entered)
    state.care.waiting_list = queue[c.waiting_day[queue] < NEVER]
