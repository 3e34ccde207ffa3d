"""Reading what `odm study`, `odm compare` and `odm run` wrote: pandas frames, and SQL over its runs."""

from __future__ import annotations

import json
from os import PathLike
from typing import TYPE_CHECKING, Any

from sim.measures.by_group import key_of
from sim.measures.dictionary import of_group, split
from sim.measures.scale import real_frame, weight_of
from sim.scenario import meant
from sim.studies.deeds import from_plain
from sim.studies.errors import RequestError
from sim.studies.store.folder import PLAN, STUDY, read_study
from sim.studies.store.own import RECORD, refuse_links
from sim.studies.store.parts import POLICIES, mark_of, refuse_foreign
from sim.studies.store.plain import plain_runs
from sim.studies.store.query import ask, database, listed, quoted
from sim.studies.store.store import PARTS

if TYPE_CHECKING:
    from pandas import DataFrame, Series

VIEWS = {
    "runs": "a row a run: run, scenario, seed, inputs (what the point changed, as JSON), status (ok, failed, or aborted: lost with its worker), error, trace",
    "outcomes": "a row for each run that went well: run, scenario, seed, inputs, and every outcome, as of the simulated consumers",
    "daily": "a row for each such run and day: run, scenario, seed, inputs, day, date where the scenario has a calendar, and the outcomes kept daily",
    "policies": "a row for each such run with policies: run, scenario, seed, inputs, and what they did (policies, as JSON)",
    "groups": "a row for each such run and group, where groups were asked for: run, scenario, seed, inputs, key, member, and the outcomes of the group",
    "plan": "a row for each run that the finished study is made of, in order: scenario, seed, inputs, run",
}
"""Views that SQL can read, and what is in them."""


