"""Arrests of vendors: whom police catch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import Channel, EventKind, ExitCause, VendorKind
from sim.agents.enforcement import VENDORS, Unit
from sim.agents.payments import COIN
from sim.kernels import inner, kernel, maker
from sim.market import views
from sim.market.adding import added_up
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
MONTH = 30  # days in which a buyer counts as one


class Hazards(NamedTuple):
    """What police make of contacts."""

    remote: np.ndarray  # (C,) weight of a buyer met by channel against one met face to face
    friend: float  # weight of a friend who is supplied
    per_case: np.ndarray  # (2,) officer-days that an arrest takes, nearby and online
    per_contact: float  # 1/day and face-to-face buyer of a month, were arrests no work
    lead_kept: float  # share of a lead that is left a day later
    effort: np.ndarray  # (J, 2) relative to the usual, nearby and online; likewise the next
    days: np.ndarray  # (J, 2) usual officer-days a day


@inner
def exposure_of(v: int, vendors: Any, hazards: Hazards) -> float:
    """Exposure of a vendor to arrest: face-to-face equivalents of a month's buyers over operational security."""
    channel = vendors.channel[v]
    weight = hazards.friend if vendors.kind[v] == SOCIAL and channel == STREET else hazards.remote[channel]
    return weight * MONTH * vendors.recent[v] / vendors.opsec[v]


@kernel
def total_exposure(n: int, vendors: Any, hazards: Hazards, exposure: np.ndarray) -> None:
    """Fill ``exposure`` (J, 2), nearby and online, with that of all vendors."""
    exposure[:] = 0.0
    for v in range(n):
        if vendors.alive[v] == 1:
            exposure[vendors.jurisdiction[v], ONLINE[vendors.channel[v]]] += exposure_of(v, vendors, hazards)


@maker
def caught_today(
    n: int,
    when: Moment,
    vendors: Any,
    hazards: Hazards,
    exposure: np.ndarray,
    caught: np.ndarray,
    risk: np.ndarray,
    expected: np.ndarray,
) -> int:
    """Fill ``caught`` with the rows arrested today, ``risk`` with the mean hazard by channel, ``expected`` (J, 2) with the arrests to be expected.

    Returns how many are caught.

    Officers look for offenders until they find one, and then have a case to work on. With more exposure about in a jurisdiction they find more, but
    have less time to look: arrests rise ever less, and each vendor runs less risk. ``exposure`` (J, 2), nearby and online, is what there is. Leads from
    seized servers are work that need not be done; they grow cold.
    """
    slowed = np.ones(exposure.shape)
    for j in range(len(exposure)):
        for g in range(2):
            slowed[j, g] += hazards.per_case[g] * hazards.per_contact * exposure[j, g] / max(hazards.days[j, g], 1e-12)
    live = np.zeros(len(risk))
    k = 0
    for v in range(n):
        if vendors.alive[v] == 0:
            continue
        group = ONLINE[vendors.channel[v]]
        hazard = hazards.per_contact * exposure_of(v, vendors, hazards) / slowed[vendors.jurisdiction[v], group]
        if vendors.evidence[v] > 0.0:
            hazard += (1.0 - hazards.lead_kept) * vendors.evidence[v] / (hazards.per_case[1] * vendors.opsec[v])
            vendors.evidence[v] *= hazards.lead_kept
        hazard *= hazards.effort[vendors.jurisdiction[v], group]
        risk[vendors.channel[v]] += hazard
        expected[vendors.jurisdiction[v], group] += min(hazard, 1.0)
        live[vendors.channel[v]] += 1.0
        if hazard > 0.0 and uniform(when.seed, ARREST, vendors.key[v], when.day, 0) < hazard:
            caught[k] = v
            k += 1
    for c in range(len(risk)):
        risk[c] /= max(live[c], 1.0)
    return k


