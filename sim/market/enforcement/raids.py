"""Raids: platforms are seized, or run by police for a while; what lies on their servers is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import LAST_DAY, Channel, EventKind, PlatformStatus, RiskGroup
from sim.market.enforcement.arrests import arrest
from sim.market.enforcement.contacts import charge_or_refer
from sim.market.entry_exit.exit import close_platform
from sim.market.learning.web import new_domains
from sim.streams import Draw, uniform, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState


def take_down(
    state: MarketState, slot: int, publicity: float, agency: int = -1, policy: str = "", operators: bool = True
) -> None:
    """Seize a platform. Cryptomarkets close; a pharmacy programme's sites are gone for days, and have lost their rank when they are back.

    Parameters
    ----------
    slot
        Slot of the platform.
    publicity
        0 to 2.
    agency, policy
        For the events table.
    operators
        Whether the operators of a cryptomarket are arrested too. They give the keys away, and other operators see it; who is at large may open again.
    """
    t, day = state.platform_table.columns, state.day
    channel = Channel(t.channel[slot])
    open_now = state.open_slots(channel)
    share = float(state.trade_shares(open_now, t.trade60)[open_now == slot].sum())
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
    read_servers(state, slot, channel, operators and channel == Channel.CRYPTOMARKET)
    if channel == Channel.CRYPTOMARKET:
        close_platform(state, slot, PlatformStatus.SEIZED, "raid", publicity, agency, policy)
        if operators:
            state.policing.operator_risk += 1.0 / len(open_now)
            state.event(EventKind.ARREST, slot, agency=agency, policy=policy, cause="operator")
        else:
            state.policing.at_large.append(slot)
        return
    p = state.p.platforms
    t.visibility[slot] *= 1.0 - p.visibility_lost
    wait = 1 + int(p.seizure_days * -np.log(uniform(state.seed, int(Draw.REOPEN), slot, day, 0)))
    t.status[slot], state.policing.seized[slot] = PlatformStatus.SEIZED, min(day + wait, LAST_DAY)
    state.publicity += publicity * share
    users = (state.consumers.columns.pharmacy_home[: state.consumers.n] == slot).nonzero()[0]
    state.consumers.columns.legal_hits[users, RiskGroup.OPEN_WEB] += state.p.enforcement.arrest_fright * publicity


def sites_return(state: MarketState) -> None:
    """Pharmacy programmes that were seized are back under new domains."""
    for slot, until in sorted(state.policing.seized.items()):
        if state.day >= until:
            del state.policing.seized[slot]
            state.platform_table.columns.status[slot] = PlatformStatus.OPEN
            new_domains(state, slot)


def read_servers(state: MarketState, slot: int, channel: Channel, keys: bool) -> None:
    """What lies on a seized server is read: leads to vendors, only to part of them without the operator's ``keys``, and the messages of some users.

    What a treaty has shared police where these users live read too.
    """
    p, v, c, n = state.p.enforcement, state.vendors.columns, state.consumers.columns, state.consumers.n
    here = ((v.account[: state.vendors.n] == slot).any(axis=1) & (v.alive[: state.vendors.n] == 1)).nonzero()[0]
    v.evidence[here] += p.server_leads * v.recent[here] * (1.0 if keys else p.server_read)
    home = c.home if channel == Channel.CRYPTOMARKET else c.pharmacy_home
    users = c.jurisdiction[:n][home[:n] == slot]
    state.today.privacy += p.server_read * len(users)
    if state.levers.cooperation.any():
        host = state.platform_table.columns.jurisdiction[slot]
        shared = (state.cooperation_today() - state.world.cooperation)[host]
        shared[host] = 0.0  # who seized it has read it already
        state.today.privacy += p.server_read * float(shared[users].sum())


def run_covertly(
    state: MarketState, slot: int, until: int, publicity: float, policy: str = "", operators: bool = True
) -> None:
    """Let police run a platform from today on; on day ``until`` it is closed with arrests, of ``operators`` too."""
    t = state.platform_table.columns
    t.status[slot], t.covert_until[slot], t.payouts[slot] = PlatformStatus.COVERT, until, 1
    state.trade.absconding.pop(int(slot), None)
    state.policing.covert[slot] = (policy, publicity, operators)


def run_covert(state: MarketState) -> None:
    """Markets that police run: users and vendors leave evidence; on the last day the market is closed with arrests."""
    p, t, day = state.p.enforcement, state.platform_table.columns, state.day
    for m in (t.status[: state.platform_table.n] == PlatformStatus.COVERT).nonzero()[0]:
        v, n = state.vendors.columns, state.vendors.n
        here = ((v.account[:n] == m).any(axis=1) & (v.alive[:n] == 1)).nonzero()[0]
        v.evidence[here] += p.server_leads * v.recent[here]
        state.today.privacy += float(t.trade7[m])
        if day >= t.covert_until[m]:
            policy, publicity, operators = state.policing.covert[int(m)]
            known = here[
                uniforms(int(state.seed), Draw.COVERT_ARREST, v.key[here], day)
                < 1.0 - np.exp(-v.evidence[here] / (v.opsec[here] * p.arrest_days_online))
            ]
            arrest(state, known, policy)
            buyers = (state.consumers.columns.home[: state.consumers.n] == m).nonzero()[0]
            take_down(state, int(m), publicity, policy=policy, operators=operators)
            pursued = buyers[uniforms(state.seed, Draw.COVERT_ARREST, buyers, day, 1) < p.buyer_pursued]
            state.today.privacy += (1.0 - p.server_read) * len(pursued)  # beside those whose messages were read
            charge_or_refer(state, pursued, policy)
