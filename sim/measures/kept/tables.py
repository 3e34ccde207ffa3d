"""Event-level tables of a run, with the columns that the data dictionary documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.agents.codes import (
    NEVER,
    NO_SLOT,
    Channel,
    Check,
    Content,
    EventKind,
    ExitCause,
    OrderOutcome,
    PlatformStatus,
    Segment,
    Settlement,
    Sex,
    VendorKind,
)
from sim.agents.consumers import age as ages
from sim.agents.orders import NO_RATING
from sim.kernels import kernel
from sim.measures.dictionary import tables as dictionary
from sim.measures.kept.rows import Raw

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from enum import IntEnum

    from sim.market.state import MarketState


ORDER_COLUMNS = (
    "number", "day", "consumer", "vendor", "platform", "channel", "substance", "quantity", "price", "processor", "escrow", "outcome", "settlement", "rating",
    "dispatched", "share", "content", "first", "parcels", "seized", "check", "discarded",
)  # fmt: skip
"""Columns of orders from which the table of orders is made."""

GOOD_STARS, BAD_STARS = 5.0, 1.7
"""What a good and a bad rating count in the mean of an account, which keeps how many there were: about the means of those that buyers leave."""


def named(codes: np.ndarray, kinds: type[IntEnum], missing: int | None = None) -> pd.Categorical:
    """Codes as a categorical of lower-case names."""
    names = [k.name.lower() for k in kinds]
    numbers = np.asarray(codes, np.int64)
    known = np.where(numbers == missing, -1, numbers) if missing is not None else numbers
    return pd.Categorical.from_codes(known, names)  # pyright: ignore


def labelled(codes: np.ndarray, names: list[str]) -> pd.Categorical:
    """Codes as a categorical of given names; negative codes are missing."""
    return pd.Categorical.from_codes(np.asarray(codes, np.int64), names)  # pyright: ignore


def policy_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """What each policy of a run was meant for, did and cost: rows as the table ``policies``, with the columns and kinds of the dictionary."""
    columns = dictionary()["policies"]
    kinds = {name: "Int32" if spec.dtype == "int32" else spec.dtype for name, spec in columns.items()}
    return pd.DataFrame(rows, columns=list(columns)).astype(kinds)


def dated(frame: pd.DataFrame, day0: date | None) -> pd.DataFrame:
    """A table with a column of days, and beside it their dates where ``day0`` is the date of day 0."""
    if day0 is not None:
        days = frame["day"].to_numpy().astype("timedelta64[D]")
        frame.insert(list(frame.columns).index("day") + 1, "date", np.datetime64(day0, "D") + days)
    return frame


def processor_names(state: MarketState) -> list[str]:
    """Names of payment processors by row."""
    return [p.kind if p.kind != "acquirer" else f"acquirer-{p.row - 1}" for p in state.processors]


def order_columns(state: MarketState, rows: np.ndarray) -> Raw:
    """Orders as they stand in the books."""
    o = state.books.open_orders.columns
    return {
        **{name: getattr(o, name)[rows] for name in ORDER_COLUMNS},
        "outcome_day": o.due[rows].astype(np.int32),
    }


def order_table(state: MarketState, raw: Raw) -> pd.DataFrame:
    """Orders with names in the place of codes, and money in USD."""
    rating = raw["rating"].astype(float)
    dispatched = raw["dispatched"] == 1
    content = np.where(dispatched & (raw["share"] > 0), raw["content"].astype(int), -1)
    return pd.DataFrame({
        "order": raw["number"], "day": raw["day"], "consumer": raw["consumer"], "vendor": raw["vendor"], "platform": raw["platform"].astype(np.int32),
        "channel": named(raw["channel"], Channel), "substance": labelled(raw["substance"], list(state.scenario.substances)),
        "quantity": raw["quantity"], "price_usd": raw["price"] / 100.0, "processor": labelled(raw["processor"], processor_names(state)),
        "escrow": raw["escrow"] == 1,
        "outcome": named(raw["outcome"], OrderOutcome), "settlement": named(raw["settlement"], Settlement),
        "outcome_day": pd.array(raw["outcome_day"], "Int32"),
        "rating": np.where(rating == NO_RATING, np.nan, rating), "content": named(content, Content, -1), "first_time_pair": raw["first"] == 1,
        "parcels": raw["parcels"].astype(np.int32), "parcels_seized": pd.array(raw["seized"].astype(np.int32), "Int32"),
        "check": named(raw["check"], Check, int(Check.NONE)), "discarded": raw["discarded"] == 1,
    })  # fmt: skip


def open_order_rows(state: MarketState) -> pd.DataFrame:
    """Orders still under way, without outcome, and those whose goods are there while their money is in escrow, without settlement."""
    raw = order_columns(state, np.arange(state.books.open_orders.n))
    rows, known = order_table(state, raw), raw["outcome_day"] < state.day
    ended = ("outcome", "outcome_day", "parcels_seized", "rating", "content")
    return rows.assign(
        settlement=named(np.full(len(rows), -1), Settlement, -1), **{name: rows[name].where(known) for name in ended}
    )


@kernel
def count_users(home: np.ndarray, app_home: np.ndarray, pharmacy_home: np.ndarray, users: np.ndarray) -> None:
    """Count those who shop at each platform; (platforms,) ``users`` in place."""
    for c in range(len(home)):
        for slot in (home[c], app_home[c], pharmacy_home[c]):
            if slot != NO_SLOT:
                users[slot] += 1


def platform_columns(state: MarketState) -> Raw:
    """Platforms at the end of the day, as they stand in the books."""
    t, n = state.platform_table.columns, state.platform_table.n
    c = state.consumers.columns
    users = np.zeros(n, np.int64)
    count_users(c.home[: state.consumers.n], c.app_home, c.pharmacy_home, users)
    return {
        "day": np.full(n, state.day, np.int32), "platform": np.arange(n), "channel": t.channel[:n].copy(), "status": t.status[:n].copy(),
        "listings": t.listings[:n].astype(np.int32), "vendors": t.vendors[:n].copy(), "active_buyers": users, "orders": state.trade.orders[:n].astype(np.int32),
        "unpaid": state.trade.unpaid[:n].astype(np.int32), "unsettled": state.trade.unsettled[:n].astype(np.int32),
        "volume_usd": state.trade.volume[:n] / 100.0, "escrow_usd": t.escrow[:n] / 100.0, "visibility": t.visibility[:n].copy(),
        **state.platform_table.own.frame(n),
    }  # fmt: skip


def platform_table(raw: Raw) -> pd.DataFrame:
    """Platforms with names in the place of codes."""
    return pd.DataFrame(
        {
            **raw,
            "channel": named(raw["channel"], Channel),
            "status": named(raw["status"], PlatformStatus),
        }
    )


def vendor_table(state: MarketState) -> pd.DataFrame:
    """Every vendor ever, with cause of exit, revenue and platforms used."""
    v, n = state.vendors.columns, state.vendors.n
    gone = v.exit_day[:n] != NEVER
    return pd.DataFrame({
        "vendor": np.arange(n), "kind": named(v.kind[:n], VendorKind), "jurisdiction": labelled(v.jurisdiction[:n], list(state.scenario.jurisdictions)),
        "entry_day": v.entry_day[:n].astype(np.int32), "exit_day": pd.array(np.where(gone, v.exit_day[:n], 0), "Int32").copy(),
        "exit_cause": named(v.exit_cause[:n], ExitCause, int(ExitCause.NONE)), "identity": v.identity[:n].astype(np.int64),
        "revenue_usd": v.income[:n] / 100.0, "orders": v.orders[:n].astype(np.int64), "platforms_used": v.platforms_used[:n].astype(np.int32),
        **state.vendors.own.frame(n),
    }).assign(exit_day=lambda d: d["exit_day"].where(gone))  # fmt: skip


def consumer_table(state: MarketState) -> pd.DataFrame:
    """Every consumer from day 0 on, first those in whose place others came; counts are from day 0 on.

    The day of leaving stands in the column of that name where somebody came; others have none.
    """
    people, gone = state.consumers, state.books.gone
    now = {name: people.column(name)[: people.n] for name in (*gone.SHOWN, "came")}
    here = {"consumer": np.arange(people.n), "gone": np.full(people.n, state.day), **now}
    c = {name: np.concatenate([part[name] for part in (*gone.parts, here)]) for name in here}
    came, left = c["came"].astype(np.int32), np.arange(len(c["came"])) < len(c["came"]) - people.n
    frame = pd.DataFrame({
        "consumer": c["consumer"], "came_day": pd.array(came, "Int32"), "gone_day": pd.array(c["gone"].astype(np.int32), "Int32"),
        "segment": named(c["segment"], Segment), "age": ages(c["born"], c["gone"]).astype(np.float32), "sex": named(c["sex"], Sex),
        "jurisdiction": labelled(c["jurisdiction"], list(state.scenario.jurisdictions)),
        "orders": c["orders"].astype(np.int32), "spent_usd": c["spent"].copy(), "from_friends_usd": c["from_friends"] / 100.0,
        "vendors_used": c["vendors_used"].astype(np.int32), "harms": c["harms"].astype(np.int32), "treatment_days": c["treatment_days"].astype(np.int32),
        "criminalised": c["criminalised"] > 0, "alive": c["alive"] == 1,
    }).assign(came_day=lambda d: d["came_day"].where(came != -NEVER), gone_day=lambda d: d["gone_day"].where(left))  # fmt: skip
    own = people.own.frame(people.n)
    return frame.join(pd.DataFrame(own, index=frame.index[~left])) if own else frame


def event_table(state: MarketState) -> pd.DataFrame:
    """Everything that happened, in order."""
    events = state.books.events
    rows, texts = events.rows[: events.n], list(events.texts)
    return pd.DataFrame({
        "day": rows["day"].copy(), "kind": named(rows["kind"], EventKind), "subject": rows["subject"].astype(np.int64),
        "agency": rows["agency"].astype(np.int64), "policy": met(rows["policy"], texts), "cause": met(rows["cause"], texts),
        "amount": rows["amount"].copy(),
    })  # fmt: skip


def met(places: np.ndarray, texts: list[str]) -> pd.Categorical:
    """Texts by their places as a categorical of those that are met, in order of the alphabet; the empty one is missing."""
    here = np.flatnonzero(np.bincount(places, minlength=len(texts)))
    kinds = pd.Categorical([texts[k] or None for k in here])
    codes = np.zeros(len(texts), np.int64)
    codes[here] = kinds.codes
    return pd.Categorical.from_codes(codes[places], dtype=kinds.dtype)


def dose_table(state: MarketState) -> pd.DataFrame:
    """What was used day by day, by segment, substance and content."""
    names = ("day", "kind", "doses", "overdoses", "deaths")
    empty = {name: np.empty(0, float if name == "doses" else np.int64) for name in names}
    c = {name: np.concatenate([part[name] for part in [empty, *state.books.doses.parts]]) for name in names}
    who, content = np.divmod(c["kind"], len(Content))
    segment, substance = np.divmod(who, len(state.scenario.substances))
    return pd.DataFrame({
        "day": c["day"].astype(np.int32), "segment": named(segment, Segment), "substance": labelled(substance, list(state.scenario.substances)),
        "content": named(content, Content), "doses": c["doses"], "overdoses": c["overdoses"].astype(np.int32),
        "attended": c["overdoses"] / state.p.consumption.severity_share, "deaths": c["deaths"].astype(np.int32),
    })  # fmt: skip


class AccountLog:
    """Accounts as they open and close, seen by comparing each day with the day before."""

    KEPT = ("account_day", "account_sales", "positive", "negative", "kept", "identity", "breadth")
    """Columns of vendors that are remembered from the day before, when an account that is gone was still open."""

    def __init__(self) -> None:
        self.before = np.empty((0, 4), np.uint16)
        self.closed: list[dict[str, np.ndarray]] = []
        self.known: dict[str, np.ndarray] = {}

    def look(self, state: MarketState) -> None:
        """Write down accounts that are gone since the last look."""
        v, n = state.vendors.columns, state.vendors.n
        now = v.account[:n]
        old = self.before
        rows, places = np.nonzero((old != NO_SLOT) & (old != now[: len(old)]))
        if len(rows):
            gone = _accounts(rows, places, old, self.known)
            self.closed.append({**gone, "close_day": np.full(len(rows), state.day)})
        self.before = now.copy()
        self.known = {name: getattr(v, name)[:n].copy() for name in self.KEPT}

    def table(self, state: MarketState) -> pd.DataFrame:
        """All accounts, closed and open."""
        v, n = state.vendors.columns, state.vendors.n
        account = v.account[:n]
        rows, places = np.nonzero(account != NO_SLOT)
        here = _accounts(rows, places, account, {name: getattr(v, name)[:n] for name in self.KEPT})
        parts = [*self.closed, {**here, "close_day": np.full(len(rows), NEVER)}]
        c = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        rated = c["positive"] + c["negative"]
        stars = (GOOD_STARS * c["positive"] + BAD_STARS * c["negative"]) / np.maximum(rated, 1e-9)
        gone = c["close_day"] != NEVER
        frame = pd.DataFrame({
            "vendor": c["vendor"].astype(np.int64), "platform": c["platform"].astype(np.int64), "open_day": c["account_day"].astype(np.int64),
            "close_day": pd.array(np.where(gone, c["close_day"], 0), "Int32").copy(),
            "sales": c["account_sales"].round().astype(np.int64), "rating_mean": np.where(rated > 0, stars, np.nan),
            "identity_kept": c["kept"] == 1, "identity": c["identity"].astype(np.int64), "listings": c["breadth"].astype(np.int32),
            "escrow": escrow_shares(state, c["platform"].astype(np.int64), c["positive"], c["negative"]),
        })  # fmt: skip
        return frame.assign(close_day=frame["close_day"].where(gone))[list(dictionary()["accounts"])]


def escrow_shares(state: MarketState, platform: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """Share of the orders through accounts that go into escrow, by the ratings of each: the chance of `checkout.in_escrow`; nan off cryptomarkets."""
    t = state.platform_table.columns
    trusted = positive / (positive + negative + state.p.payment.early_prior)
    share = np.clip(1.0 - (1.0 - t.escrow_share[platform]) * 2.0 * trusted, 0.0, 1.0)
    return np.where(t.channel[platform] == Channel.CRYPTOMARKET, share, np.nan)


def _accounts(
    rows: np.ndarray, places: np.ndarray, account: np.ndarray, known: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The accounts of the vendors ``rows`` in their ``places`` as columns, from the columns of vendors."""
    found = {"vendor": rows.astype(float), "platform": account[rows, places].astype(float)}
    for name, column in known.items():
        found[name] = (column[rows, places] if column.ndim == 2 else column[rows]).astype(float)
    return found
