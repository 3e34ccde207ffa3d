"""The market: one day, phase by phase. `MarketModel` is a Mesa model; the rules live in `sim.market`, the actors in `sim.agents`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import mesa
import numpy as np
import pandas as pd

from sim.agents.levers import Levers
from sim.evidence.parameters import load_parameters
from sim.market.choice.choice import choice
from sim.market.demand.demand import demand
from sim.market.enforcement.arrests import arrest
from sim.market.enforcement.enforcement import enforce, run_covertly, take_down
from sim.market.entry_exit.entry import platform_entry, vendor_entry
from sim.market.entry_exit.exit import abandon, platform_exits
from sim.market.entry_exit.news import spread_news
from sim.market.entry_exit.vendor_exit import vendor_moves
from sim.market.health.consumption import consumption
from sim.market.learning.learning import learning
from sim.market.state import MarketState
from sim.market.supply.pricing import price
from sim.market.supply.supply import supply
from sim.market.trade.checkout import checkout
from sim.market.trade.shipping import shipping
from sim.measures.recorder import Recorder
from sim.policies.base import apply_policies
from sim.scenario import Scenario
from sim.world import build


class MarketModel(MarketState, mesa.Model):
    """A market of consumers, vendors, platforms, processors, agencies, suppliers, intermediaries and services.

    Parameters
    ----------
    scenario
        What the run is made of: a `Scenario`, or what `Scenario.load` takes.
    rng
        Seed, 64 bits; the scenario's by default.
    threads
        Threads inside the day; results do not depend on it.
    tables
        Event-level tables to keep: any of ``orders``, ``platforms``, ``events``, ``accounts``, ``networks``; ``vendors``, ``consumers`` and ``daily`` are
        always there.
    audit
        Check every conservation identity daily.

    Examples
    --------
    >>> model = MarketModel("baseline", rng=1)  # doctest: +SKIP
    >>> model.run_for(365)  # doctest: +SKIP
    """

    def __init__(
        self,
        scenario: Scenario | str = "baseline",
        rng: int | None = None,
        *,
        threads: int = 1,
        tables: tuple[str, ...] = (),
        audit: bool = False,
    ) -> None:
        loaded = Scenario.load(scenario)
        seed = loaded.seed if rng is None else int(rng)
        super().__init__(rng=np.random.default_rng(0))
        self.scenario = loaded
        self.agent_classes = loaded.agent_classes()
        self.seed = np.uint64(seed)
        self.day = -loaded.burn_in
        self.threads = threads
        self.p = SimpleNamespace(**{group: loaded.parameters_for(group) for group in load_parameters().groups})
        self.levers = Levers(len(loaded.jurisdictions))
        self.start(tables)
        build(self)
        self.recorder = Recorder(self, tables, audit)
        self.ready()

    @property
    def scenario(self) -> Scenario:
        """What the run is made of."""
        return self._scenario

    @scenario.setter
    def scenario(self, scenario: Scenario) -> None:
        self._scenario = scenario

    def step(self) -> None:
        """One day: policies, enforcement, entry and exit, supply, prices, demand, choice, checkout, shipping, consumption, learning, measures."""
        self.begin_day()
        apply_policies(self)
        enforce(self)
        platform_entry(self)
        platform_exits(self)
        vendor_entry(self)
        vendor_moves(self)
        spread_news(self)
        supply(self)
        price(self)
        needs = demand(self)
        choices = choice(self, needs)
        rows = checkout(self, needs, choices)
        shipping(self, rows)
        consumption(self)
        learning(self)
        self.recorder.record(self)
        self.day += 1

    def take_down(self, slot: int, publicity: float, policy: str = "", operators: bool = True) -> None:
        """Let police seize the platform in ``slot`` today; see `sim.market.enforcement.enforcement.take_down`."""
        take_down(self, slot, publicity, policy=policy, operators=operators)

    def run_covertly(self, slot: int, until: int, publicity: float, policy: str = "") -> None:
        """Let police run the platform in ``slot`` and close it on day ``until``."""
        run_covertly(self, slot, until, publicity, policy)

    def abandon(self, slot: int, scam: bool, publicity: float, policy: str = "") -> None:
        """Let the operator of the cryptomarket in ``slot`` leave today; a ``scam`` keeps what falls due from today on and closes it days later."""
        abandon(self, slot, scam, publicity, policy)

    def arrest(self, vendors: np.ndarray, policy: str = "") -> None:
        """Let police arrest vendors (rows)."""
        arrest(self, vendors, policy)

    def daily(self) -> pd.DataFrame:
        """Every outcome, one row a day from day 0 on."""
        return self.recorder.daily()

    def table(self, name: str) -> pd.DataFrame:
        """One of the tables: orders, platforms, vendors, accounts, consumers, events, networks, daily.

        Raises
        ------
        ValueError
            When there is no such table, or it was not asked for when the model was made.
        """
        return self.recorder.table(self, name)

    def outcomes(self) -> dict[str, float]:
        """Every outcome of the run from day 0 on: sums, means or last values as the dictionary says."""
        return self.recorder.outcomes()

    @property
    def weight(self) -> float:
        """Real people whom one simulated consumer stands for."""
        return self.scenario.weight

    @property
    def pool(self) -> ThreadPoolExecutor | None:
        """Threads that help this one with kernels over rows, None when there is one."""
        if self.threads <= 1:
            return None
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.threads - 1)
        return self._pool

    def __getstate__(self) -> dict[str, Any]:
        state = {
            "_scenario": self._scenario,
            **self.__dict__,
        }  # first: with it comes the code of the author's own classes
        state["_pool"] = None
        return state
