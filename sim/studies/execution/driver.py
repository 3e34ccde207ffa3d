"""The driver: turns points into runs, keeps what is done, and spreads what is not over an executor.

Whatever kind of study asks, and however often it is interrupted: a run that is in the store is not done again.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from sim.kernels import CACHE, COMPILING, PATIENCE, how_far, is_cold
from sim.measures.dictionary import outcomes
from sim.measures.scale import real_frame, weight_of
from sim.scenario import ScenarioError
from sim.studies.errors import StudyError, run_failed
from sim.studies.execution import batches
from sim.studies.execution.cluster import is_death
from sim.studies.execution.events import OnEvent, Tally
from sim.studies.execution.executors import Processes
from sim.studies.execution.identity import Order, Planner, model_version
from sim.studies.execution.line import Line, is_one_comparison
from sim.studies.kinds import IMPOSSIBLE
from sim.studies.methods import designs
from sim.studies.methods.factors import Point
from sim.studies.runs import so_far
from sim.studies.runs.by_group import of_runs
from sim.studies.runs.simulate import ModelClass, check_by, check_tables
from sim.studies.store.parts import ABORTED, FAILED, OK, write_part
from sim.studies.store.store import Store, single

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.study import ReadyStudy

BATCH_SECONDS = 20.0
"""Time that a batch takes; at most this much work of each worker is lost when everything stops at once."""
MOST_RUNS = 64
TRIES = 2
"""Times that a run is given to a worker when workers die at it."""
TELL_SECONDS = 0.5
SOON = 3.0
"""Seconds in which a worker is ready that has nothing to compile."""
MANY_PARTS = 1_024
"""Parts from which they are put together while the study goes on."""
KEPT = "What was finished is kept; when the cause is gone, go on with --resume"


def speak_for(getting_ready: Future[float], tell: OnEvent) -> None:
    """Say that a worker compiles, and how far it is: it keeps quiet itself."""
    wait([getting_ready], timeout=SOON)
    said = COMPILING if is_cold(CACHE) else None
    while said and not getting_ready.done():
        tell({"event": "note", "text": said, "always": True})
        wait([getting_ready], timeout=PATIENCE)
        said = how_far(CACHE)


class Driver:
    """Evaluates points for a study.

    Parameters
    ----------
    study, store
        The study, and where its runs are kept (open).
    executor, workers
        Where runs are done, and how many workers it has now.
    model_class
        The model.
    tell
        Told what happens.
    strict
        Whether the first run that fails ends the study, as a `RunFailedError`.
    threads
        Threads inside a run.
    """

    def __init__(
        self,
        study: ReadyStudy,
        store: Store,
        executor: Executor,
        workers: Callable[[], int],
        model_class: ModelClass,
        tell: OnEvent,
        strict: bool = False,
        threads: int = 1,
    ) -> None:
        self.strict = strict
        self.study, self.store, self.executor, self.workers, self.tell = study, store, executor, workers, tell
        version = model_version(model_class)
        self.planner = Planner(study, version)
        self.task = batches.Task(
            folder=Path(store.folder).resolve(),
            scenarios=pickle.dumps(dict(study.scenarios)),
            model_class=model_class,
            version=version,
            daily=study.daily,
            exact=study.file.exact_daily,
            tables=check_tables(study.file.tables, study.file.by),
            audit=study.file.audit,
            by=check_by(study.file.by, study.scenarios.values()),
            threads=threads,
        )
        self.tally = Tally()
        self.order: dict[str, Order] = {}
        self.seconds: list[float] = []
        self.prepare_s = 0.0
        self._began = monotonic()
        self._prepared = False
        self._tries: dict[str, int] = {}

    def evaluate(
        self,
        points: Sequence[Point],
        *,
        seeds: Sequence[int] | None = None,
        scenarios: Sequence[str] | None = None,
        crossed: bool = True,
    ) -> DataFrame:
        """See `sim.studies.kinds.Driver.evaluate`."""
        chosen = self.study.seeds if seeds is None else tuple(seeds)
        labels = list(self.study.scenarios) if scenarios is None else list(scenarios)
        plain = [{path: getattr(each, "item", lambda each=each: each)() for path, each in at.items()} for at in points]
        wanted = [
            (number, self._order(point, label, int(seed)))
            for number, point, seed, label in designs.runs(plain, chosen, labels, crossed)
        ]
        self._do({order.run: order for _, order in wanted if order.run})
        return self._outcomes(wanted)

    def _order(self, point: Point, label: str, seed: int) -> Order:
        """The run of a point in a scenario; without an identity where the scenario is not allowed there, as with an end before a start."""
        try:
            return self.planner.order(point, label, seed)
        except ScenarioError:
            return Order("", label, (), seed)

    def planned_rows(self) -> list[tuple[str, int, str, str]]:
        """Scenario, seed, inputs and identity of every run asked for, in the order in which they were."""
        return [(order.label, order.seed, order.inputs, run) for run, order in self.order.items()]

    def affords(self, runs: int) -> bool:
        """See `sim.studies.kinds.Driver.affords`."""
        budget = self.study.file.budget
        late = budget.hours is not None and monotonic() - self._began > 3600 * budget.hours
        return not late and (budget.runs is None or len(self.order) + runs <= budget.runs)

    def by_group(self, runs: DataFrame) -> DataFrame:
        """See `sim.studies.kinds.Driver.by_group`."""
        return of_runs(runs, self.store)

    def _outcomes(self, wanted: Sequence[tuple[int, Order]]) -> DataFrame:
        """A row for each point, scenario and seed, in the order asked for."""
        import pandas as pd

        found = self.store.outcomes(dict.fromkeys(order.run for _, order in wanted), self.study.measures)
        head = pd.DataFrame(
            [(number, order.label, order.seed, order.run) for number, order in wanted],
            columns=["point", "scenario", "seed", "run"],
        )
        rows = found.reindex(head["run"]).reset_index(drop=True)
        if self.study.file.totals == "real":
            weight = [self._weight(order) for _, order in wanted]
            rows = real_frame(rows, pd.Series(weight, index=rows.index, dtype=float))
        rows["status"] = rows["status"].fillna("missing").where(head["run"] != "", IMPOSSIBLE)
        names = self.study.measures or (outcomes() if len(rows.columns) == 1 else ())  # none where no run was possible
        rows = rows.reindex(columns=list(dict.fromkeys([*rows.columns, *names])))
        return pd.concat([head, rows], axis=1)

    def _weight(self, order: Order) -> float:
        """Real people for whom a simulated consumer of a run stands."""
        scenario = self.study.scenarios[order.label]
        size = {"people": scenario.people, "consumers": scenario.consumers}
        return weight_of({**size, **dict(order.changes)})

    def _do(self, orders: dict[str, Order]) -> None:
        """See that all runs are in the store."""
        new = [run for run in orders if run not in self.order]
        self.order |= {run: orders[run] for run in new}
        missing = [order for run, order in orders.items() if run not in self.store]
        self.tally.known = len(self.order)
        self.tally.found += sum(run in self.store for run in new)
        self.tally.failed += sum(self.store.status(run) == FAILED for run in new)
        self.tell(self.tally.event())
        if missing:
            self._prepare()
            waited_for = not self.seconds and is_one_comparison(missing)
            task = replace(self.task, watched=missing[0].seed) if waited_for else self.task
            self._dispatch(Line(missing, first_ahead=waited_for and self.workers() > 1), task)
        if len(list(self.store.parts.glob("batch-*.parquet"))) > MANY_PARTS:
            self.store.consolidate(list(self.order))

    def _prepare(self) -> None:
        """Let one worker compile what all need, before the others ask for it; workers that are awake load what is compiled themselves."""
        if not self._prepared:
            self._prepared = True
            if isinstance(self.executor, Processes) and self.executor.awake and not is_cold(CACHE):
                self.tally.mark()
                return
            self.tell({"event": "note", "text": "getting a worker ready"})
            try:
                getting_ready = self.executor.submit(batches.prepare, self.task)
                speak_for(getting_ready, self.tell)
                self.prepare_s = getting_ready.result()
            except StudyError:
                raise
            except Exception as error:
                if isinstance(error, BrokenExecutor) or not is_death(error):
                    raise StudyError(f"no worker could start: {error!r}") from error
            self.tally.mark()

    def _dispatch(self, line: Line, task: batches.Task) -> None:
        """Do runs in batches; what dies with its worker goes back into the line."""
        running: dict[Future[batches.Done], list[Order]] = {}
        try:
            while line or running:
                while line and len(running) < 2 * max(1, self.workers()):
                    batch = self._next(line)
                    running[self.executor.submit(batches.work, task, batch)] = batch
                done, _ = wait(running, timeout=TELL_SECONDS, return_when=FIRST_COMPLETED)
                for future in [future for future in running if future in done]:  # as they were handed out
                    self._take(future, running.pop(future), line)
                self.tally.running = min(len(running), max(1, self.workers()))  # a worker does one run at a time
                self.tell(self.tally.event())
        finally:
            for future in running:
                future.cancel()
            self.tally.running = 0
            so_far.forget(self.store.folder)

    def _next(self, line: Line) -> list[Order]:
        """The next batch: as much as takes `BATCH_SECONDS`, less towards the end; a run that killed workers goes alone."""
        recent = self.seconds[-50:]
        mean = sum(recent) / len(recent) if recent else BATCH_SECONDS
        workers = max(1, self.workers())
        size = max(1, min(MOST_RUNS, round(BATCH_SECONDS / max(mean, 1e-3)), len(line) // (3 * workers)))
        return line.take(size, workers, self._tries)

    def _take(self, future: Future[batches.Done], batch: list[Order], line: Line) -> None:
        """Take note of a batch that ended."""
        error = future.exception()
        if error is None:
            done = future.result()
            self.seconds += done.seconds
            self._note(self.store.parts / done.part, done.runs, {order.run: order for order in batch})
        elif is_death(error):
            self._worker_died(batch, line, str(error))
        elif isinstance(error, StudyError):
            raise StudyError(f"{error}. {KEPT}") from error
        elif isinstance(error, BrokenExecutor):
            raise StudyError(f"the executor broke: its workers died. {KEPT}") from error
        else:
            raise StudyError(f"a batch could not be done: {error!r}. {KEPT}") from error

    def _note(
        self, path: Path, runs: Sequence[tuple[str, str]], orders: dict[str, Order], broken: str = FAILED
    ) -> None:
        """Take a finished part into the index, and say which runs failed, or are broken otherwise."""
        self.store.add(path, [(run, broken if error else OK) for run, error in runs])
        self.tally.finish(len(runs), **{broken: sum(bool(error) for _, error in runs)})
        for run, error in runs:
            if error:
                order = orders[run]
                self.tell(
                    {
                        "event": broken,
                        "run": run,
                        "scenario": order.label,
                        "seed": order.seed,
                        "inputs": dict(order.changes),
                        "error": error,
                    }
                )
                if self.strict:
                    failure = run_failed(order.label, order.seed, error)
                    failure.add_note(self.store.rows([run], ["run", "status", "trace"])["trace"][0])
                    raise failure

    def _worker_died(self, batch: list[Order], line: Line, words: str) -> None:
        """Put the runs of a dead worker back, each to be done alone; one at which workers keep dying is left for the next time."""
        for order in batch:
            self._tries[order.run] = self._tries.get(order.run, 0) + (1 if len(batch) == 1 else 0)
        alone = batch[0]
        if len(batch) == 1 and self._tries[alone.run] >= TRIES:
            row = batches.died(alone, words)
            self._note(
                write_part(self.store.parts, f"batch-{alone.run[:16]}", single(row)),
                [(row.run, row.error)],
                {alone.run: alone},
                ABORTED,
            )
            return
        self.tell({"event": "note", "text": f"a worker ended abruptly ({words}); its {len(batch)} runs are done again"})
        line.put_back(batch)
