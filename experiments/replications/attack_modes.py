"""Which attack on a trade network deters most, when few or many are attacked: the central, the weakly tied, or what is said of vendors.

What limits it are vendors: some 230 sell in these three months in a world of 100,000 people, and seven in one of 3,000, of whom a twentieth is nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.replications.common import Replication, Runs, World
from experiments.replications.findings import Finding, Result, over_seeds
from sim.report.figures.layout import SMALL, Mark, Page, guides, title_of
from sim.report.figures.style import BASELINE, look, style

MODES = {"targeted": "central vendors", "weak_link": "weak ties", "signal": "ratings"}
SHARES = (0.05, 0.4)
FEW, MANY = SHARES[0], SHARES[-1]
STARTS, DAYS, BURN_IN = 30, 120, 30
SOURCE = ("duxbury2020-abm", "duxbury2020-result")


def label(mode: str, share: float) -> str:
    """Name of the world in which a share of vendors is attacked in a way."""
    return f"{mode.replace('_', '-')}-{share * 100:g}"


def after(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders on cryptomarkets from the first attack on."""
    return orders[(orders["channel"] == "cryptomarket") & (orders["day"] >= STARTS)]


def trade(orders: pd.DataFrame) -> dict[str, float]:
    """Orders, buyers, orders a buyer, and the share of orders that go to a vendor whom the buyer knows, from the first attack on."""
    ours = after(orders)
    buyers = ours["consumer"].nunique()
    return {
        "orders": float(len(ours)),
        "buyers": float(buyers),
        "each": len(ours) / buyers if buyers else float("nan"),
        "known": float((~ours["first_time_pair"]).mean()),
    }


def measure(runs: Runs) -> Result:
    """Trade under each attack, seed by seed, against the others and against none."""
    found = {name: pd.DataFrame([trade(run.tables("orders")) for run in them]) for name, them in runs.items()}
    none = found["without"]

    def ratio(what: str, one: str, other: str, share: float) -> dict[str, float]:
        return over_seeds(found[label(one, share)][what] / found[label(other, share)][what])

    read = {"sources": SOURCE, "null": 1.0}
    few = {
        "basis": "weak link and signal attacks deter more transactions and buyers when a small part is attacked",
        "side": "below",
        **read,
    }
    many = {"basis": "targeted attacks are effective at a large scale", "side": "above", **read}
    findings = []
    for mode in ("weak_link", "signal"):
        for what in ("orders", "buyers"):
            text = f"{what} on cryptomarkets when a twentieth is attacked: {MODES[mode]} over {MODES['targeted']}"
            findings.append(Finding(f"few_{mode}_{what}", text, "ratio", **ratio(what, mode, "targeted", FEW), **few))
        text = f"orders on cryptomarkets when two fifths are attacked: {MODES[mode]} over {MODES['targeted']}"
        findings.append(Finding(f"many_{mode}", text, "ratio", **ratio("orders", mode, "targeted", MANY), **many))
    attacked = found[label("targeted", FEW)]
    findings += [
        Finding(
            "less_often", "orders of a buyer when a twentieth of the central is attacked, over those without", "ratio",
            **over_seeds(attacked["each"] / none["each"]), basis="attacked, they connect less frequently", side="below", **read,
        ),
        Finding(
            "trust", "share of orders to a vendor whom the buyer knows when a twentieth of the central is attacked, less that without", "share of orders",
            **over_seeds(attacked["known"] - none["known"]), basis="and only to trustworthy partners", null=0.0, sources=SOURCE,
        ),
    ]  # fmt: skip
    lines = {
        mode: {
            what: [over_seeds(found[label(mode, share)][what] / none[what]) for share in SHARES]
            for what in ("orders", "buyers")
        }
        for mode in MODES
    }
    return Result(tuple(findings), {"shares": SHARES, "lines": lines})


def picture(drawn: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> Figure:
    """Trade that is left under each attack by the share attacked."""
    shares = np.asarray(drawn["shares"])
    with style():
        page = Page(
            6.4, 2.55, "Attacks on the trade network, by scale",
            "Trade on cryptomarkets in three months of monthly attacks against the same seeds without, with 90 % intervals. Published: with few attacked "
            "weak ties and ratings deter more than central vendors (lie below them), with many less.",
            [Mark(words, {**look(k), "lw": 1.6, "ms": 4}) for k, words in enumerate(MODES.values())],
        )  # fmt: skip
        for n, what in enumerate(("orders", "buyers")):
            axes = page.panel(0.6 + 3.05 * n, 0.25, 2.55, 1.8)
            axes.axhline(1, color=BASELINE, lw=1.0, ls="--")
            for k, mode in enumerate(MODES):
                rows = drawn["lines"][mode][what]
                x = shares * (1 + 0.03 * (k - 1))
                axes.plot(x, [row["mean"] for row in rows], **look(k), lw=1.6, ms=4)
                axes.vlines(
                    x, [row["low"] for row in rows], [row["high"] for row in rows], color=look(k)["color"], lw=1
                )
            axes.set(xscale="log", ylim=(0, None), xticks=shares)
            axes.set_xticklabels([f"{share:.0%}" for share in shares])
            axes.xaxis.set_minor_formatter("")
            guides(axes)
            title_of(axes, f"{what}, of those without")
            axes.set_xlabel("share of vendors attacked each month", fontsize=SMALL)
    return page.figure


def _world(mode: str, share: float) -> World:
    attack = {"kind": "network_attack", "start": STARTS, "mode": mode, "share": share, "monthly": True}
    by = {"by": "degree"} if mode == "targeted" else {}
    return World("baseline", 100_000, DAYS, BURN_IN, policies=({**attack, **by},))


REPLICATION = Replication(
    name="attack-modes",
    title="Attacks on the trade network, by scale",
    paper=(
        "Duxbury S. W., Haynie D. L. (2020) The responsiveness of criminal networks to intentional attacks: Disrupting darknet drug trade. "
        "PLoS ONE 15(9):e0238019"
    ),
    published=(
        "In an agent-based model grown from 16,847 exchanges of 7,295 users of one market, targeted attacks are effective at a large scale, while "
        "attacks on weak links and on signals deter more transactions and buyers when only a small part of the network is attacked. Those attacked "
        "connect less often, and only with whom they can trust. Read in the abstract: no size was seen, so that only directions are judged."
    ),
    worlds={"without": World("baseline", 100_000, DAYS, BURN_IN), **{label(mode, share): _world(mode, share) for mode in MODES for share in SHARES}},
    runs=6,
    tables=("orders",),
    measure=measure,
    picture=picture,
    differs=(
        "There vertices are removed from a network of buyers and sellers; here central vendors are arrested, buyers with weak ties get letters, and "
        "false ratings are posted, every month, by police with a cost. Which scale is small and which large is taken as a twentieth and two fifths of "
        "vendors."
    ),
    misses={
        **{
            f"few_{mode}_{what}": (
                "an arrest of a central vendor takes what that one sells; letters or false ratings for as many leave 97 to 100 % of orders"
            )
            for mode in ("weak_link", "signal")
            for what in ("orders", "buyers")
        },
        "less_often": "hardly, and not told from nothing: those whose vendors are arrested find others, and those who give up are no longer counted",
        "trust": "those whose vendors are arrested buy from others, most of them strangers",
    },
    minutes=2,
)  # fmt: skip
