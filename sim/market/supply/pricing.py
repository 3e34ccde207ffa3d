"""Prices cover what an order costs its vendor: the goods, the time, the risk of arrest, what is lost; stock and reputation move them.

Compensation for risk is part of the price (Reuter and Kleiman 1986, Risks and Prices); vendors differ in what they ask for it and for their time. What costs
vendors more than it brings is passed on dollar for dollar, and each can see what a channel pays: nothing pulls a price back to where it once was. The rival
(`submodels.prices`), which was the rule before, anchors prices at the usual level: of a change of cost the share of the goods is passed on, and risk and
losses are nobody's concern.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import N_CHANNELS, Channel, Prices, VendorKind
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.beliefs import beta_reputation
from sim.market.blocks import over_rows
from sim.market.books import DUE, GOT, KEPT
from sim.market.views import narrow

if TYPE_CHECKING:
    from sim.market.state import MarketState

LICENSED, ANCHORED = int(VendorKind.LICENSED_PHARMACY), int(Prices.ANCHORED)
APP, CRYPTO, DIRECT = int(Channel.SOCIAL_APP), int(Channel.CRYPTOMARKET), int(Channel.DIRECT)
MONTH = 30.0
FARTHEST = 3.0
"""Log price beyond which nobody goes, so that columns hold it."""
LEAST_SALES = 0.01
"""Orders or USD a day by which nothing is divided or weighed at nothing."""
LEAST_KEPT = 0.1
"""Share of what is due that vendors get at the least: where more is lost, nobody reckons any more."""


class Costs(NamedTuple):
    """What vendors reckon with; by channel (C,)."""

    risk: np.ndarray  # compensation for the risk of arrest with an order, as a share of its usual price
    kept: np.ndarray  # share of what is due after commission that vendors get: not refunded, seized, stolen
    goods: float  # share of the usual price that buys the goods again, at usual purity
    usual_purity: float
    stock_days: float
    stock_floor: float
    good: float  # ratings that a newcomer is worth; likewise the next one
    bad: float
    rule: int  # `Prices`


@inner
def unit_price(goods: float, labour: float, risk: float, kept: float) -> float:
    """Price that covers an order, relative to the usual one: what the goods cost, the time and the risk, over the share of the price that is got."""
    return (goods + labour + risk) / kept


@inner
def anchored_price(goods: float, usual: float) -> float:
    """Log price around the usual one, 0: where goods cost more than the ``usual`` share of it, so much of the change is passed on as they are of the price."""
    return usual * math.log(max(goods, LEAST_SALES) / usual)


@inner
def pressure(recent: float, stock: float, costs: Costs) -> float:
    """Log of the stock that a vendor wants over the stock at hand: above 0 where goods are short, below where they do not sell."""
    wanted = max(costs.stock_floor, costs.stock_days * recent)
    return math.log((wanted + 1.0) / (stock + 1.0))


@kernel
def reprice(lo: int, hi: int, vendors: Any, costs: Costs, given: np.ndarray) -> None:
    """Move the log price of every live vendor of ``lo:hi`` a step towards its aim."""
    p = given[0]
    for v in range(lo, hi):
        if vendors.alive[v] == 0 or vendors.kind[v] == LICENSED:
            continue
        positive, negative = 0.0, 0.0
        for a in range(vendors.positive.shape[1]):
            positive += vendors.positive[v, a]
            negative += vendors.negative[v, a]
        r = beta_reputation(positive, negative, costs.good, costs.bad)
        channel = vendors.channel[v]
        goods = costs.goods * vendors.unit_cost[v]
        if channel >= APP:
            goods *= vendors.purity[v] / costs.usual_purity  # who cuts needs less of it
        if costs.rule == ANCHORED:
            aim = anchored_price(goods, costs.goods)
        else:
            asks = vendors.asks[v]
            aim = math.log(unit_price(goods, asks * p.labour, asks * costs.risk[channel], costs.kept[channel]))
        aim += p.reputation_premium * math.log(r) + p.scarcity * pressure(vendors.recent[v], vendors.stock[v], costs)
        vendors.log_price[v] += p.speed * (min(max(aim, -FARTHEST), FARTHEST) - vendors.log_price[v])


@kernel
def mean_prices(n: int, vendors: Any, weight: np.ndarray, total: np.ndarray, level: np.ndarray) -> None:
    """Mean log price by channel, weighted by recent sales; channels in which nobody sells keep theirs. ``weight`` and ``total`` are zeros (C,) to work in."""
    for v in range(n):
        if vendors.alive[v] == 1:
            w = float(vendors.recent[v] + np.float32(LEAST_SALES))
            weight[vendors.channel[v]] += w
            total[vendors.channel[v]] += w * vendors.log_price[v]
    for c in range(len(level)):
        if weight[c] > 0.0:
            level[c] = total[c] / weight[c]


@kernel
def share_kept(settled: np.ndarray, kept: np.ndarray) -> None:
    """Fill ``kept`` (C,) with the share of what was due (``settled``, (C, 2)) that vendors got, all of it where nothing was."""
    for c in range(len(kept)):
        due = settled[c, DUE]
        kept[c] = min(max(settled[c, GOT] / due if due > 0.0 else 1.0, LEAST_KEPT), 1.0)


class Paid(NamedTuple):
    """What a day brought to the vendors of each channel."""

    settled: np.ndarray  # (C, 2) cents that were due to them, and those that they got
    missed: np.ndarray  # (C,) orders for which no vendor or no stock was found
    order: np.ndarray  # (C,) cents that a vendor keeps of a mean order
    days: float  # over which means are taken


@kernel
def follow_takings(
    n: int,
    alive: np.ndarray,
    channel: np.ndarray,
    paid: Paid,
    kept: float,
    income: np.ndarray,
    missed: np.ndarray,
    settled: np.ndarray,
) -> None:
    """Let mean ``income`` and takings ``missed`` (C,), USD a vendor, and what was ``settled`` (C, 2), which fades, follow a day."""
    for c in range(len(income)):
        sellers = 0.0
        for v in range(n):
            sellers += alive[v] if channel[v] == c else 0
        sellers = max(sellers, 1.0)
        due, got = np.float64(paid.settled[c, DUE]), np.float64(paid.settled[c, GOT])
        if c == CRYPTO:  # those who deal directly are vendors of cryptomarkets
            due, got = due + paid.settled[DIRECT, DUE], got + paid.settled[DIRECT, GOT]
        elif c == DIRECT:
            due, got = 0.0, 0.0
        income[c] += (got / 100.0 / sellers - income[c]) / paid.days
        missed[c] += (paid.missed[c] * paid.order[c] / 100.0 / sellers - missed[c]) / paid.days
        settled[c, DUE] = settled[c, DUE] * kept + due
        settled[c, GOT] = settled[c, GOT] * kept + got


def reckon(state: MarketState) -> None:
    """What yesterday taught vendors about what a channel pays: takings per vendor, those missed, and the share of what was due that they got."""
    v, n, trade, day = state.vendors.columns, state.vendors.n, state.trade, state.yesterday
    days = min(MONTH, state.day + state.scenario.burn_in + 1.0)
    paid = Paid(day.settled, day.missed, trade.mean_order(KEPT), days)
    kept = state.p.learning.forgetting ** (1.0 / MONTH)
    follow_takings(n, v.alive, v.channel, paid, kept, trade.income, trade.turned_away, trade.settled)


def costs_today(state: MarketState) -> Costs:
    """What vendors reckon with today."""
    p, trade = state.p, state.trade
    usual = np.maximum(
        trade.income / np.exp(trade.price_level), LEAST_SALES
    )  # USD a day of a vendor's orders at usual prices
    risk = p.pricing.arrest_cost * state.policing.vendor_risk / MONTH / usual
    kept = np.empty(N_CHANNELS)
    share_kept(trade.settled, kept)
    return Costs(
        risk, kept, p.supply.upstream_share, p.shipping.usual_purity, p.supply.stock_days, p.supply.stock_floor,
        p.choice.reputation_good, p.choice.reputation_bad, state.rules.prices,
    )  # fmt: skip


def price(state: MarketState) -> None:
    """Phase 5: vendors reprice; the mean log price by channel, weighted by recent sales, is what consumers reckon with tomorrow."""
    reckon(state)
    v = state.vendors
    sellers = narrow(v.columns, views.PricingVendors)
    over_rows(state.pool, reprice, v.n, sellers, costs_today(state), state.given.pricing)
    level = state.trade.price_level
    mean_prices(v.n, sellers, np.zeros(N_CHANNELS), np.zeros(N_CHANNELS), level)
    level[DIRECT] = level[CRYPTO]  # the same vendors, who ask the same
