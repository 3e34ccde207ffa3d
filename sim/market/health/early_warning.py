"""Early warning: novel substances appear, spread and vanish; each jurisdiction finds them by what it sees or is told; alerts reach users while these attend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import EventKind, OrderOutcome
from sim.market.health.receipt import NOVEL_CHECKED, POSTED, STRONG_FOUND
from sim.market.supply.mixing import older_stock, presence
from sim.streams import Draw, normal, pick, poisson, uniform, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

YEAR = 365.0


def watch(state: MarketState, signs: np.ndarray, reported: np.ndarray, overdosed: np.ndarray) -> None:
    """Let the running means of what early warning sees follow today, in each jurisdiction.

    Parameters
    ----------
    signs
        (J, 3) what was checked, and what was delivered whose buyers write in forums: see `receipt`.
    reported
        Consumers with an adverse event of a novel substance today.
    overdosed
        Consumers with an overdose today.
    """
    ews, table, o = state.early_warning, state.substances, state.books.open_orders.columns
    home, places = state.consumers.columns.jurisdiction, state.world.n_jurisdictions
    seized = state.books.due[o.outcome[state.books.due] == OrderOutcome.SEIZED]
    to, kinds = home[o.consumer[seized]], o.substance[seized]
    novel, suspect = (np.bincount(to[which], minlength=places) for which in (kinds == table.novel, table.contaminable[kinds]))  # fmt: skip
    harmed, hurt = (np.bincount(home[who], minlength=places) for who in (reported, overdosed))
    sight = 20_000.0 / state.consumers.n * state.levers.warning_sight[:, None]
    fading = 1.0 - state.p.services.sight_kept
    seen = np.stack([signs[:, NOVEL_CHECKED], harmed, novel, state.forum.worth * signs[:, POSTED]], axis=1)
    ews.novel += fading * (sight * seen - ews.novel)
    seen = np.stack([signs[:, STRONG_FOUND], hurt, suspect, np.zeros(places)], axis=1)
    ews.strong += fading * (sight * seen - ews.strong)


def novel_substances(state: MarketState) -> None:
    """Novel substances appear, each with a place, a popularity and a toxicity of its own; they vanish, and are found and told of."""
    p, day, seed, ews = state.p.services, state.day, int(state.seed), state.early_warning
    for k in range(poisson(seed, int(Draw.NOVEL), 0, day, 0, p.novel_per_year / YEAR)):
        popularity = float(np.exp(p.novel_popularity * normal(seed, int(Draw.NOVEL), k + 1, day, 0)))
        log_toxicity = p.novel_toxicity * normal(seed, int(Draw.NOVEL), k + 1, day, 1)
        place, kind = (np.array([uniform(seed, int(Draw.NOVEL), k + 1, day, a)]) for a in (2, 3))
        home, opioid = int(pick(np.cumsum(state.world.vendor_weight), place)[0]), bool(kind[0] < p.novel_opioids)
        if opioid:  # dealers cut to strength: as strong as others on average
            log_toxicity -= 0.5 * p.novel_toxicity**2
        number = ews.appear(day, popularity, float(np.exp(log_toxicity)), home, opioid)
        state.event(EventKind.NOVEL_SUBSTANCE, number, cause="opioid" if opioid else "appeared", amount=popularity)
    live = ews.live[~ews.at_hand[ews.live].any(axis=1)]
    if len(live):
        ews.gone[live] = uniforms(seed, Draw.NOVEL_EXIT, live, day) < p.novel_exit / YEAR
    if len(ews.live):
        detect(state, ews.live)
        pass_on(state, ews.live)
    give_alerts(state)
    novel_harm(state)


def detect(state: MarketState, live: np.ndarray) -> None:
    """Every jurisdiction finds each substance with a hazard that grows with its part in what is seen there; the alert follows after some days.

    Unaided, the hazards of all jurisdictions together are `alert_base` once it is everywhere.
    """
    p, ews, day = state.p.services, state.early_warning, state.day
    unknown = ews.known[live] == ews.NOT_DETECTED
    if not unknown.any():
        return
    checked, reported, seized, forum = np.diag([p.alert_reported, p.alert_reported, p.alert_seized, p.alert_forum])
    hazard = p.alert_base * state.world.consumer_weight * ews.reached(live, day, p.novel_spread_days)
    opioid = ews.opioid[live]
    spread = ews.spread(live[~opioid], day, p.novel_spread_days)
    harm = spread * ews.toxicity[live[~opioid], None]
    for part, weights in ((spread, checked + seized + forum), (harm, reported)):
        of_average = len(part) * part / np.maximum(part.sum(axis=0), 1e-9)
        hazard[~opioid] += of_average * (ews.novel @ weights)
    usual = float(state.substances.synthetic[state.substances.contaminable].mean())
    held = np.where(ews.share[live[opioid]] > 0.0, ews.share[live[opioid]], usual)[:, None]
    hazard[opioid] += presence(state, live[opioid]) * held * (ews.strong @ (checked + reported + seized + forum))
    places = np.arange(state.world.n_jurisdictions)
    draws = uniforms(int(state.seed), Draw.ALERT, live[:, None] * len(places) + places, day)
    due = day + np.rint(p.alert_days * state.levers.warning_delay).astype(np.int64)
    ews.known[live] = np.where(unknown & (draws < hazard), due, ews.known[live])


def pass_on(state: MarketState, live: np.ndarray) -> None:
    """Jurisdictions with an alert tell others, as far as they work together; it takes as long as to give one of their own."""
    ews, day, days = state.early_warning, state.day, state.p.services.alert_days * state.levers.warning_delay
    out, deaf = ews.known[live] < day, ews.known[live] > day
    if not (out.any(axis=1) & deaf.any(axis=1)).any():
        return
    told = np.minimum(state.cooperation_today() / np.maximum(days, 1.0), 1.0 - 1e-9)
    places = np.arange(len(days))
    draws = uniforms(int(state.seed), Draw.ALERT_SHARED, live[:, None] * len(places) + places, day)
    heard = deaf & (draws < -np.expm1(out @ np.log1p(-told)))
    ews.known[live] = np.where(heard, day, ews.known[live])


def give_alerts(state: MarketState) -> None:
    """Today's alerts of each jurisdiction, false alarms among them; each wears attention down, and attention comes back."""
    p, ews, day = state.p.services, state.early_warning, state.day
    names = list(state.scenario.jurisdictions)
    for number, place in zip(*np.nonzero(ews.known == day), strict=True):
        first = day == ews.known[number].min() and place == ews.known[number].argmin()
        kind, cause = (EventKind.ALERT, "early warning") if first else (EventKind.ALERT_HEARD, names[place])
        state.event(kind, int(number), cause=cause, amount=float(day - ews.born[number]))
    false = p.false_alarms * state.levers.false_alarms / YEAR
    ews.alerts = np.count_nonzero(ews.known == day, axis=0) + np.array(
        [poisson(int(state.seed), int(Draw.FALSE_ALARM), j, day, 0, float(rate)) for j, rate in enumerate(false)]
    )
    ews.attention += (1.0 - ews.attention) / p.attention_days
    ews.attention *= (1.0 - p.alert_fatigue) ** ews.alerts


