"""What a worker does: run the runs of a batch one after the other and write them as a part. Only a summary goes back."""

from __future__ import annotations

import hashlib
import json
import pickle
import threading
import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sim.measures.kept.tables import policy_table
from sim.studies.deeds import deeds_of, plain
from sim.studies.errors import StudyError, describe_failure
from sim.studies.execution.identity import Order, model_version, run_id
from sim.studies.methods.paths import resolve
from sim.studies.runs.common_days import partings_of
from sim.studies.runs.simulate import (
    Market,
    ModelClass,
    Watch,
    default_model,
    load_scenario,
    series_of,
    simulate,
    warm_up,
)
from sim.studies.runs.so_far import Writer
from sim.studies.store.output import table_place, write_tables
from sim.studies.store.parts import ABORTED, FAILED, OK, Daily, Row, StoreError, shorten, to_table, write_part
from sim.studies.store.store import PARTS

if TYPE_CHECKING:
    from sim.scenario import Scenario

LONGEST_TRACE = 8_000
_one_at_a_time = threading.Lock()
_unpickled: dict[str, tuple[Mapping[str, Scenario], Mapping[str, frozenset[float]]]] = {}


@dataclass(frozen=True)
class Task:
    """What the runs of a batch share.

    Attributes
    ----------
    folder
        Folder of the study, the same on every machine.
    scenarios
        The scenarios by label, pickled; unpickled once in every worker.
    model_class, version
        The model, and the version that the runs' identities were made with.
    daily
        Outcomes whose daily values are kept; None for all.
    exact
        Whether daily values are kept without rounding.
    tables, audit, by
        Tables that every run writes into files of its own, whether it checks every conservation identity each day, and groupings of outcomes.
    threads
        Threads inside a run; no number depends on them.
    watched
        Seed of the runs that somebody waits for, which write down what they have come to; see `sim.studies.runs.so_far`.
    """

    folder: Path
    scenarios: bytes
    model_class: ModelClass
    version: str
    daily: tuple[str, ...] | None
    exact: bool
    tables: tuple[str, ...] = ()
    audit: bool = False
    by: tuple[str, ...] = ()
    threads: int = 1
    watched: int | None = None

    def bases(self) -> Mapping[str, Scenario]:
        """The scenarios by label."""
        return self._known()[0]

    def partings(self, label: str) -> frozenset[float]:
        """The days on which other scenarios part from one."""
        return self._known()[1][label]

    def _known(self) -> tuple[Mapping[str, Scenario], Mapping[str, frozenset[float]]]:
        key = hashlib.sha256(self.scenarios).hexdigest()
        if key not in _unpickled:
            bases = pickle.loads(self.scenarios)
            _unpickled.clear()
            _unpickled[key] = (bases, partings_of(bases))
        return _unpickled[key]


@dataclass(frozen=True)
class Done:
    """What a batch sends back.

    Attributes
    ----------
    part
        Name of the file with its runs.
    runs
        Identity of every run, and what broke it; empty where nothing did.
    seconds
        Seconds on the wall for each run.
    """

    part: str
    runs: tuple[tuple[str, str], ...]
    seconds: tuple[float, ...]


def prepare(task: Task) -> float:
    """Load the model and compile what the study's scenarios need; returns the seconds that it took."""
    begun = perf_counter()
    for scenario in task.bases().values():
        try:
            warm_up(scenario, task.model_class, task.threads, task.tables)
        except (Exception, SystemExit):  # the runs themselves will fail, and be rows that say why
            break
    return perf_counter() - begun


def be_ahead(scenario: Mapping[str, Any], seed: int, by: Sequence[str]) -> None:
    """Do the days before day 0 of a world, which its runs with this seed and these groupings go on from, whatever their policies."""
    begun = load_scenario(scenario)
    simulate(begun, seed, default_model(), by=by, on_day=lambda done, _days, _model: done >= begun.burn_in, share=())


def work(task: Task, orders: Sequence[Order]) -> Done:
    """Do the runs of a batch and write them as a part.

    Raises
    ------
    StoreError
        If the part cannot be written, or this machine has other code than the one that started the study.
    """
    with _one_at_a_time:  # a worker with several threads (Dask) still does one run at a time
        if not (task.folder / PARTS).is_dir():
            raise StoreError(
                f"{task.folder} cannot be seen by a worker; a study's folder must be shared by all machines"
            )
        version = model_version(task.model_class)
        if version != task.version:
            raise StoreError(
                f"a worker has another version of the model ({version}, the study {task.version}); install the same everywhere"
            )
        rows, seconds = [], []
        for order in orders:
            begun = perf_counter()
            rows.append(_run(task, order))
            seconds.append(perf_counter() - begun)
        key = hashlib.sha256("".join(order.run for order in orders).encode()).hexdigest()[:16]
        path = write_part(task.folder / PARTS, f"batch-{key}", to_table(rows))
        return Done(path.name, tuple((row.run, row.error) for row in rows), tuple(seconds))


def _run(task: Task, order: Order) -> Row:
    """Do one run; what breaks it becomes the row's error."""
    same = {"run": order.run, "scenario": order.label, "seed": order.seed, "inputs": order.inputs}
    try:
        scenario = resolve(task.bases()[order.label], order.changes)
        if run_id(scenario.digest, order.seed, task.version, scenario.name) != order.run:
            raise RuntimeError("the scenario that the worker built is not the one that was planned")
        watch = None
        if order.seed == task.watched and task.daily:  # few
            watch = Writer(task.folder, order.run, order.label, scenario.days, task.daily)
        model = _market(scenario, order.seed, task, task.partings(order.label), watch)
        outcomes, daily = _numbers(model, task)
        did = plain(policy_table(deeds_of(model)))
        frames = {name: model.table(name) for name in task.tables if name != "daily"}
    except StudyError:
        raise
    except (Exception, SystemExit) as error:  # what a file of the user's own may raise
        trace = traceback.format_exc()[-LONGEST_TRACE:]
        return Row(**same, status=FAILED, error=describe_failure(error), trace=trace)
    if task.tables:  # each whole or not at all, before the run counts as done
        write_tables(frames, task.folder, table_place(order.label, order.seed, order.run, order.changes))
    return Row(**same, status=OK, outcomes=outcomes, daily=daily, policies=json.dumps(did) if did else "")


def numbers(scenario: Scenario, seed: int, task: Task) -> tuple[dict[str, float], dict[str, Daily]]:
    """Outcomes of a run that shares no day with others, exact, and its daily values as they are stored."""
    return _numbers(_market(scenario, seed, task, None), task)


def _market(
    scenario: Scenario, seed: int, task: Task, partings: Collection[float] | None, watch: Watch | None = None
) -> Market:
    """A market at the end of its run."""
    return simulate(
        scenario,
        seed,
        task.model_class,
        threads=task.threads,
        tables=task.tables,
        audit=task.audit,
        by=task.by,
        on_day=watch,
        share=partings,
    ).model


def _numbers(model: Market, task: Task) -> tuple[dict[str, float], dict[str, Daily]]:
    """See `numbers`."""
    series = series_of(model) if task.daily != () else {}
    names = [name for name in series if task.daily is None or name in task.daily]
    outcomes = {name: float(value) for name, value in model.outcomes().items()}
    return outcomes, {name: shorten(series[name], task.exact) for name in names}


def died(order: Order, words: str) -> Row:
    """The row of a run that was lost with its worker, each time."""
    error = f"a worker process ended abruptly ({words}); most often memory ran out"
    return Row(order.run, order.label, order.seed, order.inputs, ABORTED, error, error)
