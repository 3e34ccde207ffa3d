"""Whether buyers come back to sellers whom they know, new ones go to sellers who have sold, and how heavy the tails are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.replications.common import Replication, Runs
from experiments.replications.findings import Finding, Result, of_target, over_seeds
from experiments.replications.vendor_sizes import REPLICATION as SIZES
from sim.report.figures.layout import SMALL, Mark, Page, guides, number, title_of
from sim.report.figures.style import BASELINE, BETTER, SERIES, look, style

WEEK, MONTH = 7, 30
FEWEST = 20
"""Sellers and weeks in a bin of past sales below which it is left out of the picture."""
TAILS = {
    "amounts": "amounts of orders",
    "seller_orders": "orders of a seller",
    "buyer_orders": "orders of a buyer",
    "gaps": "days between two orders of a buyer",
    "spans": "days from the first to the last order of a pair",
}


# --- measures --------------------------------------------------------------------------------------------------------
def on_markets(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders on cryptomarkets from vendors, burn-in included, in their order."""
    ours = orders[(orders["channel"] == "cryptomarket") & (orders["vendor"] >= 0)]
    return ours.sort_values("order", kind="stable").reset_index(drop=True)


def history(orders: pd.DataFrame) -> pd.DataFrame:
    """What a buyer had behind at each order: orders with this seller before (`with_seller`), orders in all (`before`), sellers used (`sellers`).

    Rows are as those of ``orders``, which are in the order of time.
    """
    with_seller = orders.groupby(["consumer", "vendor"], sort=False).cumcount()
    before = orders.groupby("consumer", sort=False).cumcount()
    new = (with_seller == 0).astype(int)
    sellers = new.groupby(orders["consumer"], sort=False).cumsum() - new
    return pd.DataFrame({"with_seller": with_seller, "before": before, "sellers": sellers})


def beyond_chance(orders: pd.DataFrame, seed: int) -> float:
    """Share of orders that go to a seller used before, less the same when sellers are dealt out anew among the orders of a market, substance and month."""
    known = float((history(orders)["with_seller"] > 0).mean())
    rng = np.random.default_rng(seed)
    month = orders["day"] // MONTH
    parts = pd.MultiIndex.from_arrays([orders["platform"], orders["substance"].astype(str), month]).factorize()[0]
    usual, mixed = np.argsort(parts, kind="stable"), np.lexsort((rng.random(len(orders)), parts))
    sellers = np.empty(len(orders), dtype=np.int64)
    sellers[usual] = orders["vendor"].to_numpy()[mixed]
    return known - float((history(orders.assign(vendor=sellers))["with_seller"] > 0).mean())


def loyalty(orders: pd.DataFrame) -> tuple[float, float]:
    """Of orders to a known seller by buyers who know two or more: the share of past orders that went to the one chosen, less that of one drawn evenly.

    Returns
    -------
    tuple of float
        The difference in the mean, and the same over what it would be if a known seller were chosen in proportion to past orders.
    """
    past = history(orders)
    squares = _squares(orders)
    rows = (past["with_seller"] > 0) & (past["sellers"] >= 2)
    if not rows.any():
        return math.nan, math.nan
    share = past["with_seller"][rows] / past["before"][rows]
    even = 1 / past["sellers"][rows]
    proportional = squares[rows] / past["before"][rows] ** 2
    gain, wanted = float((share - even).mean()), float((proportional - even).mean())
    return gain, gain / wanted if wanted else math.nan


def _squares(orders: pd.DataFrame) -> pd.Series:
    """Sum over sellers of the squared number of orders that a buyer had made with them before each order."""
    k = orders.groupby(["consumer", "vendor"], sort=False).cumcount()
    return (2 * k + 1).groupby(orders["consumer"], sort=False).cumsum() - (2 * k + 1)


