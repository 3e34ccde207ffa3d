"""What a crawler of cryptomarkets copies: listing pages, the names of vendors on them, and the feedback that stands there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.measures.observer.draws import Chance, Look
from sim.measures.observer.settings import Crawler
from sim.measures.observer.truth import Truth
from sim.measures.observer.visits import Visits


@dataclass(frozen=True)
class Listings:
    """Every listing that ever stood on a cryptomarket.

    Attributes
    ----------
    page
        (L,) row of the account in `Truth.pages`.
    number
        (L,) number of the listing on it, from 0.
    whom
        (L,) key of its random numbers.
    """

    page: np.ndarray
    number: np.ndarray
    whom: np.ndarray


@dataclass(frozen=True)
class Copies:
    """What was copied on each day of crawling.

    Attributes
    ----------
    listings
        All listings.
    there, seen
        For each day of crawling the rows of the listings that stood on a cryptomarket, and of those that were copied.
    """

    listings: Listings
    there: list[np.ndarray]
    seen: list[np.ndarray]


def all_listings(pages: pd.DataFrame) -> Listings:
    """The listings of all accounts, each with its number."""
    many = pages["listings"].to_numpy()
    page = np.repeat(np.arange(len(pages)), many)
    number = np.arange(len(page)) - np.repeat(np.cumsum(many) - many, many)
    return Listings(page, number, _whom(pages, page, number))


def _whom(pages: pd.DataFrame, page: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Keys of listings: a function of vendor, platform and number alone; the lowest 16 bits are left for a day."""
    vendor, platform = pages["vendor"].to_numpy()[page], pages["platform"].to_numpy()[page]
    return (vendor << 40) | (platform << 24) | (number << 16)


def crawl(truth: Truth, seen: Visits, settings: Crawler, chance: Chance) -> Copies:
    """Copy the listing pages of the cryptomarkets that are reached."""
    pages = truth.pages
    listings = all_listings(pages)
    platform = pages["platform"].to_numpy()[listings.page]
    opened, closed = pages["opened"].to_numpy()[listings.page], pages["closed"].to_numpy()[listings.page]
    there, copied = [], []
    for place, day in enumerate(seen.days):
        on = ((opened <= day) & (closed > day)).nonzero()[0]
        reach = settings.coverage * seen.share[platform[on], place]
        there.append(on)
        copied.append(on[chance.uniform(Look.PAGE, listings.whom[on] | day) < reach])
    return Copies(listings, there, copied)


