"""Comparing scenarios with a baseline: from their names to effects, figures and a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.studies.errors import RequestError, at_least, seeds_from
from sim.studies.runs.compare import PairedRuns, Pairs, load_all
from sim.studies.runs.machine import usable_cores
from sim.studies.runs.simulate import ModelClass, check_tables, default_model
from sim.studies.store.output import staging, write_frame
from sim.studies.study import labelled

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from sim.scenario import Scenario
    from sim.studies.runs.workers import OnProgress


class Comparison(PairedRuns):
    """What a comparison gave: paired runs, their figures and their files."""

    def plot(self) -> Figure:
        """Draw every effect with its interval, in per cent of the baseline.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from sim.report import figures

        return figures.effects_figure(self)

    def plot_trade(self) -> Figure:
        """Draw trade by channel over time, baseline against each scenario, with bands over runs.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from sim.report import figures

        return figures.trade_figure(self)

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

    @property
    def cost_effectiveness(self) -> DataFrame:
        """What each scenario pays for a death and for a healthy life year averted; see `sim.studies.findings.ratios.cost_per`."""
        from sim.studies.findings.ratios import cost_per

        return cost_per(self.outcomes, self.effects, self.baseline)

    def to_json(self) -> dict[str, Any]:
        """Return what `odm compare --json` prints; a number that does not exist is null."""
        from sim.studies.findings.ratios import as_json

        return {**super().to_json(), "cost_effectiveness": as_json(self.cost_effectiveness)}

    def write(self, place: Path) -> None:
        """Write all files into a folder that is there, beside the tables that the runs wrote into it."""
        from sim.report.comparison_page import write_page

        self.write_tables(place)
        write_frame(self.cost_effectiveness, "cost_effectiveness", place / "cost_effectiveness.parquet")
        self.cost_effectiveness.to_csv(place / "cost_effectiveness.csv", index=False)
        write_page(self, place)
        self.write_record(place)


def compare(  # more than ten arguments: one for each option of `odm compare`, given by name
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
    from sim.scenario import Scenario

    at_least("runs", runs, 1)
    workers = usable_cores() if workers is None else at_least("workers", workers, 1)
    wanted = check_tables(tables)
    if wanted and out is None:
        raise RequestError("tables: they are written by the runs themselves, so give a folder for them (out)")
    sources = [baseline, others] if isinstance(others, str | Scenario) else [baseline, *others]
    options = {"days": days, "burn_in": burn_in, "consumers": consumers, "overrides": overrides}
    scenarios = labelled(load_all(sources, options))
    if len(scenarios) < 2:
        raise RequestError("others: name at least one scenario to compare with the baseline")
    first = next(iter(scenarios.values())).seed if seed is None else seed
    pairs = Pairs(scenarios, seeds_from(first, runs), model_class or default_model(), wanted, audit)
    if out is None:
        return Comparison.of(pairs, workers, progress, None)
    with staging(out) as place:
        comparison = Comparison.of(pairs, workers, progress, place / "tables" if wanted else None)
        comparison.write(place)
    return comparison
