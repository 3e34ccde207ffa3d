"""Where the users of a market go when it closes, how soon, and whether trade comes back.

Cases are closures, and what limits them is orders a day: a world of 6,000 people has one market and three orders, one of 300,000 five or more markets with 170
orders and 600 users who move from one that closes. The value of three days' orders at the main destination still varies by as much as it gains, so
that the days of the gain are told for orders of all closures together too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.replications.common import Replication, Run, Runs, World
from experiments.replications.findings import Finding, Result, of_target, over_seeds, pooled
from sim.report.figures.layout import SMALL, Mark, Page, guides, title_of
from sim.report.figures.style import BASELINE, BETTER, INK, SERIES, style
from sim.studies.validation.database import WRITTEN, About
from sim.studies.validation.files import load_targets
from sim.studies.validation.measuring import readings

KINDS = ("raid", "scam")
ASKED = {
    "migration_top": ("top", "share of those who move whose main market is the same one"),
    "migration_multi": ("several", "share of those who move who buy on several markets"),
    "migration_start": ("start", "days until the main destination begins to gain"),
    "migration_end": ("settled", "days until its gain is nine tenths of what it comes to"),
    "migrants_active": ("active", "orders before the closure of those who move, over those of the others"),
}
"""Targets that ask what the publication reports, and how they are called here."""
BEFORE, AFTER, SHOWN = 28, 42, 60
CLOSES = 60


# --- measures --------------------------------------------------------------------------------------------------------
def asked_of(run: Run) -> dict[str, float]:
    """What the targets about migration are in a run."""
    targets = load_targets()
    frames = {name: run.tables(name) for name in WRITTEN}
    frames["daily"] = run.daily.assign(day=range(len(run.daily)))
    s = run.scenario
    about = About(run.world, float(s.weight), s.consumers, float(s.people), s.days, {})
    found = readings(frames, about, [targets[name] for name in ASKED], targets.views, run.seed)
    return {name: reading.value for name, reading in found.items()}


def closed(events: pd.DataFrame) -> tuple[int, int]:
    """The market that a policy closed, and the day; -1 where none did."""
    rows = events[(events["kind"] == "platform_closed") & events["policy"].notna()]
    return (int(rows["subject"].iloc[0]), int(rows["day"].iloc[0])) if len(rows) else (-1, -1)


def volumes(platforms: pd.DataFrame, of: str = "volume_usd") -> pd.DataFrame:
    """Trade in USD (or another column) of each cryptomarket (a column each) on each day (a row each)."""
    ours = platforms[platforms["channel"] == "cryptomarket"]
    return ours.pivot_table(index="day", columns="platform", values=of, aggfunc="sum", fill_value=0.0)


def at_destination(usd: pd.DataFrame, orders: pd.DataFrame, market: int, day: int) -> np.ndarray:
    """Orders a day at the market whose trade gains most by the closure of another, from `BEFORE` days before it to `AFTER` days after."""
    others = usd.drop(columns=market)
    gain = others.loc[day + 15 : day + AFTER].mean() - others.loc[day - BEFORE : day - 1].mean()
    return orders.loc[day - BEFORE : day + AFTER, gain.idxmax()].to_numpy(dtype=float)


def day_of_gain(paths: Sequence[np.ndarray], share: float) -> float:
    """Days from closures until orders at main destinations, added up, have gained ``share`` of what they gain by weeks 3 to 6, in means over three days."""
    path = pd.Series(np.sum(paths, axis=0), index=range(-BEFORE, AFTER + 1))
    before, after = path.loc[:-1].mean(), path.loc[15:].mean()
    late = path.rolling(3, center=True, min_periods=1).mean().loc[0:]
    reached = late.index[late >= before + share * (after - before)]
    return float(reached[0]) if after > before and len(reached) else math.nan


def shares_around(usd: pd.DataFrame, market: int, day: int) -> pd.DataFrame:
    """Shares of all trade, in means over a week, of the market that closes and of the two that gain most, from before to after.

    Parameters
    ----------
    usd
        Trade by day and market.
    market, day
        Which closes, and when.
    """
    others = usd.drop(columns=market)
    gain = others.loc[day + 15 : day + AFTER].mean() - others.loc[day - BEFORE : day - 1].mean()
    first, second = gain.sort_values(ascending=False).index[:2]
    smooth = usd.rolling(7, min_periods=1).mean()
    share = smooth.div(smooth.sum(axis=1).replace(0.0, math.nan), axis=0)
    window = share.loc[day - BEFORE : day + SHOWN, [market, first, second]]
    return window.set_axis(["closed", "first", "second"], axis=1).set_axis(window.index - day, axis=0)


def led_by_size(orders: pd.DataFrame, usd: pd.DataFrame, market: int, day: int) -> float:
    """Whether most of those who move go to the market that was largest of the others (1 or 0): "most" as in `top`."""
    ours = orders[orders["channel"] == "cryptomarket"]
    were = ours.loc[(ours["platform"] == market) & ours["day"].between(day - 90, day - 1), "consumer"].unique()
    went = ours[ours["consumer"].isin(were) & (ours["platform"] != market) & ours["day"].between(day, day + 60)]
    if not len(went):
        return math.nan
    counts = went.groupby(["consumer", "platform"]).size().reset_index(name="k")
    main = counts.sort_values(["consumer", "k", "platform"], ascending=[True, False, True]).drop_duplicates("consumer")
    largest = usd.drop(columns=market).loc[day - BEFORE : day - 1].sum().idxmax()
    return float(main["platform"].value_counts().idxmax() == largest)


def trade_left(with_closure: pd.DataFrame, without: pd.DataFrame, first: int, last: int) -> float:
    """Trade on all cryptomarkets between two days with the closure, over that without."""
    return float(with_closure.loc[first:last].to_numpy().sum() / without.loc[first:last].to_numpy().sum())


def came_back(parts: Sequence[tuple[float, float]]) -> float:
    """What is left of trade later over what was left in the first week, over seeds: in some of these nobody buys in that week."""
    first, later = np.mean(parts, axis=0) if parts else (0.0, math.nan)
    return float(later / first) if first else math.nan


# --- findings --------------------------------------------------------------------------------------------------------
def measure(runs: Runs) -> Result:
    """Raids and exit scams of the leader, seed by seed, against nothing."""
    asked: dict[str, list[float]] = {name: [] for name in ASKED}
    led, week, later, paths, counts = [], [], [], [], []
    for k, plain in enumerate(runs["without"]):
        without = volumes(plain.tables("platforms"))
        rows: dict[str, list[float]] = {name: [] for name in (*ASKED, "led", "week", "later")}
        gained = []
        for kind in KINDS:
            run = runs[kind][k]
            platforms, (market, day) = run.tables("platforms"), closed(run.tables("events"))
            usd = volumes(platforms)
            if market < 0:
                continue
            for name, value in asked_of(run).items():
                rows[name].append(value)
            rows["led"].append(led_by_size(run.tables("orders"), usd, market, day))
            rows["week"].append(trade_left(usd, without, day, day + 6))
            rows["later"].append(trade_left(usd, without, day + 15, day + AFTER))
            paths.append(shares_around(usd, market, day))
            gained.append(at_destination(usd, volumes(platforms, "orders"), market, day))
        means = {name: float(np.nanmean(values)) if np.isfinite(values).any() else math.nan for name, values in rows.items()}  # fmt: skip
        for name in ASKED:
            asked[name].append(means[name])
        if gained:
            counts.append(np.sum(gained, axis=0))
        led.append(means["led"])
        week.append(means["week"])
        later.append(means["later"])
    findings = [
        Finding(short, words, **of_target(name), **over_seeds(asked[name])) for name, (short, words) in ASKED.items()
    ]
    source = {"sources": ("elbahrawy-scale", "migration-rule")}
    findings += [
        Finding(
            "largest", "share of closures after which the main destination is the market that was the largest of the others", "share of closures",
            **over_seeds(led), null=0.5, basis="typically the one with the highest trading volume; no number was read", **source,
        ),
        Finding(
            "back", "trade on cryptomarkets in the third to sixth week over the first week after a closure, both against the same without", "ratio",
            **pooled([both for both in zip(week, later, strict=True) if np.isfinite(both).all()], came_back), null=1.0,
            basis="only a temporary effect on trading volumes; no number was read", **source,
        ),
        Finding(
            "left", "trade on cryptomarkets in the third to sixth week after a closure, against the same without", "ratio",
            **over_seeds(later), basis="no number was read: that it takes about nine days is recalled only (unverified)", **source,
        ),
    ]  # fmt: skip
    findings += [
        Finding(
            f"{name}_orders", f"{words}: the same for orders of all closures together, which vary less than their value", "days",
            **pooled(counts, lambda them, share=share: day_of_gain(them, share)), basis="no other number was read", **source,
        )
        for name, words, share in (("start", ASKED["migration_start"][1], 0.2), ("settled", ASKED["migration_end"][1], 0.9))
    ]  # fmt: skip
    days = np.arange(-BEFORE, SHOWN + 1)
    middle = {
        name: np.nanmedian([path[name].reindex(days).to_numpy() for path in paths], axis=0)
        for name in ("closed", "first", "second")
    }
    quarters = {
        name: np.nanquantile([path[name].reindex(days).to_numpy() for path in paths], [0.25, 0.75], axis=0)
        for name in middle
    }
    return Result(tuple(findings), {"days": days, "middle": middle, "quarters": quarters, "closures": len(paths)})


# --- picture ---------------------------------------------------------------------------------------------------------
def picture(drawn: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> Figure:
    """Shares of trade around a closure over the published days of the first gain and of the end, and the shares of those who move."""
    by = {row["id"]: row for row in findings}
    names = {"closed": (INK, "the market that closes"), "first": (SERIES[0], "main destination"), "second": (SERIES[1], "second destination")}  # fmt: skip
    published = {"color": BASELINE, "lw": 1.2, "ls": "--"}
    with style():
        page = Page(
            6.4, 2.5, "Where users go when a market closes",
            f"Shares of all trade in means over a week, median and middle half of {drawn['closures']} closures of the leader.",
            [*(Mark(words, {"color": colour, "lw": 1.8}) for colour, words in names.values()), Mark("published: first gain on day 2, over by day 6", published)],
        )  # fmt: skip
        axes = page.panel(0.55, 0.25, 3.4, 1.75)
        for name, (colour, _) in names.items():
            axes.fill_between(drawn["days"], *drawn["quarters"][name], color=colour, alpha=0.15, lw=0)
            axes.plot(drawn["days"], drawn["middle"][name], color=colour, lw=1.8)
        for day in (2, 6):
            axes.axvline(day, **published)
        axes.set(xlim=(-BEFORE, SHOWN), ylim=(0, 1))
        guides(axes)
        title_of(axes, "share of trade")
        axes.set_xlabel("days from the closure", fontsize=SMALL)
        bars = page.panel(5.05, 0.25, 1.15, 1.75)
        for k, name in enumerate(("top", "several")):
            row = by[name]
            bars.barh(
                [k], [row["highest"] - row["lowest"]], left=row["lowest"], height=0.55, color=BASELINE, alpha=0.25
            )
            bars.plot([row["published"]] * 2, [k - 0.27, k + 0.27], **published)
            if row["low"] is not None:
                bars.plot([row["low"], row["high"]], [k, k], color=BETTER, lw=1.6)
            bars.plot([row["mean"]], [k], "o", color=BETTER, ms=5)
        bars.set(xlim=(0, 1), ylim=(1.6, -0.6), yticks=(0, 1))
        bars.set_yticklabels(("to one\nmarket", "to\nseveral"), fontsize=SMALL)
        guides(bars, "x")
        title_of(bars, "those who move")
    return page.figure


REPLICATION = Replication(
    name="migration",
    title="Where users go when a market closes",
    paper=(
        "ElBahrawy A., Alessandretti L., Rusnac L., Goldsmith D., Teytelboym A., Baronchelli A. (2020) Collective dynamics of dark web marketplaces. "
        "Scientific Reports 10:18827, and an earlier version as a chapter of a thesis"
    ),
    published=(
        "After 24 unexpected closures most users who move go on trading on a single other market (71 % on average, 4 % on several), typically the one "
        "with the highest volume; destinations gain from the second day on, until about the sixth. Those who move are clearly more active. Trade comes "
        "back: the effect on volumes is temporary. Days until the total is back were not read, and are not tested against."
    ),
    worlds={
        "without": World("baseline", 300_000, 125, 60),
        "raid": World("baseline", 300_000, 125, 60, policies=({"kind": "takedown", "start": CLOSES, "rank": 1},)),
        "scam": World("baseline", 300_000, 125, 60, policies=({"kind": "operator_exit", "start": CLOSES - 7, "rank": 1, "mode": "exit_scam"},)),
    },
    runs=7,
    tables=WRITTEN,
    measure=measure,
    picture=picture,
    differs=(
        "Here the largest of several markets closes, by a raid and by an exit scam in turn (their mean is taken, seed by seed); there markets of all "
        "sizes, some while a leader stood beside them. A user there is a cluster of addresses, active above a threshold."
    ),
    minutes=4,
)  # fmt: skip
