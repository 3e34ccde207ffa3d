"""Contacts of police with users: who is stopped, charged, or referred to services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import EventKind, Programme
from sim.agents.enforcement import REFERRALS, USERS
from sim.kernels import kernel
from sim.market import views
from sim.market.groups import Moment
from sim.market.health.programmes import accepted
from sim.market.learning.fear import GROUP
from sim.market.views import narrow
from sim.streams import Draw, uniform, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

CONTACT = int(Draw.CONTACT)
MONTH = 30  # days over which the exposure that police meet is averaged
STIGMA, FRIENDS = 0.6, 0.2
"""Of the trust that somebody charged loses: the stigma gained, and the trust that friends lose (assumed, as in the harm prototype; 0.2 to 1 and 0.1 to 0.5)."""


class Contacts(NamedTuple):
    """What brings police to buyers, and what comes of it."""

    exposure: np.ndarray  # (C,) what a purchase counts by channel
    attention: float  # what a criminal record multiplies it by
    per_day: float  # contacts of an officer-day
    effort: np.ndarray  # (J, 2) officer-days on stops, and on contacts that lead to services
    usual: np.ndarray  # (J,) exposure over which they are spread
    offer: np.ndarray  # (J, 4, 100) share of those stopped who are offered services
    charged: float  # share of the others who are charged
    charges: np.ndarray  # (J,) what policies make of that share


STOPPED, LED = 1, 2  # what a contact is


@kernel
def look_at_buyers(
    buyers: np.ndarray,
    channel: np.ndarray,
    willing: np.ndarray,
    when: Moment,
    consumers: Any,
    contacts: Contacts,
    met: np.ndarray,
    credit: np.ndarray,
) -> int:
    """Mark in ``met`` (bits) which of the ``buyers`` are stopped today and which are led to services.

    ``willing`` (buyers,) says who would take services if offered; who would not is charged as others are. ``credit`` (2, J) adds up what stops and help are
    expected to earn, so that luck teaches agencies nothing. Returns the bits that are marked for anybody.
    """
    seen_today = 0
    for i in range(len(buyers)):
        c = buyers[i]
        j = consumers.jurisdiction[c]
        seen, usual = contacts.exposure[channel[i]], max(contacts.usual[j], 1e-9)
        attention = contacts.attention if consumers.record[c] == 1 else 1.0
        risk = min(seen * attention * (contacts.per_day * contacts.effort[j, 0]) / usual, 1.0)
        chance = min(seen * (contacts.per_day * contacts.effort[j, 1]) / usual, 1.0)
        taken = contacts.offer[j, consumers.segment[c], consumers.turn[c]] if willing[i] else 0.0
        credit[0, j] += risk * (taken + (1.0 - taken) * contacts.charged * contacts.charges[j])
        credit[1, j] += chance
        met[i] = STOPPED if uniform(when.seed, CONTACT, c, when.day, 0) < risk else 0
        if uniform(when.seed, CONTACT, c, when.day, 1) < chance:
            met[i] |= LED
        seen_today |= met[i]
    return seen_today


@kernel
def average_exposure(
    buyers: np.ndarray, channel: np.ndarray, home: np.ndarray, exposure: np.ndarray, days: float, usual: np.ndarray
) -> None:
    """Let the ``usual`` exposure of each jurisdiction (J,) follow that of yesterday's ``buyers``, as a mean over so many ``days``."""
    for j in range(len(usual)):
        crowd = 0.0
        for i in range(len(buyers)):
            if home[buyers[i]] == j:
                crowd += exposure[channel[i]]
        usual[j] += (crowd - usual[j]) / days


