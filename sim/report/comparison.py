"""Comparing scenarios with a baseline: from their names to effects, figures and a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.report.progress import OnProgress, both
from sim.scenario import meant
from sim.studies.asked import Source, comparison
from sim.studies.errors import RequestError, StudyError, at_least
from sim.studies.execution.conduct import How, conduct
from sim.studies.execution.driver import KEPT, Driver
from sim.studies.execution.events import OnEvent
from sim.studies.findings.doubt import conclusions
from sim.studies.findings.ratios import as_json, cost_per
from sim.studies.findings.rivals import rivals_of_pairs
from sim.studies.kinds import Answer
from sim.studies.kinds._worlds import evaluate, parameter_sets
from sim.studies.methods.components import TOTAL
from sim.studies.runs.compare import PairedRuns, with_dates
from sim.studies.runs.effects import INTERVAL
from sim.studies.runs.machine import usable_cores
from sim.studies.runs.simulate import ModelClass, check_tables, default_model, one_or_several
from sim.studies.store.digests import frame_digests
from sim.studies.store.output import passing_folder, staging, write_frame
from sim.studies.store.record import POINTS, write_record

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from sim.scenario import Scenario
    from sim.studies.study import ReadyStudy


NOT_KEPT = (
    "Nothing was kept; with a folder (out, --out) it is, and can be gone on with. TMPDIR names the disk for what is there only "
    "while runs are done"
)


class Comparison(PairedRuns):
    """What a comparison gave: paired runs, their figures and their files."""

    def plot(self) -> Figure:
        """Draw every effect with its interval, in per cent of the baseline.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from sim.report import figures

        return figures.effects_figure(self.real())

    def plot_by_group(self, key: str) -> Figure:
        """Draw who gains and who loses: effects with intervals, a panel a group of one of the keys that were asked for.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from sim.report import figures

        return figures.group_figure(self.real(), key)

    def plot_trade(self) -> Figure:
        """Draw trade by channel over time, baseline against each scenario, with bands over runs; orders are those of real people.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from sim.report import figures

        return figures.trade_figure(self.real())

    def save(self, folder: str | Path) -> None:
        """Write effects, outcomes, daily outcomes, figures, a short report and the record into a folder.

        The folder appears only when all is written. What `compare` writes into its ``out`` has every run and the way to go on besides.

        Raises
        ------
        RequestError
            If the folder cannot be written or holds other people's files.
        StoreError
            If it cannot be written later, as on a full disk.
        """
        with staging(folder) as place:
            for name, frame in self.tables.items():
                write_frame(frame, name, place / f"{name}.parquet")
                frame.to_csv(place / f"{name}.csv", index=False, lineterminator="\n")
            self.write(place)
            write_record(
                place,
                kind="compare",
                scenarios=self.scenarios,
                seeds=self.seeds,
                settings={
                    "baseline": self.baseline,
                    "interval": TOTAL if self.points else INTERVAL,
                    **({POINTS: [dict(point) for point in self.points]} if self.points else {}),
                },
                timings=self.timings,
                runs=frame_digests(self.outcomes, self.baseline),
            )

    @property
    def tables(self) -> dict[str, DataFrame]:
        """Effects, outcomes and what averting harm costs, which are written as CSV too."""
        found = {"effects": self.effects, "outcomes": self.outcomes, "cost_effectiveness": self.cost_effectiveness}
        more = {
            name: getattr(self, name) for name in ("effects_by_group", "outcomes_by_group", "submodels", "conclusions")
        }
        return found | {name: frame for name, frame in more.items() if frame is not None}

    @property
    def conclusions(self) -> DataFrame | None:
        """Which effects hold across the parameter sets; None without an ensemble. See `sim.studies.findings.doubt.conclusions`."""
        return conclusions(self.effects)

    @property
    def cost_effectiveness(self) -> DataFrame:
        """What each scenario pays for a death and for a healthy life year averted; see `sim.studies.findings.ratios.cost_per`."""
        return cost_per(self.outcomes, self.effects, self.baseline)

    def to_json(self) -> dict[str, Any]:
        """Return what `odm compare --json` prints; a number that does not exist is null."""
        told = self.conclusions
        across = {} if told is None else {"conclusions": told[["scenario", "outcome", "verdict"]].to_dict("records")}
        return {**super().to_json(), "cost_effectiveness": as_json(self.cost_effectiveness), **across}

    def write(self, place: Path) -> None:
        """Write what goes beside the tables: daily outcomes, figures, report."""
        from sim.report.comparison_page import write_page

        write_frame(with_dates(self.daily, self.scenarios), "daily", place / "daily.parquet")
        self.write_real(place)
        write_page(self, place)


