"""Arrests of vendors: whom police catch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import Channel, EventKind, ExitCause, VendorKind
from sim.agents.enforcement import VENDORS, Unit
from sim.agents.payments import COIN
from sim.kernels import inner, maker
from sim.market import views
from sim.market.entry_exit.news import tell_of_arrests
from sim.market.entry_exit.vendor_exit import settle_exits
from sim.market.groups import Moment
from sim.market.views import narrow
from sim.streams import Draw, uniform

if TYPE_CHECKING:
    from sim.market.state import MarketState

ARREST, SOCIAL, STREET = int(Draw.ARREST), int(VendorKind.SOCIAL_SUPPLIER), int(Channel.STREET)
ONLINE = np.array([1, 1, 0, 1, 1, 0])
"""Who polices a channel's vendors: 0 local police, who are near to them, 1 cyber units."""


class Hazards(NamedTuple):
    """What police make of contacts."""

    remote: np.ndarray  # (C,) weight of a buyer met by channel against one met face to face
    friend: float  # weight of a friend who is supplied
    usual: np.ndarray  # (2,) exposure that police reach, nearby and online
    limit: float  # on what scarcity of offenders multiplies the hazard by
    per_contact: float  # 1/day and face-to-face buyer of a month
    per_lead: float  # 1/day and officer-day of evidence
    lead_kept: float  # share of a lead that is left a day later
    effort: np.ndarray  # (J, 2) relative to the usual, nearby and online


@inner
def exposure_of(v: int, vendors: Any, hazards: Hazards) -> float:
    """Exposure of a vendor to arrest: face-to-face equivalents of a month's buyers over operational security."""
    channel = vendors.channel[v]
    weight = hazards.friend if vendors.kind[v] == SOCIAL and channel == STREET else hazards.remote[channel]
    return weight * 30.0 * vendors.recent[v] / vendors.opsec[v]


@maker
def caught_today(
    n: int, when: Moment, vendors: Any, hazards: Hazards, caught: np.ndarray, risk: np.ndarray, exposure: np.ndarray
) -> int:
    """Fill ``caught`` with the rows arrested today and ``risk`` with the mean hazard by channel; returns how many are caught.

    Police reach as much exposure as there usually is: with more of it about, each vendor runs less risk, and the reverse up to a limit.
    Leads from seized servers add to the hazard, and grow cold. ``exposure`` (J, 2), nearby and online, is filled with what there is.
    """
    exposure[:] = 0.0
    for v in range(n):
        if vendors.alive[v] == 1:
            exposure[vendors.jurisdiction[v], ONLINE[vendors.channel[v]]] += exposure_of(v, vendors, hazards)
    total = exposure.sum(axis=0)
    live = np.zeros(len(risk))
    k = 0
    for v in range(n):
        if vendors.alive[v] == 0:
            continue
        group = ONLINE[vendors.channel[v]]
        crowd = min(hazards.usual[group] / max(total[group], 1e-9), hazards.limit)
        hazard = hazards.per_contact * exposure_of(v, vendors, hazards) * crowd
        if vendors.evidence[v] > 0.0:
            hazard += hazards.per_lead * vendors.evidence[v] / vendors.opsec[v]
            vendors.evidence[v] *= hazards.lead_kept
        hazard *= hazards.effort[vendors.jurisdiction[v], group]
        risk[vendors.channel[v]] += hazard
        live[vendors.channel[v]] += 1.0
        if hazard > 0.0 and uniform(when.seed, ARREST, vendors.key[v], when.day, 0) < hazard:
            caught[k] = v
            k += 1
    for c in range(len(risk)):
        risk[c] /= max(live[c], 1.0)
    return k


def remote_weights(state: MarketState) -> np.ndarray:
    """(C,) what a buyer met by channel weighs against one met face to face; traceable coins make remote ones weigh more."""
    p, coin = state.p.enforcement, 0.5 + state.processors[COIN].traceability
    return np.array([0.0, p.remote_crypto, p.remote_app, p.remote_crypto * coin, p.remote_crypto * coin, 1.0])


def hazards_today(state: MarketState) -> Hazards:
    """What police make of contacts today."""
    p = state.p.enforcement
    return Hazards(
        remote_weights(state), p.remote_friend, np.array([p.exposure_reference, p.exposure_online]) * state.consumers.n, p.crowd_limit,
        p.arrest_per_contact, p.lead_hazard, 0.5 ** (1.0 / p.lead_days), state.policing.vendor_effort,
    )  # fmt: skip


def vendor_arrests(state: MarketState) -> None:
    """Arrests of vendors: the published hazard per contact at usual effort and exposure, shared out over all exposure there is."""
    n = state.vendors.n
    caught, risk = np.empty(n, np.int64), np.zeros(len(Channel))
    hazards = hazards_today(state)
    exposure = np.empty(hazards.effort.shape)
    k = caught_today(
        n, state.moment, narrow(state.vendors.columns, views.ArrestVendors), hazards, caught, risk, exposure
    )
    state.policing.online_exposure = exposure[:, 1]
    state.policing.vendor_risk += 0.02 * (30.0 * risk - state.policing.vendor_risk)
    arrest(state, caught[:k])


def responsible(state: MarketState, jurisdiction: int, channel: int) -> int:
    """Number of the agency that polices a channel's vendors in a jurisdiction; -1 when there is none."""
    unit = Unit.CYBER if ONLINE[channel] else Unit.POLICE
    for k, agency in enumerate(state.agencies):
        if agency.jurisdiction == jurisdiction and agency.unit == unit:
            return k
    return -1


def arrest(state: MarketState, rows: np.ndarray, policy: str = "") -> None:
    """Arrest vendors: they leave; their buyers hear of it."""
    if not len(rows):
        return
    p, v = state.p.enforcement, state.vendors.columns
    v.exit_cause[rows] = ExitCause.ARRESTED
    state.today.vendor_arrests += len(rows)
    for row in rows:
        agency = responsible(state, int(v.jurisdiction[row]), int(v.channel[row]))
        if agency >= 0:
            state.agencies[agency].arrests += 1
            state.agencies[agency].credit[VENDORS] += p.credit_arrest
        state.event(EventKind.ARREST, int(row), agency=agency, policy=policy, cause="vendor")
    tell_of_arrests(state, rows)
    settle_exits(state)
