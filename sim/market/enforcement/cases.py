"""Cases: officer-days become evidence on platforms, suppliers and payments; ripe cases become raids and arrests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import Channel
from sim.agents.enforcement import PAYMENTS, PLATFORMS, SUPPLIERS
from sim.agents.payments import COIN
from sim.kernels import maker
from sim.market.enforcement.raids import take_down
from sim.market.supply.turnover import arrest_group
from sim.market.trade.payments import end_accounts, taking_cards
from sim.streams import Draw, uniform

if TYPE_CHECKING:
    from sim.market.state import MarketState

WORLD = 20_000.0  # consumers for which officer-days per case are stated


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


def platform_cases(state: MarketState, effort: np.ndarray, reach: np.ndarray, scale: float) -> None:
    """Evidence on cryptomarkets and pharmacy programmes grows with effort, visibility and access; ripe cases become raids."""
    p, t, day = state.p.enforcement, state.platform_table.columns, state.day
    slots = np.concatenate([state.crypto_slots(), state.open_slots(Channel.ILLICIT_PHARMACY)])
    if not len(slots):
        return
    gained = (
        evidence_gained(effort, reach, np.sqrt(state.trade_shares(slots, t.trade60)), t.jurisdiction[slots])
        / t.security[slots]
    )
    t.evidence[slots] += gained.sum(axis=0)
    threshold = p.platform_case * scale
    state.policing.records.credit[:, PLATFORMS] += p.credit_takedown * gained.sum(axis=1) / p.platform_case
    for k in (t.evidence[slots] >= threshold).nonzero()[0]:
        if uniform(int(state.seed), int(Draw.RAID), int(t.key[slots[k]]), day, 0) < p.ripe_raid:
            leader = int(gained[:, k].argmax())
            state.agencies[leader].takedowns += 1
            take_down(state, int(slots[k]), p.publicity, agency=leader)


def supplier_cases(state: MarketState, effort: np.ndarray, helped: np.ndarray, reach: np.ndarray, scale: float) -> None:
    """Evidence on suppliers; a ripe case removes one.

    ``helped`` (agencies,) multiplies effort by what policies pay for, which earns the agencies no credit.
    """
    p, s, n, day = state.p.enforcement, state.supplier_table.columns, state.supplier_table.n, state.day
    live = (s.alive[:n] == 1).nonzero()[0]
    if not len(live):
        return
    own = evidence_gained(effort, reach, s.size[live], s.jurisdiction[live])
    gained = own * helped[:, None]
    s.evidence[live] += gained.sum(axis=0)
    threshold = p.supplier_case * scale
    state.policing.records.credit[:, SUPPLIERS] += p.credit_supplier * own.sum(axis=1) / p.supplier_case
    for k in (s.evidence[live] >= threshold).nonzero()[0]:
        i = int(live[k])
        if uniform(int(state.seed), int(Draw.SUPPLIER_ARREST), i, day, 0) < p.ripe_raid:
            arrest_group(state, i, agency=int(gained[:, k].argmax()))


def payment_cases(state: MarketState, effort: np.ndarray, reach: np.ndarray, scale: float) -> None:
    """Officer-days on payments end merchant accounts, and add evidence on cryptomarkets, the more the easier the coins in use are traced."""
    p, t, records = state.p.enforcement, state.platform_table.columns, state.policing.records
    slots = taking_cards(state)
    pressed = evidence_gained(effort, reach, np.ones(len(slots)), t.jurisdiction[slots])
    records.credit[:, PAYMENTS] += p.credit_arrest * pressed.sum(axis=1) / p.account_days
    end_accounts(state, slots, pressed.sum(axis=0) / (p.account_days * scale))
    slots = state.crypto_slots()
    if len(slots):
        traced = evidence_gained(effort, reach, state.trade_shares(slots), t.jurisdiction[slots]) / t.security[slots]
        traced *= state.p.payment.trace_yield * state.processors[COIN].traceability
        t.evidence[slots] += traced.sum(axis=0)
        records.credit[:, PAYMENTS] += p.credit_takedown * traced.sum(axis=1) / p.platform_case
