"""Paired runs: several scenarios with equal seeds, and what each changes against the first one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sim.studies.runs.effects import INTERVAL, add_displacement, paired_effects
from sim.studies.runs.one_run import finite
from sim.studies.runs.simulate import ModelClass, load_scenario, warm_up
from sim.studies.runs.workers import Job, JobResult, OnProgress, run_jobs
from sim.studies.store.digests import frame_digests
from sim.studies.store.output import write_frame
from sim.studies.store.record import write_record

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.scenario import Scenario


@dataclass(frozen=True)
class Pairs:
    """Runs to be done: every scenario with every seed.

    Attributes
    ----------
    scenarios
        Every scenario by its label, the baseline first.
    seeds
        Run seeds.
    model_class, tables, audit
        What each is run with; see `sim.studies.runs.simulate.simulate`.
    """

    scenarios: Mapping[str, Scenario]
    seeds: tuple[int, ...]
    model_class: ModelClass
    tables: tuple[str, ...] = ()
    audit: bool = False

    def jobs(self, tables_folder: Path | None) -> list[Job]:
        """The runs, seed by seed."""
        return [
            Job(label, scenario, seed, self.model_class, self.tables, tables_folder, self.audit)
            for seed in self.seeds
            for label, scenario in self.scenarios.items()
        ]


@dataclass(frozen=True)
class PairedRuns:
    """What paired runs gave.

    Attributes
    ----------
    baseline
        Label of the baseline.
    scenarios
        Every scenario by its label, the baseline first.
    seeds
        Run seeds; each scenario was run with each.
    weight
        Real people for whom one simulated consumer stands.
    effects
        One row for each scenario and outcome; see `sim.studies.runs.effects.paired_effects`.
    outcomes
        One row a run: scenario, seed, every outcome of the run.
    daily
        One row a day and run: scenario, seed, day, every daily outcome.
    timings
        Seconds on the wall: `compile_s` before the runs, and the sum of the runs.
    """

    baseline: str
    scenarios: Mapping[str, Scenario]
    seeds: tuple[int, ...]
    weight: float
    effects: DataFrame
    outcomes: DataFrame
    daily: DataFrame
    timings: Mapping[str, float]

    @classmethod
    def of(cls, pairs: Pairs, workers: int, progress: OnProgress | None, tables_folder: Path | None) -> Self:
        """Do the runs, and put what they gave into frames."""
        compile_s = sum(warm_up(scenario, pairs.model_class) for scenario in pairs.scenarios.values())
        results = run_jobs(pairs.jobs(tables_folder), workers, progress)
        baseline = next(iter(pairs.scenarios))
        outcomes = _outcomes(results, baseline)
        return cls(
            baseline=baseline,
            scenarios=pairs.scenarios,
            seeds=pairs.seeds,
            weight=results[0].weight,
            effects=paired_effects(outcomes, baseline),
            outcomes=outcomes,
            daily=_daily(results),
            timings={"compile_s": round(compile_s, 3), "runs_s": round(sum(r.elapsed_s for r in results), 3)},
        )

    @property
    def runs(self) -> int:
        """Runs of each scenario."""
        return len(self.seeds)

    @property
    def others(self) -> list[str]:
        """Labels of the scenarios that are compared with the baseline."""
        return [label for label in self.scenarios if label != self.baseline]

    @property
    def consumers(self) -> int:
        """Simulated consumers in the smallest of the worlds."""
        return min(scenario.consumers for scenario in self.scenarios.values())

    def to_json(self) -> dict[str, Any]:
        """Return what `odm compare --json` prints; a number that does not exist is null."""
        effects: dict[str, dict[str, Any]] = {label: {} for label in self.others}
        for row in self.effects.to_dict("records"):
            effects[row["scenario"]][row["outcome"]] = {
                name: finite(row[name]) for name in ("baseline", "mean", "low", "high", "same_sign")
            }
        return {"baseline": self.baseline, "runs": self.runs, "effects": effects}

    def write_tables(self, place: Path) -> None:
        """Write effects, outcomes and daily outcomes into a folder that is there."""
        for name, frame in (("effects", self.effects), ("outcomes", self.outcomes)):
            write_frame(frame, name, place / f"{name}.parquet")
            frame.to_csv(place / f"{name}.csv", index=False)
        write_frame(_dated(self.daily, self.scenarios), "daily", place / "daily.parquet")

    def write_record(self, place: Path) -> None:
        """Write the record over all files of a folder, which comes last."""
        write_record(
            place,
            kind="compare",
            scenarios=self.scenarios,
            seeds=self.seeds,
            settings={"baseline": self.baseline, "interval": INTERVAL},
            timings=self.timings,
            runs=frame_digests(self.outcomes, self.baseline),
        )


def load_all(sources: Sequence[Scenario | str], options: Mapping[str, Any]) -> list[Scenario]:
    """Load every scenario; what is wrong with any of them is said at once."""
    from sim.scenario import ScenarioError

    loaded: list[Scenario] = []
    errors: list[ScenarioError] = []
    for source in sources:
        try:
            loaded.append(load_scenario(source, **options))
        except ScenarioError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ScenarioError([problem for error in errors for problem in error.problems])
    return loaded


def _outcomes(results: Sequence[JobResult], baseline: str) -> DataFrame:
    """A row a run, with how far trade moved against the baseline."""
    import pandas as pd

    frame = pd.DataFrame([{"scenario": r.label, "seed": r.seed, **r.outcomes} for r in results])
    return add_displacement(frame, baseline)


def _dated(daily: DataFrame, scenarios: Mapping[str, Scenario]) -> DataFrame:
    """Daily outcomes with the date of each day, where a scenario has a calendar."""
    import pandas as pd

    day0 = {label: scenario.day0 for label, scenario in scenarios.items() if scenario.day0 is not None}
    if not day0:
        return daily
    first = pd.to_datetime(daily["scenario"].map(day0))
    frame = daily.copy()
    frame.insert(list(frame.columns).index("day") + 1, "date", first + pd.to_timedelta(daily["day"], unit="D"))
    return frame


def _daily(results: Sequence[JobResult]) -> DataFrame:
    """A row a day and run."""
    import numpy as np
    import pandas as pd

    daily = pd.concat(
        [
            pd.DataFrame(result.daily, columns=list(result.columns)).assign(
                scenario=result.label, seed=np.uint64(result.seed), day=result.days
            )
            for result in results
        ],
        ignore_index=True,
    )
    first = ["scenario", "seed", "day"]
    return daily[first + [name for name in daily.columns if name not in first]]