class Results:
    """The runs of a study or a comparison, finished or not, or those that `odm run` wrote.

    Parameters
    ----------
    folder
        Folder that `odm study`, `odm compare` or `odm run` wrote.

    Raises
    ------
    RequestError
        If it is not one.

    Examples
    --------
    >>> results = Results("results/policy-ranking")  # doctest: +SKIP
    >>> results.sql("select scenario, avg(deaths_expected) from outcomes group by all")  # doctest: +SKIP
    """

    def __init__(self, folder: str | PathLike[str]) -> None:
        self.folder = meant(folder)
        refuse_links(self.folder, (STUDY, PLAN, RECORD, PARTS), "read")
        self._plain = None if (self.folder / STUDY).exists() else plain_runs(self.folder)
        self.study = self._plain.described if self._plain is not None else read_study(self.folder)

    def sql(self, query: str) -> DataFrame:
        """The rows of a query over the views `runs`, `outcomes`, `daily`, `groups` and `plan` (see `VIEWS`).

        Raises
        ------
        RequestError
            If the query is wrong or does something else than ask, or a part cannot be read.
        """
        import duckdb

        if self._plain is not None:
            with database(self._plain.files) as connection:
                try:
                    self._plain.views(connection)
                except duckdb.Error as error:
                    raise RequestError(f"{self.folder} cannot be read: {str(error).strip()}") from None
                return ask(connection, query)
        parts = sorted((self.folder / PARTS).resolve().glob("*.parquet"))
        if not parts:
            raise RequestError(f"{self.folder} has no finished runs yet")
        mark = mark_of(self.folder)
        for path in parts:
            refuse_foreign(path, mark)
        plan = (self.folder / PLAN).resolve()
        with database([*parts, plan]) as connection:
            try:
                self._views(connection, listed(parts), quoted(str(plan)) if plan.is_file() else "")
            except duckdb.Error as error:
                raise RequestError(f"{self.folder} cannot be read: {str(error).strip()}") from None
            return ask(connection, query)

    def runs(self) -> DataFrame:
        """A row a run, without outcomes."""
        return self.sql("SELECT * FROM runs ORDER BY scenario, inputs, seed")

    def failures(self) -> DataFrame:
        """The runs that failed or were lost with their workers (status `aborted`), with error and traceback."""
        return self.sql("SELECT * FROM runs WHERE status <> 'ok' ORDER BY scenario, inputs, seed")

    def outcomes(self, inputs: bool = True, real: bool = False) -> DataFrame:
        """A row a run with every outcome; with `inputs`, a column for each path that the study varies; with `real`, totals of real people."""
        frame = self.sql("SELECT * FROM outcomes ORDER BY scenario, inputs, seed")
        frame = real_frame(frame, self.weights(frame)) if real else frame
        return _spread(frame) if inputs else frame

    def daily(self, *names: str, where: str = "true", real: bool = False) -> DataFrame:
        """A row a run and day; only the outcomes named, if any are, of the runs for which a condition of SQL holds; with `real`, totals of real people."""
        columns = ", ".join(f'"{name}"' for name in names) if names else "* EXCLUDE (run, scenario, seed, inputs, day)"
        dated = ", date" if names and self._calendar else ""
        frame = self.sql(
            f"SELECT run, scenario, seed, inputs, day{dated}, {columns} FROM daily WHERE {where} ORDER BY scenario, inputs, seed, day"
        )
        return real_frame(frame, self.weights(frame)) if real else frame

    def by_group(self, *keys: str, real: bool = False) -> DataFrame:
        """A row a run and group: run, scenario, seed, inputs, key, member, and the outcomes of the group; only the keys named, if any are.

        Raises
        ------
        RequestError
            If no groups were asked for when the runs were done, or not those.
        """
        frame = self.sql("SELECT * FROM groups ORDER BY scenario, inputs, seed, key, member")
        known = list(dict.fromkeys(frame["key"]))
        for key in keys:
            if key not in known:
                raise RequestError(f"by: given {key!r}, kept are {', '.join(known) or 'none: ask for them with --by'}")
        frame = frame[frame["key"].isin(keys)].reset_index(drop=True) if keys else frame
        return real_frame(frame, self.weights(frame)) if real else frame

    def means_by_group(self, *keys: str) -> DataFrame:
        """Outcomes of groups over the runs of each scenario and point: scenario, inputs, key, member, outcome, runs, mean, lowest, highest."""
        head = ["scenario", "inputs", "key", "member"]
        long = self.by_group(*keys).drop(columns=["run", "seed"]).melt(head, var_name="outcome").dropna()
        groups = long.groupby([*head, "outcome"], sort=False)["value"]
        return groups.agg(runs="count", mean="mean", lowest="min", highest="max").reset_index()

    def weights(self, frame: DataFrame) -> Series:
        """Real people for whom a simulated consumer stands, for each row of a frame that has `scenario` and `inputs`."""
        known = {pair: self._weight(*pair) for pair in set(zip(frame["scenario"], frame["inputs"], strict=True))}
        return frame.apply(lambda row: known[row["scenario"], row["inputs"]], axis=1) if len(frame) else frame["seed"]

    def _weight(self, label: str, inputs: str) -> float:
        """The weight in a scenario of the study with what a point changes in it."""
        return weight_of({**self.study["scenarios"][label]["resolved"], **json.loads(inputs)})

    def policies(self) -> DataFrame:
        """What policies did: a row a run and policy, with run, scenario, seed and inputs in front; see the table `policies` of the data dictionary."""
        import pandas as pd

        head = ["run", "scenario", "seed", "inputs"]
        if self._plain is not None:  # of `odm run`, which writes them as a table
            path = self.folder / "policies.csv"
            frame = pd.read_csv(path, keep_default_na=False, na_values=[""]) if path.is_file() else pd.DataFrame()
            if frame.empty:
                return pd.DataFrame(columns=[*head, *from_plain([]).columns])
            frame["run"] = [
                f"{label}, seed {seed}" for label, seed in zip(frame["scenario"], frame["seed"], strict=True)
            ]
            frame["note"] = frame["note"].fillna("")
            return frame.assign(inputs="{}")[[*head, *from_plain([]).columns]]
        found = self.sql("SELECT * FROM policies WHERE policies IS NOT NULL ORDER BY scenario, inputs, seed")
        tables = [
            from_plain(json.loads(row["policies"])).assign(**{name: row[name] for name in head})
            for row in found.to_dict("records")
        ]
        columns = [*head, *from_plain([]).columns]
        return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)

    def answer(self, table: str) -> DataFrame:
        """A table of the study's answer, such as `effects`.

        Raises
        ------
        RequestError
            If the study has not ended or there is no such table.
        """
        import pandas as pd

        path = self.folder / "answer" / f"{table}.parquet"
        if not path.is_file():
            known = sorted(found.stem for found in path.parent.glob("*.parquet"))
            raise RequestError(f"answer: there is none called {table!r}; known: {', '.join(known) or 'nothing yet'}")
        return pd.read_parquet(path)

    @property
    def _calendar(self) -> dict[str, str]:
        """The date of day 0 of each scenario that has one."""
        first = {label: entry["resolved"].get("day0") for label, entry in self.study["scenarios"].items()}
        return {label: str(day) for label, day in first.items() if day}

    def _dated(self, rows: str) -> str:
        """A query of daily rows, with the date of each day where a scenario has that of day 0."""
        whens = " ".join(f"WHEN {quoted(label)} THEN {quoted(day)}" for label, day in self._calendar.items())
        if not whens:
            return rows
        date = f"CAST(CASE scenario {whens} END AS DATE) + CAST(day AS INTEGER) AS date"
        head = "run, scenario, seed, inputs, day"
        return f"SELECT {head}, {date}, * EXCLUDE ({head}) FROM ({rows})"

    def _views(self, connection: Any, files: str, plan: str) -> None:
        """Make the views; a run that is there twice counts once, as it went well if it ever did."""
        source = f"read_parquet({files}, union_by_name = true)"
        names = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
        doubled = connection.execute(f"SELECT count(*) - count(DISTINCT run) FROM {source}").fetchone()[0]
        rank = "CASE status WHEN 'ok' THEN 0 WHEN 'failed' THEN 1 ELSE 2 END"
        if doubled:  # which file holds the row of a run that counts
            connection.execute(
                f"CREATE TEMP TABLE chosen AS SELECT run, min(struct_pack(bad := {rank}, f := filename)).f AS file "
                f"FROM read_parquet({files}, union_by_name = true, filename = true) GROUP BY run"
            )
            source = (
                f"(SELECT p.* EXCLUDE (filename) FROM read_parquet({files}, union_by_name = true, filename = true) p "
                "JOIN chosen c ON p.run = c.run AND p.filename = c.file)"
            )
        head = "run, scenario, seed, inputs"
        outcomes = [name for name in _columns(names, "outcome.") if not split(name)[1]]
        daily = _columns(names, "daily.")
        lists = [f'unnest("daily.{name}") AS "{name}"' for name in daily]
        first = f'"daily.{daily[0]}"' if daily else "[]"
        connection.execute(f"CREATE VIEW runs AS SELECT {head}, status, error, trace FROM {source}")
        chosen = "".join(f', "outcome.{name}" AS "{name}"' for name in outcomes)
        connection.execute(f"CREATE VIEW outcomes AS SELECT {head}{chosen} FROM {source} WHERE status = 'ok'")
        days = f"unnest(range(len({first}))) AS day"
        rows = f"SELECT {', '.join([head, days, *lists])} FROM {source} WHERE status = 'ok'"
        connection.execute(f"CREATE VIEW daily AS {self._dated(rows)}")
        did = "policies" if POLICIES in names else "NULL AS policies"
        good = f"status = 'ok'{'' if POLICIES in names else ' AND false'}"
        connection.execute(f"CREATE VIEW policies AS SELECT {head}, {did} FROM {source} WHERE {good}")
        connection.execute(f"CREATE VIEW groups AS {_groups(names, head, source)}")
        if plan:
            connection.execute(f"CREATE VIEW plan AS SELECT * FROM read_parquet({plan})")


