"""The audit: conservation of money, orders, escrow, stock, treatment places and people, checked day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import NEVER, OrderOutcome, Settlement

if TYPE_CHECKING:
    from sim.market.state import MarketState


ROUNDING = 1e-9
"""Relative difference of sums of goods, which are no whole numbers."""
UNCOUNTED = 1e-5
"""Share of all doses that may be missing because a stash is counted to seven digits."""


class AuditError(AssertionError):
    """A conservation identity does not hold."""


def violations(state: MarketState) -> list[str]:
    """Every identity that does not hold now, in words; empty when all do."""
    o, n, t, c, v = (
        state.books.open_orders.columns,
        state.books.open_orders.n,
        state.platform_table.columns,
        state.consumers.columns,
        state.vendors.columns,
    )
    m, ledger = state.platform_table.n, state.books.ledger
    found = []

    def check(what: str, left: float, right: float) -> None:
        if left != right:
            found.append(f"{what}: {left} is not {right}")

    def close(what: str, left: float, right: float) -> None:
        if abs(left - right) > ROUNDING * max(abs(left), 1.0):
            found.append(f"{what}: {left} is not {right}")

    escrow = int(t.escrow[:m].sum())
    spent = ledger.vendor_income + ledger.fees + ledger.processor_fees + ledger.refunds + ledger.stolen + ledger.seized
    check("payments = vendor income + fees + escrow + refunds + losses + seizures", ledger.payments, spent + escrow)
    check("escrow of platforms = money held for open orders", escrow, int(o.held[:n].sum(dtype=np.int64)))
    held = np.bincount(o.platform[:n], o.held[:n], m)[:m]
    check("escrow by platform", int(np.abs(held - t.escrow[:m]).sum()), 0)
    check("income of vendors = income in the ledger", int(v.income[: state.vendors.n].sum()), ledger.vendor_income)
    check("fees of platforms = fees in the ledger", int(t.fees[:m].sum()), ledger.fees)
    s, k = state.supplier_table.columns, state.supplier_table.n
    check(
        "money that vendors passed on = upstream in the ledger", int(v.passed[: state.vendors.n].sum()), ledger.upstream
    )
    paid = int(s.paid[:k].sum())
    check("receipts of suppliers = upstream + paid among them", int(s.revenue[:k].sum()), ledger.upstream + paid)
    up = state.upstream
    close("goods sent by suppliers = arrived + seized", up.sent, up.arrived + float(up.seized.sum()))
    counted = state.books.order_counts
    check(
        "orders = settled + under way",
        state.books.open_orders.next_number,
        int(counted.sum()) + int(np.sum(o.due[:n] >= state.day)) - len(state.books.due),
    )
    check("no settled order is still in transit", int(counted[OrderOutcome.IN_TRANSIT]), 0)
    closed = state.books.closed
    check("no order closes with its money unsettled", int(np.sum(o.settlement[closed] == Settlement.UNSETTLED)), 0)
    check("no order closes with money in escrow", int(o.held[closed].sum(dtype=np.int64)), 0)
    waits = (o.due[:n] <= state.day) & (o.held[:n] > 0)
    check("money waits for goods that came", int(np.sum(o.outcome[:n][waits] != OrderOutcome.DELIVERED)), 0)
    check("no more parcels are seized than were posted", int(np.sum(o.seized[closed] > o.parcels[closed])), 0)
    treated = int(np.sum((c.treatment_day[: state.consumers.n] <= state.day + 1) & (c.alive[: state.consumers.n] == 1)))
    check("places in treatment taken = people in treatment", sum(s.used for s in state.treatment), treated)
    waiting = np.flatnonzero(c.waiting_day[: state.consumers.n] < NEVER)
    check("people on the waiting list = people who wait", len(set(state.care.waiting_list) ^ set(waiting)), 0)
    check(
        "people of the start and come = living + dead + left",
        state.consumers.n + state.books.came,
        int(np.sum(c.alive[: state.consumers.n] == 1)) + state.books.dead + state.books.left,
    )
    if int(np.sum(v.stock[: state.vendors.n] < -1e-3)):
        found.append("stock of a vendor is negative")
    g = state.books.goods
    at_hand = float(c.stash[: state.consumers.n].sum(dtype=np.float64))
    if abs(g.start + g.arrived - g.used - g.discarded - g.taken - at_hand) > UNCOUNTED * (g.start + g.arrived):
        found.append(
            f"doses at the start and arrived = used + discarded + taken along + at hand: {g.start + g.arrived} is not {g.used + g.discarded + g.taken + at_hand}"
        )
    check(
        "money got from friends = money paid to friends",
        int(c.from_friends[: state.consumers.n].sum(dtype=np.int64)) + state.books.gone.from_friends,
        0,
    )
    for name, population in (
        ("consumers", state.consumers),
        ("vendors", state.vendors),
        ("platforms", state.platform_table),
    ):
        found += [f"{name}: {line}" for line in population.problems()]
    return found


def audit_day(state: MarketState) -> None:
    """Check every identity.

    Raises
    ------
    AuditError
        With every violation.
    """
    found = violations(state)
    if found:
        raise AuditError(f"day {state.day}: " + "; ".join(found))
