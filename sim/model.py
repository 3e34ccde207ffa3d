"""The market: one day, phase by phase. `MarketModel` is a Mesa model; the rules live in `sim.market`, the actors in `sim.agents`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pandas as pd

from sim.market.choice.choice import choice
from sim.market.demand.demand import demand
from sim.market.enforcement.enforcement import enforce
from sim.market.entry_exit.entry import platform_entry, vendor_entry
from sim.market.entry_exit.exit import platform_exits
from sim.market.entry_exit.vendor_exit import vendor_moves
from sim.market.health.consumption import consumption
from sim.market.learning.fear import spread_news
from sim.market.learning.learning import learning
from sim.market.people.come_and_go import come_and_go
from sim.market.state import MarketState
from sim.market.supply.pricing import price
from sim.market.supply.supply import supply
from sim.market.trade.checkout import checkout
from sim.market.trade.shipping import shipping
from sim.measures.kept.collector import Outcomes
from sim.measures.kept.recorder import Recorder
from sim.policies.plan import Plan, apply_policies
from sim.population import Column
from sim.scenario import Scenario
from sim.streams import seed_from
from sim.world import build


class MarketModel(MarketState):
    """A market of consumers, vendors, platforms, processors, agencies, suppliers, intermediaries and services.

    Parameters
    ----------
    scenario
        What the run is made of: a `Scenario`, or what `Scenario.load` takes.
    rng
        Seed, 64 bits, kept as ``seed``; as in Mesa, None is a fresh one, and a list of numbers, a SeedSequence or a Generator of NumPy will do.
        ``"scenario"`` asks for the seed that the scenario names.
    threads
        Threads inside the day; results do not depend on it.
    tables
        Event-level tables to keep: any of ``orders``, ``platforms``, ``events``, ``accounts``, ``networks``, ``doses``; ``vendors``, ``consumers``, ``policies`` and
        ``daily`` are always there.
    audit
        Check every conservation identity daily.
    by
        Groupings by which outcomes are kept too: ``jurisdiction``, ``segment``, ``age``, ``sex``, ``channel``, ``substance``, or several of them
        crossed, with colons between.
    columns
        Columns of your own, by kind of agent (consumers, vendors, platforms, suppliers) and name, beside those that the scenario declares.
    folder
        Folder into which the rows of ``orders`` and ``platforms`` go as they come, so that memory does not grow with the run; None keeps them in memory.

    Examples
    --------
    >>> model = MarketModel("baseline", rng=1)  # doctest: +SKIP
    >>> model.run_for(365)  # doctest: +SKIP
    """

    def __init__(
        self,
        scenario: Scenario | str = "baseline",
        rng: Any = None,
        *,
        threads: int = 1,
        tables: tuple[str, ...] = (),
        audit: bool = False,
        by: tuple[str, ...] = (),
        columns: Mapping[str, Mapping[str, Column]] | None = None,
        folder: Path | None = None,
    ) -> None:
        loaded = Scenario.load(scenario)
        if columns:
            loaded = loaded.with_(columns=columns)
        seed = seed_from(rng, loaded.seed)
        events = "events" in tables or "all" in tables
        super().__init__(loaded, seed, np.random.default_rng(0), threads=threads, events=events)
        build(self)
        self.books.happened.kept, self.books.doses.kept = bool(by), "doses" in tables or "all" in tables
        self.recorder = Recorder(self, tables, audit, by, folder)
        self.policy_plan = Plan()
        self._collector: mesa.DataCollector | None = None

    def step(self) -> None:
        """One day: policies, enforcement, entry and exit, supply, prices, demand, choice, checkout, shipping, consumption, learning, measures."""
        self.begin_day()
        apply_policies(self, self.policy_plan, self.recorder)
        enforce(self)
        come_and_go(self)
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
        self.end_day()

    def run_for(self, duration: float) -> None:
        """Run so many days.

        Raises
        ------
        ValueError
            When the run would be longer than a run can be.
        """
        self.allow(duration)
        super().run_for(duration)

    def run_until(self, end_time: float) -> None:
        """Run until so many days have passed since the beginning of burn-in; see `run_for`."""
        self.allow(end_time - self.time)
        super().run_until(end_time)

    @property
    def datacollector(self) -> mesa.DataCollector:
        """A collector of the daily outcomes, which the model keeps anyway; or the one of your own that was put in its place."""
        if self._collector is None:
            self._collector = Outcomes(self.recorder, self.scenario.burn_in, int(self.seed))
        return self._collector

    @datacollector.setter
    def datacollector(self, collector: mesa.DataCollector) -> None:
        self._collector = collector

    def series(self) -> dict[str, np.ndarray]:
        """(days,) of each outcome from day 0 on."""
        return self.recorder.series()

    def daily(self) -> pd.DataFrame:
        """Every outcome, one row a day from day 0 on."""
        return self.recorder.daily()

    def table(self, name: str) -> pd.DataFrame:
        """One of the tables: orders, platforms, vendors, accounts, consumers, events, networks, doses, policies, daily.

        Raises
        ------
        ValueError
            When there is no such table, or it was not asked for when the model was made.
        """
        if name == "policies":
            return self.policy_plan.table(self.weight)
        return self.recorder.table(self, name)

    def outcomes(self) -> dict[str, float]:
        """Every outcome of the run from day 0 on: sums, means or last values as the dictionary says."""
        return self.recorder.outcomes()

    @property
    def weight(self) -> float:
        """Real people whom one simulated consumer stands for."""
        return self.scenario.weight