def attachment(orders: pd.DataFrame, accounts: pd.DataFrame, days: int) -> tuple[float, np.ndarray, np.ndarray]:
    """How new customers spread over sellers by what these have sold: in a week one falls to a seller in proportion to (sales so far + 1)^b.

    Parameters
    ----------
    orders
        Orders on cryptomarkets, in the order of time.
    accounts
        Accounts on cryptomarkets, with the days on which they were opened and closed.
    days
        Days of the run.

    Returns
    -------
    tuple
        The exponent b that is most likely; and for sellers in bins of their sales over the mean of the week, these sales and their new
        customers over the mean of the week.
    """
    from scipy.optimize import brentq

    new = orders[history(orders)["with_seller"].to_numpy() == 0]
    last = accounts["close_day"].astype(float).fillna(math.inf)
    weeks = []
    for first in range(0, days - WEEK + 1, WEEK):
        live = np.unique(accounts.loc[(accounts["open_day"] <= first) & (last > first), "vendor"])
        so_far = orders.loc[orders["day"] < first, "vendor"].value_counts().reindex(live, fill_value=0)
        now = new.loc[new["day"].between(first, first + WEEK - 1), "vendor"].value_counts()
        won = now.reindex(live, fill_value=0).to_numpy(dtype=float)
        if won.any():
            weeks.append((so_far.to_numpy(dtype=float) + 1, won))

    def slope(power: float) -> float:
        """Derivative of the logarithm of the likelihood."""
        total = 0.0
        for sales, won in weeks:
            logs = np.log(sales)
            weights = np.exp(power * (logs - logs.max()))
            total += (won * logs).sum() - won.sum() * (weights * logs).sum() / weights.sum()
        return float(total)

    if not weeks or slope(-2.0) * slope(4.0) >= 0:
        return math.nan, np.array([]), np.array([])
    level = np.concatenate([sales / sales.mean() for sales, _ in weeks])
    gained = np.concatenate([won / won.mean() for _, won in weeks])
    bins = np.round(np.log2(level)).astype(int)
    bins -= bins.min()
    count, x, y = (np.bincount(bins, w) for w in (None, level, gained))
    good = (count >= FEWEST) & (y > 0)
    return float(brentq(slope, -2.0, 4.0)), x[good] / count[good], y[good] / count[good]


def tails(orders: pd.DataFrame) -> dict[str, np.ndarray]:
    """The five quantities whose distributions the publication looks at."""
    pairs = orders.groupby(["consumer", "vendor"])["day"]
    gaps = orders.groupby("consumer")["day"].diff().dropna()
    spans = (pairs.max() - pairs.min())[pairs.size() > 1]
    return {
        "amounts": orders["price_usd"].to_numpy(dtype=float),
        "seller_orders": orders["vendor"].value_counts().to_numpy(dtype=float),
        "buyer_orders": orders["consumer"].value_counts().to_numpy(dtype=float),
        "gaps": gaps.to_numpy(dtype=float),
        "spans": spans.to_numpy(dtype=float),
    }


def spread(values: np.ndarray) -> float:
    """Standard deviation over mean: 1 for an exponential law, more where tails are heavier."""
    return float(values.std(ddof=1) / values.mean()) if len(values) > 1 and values.mean() > 0 else math.nan


