"""The tables of one run as a database in memory that answers questions and can do nothing else: no file, no network, nothing changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.measures.dictionary import observed, outcomes, tables
from sim.studies.errors import RequestError
from sim.studies.store.query import ask, database, only_select

if TYPE_CHECKING:
    from pandas import DataFrame

WRITTEN = ("orders", "platforms", "vendors", "accounts", "consumers", "events", "doses")
"""Tables that a run writes for targets, whichever they are: other targets can then be asked of the same runs."""

MACROS = {
    "gini(xs)": "(WITH v AS (SELECT unnest(xs) AS x), r AS (SELECT x, row_number() OVER (ORDER BY x) AS i FROM v WHERE x IS NOT NULL) "
    "SELECT 2 * sum(i * x) / nullif(count(*) * sum(x), 0) - (count(*) + 1) / count(*) FROM r)",
    "top_share(xs, share)": "(WITH v AS (SELECT unnest(xs) AS x), r AS (SELECT x, row_number() OVER (ORDER BY x DESC) AS i, count(*) OVER () AS n "
    "FROM v WHERE x IS NOT NULL) SELECT (coalesce(sum(x) FILTER (WHERE i <= floor(n * share)), 0) "
    "+ coalesce(max(x) FILTER (WHERE i = floor(n * share) + 1), 0) * (max(n) * share - floor(max(n) * share))) / nullif(sum(x), 0) FROM r)",
}
"""Functions of SQL that targets share: the Gini of a list, and what the largest ``share`` of its entries hold of the sum, the last one in part."""


class About(NamedTuple):
    """What is true of a whole run: the view `world`, without its window, and the class of each substance, the table `substances`."""

    world: str
    weight: float
    consumers: int
    people: float
    days: int
    classes: Mapping[str, str]


@contextmanager
def opened(frames: Mapping[str, DataFrame], about: About, views: Mapping[str, str]) -> Iterator[Asker]:
    """The tables of a run, ready to be asked.

    Parameters
    ----------
    frames
        Tables by name; of those with a column `day`, the window is seen under the name, and all of it under `ever.` and the name.
    about
        The run.
    views
        Queries by the names under which others read them.
    """
    with database((), threads=1) as connection:  # the same run gives the same numbers; workers have a core each
        yield Asker(connection, frames, about, views)


class Asker:
    """Asks questions of a run, each in a window of days."""

    def __init__(
        self, connection: Any, frames: Mapping[str, DataFrame], about: About, views: Mapping[str, str]
    ) -> None:
        self.connection, self.about, self.views = connection, about, views
        self.windowed = {"world"}  # names under which another window shows other rows
        connection.execute("CREATE SCHEMA ever")
        for name, text in MACROS.items():
            connection.execute(f"CREATE MACRO {name} AS {text}")
        connection.execute(
            "CREATE TABLE world (world VARCHAR, weight DOUBLE, consumers BIGINT, people DOUBLE, days BIGINT, "
            "first_day BIGINT, last_day BIGINT, years DOUBLE)"
        )
        self._window((0, about.days - 1))
        connection.execute("CREATE TABLE substances (substance VARCHAR, class VARCHAR)")
        if about.classes:
            connection.executemany("INSERT INTO substances VALUES (?, ?)", list(about.classes.items()))
        for name, frame in frames.items():
            connection.register("incoming", frame)
            home = "ever" if "day" in frame else "main"
            words = [f'"{key}"::VARCHAR AS "{key}"' for key, kind in frame.dtypes.items() if kind == "category"]
            plain = (
                f"* REPLACE ({', '.join(words)})" if words else "*"
            )  # a word that a run lacks is a word all the same
            connection.execute(f"CREATE TABLE {home}.{name} AS SELECT {plain} FROM incoming")
            connection.unregister("incoming")
            if home == "ever":
                self.windowed.add(name)
                connection.execute(
                    f"CREATE VIEW {name} AS SELECT t.* FROM ever.{name} t, world w WHERE t.day BETWEEN w.first_day AND w.last_day"
                )
        for name, query in views.items():
            self.view(name, query)

    def view(self, name: str, query: str) -> None:
        """Give a query a name under which others read it; what every window shows alike is worked out once.

        Raises
        ------
        RequestError
            If it is no single SELECT or is wrong.
        """
        import duckdb

        try:
            only_select(self.connection, query)
            if {*re.findall(r"\w+", re.sub(r"\bever\.\w+", "", query))} & self.windowed:
                self.windowed.add(name)
                self.connection.execute(f"CREATE VIEW {name} AS {query}")
            else:
                self.connection.execute(f"CREATE TABLE {name} AS {query}")
        except duckdb.Error as error:
            raise RequestError(f"query: {str(error).strip()}") from None

    def _window(self, window: tuple[int, int]) -> None:
        """Set the days that questions are about."""
        first, last = window
        self.connection.execute("DELETE FROM world")
        self.connection.execute(
            "INSERT INTO world VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [*self.about[:5], first, last, (last - first + 1) / 365],
        )

    def rows(self, sql: str, window: tuple[int, int] | None = None) -> DataFrame:
        """The rows of one SELECT.

        Raises
        ------
        RequestError
            If it is no single SELECT or is wrong.
        """
        self._window(window or (0, self.about.days - 1))
        return ask(self.connection, sql)


def empty_frames() -> dict[str, DataFrame]:
    """Every table of a run, and of what an observer sees of it, without rows: to try questions on."""
    import pandas as pd

    columns = {name: {key: spec.dtype for key, spec in tables()[name].items()} for name in WRITTEN}
    columns["daily"] = {
        "day": "int32",
        **dict.fromkeys((name for name, spec in outcomes().items() if not spec.paired), "float64"),
    }
    columns["outcomes"] = {name: kind for name, kind in columns["daily"].items() if name != "day"}
    columns |= {name: {key: spec.dtype for key, spec in specs.items()} for name, specs in observed().items()}
    return {
        name: pd.DataFrame({key: pd.Series(dtype=_empty(kind)) for key, kind in kinds.items()})
        for name, kinds in columns.items()
    }


def _empty(kind: str) -> str:
    """The type of a column without rows as pandas calls it."""
    return {"category": "string", "date32": "datetime64[ns]"}.get(kind, kind)


def said(error: RequestError) -> str:
    """What is wrong with a question, in a line."""
    return " ".join(str(error).removeprefix("query: ").split())[:400]
