"""Validating the model: the worlds that targets need are run as a study, each run is measured, and the result is held against the facts."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.studies.errors import StudyError
from sim.studies.execution.conduct import How, conduct
from sim.studies.execution.driver import KEPT, Driver
from sim.studies.findings.rivals import Rival, chosen
from sim.studies.kinds import Answer
from sim.studies.store.output import TABLES, table_place
from sim.studies.store.parts import DAILY, OK, StoreError
from sim.studies.validation.database import WRITTEN, About
from sim.studies.validation.ensemble import Ensemble
from sim.studies.validation.estimates import Estimate, Member, estimate, last_line, totals
from sim.studies.validation.measuring import Job, Reading, asked_views, is_asked, measure
from sim.studies.validation.targets import Targets
from sim.studies.validation.worlds import Arms, planned, points_of

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.scenario import Scenario
    from sim.studies.execution.identity import Order
    from sim.studies.study import ReadyStudy

JOBS_AT_ONCE = 4
"""Runs that are measured in one go."""
HEAD = ("point", "scenario", "seed", "run", "status")


@dataclass(frozen=True)
class Validation:
    """How the model compares with targets.

    Attributes
    ----------
    targets, ensemble
        What it was held against, and the parameter sets.
    estimates
        One for each target, in order.
    readings
        A row for each target and run: target, scenario, member, seed, value, part, whole, cases.
    runs, failed
        Runs of each parameter set and world, and how many runs in all have no outcomes.
    scenarios
        The worlds as they were run, by label.
    model
        Version of the model.
    rivals
        The estimates under each rival rule that was asked for.
    """

    targets: Targets
    ensemble: Ensemble
    estimates: tuple[Estimate, ...]
    readings: DataFrame
    runs: int
    failed: int
    scenarios: Mapping[str, Scenario]
    model: str
    rivals: Mapping[Rival, tuple[Estimate, ...]] = field(default_factory=dict)

    @property
    def last_line(self) -> str:
        """The result in one line."""
        return last_line(self.estimates)

    def to_json(self) -> dict[str, Any]:
        """The result as plain data."""
        return {
            "model": self.model,
            "parameter_sets": len(self.ensemble),
            "ensemble": self.ensemble.name,
            "runs_of_each": self.runs,
            "runs_without_outcomes": self.failed,
            "worlds": {
                label: {"scenario": s.name, "consumers": s.consumers, "days": s.days, "burn_in": s.burn_in}
                for label, s in self.scenarios.items()
            },
            "targets": [each.row() for each in self.estimates],
            "totals": totals(self.estimates),
            "in_range": self.last_line,
            **({"rivals": self._rivals_in_json()} if self.rivals else {}),
        }

    def _rivals_in_json(self) -> list[dict[str, Any]]:
        """Totals under each rival."""
        return [
            {**rival._asdict(), "totals": totals(found), "in_range": last_line(found)}
            for rival, found in self.rivals.items()
        ]


def run_validation(
    targets: Targets,
    ensemble: Ensemble,
    folder: Path,
    how: How,
    runs: int,
    consumers: int | None = None,
    seed: int | None = None,
    write: Any = None,
    submodels: Sequence[str] = (),
) -> Validation:
    """Run what targets need and hold the result against them.

    Parameters
    ----------
    folder, how
        Where runs are kept, and how they are done.
    write
        Writes the report: is given the validation, the runs without outcomes, and where to write.
    submodels
        Rival rules under which all is run again, with the same seeds; see `sim.studies.findings.rivals.chosen`.
    """
    study, arms = planned(targets, ensemble, runs, consumers, seed, submodels)
    rivals = chosen(submodels, study.scenarios, [])

    def asked(study: ReadyStudy, driver: Driver) -> Answer:
        points = [point for point in points_of(ensemble, rivals) for _ in range(runs)]
        each = len(study.seeds)
        if rivals:
            driver.tally.planned *= 1 + len(rivals)
            driver.tell(driver.tally.event())
        rows = driver.evaluate(points, seeds=study.seeds * (1 + len(rivals)), crossed=False)
        rules = [rows[rows["point"] // each == k].assign(point=rows["point"] % each) for k in range(1 + len(rivals))]
        usual, *others = (_measured(targets, ensemble, arms, study, driver, mine, runs) for mine in rules)
        under = {rival: other.estimates for rival, other in zip(rivals, others, strict=True)}
        result = replace(usual, rivals=under, failed=usual.failed + sum(other.failed for other in others))
        return _answer(result)

    def page(study: ReadyStudy, answer: Answer, runs: int, failures: DataFrame, place: Path) -> None:
        write(answer.result, failures, place)

    return conduct(study, folder, how, page if write is not None else None, asked).answer.result


def _measured(
    targets: Targets,
    ensemble: Ensemble,
    arms: Mapping[str, Arms],
    study: ReadyStudy,
    driver: Driver,
    rows: DataFrame,
    runs: int,
) -> Validation:
    """Every target of every run, and what they come to."""
    asked: dict[str, list[str]] = {}
    for target in targets.all:
        for label in {arms[target.world].runs, arms[target.world].without} if target.world in arms else ():
            if label is not None and not target.unmeasurable and (label == arms[target.world].runs or target.compares):
                asked.setdefault(label, []).append(target.id)
    good = rows[(rows["status"] == OK) & rows["scenario"].isin(asked)]
    driver.tell({"event": "note", "text": f"measuring {len(good)} runs"})
    found = read_runs(targets, asked, study, driver, good)
    done: dict[str, dict[int, str]] = {}
    for row in good.to_dict("records"):
        done.setdefault(str(row["scenario"]), {})[int(row["point"])] = str(row["run"])
    estimates = []
    for target in targets.all:
        here = arms.get(target.world, Arms("", None))
        both = [_of(found, done.get(label or "", {}), target.id) for label in here]
        if target.compares:  # seed by seed: what failed in one arm is left out of the other
            both = [{point: arm[point] for point in arm if all(point in other for other in both)} for arm in both]
        members = []
        for k, weight in enumerate(ensemble.weights):
            mine = [tuple(reading for point, reading in arm.items() if point // runs == k) for arm in both]
            members.append(Member(weight, mine[0], mine[1] if target.compares else ()))
        estimates.append(estimate(target, members))
    table = _table(found, good, runs)
    failed = int((rows["status"] != OK).sum())
    return Validation(targets, ensemble, tuple(estimates), table, runs, failed, study.scenarios, driver.task.version)


def _of(found: Mapping[str, Mapping[str, Reading]], done: Mapping[int, str], target: str) -> dict[int, Reading]:
    """The readings of a target by the point of the run."""
    return {point: found[run][target] for point, run in sorted(done.items()) if target in found[run]}


def read_runs(
    targets: Targets, asked: Mapping[str, Sequence[str]], study: ReadyStudy, driver: Driver, rows: DataFrame
) -> dict[str, dict[str, Reading]]:
    """Readings by run and target, worked out where the runs were done.

    Parameters
    ----------
    targets, asked
        The targets, and the names of those that are asked of the runs of a scenario.
    study, driver, rows
        The study, its driver, and the runs to be read, as `Driver.evaluate` gives them.
    """
    daily = is_asked("daily", targets.all, asked_views(targets.all, targets.views))
    waiting: deque[Future[dict[str, dict[str, Reading]]]] = deque()
    found: dict[str, dict[str, Reading]] = {}
    try:
        for start in range(0, len(rows), JOBS_AT_ONCE):
            jobs = _jobs(targets, asked, study, driver, rows.iloc[start : start + JOBS_AT_ONCE], daily)
            waiting.append(driver.executor.submit(measure, jobs))
            while len(waiting) > 2 * max(1, driver.workers()):  # what waits is kept small
                found |= waiting.popleft().result()
        while waiting:
            found |= waiting.popleft().result()
    except StudyError:
        raise
    except Exception as error:
        raise StudyError(f"a run could not be measured: {error!r}. {KEPT}") from error
    finally:
        for future in waiting:
            future.cancel()
    return found


def _jobs(
    targets: Targets,
    asked: Mapping[str, Sequence[str]],
    study: ReadyStudy,
    driver: Driver,
    rows: DataFrame,
    daily: bool,
) -> list[Job]:
    """What is to be measured of a few runs; their values by day are loaded where these are asked for."""
    stored = driver.store.rows(rows["run"], None if daily else ["run"]).set_index("run")
    series = [name for name in map(str, stored.columns) if name.startswith(DAILY)]
    names = [str(name) for name in rows.columns if name not in HEAD]
    jobs = []
    for row in rows.to_dict("records"):
        label, run = str(row["scenario"]), str(row["run"])
        about, place = _about(label, study.scenarios[label]), _tables_of(driver, driver.order[run])
        days = {name.removeprefix(DAILY): np.asarray(stored[name][run]) for name in series}
        outcomes = {name: float(row[name]) for name in names}
        mine = tuple(targets[name] for name in asked[label])
        jobs.append(Job(run, int(row["seed"]), about, place, days, outcomes, mine, targets.views))
    return jobs


def _tables_of(driver: Driver, order: Order) -> Path:
    """The folder of the tables that a run wrote."""
    place = place_of(driver, order)
    if not all((place / f"{name}.parquet").is_file() for name in WRITTEN):
        raise StoreError(f"{place} lacks tables of a run that was done; give another folder, and run it again")
    return place


def place_of(driver: Driver, order: Order) -> Path:
    """Where the tables of a run are."""
    return driver.task.folder.joinpath(TABLES, *table_place(order.label, order.seed, order.run, order.changes))


def _about(label: str, scenario: Scenario) -> About:
    """What is true of a run as a whole."""
    size = (float(scenario.weight), scenario.consumers, float(scenario.people), scenario.days)
    return About(label, *size, {name: row.class_ for name, row in scenario.substances.items()})


def _table(found: Mapping[str, Mapping[str, Reading]], rows: DataFrame, runs: int) -> DataFrame:
    """Readings as a table."""
    import pandas as pd

    lines = [
        (name, row["scenario"], int(row["point"]) // runs, int(row["seed"]), *reading)
        for row in rows.to_dict("records")
        for name, reading in found[str(row["run"])].items()
    ]
    columns = ["target", "scenario", "member", "seed", "value", "part", "whole", "cases"]
    return pd.DataFrame(lines, columns=columns)


def _answer(result: Validation) -> Answer:
    """The tables that are kept beside the report."""
    import pandas as pd

    missed = [e for e in result.estimates if e.in_range is False]
    tables = {
        "targets": pd.DataFrame([each.row() for each in result.estimates]),
        "readings": result.readings,
        "totals": pd.DataFrame(totals(result.estimates)),
    }
    if result.rivals:
        each = ({**rival._asdict(), **e.row()} for rival, found in result.rivals.items() for e in found)
        tables["rivals"] = pd.DataFrame(each)
    findings = [f"{e.target.id} is missed: {e.mean:.4g}" for e in missed]
    return Answer(tables, [*findings, result.last_line], result=result)
