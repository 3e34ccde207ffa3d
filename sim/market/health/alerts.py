"""Alerts: whom they reach, what those who heed them do, and what is left of the harm of novel substances."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.agents.codes import EventKind
from sim.agents.services import EarlyWarning
from sim.kernels import kernel, maker
from sim.market.groups import Moment
from sim.market.supply.mixing import older_stock, presence
from sim.streams import Draw, poisson

if TYPE_CHECKING:
    from sim.market.state import MarketState

FALSE_ALARM = int(Draw.FALSE_ALARM)
YEAR = 365.0


class Circulating(NamedTuple):
    """Substances that appeared during the run, as in `EarlyWarning`."""

    popularity: np.ndarray
    toxicity: np.ndarray
    opioid: np.ndarray
    known: np.ndarray  # (entries, J)


def circulating(ews: EarlyWarning) -> Circulating:
    """What early warning is about."""
    return Circulating(ews.popularity, ews.toxicity, ews.opioid, ews.known)


@kernel
def count_alerts(known: np.ndarray, when: Moment, false: np.ndarray, alerts: np.ndarray) -> int:
    """Add to ``alerts`` (J,) those of today, false alarms at the rates ``false`` among them; returns how many are true."""
    true = 0
    for j in range(len(alerts)):
        for k in range(len(known)):
            alerts[j] += known[k, j] == when.day
        true += alerts[j]
        alerts[j] += poisson(when.seed, FALSE_ALARM, j, when.day, 0, false[j])
    return true


def give_alerts(state: MarketState) -> None:
    """Today's alerts of each jurisdiction, false alarms among them; each wears attention down, and attention comes back."""
    p, ews, day = state.p.services, state.early_warning, state.day
    ews.alerts = np.zeros(len(ews.attention), np.int64)
    rates = p.false_alarms * state.levers.false_alarms / YEAR
    if count_alerts(ews.known, state.moment, rates, ews.alerts):
        names = list(state.scenario.jurisdictions)
        for number, place in zip(*np.nonzero(ews.known == day), strict=True):
            first = day == ews.known[number].min() and place == ews.known[number].argmin()
            kind, cause = (EventKind.ALERT, "early warning") if first else (EventKind.ALERT_HEARD, names[place])
            state.event(kind, int(number), cause=cause, amount=float(day - ews.born[number]))
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
    rows = (ews.opioid & ~ews.gone).nonzero()[0]
    rows = rows[(ews.known[rows] <= state.day).any(axis=1)]
    if not len(rows):
        return np.zeros(state.levers.alert_reach.shape)
    about = (presence(state, rows) * ews.alerted(state.day)[rows]).sum(axis=0)
    return heeded(state) * about[:, None, None] * p.reduce_share * (1.0 - p.reduced_dose)


@maker
def practised(
    n: int, home: np.ndarray, segment: np.ndarray, turn: np.ndarray, practice: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """(J,) mean over the ``n`` consumers at ``home`` there of ``share`` (J, 4, 100) of what each practises of harm reduction."""
    places = len(share)
    found, people = np.zeros(places), np.zeros(places)
    same = True
    for j in range(places):
        for g in range(share.shape[1]):
            for k in range(share.shape[2]):
                same &= share[j, g, k] == share[j, 0, 0]
    for c in range(n):
        j = home[c]
        people[j] += 1.0
        found[j] += float(practice[c]) if same else share[j, segment[c], turn[c]] * float(practice[c])
    for j in range(places):
        found[j] = (share[j, 0, 0] * found[j] if same else found[j]) / max(people[j], 1.0)
    return found


@kernel
def mean_toxicity(
    live: np.ndarray,
    reach: np.ndarray,
    substances: Circulating,
    day: int,
    discarded: np.ndarray,
    older: float,
    factor: np.ndarray,
) -> None:
    """Fill ``factor`` (J,) with the mean toxicity of the ``live`` novel substances and the ``older`` ones, by popularity.

    Of those with an alert, a share is ``discarded`` (J,).
    """
    for j in range(len(factor)):
        harm, spread = 0.0, 0.0
        for i in range(len(live)):
            k = live[i]
            if substances.opioid[k]:
                continue
            part, toxicity = substances.popularity[k] * reach[i, j], substances.toxicity[k]
            if substances.known[k, j] <= day:
                toxicity *= 1.0 - discarded[j]
            harm += part * toxicity
            spread += part
        factor[j] = (older + harm) / (older + spread)


def novel_harm(state: MarketState, live: np.ndarray, reach: np.ndarray) -> None:
    """Harm of the category in which novel substances appear, by jurisdiction: popularity-weighted toxicity, less where those who heed an alert discard it.

    Novel substances stand beside a stock of older ones of toxicity 1, as many as appear and vanish in balance. ``reach`` is how far the ``live`` ones have
    spread.
    """
    p, ews, row = state.p.services, state.early_warning, state.substances.novel
    novel = ~ews.opioid[live]
    if row < 0 or not novel.any():
        return
    factor, discarded = np.empty(len(ews.attention)), np.zeros(len(ews.attention))
    if (ews.known[live] <= state.day)[novel].any():
        c = state.consumers.columns
        aware = p.alert_practice * practised(
            state.consumers.n, c.jurisdiction, c.segment, c.turn, c.practice, heeded(state)
        )
        discarded = state.p.consumption.discard_missold * np.minimum(aware, 1.0)
    older = older_stock(p, 1.0 - p.novel_opioids)
    mean_toxicity(live, reach, circulating(ews), state.day, discarded, older, factor)
    state.substances.adverse[:, row] = state.usual.adverse[:, row] * factor
