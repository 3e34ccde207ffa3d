"""Books of a run: orders under way, money, events, and the tallies of a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.agents.codes import N_CHANNELS, N_SUMS, EventKind, OrderOutcome
from sim.agents.orders import ORDER, OrderColumns
from sim.market.events import Events
from sim.population import grown_columns, new_columns


class OpenOrders:
    """Orders under way, or whose money is in escrow: columns of which the first ``n`` rows are in use, in order of their numbers."""

    def __init__(self, capacity: int) -> None:
        self.columns: OrderColumns = new_columns(ORDER, OrderColumns, max(capacity, 256))
        self.n = 0
        self.next_number = 0

    def __len__(self) -> int:
        return self.n

    def append(self, consumer: np.ndarray, **values: np.ndarray | int) -> tuple[int, int]:
        """Append a row for each ``consumer``; columns not named are at their defaults. Returns the range of the new rows."""
        count = len(consumer)
        values["consumer"] = consumer
        while self.n + count > len(self.columns[0]):
            self.columns = grown_columns(ORDER, self.columns, 2 * len(self.columns[0]))
        lo, hi = self.n, self.n + count
        for target, (name, column) in zip(self.columns, ORDER.items(), strict=True):
            target[lo:hi] = values.get(name, column.default)
        self.columns.number[lo:hi] = np.arange(self.next_number, self.next_number + count)
        self.next_number += count
        self.n = hi
        return lo, hi

    def drop(self, rows: np.ndarray) -> None:
        """Drop rows; the others move up and keep their order."""
        if not len(rows):
            return
        keep = np.ones(self.n, bool)
        keep[rows] = False
        first = int(rows.min())
        moved = first + keep[first:].nonzero()[0]
        n = first + len(moved)
        for column in self.columns:
            column[first:n] = column[moved]
        self.n = n


@dataclass
class Ledger:
    """All money since the start, in cents: what was paid, and where it is or went."""

    payments: int = 0
    vendor_income: int = 0
    fees: int = 0
    processor_fees: int = 0
    refunds: int = 0
    stolen: int = 0
    seized: int = 0
    upstream: int = 0
    """Of vendors' income, what they paid to suppliers."""


@dataclass
class Goods:
    """All doses that reached consumers, in the order in which they came about, and where they went; the rest is at hand."""

    start: float = 0.0
    """At hand when the world was made."""
    arrived: float = 0.0
    used: float = 0.0
    discarded: float = 0.0
    """Thrown away after a check, or given up for want of a place."""

    taken: float = 0.0
    """At hand of those who left."""

    def add(self, arrived: float, discarded: float, used: float) -> None:
        """Count what a day brought."""
        self.arrived += arrived
        self.discarded += discarded
        self.used += used


class Happened:
    """To whom things happen on a day, kept only where somebody asks for outcomes by group; no rule of the market looks at it.

    Attributes
    ----------
    kept
        Whether anything is kept.
    people
        Consumers to whom it happened, by kind of event.
    sums
        (consumers, N_SUMS) what consumption adds up, consumer by consumer; no rows where nothing is kept.
    hurt, risk
        (orders settled today,) whether a purchase brought violence, and the probability of that.
    """

    def __init__(self) -> None:
        self.kept = False
        self.forget(0)

    def forget(self, consumers: int) -> None:
        """Begin a day."""
        self.people: dict[int, list[np.ndarray]] = {}
        self.sums = np.zeros((consumers if self.kept else 0, N_SUMS))
        self.hurt, self.risk = np.zeros(0, np.uint8), np.zeros(0)

    def note(self, kind: EventKind, who: np.ndarray) -> None:
        """Something happened to these consumers."""
        if self.kept and len(who):
            self.people.setdefault(kind, []).append(who)

    def whom(self, kind: EventKind) -> np.ndarray:
        """Consumers to whom something happened today, once for each time."""
        return np.concatenate([np.empty(0, np.int64), *self.people.get(kind, [])])


class Doses:
    """Doses used day by day, of each kind of people, substance and content, kept only where the table of doses is wanted; see `health.doses`."""

    def __init__(self) -> None:
        self.kept = False
        self.parts: list[dict[str, np.ndarray]] = []


