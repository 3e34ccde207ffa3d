"""Cases: officer-days become evidence on platforms, suppliers and payments; ripe cases become raids and arrests."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.agents.codes import Channel
from sim.agents.enforcement import PAYMENTS, PLATFORMS, SUPPLIERS
from sim.agents.payments import COIN
from sim.kernels import kernel
from sim.market.adding import added_up
from sim.market.enforcement.raids import take_down
from sim.market.supply.turnover import arrest_group
from sim.market.trade.payments import end_accounts, taking_cards
from sim.streams import Draw, uniform

if TYPE_CHECKING:
    from sim.market.state import MarketState

WORLD = 20_000.0  # consumers for which officer-days per case are stated


class Found(NamedTuple):
    """Officer-days of evidence of a day."""

    gained: np.ndarray  # (agencies, cases)
    by_case: np.ndarray  # (cases,)
    by_agency: np.ndarray  # (agencies,)


@kernel
def find_evidence(
    effort: np.ndarray,
    reach: np.ndarray,
    weight: np.ndarray,
    where: np.ndarray,
    security: np.ndarray,
    share: float,
    found: Found,
) -> None:
    """Fill ``found``: see `evidence_gained`."""
    found.by_case[:] = 0.0
    for a in range(len(effort)):
        within, gained = 0.0, found.gained[a]
        for k in range(len(where)):
            if reach[a, where[k]] > 0.0:
                within += weight[k]
        for k in range(len(where)):
            gained[k] = effort[a] * reach[a, where[k]] * weight[k] / max(within, 1e-9) / security[k] * share
            found.by_case[k] += gained[k]
        found.by_agency[a] = added_up(gained)


def evidence_gained(
    effort: np.ndarray,
    reach: np.ndarray,
    weight: np.ndarray,
    where: np.ndarray,
    security: np.ndarray | None = None,
    share: float = 1.0,
) -> Found:
    """Evidence of a day.

    Parameters
    ----------
    effort, reach
        (agencies,) officer-days, and (agencies, J) how far each reaches.
    weight, where, security
        (cases,) by what effort is shared out, the jurisdiction of each, and what divides evidence on it, 1 where none is given.
    share
        What multiplies all evidence.
    """
    agencies, cases = len(effort), len(where)
    found = Found(np.empty((agencies, cases)), np.empty(cases), np.empty(agencies))
    given = np.ones(cases, np.float32) if security is None else security
    find_evidence(effort, reach, weight, where, given, share, found)
    return found


def platform_cases(state: MarketState, effort: np.ndarray, reach: np.ndarray, scale: float) -> None:
    """Evidence on cryptomarkets and pharmacy programmes grows with effort, visibility and access; ripe cases become raids."""
    p, t, day = state.p.enforcement, state.platform_table.columns, state.day
    slots = np.concatenate([state.crypto_slots(), state.open_slots(Channel.ILLICIT_PHARMACY)])
    if not len(slots):
        return
    weight = np.sqrt(state.trade_shares(slots, t.trade60))
    found = evidence_gained(effort, reach, weight, t.jurisdiction[slots], t.security[slots])
    t.evidence[slots] += found.by_case
    threshold = p.platform_case * scale
    state.policing.records.credit[:, PLATFORMS] += p.credit_takedown * found.by_agency / p.platform_case
    for k in (t.evidence[slots] >= threshold).nonzero()[0]:
        if uniform(int(state.seed), int(Draw.RAID), int(t.key[slots[k]]), day, 0) < p.ripe_raid:
            leader = int(found.gained[:, k].argmax())
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
    gained = own.gained * helped[:, None]
    s.evidence[live] += gained.sum(axis=0)
    threshold = p.supplier_case * scale
    state.policing.records.credit[:, SUPPLIERS] += p.credit_supplier * own.by_agency / p.supplier_case
    for k in (s.evidence[live] >= threshold).nonzero()[0]:
        i = int(live[k])
        if uniform(int(state.seed), int(Draw.SUPPLIER_ARREST), i, day, 0) < p.ripe_raid:
            arrest_group(state, i, agency=int(gained[:, k].argmax()))


def payment_cases(state: MarketState, effort: np.ndarray, reach: np.ndarray, scale: float) -> None:
    """Officer-days on payments end merchant accounts, and add evidence on cryptomarkets, the more the easier the coins in use are traced."""
    p, t, records = state.p.enforcement, state.platform_table.columns, state.policing.records
    slots = taking_cards(state)
    pressed = evidence_gained(effort, reach, np.ones(len(slots)), t.jurisdiction[slots])
    records.credit[:, PAYMENTS] += p.credit_arrest * pressed.by_agency / p.account_days
    end_accounts(state, slots, pressed.by_case / (p.account_days * scale))
    slots = state.crypto_slots()
    if len(slots):
        share = state.p.payment.trace_yield * state.processors[COIN].traceability
        traced = evidence_gained(
            effort, reach, state.trade_shares(slots), t.jurisdiction[slots], t.security[slots], share
        )
        t.evidence[slots] += traced.by_case
        records.credit[:, PAYMENTS] += p.credit_takedown * traced.by_agency / p.platform_case
