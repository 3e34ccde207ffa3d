"""What of a finished run an observer looks at: its tables, in the form in which they are asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

NEEDED = ("orders", "platforms", "accounts", "consumers", "events")
"""Tables of a run without which nothing can be observed."""
CRAWLED = ("cryptomarket", "illicit_pharmacy")
"""Channels whose sites a crawler can visit."""
CRYPTO = "cryptomarket"
UP = ("open", "covert")
"""States of a site that answers; police who run one do not say so."""
FAR = 1 << 30
"""A day that does not come."""


def as_days(column: Any, missing: int = FAR) -> np.ndarray:
    """A column of days, some of which may be null, as whole numbers."""
    return pd.Series(column).astype("Float64").fillna(float(missing)).to_numpy(np.int64)


@dataclass(frozen=True)
class Truth:
    """The tables of a run.

    Attributes
    ----------
    orders, platforms, accounts, consumers, events
        As the data dictionary describes them.
    """

    orders: pd.DataFrame
    platforms: pd.DataFrame
    accounts: pd.DataFrame
    consumers: pd.DataFrame
    events: pd.DataFrame

    @property
    def last_day(self) -> int:
        """Last day of the run."""
        return int(self.platforms["day"].max()) if len(self.platforms) else -1

    @property
    def first_day(self) -> int:
        """First day of the run, burn-in included."""
        return int(self.platforms["day"].min()) if len(self.platforms) else 0

    @cached_property
    def sites(self) -> pd.DataFrame:
        """A row for each site that can be crawled, each day: platform, channel, day, up."""
        rows = self.platforms[self.platforms["channel"].isin(CRAWLED)]
        return pd.DataFrame({
            "platform": rows["platform"].to_numpy(np.int64), "channel": rows["channel"].astype(str).to_numpy(),
            "day": rows["day"].to_numpy(np.int64), "up": rows["status"].isin(UP).to_numpy(),
        })  # fmt: skip

    @cached_property
    def pages(self) -> pd.DataFrame:
        """A row for each account on a cryptomarket, in an order that no longer run changes: vendor, platform, name, opened, closed, listings."""
        markets = self.platforms.loc[self.platforms["channel"] == CRYPTO, "platform"].unique()
        rows = self.accounts[self.accounts["platform"].isin(markets)]
        vendor = rows["vendor"].to_numpy(np.int64)
        found = pd.DataFrame({
            "vendor": vendor, "platform": rows["platform"].to_numpy(np.int64), "name": (vendor << 16) | rows["identity"].to_numpy(np.int64),
            "opened": rows["open_day"].to_numpy(np.int64), "closed": as_days(rows["close_day"]), "listings": rows["listings"].to_numpy(np.int64),
        })  # fmt: skip
        return found.sort_values(["vendor", "platform", "opened"], ignore_index=True)

    @cached_property
    def sales(self) -> pd.DataFrame:
        """A row for each order on a cryptomarket that has ended, by number: order, ended, page (row in `pages`), substance, price_usd, rating."""
        rows = self.orders[(self.orders["channel"] == CRYPTO) & self.orders["outcome_day"].notna()]
        sold = pd.DataFrame({
            "order": rows["order"].to_numpy(np.int64), "placed": rows["day"].to_numpy(np.int64), "ended": as_days(rows["outcome_day"]),
            "vendor": rows["vendor"].to_numpy(np.int64), "platform": rows["platform"].to_numpy(np.int64), "substance": rows["substance"].astype(str).to_numpy(),
            "price_usd": rows["price_usd"].to_numpy(float), "rating": rows["rating"].to_numpy(float),
        })  # fmt: skip
        pages = self.pages.assign(page=np.arange(len(self.pages)))[["vendor", "platform", "opened", "page"]]
        found = pd.merge_asof(
            sold.sort_values(["placed", "order"]), pages.sort_values(["opened", "page"]), left_on="placed", right_on="opened", by=["vendor", "platform"]
        )  # fmt: skip
        found["page"] = found["page"].fillna(-1).astype(np.int64)
        return found.sort_values("order", ignore_index=True)


def truth_of(run: Any) -> Truth:
    """The tables of a run: a mapping by name, the result of a run, or a model.

    Raises
    ------
    ValueError
        When a table is missing, with what to ask for.
    """
    tables: Mapping[str, pd.DataFrame] | Callable[[str], pd.DataFrame]
    tables = run if isinstance(run, Mapping) else getattr(run, "tables", None) or getattr(run, "table", {})
    if callable(tables):
        return Truth(**{name: tables(name) for name in NEEDED})
    missing = [name for name in NEEDED if name not in tables]
    if missing:
        raise ValueError(missing_tables(missing))
    if "identity" not in tables["accounts"]:
        raise ValueError("the table accounts was written by an older version, without `identity`; do the run again")
    return Truth(**{name: tables[name] for name in NEEDED})


def missing_tables(missing: list[str]) -> str:
    """What to say where tables are missing."""
    return f"no table {', '.join(missing)}: an observer needs {','.join(NEEDED)}; do the run with --tables {','.join(NEEDED)}"
