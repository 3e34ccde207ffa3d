"""When a crawler reaches which site, and what it makes of one that does not answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.measures.observer.draws import Chance, Look
from sim.measures.observer.settings import Crawler
from sim.measures.observer.truth import FAR, Truth


@dataclass(frozen=True)
class Visits:
    """The visits of a crawler.

    Attributes
    ----------
    days
        (T,) days on which it crawls.
    share
        (P, T) share of its pages up to which a site answers on them, by number of the platform; 0 where it is not reached.
    tried
        A row for each visit: platform, channel, day, up, reached, share.
    """

    days: np.ndarray
    share: np.ndarray
    tried: pd.DataFrame


def visits(truth: Truth, settings: Crawler, chance: Chance) -> Visits:
    """Visit every known site on every day of crawling, until it is taken for gone."""
    days = np.arange(0, truth.last_day + 1, settings.interval)
    sites = truth.sites
    first = sites.groupby("platform")["day"].transform("min").to_numpy()
    known = np.where(first == truth.first_day, first, first + settings.discovery_days)
    day = sites["day"].to_numpy()
    rows = sites[(day >= 0) & (day % settings.interval == 0) & (day >= known)].copy()
    rows = rows.sort_values(["platform", "day"], ignore_index=True)
    whom = (rows["platform"].to_numpy() << 16) | rows["day"].to_numpy()
    down = chance.uniform(Look.DOWN, whom) < settings.downtime
    broken = chance.uniform(Look.BREAKS_OFF, whom) < settings.partial
    rows["reached"] = rows["up"].to_numpy() & ~down
    rows["share"] = np.where(rows["reached"], np.where(broken, settings.partial_share, 1.0), 0.0)
    platforms = int(sites["platform"].max()) + 1 if len(sites) else 0
    share = np.zeros((platforms, len(days)))
    share[rows["platform"], rows["day"] // settings.interval] = rows["share"]
    rows["failures"] = _in_a_row(~rows["reached"].to_numpy(), rows["platform"].to_numpy())
    ever = rows.groupby("platform")["reached"].cummax()
    tried = rows[(rows["failures"] <= settings.gone_after) & ever].reset_index(drop=True)
    return Visits(days, share, tried)


def _in_a_row(failed: np.ndarray, whose: np.ndarray) -> np.ndarray:
    """(n,) how many failures in a row there are up to each visit to a site."""
    begins = np.append(True, whose[1:] != whose[:-1])[: len(whose)]
    so_far = np.cumsum(failed)
    base = np.maximum.accumulate(np.where(~failed | begins, so_far - failed * begins, 0))
    return so_far - base


def closures(truth: Truth, seen: Visits, settings: Crawler) -> pd.DataFrame:
    """Sites that are taken for gone: when last reached, when that is noticed, whether a banner says that police have it, and whether it came back."""
    rows = seen.tried
    last = rows["day"].where(rows["reached"]).groupby(rows["platform"]).ffill()
    first = rows["day"].where(rows["reached"]).groupby(rows["platform"]).transform("min")
    again = rows["day"].where(rows["reached"]).groupby(rows["platform"]).bfill()
    gone = rows["failures"] == settings.gone_after
    found = rows.loc[gone, ["platform", "channel", "day"]].rename(columns={"day": "noticed_day"})
    status = truth.platforms[["platform", "day", "status"]].rename(columns={"day": "noticed_day"})
    found = found.assign(first_seen=first[gone], last_seen=last[gone], returned_day=again[gone])
    found = found.merge(status, on=["platform", "noticed_day"], how="left")
    returned = pd.array(found["returned_day"].fillna(FAR).to_numpy(np.int64), "Int32")
    returned[found["returned_day"].isna().to_numpy()] = pd.NA
    return pd.DataFrame({
        "platform": found["platform"].to_numpy(np.int64), "channel": pd.Categorical(found["channel"]), "first_seen": found["first_seen"].to_numpy(np.int32),
        "last_seen": found["last_seen"].to_numpy(np.int32), "noticed_day": found["noticed_day"].to_numpy(np.int32),
        "seizure_banner": (found["status"] == "seized").to_numpy(), "returned_day": returned,
    })  # fmt: skip