def feedback(truth: Truth, seen: Visits, settings: Crawler, chance: Chance) -> pd.DataFrame:
    """The feedback that a crawler finds, each as a sale at the price paid, with the day on which it was left and that on which it was first copied."""
    sales, pages = truth.sales, truth.pages
    whom = sales["order"].to_numpy()
    left = sales["rating"].notna().to_numpy()
    if settings.feedback_share is not None:
        left = chance.uniform(Look.FEEDBACK, whom) < settings.feedback_share
    sales = sales[left & (sales["page"] >= 0).to_numpy()]
    page, ended = sales["page"].to_numpy(), sales["ended"].to_numpy()
    many, platform = pages["listings"].to_numpy()[page], pages["platform"].to_numpy()[page]
    number = np.minimum((chance.uniform(Look.LISTING, sales["order"].to_numpy()) * many).astype(np.int64), many - 1)
    keys = _whom(pages, page, number)
    until = np.minimum(np.minimum(pages["closed"].to_numpy()[page] - 1, ended + settings.feedback_days), truth.last_day)
    since = np.maximum(np.maximum(ended, pages["opened"].to_numpy()[page]), 0)
    day = -(-since // settings.interval) * settings.interval
    found = np.full(len(sales), -1, np.int64)
    waiting = (day <= until).nonzero()[0]
    while len(waiting):
        on = day[waiting]
        reach = settings.coverage * seen.share[platform[waiting], on // settings.interval]
        copied = chance.uniform(Look.PAGE, keys[waiting] | on) < reach
        found[waiting[copied]] = on[copied]
        waiting = waiting[~copied]
        day[waiting] += settings.interval
        waiting = waiting[day[waiting] <= until[waiting]]
    rows, page = sales[found >= 0], page[found >= 0]
    table = pd.DataFrame({
        "day": rows["ended"].to_numpy(np.int32), "seen_day": found[found >= 0].astype(np.int32), "platform": pages["platform"].to_numpy()[page],
        "name": pages["name"].to_numpy()[page], "substance": pd.Categorical(rows["substance"]), "price_usd": rows["price_usd"].to_numpy(np.float32),
        "stars": rows["rating"].to_numpy(np.float32),
    })  # fmt: skip
    return table.sort_values(["seen_day", "day"], kind="stable", ignore_index=True)


def sightings(truth: Truth, seen: Visits, copies: Copies) -> pd.DataFrame:
    """A row for each account of which at least one listing was copied, each day of crawling."""
    pages, parts = truth.pages, []
    for day, rows in zip(seen.days, copies.seen, strict=True):
        page, many = np.unique(copies.listings.page[rows], return_counts=True)
        parts.append((np.full(len(page), day), page, many))
    day, page, many = (np.concatenate([part[k] for part in parts] or [np.empty(0, np.int64)]) for k in range(3))
    return pd.DataFrame({
        "day": day.astype(np.int32), "platform": pages["platform"].to_numpy()[page], "name": pages["name"].to_numpy()[page],
        "listings": many.astype(np.int32),
    })  # fmt: skip


def listings_seen(truth: Truth, seen: Visits, copies: Copies) -> pd.DataFrame:
    """A row for each listing that was ever copied: when first, when last, how often."""
    size = len(copies.listings.page)
    first, last, times = np.full(size, -1), np.full(size, -1), np.zeros(size, np.int64)
    for day, rows in zip(seen.days, copies.seen, strict=True):
        first[rows] = np.where(times[rows] == 0, day, first[rows])
        last[rows] = day
        times[rows] += 1
    rows = times.nonzero()[0]
    pages, page = truth.pages, copies.listings.page[rows]
    return pd.DataFrame({
        "platform": pages["platform"].to_numpy()[page], "name": pages["name"].to_numpy()[page], "listing": copies.listings.number[rows].astype(np.int32),
        "first_seen": first[rows].astype(np.int32), "last_seen": last[rows].astype(np.int32), "times_seen": times[rows].astype(np.int32),
    })  # fmt: skip


def crawls(seen: Visits, found: pd.DataFrame) -> pd.DataFrame:
    """A row for each visit to a site: whether it was reached, up to which share, and the names and listings copied."""
    copied = (
        found.groupby(["platform", "day"]).agg(vendors=("name", "size"), listings=("listings", "sum")).reset_index()
    )
    rows = seen.tried[["day", "platform", "channel", "reached", "share"]].merge(
        copied, on=["platform", "day"], how="left"
    )
    return pd.DataFrame({
        "day": rows["day"].to_numpy(np.int32), "platform": rows["platform"].to_numpy(np.int64), "channel": pd.Categorical(rows["channel"]),
        "reached": rows["reached"].to_numpy(bool), "share": rows["share"].to_numpy(np.float32),
        "vendors": rows["vendors"].fillna(0).to_numpy(np.int32), "listings": rows["listings"].fillna(0).to_numpy(np.int32),
    }).sort_values(["day", "platform"], ignore_index=True)  # fmt: skip


def vendors_seen(seen: Visits, found: pd.DataFrame, sales: pd.DataFrame, settings: Crawler) -> pd.DataFrame:
    """A row for each name of a vendor: who gave up a name is two, who kept it on another market is one."""
    names = found.groupby("name").agg(
        first_seen=("day", "min"), last_seen=("day", "max"), crawls=("day", "nunique"), platforms=("platform", "nunique")
    )  # fmt: skip
    sold = sales.groupby("name").agg(feedback=("day", "size"), revenue_usd=("price_usd", "sum"))
    rows = names.join(sold).reset_index()
    start, end = (seen.days[0], seen.days[-settings.gone_after :][0]) if len(seen.days) else (0, 0)
    return pd.DataFrame({
        "name": rows["name"].to_numpy(np.int64), "first_seen": rows["first_seen"].to_numpy(np.int32), "last_seen": rows["last_seen"].to_numpy(np.int32),
        "crawls": rows["crawls"].to_numpy(np.int32), "platforms": rows["platforms"].to_numpy(np.int32), "feedback": rows["feedback"].fillna(0).to_numpy(np.int64),
        "revenue_usd": rows["revenue_usd"].fillna(0.0).to_numpy(float), "from_start": (rows["first_seen"] == start).to_numpy(),
        "still_there": (rows["last_seen"] >= end).to_numpy(),
    })  # fmt: skip
