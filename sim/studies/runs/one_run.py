"""One run of a scenario, and its result."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.measures.by_group import of_groups
from sim.measures.dictionary import split
from sim.measures.kept.tables import policy_table
from sim.measures.scale import REAL, SIMULATED, real_frame, real_values
from sim.studies import deeds
from sim.studies.errors import at_least, seeds_from
from sim.studies.runs.simulate import (
    ModelClass,
    OnDay,
    check_by,
    check_tables,
    default_model,
    load_scenario,
    one_or_several,
    series_of,
    simulate,
    warm_up,
    write_table,
)
from sim.studies.store.digests import frame_digests
from sim.studies.store.output import staging, write_frame
from sim.studies.store.record import STOPPED, write_record

if TYPE_CHECKING:
    import numpy as np
    from pandas import DataFrame

    from sim.scenario import Scenario


@dataclass(frozen=True)
class RunResult:
    """What one run gave.

    Attributes
    ----------
    scenario
        The scenario as it was run.
    seed, days, consumers
        Run seed, days from day 0 on that were run (fewer than the scenario's where the run was stopped), simulated consumers.
    weight
        Real people for whom one simulated consumer stands.
    compile_s
        Seconds on the wall for compiling kernels or loading them from the cache, before the run.
    elapsed_s
        Seconds on the wall for building the world and running it, burn-in included; NaN for a run that was done before and kept.
    outcomes
        Every outcome as one number.
    series
        Every outcome, a value a day from day 0 on.
    tables
        The tables that were asked for, but for those in `large`.
    large
        Of a run with a folder for rows: what writes each table as a Parquet file, so that one after the other is in memory, and those that grow never are.
    deeds
        What each policy was meant for, did and cost, a mapping each.
    by_group
        Outcomes of each group, where groups were asked for: key (such as ``segment``), member (such as ``patient``), and a column an outcome.
    scale
        Whose the totals in `outcomes` and `series` are: those of the ``simulated consumers``, or after `real` of ``real people``.
    """

    scenario: Scenario
    seed: int
    days: int
    consumers: int
    weight: float
    compile_s: float
    elapsed_s: float
    outcomes: dict[str, float]
    series: Mapping[str, np.ndarray]
    tables: dict[str, DataFrame] = field(default_factory=dict)
    large: dict[str, Callable[[Path], None]] = field(default_factory=dict)
    deeds: Sequence[Mapping[str, Any]] = ()
    by_group: DataFrame | None = None
    scale: str = SIMULATED

    @cached_property
    def daily(self) -> DataFrame:
        """One row a day from day 0 on, every outcome."""
        import pandas as pd

        return pd.DataFrame(dict(self.series), index=pd.RangeIndex(self.days, name="day"))

    @cached_property
    def policies(self) -> DataFrame:
        """What each policy was meant for, did and cost: the table `policies`."""
        return policy_table(self.deeds)

    def real(self) -> RunResult:
        """The same with outcomes and daily values as those of the real people for whom the consumers stand: totals times `weight`.

        What the dictionary does not mark as a total that scales (shares, means, indices) stays as it is; so do the tables, a row of which is one agent.
        """
        if self.scale == REAL:
            return self
        outcomes, series = real_values(self.outcomes, self.weight), real_values(self.series, self.weight)
        groups = None if self.by_group is None else real_frame(self.by_group, self.weight)
        return replace(self, outcomes=outcomes, series=series, by_group=groups, scale=REAL)

    def to_json(self) -> dict[str, Any]:
        """Return what `odm run --json` prints; an outcome without a value is null."""
        return {
            "scenario": self.scenario.name,
            "seed": self.seed,
            "days": self.days,
            "consumers": self.consumers,
            "weight": self.weight,
            "compile_s": round(self.compile_s, 3),
            "elapsed_s": finite(round(self.elapsed_s, 3)),
            "outcomes": {name: finite(value) for name, value in self.outcomes.items()},
            "outcomes_real": {name: finite(value) for name, value in self.real().outcomes.items()},
            "policies": deeds.plain(self.policies) if self.deeds else [],
            **self._groups_in_json(),
        }

    def _groups_in_json(self) -> dict[str, Any]:
        """Outcomes by key, member and name, where groups were asked for."""
        found = {"outcomes_by_group": self.by_group, "outcomes_by_group_real": self.real().by_group}
        return {name: _nested(frame) for name, frame in found.items() if frame is not None}

    def save(self, folder: str | Path) -> None:
        """Write daily measures, tables and the record into a folder that appears only when all is written.

        Raises
        ------
        RequestError
            If the folder cannot be written or holds other people's files.
        """
        with staging(folder) as place:
            write_run(self, place)


def run(
    scenario: Scenario | str,
    seed: int | None = None,
    days: int | str | None = None,
    burn_in: int | None = None,
    consumers: int | None = None,
    threads: int = 1,
    tables: Sequence[str] = (),
    audit: bool = False,
    progress: OnDay | None = None,
    model_class: ModelClass | None = None,
    by: Sequence[str] | str = (),
    folder: Path | None = None,
) -> RunResult:
    """Run a scenario once.

    Parameters
    ----------
    scenario
        A scenario, its name, or the path of a YAML file.
    seed
        Run seed; by default the one in the scenario.
    days, burn_in, consumers
        Days from day 0 on, days before it, simulated consumers, where they differ from the scenario.
    threads
        Threads inside the run; they change the time it takes and no number.
    tables
        Tables to collect: names from the data dictionary, or `all`.
    audit
        Whether to check every conservation identity each day.
    progress
        Called with the days done and the days in all; where it says True, the run ends there, and the result is of the days until then.
    model_class
        Model to run instead of `MarketModel`.
    by
        What to group people and orders by, such as ``("segment",)``; the result has `by_group` then, and no other number moves.
    folder
        Folder into which the rows of the tables `orders` and `platforms` go as they come, so that memory does not grow with the run.

    Returns
    -------
    RunResult

    Raises
    ------
    KeyboardInterrupt
        If it was stopped before day 1.
    ScenarioError
        If the scenario cannot be run as asked.
    RequestError
        For an unknown table or a number of threads below one.

    Examples
    --------
    >>> from sim import run
    >>> run("baseline", consumers=500, days=30, burn_in=10).outcomes["orders"] > 0  # doctest: +SKIP
    True
    """
    by = one_or_several(by)
    wanted, threads = check_tables(tables, by), at_least("threads", threads, 1)
    ready = load_scenario(scenario, days=days, burn_in=burn_in, consumers=consumers)
    by = check_by(by, [ready])
    (chosen_seed,) = seeds_from(ready.seed if seed is None else seed, 1)
    model_class = model_class or default_model()
    if "folder" not in signature(model_class).parameters:  # a model of somebody's own need not know of it
        folder = None
    compile_s = warm_up(ready, model_class, threads, wanted)
    on_day = None if progress is None else lambda done, total, _: progress(done, total)
    finished = simulate(
        ready, chosen_seed, model_class, threads=threads, tables=wanted, audit=audit, by=by, on_day=on_day, folder=folder,
    )  # fmt: skip
    if finished.days < 1:
        raise KeyboardInterrupt
    model: Any = finished.model
    large = [name for name in wanted if folder is not None and name != "daily"]
    outcomes = {name: float(value) for name, value in model.outcomes().items()}
    return RunResult(
        scenario=ready,
        seed=chosen_seed,
        days=finished.days,
        consumers=ready.consumers,
        weight=float(model.weight),
        compile_s=compile_s,
        elapsed_s=finished.elapsed_s,
        outcomes={name: value for name, value in outcomes.items() if not split(name)[1]},
        series=series_of(model),
        tables={name: model.table(name) for name in wanted if name not in large},
        large={name: partial(write_table, model, name) for name in large},
        deeds=deeds.deeds_of(model),
        by_group=of_groups(outcomes) if by else None,
    )


def finite(value: float) -> float | None:
    """Return the number, or None where there is none: JSON knows no NaN."""
    return float(value) if math.isfinite(value) else None


def _nested(frame: DataFrame) -> dict[str, Any]:
    """Outcomes by key, member and name; null where a group has no value."""
    found: dict[str, Any] = {}
    for row in frame.to_dict("records"):
        names = [name for name in map(str, row) if name not in ("key", "member")]
        found.setdefault(row["key"], {})[row["member"]] = {name: finite(row[name]) for name in names}
    return found


def what_policies_did(results: Sequence[RunResult]) -> DataFrame:
    """The tables `policies` of several runs of a scenario in one, with scenario and seed in front."""
    return deeds.joined((r.scenario.name, r.seed, r.policies) for r in results)


def write_real(results: Sequence[RunResult], place: Path) -> None:
    """Write the outcomes of runs of a scenario with totals of real people, and what policies did, as CSV."""
    import pandas as pd

    real = pd.DataFrame([{"seed": result.seed, **result.real().outcomes} for result in results]).assign(scale=REAL)
    real.to_csv(place / "outcomes_real.csv", index=False, lineterminator="\n")
    groups = [result.by_group.assign(seed=result.seed) for result in results if result.by_group is not None]
    if groups:
        by_group = pd.concat(groups, ignore_index=True)
        by_group.insert(0, "seed", by_group.pop("seed"))
        write_frame(by_group, "outcomes_by_group", place / "outcomes_by_group.parquet")
        by_group.to_csv(place / "outcomes_by_group.csv", index=False, lineterminator="\n")
    deeds.write(what_policies_did(results), place)


def write_run(result: RunResult, place: Path) -> None:
    """Write daily measures and outcomes (Parquet and CSV), tables (Parquet) and the record of one run."""
    import pandas as pd

    from sim.measures.kept.tables import dated

    daily = dated(result.daily.rename_axis("day").reset_index(), result.scenario.day0)
    write_frame(daily, "daily", place / "daily.parquet")
    daily.to_csv(place / "daily.csv", index=False, lineterminator="\n")
    for name, frame in result.tables.items():
        if name != "daily":
            write_frame(frame, name, place / f"{name}.parquet")
    for name, write in result.large.items():
        write(place / f"{name}.parquet")
    frame = pd.DataFrame([{"seed": result.seed, **result.outcomes}])
    write_frame(frame, "outcomes", place / "outcomes.parquet")
    frame.to_csv(place / "outcomes.csv", index=False, lineterminator="\n")
    write_real([result], place)
    write_record(
        place,
        kind="run",
        scenarios={result.scenario.name: result.scenario},
        seeds=[result.seed],
        settings={STOPPED: result.days} if result.days < result.scenario.days else {},
        timings={"compile_s": round(result.compile_s, 3), "elapsed_s": round(result.elapsed_s, 3)},
        runs=frame_digests(frame, result.scenario.name),
    )
