"""Doing a study: from its file to a folder with every run, the answer, and a record that binds them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from sim.studies import kinds
from sim.studies.errors import RequestError, at_least
from sim.studies.execution.cluster import dask_executor
from sim.studies.execution.driver import KEPT, Driver
from sim.studies.execution.events import Event, OnEvent
from sim.studies.execution.executors import Inline, Processes
from sim.studies.execution.identity import model_version
from sim.studies.kinds import Answer
from sim.studies.report_figures import figure
from sim.studies.runs.machine import usable_cores
from sim.studies.runs.simulate import ModelClass, default_model
from sim.studies.store import folder as study_folder
from sim.studies.store import lock
from sim.studies.store.output import write_frame
from sim.studies.store.parts import StoreError
from sim.studies.store.results import PLAN, Results
from sim.studies.store.store import DAMAGED, Store
from sim.studies.store.study_record import write_study_record
from sim.studies.study import Study

EXECUTORS = ("processes", "dask", "inline")
ANSWER = "answer"
"""Folder with the tables, figures and report of a study."""


@dataclass(frozen=True)
class Conducted:
    """A study that was done.

    Attributes
    ----------
    study, folder
        The study, and where everything is.
    answer
        Tables and findings.
    runs, failed
        Runs that it is made of, and how many of them failed.
    failures
        A row for each: run, scenario, seed, inputs, error.
    """

    study: Study
    folder: Path
    answer: Answer
    runs: int
    failed: int
    failures: Any

    @property
    def results(self) -> Results:
        """Every run, for pandas and SQL."""
        return Results(self.folder)


def run_study(
    study: Study | str | PathLike[str] | Mapping[str, Any],
    out: str | PathLike[str] | None = None,
    *,
    resume: bool = False,
    retry: bool = False,
    workers: int | None = None,
    executor: str | Executor = "processes",
    scheduler: str | None = None,
    model_class: ModelClass | None = None,
    on_event: OnEvent | None = None,
) -> Conducted:
    """Do a study, or go on with one.

    Parameters
    ----------
    study
        A study, its name below ``experiments/studies``, the path of its file, or the mapping that a file holds.
    out
        Folder; by default ``results/`` and the study's name.
    resume
        Go on with what is in the folder; runs that are there are not done again.
    retry
        The same, and do runs again that failed.
    workers
        Worker processes of this machine, one thread each; by default one a usable core.
    executor
        ``processes``; ``dask``; ``inline`` for this process; or any `concurrent.futures.Executor`.
    scheduler
        Address or file of a Dask scheduler; without it, Dask runs on this machine.
    model_class
        Model to run instead of `MarketModel`.
    on_event
        Told what happens; see `sim.studies.execution.events`.

    Returns
    -------
    Conducted

    Raises
    ------
    StudyFileError
        If the study cannot be done, with every reason.
    RequestError
        If something else that was asked for is not possible.
    StudyError
        If it had to stop; what was finished is kept.

    Examples
    --------
    >>> from sim import run_study
    >>> run_study("takedown-timing-sweep", workers=2).answer.tables["sweep"]  # doctest: +SKIP
    """
    ready = Study.load(study)
    count = usable_cores() if workers is None else at_least("workers", workers, 1)
    if isinstance(executor, str) and executor not in EXECUTORS:
        raise RequestError(f"executor: given {executor!r}, allowed: {', '.join(EXECUTORS)}, or an Executor")
    if scheduler is not None and executor != "dask":
        raise RequestError("scheduler: it goes with the executor dask")
    tell = on_event or (lambda event: None)
    folder = Path(out) if out is not None else Path("results") / ready.name
    model_class = model_class or default_model()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"output: {folder} cannot be written: {error.strerror or error}") from error
    try:
        with _locked(folder, tell):
            study_folder.claim(folder, ready, model_version(model_class), resume or retry)
            store = Store(folder)
            for words in store.open(retry):
                tell({"event": "note", "text": words})
            with _executor(executor, scheduler, count) as (place, alive):
                driver = Driver(ready, store, place, alive, model_class, tell)
                return _do(ready, folder, driver, tell)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}. {KEPT}") from error


@contextmanager
def _locked(folder: Path, tell: OnEvent) -> Iterator[None]:
    with lock.held(folder) as before:
        if before is not None:
            tell({"event": "note", "text": f"the lock of {before}, which is gone, was taken over"})
        yield


@contextmanager
def _executor(
    wanted: str | Executor, scheduler: str | None, workers: int
) -> Iterator[tuple[Executor, Callable[[], int]]]:
    """The executor, and a function that says how many workers it has."""
    if wanted == "dask":
        with dask_executor(scheduler, workers) as found:
            yield found
        return
    if isinstance(wanted, Executor):
        yield wanted, lambda: workers
        return
    own = Inline() if wanted == "inline" else Processes(workers)
    good = False
    try:
        yield own, lambda: 1 if wanted == "inline" else workers
        good = True
    finally:
        own.shutdown(wait=True, cancel_futures=not good)


def _do(study: Study, folder: Path, driver: Driver, tell: OnEvent) -> Conducted:
    """Let the kind ask its questions, and write down what it found."""
    kind = kinds.get(study.file.kind)
    driver.tally.planned = kind.planned(study)
    tell(
        {
            "event": "started",
            "study": study.name,
            "kind": kind.name,
            "runs": driver.tally.planned,
            "folder": str(folder),
            "there": len(driver.store),
        }
    )
    answer = kind.conduct(study, driver)
    store, runs = driver.store, list(driver.order)
    failures = store.rows(
        [run for run in runs if not store.ok(run)], ["run", "scenario", "seed", "inputs", "status", "error"]
    )
    store.consolidate(runs)
    shutil.rmtree(folder / DAMAGED, ignore_errors=True)
    _write(study, folder, driver, answer, failures)
    failed = len(failures)
    finished: Event = {
        "event": "finished",
        "runs": len(runs),
        "failed": failed,
        "folder": str(folder),
        "findings": list(answer.findings),
    }
    tell(finished)
    return Conducted(study, folder, answer, len(runs), failed, failures)


def _write(study: Study, folder: Path, driver: Driver, answer: Answer, failures: Any) -> None:
    """Write plan, tables, figures, report and record; the folder `answer` is replaced as a whole."""
    import pandas as pd

    plan = pd.DataFrame(driver.planned_rows(), columns=["scenario", "seed", "inputs", "run"])
    plan.to_parquet(folder / PLAN, index=False, compression="zstd")
    place = folder / f".{ANSWER}.writing"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name, frame in answer.tables.items():
        write_frame(frame, name, place / f"{name}.parquet")
        frame.to_csv(place / f"{name}.csv", index=False)
    for name, text in answer.files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    figure("write_page", study, answer, len(plan), failures, place, module="study_page")()
    shutil.rmtree(folder / ANSWER, ignore_errors=True)
    place.rename(folder / ANSWER)
    write_study_record(folder, study, driver.task.version, driver.seconds)
