"""The audit: conservation of money, orders, escrow, stock, treatment places and people, checked day by day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

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


class Identity(NamedTuple):
    """Two ways to count the same, and how far apart they may be: whole numbers not at all."""

    what: str
    left: float
    right: float
    apart: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether both ways lead to the same; what is no number never does."""
        return abs(self.left - self.right) <= self.apart


def identities(state: MarketState) -> list[Identity]:
    """Everything that must be so on every evening."""
    return [*_money(state), *_upstream(state), *_orders(state), *_people(state), *_goods(state)]


def violations(state: MarketState) -> list[str]:
    """Everything that is not as it must be now, in words; empty when all is."""
    found = [f"{each.what}: {each.left} is not {each.right}" for each in identities(state) if not each.holds]
    if int(np.sum(state.vendors.columns.stock[: state.vendors.n] < -1e-3)):
        found.append("stock of a vendor is negative")
    tables = {"consumers": state.consumers, "vendors": state.vendors, "platforms": state.platform_table}
    return found + [f"{name}: {line}" for name, table in tables.items() for line in table.problems()]


def _money(state: MarketState) -> Iterator[Identity]:
    """What was paid is with somebody, in escrow, or gone in a way that has a name."""
    ledger, o, n = state.books.ledger, state.books.open_orders.columns, state.books.open_orders.n
    t, m = state.platform_table.columns, state.platform_table.n
    escrow, held = int(t.escrow[:m].sum()), np.bincount(o.platform[:n], o.held[:n], m)[:m]
    spent = ledger.vendor_income + ledger.fees + ledger.processor_fees + ledger.refunds + ledger.stolen + ledger.seized
    income = int(state.vendors.columns.income[: state.vendors.n].sum())
    gifts = int(state.consumers.columns.from_friends[: state.consumers.n].sum(dtype=np.int64))
    yield Identity(
        "payments = vendor income + fees + escrow + refunds + losses + seizures", ledger.payments, spent + escrow
    )
    yield Identity("escrow of platforms = money held for open orders", escrow, int(o.held[:n].sum(dtype=np.int64)))
    yield Identity("escrow by platform", int(np.abs(held - t.escrow[:m]).sum()), 0)
    yield Identity("income of vendors = income in the ledger", income, ledger.vendor_income)
    yield Identity("fees of platforms = fees in the ledger", int(t.fees[:m].sum()), ledger.fees)
    yield Identity("money got from friends = money paid to friends", gifts + state.books.gone.from_friends, 0)


def _upstream(state: MarketState) -> Iterator[Identity]:
    """What vendors pay for is what suppliers are paid for, and their goods arrive or are seized."""
    ledger, up, s, k = state.books.ledger, state.upstream, state.supplier_table.columns, state.supplier_table.n
    passed, paid = int(state.vendors.columns.passed[: state.vendors.n].sum()), int(s.paid[:k].sum())
    arrived = up.arrived + float(up.seized.sum())
    yield Identity("money that vendors passed on = upstream in the ledger", passed, ledger.upstream)
    yield Identity(
        "receipts of suppliers = upstream + paid among them", int(s.revenue[:k].sum()), ledger.upstream + paid
    )
    yield Identity("goods sent by suppliers = arrived + seized", up.sent, arrived, ROUNDING * max(abs(up.sent), 1.0))


def _orders(state: MarketState) -> Iterator[Identity]:
    """No order is lost, and none closes before its goods and its money are settled."""
    books, o, n = state.books, state.books.open_orders.columns, state.books.open_orders.n
    counted, closed = books.order_counts, books.closed
    settled = int(counted.sum()) + int(np.sum(o.due[:n] >= state.day)) - len(books.due)
    waits = (o.due[:n] <= state.day) & (o.held[:n] > 0)
    unsettled = int(np.sum(o.settlement[closed] == Settlement.UNSETTLED))
    yield Identity("orders = settled + under way", books.open_orders.next_number, settled)
    yield Identity("no settled order is still in transit", int(counted[OrderOutcome.IN_TRANSIT]), 0)
    yield Identity("no order closes with its money unsettled", unsettled, 0)
    yield Identity("no order closes with money in escrow", int(o.held[closed].sum(dtype=np.int64)), 0)
    yield Identity("money waits for goods that came", int(np.sum(o.outcome[:n][waits] != OrderOutcome.DELIVERED)), 0)
    yield Identity("no more parcels are seized than were posted", int(np.sum(o.seized[closed] > o.parcels[closed])), 0)


def _people(state: MarketState) -> Iterator[Identity]:
    """Nobody is lost, and places and queues hold those who are in them."""
    c, n, books = state.consumers.columns, state.consumers.n, state.books
    living = c.alive[:n] == 1
    treated, waiting = (
        int(np.sum((c.treatment_day[:n] <= state.day + 1) & living)),
        np.flatnonzero(c.waiting_day[:n] < NEVER),
    )
    here = int(np.sum(living)) + books.dead + books.left
    yield Identity("places in treatment taken = people in treatment", sum(s.used for s in state.treatment), treated)
    yield Identity("people on the waiting list = people who wait", len(set(state.care.waiting_list) ^ set(waiting)), 0)
    yield Identity("people of the start and come = living + dead + left", n + books.came, here)


def _goods(state: MarketState) -> Iterator[Identity]:
    """Doses that reached consumers were used, discarded, taken along, or are at hand."""
    g = state.books.goods
    reached = g.start + g.arrived
    at_hand = float(state.consumers.columns.stash[: state.consumers.n].sum(dtype=np.float64))
    yield Identity(
        "doses at the start and arrived = used + discarded + taken along + at hand",
        reached,
        g.used + g.discarded + g.taken + at_hand,
        UNCOUNTED * reached,
    )


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
