"""What the phases of a day share: tallies, money, events, and look-ups over the model's columns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.agents.codes import N_CHANNELS, N_SUMS, Channel, EventKind, PlatformStatus
from sim.agents.enforcement import REFERRALS, Agency
from sim.agents.orders import ORDER, OrderColumns
from sim.agents.payments import PaymentProcessor
from sim.agents.platforms import Platform
from sim.agents.services import TreatmentService
from sim.agents.suppliers import Supplier
from sim.columns import grown_columns, new_columns
from sim.streams import Draw, uniforms


class OpenOrders:
    """Orders under way: columns of which the first ``n`` rows are in use, in order of their numbers."""

    def __init__(self, capacity: int) -> None:
        self.columns: Any = new_columns(ORDER, OrderColumns, max(capacity, 256))
        self.n = 0
        self.next_number = 0

    def __len__(self) -> int:
        return self.n

    def append(self, **values: np.ndarray) -> tuple[int, int]:
        """Append rows; columns not named are at their defaults. Returns the range of the new rows."""
        count = len(next(iter(values.values())))
        while self.n + count > len(self.columns[0]):
            self.columns = grown_columns(ORDER, self.columns, 2 * len(self.columns[0]))
        lo, hi = self.n, self.n + count
        for name, column in ORDER.items():
            getattr(self.columns, name)[lo:hi] = values.get(name, column.default)
        self.columns.number[lo:hi] = np.arange(self.next_number, self.next_number + count)
        self.next_number += count
        self.n = hi
        return lo, hi

    def drop(self, rows: np.ndarray) -> None:
        """Drop rows; the others move up and keep their order."""
        keep = np.ones(self.n, bool)
        keep[rows] = False
        n = int(keep.sum())
        for column in self.columns:
            column[:n] = column[: self.n][keep]
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


class Events:
    """The events table in the making; kept only when it is wanted."""

    def __init__(self, wanted: bool) -> None:
        self.wanted = wanted
        self.rows: list[tuple[int, int, int, int, str, str, float]] = []


class Tally:
    """Counts of one day."""

    def __init__(self) -> None:
        self.officer_days = self.policy_cost = 0.0
        self.takedowns = self.vendor_arrests = self.supplier_arrests = self.criminalised = self.privacy = self.fraud = 0
        self.treatment_entries = self.referrals = self.initiations = self.parcels = self.parcels_seized = 0
        self.violence, self.violence_expected = 0, 0.0
        self.failed_payments = self.checks = self.deaths = self.overdoses = self.adverse = 0
        self.sums = np.zeros(N_SUMS)


class MarketState:
    """Mixin of `MarketModel`: state that the phases share, and look-ups."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def start(self: Any, tables: tuple[str, ...]) -> None:
        """Set up what exists before the world is built."""
        self._pool: ThreadPoolExecutor | None = None
        self._slots_of = b""
        self._slots: list[np.ndarray] = []
        self.events = Events("events" in tables)
        self.ledger, self.today = Ledger(), Tally()
        self.vendor_orders_today = np.zeros(0, np.int64)

    def ready(self: Any) -> None:
        """Set up what needs the world."""
        j = self.n_jurisdictions
        self.open_orders = OpenOrders(self.consumers.n // 4)
        self.price_level = np.zeros(N_CHANNELS)
        self.prior = np.zeros(self.platform_table.capacity)
        self.publicity = 0.0
        self.trade_per_vendor = np.zeros(N_CHANNELS)
        self.reference_per_vendor = np.zeros(N_CHANNELS)
        self.vendor_risk = np.zeros(N_CHANNELS)
        self.post_effort, self.vendor_effort, self.supplier_effort = np.ones(j), np.ones(j), np.ones(j)
        self.user_effort, self.user_exposure = np.zeros(j), np.full(j, 0.002 * self.consumers.n)
        self.dispute_rate = 0.0
        self.settled = (np.empty(0, np.int64), np.empty(0, np.int64))
        self.referred = np.empty(0, np.int64)
        self.order_counts = np.zeros(6, np.int64)
        self.dead = 0
        self.orders_by_slot = np.zeros(self.platform_table.capacity)
        self.volume_by_slot = np.zeros(self.platform_table.capacity)
        self.checks_yesterday = self.referrals_yesterday = 0
        self.due = np.empty(0, np.int64)
        self.covert: dict[int, tuple[str, float]] = {}
        self.mean_order_cents = 6500.0
        self.update_prior()

    def begin_day(self: Any) -> None:
        """Forget yesterday's tallies; levers are neutral until a policy moves them."""
        self.checks_yesterday, self.referrals_yesterday = self.today.checks, self.today.referrals
        self.today = Tally()
        self.levers.reset()
        self.publicity *= self.p.enforcement.publicity_kept
        self.update_prior()

    # agents ------------------------------------------------------------------------------------------------------
    @property
    def platforms(self: Any) -> Any:
        """Platforms, those that closed included."""
        return self.agents_by_type[Platform]

    @property
    def processors(self: Any) -> Any:
        """Payment processors."""
        return self.agents_by_type[PaymentProcessor]

    @property
    def agencies(self: Any) -> Any:
        """Enforcement agencies, by jurisdiction."""
        return self.agents_by_type[Agency]

    @property
    def suppliers(self: Any) -> Any:
        """Manufacturers and organised-crime groups."""
        return self.agents_by_type[Supplier]

    @property
    def treatment(self: Any) -> Any:
        """Treatment services, by jurisdiction."""
        return self.agents_by_type[TreatmentService]

    # platforms ---------------------------------------------------------------------------------------------------
    def open_slots(self: Any, channel: Channel) -> np.ndarray:
        """Slots of the open platforms of a channel."""
        t, n = self.platform_table.columns, self.platform_table.n
        state = t.status[:n].tobytes()
        if state != self._slots_of:
            self._slots_of = state
            is_open = (t.status[:n] == PlatformStatus.OPEN) | (t.status[:n] == PlatformStatus.COVERT)
            self._slots = [np.flatnonzero((t.channel[:n] == c) & is_open) for c in range(N_CHANNELS)]
        return self._slots[channel]

    def crypto_slots(self: Any) -> np.ndarray:
        """Slots of the open cryptomarkets."""
        return self.open_slots(Channel.CRYPTOMARKET)

    def crypto_trade(self: Any) -> float:
        """Orders a day on all open cryptomarkets, 7-day mean."""
        return float(self.platform_table.columns.trade7[self.crypto_slots()].sum())

    def trade_shares(self: Any, slots: np.ndarray) -> np.ndarray:
        """Share of these platforms in their common trade, 7-day mean."""
        trade = self.platform_table.columns.trade7[slots].astype(float) + 1e-6
        return trade / trade.sum() if len(slots) else trade

    def update_prior(self: Any) -> None:
        """Public trust in cryptomarkets: it grows with age and with the market's trade against the reference."""
        p, t, n = self.p.platforms, self.platform_table.columns, self.platform_table.n
        age = np.maximum(self.day - t.open_day[:n].astype(float), 0.0)
        x = t.trade180[:n] / self.reference_trade
        prior = p.trust_first + (p.trust_last - p.trust_first) * (1.0 - np.exp(-age / p.trust_days)) * x / (
            x + p.trust_share
        )
        if len(self.prior) < self.platform_table.capacity:
            self.prior = np.zeros(self.platform_table.capacity)
        self.prior[:n] = prior

    # vendors -----------------------------------------------------------------------------------------------------
    def grow_vendor_arrays(self: Any) -> None:
        """Keep arrays beside the vendor columns as long as these."""
        if len(self.vendor_orders_today) < self.vendors.capacity:
            grown = np.zeros(self.vendors.capacity, np.int64)
            grown[: len(self.vendor_orders_today)] = self.vendor_orders_today
            self.vendor_orders_today = grown

    def close_accounts(self: Any, rows: np.ndarray) -> None:
        """Close all accounts of these vendors."""
        self.vendors.columns.account[rows] = 65535

    # consumers ---------------------------------------------------------------------------------------------------
    def count_fraud(self: Any, who: np.ndarray) -> None:
        """Count victims of fraud."""
        self.today.fraud += len(who)

    def refer(self: Any, who: np.ndarray) -> None:
        """Refer consumers to services: they are admitted to treatment today as far as there are places."""
        if len(who):
            self.today.referrals += len(who)
            p, c = self.p.services, self.consumers.columns
            c.support_knowledge[who] += p.referral_support * (1.0 - c.support_knowledge[who])
            c.stigma[who] = np.maximum(c.stigma[who] - p.referral_trust, 0.0)
            c.trust_police[who] = np.minimum(c.trust_police[who] + p.referral_trust, 1.0)
            self.referred = np.concatenate([self.referred, who[c.dependence[who] >= self.p.consumption.dependent_from]])
            for agency in self.agencies:
                mine = int(np.sum(self.consumers.columns.jurisdiction[who] == agency.jurisdiction))
                agency.credit[REFERRALS] += self.p.enforcement.credit_referral * mine
            self.consumer_events(EventKind.REFERRAL, who)

    def admit(self: Any, who: np.ndarray) -> None:
        """Admit consumers to treatment by keyed priority as long as there are places; the others go on waiting."""
        c = self.consumers.columns
        who = np.unique(who)
        who = who[(c.alive[who] == 1) & (c.treatment_day[who] > self.day)]
        order = np.argsort(uniforms(int(self.seed), Draw.ADMISSION, who, self.day), kind="stable")
        for service in self.treatment:
            waiting = who[order][c.jurisdiction[who[order]] == service.jurisdiction]
            free = max(0, int(service.slots * self.levers.treatment_slots[service.jurisdiction]) - service.used)
            entered = waiting[:free]
            c.treatment_day[entered] = self.day + 1
            service.used += len(entered)
            service.waiting = len(waiting) - len(entered)
            self.today.treatment_entries += len(entered)
            self.consumer_events(EventKind.TREATMENT_ENTRY, entered)

    # events ------------------------------------------------------------------------------------------------------
    def event(
        self: Any,
        kind: EventKind,
        subject: int,
        agency: int = -1,
        policy: str = "",
        cause: str = "",
        amount: float = 1.0,
    ) -> None:
        """Write an event."""
        if self.events.wanted:
            self.events.rows.append((self.day, int(kind), int(subject), agency, policy, cause, float(amount)))

    def consumer_events(self: Any, kind: EventKind, who: np.ndarray, policy: str = "") -> None:
        """Write one event per consumer."""
        if self.events.wanted:
            for c in who:
                self.event(kind, int(c), policy=policy, cause="")
