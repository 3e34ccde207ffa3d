"""Recording: daily outcomes in one array, event-level tables on request, and the audit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.measures.audit import audit_day
from sim.measures.by_group import by_member, grouped_names, groups_of, measured, outcomes_by_group
from sim.measures.dictionary import UNOBSERVED, NoNumberError, outcome, outcomes
from sim.measures.kept import tables
from sim.measures.kept.rows import Dress, Rows, joined
from sim.measures.networks import EVERY, network_rows, network_table
from sim.measures.outcomes import outcomes_of_day

if TYPE_CHECKING:
    from sim.market.state import MarketState

KEPT = ("orders", "platforms", "events", "accounts", "networks", "doses")
ALWAYS = ("vendors", "consumers", "policies", "daily")
BY_GROUP = "daily_by_group"


class Recorder:
    """Keeps what a run is asked for.

    Parameters
    ----------
    model
        The model.
    wanted
        Tables to keep; ``("all",)`` for all of them.
    audit
        Check every conservation identity daily.
    by
        Groupings for which outcomes are kept too, such as ``segment`` or ``segment:jurisdiction``.
    folder
        Where the rows of orders and platforms go as they come; None keeps them in memory.
    """

    def __init__(
        self,
        state: MarketState,
        wanted: tuple[str, ...],
        audit: bool,
        by: tuple[str, ...] = (),
        folder: Path | None = None,
    ) -> None:
        self.audit = audit
        self.wanted = frozenset(KEPT + ALWAYS) if "all" in wanted else frozenset(wanted)
        self.names = [n for n, spec in outcomes().items() if not spec.paired]
        self.names += [f"share_from_{j}" for j in state.scenario.jurisdictions]
        self.groupings = groups_of(state.scenario, by)
        self.of_groups = [(grouping, measured(self.names, grouping)) for grouping in self.groupings]
        self.all_names = [*self.names, *grouped_names(self.names, self.groupings)]
        self.values = np.empty((max(state.scenario.days, 1), len(self.all_names)))
        self.days = 0
        self.orders, self.platforms = Rows("orders", folder), Rows("platforms", folder)
        self.networks: list[dict[str, object]] = []
        self.accounts = tables.AccountLog()

    def record(self, state: MarketState) -> None:
        """Keep what was asked for of the day that ends, the orders that closed on it among it.

        Raises
        ------
        NoNumberError
            When an outcome that was observed is infinite or nan, with its name and the day.
        """
        if "orders" in self.wanted:
            self.orders.add(tables.order_columns(state, state.books.closed), partial(tables.order_table, state))
        if self.audit:
            audit_day(state)
        if "accounts" in self.wanted:
            self.accounts.look(state)
        if "platforms" in self.wanted:
            self.platforms.add(tables.platform_columns(state), tables.platform_table)
        if "networks" in self.wanted and state.day % EVERY == 0:
            self.networks += network_rows(state)
        if state.day < 0:
            return
        if self.days == len(self.values):
            self.values = np.concatenate([self.values, np.empty_like(self.values)])
        found = outcomes_of_day(state)
        today = [found[name] for name in self.names]
        for grouping, names in self.of_groups:
            today += outcomes_by_group(state, grouping, names)
        self.values[self.days] = today
        if not math.isfinite(np.add.reduce(self.values[self.days])):
            self._numbers(today, state.day)
        self.days += 1

    def _numbers(self, today: Sequence[float], day: int) -> None:
        """Whether every outcome that was observed on a day is a number."""
        wrong = [place for place, value in enumerate(today) if value is not UNOBSERVED and not math.isfinite(value)]
        if wrong:
            first, *others = (self.all_names[place] for place in wrong)
            raise NoNumberError(
                f"no number as the outcome {first} on day {day}, but {today[wrong[0]]}"
                + (f" (nor as {', '.join(others[:3])})" if others else "")
            )

    def column(self, name: str) -> np.ndarray:
        """(days,) an outcome as recorded so far."""
        return self.values[: self.days, self.names.index(name)]

    def series(self) -> dict[str, np.ndarray]:
        """(days,) of each outcome from day 0 on."""
        values = self.values[: self.days, : len(self.names)].T.copy()
        return dict(zip(self.names, values, strict=True))

    def daily(self) -> pd.DataFrame:
        """One row a day from day 0 on, one column an outcome."""
        return pd.DataFrame(self.series(), index=pd.RangeIndex(self.days, name="day"))

    def daily_by_group(self) -> pd.DataFrame:
        """One row a day and group, one column an outcome."""
        frame = pd.DataFrame(self.values[: self.days, len(self.names) :], columns=self.all_names[len(self.names) :])
        found = by_member(frame.rename_axis("day").reset_index(), ["day"])
        return found.astype({"day": "int32", "key": "category", "member": "category"})

    def outcomes(self) -> dict[str, float]:
        """Run-level values, aggregated as the dictionary says; nan where nothing was observed. Those of groups come after the others."""
        result = {}
        for k, name in enumerate(self.all_names):
            column = self.values[: self.days, k]
            seen = column[~np.isnan(column)]
            how = outcome(name).aggregate
            if not len(seen):
                result[name] = float("nan")
            else:
                result[name] = float(seen.sum() if how == "sum" else (seen[-1] if how == "last" else seen.mean()))
        return result

    def table(self, state: MarketState, name: str) -> pd.DataFrame:
        """A table by name.

        Raises
        ------
        ValueError
            When there is none of that name, or it was not kept.
        """
        if name not in (*KEPT, *ALWAYS, BY_GROUP):
            raise ValueError(f"there is no table {name!r}; tables are {', '.join((*KEPT, *ALWAYS, BY_GROUP))}")
        if name in KEPT and name not in self.wanted:
            raise ValueError(f"table {name!r} was not kept: make the model with tables=({name!r},)")
        if name == "daily":
            return tables.dated(self.daily().reset_index(), state.scenario.day0)
        if name == BY_GROUP:
            if not self.groupings:
                raise ValueError(f"table {name!r} was not kept: make the model with by=('segment',), for example")
            return tables.dated(self.daily_by_group(), state.scenario.day0)
        if name in ("vendors", "consumers"):
            return tables.vendor_table(state) if name == "vendors" else tables.consumer_table(state)
        if name == "events":
            return tables.dated(tables.event_table(state), state.scenario.day0)
        if name == "accounts":
            return self.accounts.table(state)
        if name == "doses":
            return tables.dose_table(state)
        if name == "networks":
            return network_table(self.networks)
        rows, dress, last = self._growing(state, name)
        return joined(name, [*rows.parts(dress), *([] if last is None else [last])])

    def _growing(self, state: MarketState, name: str) -> tuple[Rows, Dress, pd.DataFrame | None]:
        """The rows of a table that grows, what makes a table of them, and what comes after them now."""
        if name == "platforms":
            return self.platforms, tables.platform_table, None
        return self.orders, partial(tables.order_table, state), tables.open_order_rows(state)

    def settle(self) -> None:
        """Wait until every full batch of the tables that grow is on disk."""
        self.orders.settle()
        self.platforms.settle()

    def write(self, state: MarketState, name: str, path: Path) -> None:
        """Write ``orders`` or ``platforms`` as Parquet, with no more than a batch in memory."""
        rows, dress, last = self._growing(state, name)
        rows.write(path, dress, last)
