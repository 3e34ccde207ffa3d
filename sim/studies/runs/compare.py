"""Comparing scenarios with a baseline, run by run with equal seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.studies.errors import RequestError, at_least
from sim.studies.runs.effects import INTERVAL, add_displacement, paired_effects
from sim.studies.runs.machine import usable_cores
from sim.studies.runs.one_run import finite
from sim.studies.runs.simulate import ModelClass, check_tables, default_model, load_scenario, warm_up
from sim.studies.runs.workers import Job, JobResult, OnProgress, run_jobs
from sim.studies.store.output import staging, write_frame
from sim.studies.store.record import write_record

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from sim.scenario import Scenario


@dataclass(frozen=True)
class Comparison:
    """What a comparison gave.

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

    def plot(self) -> Figure:
        """Draw every effect with its interval, in per cent of the baseline.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return self._report("figures").effects_figure(self)

    def plot_trade(self) -> Figure:
        """Draw trade by channel over time, baseline against each scenario, with bands over runs.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return self._report("figures").trade_figure(self)

    def to_json(self) -> dict[str, Any]:
        """Return what `odm compare --json` prints; a number that does not exist is null."""
        effects: dict[str, dict[str, Any]] = {label: {} for label in self.others}
        for row in self.effects.to_dict("records"):
            effects[row["scenario"]][row["outcome"]] = {
                name: finite(row[name]) for name in ("baseline", "mean", "low", "high", "same_sign")
            }
        return {"baseline": self.baseline, "runs": self.runs, "effects": effects}

    def save(self, folder: str | Path) -> None:
        """Write effects, daily outcomes, figures, a short report and the record into a folder.

        The folder appears only when all is written.

        Raises
        ------
        RequestError
            If the folder cannot be written or holds other people's files.
        """
        with staging(folder) as place:
            self.write(place)

    def write(self, place: Path) -> None:
        """Write all files into a folder that is there, beside the tables that the runs wrote into it."""
        for name, frame in (("effects", self.effects), ("outcomes", self.outcomes)):
            write_frame(frame, name, place / f"{name}.parquet")
            frame.to_csv(place / f"{name}.csv", index=False)
        write_frame(self.daily, "daily", place / "daily.parquet")
        self._report("page").write_page(self, place)
        write_record(
            place,
            kind="compare",
            scenarios=self.scenarios,
            seeds=self.seeds,
            settings={"baseline": self.baseline, "interval": INTERVAL},
            timings=self.timings,
        )

    @staticmethod
    def _report(module: str) -> Any:
        """Return a module of `sim.report`, which stands above this package and is loaded only when asked to draw."""
        return import_module(f"sim.report.{module}")


def compare(
    baseline: Scenario | str,
    others: Sequence[Scenario | str] | Scenario | str,
    runs: int = 8,
    seed: int | None = None,
    days: int | None = None,
    burn_in: int | None = None,
    consumers: int | None = None,
    workers: int | None = None,
    tables: Sequence[str] = (),
    overrides: Sequence[str] = (),
    audit: bool = False,
    out: str | Path | None = None,
    progress: OnProgress | None = None,
    model_class: ModelClass | None = None,
) -> Comparison:
    """Compare scenarios with a baseline over paired runs.

    Run k of every scenario has seed ``seed + k`` and shares with the baseline every random draw that the
    intervention does not touch.

    Parameters
    ----------
    baseline, others
        Scenarios, their names, or paths of YAML files.
    runs
        Runs of each scenario.
    seed
        Seed of the first run; by default the one in the baseline.
    days, burn_in, consumers
        Days from day 0 on, days before it, simulated consumers, for all scenarios.
    workers
        Worker processes, one thread each; by default as many as there are cores. With one, nothing is spawned.
    tables
        Tables that every run writes below ``out``.
    overrides
        ``path=value`` settings for all scenarios.
    audit
        Whether to check every conservation identity each day of each run.
    out
        Folder for the files; found unwritable before the first run, and complete or not there at all.
    progress
        Told a few times a second how far the study is.
    model_class
        Model to run instead of `MarketModel`.

    Returns
    -------
    Comparison

    Raises
    ------
    ScenarioError
        If a scenario cannot be run as asked.
    RequestError
        If something else that was asked for is not possible.
    RunFailedError
        If a run fails; names its scenario and seed.

    Examples
    --------
    >>> from sim import compare
    >>> compare("baseline", ["takedown"], runs=8).effects  # doctest: +SKIP
    """
    at_least("runs", runs, 1)
    workers = usable_cores() if workers is None else at_least("workers", workers, 1)
    wanted = check_tables(tables)
    if wanted and out is None:
        raise RequestError("tables: they are written by the runs themselves, so give a folder for them (out)")
    options = {"days": days, "burn_in": burn_in, "consumers": consumers, "overrides": overrides}
    scenarios = _label(_load_all(baseline, others, options))
    if len(scenarios) < 2:
        raise RequestError("others: name at least one scenario to compare with the baseline")
    first = next(iter(scenarios.values())).seed if seed is None else seed
    seeds = tuple(range(first, first + runs))
    model_class = model_class or default_model()

    def study(tables_folder: Path | None) -> Comparison:
        compile_s = sum(warm_up(scenario, model_class) for scenario in scenarios.values())
        jobs = [
            Job(label, scenario, run_seed, model_class, wanted, tables_folder, audit)
            for run_seed in seeds
            for label, scenario in scenarios.items()
        ]
        return _gather(scenarios, seeds, run_jobs(jobs, workers, progress), compile_s)

    if out is None:
        return study(None)
    with staging(out) as place:
        comparison = study(place / "tables" if wanted else None)
        comparison.write(place)
    return comparison


def _load_all(
    baseline: Scenario | str, others: Sequence[Scenario | str] | Scenario | str, options: Mapping[str, Any]
) -> list[Scenario]:
    """Load every scenario; what is wrong with any of them is said at once."""
    from sim.scenario import Scenario, ScenarioError

    sources = [baseline, others] if isinstance(others, str | Scenario) else [baseline, *others]
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


def _label(scenarios: Sequence[Scenario]) -> dict[str, Scenario]:
    """Name every scenario once; one that is there again (as a control, say) gets a number."""
    labelled: dict[str, Scenario] = {}
    for scenario in scenarios:
        label, count = scenario.name, 1
        while label in labelled:
            count += 1
            label = f"{scenario.name} ({count})"
        labelled[label] = scenario
    return labelled


def _gather(
    scenarios: Mapping[str, Scenario], seeds: tuple[int, ...], results: Sequence[JobResult], compile_s: float
) -> Comparison:
    """Put the results of all runs into frames and work out the effects."""
    import pandas as pd

    baseline = next(iter(scenarios))
    daily = pd.concat(
        [
            pd.DataFrame(result.daily, columns=list(result.columns)).assign(
                scenario=result.label, seed=result.seed, day=result.days
            )
            for result in results
        ],
        ignore_index=True,
    )
    first = ["scenario", "seed", "day"]
    daily = daily[first + [name for name in daily.columns if name not in first]]
    outcomes = pd.DataFrame([{"scenario": r.label, "seed": r.seed, **r.outcomes} for r in results])
    outcomes = add_displacement(outcomes, baseline)
    return Comparison(
        baseline=baseline,
        scenarios=scenarios,
        seeds=seeds,
        weight=results[0].weight,
        effects=paired_effects(outcomes, baseline),
        outcomes=outcomes,
        daily=daily,
        timings={"compile_s": round(compile_s, 3), "runs_s": round(sum(r.elapsed_s for r in results), 3)},
    )