class Gone:
    """Consumers in whose place others have come since day 0: the columns that tables show of them, and the day on which they had gone."""

    SHOWN = (
        "segment", "born", "sex", "jurisdiction", "orders", "spent", "from_friends", "vendors_used", "harms", "treatment_days", "criminalised", "alive",
    )  # fmt: skip

    def __init__(self) -> None:
        self.parts: list[dict[str, np.ndarray]] = []
        self.from_friends = 0

    def keep(self, people: Any, rows: np.ndarray, day: int) -> None:
        """Keep what tables show of the people in these rows of the population of consumers."""
        part = {name: people.column(name)[rows] for name in self.SHOWN}
        self.from_friends += int(part["from_friends"].sum(dtype=np.int64))
        self.parts.append(
            {"consumer": rows, "gone": np.full(len(rows), day), "came": people.column("came")[rows], **part}
        )

    def __getstate__(self) -> dict[str, Any]:
        """Pickled as one part: some thousand small arrays take ten times as long."""
        if len(self.parts) > 1:
            self.parts = [{name: np.concatenate([part[name] for part in self.parts]) for name in self.parts[0]}]
        return vars(self)


DUE, GOT = 0, 1
"""What `Tally.settled` counts."""
ORDERS, PAID, KEPT = 0, 1, 2
"""What `Trade.ordered` counts."""


class Tally:
    """Counts of one day: those below, which are nothing until something is counted, and arrays."""

    officer_days = policy_cost = 0.0
    purse = float("inf")  # real USD that a budget leaves for the policy that acts now
    test_buyers = operations = 0  # policies that bought under cover, and that struck at once: each draws for itself
    commission = 0  # cents
    goods_sent = goods_seized = 0.0  # orders' worth of goods on their way from suppliers to vendors
    branches = groups = manufacturers = 0  # cents that went up yesterday and stayed with each
    takedowns = vendor_arrests = supplier_arrests = criminalised = fraud = 0
    privacy = 0.0
    waited = 0  # days that those who enter treatment today waited
    gave_up = 0  # people who stop waiting for it
    first_uses = quitters = deaths_other = 0
    treatment_entries = referrals = initiations = parcels = parcels_seized = 0
    passed_on, paid_to_friends = 0.0, 0  # doses that went from friend to friend, and cents paid for them
    violence, violence_expected = 0, 0.0
    opened = 0.0  # parcels without drugs that were opened
    failed_payments = checks = deaths = overdoses = adverse = 0

    def __init__(self) -> None:
        self.sums = np.zeros(N_SUMS)
        self.settled = np.zeros((N_CHANNELS, 2), np.int64)  # cents DUE to vendors, and those that they GOT
        self.missed = np.zeros(N_CHANNELS, np.int64)  # orders for which no vendor or no stock was found
        self.offered = np.empty(0, np.int64)  # consumers to whom police offer services
        self.offer = np.empty(0)  # the chance of that
        self.accepted = np.empty(0, bool)  # and whether they take it, and are referred
        self.checked = np.empty(0, np.int64)  # consumers who have a parcel checked because of a programme
        self.easier = np.empty(0)  # how much easier programmes make it for them


class Books:
    """Orders under way, all money, and what is written down of what happened.

    Attributes
    ----------
    due
        Rows of the open orders whose fate is known from today on.
    closed
        Rows of those that close today: their fate is known, and their money is out of escrow.
    settled
        Consumers and channels of the orders whose fate came to be known yesterday.
    intercepted
        The same of those of which parcels were seized.
    happened
        To whom things happened today, where it is kept.
    order_counts
        (outcomes,) orders settled so far.
    dead, left, came
        Consumers who have died, who have left, and who have come in the place of either.
    gone
        What is kept of those in whose place others came.
    doses
        What was used, where that is kept.
    """

    def __init__(self, events: Events, orders: int) -> None:
        self.open_orders = OpenOrders(orders)
        self.ledger, self.goods, self.events, self.happened = Ledger(), Goods(), events, Happened()
        self.due = self.closed = np.empty(0, np.int64)
        self.settled = self.intercepted = (np.empty(0, np.int64), np.empty(0, np.int64))
        self.order_counts = np.zeros(len(OrderOutcome), np.int64)
        self.dead = self.left = self.came = 0
        self.gone, self.doses = Gone(), Doses()
