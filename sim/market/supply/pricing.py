"""Prices: a vendor's price moves towards what reputation, cost, scarcity and competition suggest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import N_CHANNELS, VendorKind
from sim.agents.vendors import ACCOUNTS
from sim.evidence.groups import PricingParameters
from sim.kernels import kernel
from sim.market import views
from sim.market.beliefs import beta_reputation
from sim.market.views import narrow

if TYPE_CHECKING:
    from sim.market.state import MarketState

LICENSED = int(VendorKind.LICENSED_PHARMACY)


@kernel
def reprice(
    n: int, vendors: Any, level: np.ndarray, stock_days: float, good: float, bad: float, p: PricingParameters
) -> None:
    """Move every live vendor's log price a step towards its aim. ``level`` is the mean log price by channel."""
    for v in range(n):
        if vendors.alive[v] == 0 or vendors.kind[v] == LICENSED:
            continue
        positive, negative = 0.0, 0.0
        for a in range(ACCOUNTS):
            positive += vendors.positive[v, a]
            negative += vendors.negative[v, a]
        r = beta_reputation(positive, negative, good, bad)
        days_left = (vendors.stock[v] + 1.0) / (vendors.recent[v] + 0.1)
        aim = (
            vendors.price_level[v]
            + p.reputation_premium * math.log(r)
            + p.pass_through * math.log(max(vendors.unit_cost[v], 0.05))
        )
        aim += (
            p.scarcity
            * min(1.0, max(-0.5, math.log(stock_days / days_left)))
            * (1.0 if vendors.recent[v] > 0.2 else 0.0)
        )
        aim += p.competition * (level[vendors.channel[v]] - vendors.log_price[v])
        vendors.log_price[v] += p.speed * (min(max(aim, -3.0), 3.0) - vendors.log_price[v])


@kernel
def mean_prices(n: int, vendors: Any, weight: np.ndarray, total: np.ndarray, level: np.ndarray) -> None:
    """Mean log price by channel, weighted by recent sales; channels in which nobody sells keep theirs. ``weight`` and ``total`` are zeros (C,) to work in."""
    for v in range(n):
        if vendors.alive[v] == 1:
            w = float(vendors.recent[v] + np.float32(0.01))
            weight[vendors.channel[v]] += w
            total[vendors.channel[v]] += w * vendors.log_price[v]
    for c in range(len(level)):
        if weight[c] > 0.0:
            level[c] = total[c] / weight[c]


def price(state: MarketState) -> None:
    """Phase 5: vendors reprice; the mean log price by channel, weighted by recent sales, is what consumers reckon with tomorrow."""
    v, c = state.vendors, state.p.choice
    sellers = narrow(v.columns, views.PricingVendors)
    reprice(
        v.n,
        sellers,
        state.trade.price_level,
        state.p.supply.stock_days,
        c.reputation_good,
        c.reputation_bad,
        state.p.pricing,
    )
    mean_prices(v.n, sellers, np.zeros(N_CHANNELS), np.zeros(N_CHANNELS), state.trade.price_level)
