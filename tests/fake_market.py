"""A market of made-up numbers with planted effects, for tests of what surrounds the model."""

from __future__ import annotations

import os
import resource
import time

import numpy as np
import pandas as pd

from sim.measures.dictionary import outcome, outcomes, tables
from sim.scenario import Scenario

LEVELS = {"share": 0.2, "USD": 5_000.0, "index": 0.6, "days": 40.0}
EFFECTS = {
    "closure": {
        "orders": -0.10,
        "orders_cryptomarket": -0.40,
        "share_cryptomarket": -0.05,
        "share_street": 0.05,
        "officer_days": 3.0,
        "policy_cost_usd": 0.5,
    },
    "advice": {"deaths_expected": -0.04, "overdoses_expected": -0.04, "trust_in_police": 0.02},
}
"""Planted effects by scenario name, as a share of the level (for shares: added)."""


def world(name: str = "baseline", **fields) -> Scenario:
    """A small scenario under a name that `EFFECTS` may know."""
    return Scenario(**{"name": name, "consumers": 300, "days": 20, "burn_in": 5, **fields})


class FakeMarket:
    """Daily outcomes of known level and effect; noise that all scenarios of a seed share and a little of their own."""

    def __init__(self, scenario, rng=None, consumers=None, threads=1, tables=(), audit=False):
        self.scenario, self.seed, self.tables = scenario, rng, tables
        self.weight = scenario.weight
        self.day = -scenario.burn_in

    def run_for(self, duration):
        self.day += int(duration)

    def daily(self):
        names = [spec.name for spec in outcomes().values() if not spec.paired]
        days = self.day
        common = np.random.default_rng(self.seed)
        own = np.random.default_rng([self.seed or 0, sum(map(ord, self.scenario.name))])
        planted = EFFECTS.get(self.scenario.name, {})
        frame = {}
        for name in names:
            unit = outcomes()[name].unit
            level = LEVELS.get(unit, 50.0)
            if unit == "share":
                values = level + planted.get(name, 0.0) + common.normal(0, 0.01, days)
            else:
                values = level * (1 + planted.get(name, 0.0)) + common.normal(0, level / 5, days)
            if name in planted:
                values = values + own.normal(0, abs(level * 0.01), days)
            else:
                own.normal(size=days)
            frame[name] = values
        frame["share_from_europe"] = np.full(days, 0.6 if "share_cryptomarket" in planted else 0.5)
        frame["share_from_oceania"] = 1 - frame["share_from_europe"]
        return pd.DataFrame(frame, index=pd.RangeIndex(days, name="day"))

    def outcomes(self):
        daily = self.daily()
        return {
            name: float(daily[name].sum() if outcome(name).aggregate == "sum" else daily[name].mean()) for name in daily
        }

    def table(self, name):
        assert name in self.tables
        return pd.DataFrame({column: [1, 2] for column in tables()[name]})


class FailingMarket(FakeMarket):
    """Breaks off on its third day if the seed is 2."""

    def run_for(self, duration):
        super().run_for(duration)
        if self.seed == 2 and self.day > -3:
            raise ValueError("more parcels than orders")


class DyingMarket(FakeMarket):
    """Its process vanishes if the seed is 2."""

    def run_for(self, duration):
        super().run_for(duration)
        if self.seed == 2:
            os._exit(9)


class SlowMarket(FakeMarket):
    """Takes a while for a run: as many seconds as the environment variable FAKE_MARKET_SLEEP says."""

    def __init__(self, scenario, rng=None, **options):
        super().__init__(scenario, rng, **options)
        time.sleep(float(os.environ.get("FAKE_MARKET_SLEEP", "0")))


class FullDisk(FakeMarket):
    """From its second seed on, files of this process can have 3,000 bytes."""

    def run_for(self, duration):
        super().run_for(duration)
        if self.seed > 1 and self.scenario.consumers > 200:
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
