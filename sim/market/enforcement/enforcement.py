"""Enforcement: officer-days become evidence, evidence becomes takedowns, arrests, seizures, terminated accounts, charges and referrals.

Effort is limited: the same effort over more offenders means less risk for each (Kleiman 1993). Cases abroad are gated by cooperation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.enforcement import (
    PAYMENTS,
    PLATFORMS,
    POST,
    REFERRALS,
    SUPPLIERS,
    USERS,
    VENDORS,
    Agency,
    Unit,
    efforts_of,
)
from sim.kernels import kernel
from sim.market.enforcement.arrests import MONTH, find_exposure, vendor_arrests
from sim.market.enforcement.attacks import find_moderators
from sim.market.enforcement.cases import WORLD, payment_cases, platform_cases, supplier_cases
from sim.market.enforcement.contacts import user_contacts
from sim.market.enforcement.raids import run_covert, sites_return
from sim.market.trade.payments import merchants_today

if TYPE_CHECKING:
    from sim.market.state import MarketState

POLICE, CYBER = int(Unit.POLICE), int(Unit.CYBER)
LEAST_EFFORT = 0.05
"""Share of an agency's effort that each target of its mandate keeps (assumed; 0.02 to 0.1): without any it could not learn that one pays again."""


def enforce(state: MarketState) -> None:
    """Phase 2: every agency spends its officer-days; evidence is pooled over agencies, ripe cases become raids and arrests."""
    p, policing = state.p.enforcement, state.policing
    agencies, where = list(state.agencies), policing.where
    efforts = efforts_today(state, agencies, where)
    note_effort(
        efforts, where, policing.stated_days, policing.post_effort, policing.supplier_effort, policing.user_effort
    )
    state.today.officer_days = float(efforts.sum())
    first, reach = reach_of(state, np.array([a.capability for a in agencies]))
    policing.records.work(efforts)
    if state.day % 30 == 15:
        for agency in agencies:
            agency.learn(p.learning, LEAST_EFFORT)
    scale = state.consumers.n / WORLD
    effort_on_vendors(state, efforts[:, VENDORS], reach, first)
    platform_cases(state, efforts[:, PLATFORMS], reach, scale)
    supplier_cases(state, efforts[:, SUPPLIERS], state.levers.group_effort[where], reach, scale)
    sites_return(state)
    merchants_today(state)
    payment_cases(state, efforts[:, PAYMENTS], reach, scale)
    vendor_arrests(state)
    user_contacts(state)
    policing.operator_risk *= 1.0 - 1.0 / MONTH
    run_covert(state)
    find_moderators(state)


@kernel
def note_effort(
    efforts: np.ndarray,
    where: np.ndarray,
    stated: np.ndarray,
    post: np.ndarray,
    suppliers: np.ndarray,
    users: np.ndarray,
) -> None:
    """Note the officer-days of each jurisdiction: on ``post`` and ``suppliers`` (J,) over those ``stated``, on ``users`` (J, 2) as they are, stops and help."""
    for j in range(len(stated)):
        post[j] = suppliers[j] = users[j, 0] = users[j, 1] = 0.0
    for a in range(len(where)):
        j = where[a]
        post[j] += efforts[a, POST]
        suppliers[j] += efforts[a, SUPPLIERS]
        users[j, 0] += efforts[a, USERS]
        users[j, 1] += efforts[a, REFERRALS]
    for j in range(len(stated)):
        post[j] /= max(stated[j, POST], 1e-9)
        suppliers[j] /= max(stated[j, SUPPLIERS], 1e-9)


@kernel
def fill_reach(
    where: np.ndarray,
    unit: np.ndarray,
    capability: np.ndarray,
    more: np.ndarray,
    usual: np.ndarray,
    today: np.ndarray,
    loss: float,
    reach: np.ndarray,
) -> None:
    """Fill ``reach`` (2, agencies, J), how far each agency reaches cases in each jurisdiction: abroad ``loss`` is lost where nobody cooperates.

    Jurisdictions cooperate as is ``usual`` (J, J), and as they do ``today``; cyber units are then ``more`` (J,) times as capable.
    """
    for a in range(len(where)):
        able = capability[a] * (more[where[a]] if unit[a] == CYBER else 1.0)
        for j in range(len(usual)):
            reach[0, a, j] = (1.0 - loss * (1.0 - usual[where[a], j])) * capability[a]
            reach[1, a, j] = (1.0 - loss * (1.0 - today[where[a], j])) * able


def reach_of(state: MarketState, capability: np.ndarray) -> np.ndarray:
    """(2, agencies, J) how far agencies of this usual ``capability`` reach: usually, and today."""
    where, usual = state.policing.where, state.world.cooperation
    reach = np.empty((2, len(where), state.world.n_jurisdictions))
    fill_reach(
        where, state.policing.unit, capability, state.levers.capability, usual, state.cooperation_today(),
        state.p.enforcement.foreign_loss, reach,
    )  # fmt: skip
    return reach


def effort_on_vendors(state: MarketState, efforts: np.ndarray, reach: np.ndarray, first: np.ndarray) -> None:
    """Officer-days on vendors nearby, and online, where they go over borders as far as agencies reach today (``reach``) and usually (``first``)."""
    find_exposure(state)
    policing, usual = state.policing, state.policing.usual_days[:, VENDORS]
    before, today = policing.vendor_days, policing.vendor_effort
    work_on_vendors(policing.unit, policing.where, usual, first, policing.vendor_exposure, policing.vendor_work, before)
    work_on_vendors(
        policing.unit, policing.where, efforts, reach, policing.vendor_exposure, policing.vendor_work, today
    )
    today /= np.maximum(before, 1e-12)


@kernel
def work_on_vendors(
    unit: np.ndarray,
    where: np.ndarray,
    efforts: np.ndarray,
    reach: np.ndarray,
    exposure: np.ndarray,
    work: np.ndarray,
    total: np.ndarray,
) -> None:
    """Fill ``work`` (agencies, J, 2) with officer-days that reach vendors nearby and online, there shared out by their ``exposure`` (J, 2).

    ``total`` (J, 2) becomes the work of all.
    """
    work[:], total[:] = 0.0, 0.0
    for a in range(len(unit)):
        if unit[a] == POLICE:
            work[a, where[a], 0] = efforts[a]
        elif unit[a] == CYBER:
            within = 0.0
            for j in range(len(exposure)):
                if reach[a, j] > 0.0:
                    within += exposure[j, 1] + 1e-9
            for j in range(len(exposure)):
                work[a, j, 1] = efforts[a] * reach[a, j] * (exposure[j, 1] + 1e-9) / max(within, 1e-9)
        for j in range(len(exposure)):
            total[j, 0] += work[a, j, 0]
            total[j, 1] += work[a, j, 1]


def efforts_today(state: MarketState, agencies: list[Agency], where: np.ndarray) -> np.ndarray:
    """(agencies, 7) officer-days of today; those that policy takes off a target go to the agencies whose mandate the new target is."""
    levers = state.levers
    efforts = efforts_of(agencies, state.policing.records) * levers.police_effort[where][:, None]
    if np.logical_and.reduce(levers.effort_kept == 1.0, axis=None):
        return efforts
    kept, gained = levers.effort_kept[where], levers.effort_gained
    freed = np.zeros(levers.effort_kept.shape)
    np.add.at(freed, where, efforts * (1.0 - kept))
    moved = (freed[:, :, None] * (gained / np.maximum(gained.sum(axis=2, keepdims=True), 1e-12))).sum(axis=1)
    return efforts * kept + moved[where] * np.array([a.mandate for a in agencies])
