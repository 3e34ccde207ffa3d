"""What the model and its plain twin are compared by: statistics of the orders of a run and facts about its end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

SETTLING = 27
"""Days at the end of a run whose orders may be under way still; orders of those days are left out."""

CHANNELS = ("licensed_pharmacy", "illicit_pharmacy", "social_app", "cryptomarket", "direct", "street")
GOOD = 4
"""Stars from which a rating is a good one."""
POSTED = ("illicit_pharmacy", "social_app", "cryptomarket", "direct")


MARGINS = {
    "orders per consumer-year": 0.05,
    "share licensed pharmacy": 0.12,
    "share illicit pharmacy": 0.15,
    "share social app": 0.12,
    "share cryptomarket": 0.08,
    "share street": 0.04,
    "market buyers who deal directly": 0.12,
    "p10 order price": 0.10,
    "median order price": 0.10,
    "p90 order price": 0.10,
    "delivered": 0.02,
    "seized, of posted": 0.12,
    "scammed": 0.20,
    "refunded, of market orders": 0.20,
    "rated, of market orders that came": 0.02,
    "rated, of those that did not": 0.10,
    "five stars": 0.02,
    "bad ratings of new choices": 0.10,
    "not as sold": 0.10,
    "first orders of a pair": 0.04,
    "share of main vendor": 0.04,
    "vendors of repeat buyers": 0.04,
    "top tenth of market vendors": 0.12,
    "top tenth of street vendors": 0.08,
    "top tenth of buyers": 0.04,
    "mean reputation": 0.01,
    "mean price level": 0.02,
    "active on cryptomarkets": 0.04,
    "buying online": 0.04,
    "with a direct tie": 0.08,
}
"""How far the sides may differ, as a share of the twin's mean: what would not change a reader's conclusion.

A statistic is about those whom its rule is about: were ratings counted among all orders, trade that moves between channels would look like another habit
of rating; so would vendors who fail more often, since who gets nothing rates less often. Direct deals are counted by who makes any, at the margin of the
smaller channels: five buyers make two fifths of them, so that their number says little of the rule. Who pays no heed to ratings chooses a fifth more bad
ones: a tenth is half of that.
"""


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
    sellers
        Vendors by channel, those who sold nothing included.
    facts
        Shares of consumers at the end: active on cryptomarkets, considering an online source, with a direct tie.
    """

    orders: pd.DataFrame
    consumers: int
    days: int
    reputation: np.ndarray
    log_price: np.ndarray
    sellers: dict[str, int]
    facts: dict[str, float]


def statistics(run: Run) -> dict[str, float]:
    """Every statistic of a run."""
    orders = run.orders.sort_values("day", kind="stable")
    orders = orders.assign(first=~orders.duplicated(["consumer", "vendor"]))
    last = run.days - SETTLING
    heeded = heed(orders[(orders["channel"] == "cryptomarket") & (orders["day"] < last)])
    orders = orders[(orders["day"] >= 0) & (orders["day"] < last)]
    return {
        "orders per consumer-year": 365.0 * len(orders) / (run.consumers * last),
        **channels(orders),
        **prices(orders),
        **fates(orders),
        "bad ratings of new choices": heeded,
        **ties(orders),
        **concentration(orders, run.sellers),
        "mean reputation": float(run.reputation.mean()),
        "mean price level": float(np.exp(run.log_price).mean()),
        **run.facts,
    }


def channels(orders: pd.DataFrame) -> dict[str, float]:
    """Share of orders by channel, and of the buyers from vendors of cryptomarkets those who deal with one directly."""
    share = orders["channel"].value_counts(normalize=True)
    found = {f"share {c.replace('_', ' ')}": float(share.get(c, 0.0)) for c in CHANNELS if c != "direct"}
    direct, market = (
        orders.loc[orders["channel"].isin(where), "consumer"].nunique()
        for where in (["direct"], ["direct", "cryptomarket"])
    )
    return {**found, "market buyers who deal directly": direct / max(market, 1)}


