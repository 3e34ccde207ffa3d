"""Enforcement: officer-days become evidence, evidence becomes takedowns, arrests, seizures, terminated accounts, charges and referrals.

Effort is limited: the same effort over more offenders means less risk for each (Kleiman 1993). Cases abroad are gated by cooperation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import Channel, EventKind, ExitCause, PlatformStatus, RiskGroup, VendorKind
from sim.agents.enforcement import PAYMENTS, PLATFORMS, POST, REFERRALS, SUPPLIERS, USERS, VENDORS
from sim.agents.payments import COIN, FIRST_ACQUIRER
from sim.market.exit import close_platform, settle_exits
from sim.streams import Draw, uniform, uniforms

if TYPE_CHECKING:
    from sim.model import MarketModel

WORLD = 20_000.0  # consumers for which officer-days per case are stated


def enforce(model: MarketModel) -> None:
    """Phase 2: every agency spends its officer-days; evidence is pooled over agencies, ripe cases become raids and arrests."""
    p = model.p.enforcement
    agencies = list(model.agencies)
    efforts = np.array([a.effort() * model.levers.police_effort[a.jurisdiction] for a in agencies])
    usual = np.array([a.officer_days * a.start_allocation for a in agencies])
    ratio = efforts / np.maximum(usual, 1e-9)
    model.today.officer_days = float(efforts.sum())
    model.post_effort[:], model.vendor_effort[:] = ratio[:, POST], ratio[:, VENDORS]
    model.supplier_effort[:] = ratio[:, SUPPLIERS]
    model.user_effort[:] = efforts[:, USERS] + 0.5 * efforts[:, REFERRALS]
    reach = (1.0 - p.foreign_loss * (1.0 - model.cooperation)) * np.array([a.capability for a in agencies])[:, None]
    for agency, effort in zip(agencies, efforts, strict=True):
        agency.spent += float(effort.sum())
        if model.day % 30 == 15:
            agency.learn(p.learning, p.floor)
    scale = model.consumers.n / WORLD
    platform_cases(model, efforts[:, PLATFORMS], reach, scale)
    supplier_cases(model, efforts[:, SUPPLIERS] * model.levers.group_effort, reach, scale)
    payment_cases(model, float(efforts[:, PAYMENTS].sum()), scale)
    vendor_arrests(model)
    user_contacts(model)
    run_covert(model)


def evidence_gained(effort: np.ndarray, reach: np.ndarray, weight: np.ndarray, where: np.ndarray) -> np.ndarray:
    """(agencies, cases) officer-days of evidence: effort shared out by ``weight`` and by what an agency reaches in each case's jurisdiction."""
    share = reach[:, where] * weight
    return (
        effort[:, None]
        * share
        / np.maximum((share / np.maximum(reach[:, where], 1e-9)).sum(axis=1, keepdims=True), 1e-9)
    )


def platform_cases(model: MarketModel, effort: np.ndarray, reach: np.ndarray, scale: float) -> None:
    """Evidence on cryptomarkets and pharmacy programmes grows with effort, visibility and access; ripe cases become raids."""
    p, t, day = model.p.enforcement, model.platform_table.columns, model.day
    slots = np.concatenate([model.crypto_slots(), model.open_slots(Channel.ILLICIT_PHARMACY)])
    if not len(slots):
        return
    gained = evidence_gained(effort, reach, np.sqrt(t.trade60[slots] + 0.1), t.jurisdiction[slots]) / t.security[slots]
    t.evidence[slots] += gained.sum(axis=0)
    threshold = p.platform_case * scale
    for agency, credit in zip(model.agencies, gained.sum(axis=1), strict=True):
        agency.credit[PLATFORMS] += p.credit_takedown * float(credit) / threshold
    for k in np.flatnonzero(t.evidence[slots] >= threshold):
        if uniform(int(model.seed), int(Draw.RAID), int(t.key[slots[k]]), day, 0) < p.ripe_raid:
            leader = int(gained[:, k].argmax())
            model.agencies[leader].takedowns += 1
            take_down(model, int(slots[k]), p.publicity, agency=leader)


