"""Runs of one scenario as `odm run` writes them, for the reader: the same views as a study's, over files that people open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.studies.store.own import RECORD
from sim.studies.store.query import listed, quoted

if TYPE_CHECKING:
    import duckdb

OUTCOMES, DAILY, GROUPS = "outcomes.parquet", "daily.parquet", "outcomes_by_group.parquet"


@dataclass(frozen=True)
class PlainRuns:
    """Runs without a store.

    Attributes
    ----------
    described
        What the record says of them.
    outcomes
        A file with a row a run.
    daily
        A file with a row a day for each run, by its seed.
    groups
        A file with a row for each run and group, where there is one.
    """

    described: Mapping[str, Any]
    outcomes: Path
    daily: Mapping[int, Path]
    groups: Path | None = None

    @property
    def files(self) -> list[Path]:
        """All that is read."""
        return [self.outcomes, *self.daily.values(), *([self.groups] if self.groups else [])]

    def views(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the views that `sim.studies.store.results.VIEWS` names."""
        label = quoted(next(iter(self.described["scenarios"])))
        head = f"{label} || ', seed ' || seed AS run, {label} AS scenario, seed, '{{}}' AS inputs"
        source = f"read_parquet({quoted(str(self.outcomes))})"
        connection.execute(f"CREATE VIEW runs AS SELECT {head}, 'ok' AS status, '' AS error, '' AS trace FROM {source}")
        connection.execute(f"CREATE VIEW outcomes AS SELECT {head}, * EXCLUDE (seed) FROM {source}")
        connection.execute(f"CREATE VIEW policies AS SELECT {head}, NULL AS policies FROM {source} WHERE false")
        groups = f"SELECT {head}, NULL::VARCHAR AS key, NULL::VARCHAR AS member FROM {source} WHERE false"
        if self.groups is not None:
            groups = f"SELECT {head}, * EXCLUDE (seed) FROM read_parquet({quoted(str(self.groups))})"
        connection.execute(f"CREATE VIEW groups AS {groups}")
        connection.execute(f"CREATE VIEW plan AS SELECT {label} AS scenario, seed, inputs, run FROM runs")
        of_file = " ".join(f"WHEN {quoted(str(path))} THEN {seed}::UBIGINT" for seed, path in self.daily.items())
        days = (
            f"SELECT CASE filename {of_file} END AS seed, * EXCLUDE (filename) "
            f"FROM read_parquet({listed(list(self.daily.values()))}, union_by_name = true, filename = true)"
        )
        connection.execute(f"CREATE VIEW daily AS SELECT {head}, * EXCLUDE (seed) FROM ({days})")


def plain_runs(folder: Path) -> PlainRuns | None:
    """The runs in a folder that `odm run` wrote; None if it is no such folder."""
    if not (folder / RECORD).is_file():
        return None
    try:
        run = json.loads((folder / RECORD).read_text(encoding="utf-8"))["run"]
        if run["kind"] != "run":
            return None
        place, seeds, files = folder.resolve(), [int(seed) for seed in run["seeds"]], run["files"]
        names = {seed: DAILY if DAILY in files else f"seed-{seed}/{DAILY}" for seed in seeds}
        described = {"scenarios": dict(run["scenarios"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    groups = place / GROUPS if (place / GROUPS).is_file() else None
    found = PlainRuns(described, place / OUTCOMES, {seed: place / name for seed, name in names.items()}, groups)
    return (
        found
        if described["scenarios"] and all(path.is_file() and not path.is_symlink() for path in found.files)
        else None
    )
