"""Early warning: novel substances appear, vanish, and are detected by what is observed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import EventKind
from sim.streams import Draw, normal, poisson, uniforms

if TYPE_CHECKING:
    from sim.model import MarketModel


def novel_substances(model: MarketModel, samples: int) -> None:
    """Novel substances appear, vanish, and are detected by what is observed: samples checked, events reported, chance."""
    p, day, seed, ews = model.p.services, model.day, int(model.seed), model.early_warning
    scale = 20_000.0 / model.consumers.n
    ews.reported = 0.95 * ews.reported + 0.05 * model.today.adverse * scale
    model.checking.novel_rate = 0.95 * model.checking.novel_rate + 0.05 * samples * scale
    for k in range(poisson(seed, int(Draw.NOVEL), 0, day, 0, p.novel_per_year / 365.0)):
        popularity = float(np.exp(p.novel_popularity * normal(seed, int(Draw.NOVEL), k + 1, day, 0)))
        toxicity = float(np.exp(p.novel_toxicity * normal(seed, int(Draw.NOVEL), k + 1, day, 1)))
        number = ews.appear(day, popularity, toxicity)
        model.event(EventKind.NOVEL_SUBSTANCE, number, cause="appeared", amount=popularity)
    live = np.flatnonzero(~ews.gone)
    if not len(live):
        return
    ews.gone[live] = uniforms(seed, Draw.NOVEL_EXIT, live, day) < p.novel_exit / 365.0
    unknown = ews.unknown
    shares_ = ews.popularity[unknown] / max(float(ews.popularity[live].sum()), 1e-9)
    hazard = p.alert_base + len(live) * shares_ * (
        p.alert_checked * model.checking.novel_rate + p.alert_reported * ews.reported / 10.0
    )
    found = unknown[uniforms(seed, Draw.ALERT, unknown, day) < hazard]
    ews.alert_day[found] = day
    for number in found:
        model.event(EventKind.ALERT, int(number), cause="early warning", amount=float(day - ews.born[number]))
    novel_harm(model, live)


def novel_harm(model: MarketModel, live: np.ndarray) -> None:
    """Harm of the category in which novel substances appear: popularity-weighted toxicity, less where an alert has made users aware.

    Novel substances stand beside a stock of older ones of toxicity 1, as many as appear and vanish in balance.
    """
    p, ews, row = model.p.services, model.early_warning, model.substances.novel
    if row < 0:
        return
    weight = ews.popularity[live]
    alerted = ews.alert_day[live] > -(10**5)
    aware = p.alert_reach * 2.0 * float(model.consumers.columns.practice[: model.consumers.n].mean())
    toxicity = ews.toxicity[live] * (1.0 - p.alert_protects * min(aware, 1.0) * alerted)
    older = p.novel_per_year / p.novel_exit * float(np.exp(0.5 * p.novel_popularity**2))
    factor = (older + float((weight * toxicity).sum())) / (older + float(weight.sum()))
    model.substances.adverse[row] = model.usual_adverse[row] * factor
