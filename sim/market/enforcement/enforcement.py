"""Enforcement: officer-days become evidence, evidence becomes takedowns, arrests, seizures, terminated accounts, charges and referrals.

Effort is limited: the same effort over more offenders means less risk for each (Kleiman 1993). Cases abroad are gated by cooperation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import LAST_DAY, Channel, EventKind, PlatformStatus, RiskGroup
from sim.agents.enforcement import PAYMENTS, PLATFORMS, POST, REFERRALS, SUPPLIERS, USERS, VENDORS, Agency, Unit
from sim.kernels import maker
from sim.market.enforcement.arrests import arrest, vendor_arrests
from sim.market.enforcement.attacks import find_moderators
from sim.market.enforcement.contacts import charge_or_refer, user_contacts
from sim.market.entry_exit.exit import close_platform
from sim.market.learning.web import new_domains
from sim.market.supply.turnover import arrest_group
from sim.market.trade.payments import payment_cases
from sim.streams import Draw, uniform, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

WORLD = 20_000.0  # consumers for which officer-days per case are stated


def enforce(state: MarketState) -> None:
    """Phase 2: every agency spends its officer-days; evidence is pooled over agencies, ripe cases become raids and arrests."""
    p = state.p.enforcement
    agencies = list(state.agencies)
    where, unit, usual = state.policing.where, state.policing.unit, state.policing.usual_days
    efforts = efforts_today(state, agencies, where)
    spent = np.zeros((state.world.n_jurisdictions, efforts.shape[1]))
    np.add.at(spent, where, efforts)
    ratio = spent / np.maximum(state.policing.stated_days, 1e-9)
    state.today.officer_days = float(efforts.sum())
    state.policing.post_effort[:], state.policing.supplier_effort[:] = ratio[:, POST], ratio[:, SUPPLIERS]
    state.policing.user_effort[:] = spent[:, USERS] + 0.5 * spent[:, REFERRALS]
    capability = np.array([a.capability for a in agencies])
    first = (1.0 - p.foreign_loss * (1.0 - state.world.cooperation))[where] * capability[:, None]
    reach = (1.0 - p.foreign_loss * (1.0 - cooperation_today(state)))[where]
    reach = reach * (capability * np.where(unit == Unit.CYBER, state.levers.capability[where], 1.0))[:, None]
    for agency, effort in zip(agencies, efforts.sum(axis=1).tolist(), strict=True):
        agency.spent += effort
        if state.day % 30 == 15:
            agency.learn(p.learning, p.floor)
    scale = state.consumers.n / WORLD
    nearby, online = unit == Unit.POLICE, unit == Unit.CYBER
    state.policing.vendor_effort[where[nearby], 0] = efforts[nearby, VENDORS] / np.maximum(usual[nearby, VENDORS], 1e-9)
    cases, weight = np.arange(state.world.n_jurisdictions), state.policing.online_exposure + 1e-6
    now, before = (
        evidence_gained(e[online, VENDORS], r[online], weight, cases).sum(axis=0)
        for e, r in ((efforts, reach), (usual, first))
    )
    state.policing.vendor_effort[:, 1] = now / np.maximum(before, 1e-12)
    platform_cases(state, efforts[:, PLATFORMS], reach, scale)
    supplier_cases(state, efforts[:, SUPPLIERS] * state.levers.group_effort[where], reach, scale)
    payment_cases(state, float(efforts[:, PAYMENTS].sum()), scale)
    vendor_arrests(state)
    user_contacts(state)
    run_covert(state)
    find_moderators(state)


def efforts_today(state: MarketState, agencies: list[Agency], where: np.ndarray) -> np.ndarray:
    """(agencies, 7) officer-days of today; those that policy takes off a target go to the agencies whose mandate the new target is."""
    levers = state.levers
    efforts = np.array([a.effort() * levers.police_effort[a.jurisdiction] for a in agencies])
    if (levers.effort_kept == 1.0).all():
        return efforts
    kept, gained = levers.effort_kept[where], levers.effort_gained[where]
    freed = (efforts * (1.0 - kept)).sum(axis=1)
    efforts = efforts * kept
    pool = np.bincount(where, freed, state.world.n_jurisdictions)[where]
    mandate = np.array([a.mandate for a in agencies])
    return efforts + pool[:, None] * mandate * (gained / np.maximum(gained.sum(axis=1, keepdims=True), 1e-12))


def cooperation_today(state: MarketState) -> np.ndarray:
    """(J, J) effectiveness of cross-border cases: between two who joined a treaty, part of what was missing is made up."""
    joined = state.levers.cooperation
    return state.world.cooperation + (1.0 - state.world.cooperation) * np.minimum.outer(joined, joined)


@maker
def evidence_gained(effort: np.ndarray, reach: np.ndarray, weight: np.ndarray, where: np.ndarray) -> np.ndarray:
    """(agencies, cases) officer-days of evidence: effort shared out by ``weight`` and by what an agency reaches in each case's jurisdiction."""
    gained = np.zeros((len(effort), len(where)))
    for a in range(len(effort)):
        within = 0.0
        for k in range(len(where)):
            if reach[a, where[k]] > 0.0:
                within += weight[k]
        for k in range(len(where)):
            gained[a, k] = effort[a] * reach[a, where[k]] * weight[k] / max(within, 1e-9)
    return gained