def _columns(names: list[str], prefix: str) -> list[str]:
    """Outcomes that have a column, in the order of the dictionary; members of a family after the rest."""
    from sim.measures.dictionary import outcomes

    found = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
    order = {name: k for k, name in enumerate(outcomes())}
    return sorted(found, key=lambda name: (order.get(name, len(order)), name))


def _groups(names: list[str], head: str, source: str) -> str:
    """A query with a row for each run and group of those whose outcomes have columns."""
    members: dict[str, list[str]] = {}
    for name in _columns(names, "outcome."):
        base, group = split(name)
        if group:
            members.setdefault(group, []).append(base)
    if not members:
        return f"SELECT {head}, NULL::VARCHAR AS key, NULL::VARCHAR AS member FROM {source} WHERE false"
    parts = []
    for group, outcomes in members.items():
        key, member = map(quoted, key_of(group))
        chosen = "".join(f', "outcome.{of_group(name, group)}" AS "{name}"' for name in outcomes)
        parts.append(f"SELECT {head}, {key} AS key, {member} AS member{chosen} FROM {source} WHERE status = 'ok'")
    return " UNION ALL BY NAME ".join(parts)


def _spread(frame: DataFrame) -> DataFrame:
    """A frame with a column for each path in its inputs, before the outcomes."""
    import pandas as pd

    values = pd.DataFrame([json.loads(text) for text in frame["inputs"]], index=frame.index)
    place = list(frame.columns).index("inputs")
    return pd.concat([frame.iloc[:, :place], values, frame.iloc[:, place + 1 :]], axis=1)
