"""The state of the market: who is there, what goes on between them, and look-ups that the phases share. The day stands in `sim.model`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import mesa
import numpy as np
from mesa.agentset import AgentSet

from sim.agents.codes import N_CHANNELS, Channel, EventKind, PlatformStatus
from sim.agents.consumers import ConsumerColumns
from sim.agents.enforcement import Agency
from sim.agents.intermediaries import AccessProvider, Forum, PostalService, SearchEngine, SocialMediaCompany
from sim.agents.levers import Levers
from sim.agents.payments import Coin, Exchange, Merchant, PaymentProcessor
from sim.agents.platforms import Platform, PlatformColumns
from sim.agents.services import DrugChecking, EarlyWarning, Outreach, TreatmentService
from sim.agents.suppliers import Supplier, SupplierColumns
from sim.agents.vendors import VendorColumns
from sim.evidence.groups import Parameters
from sim.market.books import Books, Tally
from sim.market.events import Causes, Events
from sim.market.groups import Care, Moment, Policing, Rules, Trade, Upstream, Usual, World, handed_over
from sim.market.standing import share_trade, trust_platforms
from sim.market.substances import Substances
from sim.population import Population, SlotTable
from sim.scenario import LONGEST, Scenario

NONE_GIVEN = None, None


class MarketState(mesa.Model):
    """What phases, policies, measures and the builder of the world take; `sim.model.MarketModel` extends it by the day.

    Parameters
    ----------
    scenario
        What the run is made of.
    seed
        64 bits.
    rng
        Mesa's generator, which nothing in a day draws from.
    threads
        Threads inside the day; results do not depend on it.
    events
        Whether the events table is kept.
    """

    seed: np.uint64
    day: int  # 0 is the first day after burn-in
    p: Parameters
    rules: Rules  # those chosen of rules that contest with each other
    levers: Levers  # what policies may move today
    agent_classes: dict[type, type]  # classes that the scenario puts in the place of others
    # who is there, besides the agents of whom Mesa keeps sets
    consumers: Population[ConsumerColumns]
    vendors: Population[VendorColumns]
    platform_table: SlotTable[PlatformColumns]
    supplier_table: SlotTable[SupplierColumns]
    substances: Substances
    posts: list[PostalService]
    media: list[SocialMediaCompany]
    providers: list[AccessProvider]
    coins: list[Coin]
    exchanges: list[Exchange]
    merchants: dict[int, Merchant]  # accounts of pharmacy programmes, by slot
    search: SearchEngine
    forum: Forum
    checking: DrugChecking
    early_warning: EarlyWarning
    outreach: Outreach
    # the rest in groups
    world: World
    usual: Usual
    upstream: Upstream
    policing: Policing
    trade: Trade
    care: Care
    books: Books
    today: Tally
    yesterday: Tally
    publicity: float  # of closures, arrests and cases, fading

    def __init__(self, scenario: Scenario, seed: int, rng: Any, *, threads: int, events: bool) -> None:
        super().__init__(rng=rng)
        self.agent_classes = scenario.agent_classes()
        self.scenario = scenario
        self.seed, self.day, self.threads = np.uint64(seed), -scenario.burn_in, threads
        self._moment = Moment(cast("int", self.seed), self.day)
        self.levers = Levers(len(scenario.jurisdictions))
        self.publicity = 0.0
        self.usual, self.care = Usual(), Care(np.zeros((7, *self.levers.alert_reach.shape)))
        self.books, self.today, self.yesterday = Books(Events(events), scenario.consumers // 12), Tally(), Tally()
        self._pool: ThreadPoolExecutor | None = None
        self._given: tuple[Any, Any] = NONE_GIVEN
        self._slots_of, self._slots = b"", [np.empty(0, np.int64)] * N_CHANNELS

    @property
    def scenario(self) -> Scenario:
        """What the run is made of, from the day on which it is set."""
        return self._scenario

    @scenario.setter
    def scenario(self, scenario: Scenario) -> None:
        self._scenario = scenario
        if isinstance(scenario, Scenario):  # Mesa sets one of its own first
            self.p = Parameters._make(map(scenario.parameters_for, Parameters._fields))
            self.rules = Rules.of(scenario.submodels.model_dump())

    @property
    def given(self) -> Any:
        """The parameters as kernels are given them: see `handed_over`."""
        if self._given[0] is not self.p:
            self._given = self.p, Parameters._make(map(handed_over, self.p))
        return self._given[1]

    @property
    def moment(self) -> Moment:
        """Seed and day."""
        if self._moment.day != self.day:
            self._moment = Moment(cast("int", self.seed), self.day)
        return self._moment

    @property
    def pool(self) -> ThreadPoolExecutor | None:
        """Threads that help this one with kernels over rows, None when there is one."""
        if self.threads <= 1:
            return None
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.threads - 1)
        return self._pool

    def __getstate__(self) -> dict[str, Any]:
        return {
            "_scenario": self._scenario,  # first: with it comes the code of the author's own classes
            **self.__dict__,
            "_pool": None,
            "_given": NONE_GIVEN,
        }

    def begin_day(self) -> None:
        """Forget yesterday's tallies; levers are neutral until a policy moves them."""
        self.allow(1)
        self.yesterday, self.today = self.today, Tally()
        self.books.happened.forget(self.consumers.n)
        if self.day == 0:
            for counter in ("harms", "criminalised", "treatment_days"):
                getattr(self.consumers.columns, counter)[:] = 0
        self.levers.reset()
        self.publicity *= self.p.enforcement.publicity_kept
        self.update_prior()

    def end_day(self) -> None:
        """Let go of the orders that closed today."""
        self.books.open_orders.drop(self.books.closed)
        self.books.due = self.books.closed = np.empty(0, np.int64)
        self.day += 1
        if self.day >= self.scenario.days:
            self.running = False

    def allow(self, days: float) -> None:
        """Raise a ValueError when so many days more are more than the columns of days hold."""
        left = LONGEST - self.scenario.burn_in - self.day
        if not days <= left:
            raise ValueError(
                f"a run has at most {LONGEST:,} days, burn-in included, which is what columns of days hold: {left:,} are left, not {days:,g}"
            )

    # agents ------------------------------------------------------------------------------------------------------
    def agents_of[A: mesa.Agent](self, kind: type[A]) -> AgentSet[A]:
        """Agents of a kind, of whichever class the scenario gives them."""
        return cast("AgentSet[A]", self.agents_by_type[self.agent_classes.get(kind, kind)])

    @property
    def platforms(self) -> AgentSet[Platform]:
        """Platforms, those that closed included."""
        return self.agents_of(Platform)

    @property
    def processors(self) -> AgentSet[PaymentProcessor]:
        """Payment processors."""
        return self.agents_of(PaymentProcessor)

    @property
    def agencies(self) -> AgentSet[Agency]:
        """Enforcement agencies: those of the first jurisdiction, those of the second, ..."""
        return self.agents_of(Agency)

    @property
    def suppliers(self) -> AgentSet[Supplier]:
        """Manufacturers and organised-crime groups."""
        return self.agents_of(Supplier)

    @property
    def treatment(self) -> AgentSet[TreatmentService]:
        """Treatment services, by jurisdiction."""
        return self.agents_of(TreatmentService)

    # platforms ---------------------------------------------------------------------------------------------------
    def open_slots(self, channel: Channel) -> np.ndarray:
        """Slots of the open platforms of a channel."""
        t, n = self.platform_table.columns, self.platform_table.n
        status = t.status[:n].tobytes()
        if status != self._slots_of:
            self._slots_of = status
            is_open = (t.status[:n] == PlatformStatus.OPEN) | (t.status[:n] == PlatformStatus.COVERT)
            self._slots = [((t.channel[:n] == c) & is_open).nonzero()[0] for c in range(N_CHANNELS)]
        return self._slots[channel]

    def crypto_slots(self) -> np.ndarray:
        """Slots of the open cryptomarkets."""
        return self.open_slots(Channel.CRYPTOMARKET)

    def crypto_trade(self) -> float:
        """Orders a day on all open cryptomarkets, 7-day mean."""
        return float(self.platform_table.columns.trade7[self.crypto_slots()].sum())

    def trade_shares(self, slots: np.ndarray, trade: np.ndarray | None = None) -> np.ndarray:
        """Share of these platforms in their common ``trade``, by default the 7-day mean."""
        shares = np.empty(len(slots))
        share_trade(slots, self.platform_table.columns.trade7 if trade is None else trade, shares)
        return shares

    def update_prior(self) -> None:
        """Public trust in cryptomarkets: it grows with age and with the market's trade."""
        p, t, n = self.p.platforms, self.platform_table.columns, self.platform_table.n
        if len(self.trade.prior) < self.platform_table.capacity:
            self.trade.prior = np.zeros(self.platform_table.capacity)
        young = np.exp(np.minimum(t.open_day[:n] - float(self.day), 0.0) / p.trust_days)
        trust_platforms(
            young, t.trade180, self.scenario.weight, p.trust_orders, (p.trust_first, p.trust_last), self.trade.prior
        )

    def cooperation_today(self) -> np.ndarray:
        """(J, J) how far jurisdictions work together: between two who joined a treaty, part of what was missing is made up."""
        together, usual = self.levers.cooperation, self.world.cooperation
        return usual + (1.0 - usual) * together if together.any() else usual

    # consumers ---------------------------------------------------------------------------------------------------
    def refer(self, who: np.ndarray) -> None:
        """Refer consumers to services: those who are dependent ask for treatment today."""
        if len(who):
            self.today.referrals += len(who)
            p, c = self.p.services, self.consumers.columns
            c.support_knowledge[who] += p.referral_support * (1.0 - c.support_knowledge[who])
            c.stigma[who] = np.maximum(c.stigma[who] - p.referral_trust, 0.0)
            c.trust_police[who] = np.minimum(c.trust_police[who] + p.referral_trust, 1.0)
            self.care.referred = np.concatenate(
                [self.care.referred, who[c.dependence[who] >= self.p.consumption.dependent_from]]
            )
            self.consumer_events(EventKind.REFERRAL, who)

    def credit_agencies(self, target: int, credit: np.ndarray) -> None:
        """Credit the agencies of each jurisdiction with what was done there about a target; ``credit`` (J,)."""
        self.policing.records.credit[:, target] += credit[self.policing.where]

    # events ------------------------------------------------------------------------------------------------------
    def event(
        self,
        kind: EventKind,
        subject: int | np.ndarray,
        agency: int = -1,
        policy: str = "",
        cause: str | Causes = "",
        amount: float | np.ndarray = 1.0,
    ) -> None:
        """Write an event, or one for each of several subjects."""
        if self.books.events.wanted:
            self.books.events.add(self.day, kind, subject, agency, policy, cause, amount)

    def consumer_events(self, kind: EventKind, who: np.ndarray, policy: str = "", cause: str | Causes = "") -> None:
        """Write one event per consumer."""
        self.books.happened.note(kind, who)
        if len(who):
            self.event(kind, who, policy=policy, cause=cause)