def credit_each(state: MarketState, target: int, credit: np.ndarray) -> None:
    """Credit each agency with what it did about a target; ``credit`` (agencies,)."""
    for agency, earned in zip(state.agencies, credit.tolist(), strict=True):
        agency.credit[target] += earned


def platform_cases(state: MarketState, effort: np.ndarray, reach: np.ndarray, scale: float) -> None:
    """Evidence on cryptomarkets and pharmacy programmes grows with effort, visibility and access; ripe cases become raids."""
    p, t, day = state.p.enforcement, state.platform_table.columns, state.day
    slots = np.concatenate([state.crypto_slots(), state.open_slots(Channel.ILLICIT_PHARMACY)])
    if not len(slots):
        return
    gained = evidence_gained(effort, reach, np.sqrt(t.trade60[slots] + 0.1), t.jurisdiction[slots]) / t.security[slots]
    t.evidence[slots] += gained.sum(axis=0)
    threshold = p.platform_case * scale
    credit_each(state, PLATFORMS, p.credit_takedown * gained.sum(axis=1) / threshold)
    for k in (t.evidence[slots] >= threshold).nonzero()[0]:
        if uniform(int(state.seed), int(Draw.RAID), int(t.key[slots[k]]), day, 0) < p.ripe_raid:
            leader = int(gained[:, k].argmax())
            state.agencies[leader].takedowns += 1
            take_down(state, int(slots[k]), p.publicity, agency=leader)


def take_down(
    state: MarketState, slot: int, publicity: float, agency: int = -1, policy: str = "", operators: bool = True
) -> None:
    """Seize a platform. Cryptomarkets close; a pharmacy programme's sites are back in days but lose their rank; apps lose their sellers' accounts.

    Parameters
    ----------
    slot
        Slot of the platform.
    publicity
        0 to 2.
    agency, policy
        For the events table.
    operators
        Whether the operators are arrested too; otherwise a cryptomarket's like opens again sooner.
    """
    t, day = state.platform_table.columns, state.day
    channel = Channel(t.channel[slot])
    state.event(
        EventKind.TAKEDOWN,
        slot,
        agency=agency,
        policy=policy,
        cause=channel.name.lower(),
        amount=float(t.trade60[slot]),
    )
    state.today.takedowns += 1
    t.evidence[slot] = 0.0
    read_servers(state, slot, channel)
    if channel == Channel.CRYPTOMARKET:
        close_platform(state, slot, PlatformStatus.SEIZED, "raid", publicity, agency, policy)
        if operators:
            state.event(EventKind.ARREST, slot, agency=agency, policy=policy, cause="operator")
        return
    p = state.p.platforms
    t.visibility[slot] *= 1.0 - p.visibility_lost
    new_domains(state, slot)
    wait = 1 + int(p.seizure_days * -np.log(uniform(state.seed, int(Draw.REOPEN), slot, day, 0)))
    t.processor_day[slot] = min(max(int(t.processor_day[slot]), day + wait), LAST_DAY)
    state.publicity += 0.1 * publicity
    users = (state.consumers.columns.pharmacy_home[: state.consumers.n] == slot).nonzero()[0]
    state.consumers.columns.legal_hits[users, RiskGroup.OPEN_WEB] += 0.3 * publicity


