"""How long cryptomarkets live and how they end: Kaplan and Meier, Aalen and Johansen, and the log-rank test against 81 real markets.

Cases are markets that open, some 40 a world in three years, so that twelve worlds have several times as many as there are real ones. A young market has about
an order a week in a world of 50,000 people, and in one of 5,000 hardly any, so that what its operator earns and holds was luck there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.replications.common import DATA, Replication, Runs, World
from experiments.replications.findings import Finding, Result, draws_of, jackknife, of_target, pooled
from sim.report.figures.layout import SMALL, Mark, Page, guides, title_of
from sim.report.figures.style import BASELINE, BETTER, SERIES, style

AGES = (30, 90, 180, 365, 730)
CAUSES = {"scam": "exit scam", "voluntary": "voluntary", "hacked": "hack", "raided": "raid"}
"""Causes of closure as the table of real markets names them, and as the model does."""
ALIVE = "alive"
CENSORED_ON = date(2015, 5, 21)
SPAN = 730


# --- lifetimes -------------------------------------------------------------------------------------------------------
def real_markets() -> pd.DataFrame:
    """Days that each of the 81 real markets lasted or has been seen, and how it ended."""
    rows = pd.read_csv(DATA / "market_lifetimes.csv", parse_dates=["start", "end"])
    end = rows["end"].fillna(pd.Timestamp(CENSORED_ON))
    return pd.DataFrame({"days": (end - rows["start"]).dt.days, "cause": rows["closure"]})


def lifetimes(events: pd.DataFrame, platforms: pd.DataFrame, days: int) -> pd.DataFrame:
    """The same of the cryptomarkets that opened in a run from day 0 on.

    Parameters
    ----------
    events, platforms
        Tables of the run.
    days
        Its days; who is open on the last has been seen until then.
    """
    ours = set(platforms.loc[platforms["channel"] == "cryptomarket", "platform"])
    events = events[events["subject"].isin(ours)]
    opened = events[(events["kind"] == "platform_opened") & (events["day"] >= 0)].groupby("subject")["day"].min()
    closed = events[events["kind"] == "platform_closed"].sort_values("day").groupby("subject").first()
    rows = opened.to_frame("opened").join(closed[["day", "cause"]])
    names = {name: real for real, name in CAUSES.items()}
    ended = rows["day"].notna()
    return pd.DataFrame(
        {
            "days": (rows["day"].where(ended, days - 1) - rows["opened"]).astype(int),
            "cause": rows["cause"].astype(object).map(names).where(ended, ALIVE),
        }
    ).reset_index(drop=True)


def survival(markets: pd.DataFrame, ages: Sequence[float]) -> np.ndarray:
    """Share open for longer than each age (Kaplan and Meier)."""
    from scipy import stats

    ended = (markets["cause"] != ALIVE).to_numpy()
    days = markets["days"].to_numpy(dtype=float)
    if not ended.any():
        return np.ones(len(ages))
    found = stats.ecdf(stats.CensoredData(uncensored=days[ended], right=days[~ended])).sf
    return np.asarray(found.evaluate(np.asarray(ages, dtype=float)))


def incidence(markets: pd.DataFrame, ages: Sequence[float]) -> dict[str, np.ndarray]:
    """Share ended by each cause up to each age (Aalen and Johansen): causes compete, and what is still open counts as at risk."""
    days, cause = markets["days"].to_numpy(dtype=float), markets["cause"].to_numpy()
    found = {name: np.zeros(len(ages)) for name in CAUSES}
    left = 1.0
    for day in np.unique(days[cause != ALIVE]):
        risk, now = (days >= day).sum(), days == day
        for name, sums in found.items():
            sums[np.asarray(ages) >= day] += left * (now & (cause == name)).sum() / risk
        left *= 1 - (now & (cause != ALIVE)).sum() / risk
    return found


def year_of(markets: pd.DataFrame) -> dict[str, float]:
    """Share ended by each cause within a year."""
    return {name: float(shares[0]) for name, shares in incidence(markets, [365]).items()}


def log_rank(one: pd.DataFrame, other: pd.DataFrame) -> tuple[float, float]:
    """How the closures of one group compare with those of another: the standard score of the log-rank test, and the ratio of hazards (Pike).

    Above 0 and above 1 where the first group closes sooner.
    """
    days = [group["days"].to_numpy(dtype=float) for group in (one, other)]
    ended = [(group["cause"] != ALIVE).to_numpy() for group in (one, other)]
    expected, variance, closures = np.zeros(2), 0.0, np.array([float(each.sum()) for each in ended])
    for day in np.unique(np.concatenate([d[e] for d, e in zip(days, ended, strict=True)])):
        risk = np.array([(d >= day).sum() for d in days], dtype=float)
        now, n = sum(float((e & (d == day)).sum()) for d, e in zip(days, ended, strict=True)), risk.sum()
        expected += now * risk / n
        variance += now * risk.prod() / n**2 * (n - now) / max(n - 1, 1)
    if not variance or not (expected.all() and closures.all()):
        return math.nan, math.nan
    ratio = float(closures[0] / expected[0] / (closures[1] / expected[1]))
    return float((closures[0] - expected[0]) / math.sqrt(variance)), ratio


def weibull_shape(markets: pd.DataFrame) -> float:
    """Shape of the Weibull law that fits best, censored or not: below 1 the hazard falls with age. A life of no day counts as half a day."""
    from scipy.optimize import brentq

    days, ended = np.maximum(markets["days"].to_numpy(dtype=float), 0.5), (markets["cause"] != ALIVE).to_numpy()
    if ended.sum() < 2:
        return math.nan
    logs = np.log(days)

    def slope(shape: float) -> float:
        weights = np.exp(shape * (logs - logs.max()))
        return float((weights * logs).sum() / weights.sum() - 1 / shape - logs[ended].mean())

    return float(brentq(slope, 0.01, 50.0))


# --- findings --------------------------------------------------------------------------------------------------------
def measure(runs: Runs) -> Result:
    """Survival at five ages, causes within a year, and the distance of the whole curve."""
    real = real_markets()
    parts = [lifetimes(run.tables("events"), run.tables("platforms"), run.scenario.days) for run in runs["plain"]]
    cases, sources = sum(map(len, parts)), ("market-km-median", "market-hazard", "market-closure-causes")

    def all_of(them: Sequence[pd.DataFrame]) -> pd.DataFrame:
        return pd.concat(list(them), ignore_index=True)

    findings = [
        Finding(
            f"open_{age}",
            f"share of new markets open after {age} days",
            **of_target(f"market_survival_{age}"),
            **pooled(parts, lambda them, age=age: float(survival(all_of(them), [age])[0])),
        )
        for age in AGES
    ]
    rng, rows = np.random.default_rng(20150521), np.arange(len(real))
    drawn_again = [year_of(real.iloc[rng.integers(0, len(real), len(real))]) for _ in range(300)]
    without = [year_of(all_of([*parts[:k], *parts[k + 1 :]])) for k in range(len(parts))]
    for name in CAUSES:
        low, high = np.quantile([each[name] for each in drawn_again], [0.025, 0.975])
        findings.append(
            Finding(
                f"within_a_year_{name}", f"share of new markets that end within a year: {CAUSES[name]}", "probability",
                **jackknife(year_of(all_of(parts))[name], [each[name] for each in without]),
                published=year_of(real)[name], lowest=float(low), highest=float(high),
                basis="Aalen and Johansen over the 81 real markets, with the 95 % interval of the bootstrap", sources=sources,
            )
        )  # fmt: skip
    ends = draws_of(rows, lambda drawn: weibull_shape(real.iloc[drawn]), len(real), 300)
    findings += [
        Finding(
            "shape", "shape of the Weibull law of lifetimes; below 1 the hazard falls with age", "exponent",
            **pooled(parts, lambda them: weibull_shape(all_of(them))),
            published=weibull_shape(real), lowest=ends[0], highest=ends[1], null=1.0, side="below",
            basis="fitted to the 81 real markets, with the 95 % interval of the bootstrap", sources=sources,
        ),
        Finding(
            "hazard_ratio", "closures of the model over those of real markets at the same ages (ratio of hazards)", "ratio",
            **pooled(parts, lambda them: log_rank(all_of(them), real)[1]), published=1.0, sources=sources,
        ),
        Finding(
            "log_rank", f"standard score of the log-rank test, {cases} markets of the model against 81 real ones", "standard units",
            **pooled(parts, lambda them: log_rank(all_of(them), real)[0]),
            published=0.0, lowest=-1.96, highest=1.96, basis="not told apart at a level of 5 %", sources=sources,
        ),
    ]  # fmt: skip
    ages = np.arange(0, SPAN + 1, 5.0)
    ours = all_of(parts)
    drawn = {"ages": ages}
    for label, markets in (("real", real), ("model", ours)):
        drawn[label] = {"open": survival(markets, ages), **incidence(markets, ages)}
    drawn["band"] = np.quantile(
        [survival(real.iloc[np.random.default_rng(k).integers(0, len(real), len(real))], ages) for k in range(300)],
        [0.025, 0.975],
        axis=0,
    )
    return Result(tuple(findings), drawn)


# --- picture ---------------------------------------------------------------------------------------------------------
def picture(drawn: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> Figure:
    """Survival, and what ended markets, of the model over the real ones."""
    score = next(row for row in findings if row["id"] == "log_rank")
    look = {"real": {"color": BASELINE, "lw": 1.6, "ls": "--"}, "model": {"color": BETTER, "lw": 1.8}}
    with style():
        page = Page(
            6.4, 4.3, "How long cryptomarkets live, and how they end",
            f"Share still open by age, and share ended by each cause. {score['text'].capitalize()}: {score['got']}.",
            [Mark("81 real markets, 2011 to 2015 (band: 95 %)", look["real"]), Mark("model", look["model"])],
        )  # fmt: skip
        ages = drawn["ages"]
        axes = page.panel(0.55, 0.25, 5.6, 1.6)
        axes.fill_between(ages, *drawn["band"], color=BASELINE, alpha=0.18, lw=0)
        for label, each in look.items():
            axes.plot(ages, drawn[label]["open"], **each)
        axes.set(xlim=(0, SPAN), ylim=(0, 1))
        guides(axes)
        title_of(axes, "still open")
        width, gap = 1.16, 0.32
        for k, name in enumerate(CAUSES):
            axes = page.panel(0.55 + k * (width + gap), 2.35, width, 1.35)
            axes.plot(ages, drawn["real"][name], color=BASELINE, lw=1.4, ls="--")
            axes.plot(ages, drawn["model"][name], color=SERIES[0], lw=1.6)
            axes.set(xlim=(0, SPAN), ylim=(0, 0.6), xticks=(0, 365, 730))
            guides(axes)
            title_of(axes, CAUSES[name])
            axes.set_xlabel("days", fontsize=SMALL)
    return page.figure


REPLICATION = Replication(
    name="market-survival",
    title="How long cryptomarkets live, and how they end",
    paper="G. Branwen, Black-market survival: a table of drug markets, version of 7 May 2015; computed from it",
    published=(
        "Of 81 English-language drug markets opened from 2011 to 2015, 61 had closed: by exit scam (38 %), voluntarily (34 %), hacked (16 %) and "
        "raided (11 %). Half had closed after 123 days, and the hazard falls with age."
    ),
    worlds={"plain": World("baseline", 50_000, 1095)},
    runs=12,
    tables=("events", "platforms"),
    measure=measure,
    picture=picture,
    differs=(
        "Real markets are those that one collector knew of, in years in which their number grew; five of the seven raids fell on one day. "
        "In the model only markets that opened from day 0 on are counted, with nothing new done by police."
    ),
    misses={
        "open_365": "by a hair (0.25, and the range ends at 0.24): hardly any is raided in its first year",
        "within_a_year_raided": "usual police need more than a year for a case; five of the seven real raids were one international operation",
    },
    minutes=3,
)