def take_down(
    model: MarketModel, slot: int, publicity: float, agency: int = -1, policy: str = "", operators: bool = True
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
    t, day = model.platform_table.columns, model.day
    channel = Channel(t.channel[slot])
    model.event(
        EventKind.TAKEDOWN,
        slot,
        agency=agency,
        policy=policy,
        cause=channel.name.lower(),
        amount=float(t.trade60[slot]),
    )
    model.today.takedowns += 1
    t.evidence[slot] = 0.0
    if channel == Channel.CRYPTOMARKET:
        close_platform(model, slot, PlatformStatus.SEIZED, "raid", publicity, agency, policy)
        if operators:
            model.event(EventKind.ARREST, slot, agency=agency, policy=policy, cause="operator")
        return
    p = model.p.platforms
    t.visibility[slot] *= 1.0 - p.visibility_lost
    wait = 1 + int(p.seizure_days * -np.log(uniform(model.seed, int(Draw.REOPEN), slot, day, 0)))
    t.processor_day[slot] = max(int(t.processor_day[slot]), day + wait)
    model.publicity += 0.1 * publicity
    users = np.flatnonzero(model.consumers.columns.pharmacy_home[: model.consumers.n] == slot)
    model.consumers.columns.legal_hits[users, RiskGroup.OPEN_WEB] += 0.3 * publicity


def vendor_exposure(model: MarketModel, rows: np.ndarray) -> np.ndarray:
    """Exposure of the vendors ``rows`` to arrest: face-to-face equivalents of a month's buyers over operational security."""
    p, v = model.p.enforcement, model.vendors.columns
    coin = 0.5 + model.processors[COIN].traceability
    remote = np.array([0.0, p.remote_crypto, p.remote_app, p.remote_crypto * coin, p.remote_crypto * coin, 1.0])
    weight = np.where(v.kind[rows] == VendorKind.SOCIAL_SUPPLIER, p.remote_friend, remote[v.channel[rows]])
    return weight * 30.0 * v.recent[rows] / v.opsec[rows]


def vendor_arrests(model: MarketModel) -> None:
    """Arrests of vendors: the published hazard per contact at usual effort and exposure, shared out over all exposure there is."""
    p, v, day = model.p.enforcement, model.vendors.columns, model.day
    live = np.flatnonzero(v.alive[: model.vendors.n] == 1)
    exposure = vendor_exposure(model, live)
    crowd = min(p.exposure_reference * model.consumers.n / max(float(exposure.sum()), 1e-9), p.crowd_limit)
    hazard = p.arrest_per_contact * exposure * crowd * model.vendor_effort[v.jurisdiction[live]]
    channel = v.channel[live]
    by_channel = np.bincount(channel, hazard, len(Channel)) / np.maximum(
        np.bincount(channel, minlength=len(Channel)), 1
    )
    model.vendor_risk += 0.02 * (30.0 * by_channel - model.vendor_risk)
    arrest(model, live[uniforms(int(model.seed), Draw.ARREST, v.key[live], day) < hazard], policy="")


def arrest(model: MarketModel, rows: np.ndarray, policy: str) -> None:
    """Arrest vendors: they leave; their buyers hear of it."""
    if not len(rows):
        return
    p, v = model.p.enforcement, model.vendors.columns
    v.exit_cause[rows] = ExitCause.ARRESTED
    model.today.vendor_arrests += len(rows)
    for row in rows:
        agency = int(v.jurisdiction[row])
        model.agencies[agency].arrests += 1
        model.agencies[agency].credit[VENDORS] += p.credit_arrest
        model.event(EventKind.ARREST, int(row), agency=agency, policy=policy, cause="vendor")
    c, n = model.consumers.columns, model.consumers.n
    buyers = np.flatnonzero((np.isin(c.vendor[:n], rows) & (c.bought[:n] > 0)).any(axis=1))
    groups = np.where(v.channel[rows[0]] == Channel.STREET, RiskGroup.OFFLINE, RiskGroup.CRYPTO)
    c.legal_hits[buyers, int(groups)] += p.arrest_fright * 10.0
    settle_exits(model)


def supplier_cases(model: MarketModel, effort: np.ndarray, reach: np.ndarray, scale: float) -> None:
    """Evidence on suppliers; a ripe case removes one until it is replaced."""
    p, s, n, day = model.p.enforcement, model.supplier_table.columns, model.supplier_table.n, model.day
    live = np.flatnonzero(s.alive[:n] == 1)
    if not len(live):
        return
    gained = evidence_gained(effort, reach, s.size[live], s.jurisdiction[live])
    s.evidence[live] += gained.sum(axis=0)
    threshold = p.supplier_case * scale
    for agency, credit in zip(model.agencies, gained.sum(axis=1), strict=True):
        agency.credit[SUPPLIERS] += p.credit_supplier * float(credit) / threshold
    for k in np.flatnonzero(s.evidence[live] >= threshold):
        i = int(live[k])
        if uniform(int(model.seed), int(Draw.SUPPLIER_ARREST), i, day, 0) < p.ripe_raid:
            s.alive[i], s.removed_day[i], s.evidence[i] = 0, day, 0.0
            model.today.supplier_arrests += 1
            model.event(EventKind.SUPPLIER_ARREST, i, agency=int(gained[:, k].argmax()), cause="supplier")


def payment_cases(model: MarketModel, effort: float, scale: float) -> None:
    """Merchant accounts of pharmacy programmes are ended by compliance, disputes and police; new acquirers are found after a while."""
    p, e, t, day = model.p.payment, model.p.enforcement, model.platform_table.columns, model.day
    slots = model.open_slots(Channel.ILLICIT_PHARMACY)
    slots = slots[t.processor_day[slots] <= day]
    if not len(slots):
        return
    hazard = 1.0 / p.account_life + effort / (e.account_days * scale) / len(slots)
    if model.dispute_rate > p.chargeback_threshold:
        hazard += p.threshold_hazard
    for m in slots[uniforms(int(model.seed), Draw.TERMINATION, slots, day) < hazard]:
        for agency in model.agencies:
            agency.credit[PAYMENTS] += e.credit_account / len(model.agencies)
        end_account(model, int(m), "compliance")


def end_account(model: MarketModel, slot: int, cause: str, policy: str = "") -> None:
    """End a programme's merchant account; it takes cards again after a Gamma(2) delay, with an acquirer drawn by laxity x (1 + accounts)."""
    p, t, day = model.p.payment, model.platform_table.columns, model.day
    u = uniforms(model.seed, Draw.REACQUIRE, np.arange(3) + 8 * slot, day)
    wait = 1 + int(0.5 * p.reacquire_days * -(np.log(u[0]) + np.log(u[1])))
    old = model.processors[int(t.processor[slot])]
    old.accounts -= 1
    old.terminations += 1
    banks = model.processors[FIRST_ACQUIRER:]
    weight = np.cumsum([b.laxity * (1 + b.accounts) for b in banks])
    bank = banks[int(np.searchsorted(weight, u[2] * weight[-1]))]
    bank.accounts += 1
    t.processor[slot], t.processor_day[slot] = bank.row, max(int(t.processor_day[slot]), day + wait)
    model.event(EventKind.ACCOUNT_TERMINATED, slot, policy=policy, cause=cause, amount=wait)


def user_contacts(model: MarketModel) -> None:
    """Police stop some of yesterday's buyers, more on the street than by post; they are charged or referred to services."""
    p, c, day = model.p.enforcement, model.consumers.columns, model.day
    buyers, channel = model.settled
    if not len(buyers):
        return
    exposure = np.array([0.0, p.exposure_post, p.exposure_app, p.exposure_post, p.exposure_post, p.exposure_street])[
        channel
    ]
    j = c.jurisdiction[buyers]
    attention = exposure * np.where(c.record[buyers] == 1, p.record_attention, 1.0)
    crowd = np.bincount(j, exposure, model.n_jurisdictions)
    model.user_exposure += (1.0 / 30.0) * (crowd - model.user_exposure)
    rate = model.user_effort * p.contacts_per_day / np.maximum(model.user_exposure, 0.5)
    u = uniforms(int(model.seed), Draw.CONTACT, buyers, day)
    stopped = u < np.minimum(attention * rate[j], 0.5)
    if stopped.any():
        who = np.unique(buyers[stopped])
        model.today.privacy += len(who)
        charge_or_refer(model, who[c.alive[who] == 1])


def charge_or_refer(model: MarketModel, who: np.ndarray, policy: str = "") -> None:
    """Charge the consumers ``who``, or refer them to services where deflection offers it."""
    p, c, day = model.p.enforcement, model.consumers.columns, model.day
    j = c.jurisdiction[who]
    u = uniforms(model.seed, Draw.CHARGE, who, day)
    w = uniforms(model.seed, Draw.CHARGE, who, day, 1)
    offered = w < model.levers.referral[j]
    model.refer(who[offered])
    charged = who[~offered & (u < p.charged)]
    if not len(charged):
        return
    j = c.jurisdiction[charged]
    c.record[charged] = 1
    c.criminalised[charged] += 1
    c.trust_police[charged] = np.maximum(c.trust_police[charged] - p.contact_trust, 0.0)
    c.stigma[charged] = np.minimum(c.stigma[charged] + p.contact_stigma, 1.0)
    habit = c.habit[charged]
    group = np.where(
        habit == Channel.STREET,
        RiskGroup.OFFLINE,
        np.where(habit >= Channel.CRYPTOMARKET, RiskGroup.CRYPTO, RiskGroup.OPEN_WEB),
    )
    c.legal_hits[charged, group] += p.contact_fright
    model.today.criminalised += len(charged)
    for agency in model.agencies:
        agency.credit[USERS] += p.credit_user * int(np.sum(j == agency.jurisdiction))
    model.consumer_events(EventKind.CRIMINALISED, charged, policy)


def run_covertly(model: MarketModel, slot: int, until: int, publicity: float, policy: str) -> None:
    """Let police run a platform from today on; on day ``until`` it is closed with arrests."""
    t = model.platform_table.columns
    t.status[slot], t.covert_until[slot] = PlatformStatus.COVERT, until
    model.covert[slot] = (policy, publicity)


def run_covert(model: MarketModel) -> None:
    """Markets that police run: users and vendors leave evidence; on the last day the market is closed with arrests."""
    t, day = model.platform_table.columns, model.day
    for m in np.flatnonzero(t.status[: model.platform_table.n] == PlatformStatus.COVERT):
        v, n = model.vendors.columns, model.vendors.n
        here = np.flatnonzero((v.account[:n] == m).any(axis=1) & (v.alive[:n] == 1))
        v.evidence[here] += v.recent[here]
        model.today.privacy += int(t.trade7[m])
        if day >= t.covert_until[m]:
            policy, publicity = model.covert[int(m)]
            known = here[
                uniforms(int(model.seed), Draw.COVERT_ARREST, v.key[here], day)
                < 1.0 - np.exp(-0.02 * v.evidence[here] / v.opsec[here])
            ]
            arrest(model, known, policy)
            buyers = np.flatnonzero(model.consumers.columns.home[: model.consumers.n] == m)
            take_down(model, int(m), publicity, policy=policy)
            charge_or_refer(model, buyers[uniforms(model.seed, Draw.COVERT_ARREST, buyers, day, 1) < 0.01], policy)