def read_servers(state: MarketState, slot: int, channel: Channel) -> None:
    """What lies on a seized server is read: leads to vendors, and the messages of some users; what a treaty has shared, police where they live read too."""
    p, v, c, n = state.p.enforcement, state.vendors.columns, state.consumers.columns, state.consumers.n
    here = ((v.account[: state.vendors.n] == slot).any(axis=1) & (v.alive[: state.vendors.n] == 1)).nonzero()[0]
    v.evidence[here] += p.server_leads * v.recent[here]
    home = c.home if channel == Channel.CRYPTOMARKET else c.pharmacy_home
    users = c.jurisdiction[:n][home[:n] == slot]
    state.today.privacy += int(p.server_read * len(users))
    if state.levers.cooperation.any():
        host = state.platform_table.columns.jurisdiction[slot]
        shared = (cooperation_today(state) - state.world.cooperation)[host]
        shared[host] = 0.0  # who seized it has read it already
        state.today.privacy += int(p.server_read * shared[users].sum())


def supplier_cases(state: MarketState, effort: np.ndarray, reach: np.ndarray, scale: float) -> None:
    """Evidence on suppliers; a ripe case removes one."""
    p, s, n, day = state.p.enforcement, state.supplier_table.columns, state.supplier_table.n, state.day
    live = (s.alive[:n] == 1).nonzero()[0]
    if not len(live):
        return
    gained = evidence_gained(effort, reach, s.size[live], s.jurisdiction[live])
    s.evidence[live] += gained.sum(axis=0)
    threshold = p.supplier_case * scale
    credit_each(state, SUPPLIERS, p.credit_supplier * gained.sum(axis=1) / threshold)
    for k in (s.evidence[live] >= threshold).nonzero()[0]:
        i = int(live[k])
        if uniform(int(state.seed), int(Draw.SUPPLIER_ARREST), i, day, 0) < p.ripe_raid:
            arrest_group(state, i, agency=int(gained[:, k].argmax()))


def run_covertly(state: MarketState, slot: int, until: int, publicity: float, policy: str = "") -> None:
    """Let police run a platform from today on; on day ``until`` it is closed with arrests."""
    t = state.platform_table.columns
    t.status[slot], t.covert_until[slot], t.payouts[slot] = PlatformStatus.COVERT, until, 1
    state.trade.absconding.pop(int(slot), None)
    state.policing.covert[slot] = (policy, publicity)


def run_covert(state: MarketState) -> None:
    """Markets that police run: users and vendors leave evidence; on the last day the market is closed with arrests."""
    t, day = state.platform_table.columns, state.day
    for m in (t.status[: state.platform_table.n] == PlatformStatus.COVERT).nonzero()[0]:
        v, n = state.vendors.columns, state.vendors.n
        here = ((v.account[:n] == m).any(axis=1) & (v.alive[:n] == 1)).nonzero()[0]
        v.evidence[here] += v.recent[here]
        state.today.privacy += int(t.trade7[m])
        if day >= t.covert_until[m]:
            policy, publicity = state.policing.covert[int(m)]
            known = here[
                uniforms(int(state.seed), Draw.COVERT_ARREST, v.key[here], day)
                < 1.0 - np.exp(-0.02 * v.evidence[here] / v.opsec[here])
            ]
            arrest(state, known, policy)
            buyers = (state.consumers.columns.home[: state.consumers.n] == m).nonzero()[0]
            take_down(state, int(m), publicity, policy=policy)
            charge_or_refer(state, buyers[uniforms(state.seed, Draw.COVERT_ARREST, buyers, day, 1) < 0.01], policy)
