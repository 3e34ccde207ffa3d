"""The statistics on which the model and its plain twin are compared, from orders and a few facts about the end of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

SETTLING = 35
"""Days at the end of a run whose orders may be under way still; orders of those days are left out."""

CHANNELS = ("licensed_pharmacy", "illicit_pharmacy", "social_app", "cryptomarket", "direct", "street")
POSTED = ("illicit_pharmacy", "social_app", "cryptomarket", "direct")


@dataclass(frozen=True)
class Run:
    """What is taken from a run of either side.

    Attributes
    ----------
    orders
        Settled orders, burn-in included: day, consumer, vendor, channel, price_usd, outcome, rating, content.
    consumers, days
        Size of the world, and days from day 0 on.
    reputation, log_price
        Of every vendor but licensed pharmacies, at the end.
    facts
        Shares of consumers at the end: active on cryptomarkets, considering an online source, with a direct tie.
    """

    orders: pd.DataFrame
    consumers: int
    days: int
    reputation: np.ndarray
    log_price: np.ndarray
    facts: dict[str, float]


def statistics(run: Run) -> dict[str, float]:
    """Every statistic of a run."""
    orders = run.orders.sort_values("day", kind="stable")
    orders = orders.assign(first=~orders.duplicated(["consumer", "vendor"]))
    last = run.days - SETTLING
    orders = orders[(orders["day"] >= 0) & (orders["day"] < last)]
    return {
        "orders per consumer-year": 365.0 * len(orders) / (run.consumers * last),
        **channels(orders),
        **prices(orders),
        **fates(orders),
        **ties(orders),
        "mean reputation": float(run.reputation.mean()),
        "mean log price": float(run.log_price.mean()),
        **run.facts,
    }


def channels(orders: pd.DataFrame) -> dict[str, float]:
    """Share of orders by channel."""
    share = orders["channel"].value_counts(normalize=True)
    return {f"share {channel.replace('_', ' ')}": float(share.get(channel, 0.0)) for channel in CHANNELS}


def prices(orders: pd.DataFrame) -> dict[str, float]:
    """What an order costs."""
    p10, p50, p90 = np.quantile(orders["price_usd"], [0.1, 0.5, 0.9])
    return {
        "p10 order price, USD": float(p10),
        "median order price, USD": float(p50),
        "p90 order price, USD": float(p90),
    }


def fates(orders: pd.DataFrame) -> dict[str, float]:
    """What becomes of orders, and what is said of them."""
    posted = orders[orders["channel"].isin(POSTED)]
    market = orders[orders["channel"] == "cryptomarket"]
    rated = orders["rating"].dropna()
    return {
        "delivered": float((orders["outcome"] == "delivered").mean()),
        "seized, of posted": float((posted["outcome"] == "seized").mean()),
        "scammed": float((orders["outcome"] == "scammed").mean()),
        "refunded, of market orders": float((market["outcome"] == "refunded").mean()),
        "rated": float(len(rated) / len(orders)),
        "five stars": float((rated == 5).mean()),
        "not as sold": float((orders["content"].dropna() != "as_sold").mean()),
    }


def ties(orders: pd.DataFrame) -> dict[str, float]:
    """Whom people buy from: loyalty, variety and concentration."""
    pairs = orders.groupby(["consumer", "vendor"], observed=True).size()
    by_consumer = pairs.groupby("consumer")
    total, most = by_consumer.sum(), by_consumer.max()
    repeat = total >= 5
    sold = orders[orders["channel"] == "cryptomarket"].groupby("vendor", observed=True).size().to_numpy()
    return {
        "first orders of a pair": float(orders["first"].mean()),
        "share of main vendor": float((most[repeat] / total[repeat]).mean()),
        "vendors of repeat buyers": float(by_consumer.size()[repeat].mean()),
        "top tenth of market vendors": top_share(sold),
        "top tenth of buyers": top_share(total.to_numpy()),
    }


def top_share(counts: np.ndarray, share: float = 0.1) -> float:
    """Share of the total that the largest ``share`` of the counts hold."""
    ordered = np.sort(counts)[::-1]
    if not len(ordered):
        return float("nan")
    return float(ordered[: max(1, round(share * len(ordered)))].sum() / ordered.sum())