def heeded(state: MarketState) -> np.ndarray:
    """(J, 4, 100) share of users whom an alert reaches and who pay attention, by jurisdiction, segment and turn."""
    reach = state.p.services.alert_reach * state.levers.alert_reach
    return np.minimum(1.0, reach) * state.early_warning.attention[:, None, None]


def dose_warned_of(state: MarketState) -> np.ndarray:
    """(J, 4, 100) fall of the dose among those who practise harm reduction where there is an alert of strong opioids: as after a warning of one's own, by reach.

    It goes as far as suppliers there mix in what the alerts are about.
    """
    ews, p = state.early_warning, state.p.consumption
    rows = np.flatnonzero(ews.opioid & ~ews.gone & ews.alerted(state.day).any(axis=1))
    if not len(rows):
        return np.zeros_like(state.levers.alert_reach)
    about = (presence(state, rows) * ews.alerted(state.day)[rows]).sum(axis=0)
    return heeded(state) * about[:, None, None] * p.reduce_share * (1.0 - p.reduced_dose)


def practised(state: MarketState, share: np.ndarray) -> np.ndarray:
    """(J,) mean over the consumers there of ``share`` (J, 4, 100) of what each practises of harm reduction."""
    c, n, places = state.consumers.columns, state.consumers.n, state.world.n_jurisdictions
    where, practice = c.jurisdiction[:n], c.practice[:n].astype(float)
    people = np.maximum(np.bincount(where, minlength=places), 1)
    same = share[:, 0, 0]
    if (share == same[:, None, None]).all():
        return same * np.bincount(where, practice, places) / people
    return np.bincount(where, share[where, c.segment[:n], c.turn[:n]] * practice, places) / people


def novel_harm(state: MarketState) -> None:
    """Harm of the category in which novel substances appear, by jurisdiction: popularity-weighted toxicity, less where those who heed an alert discard it.

    Novel substances stand beside a stock of older ones of toxicity 1, as many as appear and vanish in balance.
    """
    p, ews, row = state.p.services, state.early_warning, state.substances.novel
    live = ews.live[~ews.opioid[ews.live]]
    if row < 0 or not len(live):
        return
    weight = ews.spread(live, state.day, p.novel_spread_days)
    toxicity = np.repeat(ews.toxicity[live, None], weight.shape[1], axis=1)
    if (warned := ews.alerted(state.day)[live]).any():
        aware = np.minimum(p.alert_practice * practised(state, heeded(state)), 1.0)
        toxicity *= 1.0 - state.p.consumption.discard_missold * aware * warned
    older = older_stock(p, 1.0 - p.novel_opioids)
    factor = (older + (weight * toxicity).sum(axis=0)) / (older + weight.sum(axis=0))
    state.substances.adverse[:, row] = state.usual.adverse[:, row] * factor
