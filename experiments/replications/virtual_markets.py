"""Whether trade on cryptomarkets is less hierarchical than on the street, and slightly more concentrated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.replications.common import Replication, Runs
from experiments.replications.findings import Finding, Result, over_seeds
from experiments.replications.vendor_sizes import REPLICATION as SIZES
from sim.report.figures.layout import SMALL, Mark, Page, guides, title_of
from sim.report.figures.style import BASELINE, BETTER, style

WINDOW = 180
"""Days of orders that make a network."""
BUYERS = 150
"""Buyers of a network at most: measures depend on size, so that both kinds are measured at the same."""
MEASURES = {
    "hierarchy": "betweenness centralisation",
    "degree": "buyers of the vendor with most",
    "concentration": "Herfindahl index of orders",
    "largest": "orders of the largest vendor",
    "density": "links of all that are possible",
    "path": "mean shortest path",
}
SOURCE = ("norgaard2018-networks",)


def drawn_buyers(orders: pd.DataFrame, size: int, seed: int) -> pd.DataFrame:
    """The orders of ``size`` buyers drawn from those of a market."""
    people = np.sort(orders["consumer"].unique())
    chosen = np.random.default_rng(seed).permutation(people)[:size]
    return orders[orders["consumer"].isin(chosen)]


def network_measures(orders: pd.DataFrame) -> dict[str, float]:
    """What a network of buyers and vendors is like: its hierarchy, its concentration, its density and its paths.

    Parameters
    ----------
    orders
        Orders with `consumer` and `vendor`; a pair is linked once, however often it traded.
    """
    import networkx as nx

    pairs = orders[["consumer", "vendor"]].drop_duplicates()
    graph = nx.Graph((("buyer", int(a)), ("vendor", int(b))) for a, b in pairs.itertuples(index=False))
    n, buyers, vendors = len(graph), pairs["consumer"].nunique(), pairs["vendor"].nunique()
    between = np.array(list(nx.betweenness_centrality(graph).values()))
    share = orders["vendor"].value_counts(normalize=True).to_numpy()
    whole = max(nx.connected_components(graph), key=len)
    lengths = dict(nx.all_pairs_shortest_path_length(graph.subgraph(whole)))
    total = sum(sum(row.values()) for row in lengths.values())
    return {
        "hierarchy": float((between.max() - between).sum() / (n - 1)) if n > 2 else math.nan,
        "degree": float(pairs["vendor"].value_counts().max() / buyers),
        "concentration": float((share**2).sum()),
        "largest": float(share.max()),
        "density": len(pairs) / (buyers * vendors),
        "path": total / (len(whole) * (len(whole) - 1)) if len(whole) > 1 else math.nan,
    }


def both(orders: pd.DataFrame, days: int, seed: int) -> dict[str, dict[str, float]]:
    """Measures of cryptomarkets and of the street of a run: street by street, at the same number of buyers each, in the mean."""
    late = orders[(orders["day"] >= days - WINDOW) & (orders["vendor"] >= 0)]
    virtual = late[late["channel"] == "cryptomarket"]
    rows: dict[str, list[dict[str, float]]] = {"virtual": [], "ground": []}
    for _, street in late[late["channel"] == "street"].groupby("platform"):
        size = min(BUYERS, virtual["consumer"].nunique(), street["consumer"].nunique())
        if size < 20:
            continue
        rows["virtual"].append(network_measures(drawn_buyers(virtual, size, seed)))
        rows["ground"].append(network_measures(drawn_buyers(street, size, seed)))
    return {kind: pd.DataFrame(found, columns=list(MEASURES)).mean().to_dict() for kind, found in rows.items()}


def measure(runs: Runs) -> Result:
    """Both kinds of network in each run."""
    each = [both(run.tables("orders"), run.scenario.days, run.seed) for run in runs["plain"]]
    less = {"null": 0.0, "side": "below", "basis": "less hierarchical; no number was read"}
    more = {"null": 0.0, "side": "above", "basis": "slightly more monopolistic; no number was read"}
    judged = {"hierarchy": less, "degree": less, "concentration": more, "largest": more}
    open_ = {"basis": "compared in the publication; which is larger was not read"}
    findings = [
        Finding(
            name,
            f"{words}: cryptomarkets less street",
            "difference",
            **over_seeds(row["virtual"][name] - row["ground"][name] for row in each),
            **judged.get(name, open_),
            sources=SOURCE,
        )
        for name, words in MEASURES.items()
    ]
    drawn = {
        kind: {name: over_seeds(row[kind][name] for row in each) for name in MEASURES} for kind in ("ground", "virtual")
    }
    return Result(tuple(findings), drawn)


def picture(drawn: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> Figure:
    """Each measure on the street and on cryptomarkets, with the direction that is published."""
    wanted = {"hierarchy": "published: lower", "degree": "published: lower", "concentration": "published: higher", "largest": "published: higher"}  # fmt: skip
    looks = {"ground": (BASELINE, "s", "street"), "virtual": (BETTER, "o", "cryptomarkets")}
    with style():
        page = Page(
            6.4, 3.15, "Less hierarchical, slightly more concentrated?",
            "Networks of buyers and vendors over half a year, at the same number of buyers; mean over seeds with 90 % intervals. What is published is the direction "
            "from the street to virtual markets.",
            [Mark(words, {"color": colour, "marker": mark, "ls": ""}) for colour, mark, words in looks.values()],
        )  # fmt: skip
        for k, (name, words) in enumerate(MEASURES.items()):
            axes = page.panel(0.45 + 2.05 * (k % 3), 0.35 + 1.45 * (k // 3), 1.7, 0.85)
            for x, (kind, (colour, mark, _)) in enumerate(looks.items()):
                row = drawn[kind][name]
                axes.plot([x], [row["mean"]], mark, color=colour, ms=6)
                if row["low"] is not None:
                    axes.plot([x, x], [row["low"], row["high"]], color=colour, lw=1.4)
            axes.margins(y=0.2)
            axes.set(xlim=(-0.6, 1.6), ylim=(0, None), xticks=(0, 1))
            axes.set_xticklabels([word for _, _, word in looks.values()], fontsize=SMALL)
            guides(axes)
            title_of(axes, f"{words}\n{wanted.get(name, 'published: not read')}", SMALL)
    return page.figure


REPLICATION = Replication(
    name="virtual-markets",
    title="Less hierarchical and slightly more concentrated virtual markets",
    paper=(
        "Norgaard J. R., Walbert H. J., Hardy R. A. (2018) Shadow markets and hierarchies: comparing and modeling networks in the Dark Net. "
        "Journal of Institutional Economics, doi 10.1017/S1744137417000613"
    ),
    published=(
        "In two agent-based models the network of trade on a virtual black market is less hierarchical and slightly more monopolistic than that of a "
        "ground market, whose actors have high degree and high betweenness; density and shortest paths are compared. Read in the abstract: no number "
        "was seen."
    ),
    worlds=SIZES.worlds,
    runs=SIZES.runs,
    tables=SIZES.tables,
    study=SIZES.runs_in,
    measure=measure,
    picture=picture,
    differs=(
        "The ground market there has levels of dealers; the street of this model has dealers who sell to users, and what stands above them (suppliers) "
        "is left out of both networks here. Orders of the last half year are the links, street by street in the mean."
    ),
    misses={
        "hierarchy": (
            "dealers on the street sell to users as vendors do, and there are no levels among them; with 300 and 600 buyers, tried in one world, cryptomarkets "
            "are more hierarchical too"
        ),
        "degree": "one vendor online reaches a fifth of buyers and no dealer of a street a tenth, since a buyer can order from every vendor of a market",
    },
)
