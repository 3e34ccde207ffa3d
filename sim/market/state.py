"""What the phases of a day share: tallies, money, events, and look-ups over the model's columns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from sim.agents.codes import N_CHANNELS, Channel, EventKind, PlatformStatus
from sim.agents.enforcement import REFERRALS, Agency
from sim.agents.intermediaries import AccessProvider, Forum, PostalService, SearchEngine, SocialMediaCompany
from sim.agents.levers import Levers
from sim.agents.payments import Coin, Exchange, Merchant, PaymentProcessor
from sim.agents.platforms import Platform
from sim.agents.services import DrugChecking, EarlyWarning, Outreach, TreatmentService
from sim.agents.suppliers import Supplier
from sim.market.books import Events, Ledger, OpenOrders, Tally
from sim.market.substances import Substances
from sim.population import Population, SlotTable


class MarketState:
    """Mixin of `MarketModel`: state that the phases share, and look-ups."""

    seed: Any  # 64 bits, as NumPy's uint64, which kernels take
    day: int  # 0 is the first day after burn-in
    p: Any  # parameters, one named tuple a group
    levers: Levers  # what policies may move today
    agent_classes: dict[type, type]  # classes that the scenario puts in the place of others
    # the world
    consumers: Population
    vendors: Population
    platform_table: SlotTable
    supplier_table: SlotTable
    open_orders: OpenOrders
    substances: Substances
    friends: np.ndarray  # (links,) and friend_start (n + 1,): friends of consumer c are friends[start[c]:start[c + 1]]
    friend_start: np.ndarray
    n_jurisdictions: int
    consumer_share: np.ndarray  # (J,) cumulative
    vendor_share: np.ndarray  # (J,) cumulative
    consumer_weight: np.ndarray  # (J,) shares; likewise the next one
    vendor_weight: np.ndarray
    price_factor: np.ndarray  # (J,)
    cooperation: np.ndarray  # (J, J)
    demand_by_channel: np.ndarray  # (C, S) cumulative needs of all consumers among what a channel sells
    supplier_cost: np.ndarray  # (suppliers + 1,), place 0 for no supplier; likewise the next two
    supplier_reliability: np.ndarray
    supplier_concentration: np.ndarray
    find_group: np.ndarray  # (S, J, suppliers) cumulative weights by which vendors find a supplier in business
    working: bytes  # which suppliers were in business when they were worked out
    wholesale: np.ndarray  # (S,) orders that wholesale stocks can serve
    usual_supply: np.ndarray  # (S,) orders a day that suppliers are made for
    supply_flow: np.ndarray  # (S,) orders a day, 30-day mean
    supply_days: int  # days of deliveries so far
    usual_takings: np.ndarray  # (suppliers,) USD a day before day 0
    usual_branches: np.ndarray  # (suppliers,) branches before day 0
    seen_revenue: np.ndarray  # (suppliers,) cents, what `upstream_money` has dealt with
    recruitment: float  # newcomers whom groups recruit relative to the usual number
    licensed_slot: np.ndarray  # (J,)
    street_slot: np.ndarray  # (J,)
    direct_slot: int
    posts: list[PostalService]
    media: list[SocialMediaCompany]
    providers: list[AccessProvider]
    ads_seen: float  # exposure to sellers' adverts in apps, 1 when nothing is removed
    bans: bool  # whether a platform bans a substance
    coins: list[Coin]
    exchanges: list[Exchange]
    coin_access: np.ndarray  # (J,) chance that a buyer gets coins when needed
    merchants: dict[int, Merchant]  # accounts of pharmacy programmes, by slot
    search: SearchEngine
    forum: Forum
    checking: DrugChecking
    early_warning: EarlyWarning
    outreach: Outreach
    # references: what was usual before day 0
    start_crypto: np.ndarray
    start_crypto_slots: np.ndarray
    start_vendors: np.ndarray  # (C,)
    reference_trade: float  # orders a day on cryptomarkets
    reference_listings: float
    reference_per_vendor: np.ndarray  # (C,) orders a day
    # running
    prior: np.ndarray  # (platforms,) public trust in cryptomarkets
    price_level: np.ndarray  # (C,) mean log price, yesterday
    trade_per_vendor: np.ndarray  # (C,) orders a day
    vendor_risk: np.ndarray  # (C,) arrests a month per vendor
    post_effort: np.ndarray  # (J,) officer-days relative to the usual; likewise the next two
    vendor_effort: np.ndarray  # (J, 2): on those nearby and on those online
    supplier_effort: np.ndarray
    online_exposure: np.ndarray  # (J,) exposure of vendors online, yesterday
    unmoderated: set[int]  # slots whose disputes and feedback do not work as usual
    user_effort: np.ndarray  # (J,) officer-days
    user_exposure: np.ndarray  # (J,) exposure of buyers, 30-day mean
    publicity: float
    dispute_rate: float
    mean_order_cents: float
    due: np.ndarray  # rows of the open orders that are settled today
    settled: tuple[np.ndarray, np.ndarray]  # consumers and channels of yesterday's settled orders
    referred: np.ndarray
    alerts_week: np.ndarray  # alerts heeded on each day of the last week
    waiting_list: np.ndarray  # consumers who wait for a place in treatment, first come first
    law_steps: np.ndarray  # (J, S) by which the law is stricter than usual
    contaminated: float  # share of counterfeits beyond the usual
    usual_status: np.ndarray
    usual_synthetic: np.ndarray
    usual_adverse: np.ndarray
    covert: dict[int, tuple[str, float]]  # slots that police run: policy and publicity
    absconding: dict[int, tuple[int, float, str]]  # slots that close in an exit scam: day, publicity, policy
    recorder: Any
    policy_plan: Any  # which policies are on, and since when: see sim.policies.plan

    def start(self: Any, tables: tuple[str, ...]) -> None:
        """Set up what exists before the world is built."""
        self._pool: ThreadPoolExecutor | None = None
        self._slots_of = b""
        self._slots: list[np.ndarray] = []
        self.events = Events("events" in tables or "all" in tables)
        self.ledger, self.today = Ledger(), Tally()
        self.vendor_orders_today = np.zeros(0, np.int64)
        self.vendor_news = np.zeros(0, np.uint8)

    def ready(self: Any) -> None:
        """Set up what needs the world."""
        j = self.n_jurisdictions
        self.open_orders = OpenOrders(self.consumers.n // 12)
        self.price_level = np.zeros(N_CHANNELS)
        self.prior = np.zeros(self.platform_table.capacity)
        self.publicity, self.working = 0.0, b""
        self.ads_seen, self.bans = 1.0, False
        self.trade_per_vendor = np.zeros(N_CHANNELS)
        self.reference_per_vendor = np.zeros(N_CHANNELS)
        self.vendor_risk = np.zeros(N_CHANNELS)
        self.post_effort, self.vendor_effort, self.supplier_effort = np.ones(j), np.ones((j, 2)), np.ones(j)
        self.online_exposure, self.unmoderated = np.ones(j), set()
        self.user_effort, self.user_exposure = np.zeros(j), np.full(j, 0.002 * self.consumers.n)
        self.dispute_rate = 0.0
        self.settled = (np.empty(0, np.int64), np.empty(0, np.int64))
        self.referred = np.empty(0, np.int64)
        self.order_counts = np.zeros(6, np.int64)
        self.usual_adverse, self.usual_synthetic = self.substances.adverse.copy(), self.substances.synthetic.copy()
        self.usual_status, self.law_steps, self.contaminated = (
            self.substances.status.copy(),
            0.0 * self.substances.premium,
            0.0,
        )
        self.waiting_list, self.alerts_week = np.empty(0, np.int64), np.zeros(7)
        self.dead = 0
        self.orders_by_slot = np.zeros(self.platform_table.capacity)
        self.volume_by_slot = np.zeros(self.platform_table.capacity)
        self.checks_yesterday = self.referrals_yesterday = 0
        self.due = np.empty(0, np.int64)
        self.covert: dict[int, tuple[str, float]] = {}
        self.absconding: dict[int, tuple[int, float, str]] = {}
        self.mean_order_cents = 6500.0
        self.update_prior()

    def begin_day(self: Any) -> None:
        """Forget yesterday's tallies; levers are neutral until a policy moves them."""
        self.checks_yesterday, self.referrals_yesterday = self.today.checks, self.today.referrals
        self.today = Tally()
        if self.day == 0:
            for counter in ("harms", "criminalised", "treatment_days"):
                getattr(self.consumers.columns, counter)[:] = 0
        self.levers.reset()
        self.publicity *= self.p.enforcement.publicity_kept
        self.update_prior()

    # agents ------------------------------------------------------------------------------------------------------
    def agents_of(self: Any, kind: type) -> Any:
        """Agents of a kind, of whichever class the scenario gives them."""
        return self.agents_by_type[self.agent_classes.get(kind, kind)]

    @property
    def platforms(self: Any) -> Any:
        """Platforms, those that closed included."""
        return self.agents_by_type[Platform]

    @property
    def processors(self: Any) -> Any:
        """Payment processors."""
        return self.agents_of(PaymentProcessor)

    @property
    def agencies(self: Any) -> Any:
        """Enforcement agencies: those of the first jurisdiction, those of the second, ..."""
        return self.agents_of(Agency)

    @property
    def suppliers(self: Any) -> Any:
        """Manufacturers and organised-crime groups."""
        return self.agents_by_type[Supplier]

    @property
    def treatment(self: Any) -> Any:
        """Treatment services, by jurisdiction."""
        return self.agents_of(TreatmentService)

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
            news = np.zeros(self.vendors.capacity, np.uint8)
            news[: len(self.vendor_news)] = self.vendor_news
            self.vendor_news = news

    def close_accounts(self: Any, rows: np.ndarray) -> None:
        """Close all accounts of these vendors."""
        self.vendors.columns.account[rows] = 65535

    # consumers ---------------------------------------------------------------------------------------------------
    def count_fraud(self: Any, who: np.ndarray) -> None:
        """Count victims of fraud."""
        self.today.fraud += len(who)

    def refer(self: Any, who: np.ndarray) -> None:
        """Refer consumers to services: those who are dependent ask for treatment today."""
        if len(who):
            self.today.referrals += len(who)
            p, c = self.p.services, self.consumers.columns
            c.support_knowledge[who] += p.referral_support * (1.0 - c.support_knowledge[who])
            c.stigma[who] = np.maximum(c.stigma[who] - p.referral_trust, 0.0)
            c.trust_police[who] = np.minimum(c.trust_police[who] + p.referral_trust, 1.0)
            self.referred = np.concatenate([self.referred, who[c.dependence[who] >= self.p.consumption.dependent_from]])
            where = np.bincount(c.jurisdiction[who], minlength=self.n_jurisdictions)
            self.credit_agencies(REFERRALS, self.p.enforcement.credit_referral * where)
            self.consumer_events(EventKind.REFERRAL, who)

    def credit_agencies(self: Any, target: int, credit: np.ndarray) -> None:
        """Credit the agencies of each jurisdiction with what was done there about a target; ``credit`` (J,)."""
        earned = credit.tolist()
        for agency in self.agencies:
            agency.credit[target] += earned[agency.jurisdiction]

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
            self.events.add((self.day, int(kind), int(subject), agency, policy, cause, float(amount)))

    def consumer_events(self: Any, kind: EventKind, who: np.ndarray, policy: str = "") -> None:
        """Write one event per consumer."""
        if self.events.wanted:
            for c in who:
                self.event(kind, int(c), policy=policy, cause="")
