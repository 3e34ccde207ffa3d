"""Contacts of police with users: who is stopped, charged, or referred to services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import EventKind, Programme
from sim.agents.enforcement import REFERRALS, USERS
from sim.kernels import maker
from sim.market import views
from sim.market.health.programmes import accepted
from sim.market.learning.fear import GROUP
from sim.market.views import narrow
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

MONTH = 30  # days over which the exposure that police meet is averaged


@maker
def risk_of_contact(
    buyers: np.ndarray,
    channel: np.ndarray,
    consumers: Any,
    exposure: np.ndarray,
    attention: float,
    effort: np.ndarray,
    usual: np.ndarray,
) -> np.ndarray:
    """(n,) chance that police meet each of the ``buyers`` today.

    ``effort`` (J,) is contacts a day, ``usual`` (J,) the exposure over which they are spread, ``exposure`` (C,) what a purchase counts by channel,
    ``attention`` what a criminal record multiplies it by.
    """
    risk = np.empty(len(buyers))
    for i in range(len(buyers)):
        c = buyers[i]
        j = consumers.jurisdiction[c]
        seen = exposure[channel[i]] * (attention if consumers.record[c] == 1 else 1.0)
        risk[i] = min(seen * effort[j] / max(usual[j], 1e-9), 1.0)
    return risk


def user_contacts(state: MarketState) -> None:
    """Police meet some of yesterday's buyers, more on the street than by post: some are stopped, and charged or referred; others are led to services."""
    p, c, policing = state.p.enforcement, state.consumers.columns, state.policing
    buyers, channel = state.books.settled
    exposure = np.array([0.0, p.exposure_post, p.exposure_app, p.exposure_post, p.exposure_post, 1.0])
    where = c.jurisdiction[buyers]
    crowd = np.bincount(where, exposure[channel], state.world.n_jurisdictions)
    usual = policing.user_exposure
    usual += (crowd - usual) / min(MONTH, state.day + state.scenario.burn_in + 1)
    met = narrow(c, views.ContactConsumers)
    stops, help_ = (p.contacts_per_day * policing.user_effort[:, k] for k in range(2))
    risk = risk_of_contact(buyers, channel, met, exposure, p.record_attention, stops, usual)
    offered = state.levers.referral[where, c.segment[buyers], c.turn[buyers]]
    paid = offered * p.credit_referral + (1.0 - offered) * p.charged * state.levers.charges[where]
    state.credit_agencies(USERS, np.bincount(where, risk * paid, len(usual)))
    stopped = uniforms(state.seed, Draw.CONTACT, buyers, state.day) < risk
    who = np.unique(buyers[stopped])
    who = who[c.alive[who] == 1]
    state.today.privacy += len(who)
    who = np.union1d(who, follow_parcels(state))
    if len(who):
        charge_or_refer(state, who)
    chance = risk_of_contact(buyers, channel, met, exposure, 1.0, help_, usual)
    state.credit_agencies(REFERRALS, p.credit_referral * np.bincount(where, chance, len(usual)))
    led = uniforms(state.seed, Draw.CONTACT, buyers, state.day, 1) < chance
    if led.any():
        who = np.unique(buyers[led])
        state.refer(who[c.alive[who] == 1])


def follow_parcels(state: MarketState) -> np.ndarray:
    """Some of those whose parcels were seized yesterday are called on by police, and returned; others get a letter, which frightens them."""
    p, c = state.p.enforcement, state.consumers.columns
    buyers, channel = state.books.intercepted
    u = uniforms(state.seed, Draw.CONTACT, buyers, state.day, 2)
    letter = (u >= p.buyer_pursued) & (u < p.buyer_pursued + (1.0 - p.buyer_pursued) * p.letter)
    np.add.at(c.legal_hits, (buyers[letter], GROUP[channel[letter]]), p.arrest_fright)
    who = np.unique(buyers[u < p.buyer_pursued])
    return who[c.alive[who] == 1]


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
    if state.levers.taken_up[..., Programme.SERVICES].any():
        taken[offered] = accepted(state, who[offered], Programme.SERVICES)
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
    c.stigma[charged] = np.minimum(c.stigma[charged] + p.contact_stigma, 1.0)
    told = friends_of(state, charged)
    c.trust_police[told] = np.maximum(c.trust_police[told] - p.friends_trust, 0.0)
    c.legal_hits[charged, GROUP[c.habit[charged]]] += p.contact_fright
    state.today.criminalised += len(charged)
    state.consumer_events(EventKind.CRIMINALISED, charged, policy)
