"""Treatment: who asks for a place, who waits, who enters and who leaves. Places are few; people keep their turn, and some lose heart.

Places that a policy adds for some people are kept for them: they leave the others as many as there are without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import NEVER, EventKind, Stage
from sim.evidence.groups import ConsumptionParameters
from sim.kernels import kernel
from sim.market import views
from sim.market.health.harm import is_maintained
from sim.market.views import narrow
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.market.events import Causes
    from sim.market.state import MarketState


@kernel
def find_maintained(
    seed: int, who: np.ndarray, since: np.ndarray, opioid: np.ndarray, p: ConsumptionParameters, maintained: np.ndarray
) -> None:
    """Mark in ``maintained`` who of ``who``, by the ``opioid`` in what they use, is treated with a substitute, in the treatment that began on the day ``since``."""
    for i in range(len(who)):
        maintained[i] = is_maintained(seed, who[i], since[i], opioid[i], p)


def kinds_of(state: MarketState, who: np.ndarray) -> Causes:
    """Which treatment each of ``who`` is in: agonist (with a substitute) or drug_free."""
    c, maintained = state.consumers.columns, np.zeros(len(who), bool)
    opioid = state.substances.opioid[c.substance[who]]
    find_maintained(state.moment.seed, who, c.treatment_day[who], opioid, state.p.consumption, maintained)
    return ("drug_free", "agonist"), maintained.astype(np.intp)


def leave_treatment(state: MarketState, who: np.ndarray) -> None:
    """Those of ``who`` who are in treatment leave it; their places are free again."""
    c = state.consumers.columns
    who = who[c.treatment_day[who] <= state.day]
    if not len(who):
        return
    kinds = kinds_of(state, who)
    c.treatment_day[who] = NEVER
    relapse(state, who)
    where = np.bincount(c.jurisdiction[who], minlength=state.world.n_jurisdictions).tolist()
    for service in state.treatment:
        service.used -= where[service.jurisdiction]
    state.consumer_events(EventKind.TREATMENT_EXIT, who, cause=kinds)


def relapse(state: MarketState, who: np.ndarray) -> None:
    """Needs of ``who`` come again at the rate at which they came before treatment."""
    c, p = state.consumers.columns, state.p.demand
    who = who[c.stage[who] == Stage.USES]
    level = state.world.need_level[c.jurisdiction[who], c.segment[who], c.substance[who]]
    rate = c.need_rate[who] * (1.0 + p.dependence_rate * c.dependence[who]) * level
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
    there = (c.alive[who] == 1) & (c.stage[who] != Stage.LEAVING)
    who = who[there & (c.treatment_day[who] == NEVER) & (c.waiting_day[who] == NEVER)]
    c.waiting_day[who] = state.day
    order = np.argsort(uniforms(int(state.seed), Draw.ADMISSION, who, state.day), kind="stable")
    state.care.waiting_list = np.concatenate([state.care.waiting_list, who[order]])


@kernel
def first_served(
    queue: np.ndarray,
    people: Any,
    kind: np.ndarray,
    places: np.ndarray,
    used: np.ndarray,
    waiting: np.ndarray,
    entered: np.ndarray,
) -> int:
    """Mark in ``entered`` those of the ``queue``, in its order, for whom there is a place.

    To people of a ``kind`` (J, 4, 100) so many ``places`` (J, kinds) are open, in rising order: each has those of the kinds before it, and some that are kept from
    these. ``used`` (J, kinds) are the people inside of each kind and those before it. ``waiting`` (J,) counts who stay outside. Returns how many enter.
    """
    many = 0
    for i in range(len(queue)):
        c = queue[i]
        j = people.jurisdiction[c]
        own, free = kind[j, people.segment[c], people.turn[c]], True
        for k in range(own, places.shape[1]):
            free &= used[j, k] < places[j, k]
        if free:
            for k in range(own, places.shape[1]):
                used[j, k] += 1
            entered[i] = True
            many += 1
        else:
            waiting[j] += 1
    return many


def inside(state: MarketState, kind: np.ndarray, kinds: int, used: np.ndarray) -> np.ndarray:
    """(J, kinds) people in treatment of each ``kind`` (J, 4, 100) and those before it; all of them are those whom services know (``used``)."""
    by = np.zeros((len(used), kinds), np.int64)
    if kinds > 1:
        c, n = state.consumers.columns, state.consumers.n
        who = np.flatnonzero((c.treatment_day[:n] <= state.day) & (c.alive[:n] == 1))
        where = c.jurisdiction[who]
        np.add.at(by, (where, kind[where, c.segment[who], c.turn[who]]), 1)
    by = by.cumsum(axis=1)
    by[:, -1] = used
    return by


def admit(state: MarketState) -> None:
    """Those who have waited longest enter as long as there are places."""
    c, queue, services = state.consumers.columns, state.care.waiting_list, list(state.treatment)
    if not len(queue):
        for service in services:
            service.waiting = 0
        return
    used, slots = np.array([[service.used, service.slots] for service in services]).T
    enters, waiting = np.zeros(len(queue), bool), np.zeros(len(services), np.int64)
    added, kind = np.unique(state.levers.treatment_slots, return_inverse=True)
    kind, places = kind.reshape(state.levers.treatment_slots.shape), (slots[:, None] * (1.0 + added)).astype(np.int64)
    taken = inside(state, kind, len(added), used)
    many = first_served(queue, narrow(c, views.ContactConsumers), kind, places, taken, waiting, enters)
    for service, now, left in zip(services, taken[:, -1].tolist(), waiting.tolist(), strict=True):
        service.used, service.waiting = now, left
    if not many:
        return
    entered = queue[enters]
    entered = entered[np.argsort(c.jurisdiction[entered], kind="stable")]
    c.treatment_day[entered] = state.day + 1
    state.today.waited += int((state.day - c.waiting_day[entered].astype(np.int64)).sum())
    c.waiting_day[entered] = NEVER
    state.today.treatment_entries += len(entered)
    state.consumer_events(EventKind.TREATMENT_ENTRY, entered, cause=kinds_of(state, entered))
    state.care.waiting_list = queue[~enters]
