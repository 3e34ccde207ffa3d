"""Early warning: novel substances appear, spread and vanish; each jurisdiction finds them by what it sees or is told; alerts reach users while these attend."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.agents.codes import EventKind
from sim.agents.services import EarlyWarning
from sim.kernels import kernel, maker
from sim.market.groups import Moment
from sim.market.health.alerts import Circulating, circulating, give_alerts, novel_harm, usual_harm
from sim.market.health.receipt import NOVEL_CHECKED, POSTED, STRONG_FOUND
from sim.market.supply.mixing import mix_at_start, presence
from sim.streams import Draw, normals, pick, poisson, uniform, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

YEAR = 365.0
NOT_DETECTED = EarlyWarning.NOT_DETECTED
ALERT, ALERT_SHARED, NOVEL_EXIT = int(Draw.ALERT), int(Draw.ALERT_SHARED), int(Draw.NOVEL_EXIT)
NOVEL_SUBSTANCE, ALERTED = int(EventKind.NOVEL_SUBSTANCE), int(EventKind.ALERT)
ORIGINS = "appeared", "opioid"
SEEN, HARM = np.array([1.0, 0.0, 2.5, 0.5]), np.array([0.0, 1.0, 0.0, 0.0])
"""What tells early warning as much as one sample checked, by `sim.agents.services.SIGNS`: by what is about, and by the harm it does.

