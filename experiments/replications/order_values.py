"""What an order on a cryptomarket is worth: quantiles and shares of 1.11 million real orders, and the whole distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.replications.common import DATA, Replication, Runs
from experiments.replications.findings import Finding, Result, of_target, over_seeds
from experiments.replications.vendor_sizes import REPLICATION as SIZES
from sim.report.figures.layout import SMALL, Mark, Page, guides, number, title_of
from sim.report.figures.style import BASELINE, BETTER, style

QUANTILES = {
    0.25: "order_value_p25",
    0.5: "order_value_median",
    0.75: "order_value_p75",
    0.9: "order_value_p90",
    0.95: "order_value_p95",
    0.99: "order_value_p99",
}
"""Targets with the published quantiles, and their ranges."""
WIDTH = 0.2
"""Width of a bin in decades."""


def real_orders() -> pd.DataFrame:
    """Real orders by bin: its left and right end in decades of USD, orders, revenue."""
    rows = pd.read_csv(DATA / "order_values.csv").rename(columns={"log10_usd_bin_left": "left"})
    return rows.assign(right=rows["left"] + WIDTH)


def values_of(orders: pd.DataFrame) -> np.ndarray:
    """Value in USD of each order on cryptomarkets from day 0 on."""
    ours = (orders["channel"] == "cryptomarket") & (orders["day"] >= 0) & (orders["price_usd"] > 0)
    return orders.loc[ours, "price_usd"].to_numpy(dtype=float)


def binned(values: np.ndarray, bins: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Share of the orders, and of the money, in each bin; what lies outside all counts with the nearest."""
    place = np.clip(np.searchsorted(bins["left"].to_numpy() - 1e-9, np.log10(values), side="right") - 1, 0, len(bins) - 1)  # fmt: skip
    orders, money = np.bincount(place, minlength=len(bins)), np.bincount(place, values, minlength=len(bins))
    return orders / orders.sum(), money / money.sum()


def gap(one: np.ndarray, other: np.ndarray) -> float:
    """The largest gap between the distribution functions of two sets of shares, at the ends of bins."""
    return float(np.abs(np.cumsum(one) - np.cumsum(other)).max())


def measure(runs: Runs) -> Result:
    """Values of the orders of each run."""
    bins = real_orders()
    real, real_money = (bins[name].to_numpy() / bins[name].sum() for name in ("orders", "revenue_usd"))
    each = [values_of(run.tables("orders")) for run in runs["plain"]]
    shares = [binned(values, bins) for values in each]
    findings = [
        Finding(
            target,
            f"value of the order at the {q:.0%} point",
            **of_target(target),
            **over_seeds(float(np.quantile(values, q)) for values in each),
        )
        for q, target in QUANTILES.items()
    ]
    findings += [
        Finding("mean", "mean value of an order", **of_target("order_value_mean"), **over_seeds(float(v.mean()) for v in each)),
        Finding(
            "above_1k",
            "share of revenue from orders above 1,000 USD",
            **of_target("wholesale_revenue_share"),
            **over_seeds(float(values[values > 1000].sum() / values.sum()) for values in each),
        ),
        Finding(
            "gap", "largest gap between the distribution functions", "distance (0 to 1)",
            **over_seeds(gap(orders, real) for orders, _ in shares),
            published=0.0, basis="no test: orders of one vendor are not independent", sources=("dnm2017-order-price",),
        ),
        Finding(
            "gap_shape", "the same when each value is taken over the median: shape without level", "distance (0 to 1)",
            **over_seeds(gap(binned(v * real_median(bins) / np.median(v), bins)[0], real) for v in each),
            published=0.0, basis="no test: orders of one vendor are not independent", sources=("dnm2017-order-price",),
        ),
    ]  # fmt: skip
    drawn = {
        "left": bins["left"], "real": real, "real_money": real_money,
        "model": np.mean([orders for orders, _ in shares], axis=0), "model_money": np.mean([money for _, money in shares], axis=0),
    }  # fmt: skip
    return Result(tuple(findings), drawn)


def real_median(bins: pd.DataFrame) -> float:
    """The median of the real orders, even within its bin on the scale of decades."""
    share = np.cumsum(bins["orders"].to_numpy()) / bins["orders"].sum()
    return float(10 ** np.interp(0.5, [0.0, *share], [bins["left"].iloc[0], *bins["right"]]))


def picture(drawn: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> Figure:
    """Orders and money by the value of the order."""
    by = {row["id"]: row for row in findings}
    real, model = {"color": BASELINE, "lw": 1.4, "ls": "--"}, {"color": BETTER, "lw": 1.8}
    left = np.asarray(drawn["left"])
    with style():
        page = Page(
            6.4, 2.5, "What an order on a cryptomarket is worth",
            f"Median: published {by['order_value_median']['wanted']}, model {by['order_value_median']['got']} USD.",
            [Mark("1.11 million real orders, 2017", real), Mark("model", model)],
        )  # fmt: skip
        for k, (what, words) in enumerate((("", "share of orders"), ("_money", "share of revenue"))):
            axes = page.panel(0.6 + 3.05 * k, 0.25, 2.55, 1.85)
            for label, look in (("real", real), ("model", model)):
                axes.step(10 ** (left + WIDTH / 2), drawn[f"{label}{what}"], where="mid", **look)
            axes.set(xscale="log", xlim=(1, 2e4), ylim=(0, None))
            guides(axes)
            title_of(axes, words)
            axes.set_xlabel("value of the order, USD", fontsize=SMALL)
            axes.xaxis.set_major_formatter(number)
            axes.xaxis.set_minor_formatter("")
    return page.figure


REPLICATION = Replication(
    name="order-values",
    title="What an order on a cryptomarket is worth",
    paper="D. Denton (2017), open scrape of drug listings, April and May 2017; computed from it",
    published=(
        "Weighted by sales, listings of one large market cost 59 USD in the median; a quarter of orders are below 30 and a quarter above 134 USD, and one in a "
        "hundred above 1,700 USD. On an older market about a quarter of revenue came from listings above 1,000 USD."
    ),
    worlds=SIZES.worlds,
    runs=SIZES.runs,
    tables=SIZES.tables,
    study=SIZES.runs_in,
    measure=measure,
    picture=picture,
    differs="A real order is one unit of a listing, so that several units bought at once are several orders; in the model they are one.",
)
