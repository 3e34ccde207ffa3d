"""A run of the model and a run of its plain twin, in the same terms."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.statistics import CHANNELS, Run

if TYPE_CHECKING:
    from sim.scenario import Scenario

LICENSED = 4
"""Kind of licensed pharmacies in the model's vendor columns."""


def run_model(scenario: Scenario, seed: int) -> Run:
    """Run `sim`; what is said of people at the end is said of those who were there at the start, as in the twin, where nobody comes or goes."""
    from sim.agents.codes import Considering
    from sim.model import MarketModel

    model = MarketModel(scenario, rng=seed, tables=("orders",))
    born = model.consumers.get("born").copy()
    model.run_for(scenario.burn_in + scenario.days)
    vendors, consumers, p = model.vendors, model.consumers, model.p.choice
    good, bad = vendors.get("positive").sum(axis=1), vendors.get("negative").sum(axis=1)
    reputation = (good + p.reputation_good) / (good + bad + p.reputation_good + p.reputation_bad)
    illicit = (vendors.get("kind") != LICENSED) & (vendors.get("alive") == 1)
    stayed = consumers.get("born") == born
    return Run(
        orders=model.table("orders"),
        consumers=len(consumers),
        days=scenario.days,
        reputation=reputation[illicit],
        log_price=vendors.get("log_price")[illicit],
        sellers=dict(Counter(CHANNELS[channel] for channel in vendors.get("channel")[vendors.get("alive") == 1])),
        facts={
            "active on cryptomarkets": float(np.mean(consumers.get("market_state")[stayed] == 1)),
            "buying online": float(np.mean(consumers.get("considering")[stayed] >= Considering.BOUGHT)),
            "with a direct tie": float(np.mean((consumers.get("tie")[stayed] == 1).any(axis=1))),
        },
    )


def run_twin(scenario: Scenario, seed: int) -> Run:
    """Run the plain twin."""
    from benchmarks.plain_mesa import PlainMarket

    model = PlainMarket(scenario, rng=seed)
    model.run_for(scenario.burn_in + scenario.days)
    illicit = [vendor for vendor in model.vendors if vendor.channel != "licensed_pharmacy"]
    consumers = list(model.consumers)
    return Run(
        orders=order_table(model.closed),
        consumers=len(consumers),
        days=scenario.days,
        reputation=np.array([vendor.reputation for vendor in illicit]),
        log_price=np.array([vendor.log_price for vendor in illicit]),
        sellers=dict(Counter(vendor.channel for vendor in model.vendors)),
        facts={
            "active on cryptomarkets": float(np.mean([c.market_state == "active" for c in consumers])),
            "buying online": float(np.mean([c.considering == 2 for c in consumers])),
            "with a direct tie": float(np.mean([any(t.direct for t in c.vendors.ties) for c in consumers])),
        },
    )


def order_table(orders: list) -> pd.DataFrame:
    """The twin's settled orders with the columns and words of the model's table."""
    return pd.DataFrame({
        "day": [o.day for o in orders],
        "consumer": [o.consumer.unique_id for o in orders],
        "vendor": [o.vendor.unique_id for o in orders],
        "channel": [o.channel for o in orders],
        "price_usd": [o.price for o in orders],
        "outcome": [o.fate for o in orders],
        "settlement": ["refunded" if o.refunded else "paid" for o in orders],
        "rating": pd.array([o.rating for o in orders], "Float64").astype(float),
        "content": [("as_sold" if o.as_sold else "not_as_sold") if o.arrived else None for o in orders],
    })  # fmt: skip
