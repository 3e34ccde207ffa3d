"""Enforcement: officer-days become evidence, evidence becomes takedowns, arrests, seizures, terminated accounts, charges and referrals.

Effort is limited: the same effort over more offenders means less risk for each (Kleiman 1993). Cases abroad are gated by cooperation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.enforcement import PAYMENTS, PLATFORMS, POST, REFERRALS, SUPPLIERS, USERS, VENDORS, Agency, Unit
from sim.kernels import maker
from sim.market.enforcement.arrests import MONTH, find_exposure, vendor_arrests
from sim.market.enforcement.attacks import find_moderators
from sim.market.enforcement.cases import WORLD, payment_cases, platform_cases, supplier_cases
from sim.market.enforcement.contacts import user_contacts
from sim.market.enforcement.raids import run_covert, sites_return
from sim.market.trade.payments import merchants_today

if TYPE_CHECKING:
    from sim.market.state import MarketState

POLICE, CYBER = int(Unit.POLICE), int(Unit.CYBER)


def enforce(state: MarketState) -> None:
    """Phase 2: every agency spends its officer-days; evidence is pooled over agencies, ripe cases become raids and arrests."""
    p = state.p.enforcement
    agencies = list(state.agencies)
    where, unit = state.policing.where, state.policing.unit
    efforts = efforts_today(state, agencies, where)
    spent = added_up(efforts, where, state.world.n_jurisdictions)
    ratio = spent / np.maximum(state.policing.stated_days, 1e-9)
    state.today.officer_days = float(efforts.sum())
    state.policing.post_effort[:], state.policing.supplier_effort[:] = ratio[:, POST], ratio[:, SUPPLIERS]
    state.policing.user_effort[:] = spent[:, [USERS, REFERRALS]]
    capability = np.array([a.capability for a in agencies])
    first = reach_of(where, capability, state.world.cooperation, p.foreign_loss)
    today = capability * np.where(unit == Unit.CYBER, state.levers.capability[where], 1.0)
    reach = reach_of(where, today, state.cooperation_today(), p.foreign_loss)
    state.policing.records.work(efforts)
    if state.day % 30 == 15:
        for agency in agencies:
            agency.learn(p.learning, p.floor)
    scale = state.consumers.n / WORLD
    effort_on_vendors(state, efforts[:, VENDORS], reach, first)
    platform_cases(state, efforts[:, PLATFORMS], reach, scale)
    supplier_cases(state, efforts[:, SUPPLIERS], state.levers.group_effort[where], reach, scale)
    sites_return(state)
    merchants_today(state)
    payment_cases(state, efforts[:, PAYMENTS], reach, scale)
    vendor_arrests(state)
    user_contacts(state)
    state.policing.operator_risk *= 1.0 - 1.0 / MONTH
    run_covert(state)
    find_moderators(state)


@maker
def added_up(efforts: np.ndarray, where: np.ndarray, places: int) -> np.ndarray:
    """(places, targets) officer-days of the agencies of each jurisdiction."""
    spent = np.zeros((places, efforts.shape[1]))
    for a in range(len(where)):
        for k in range(efforts.shape[1]):
            spent[where[a], k] += efforts[a, k]
    return spent


@maker
def reach_of(where: np.ndarray, capability: np.ndarray, cooperation: np.ndarray, loss: float) -> np.ndarray:
    """(agencies, J) how far each agency reaches cases in each jurisdiction: abroad ``loss`` is lost where nobody cooperates."""
    reach = np.empty((len(where), len(cooperation)))
    for a in range(len(where)):
        for j in range(len(cooperation)):
            reach[a, j] = (1.0 - loss * (1.0 - cooperation[where[a], j])) * capability[a]
    return reach


def effort_on_vendors(state: MarketState, efforts: np.ndarray, reach: np.ndarray, first: np.ndarray) -> None:
    """Officer-days on vendors nearby, and online, where they go over borders as far as agencies reach today (``reach``) and usually (``first``)."""
    find_exposure(state)
    policing, usual = state.policing, state.policing.usual_days[:, VENDORS]
    weight = policing.vendor_exposure[:, 1] + 1e-9
    policing.vendor_work = work_on_vendors(policing.unit, policing.where, efforts, reach, weight)
    before = work_on_vendors(policing.unit, policing.where, usual, first, weight).sum(axis=0)
    policing.vendor_days, policing.vendor_effort = before, policing.vendor_work.sum(axis=0) / np.maximum(before, 1e-12)


@maker
def work_on_vendors(
    unit: np.ndarray, where: np.ndarray, efforts: np.ndarray, reach: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """(agencies, J, 2) officer-days that reach vendors nearby and online, there shared out by their exposure ``weight`` (J,)."""
    work = np.zeros((*reach.shape, 2))
    for a in range(len(unit)):
        if unit[a] == POLICE:
            work[a, where[a], 0] = efforts[a]
        elif unit[a] == CYBER:
            within = 0.0
            for j in range(len(weight)):
                if reach[a, j] > 0.0:
                    within += weight[j]
            for j in range(len(weight)):
                work[a, j, 1] = efforts[a] * reach[a, j] * weight[j] / max(within, 1e-9)
    return work


def efforts_today(state: MarketState, agencies: list[Agency], where: np.ndarray) -> np.ndarray:
    """(agencies, 7) officer-days of today; those that policy takes off a target go to the agencies whose mandate the new target is."""
    levers = state.levers
    efforts = np.array([a.effort() for a in agencies]) * levers.police_effort[where][:, None]
    if (levers.effort_kept == 1.0).all():
        return efforts
    kept, gained = levers.effort_kept[where], levers.effort_gained[where]
    freed = (efforts * (1.0 - kept)).sum(axis=1)
    efforts = efforts * kept
    pool = np.bincount(where, freed, state.world.n_jurisdictions)[where]
    mandate = np.array([a.mandate for a in agencies])
    return efforts + pool[:, None] * mandate * (gained / np.maximum(gained.sum(axis=1, keepdims=True), 1e-12))
