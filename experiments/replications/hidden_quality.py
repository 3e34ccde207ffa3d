"""Whether hidden quality shrinks a market, and whether what buyers tell each other restores it.

The small market has 100 buyers and sellers, as published. What is counted in the whole model is orders on cryptomarkets: a world of 3,000 people has 150 of
them in three months, one of 50,000 some 2,500.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.replications.common import Replication, Runs, World
from experiments.replications.findings import Finding, Result, over_seeds
from sim.market.beliefs import quality_update
from sim.report.figures.layout import SMALL, Mark, Page, guides, title_of
from sim.report.figures.style import BASELINE, BETTER, style

CASES = {
    "certain": ("quality is certain", 0.0, 0.5, 0.0, 50.5, 50.0),
    "variable": ("variance 0.10, own experience only", 0.10, 0.5, 0.0, 42.1, 36.6),
    "very_variable": ("variance 1/3, own experience only", 1 / 3, 0.5, 0.0, 25.7, 19.6),
    "told": ("variance 1/3, neighbours' experience too", 1 / 3, 0.1, 0.4, 48.5, 47.9),
}
"""What a case is, variance of quality, weight of own experience and of neighbours', published price and volume."""
TOLERANCE = 0.05
"""Share of the published number on either side that counts as the same (assumed)."""
SESSIONS, AGENTS = 1200, 100
STARTS = 30
SPOILT = {
    "kind": "network_attack", "start": STARTS, "mode": "signal", "share": 0.0001, "noise": 0.0, "posts": 0.9,
}  # fmt: skip
"""Nine in ten posts about vendors in forums are false; no vendor is attacked otherwise."""


def market(variance: float, own: float, social: float, seed: int, sessions: int = SESSIONS) -> tuple[float, float]:
    """Mean price and volume of 100 buyers and 100 sellers with reservation prices 1 to 100 who clear once a session.

    A buyer bids the reservation price times the quality expected, and learns from what was bought and from the next two on a ring by
    the rule of the publication, as `sim.market.beliefs.quality_update` has it. Quality is uniform with mean 1.
    """
    rule, rng = quality_update.py_func, np.random.default_rng(seed)
    steps, spread = np.arange(1, AGENTS + 1.0), np.sqrt(3 * variance)
    belief, ring = np.ones(AGENTS), rng.permutation(AGENTS)
    price, volume = np.empty(sessions), np.empty(sessions)
    for session in range(sessions):
        bids = belief * steps
        order = np.argsort(-bids, kind="stable")
        sold = int((bids[order] >= steps).sum())
        buyers = order[:sold]
        price[session] = (bids[buyers[-1]] + steps[sold - 1]) / 2 if sold else np.nan
        volume[session] = sold
        bought, weight, neighbours = np.zeros(AGENTS), np.zeros(AGENTS), np.empty(AGENTS)
        bought[buyers], weight[buyers] = 1 + spread * (2 * rng.random(sold) - 1), own
        neighbours[ring] = (belief[np.roll(ring, 1)] + belief[np.roll(ring, -1)]) / 2
        belief = rule(belief, bought, neighbours, weight, social)
    return float(np.nanmean(price)), float(volume.mean())


def crypto_orders(orders: pd.DataFrame) -> float:
    """Orders on cryptomarkets once forums have been spoilt."""
    return float(((orders["channel"] == "cryptomarket") & (orders["day"] >= STARTS)).sum())


def measure(runs: Runs) -> Result:
    """The small market of the publication, and the model when its forums say nothing."""
    findings, drawn = [], {}
    for name, (words, variance, own, social, price, volume) in CASES.items():
        got = np.array([market(variance, own, social, seed) for seed in range(1, len(runs["without"]) + 1)])
        for k, (what, value) in enumerate((("price", price), ("volume", volume))):
            found = over_seeds(got[:, k])
            findings.append(
                Finding(
                    f"{name}_{what}",
                    f"{what} in the small market: {words}",
                    "",
                    **found,
                    published=value,
                    lowest=value * (1 - TOLERANCE),
                    highest=value * (1 + TOLERANCE),
                    basis="5 % on either side of what the code of the publication gives (assumed)",
                    sources=("izquierdo2007-code",),
                )
            )
            drawn[f"{name}_{what}"] = {**found, "published": value}
    pairs = zip(runs["spoilt"], runs["without"], strict=True)
    ratios = [crypto_orders(a.tables("orders")) / crypto_orders(b.tables("orders")) for a, b in pairs]
    findings.append(
        Finding(
            "spoilt",
            "orders on cryptomarkets of the whole model when nine in ten posts about vendors are false, over those without",
            "ratio",
            **over_seeds(ratios),
            null=1.0,
            side="below",
            basis="information that spreads mitigates the failure of the market: without it trade is less",
            sources=("izquierdo2007-quality",),
        )
    )
    return Result(tuple(findings), drawn)


def picture(drawn: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> Figure:
    """Price and volume of the small market over the published ones."""
    spoilt = next(row for row in findings if row["id"] == "spoilt")
    published, model = {"color": BASELINE, "marker": "s", "ls": ""}, {"color": BETTER, "marker": "o", "ls": ""}
    with style():
        page = Page(
            6.4,
            1.95,
            "Hidden quality, and what buyers tell each other",
            f"A market of 100 buyers and 100 sellers. In the whole model false posts about vendors leave {spoilt['got']} of cryptomarket orders.",
            [Mark("published", published), Mark("the model's rule, with 90 % intervals", model)],
        )
        for n, what in enumerate(("price", "volume")):
            axes = page.panel(2.35 + 2.05 * n, 0.3, 1.8, 1.3)
            for k, name in enumerate(CASES):
                row = drawn[f"{name}_{what}"]
                axes.plot([row["published"]], [k - 0.14], ms=5, **published)
                axes.plot([row["mean"]], [k + 0.14], ms=5, **model)
                axes.plot([row["low"], row["high"]], [k + 0.14] * 2, color=BETTER, lw=1.4)
            axes.set(xlim=(0, 60), ylim=(3.6, -0.6), yticks=range(4) if n == 0 else ())
            if n == 0:
                axes.set_yticklabels([words for words, *_ in CASES.values()], fontsize=SMALL)
            guides(axes, "x")
            title_of(axes, what)
    return page.figure


REPLICATION = Replication(
    name="hidden-quality",
    title="Hidden quality, and what buyers tell each other",
    paper=(
        "Izquierdo S. S., Izquierdo L. R. (2007) The impact of quality uncertainty without asymmetric information on market efficiency. "
        "Journal of Business Research 60:858-867"
    ),
    published=(
        "Where buyers judge quality by experience, its variance alone lowers prices and volumes, though nobody knows more than others; information that "
        "spreads through social networks greatly mitigates it. In a market of 100 by 100 with mean quality 1 the code gives the prices and volumes "
        "below."
    ),
    worlds={
        "without": World("baseline", 50_000, 120, 30),
        "spoilt": World("baseline", 50_000, 120, 30, policies=(SPOILT,)),
    },
    runs=5,
    tables=("orders",),
    measure=measure,
    picture=picture,
    differs=(
        "The small market is the publication's, with the rule of beliefs that the project keeps and tests; consumers of the whole model judge vendors "
        "by ratings, memory and posts instead, so that there only the direction is looked for. Who are neighbours is assumed: the next two on a ring."
    ),
    minutes=1,
)  # fmt: skip