def compare(  # more than ten arguments: one for each option of `odm compare`, given by name
    baseline: Scenario | str,
    others: Sequence[Scenario | str] | Scenario | str,
    runs: int = 8,
    seed: int | None = None,
    days: int | str | None = None,
    burn_in: int | None = None,
    consumers: int | None = None,
    workers: int | None = None,
    tables: Sequence[str] = (),
    by: Sequence[str] | str = (),
    submodels: Sequence[str] | str = (),
    overrides: Sequence[str] = (),
    audit: bool = False,
    out: str | Path | None = None,
    progress: OnProgress | None = None,
    model_class: ModelClass | None = None,
    resume: bool = False,
    on_event: OnEvent | None = None,
    ensemble: Source | None = None,
    members: int | None = None,
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
    by
        What to group people and orders by: names of keys (``jurisdiction``, ``segment``, ``channel``, ``substance``), or several of them
        crossed, with colons between (``segment:jurisdiction``). The result has `effects_by_group` then; no other number moves.
    submodels
        Rival rules under which all runs are done again, one rule at a time: ``all``, or ``NAME=VALUE`` each (``vendor_choice=random``). The
        result has the table `submodels` then, which says what of the conclusion turns; no other number moves.
    overrides
        ``path=value`` settings for all scenarios.
    audit
        Whether to check every conservation identity each day of each run.
    out
        Folder of the comparison, which is a study: every run that ends is kept there, `Results` reads them, and what was
        interrupted can be gone on with. Without it, nothing is kept but what is returned.
    progress
        Told a few times a second how far it is.
    model_class
        Model to run instead of `MarketModel`.
    resume
        Go on with what is in the folder; runs that are there are not done again.
    on_event
        Told what happens; see `sim.studies.execution.events`.
    ensemble
        Parameter sets in which the pairs are run: ``"default"`` for those that ship, the path of a file that a calibration wrote, or the mapping
        that such a file holds. Sets are drawn in proportion to their weights, and every scenario is run in each; effects then have an interval of
        chance, one of parameters and one of both.
    members
        Parameter sets over which the pairs are shared out; by default half as many as pairs, and no more than the ensemble has.

    Returns
    -------
    Comparison

    Raises
    ------
    ScenarioError
        If a scenario cannot be run as asked, or cannot be paired with the baseline.
    RequestError
        If something else that was asked for is not possible.
    RunFailedError
        If a run fails; names its scenario and seed. What ended before is kept in ``out``.
    StudyError
        If it had to stop for another reason, such as a full disk.

    Examples
    --------
    >>> from sim import compare
    >>> compare("baseline", ["takedown"], runs=8).effects  # doctest: +SKIP
    """
    study = comparison(
        baseline, others, {"days": days, "burn_in": burn_in, "consumers": consumers, "overrides": overrides},
        runs=runs, seed=seed, ensemble=ensemble, members=members, tables=check_tables(tables, by), audit=audit,
        by=one_or_several(by), submodels=one_or_several(submodels),
    )  # fmt: skip
    how = How(
        resume=resume,
        retry=resume,
        workers=usable_cores() if workers is None else at_least("workers", workers, 1),
        model_class=model_class or default_model(),
        on_event=both(on_event, progress, study),
        strict=True,
    )
    if out is not None:
        return conduct(study, meant(out), how, _write, _ask).answer.result
    if tables:
        raise RequestError("tables: they are written by the runs themselves, so give a folder for them (out)")
    if resume:
        raise RequestError("resume: without a folder (out) there is nothing to go on with")
    return _in_passing(study, how)


def _in_passing(study: ReadyStudy, how: How) -> Comparison:
    """Have the runs of a comparison done in a folder that is gone afterwards, and that nobody is told of."""
    if how.on_event is not None:
        tell = how.on_event
        how = replace(how, on_event=lambda event: tell({**event, "folder": ""} if "folder" in event else event))
    with passing_folder() as place:
        try:
            return conduct(study, place, how, None, _ask).answer.result
        except StudyError as error:
            if KEPT not in str(error):
                raise
            raise StudyError(str(error).replace(KEPT, NOT_KEPT)) from error


def _ask(study: ReadyStudy, driver: Driver) -> Answer:
    """Have the runs done, and compare them."""
    runs = evaluate(study, driver, study.seeds)
    timings = {"compile_s": round(driver.prepare_s, 3), "runs_s": round(sum(driver.seconds), 3)}
    plain = Comparison.of(study, runs, driver.store, timings, parameter_sets(study))
    under = rivals_of_pairs(plain.outcomes, study.settings.submodels, study.scenarios, driver.evaluate)
    result = replace(plain, submodels=under)
    return Answer(result.tables, result=result)


def _write(study: ReadyStudy, answer: Answer, runs: int, failures: DataFrame, place: Path) -> None:
    """Write what goes beside the tables of a comparison."""
    answer.result.write(place)
