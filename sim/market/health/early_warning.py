"""Early warning: novel substances appear, spread, vanish, and are detected by what is observed; alerts reach users while these pay attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import EventKind, OrderOutcome
from sim.streams import Draw, normal, poisson, uniforms

if TYPE_CHECKING:
    from sim.market.health.receipt import Received
    from sim.market.state import MarketState


def watch(state: MarketState, got: Received, reported: int, overdosed: int) -> None:
    """Let the running means of what early warning sees follow today.

    Parameters
    ----------
    got
        What was delivered and checked; buyers of novel substances from cryptomarkets write in forums.
    reported
        Adverse events of novel substances today.
    overdosed
        Overdoses today.
    """
    ews, table, o = state.early_warning, state.substances, state.books.open_orders.columns
    scale = 20_000.0 / state.consumers.n
    seized = state.books.due[o.outcome[state.books.due] == OrderOutcome.SEIZED]
    kinds = o.substance[seized]
    forum = state.forum.worth
    suspect = np.count_nonzero(table.contaminable[kinds])
    sight = scale * float(state.levers.warning_sight[0])
    seen = np.array([got.novel, reported, np.count_nonzero(kinds == table.novel), forum * got.posted])
    fading = 1.0 - state.p.services.sight_kept
    ews.novel += fading * (sight * seen - ews.novel)
    ews.strong += fading * (sight * np.array([got.strong, overdosed, suspect, 0.0]) - ews.strong)


def novel_substances(state: MarketState) -> None:
    """Novel substances appear, vanish and are detected; a strong synthetic in adulterated goods counts as one while it is there."""
    p, day, seed, ews = state.p.services, state.day, int(state.seed), state.early_warning
    for k in range(poisson(seed, int(Draw.NOVEL), 0, day, 0, p.novel_per_year / 365.0)):
        popularity = float(np.exp(p.novel_popularity * normal(seed, int(Draw.NOVEL), k + 1, day, 0)))
        toxicity = float(np.exp(p.novel_toxicity * normal(seed, int(Draw.NOVEL), k + 1, day, 1)))
        number = ews.appear(day, popularity, toxicity)
        state.event(EventKind.NOVEL_SUBSTANCE, number, cause="appeared", amount=popularity)
    contaminants(state)
    live = (~ews.gone & ~ews.opioid).nonzero()[0]
    if len(live):
        ews.gone[live] = uniforms(seed, Draw.NOVEL_EXIT, live, day) < p.novel_exit / 365.0
    detect(state, live)
    give_alerts(state)
    if len(live):
        novel_harm(state, live)


def contaminants(state: MarketState) -> None:
    """A strong synthetic opioid that enters or leaves adulterated supply is an entry of its own."""
    ews = state.early_warning
    there = (ews.opioid & ~ews.gone).nonzero()[0]
    share = state.care.contaminated
    if share > 0.0 and not len(there):
        number = ews.appear(state.day, share, 1.0, opioid=True)
        state.event(EventKind.NOVEL_SUBSTANCE, number, cause="strong opioid in adulterated goods", amount=share)
    elif share <= 0.0 and len(there):
        ews.gone[there] = True


def detect(state: MarketState, live: np.ndarray) -> None:
    """Every undetected substance is found with a hazard that grows with its share of what is seen; the alert follows after some days."""
    p, ews, day = state.p.services, state.early_warning, state.day
    unknown = ews.unknown
    if not len(unknown):
        return
    weights = np.array([p.alert_checked, p.alert_reported, p.alert_seized, p.alert_forum])
    all_novel = max(float(ews.spread(live, day, p.novel_spread_days).sum()), 1e-9)
    share = ews.spread(unknown, day, p.novel_spread_days) / all_novel
    hazard = p.alert_base + np.where(
        ews.opioid[unknown],
        float(weights @ ews.strong) * ews.popularity[unknown],
        len(live) * share * float(weights @ ews.novel),
    )
    found = unknown[uniforms(int(state.seed), Draw.ALERT, unknown, day) < hazard]
    ews.alert_day[found] = day + round(p.alert_days * float(state.levers.warning_delay[0]))


def give_alerts(state: MarketState) -> None:
    """Today's alerts, false alarms among them; each wears attention down, and attention comes back."""
    p, ews, day = state.p.services, state.early_warning, state.day
    out = (ews.alert_day == day).nonzero()[0]
    for number in out:
        state.event(EventKind.ALERT, int(number), cause="early warning", amount=float(day - ews.born[number]))
    false = p.false_alarms * float(state.levers.false_alarms[0]) / 365.0
    ews.false = poisson(int(state.seed), int(Draw.FALSE_ALARM), 0, day, 0, false)
    ews.alerts = len(out) + ews.false
    ews.attention += (1.0 - ews.attention) / p.attention_days
    ews.attention *= (1.0 - p.alert_fatigue) ** ews.alerts


def heeded(state: MarketState) -> np.ndarray:
    """(J, 4, 100) share of users whom an alert reaches and who pay attention, by jurisdiction, segment and turn."""
    reach = state.p.services.alert_reach * state.levers.alert_reach
    return np.minimum(1.0, reach) * state.early_warning.attention


def dose_warned_of(state: MarketState) -> np.ndarray:
    """(J, 4, 100) fall of the dose among those who practise harm reduction while an alert of a strong opioid is out: as after a warning of one's own, by reach."""
    ews, p = state.early_warning, state.p.consumption
    if not (ews.opioid & ~ews.gone & ews.alerted(state.day)).any():
        return np.zeros_like(state.levers.alert_reach)
    return heeded(state) * p.reduce_share * (1.0 - p.reduced_dose)


def practised(state: MarketState, share: np.ndarray) -> float:
    """Mean over consumers of ``share`` (J, 4, 100) of what each practises of harm reduction."""
    c, n, everywhere = state.consumers.columns, state.consumers.n, share.flat[0]
    if (share == everywhere).all():
        return float(everywhere) * float(c.practice[:n].mean())
    return float((share[c.jurisdiction[:n], c.segment[:n], c.turn[:n]] * c.practice[:n]).mean())


def novel_harm(state: MarketState, live: np.ndarray) -> None:
    """Harm of the category in which novel substances appear: popularity-weighted toxicity, less where an alert has made users aware.

    Novel substances stand beside a stock of older ones of toxicity 1, as many as appear and vanish in balance.
    """
    p, ews, row = state.p.services, state.early_warning, state.substances.novel
    if row < 0:
        return
    weight = ews.spread(live, state.day, p.novel_spread_days)
    aware = p.alert_practice * practised(state, heeded(state))
    toxicity = ews.toxicity[live] * (1.0 - p.alert_protects * min(aware, 1.0) * ews.alerted(state.day)[live])
    older = p.novel_per_year / p.novel_exit * float(np.exp(0.5 * p.novel_popularity**2))
    factor = (older + float((weight * toxicity).sum())) / (older + float(weight.sum()))
    state.substances.adverse[row] = state.usual.adverse[row] * factor