@kernel
def reckon_arrests(
    risk: np.ndarray,
    expected: np.ndarray,
    hazards: Hazards,
    usual: np.ndarray,
    work: np.ndarray,
    worth: float,
    credit: np.ndarray,
    made: np.ndarray,
) -> None:
    """Let the ``usual`` risk of arrest by channel follow that of today, and add what each agency's ``work`` (agencies, J, 2) on vendors earns to its ``credit``.

    An arrest that is ``expected`` (J, 2) earns ``worth``, whoever made it; ``made`` (2 J,) is room for those of one agency.
    """
    for c in range(len(risk)):
        usual[c] += (MONTH * risk[c] - usual[c]) / MONTH
    for a in range(len(work)):
        for j in range(len(expected)):
            for g in range(2):
                each = expected[j, g] / max(hazards.effort[j, g] * hazards.days[j, g], 1e-12)
                made[2 * j + g] = work[a, j, g] * each
        credit[a] += worth * added_up(made)


def remote_weights(state: MarketState) -> np.ndarray:
    """(C,) what a buyer met by channel weighs against one met face to face; traceable coins make remote ones weigh more."""
    p, coin = state.p.enforcement, 0.5 + state.processors[COIN].traceability
    return np.array([0.0, p.remote_crypto, p.remote_app, p.remote_crypto * coin, p.remote_crypto * coin, 1.0])


def hazards_today(state: MarketState) -> Hazards:
    """What police make of contacts today."""
    p = state.p.enforcement
    return Hazards(
        remote_weights(state), p.remote_friend, np.array([p.arrest_days, p.arrest_days_online]), p.arrest_per_contact,
        0.5 ** (1.0 / p.lead_days), state.policing.vendor_effort, state.policing.vendor_days,
    )  # fmt: skip


def find_exposure(state: MarketState) -> None:
    """Note the exposure of all vendors to the police of their jurisdiction, nearby and online."""
    vendors, exposure = narrow(state.vendors.columns, views.ArrestVendors), state.policing.vendor_exposure
    total_exposure(state.vendors.n, vendors, hazards_today(state), exposure)


def vendor_arrests(state: MarketState) -> None:
    """Arrests of vendors: the published hazard per contact, as far as officers who work on cases still look for others."""
    n = state.vendors.n
    caught, risk = np.empty(n, np.int64), np.zeros(len(Channel))
    vendors, policing, hazards = (
        narrow(state.vendors.columns, views.ArrestVendors),
        state.policing,
        hazards_today(state),
    )
    expected = np.zeros(hazards.effort.shape)
    k = caught_today(n, state.moment, vendors, hazards, policing.vendor_exposure, caught, risk, expected)
    credit = policing.records.credit[:, VENDORS]
    reckon_arrests(
        risk, expected, hazards, policing.vendor_risk, policing.vendor_work, state.p.enforcement.credit_arrest, credit,
        np.empty(expected.size),
    )  # fmt: skip
    arrest(state, caught[:k])


def responsible(state: MarketState, jurisdiction: int, channel: int) -> int:
    """Number of the agency that polices a channel's vendors in a jurisdiction; -1 when there is none."""
    unit = Unit.CYBER if ONLINE[channel] else Unit.POLICE
    for k, agency in enumerate(state.agencies):
        if agency.jurisdiction == jurisdiction and agency.unit == unit:
            return k
    return -1


def arrest(state: MarketState, rows: np.ndarray, policy: str = "") -> None:
    """Arrest vendors: they leave; their buyers hear of it; other vendors reckon with those whom a ``policy`` has arrested as with those of every day."""
    if not len(rows):
        return
    v, n = state.vendors.columns, state.vendors.n
    if policy:
        live = np.bincount(v.channel[:n][v.alive[:n] == 1], minlength=len(Channel))
        state.policing.vendor_risk += np.bincount(v.channel[rows], minlength=len(Channel)) / np.maximum(live, 1)
    v.exit_cause[rows] = ExitCause.ARRESTED
    state.today.vendor_arrests += len(rows)
    for row in rows:
        agency = responsible(state, int(v.jurisdiction[row]), int(v.channel[row]))
        if agency >= 0:
            state.agencies[agency].arrests += 1
        state.event(EventKind.ARREST, int(row), agency=agency, policy=policy, cause="vendor")
    tell_of_arrests(state, rows)
    settle_exits(state)