Assumed: a seized parcel 1 to 5, what a forum writes 0.2 to 1.
"""


class Parcels(NamedTuple):
    """The orders settled today, and what early warning looks for in parcels of them that were seized."""

    due: np.ndarray  # rows of these
    seized: np.ndarray  # parcels of each order
    consumer: np.ndarray
    substance: np.ndarray
    novel: int  # substance as which novel ones are sold
    suspect: np.ndarray  # (S,) which may hold strong opioids


@maker
def look_around(
    parcels: Parcels, home: np.ndarray, reported: np.ndarray, overdosed: np.ndarray, signs: np.ndarray, worth: float
) -> np.ndarray:
    """(2, J, 4) signs of novel substances and of strong opioids seen today in each jurisdiction, by `sim.agents.services.SIGNS`; the rest as in `watch`."""
    seen = np.zeros((2, len(signs), 4))
    for j in range(len(signs)):
        seen[0, j, 0], seen[1, j, 0] = signs[j, NOVEL_CHECKED], signs[j, STRONG_FOUND]
        seen[0, j, 3] = worth * signs[j, POSTED]
    for c in reported:
        seen[0, home[c], 1] += 1.0
    for c in overdosed:
        seen[1, home[c], 1] += 1.0
    for o in parcels.due:
        if parcels.seized[o] > 0:
            j, s = home[parcels.consumer[o]], parcels.substance[o]
            seen[0, j, 2] += parcels.seized[o] if s == parcels.novel else 0.0
            seen[1, j, 2] += parcels.seized[o] if parcels.suspect[s] else 0.0
    return seen


@kernel
def fade_towards(rates: np.ndarray, seen: np.ndarray, sight: np.ndarray, fading: float) -> None:
    """Let running means (J, 4) follow what is ``seen`` as far as the ``sight`` (J,) goes."""
    for j in range(len(sight)):
        for k in range(rates.shape[1]):
            rates[j, k] += fading * (sight[j] * seen[j, k] - rates[j, k])


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
    parcels = Parcels(state.books.due, o.seized, o.consumer, o.substance, table.novel, table.contaminable)
    home = state.consumers.columns.jurisdiction
    novel, strong = look_around(parcels, home, reported, overdosed, signs, state.forum.worth)
    sight, fading = 20_000.0 / state.consumers.n * state.levers.warning_sight, 1.0 - state.p.services.sight_kept
    fade_towards(ews.novel, novel, sight, fading)
    fade_towards(ews.strong, strong, sight, fading)


def appear(state: MarketState, decision: Draw, day: int, born: np.ndarray) -> np.ndarray:
    """Substances appear on the days ``born``, each with a place, a popularity and a toxicity of its own; returns their numbers."""
    p, seed, which = state.p.services, state.seed, 1 + np.arange(len(born))
    popularity = np.exp(p.novel_popularity * normals(seed, decision, which, day, 0))
    place, kind = (uniforms(seed, decision, which, day, a) for a in (2, 3))
    home, opioid = pick(np.cumsum(state.world.vendor_weight), place), kind < p.novel_opioids
    log_toxicity = p.novel_toxicity * normals(seed, decision, which, day, 1)
    log_toxicity[opioid] -= 0.5 * p.novel_toxicity**2  # dealers cut to strength: as strong as others on average
    return state.early_warning.appear(born, popularity, np.exp(log_toxicity), home, opioid) + which - 1


def circulate(state: MarketState) -> None:
    """Novel substances that circulate at the start, as many and as old as appear and vanish in balance: a run goes on with what was there.

    An alert on them is out everywhere after the time in which one spreads and that from detection to the alert.
    """
    p, ews, day = state.p.services, state.early_warning, state.day
    stays = 1.0 - p.novel_exit / YEAR  # chance to circulate for another day
    number = poisson(int(state.seed), int(Draw.CIRCULATING), 0, 0, 0, stays * p.novel_per_year / p.novel_exit)
    if number:
        age = np.log(uniforms(state.seed, Draw.CIRCULATING, 1 + np.arange(number), 0, 4)) / np.log(stays)
        born, lag = day - 1 - np.sort(age.astype(np.int64))[::-1], round(p.novel_spread_days + p.alert_days)
        new = appear(state, Draw.CIRCULATING, 0, born)
        known = new[born + lag < day]
        ews.known[known] = ews.KNOWN_BEFORE
        strong = ews.opioid
        if strong.any():  # `synthetic_strength` is the mean of those in circulation
            ews.toxicity[strong] /= np.average(ews.toxicity[strong], weights=ews.popularity[strong])
        past = [(int(born[k]), NOVEL_SUBSTANCE, int(k), ORIGINS[int(ews.opioid[k])], ews.popularity[k]) for k in new]
        past += [(int(born[k]) + lag, ALERTED, int(k), "early warning", float(lag)) for k in known]
        for when, what, which, cause, amount in sorted(past):
            state.books.events.add(when, what, which, -1, "", cause, amount)
    mix_at_start(state)
    usual_harm(state)


@kernel
def vanish(
    when: Moment, at_hand: np.ndarray, key: np.ndarray, gone: np.ndarray, chance: float, fates: np.ndarray
) -> int:
    """Substances that nobody puts at hand are ``gone`` from today on with a ``chance``, marked in ``fates``. Returns how many are."""
    many = 0
    for k in range(len(gone)):
        if gone[k] or at_hand[k].any():
            continue
        if uniform(when.seed, NOVEL_EXIT, key[k], when.day, 0) < chance:
            gone[k], fates[k] = True, True
            many += 1
    return many


def novel_substances(state: MarketState) -> None:
    """Novel substances appear and vanish, and are found and told of."""
    p, day, seed, ews = state.p.services, state.day, int(state.seed), state.early_warning
    number = poisson(seed, int(Draw.NOVEL), 0, day, 0, p.novel_per_year / YEAR)
    if number:
        new = appear(state, Draw.NOVEL, day, np.full(number, day))
        cause = ORIGINS, ews.opioid[new].astype(np.intp)
        state.event(EventKind.NOVEL_SUBSTANCE, new, cause=cause, amount=ews.popularity[new])
    fates = np.zeros(len(ews.gone), bool)
    if vanish(state.moment, ews.at_hand, ews.key, ews.gone, p.novel_exit / YEAR, fates):
        for number in fates.nonzero()[0].tolist():
            state.event(EventKind.NOVEL_GONE, number, cause="vanished")
    live = ews.live
    reach = ews.reached(live, day, p.novel_spread_days)
    if len(live):
        detect(state, live, reach)
        pass_on(state, live)
    give_alerts(state)
    novel_harm(state, live, reach)


class Search(NamedTuple):
    """How substances are looked for in each jurisdiction."""

    weight: np.ndarray  # (J,) share of all hazards
    novel: np.ndarray  # (J, 4) signs of novel substances and of strong opioids, as in `EarlyWarning`
    strong: np.ndarray
    delay: np.ndarray  # (J,) what multiplies the days to an alert
    base: float  # parameters of services: `alert_base`, `alert_reported`, `alert_days`
    reported: float
    days: float


@kernel
def any_hidden(live: np.ndarray, known: np.ndarray) -> bool:
    """Whether one of the ``live`` substances is still to be found somewhere."""
    for k in live:
        for j in range(known.shape[1]):
            if known[k, j] == NOT_DETECTED:
                return True
    return False


@kernel
def find(
    live: np.ndarray, reach: np.ndarray, mixed: np.ndarray, substances: Circulating, search: Search, when: Moment
) -> None:
    """Set the day of the alert on each of the ``live`` substances that is found today.

    ``reach`` (live, J) is how far they have spread, ``mixed`` the same of strong opioids among what suppliers there sell.
    """
    novel = 0
    for i in range(len(live)):
        novel += 1 - substances.opioid[live[i]]
    for j in range(len(search.weight)):
        base, due = search.base * search.weight[j], when.day + np.int64(np.rint(search.days * search.delay[j]))
        by_seen, by_harm, by_strong = 0.0, 0.0, 0.0
        for k in range(len(SEEN)):
            by_seen += search.novel[j, k] * (search.reported * SEEN[k])
            by_harm += search.novel[j, k] * (search.reported * HARM[k])
            by_strong += search.strong[j, k] * (search.reported * SEEN[k] + search.reported * HARM[k])
        spread, harm = 0.0, 0.0
        for i in range(len(live)):
            if not substances.opioid[live[i]]:
                part = substances.popularity[live[i]] * reach[i, j]
                spread, harm = spread + part, harm + part * substances.toxicity[live[i]]
        spread, harm = max(spread, 1e-9), max(harm, 1e-9)
        for i in range(len(live)):
            k = live[i]
            if substances.known[k, j] != NOT_DETECTED:
                continue
            hazard = base * reach[i, j]
            if substances.opioid[k]:
                hazard += mixed[i, j] * by_strong
            else:
                part = substances.popularity[k] * reach[i, j]
                hazard += novel * part / spread * by_seen
                hazard += novel * (part * substances.toxicity[k]) / harm * by_harm
            if uniform(when.seed, ALERT, int(substances.key[k]) * len(search.weight) + j, when.day, 0) < hazard:
                substances.known[k, j] = due


def detect(state: MarketState, live: np.ndarray, reach: np.ndarray) -> None:
    """Every jurisdiction finds each substance with a hazard that grows with its part in what is seen there; the alert follows after some days.

    Unaided, the hazards of all jurisdictions together are `alert_base` once it is everywhere.
    """
    p, ews = state.p.services, state.early_warning
    if not any_hidden(live, ews.known):
        return
    search = Search(
        state.world.consumer_weight, ews.novel, ews.strong, state.levers.warning_delay, p.alert_base, p.alert_reported,
        p.alert_days,
    )  # fmt: skip
    there = ews.share[live] != 0.0  # what no goods hold is not found
    find(live[there], reach[there], mixed_in(state, live[there]), circulating(ews), search, state.moment)


def mixed_in(state: MarketState, live: np.ndarray) -> np.ndarray:
    """(live, J) of the goods that may hold strong opioids, how many hold each of these substances there; 0 for those that suppliers do not mix in."""
    ews, found = state.early_warning, np.zeros((len(live), state.world.n_jurisdictions))
    opioid = ews.opioid[live]
    if np.logical_or.reduce(opioid):
        numbers = live[opioid]
        suspect, own = state.substances.synthetic[state.substances.contaminable], ews.share[numbers]
        usual = float(np.add.reduce(suspect)) / max(len(suspect), 1)
        found[opioid] = presence(state, numbers) * np.where(own >= 0.0, own, usual)[:, None]
    return found


@kernel
def tell(
    live: np.ndarray, known: np.ndarray, key: np.ndarray, when: Moment, cooperation: np.ndarray, days: np.ndarray
) -> None:
    """Let jurisdictions hear of alerts on the ``live`` substances that have been out elsewhere: the sooner the closer both work together (J, J), after ``days``."""
    places = len(days)
    for k in live:
        for j in range(places):
            if known[k, j] <= when.day:
                continue
            log_deaf = 0.0
            for i in range(places):
                if known[k, i] < when.day:
                    log_deaf += math.log1p(-min(cooperation[i, j] / max(days[j], 1.0), 1.0 - 1e-9))
            if uniform(when.seed, ALERT_SHARED, int(key[k]) * places + j, when.day, 0) < -math.expm1(log_deaf):
                known[k, j] = when.day


def pass_on(state: MarketState, live: np.ndarray) -> None:
    """Jurisdictions with an alert tell others, as far as they work together; it takes as long as to give one of their own."""
    days = state.p.services.alert_days * state.levers.warning_delay
    tell(live, state.early_warning.known, state.early_warning.key, state.moment, state.cooperation_today(), days)
