"""Contacts of police with users: who is stopped, charged, or referred to services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import EventKind
from sim.agents.enforcement import USERS
from sim.kernels import maker
from sim.market import views
from sim.market.learning.fear import GROUP
from sim.market.views import narrow
from sim.streams import Draw, uniform, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

CONTACT = int(Draw.CONTACT)


@maker
def stop_users(
    buyers: np.ndarray,
    channel: np.ndarray,
    seed: int,
    day: int,
    consumers: Any,
    exposure: np.ndarray,
    attention: float,
    effort: np.ndarray,
    usual: np.ndarray,
    stopped: np.ndarray,
) -> None:
    """Set ``stopped`` for the buyers whom police stop today; ``usual`` (J,) is the running mean of exposure, moved by today's.

    ``effort`` (J,) is contacts a day, ``exposure`` (C,) what a purchase counts by channel, ``attention`` what a criminal record multiplies it by.
    """
    crowd = np.zeros(len(usual))
    for i in range(len(buyers)):
        crowd[consumers.jurisdiction[buyers[i]]] += exposure[channel[i]]
    for j in range(len(usual)):
        usual[j] += (crowd[j] - usual[j]) / 30.0
    for i in range(len(buyers)):
        c = buyers[i]
        j = consumers.jurisdiction[c]
        risk = exposure[channel[i]] * (attention if consumers.record[c] == 1 else 1.0)
        risk *= effort[j] / max(usual[j], 0.5)
        stopped[i] = uniform(seed, CONTACT, c, day, 0) < min(risk, 0.5)


def user_contacts(state: MarketState) -> None:
    """Police stop some of yesterday's buyers, more on the street than by post; they are charged or referred to services."""
    p, c = state.p.enforcement, state.consumers.columns
    buyers, channel = state.books.settled
    if not len(buyers):
        return
    exposure = np.array([0.0, p.exposure_post, p.exposure_app, p.exposure_post, p.exposure_post, p.exposure_street])
    stopped = np.zeros(len(buyers), bool)
    stop_users(
        buyers, channel, state.seed, state.day, narrow(c, views.ContactConsumers), exposure, p.record_attention,
        state.policing.user_effort * p.contacts_per_day, state.policing.user_exposure, stopped,
    )  # fmt: skip
    if stopped.any():
        who = np.unique(buyers[stopped])
        state.today.privacy += len(who)
        charge_or_refer(state, who[c.alive[who] == 1])


def friends_of(state: MarketState, who: np.ndarray) -> np.ndarray:
    """Everybody who is a friend of one of ``who``, once."""
    first = state.world.friends.start[who]
    count = state.world.friends.start[who + 1] - first
    steps = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.unique(state.world.friends.who[np.repeat(first, count) + steps])


def charge_or_refer(state: MarketState, who: np.ndarray, policy: str = "") -> None:
    """Charge the consumers ``who``, or refer them to services where deflection offers it."""
    p, c, day = state.p.enforcement, state.consumers.columns, state.day
    j = c.jurisdiction[who]
    u = uniforms(state.seed, Draw.CHARGE, who, day)
    w = uniforms(state.seed, Draw.CHARGE, who, day, 1)
    chance = state.levers.referral[j, c.segment[who], c.turn[who]]
    offered = w < chance
    state.refer(who[offered])
    state.today.offered = np.concatenate([state.today.offered, who[offered]])
    state.today.offer = np.concatenate([state.today.offer, chance[offered]])
    charged = who[~offered & (u < p.charged * state.levers.charges[j])]
    if not len(charged):
        return
    j = c.jurisdiction[charged]
    c.record[charged] = 1
    c.criminalised[charged] += 1
    c.trust_police[charged] = np.maximum(c.trust_police[charged] - p.contact_trust, 0.0)
    c.stigma[charged] = np.minimum(c.stigma[charged] + p.contact_stigma, 1.0)
    told = friends_of(state, charged)
    c.trust_police[told] = np.maximum(c.trust_police[told] - p.friends_trust, 0.0)
    c.legal_hits[charged, GROUP[c.habit[charged]]] += p.contact_fright
    state.today.criminalised += len(charged)
    state.credit_agencies(USERS, p.credit_user * np.bincount(j, minlength=state.world.n_jurisdictions))
    state.consumer_events(EventKind.CRIMINALISED, charged, policy)
