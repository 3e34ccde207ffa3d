"""Alerts: whom they reach, what those who heed them do, and what is left of the harm of novel substances."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.agents.codes import EventKind
from sim.agents.services import EarlyWarning
from sim.kernels import kernel, maker
from sim.market.groups import Moment
from sim.market.supply.mixing import presence
from sim.streams import Draw, poisson

if TYPE_CHECKING:
    from sim.market.state import MarketState

FALSE_ALARM, KNOWN_BEFORE = int(Draw.FALSE_ALARM), EarlyWarning.KNOWN_BEFORE
WEEK, YEAR = 7, 365.0
ALERT_TEACHES = 0.1  # of what a bad check of one's own does (assumed; 0.03 to 0.3)
FULL_PRACTICE = 2.0  # who practises half of harm reduction or more heeds an alert fully (assumed; 1 to 4)


class Circulating(NamedTuple):
    """Substances, as in `EarlyWarning`."""

    popularity: np.ndarray
    toxicity: np.ndarray
    opioid: np.ndarray
    known: np.ndarray  # (entries, J)
    key: np.ndarray


def circulating(ews: EarlyWarning) -> Circulating:
    """What early warning is about."""
    return Circulating(ews.popularity, ews.toxicity, ews.opioid, ews.known, ews.key)


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


@kernel
def heed(share: float, reach: np.ndarray, attention: np.ndarray, heeding: np.ndarray) -> None:
    """Fill ``heeding`` (J, 4, 100): see `heeded`."""
    for j in range(len(attention)):
        for g in range(reach.shape[1]):
            for k in range(reach.shape[2]):
                heeding[j, g, k] = min(1.0, share * reach[j, g, k]) * attention[j]


def heeded(state: MarketState) -> np.ndarray:
    """(J, 4, 100) share of users whom an alert reaches and who pay attention, by jurisdiction, segment and turn."""
    reach = state.levers.alert_reach
    heeding = np.empty(reach.shape)
    heed(state.p.services.alert_reach, reach, state.early_warning.attention, heeding)
    return heeding


@kernel
def hear_alerts(
    turn: int,
    share: float,
    reach: np.ndarray,
    attention: np.ndarray,
    alerts: np.ndarray,
    worth: float,
    week: np.ndarray,
    taught: np.ndarray,
) -> None:
    """Note in ``week`` (7, J, 4, 100), at the place ``turn``, the alerts of today as `heeded`; fill ``taught`` with ``worth`` for each of those of the week."""
    for j in range(len(attention)):
        for g in range(reach.shape[1]):
            for k in range(reach.shape[2]):
                week[turn, j, g, k] = min(1.0, share * reach[j, g, k]) * attention[j] * alerts[j]
                heard = week[0, j, g, k]
                for day in range(1, len(week)):
                    heard += week[day, j, g, k]
                taught[j, g, k] = worth * heard


def alerts_of_week(state: MarketState) -> np.ndarray:
    """(J, 4, 100) what the alerts of the last seven days teach."""
    ews, reach, taught = state.early_warning, state.levers.alert_reach, np.empty(state.levers.alert_reach.shape)
    worth = ALERT_TEACHES * state.p.consumption.practice_bad_check
    hear_alerts(
        state.day % WEEK, state.p.services.alert_reach, reach, ews.attention, ews.alerts, worth, state.care.alerts_week, taught,
    )  # fmt: skip
    return taught


def dose_warned_of(state: MarketState) -> np.ndarray:
    """(J, 4, 100) fall of the dose among those who practise harm reduction where there is an alert of strong opioids: as after a warning of one's own, by reach.

    It goes as far as suppliers there mix in what the alerts are about. What alerts before the start have done is in usual doses.
    """
    ews, p = state.early_warning, state.p.consumption
    told = ews.told(state.day)
    rows = (ews.opioid & ~ews.gone & np.logical_or.reduce(told, axis=1)).nonzero()[0]
    if not len(rows):
        return np.zeros(state.levers.alert_reach.shape)
    about = np.add.reduce(presence(state, rows) * told[rows])
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
    before: np.ndarray,
    factor: np.ndarray,
) -> None:
    """Fill ``factor`` (J,) with the mean toxicity of the ``live`` novel substances, by popularity; 1 where there is none.

    Of those with an alert a share is ``discarded`` (J,); of those with an alert before the start, the share ``before`` (J,).
    """
    for j in range(len(factor)):
        harm, spread = 0.0, 0.0
        for i in range(len(live)):
            k = live[i]
            if substances.opioid[k]:
                continue
            part, toxicity = substances.popularity[k] * reach[i, j], substances.toxicity[k]
            if substances.known[k, j] == KNOWN_BEFORE:
                toxicity *= 1.0 - before[j]
            elif substances.known[k, j] <= day:
                toxicity *= 1.0 - discarded[j]
            harm += part * toxicity
            spread += part
        factor[j] = harm / spread if spread > 0.0 else 1.0


def discards(state: MarketState) -> np.ndarray:
    """(J,) share of what there is an alert of that is discarded, by those who heed it as a bad check of their own."""
    c = state.consumers.columns
    aware = practised(state.consumers.n, c.jurisdiction, c.segment, c.turn, c.practice, heeded(state))
    return state.p.consumption.discard_missold * np.minimum(FULL_PRACTICE * aware, 1.0)


def usual_harm(state: MarketState) -> None:
    """What the table of substances takes account of: how toxic novel substances are on average at the start, and that known ones are discarded."""
    ews, usual = state.early_warning, state.usual
    usual.discarded, usual.toxicity = discards(state), np.ones(len(ews.attention))
    live, day = ews.live, state.day
    if (~ews.opioid).any():
        reach = ews.reached(live, day, state.p.services.novel_spread_days)
        mean_toxicity(live, reach, circulating(ews), day, usual.discarded, usual.discarded, usual.toxicity)


def novel_harm(state: MarketState, live: np.ndarray, reach: np.ndarray) -> None:
    """Harm of the category of novel substances, by jurisdiction, as their popularity-weighted toxicity goes; less where those who heed an alert discard it.

    The table of substances gives what it is with those that circulate at the start. ``reach`` is how far the ``live`` ones have spread.
    """
    ews, usual, row = state.early_warning, state.usual, state.substances.novel
    novel = ~ews.opioid[live]
    if row < 0 or not np.logical_or.reduce(novel):
        return
    factor, discarded = np.empty(len(ews.attention)), np.zeros(len(ews.attention))
    if np.logical_or.reduce(ews.told(state.day)[live[novel]], axis=None):
        discarded = discards(state)
    mean_toxicity(live, reach, circulating(ews), state.day, discarded, usual.discarded, factor)
    state.substances.adverse[:, row] = usual.adverse[:, row] * factor / usual.toxicity
