"""Cases: officer-days become evidence on platforms, suppliers and payments; ripe cases become raids and arrests."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.agents.codes import Channel, PlatformStatus
from sim.agents.enforcement import PAYMENTS, PLATFORMS, SUPPLIERS
from sim.agents.payments import COIN
from sim.agents.platforms import draw_keys
from sim.kernels import kernel
from sim.market.adding import added_up
from sim.market.enforcement.raids import take_down
from sim.market.supply.turnover import arrest_group
from sim.market.trade.payments import end_accounts, taking_cards
from sim.streams import Draw, uniform

if TYPE_CHECKING:
    from sim.market.state import MarketState

WORLD = 20_000.0  # consumers for which officer-days per case are stated


class Cases(NamedTuple):
    """What agencies gather evidence on."""

    rows: np.ndarray  # (cases,) of the columns of `where` and `security`
    where: np.ndarray  # jurisdiction of each
    weight: np.ndarray  # (cases,) by what effort is shared out
    security: np.ndarray  # what divides evidence on it


class Found(NamedTuple):
    """Officer-days of evidence of a day."""

    gained: np.ndarray  # (agencies, cases)
    by_case: np.ndarray  # (cases,)


@kernel
def find_evidence(
    effort: np.ndarray,
    reach: np.ndarray,
    cases: Cases,
    share: float,
    worth: tuple[float, float],
    credit: np.ndarray,
    found: Found,
) -> None:
    """Fill ``found`` and add to ``credit``: see `evidence_gained`."""
    found.by_case[:] = 0.0
    for a in range(len(effort)):
        within, gained = 0.0, found.gained[a]
        for k in range(len(gained)):
            if reach[a, cases.where[cases.rows[k]]] > 0.0:
                within += cases.weight[k]
        for k in range(len(gained)):
            row = cases.rows[k]
            spent = effort[a] * reach[a, cases.where[row]] * cases.weight[k] / max(within, 1e-9)
            gained[k] = spent / cases.security[row] * share
            found.by_case[k] += gained[k]
        credit[a] += worth[0] * added_up(gained) / worth[1]


@kernel
def add_evidence(cases: Cases, gained: np.ndarray, enough: float, evidence: np.ndarray) -> int:
    """Add what was ``gained`` (agencies, cases) to the ``evidence`` on each case; returns how many have ``enough``."""
    ripe = 0
    for k in range(len(cases.rows)):
        more = 0.0
        for a in range(len(gained)):
            more += gained[a, k]
        evidence[cases.rows[k]] += more
        ripe += int(evidence[cases.rows[k]] >= enough)
    return ripe


def evidence_gained(
    effort: np.ndarray,
    reach: np.ndarray,
    cases: Cases,
    worth: tuple[float, float],
    credit: np.ndarray,
    share: float = 1.0,
) -> Found:
    """Evidence of a day.

    Parameters
    ----------
    effort, reach
        (agencies,) officer-days, and (agencies, J) how far each reaches.
    worth, credit
        (agencies,) to which it adds: an agency's evidence times the first of ``worth`` over the second, which are what a case earns and the days it takes.
    share
        What multiplies all evidence.
    """
    found = Found(np.empty((len(effort), len(cases.rows))), np.empty(len(cases.rows)))
    find_evidence(effort, reach, cases, share, worth, credit, found)
    return found


def at_work(state: MarketState) -> np.ndarray:
    """Slots of the open cryptomarkets but for those that police run: these are nobody's case any more."""
    slots = state.crypto_slots()
    return slots[state.platform_table.columns.status[slots] == PlatformStatus.OPEN]


def platform_cases(state: MarketState, effort: np.ndarray, reach: np.ndarray, scale: float) -> None:
    """Evidence on cryptomarkets and pharmacy programmes grows with effort, visibility and access; ripe cases become raids."""
    p, t, day = state.p.enforcement, state.platform_table.columns, state.day
    slots = np.concatenate([at_work(state), state.open_slots(Channel.ILLICIT_PHARMACY)])
    if not len(slots):
        return
    cases = Cases(slots, t.jurisdiction, np.sqrt(state.trade_shares(slots, t.trade60)), t.security)
    credit = state.policing.records.credit[:, PLATFORMS]
    found = evidence_gained(effort, reach, cases, (p.credit_takedown, p.platform_case), credit)
    threshold = np.float32(p.platform_case * scale)
    if not add_evidence(cases, found.gained, threshold, t.evidence):
        return
    key = draw_keys(t, slots)
    for k in (t.evidence[slots] >= threshold).nonzero()[0]:
        if uniform(int(state.seed), int(Draw.RAID), int(key[k]), day, 0) < p.ripe_raid:
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
    cases = Cases(live, s.jurisdiction, s.size[live], np.ones(n, np.float32))
    credit = state.policing.records.credit[:, SUPPLIERS]
    own = evidence_gained(effort, reach, cases, (p.credit_supplier, p.supplier_case), credit)
    gained = own.gained * helped[:, None]
    threshold = np.float32(p.supplier_case * scale)
    if not add_evidence(cases, gained, threshold, s.evidence):
        return
    for k in (s.evidence[live] >= threshold).nonzero()[0]:
        i = int(live[k])
        if uniform(int(state.seed), int(Draw.SUPPLIER_ARREST), i, day, 0) < p.ripe_raid:
            arrest_group(state, i, agency=int(gained[:, k].argmax()))


def payment_cases(state: MarketState, effort: np.ndarray, reach: np.ndarray, scale: float) -> None:
    """Officer-days on payments end merchant accounts, and add evidence on cryptomarkets, the more the easier the coins in use are traced."""
    p, t, records = state.p.enforcement, state.platform_table.columns, state.policing.records
    slots = taking_cards(state)
    cases = Cases(slots, t.jurisdiction, np.ones(len(slots)), np.ones(len(t.status), np.float32))
    pressed = evidence_gained(effort, reach, cases, (p.credit_arrest, p.account_days), records.credit[:, PAYMENTS])
    end_accounts(state, slots, pressed.by_case / (p.account_days * scale))
    slots = at_work(state)
    if len(slots):
        share = state.p.payment.trace_yield * state.processors[COIN].traceability
        cases = Cases(slots, t.jurisdiction, state.trade_shares(slots), t.security)
        worth = p.credit_takedown, p.platform_case
        traced = evidence_gained(effort, reach, cases, worth, records.credit[:, PAYMENTS], share)
        add_evidence(cases, traced.gained, np.float32(np.inf), t.evidence)