def prices(orders: pd.DataFrame) -> dict[str, float]:
    """What an order costs."""
    p10, p50, p90 = np.quantile(orders["price_usd"], [0.1, 0.5, 0.9])
    return {
        "p10 order price": float(p10),
        "median order price": float(p50),
        "p90 order price": float(p90),
    }


def fates(orders: pd.DataFrame) -> dict[str, float]:
    """What becomes of orders, and what is said of them."""
    posted = orders[orders["channel"].isin(POSTED)]
    market = orders[orders["channel"] == "cryptomarket"]
    rated = orders["rating"].dropna()
    came = market["outcome"] == "delivered"
    return {
        "delivered": float((orders["outcome"] == "delivered").mean()),
        "seized, of posted": float((posted["outcome"] == "seized").mean()),
        "scammed": float((orders["outcome"] == "scammed").mean()),
        "refunded, of market orders": float((market["settlement"] == "refunded").mean()),
        "rated, of market orders that came": float(market.loc[came, "rating"].notna().mean()),
        "rated, of those that did not": float(market.loc[~came, "rating"].notna().mean()),
        "five stars": float((rated == 5).mean()),
        "not as sold": float((orders["content"].dropna() != "as_sold").mean()),
    }


def heed(market: pd.DataFrame) -> float:
    """Bad ratings of those from whom people buy for the first time, over those of all vendors by past orders: 1 where nobody heeds ratings.

    ``market`` has all orders on cryptomarkets; a vendor's share of bad ratings is that of the orders until the day before.
    """
    sellers, vendor = np.unique(market["vendor"], return_inverse=True)
    day = market["day"].to_numpy(int)
    new = market["first"].to_numpy() & (day >= 0)
    if not new.any():
        return float("nan")
    day = day - day.min()
    stars = market["rating"].to_numpy(float)

    def before(counted: np.ndarray) -> np.ndarray:
        found = np.zeros((len(sellers), day.max() + 2))
        np.add.at(found, (vendor, day + 1), counted)
        return found.cumsum(axis=1)

    good, bad, sold = before(stars >= GOOD), before(stars < GOOD), before(np.ones(len(day))) + 1.0
    share = bad / (good + bad + 2.0)
    usual = (share * sold).sum(axis=0) / sold.sum(axis=0)
    met = usual[day[new]].mean()
    return float(share[vendor[new], day[new]].mean() / met) if met > 0.0 else float("nan")  # nobody was rated badly


def ties(orders: pd.DataFrame) -> dict[str, float]:
    """Whom people buy from: loyalty and variety."""
    pairs = orders.groupby(["consumer", "vendor"], observed=True).size()
    by_consumer = pairs.groupby("consumer")
    total, most = by_consumer.sum(), by_consumer.max()
    repeat = total >= 5
    return {
        "first orders of a pair": float(orders["first"].mean()),
        "share of main vendor": float((most[repeat] / total[repeat]).mean()),
        "vendors of repeat buyers": float(by_consumer.size()[repeat].mean()),
        "top tenth of buyers": top_share(total.to_numpy()),
    }


def concentration(orders: pd.DataFrame, sellers: dict[str, int]) -> dict[str, float]:
    """How trade gathers at a few vendors, of all: were those who sold nothing left out, more concentration would hide itself."""
    sold = orders.groupby(["channel", "vendor"], observed=True).size()
    places = {"market": "cryptomarket", "street": "street"}
    return {
        f"top tenth of {place} vendors": top_share(sold.get(channel, pd.Series(dtype=int)).to_numpy(), sellers[channel])
        for place, channel in places.items()
    }


def top_share(counts: np.ndarray, among: int | None = None, share: float = 0.1) -> float:
    """Share of the total that the largest ``share`` of the counts hold; ``among`` counts in all, the others 0."""
    ordered = np.sort(counts)[::-1]
    if not len(ordered):
        return float("nan")
    return float(ordered[: max(1, round(share * (among or len(ordered))))].sum() / ordered.sum())
