"""From what a crawler copied to how much there is, window by window, as studies estimate it; and the latent number beside it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sim.measures.observer import estimators
from sim.measures.observer.crawler import Copies
from sim.measures.observer.settings import Crawler
from sim.measures.observer.truth import Truth
from sim.measures.observer.visits import Visits

type Line = tuple[int, int, str, str, float]
"""First and last day, what is estimated, how, and the value."""

ESTIMATORS = {
    "count": estimators.counted,
    "lincoln_petersen": estimators.lincoln_petersen,
    "schnabel": estimators.schnabel,
    "chao": estimators.chao,
}
"""Estimators of how many there were in a window."""
VENDOR_DAYS, LISTING_DAYS = (21, 101), (3, 21)
"""Days at which survival is given, as in Christin (2013) [sr1-seller-3week-survival, sr1-seller-median-tenure, sr1-listing-survival]."""


def windows(last_day: int, length: int) -> list[tuple[int, int]]:
    """First and last day of each whole window from day 0 on."""
    return [(start, start + length - 1) for start in range(0, last_day - length + 2, length)]


def abundance(truth: Truth, seen: Visits, copies: Copies, settings: Crawler) -> Iterator[Line]:
    """How many names of vendors and how many listings there are in a window, and at a time."""
    _, name_of = np.unique(truth.pages["name"].to_numpy(), return_inverse=True)
    kinds = {"vendors": name_of[copies.listings.page], "listings": np.arange(len(copies.listings.page))}
    for first, last in windows(truth.last_day, settings.window):
        places = ((seen.days >= first) & (seen.days <= last)).nonzero()[0]
        for what, unit in kinds.items():
            there, found = (_matrix([unit[rows[k]] for k in places]) for rows in (copies.there, copies.seen))
            yield first, last, what, "latent", estimators.counted(there)
            for how, estimate in ESTIMATORS.items():
                yield first, last, what, how, estimate(found)
            at_a_time = f"{what}_at_a_time"
            yield first, last, at_a_time, "latent", _mean(there)
            yield first, last, at_a_time, "count", _mean(found)
            yield first, last, at_a_time, "jolly_seber", estimators.jolly_seber(found)


def _matrix(rows: list[np.ndarray]) -> np.ndarray:
    """(T, U) True for the units that occur on an occasion, over those that ever do."""
    units, place = np.unique(np.concatenate([np.empty(0, np.int64), *rows]), return_inverse=True)
    found = np.zeros((len(rows), len(units)), bool)
    found[np.repeat(np.arange(len(rows)), [len(each) for each in rows]), place] = True
    return found


def _mean(seen: np.ndarray) -> float:
    return float(seen.sum(axis=1).mean()) if len(seen) else float("nan")


def trade(truth: Truth, found: pd.DataFrame, settings: Crawler) -> Iterator[Line]:
    """Sales and revenue on cryptomarkets from feedback, each as one sale at the price paid, and the median of that price."""
    sales = truth.sales
    for first, last in windows(truth.last_day - settings.wait_days, settings.window):
        mine = sales.loc[sales["ended"].between(first, last), "price_usd"]
        seen = found.loc[
            found["day"].between(first, last) & (found["seen_day"] <= last + settings.wait_days), "price_usd"
        ]
        share = settings.feedback_share
        for what, total in (("sales", "size"), ("revenue_usd", "sum"), ("order_value_usd", "median")):
            latent, told = (
                float(column.size if total == "size" else getattr(column.astype(float), total)())
                for column in (mine, seen)
            )
            yield first, last, what, "latent", latent
            yield first, last, what, "feedback", told
            if share and total != "median":
                yield first, last, what, "feedback_scaled", told / share


def lives(
    truth: Truth, vendors: pd.DataFrame, listings: pd.DataFrame, seen: Visits, settings: Crawler
) -> Iterator[Line]:
    """Survival of names and listings that came after the first crawl, from first to last seen, over the whole run."""
    if not len(seen.days):
        return
    pages, last = truth.pages, truth.last_day
    late, since = seen.days[-settings.gone_after :][0], seen.days[0]
    span = pages.groupby("name").agg(opened=("opened", "min"), closed=("closed", "max")).reset_index()
    many = pages.loc[pages.index.repeat(pages["listings"]), ["opened", "closed"]]
    for what, mine, true, at in (("vendor", vendors, span, VENDOR_DAYS), ("listing", listings, many, LISTING_DAYS)):
        true = true[(true["opened"] > since) & (true["opened"] <= last)]
        mine = mine[mine["first_seen"] > since]
        for days in at:
            name = f"{what}_survival_{days}"
            length = np.minimum(true["closed"], last + 1) - true["opened"]
            yield (
                0,
                last,
                name,
                "latent",
                estimators.survival(length.to_numpy(), (true["closed"] <= last).to_numpy(), days),
            )
            stay = (mine["last_seen"] - mine["first_seen"] + 1).to_numpy()
            yield (
                0,
                last,
                name,
                "first_to_last_seen",
                estimators.survival(stay, (mine["last_seen"] < late).to_numpy(), days),
            )


def market_lives(truth: Truth, gone: pd.DataFrame) -> Iterator[Line]:
    """Cryptomarkets that closed: how many did, and how many were noticed."""
    sites = truth.sites[truth.sites["channel"] == "cryptomarket"]
    down = sites[~sites["up"]].groupby("platform")["day"].min()
    mine = gone[(gone["channel"] == "cryptomarket") & gone["returned_day"].isna()]
    yield 0, truth.last_day, "market_closures", "latent", float((down >= 0).sum())
    yield 0, truth.last_day, "market_closures", "count", float(len(mine))