def user_contacts(state: MarketState) -> None:
    """Police meet some of yesterday's buyers, more on the street than by post: some are stopped, and charged or referred; others are led to services."""
    p, c, policing, levers = state.p.enforcement, state.consumers.columns, state.policing, state.levers
    buyers, channel = state.books.settled
    exposure = np.array([0.0, p.exposure_post, p.exposure_app, p.exposure_post, p.exposure_post, 1.0])
    usual = policing.user_exposure
    average_exposure(
        buyers, channel, c.jurisdiction, exposure, float(min(MONTH, state.day + state.scenario.burn_in + 1)), usual
    )
    contacts = Contacts(
        exposure, p.record_attention, p.contacts_per_day, policing.user_effort, usual, levers.referral, p.charged, levers.charges
    )  # fmt: skip
    met, credit = np.zeros(len(buyers), np.uint8), np.zeros((2, len(usual)))
    willing, people = takes_services(state, buyers), narrow(c, views.ContactConsumers)
    seen = look_at_buyers(buyers, channel, willing, state.moment, people, contacts, met, credit)
    state.credit_agencies(USERS, credit[0])
    stopped, pursued = buyers[:0], follow_parcels(state)
    if seen & STOPPED:
        stopped = buyers[((met & STOPPED) > 0) & (c.alive[buyers] == 1)]
    if len(stopped) or len(pursued):
        who = np.union1d(stopped, pursued)
        state.today.privacy += len(who)
        charge_or_refer(state, who)
    state.credit_agencies(REFERRALS, credit[1])
    if seen & LED:
        who = np.unique(buyers[(met & LED) > 0])
        state.refer(who[c.alive[who] == 1])


def follow_parcels(state: MarketState) -> np.ndarray:
    """Some of those whose parcels were seized yesterday are called on by police, and returned; others get a letter, which frightens them."""
    p, c = state.p.enforcement, state.consumers.columns
    buyers, channel = state.books.intercepted
    if not len(buyers):
        return buyers
    u = uniforms(state.seed, Draw.CONTACT, buyers, state.day, 2)
    letter = (u >= p.buyer_pursued) & (u < p.buyer_pursued + (1.0 - p.buyer_pursued) * p.letter)
    np.add.at(c.legal_hits, (buyers[letter], GROUP[channel[letter]]), p.arrest_fright)
    who = np.unique(buyers[u < p.buyer_pursued])
    return who[c.alive[who] == 1]


def takes_services(state: MarketState, who: np.ndarray) -> np.ndarray:
    """(len(who),) which of these people would take services that police offer them today; all, where nobody has to be asked."""
    if not len(who) or not np.logical_or.reduce(state.levers.taken_up[..., Programme.SERVICES], axis=None):
        return np.ones(len(who), bool)
    return accepted(state, who, Programme.SERVICES)


def friends_of(state: MarketState, who: np.ndarray) -> np.ndarray:
    """Everybody who is a friend of one of ``who``, once."""
    first = state.world.friends.start[who]
    count = state.world.friends.start[who + 1] - first
    steps = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.unique(state.world.friends.who[np.repeat(first, count) + steps])


def charge_or_refer(state: MarketState, who: np.ndarray, policy: str = "") -> None:
    """Charge the consumers ``who``, or refer them to services where deflection offers it and they take it."""
    p, c, day = state.p.enforcement, state.consumers.columns, state.day
    j = c.jurisdiction[who]
    u = uniforms(state.seed, Draw.CHARGE, who, day)
    w = uniforms(state.seed, Draw.CHARGE, who, day, 1)
    chance = state.levers.referral[j, c.segment[who], c.turn[who]]
    offered = w < chance
    taken = offered.copy()
    taken[offered] = takes_services(state, who[offered])
    state.refer(who[taken])
    state.today.offered = np.concatenate([state.today.offered, who[offered]])
    state.today.offer = np.concatenate([state.today.offer, chance[offered]])
    state.today.accepted = np.concatenate([state.today.accepted, taken[offered]])
    charged = who[~taken & (u < p.charged * state.levers.charges[j])]
    if not len(charged):
        return
    c.record[charged] = 1
    c.criminalised[charged] += 1
    c.trust_police[charged] = np.maximum(c.trust_police[charged] - p.contact_trust, 0.0)
    c.stigma[charged] = np.minimum(c.stigma[charged] + STIGMA * p.contact_trust, 1.0)
    told = friends_of(state, charged)
    c.trust_police[told] = np.maximum(c.trust_police[told] - FRIENDS * p.contact_trust, 0.0)
    c.legal_hits[charged, GROUP[c.habit[charged]]] += p.contact_fright
    state.today.criminalised += len(charged)
    state.consumer_events(EventKind.CRIMINALISED, charged, policy)
