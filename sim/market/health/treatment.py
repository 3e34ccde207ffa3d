"""Treatment: who asks for a place, who waits, who enters and who leaves. Places are few; people keep their turn, and some lose heart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import NEVER, EventKind
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.model import MarketModel


def leave_treatment(model: MarketModel, who: np.ndarray) -> None:
    """Those of ``who`` who are in treatment leave it; their places are free again."""
    c = model.consumers.columns
    who = who[c.treatment_day[who] <= model.day]
    if not len(who):
        return
    c.treatment_day[who] = NEVER
    where = np.bincount(c.jurisdiction[who], minlength=model.n_jurisdictions).tolist()
    for service in model.treatment:
        service.used -= where[service.jurisdiction]
    model.consumer_events(EventKind.TREATMENT_EXIT, who)


def give_up(model: MarketModel, who: np.ndarray) -> None:
    """These people do not wait for treatment any longer."""
    if len(who):
        c = model.consumers.columns
        c.waiting_day[who] = NEVER
        queue = model.waiting_list
        model.waiting_list = queue[c.waiting_day[queue] < NEVER]


def ask(model: MarketModel, who: np.ndarray) -> None:
    """These people, each once, go to the end of the waiting list, those of one day in keyed order, unless they are on it or in treatment."""
    if not len(who):
        return
    c = model.consumers.columns
    who = who[(c.alive[who] == 1) & (c.treatment_day[who] == NEVER) & (c.waiting_day[who] == NEVER)]
    c.waiting_day[who] = model.day
    order = np.argsort(uniforms(int(model.seed), Draw.ADMISSION, who, model.day), kind="stable")
    model.waiting_list = np.concatenate([model.waiting_list, who[order]])


def admit(model: MarketModel) -> None:
    """Those who have waited longest enter as long as there are places."""
    c, queue = model.consumers.columns, model.waiting_list
    if not len(queue):
        for service in model.treatment:
            service.waiting = 0
        return
    where = c.jurisdiction[queue]
    for service in model.treatment:
        waiting = queue[where == service.jurisdiction]
        free = max(0, int(service.slots * model.levers.treatment_slots[service.jurisdiction]) - service.used)
        entered = waiting[:free]
        service.waiting = len(waiting) - len(entered)
        if not len(entered):
            continue
        c.treatment_day[entered] = model.day + 1
        model.today.waited += int((model.day - c.waiting_day[entered].astype(np.int64)).sum())
        c.waiting_day[entered] = NEVER
        service.used += len(entered)
        model.today.treatment_entries += len(entered)
        model.consumer_events(EventKind.TREATMENT_ENTRY, entered)
    model.waiting_list = queue[c.waiting_day[queue] < NEVER]
