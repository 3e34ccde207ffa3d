"""A stored run as an observer would see it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.measures.observer import Observer, observe, read_settings
from sim.measures.observer.truth import NEEDED, missing_tables
from sim.studies.errors import RequestError
from sim.studies.store.folder import STUDY
from sim.studies.store.output import TABLES, staging, write_frame
from sim.studies.store.own import RECORD, UNREADABLE, content_hash, refuse_links
from sim.studies.store.record import OBSERVATION, write_record

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Observation:
    """What an observer recorded of a run.

    Attributes
    ----------
    folder, scenario, seed
        Where the run is, what was run, and with which seed.
    settings
        How well the observer saw.
    tables
        What `sim.measures.observer.observe` gives.
    """

    folder: Path
    scenario: str
    seed: int
    settings: Observer
    tables: dict[str, DataFrame]

    def summary(self) -> DataFrame:
        """A row for each thing estimated and way to estimate it: the latent value and the estimate, each a mean over windows or surveys, and their ratio."""
        rows = self.tables["estimates"].astype({"what": str, "estimator": str})
        at = ["what", "first_day", "last_day"]
        latent = rows[rows["estimator"] == "latent"].rename(columns={"value": "latent"})[[*at, "latent"]]
        pairs = rows[rows["estimator"] != "latent"].rename(columns={"value": "observed"}).merge(latent, on=at)
        pairs = pairs.dropna(subset=["latent", "observed"])
        found = pairs.groupby(["what", "estimator"], sort=False).agg(
            windows=("latent", "size"), latent=("latent", "mean"), observed=("observed", "mean")
        )
        return found.assign(ratio=found["observed"] / found["latent"].where(found["latent"] > 0)).reset_index()

    def to_json(self) -> dict[str, Any]:
        """What `odm observe --json` prints."""
        plain = json.loads(self.summary().to_json(orient="records", double_precision=15))
        return {
            "run": str(self.folder), "scenario": self.scenario, "seed": self.seed, "settings": self.settings.model_dump(),
            "rows": {name: len(frame) for name, frame in self.tables.items()}, "estimates": plain,
        }  # fmt: skip

    def save(self, folder: str | Path, draw: Callable[[Path], None] | None = None) -> None:
        """Write every table as Parquet and the estimates as CSV into a folder that appears only when all is written.

        Parameters
        ----------
        folder
            The folder.
        draw
            Writes figures into the folder that it is given.

        Raises
        ------
        RequestError
            If the folder cannot be written or holds other people's files.
        """
        with staging(folder) as place:
            for name, frame in self.tables.items():
                write_frame(frame, name, place / f"{name}.parquet")
            self.tables["estimates"].to_csv(place / "estimates.csv", index=False, lineterminator="\n")
            self.summary().to_csv(place / "summary.csv", index=False, lineterminator="\n")
            if draw is not None:
                draw(place)
            write_record(
                place,
                kind=OBSERVATION,
                scenarios={},
                seeds=[self.seed],
                settings={"observer": self.settings.model_dump(), "scenario": self.scenario},
            )


def observe_folder(
    folder: str | PathLike[str], settings: Observer | Mapping[str, Any] | str | Path | None = None
) -> Observation:
    """Observe a run that was stored with its tables.

    Parameters
    ----------
    folder
        Folder that `odm run --out` wrote, or that of the tables of one run of several or of a study: ``DIR/tables/SCENARIO/seed-N``.
    settings
        As for `sim.measures.observer.observe`.

    Raises
    ------
    RequestError
        When it is no such folder, or tables are missing from it.
    SettingsError
        When the settings cannot be used.
    """
    import pandas as pd

    place, ready = Path(folder), read_settings(settings)
    scenario, seed = _what_ran(place)
    names = [f"{name}.parquet" for name in NEEDED]
    missing = [name for name, file in zip(NEEDED, names, strict=True) if not (place / file).is_file()]
    if missing:
        raise RequestError(f"observe: {place} has {missing_tables(missing)}")
    refuse_links(place, tuple(names), "read")
    try:
        tables = {name: pd.read_parquet(place / file) for name, file in zip(NEEDED, names, strict=True)}
        found = observe(tables, ready, seed)
    except (OSError, ValueError, KeyError) as error:
        raise RequestError(f"observe: the tables in {place} cannot be read: {str(error).strip()}") from None
    return Observation(place, scenario, seed, ready, found)


def _what_ran(place: Path) -> tuple[str, int]:
    """Scenario and seed of the run in a folder: from its record, or, of several runs or a study, from the names of the folders that its tables are in.

    Raises
    ------
    RequestError
        When it is no folder of one run.
    """
    home = place.absolute()
    named = re.fullmatch(r"seed-(\d+)(-\w+)?", home.name)
    if named is not None and home.parents[1].name == TABLES and (home.parents[2] / STUDY).is_file():
        return home.parent.name, int(named[1])
    stored = sorted(home.glob(f"{TABLES}/*/seed-*")) if (home / STUDY).is_file() else []
    if stored:
        raise RequestError(
            f"observe: {place} holds several runs; give the folder of one, such as {place / stored[0].relative_to(home)}"
        )
    try:
        record = json.loads((home / RECORD).read_text(encoding="utf-8"))
        ran = record["run"]
        if content_hash(ran) == record["hash"] and ran["kind"] == "run":
            (scenario,), (seed,) = ran["scenarios"], ran["seeds"]
            return str(scenario), int(seed)
    except UNREADABLE:
        pass
    raise RequestError(
        f"observe: {place} is no folder of a run that kept tables, as `odm run --tables {','.join(NEEDED)} --out DIR` writes it"
    )