def tail_of(values: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Share of values that are at least so many times their mean."""
    return 1 - np.searchsorted(np.sort(values / values.mean()), points, side="left") / len(values)


# --- findings --------------------------------------------------------------------------------------------------------
def measure(runs: Runs) -> Result:
    """Memory, attachment and tails in each run."""
    gains, loyal, ratios, slopes, spreads, curves, rates = [], [], [], [], [], [], []
    facts: dict[str, list[float]] = {"top": [], "once": []}
    points = np.geomspace(0.01, 100, 60)
    for run in runs["plain"]:
        orders, accounts = on_markets(run.tables("orders")), run.tables("accounts")
        ours = accounts[accounts["platform"].isin(set(orders["platform"]))]
        gains.append(beyond_chance(orders, run.seed))
        gain, ratio = loyalty(orders)
        loyal.append(gain)
        ratios.append(ratio)
        slope, level, rate = attachment(orders, ours, run.scenario.days)
        slopes.append(slope)
        rates.append((level, rate))
        found = tails(orders)
        spreads.append({name: spread(values) for name, values in found.items()})
        curves.append({name: tail_of(values, points) for name, values in found.items()})
        year = orders[orders["day"].between(0, 364)]["consumer"].value_counts().to_numpy()
        tenth = max(1, round(len(year) / 10))
        facts["top"].append(float(year[:tenth].sum() / year.sum()))
        facts["once"].append(float((year == 1).mean()))
    source = ("buyer-memory",)
    memory = {"null": 0.0, "basis": "the mechanism that is proposed; its exponents were not read", "sources": source}
    shape = {
        "basis": "what was read says that these are alike across markets, not how heavy tails are",
        "sources": source,
    }
    known = "known seller who is chosen"
    findings = [
        Finding("memory", "orders to a known seller, beyond chance", "share of orders", **over_seeds(gains), **memory),
        Finding("loyalty", f"past orders with the {known}, beyond an even draw", "share", **over_seeds(loyal), **memory),
        Finding(
            "proportion", "the same over what a choice in proportion to past orders gives", "ratio",
            **over_seeds(ratios), basis="no range was read", sources=source,
        ),
        Finding(
            "attachment", "exponent with which new customers grow with a seller's past sales (1: in proportion)", "exponent",
            **over_seeds(slopes), **memory,
        ),
        Finding(
            "top_tenth", "share of a year's orders by the most active tenth of buyers",
            **of_target("buyer_top10_orders"), **over_seeds(facts["top"]),
        ),
        Finding("once", "share of buyers with one order in a year", **of_target("one_time_buyers"), **over_seeds(facts["once"])),
    ]  # fmt: skip
    for name, words in TAILS.items():
        each = over_seeds(row[name] for row in spreads)
        text = f"{words}: standard deviation over mean (exponential: 1)"
        findings.append(Finding(f"spread_{name}", text, "ratio", **each, **shape))
    drawn = {
        "points": points,
        "tails": {name: np.mean([curve[name] for curve in curves], axis=0) for name in TAILS},
        "sales": rates[0][0],
        "rate": rates[0][1],
    }
    return Result(tuple(findings), drawn)


# --- picture ---------------------------------------------------------------------------------------------------------
def picture(drawn: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> Figure:
    """Tails over an exponential law, and new customers by past sales over proportional growth."""
    by = {row["id"]: row for row in findings}
    points = np.asarray(drawn["points"])
    straight = {"color": BASELINE, "lw": 1.4, "ls": "--"}
    keys = [Mark(TAILS[name], {"color": SERIES[k], "lw": 1.6}) for k, name in enumerate(TAILS)]
    with style():
        page = Page(
            6.4, 2.55, "Buyers' memory, and heavy tails",
            f"Orders to known sellers beyond chance: {by['memory']['got']}. Exponent of attachment: {by['attachment']['got']} (1: in proportion).",
            [*keys, Mark("exponential law; growth in proportion", straight), Mark("sellers of a run", {**look(0), "ls": ""})],
        )  # fmt: skip
        axes = page.panel(0.6, 0.25, 2.75, 1.85)
        for k, name in enumerate(TAILS):
            share = np.asarray(drawn["tails"][name])
            axes.plot(points[share > 0], share[share > 0], color=SERIES[k], lw=1.6)
        axes.plot(points, np.exp(-points), **straight)
        axes.set(xscale="log", yscale="log", xlim=(0.01, 100), ylim=(1e-4, 1.3))
        title_of(axes, "share that is at least so large")
        axes.set_xlabel("times the mean", fontsize=SMALL)
        right = page.panel(3.95, 0.25, 2.25, 1.85)
        sales, rate = np.asarray(drawn["sales"]), np.asarray(drawn["rate"])
        right.plot(sales, rate, "o", color=BETTER, ms=4)
        right.plot(sales, sales, **straight)
        right.set(xscale="log", yscale="log")
        title_of(right, "new customers (mean of a week: 1)")
        right.set_xlabel("sales so far (mean of a week: 1)", fontsize=SMALL)
        for each in (axes, right):
            guides(each, "both")
            for axis in (each.xaxis, each.yaxis):
                axis.set_major_formatter(number)
                axis.set_minor_formatter("")
    return page.figure


REPLICATION = Replication(
    name="buyer-memory",
    title="Buyers' memory, and heavy tails",
    paper=(
        "Bracci A., Boehnke J., ElBahrawy A., Perra N., Teytelboym A., Baronchelli A. (2022) Macroscopic properties of buyer-seller networks "
        "in online marketplaces. PNAS Nexus 1(4):pgac201"
    ),
    published=(
        "In 245 million transactions on 28 dark web markets and 144 of a legal platform, amounts, numbers of transactions, times between them and from "
        "first to last are distributed alike. Buyers are led by the memory of past deals; a model with memory and preferential attachment gives the "
        "same. Read in abstract and significance statement: no exponent and no figure was seen, so that only directions are judged. Two numbers about "
        "buyers come from Norbutas (2018)."
    ),
    worlds=SIZES.worlds,
    runs=SIZES.runs,
    tables=SIZES.tables,
    study=SIZES.runs_in,
    measure=measure,
    picture=picture,
    differs=(
        "That a buyer chooses by memory, and finds sellers by what they sold, are rules of the model after this publication: what is looked for is "
        "whether they show in orders, through prices, stocks, closures and what markets show. A buyer is known by number here, by address on a "
        "blockchain there."
    ),
)
