"""Conducting a study: its kind asks, the driver runs, and a folder gets every run, the answer, and a record that binds them."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sim.measures.scale import told
from sim.studies import deeds, kinds
from sim.studies.errors import RequestError, at_least
from sim.studies.execution.children import may_have_children, refuse_inside_a_worker, refuse_unreadable
from sim.studies.execution.cluster import dask_executor
from sim.studies.execution.driver import KEPT, Driver
from sim.studies.execution.events import Event, OnEvent, only_what_all_must_know
from sim.studies.execution.executors import Inline, hire
from sim.studies.execution.identity import model_version
from sim.studies.kinds import Answer
from sim.studies.runs.machine import usable_cores
from sim.studies.runs.simulate import ModelClass, default_model
from sim.studies.store import lock
from sim.studies.store.folder import ANSWER, PLAN, claim, describe, look_at
from sim.studies.store.output import table_files, write_frame
from sim.studies.store.own import files_below, put_in_place, recorded
from sim.studies.store.parts import ABORTED, POLICIES, StoreError, mark_of, write_whole
from sim.studies.store.results import Results
from sim.studies.store.store import Store
from sim.studies.store.study_record import write_study_record

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.study import ReadyStudy

EXECUTORS = ("processes", "dask", "inline")

HERE = "this process is a worker of a pool, which may start no others: all runs are done in it, one after the other"

Ask = Callable[["ReadyStudy", Driver], Answer]
"""Has the runs of a study done, and makes an answer of them."""

WritePage = Callable[["ReadyStudy", Answer, int, "DataFrame", Path], None]
"""Writes the report of a study, its answer, the number of its runs and those without outcomes into a folder."""


@dataclass(frozen=True)
class Conducted:
    """A study that was done.

    Attributes
    ----------
    study, folder
        The study, and where everything is.
    answer
        Tables and findings.
    runs, failed, aborted
        Runs that it is made of, how many of them failed, and how many were lost with their workers and are done again when the study
        is gone on with.
    failures
        A row for each that failed or was lost: run, scenario, seed, inputs, status, error.
    """

    study: ReadyStudy
    folder: Path
    answer: Answer
    runs: int
    failed: int
    aborted: int
    failures: DataFrame

    @property
    def results(self) -> Results:
        """Every run, for pandas and SQL."""
        return Results(self.folder)


@dataclass(frozen=True)
class How:
    """How a study is done; see `sim.report.study.run_study` for each."""

    resume: bool = False
    retry: bool = False
    workers: int | None = None
    executor: str | Executor | None = None
    """By default this process for one worker, else processes of this machine."""
    scheduler: str | None = None
    model_class: ModelClass | None = None
    on_event: OnEvent | None = None
    strict: bool = False
    """Whether the first run that fails ends the study, as a `RunFailedError`."""
    threads: int = 1
    """Threads inside a run; they change the time it takes and no number."""

    @property
    def place(self) -> str | Executor:
        """Where runs are to be done."""
        return ("inline" if self.workers == 1 else "processes") if self.executor is None else self.executor

    def check(self) -> None:
        """Refuse what is not possible."""
        refuse_inside_a_worker()
        if self.workers is not None:
            at_least("workers", self.workers, 1)
        if isinstance(self.place, str) and self.place not in EXECUTORS:
            raise RequestError(f"executor: given {self.place!r}, allowed: {', '.join(EXECUTORS)}, or an Executor")
        if self.scheduler is not None and self.place != "dask":
            raise RequestError("scheduler: it goes with the executor dask")
        if self.place == "processes" and self.model_class is not None and may_have_children():
            refuse_unreadable(self.model_class)


def conduct(
    study: ReadyStudy, folder: Path, how: How, write_page: WritePage | None, ask: Ask | None = None
) -> Conducted:
    """Do a study in a folder, or go on with the one that is there.

    Parameters
    ----------
    study, folder, how
        What is done, where, and how.
    write_page
        Writes the report and its figures beside the tables of the answer; None where the answer itself is all that is wanted.
    ask
        Has the runs done and makes an answer of them; by default as the study's kind does.

    Raises
    ------
    RequestError
        If what was asked for is not possible.
    StudyError
        If it had to stop; what was finished is kept.
    """
    how.check()
    tell = how.on_event or only_what_all_must_know
    model_class = how.model_class or default_model()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"output: {folder} cannot be written: {error.strerror or error}") from error
    try:
        look_at(folder)
        with _locked(folder, tell):
            may_grow = kinds.get(study.file.kind).may_grow(study)
            grows = claim(folder, study, model_version(model_class), how.resume or how.retry, may_grow)
            store = Store(folder)
            for words in store.open(how.retry):
                tell({"event": "note", "text": words})
            ours = model_class is default_model()
            missing = kinds.get(study.file.kind).planned(study) - len(store) if ours else 0
            where, workers = _where(how, tell), usable_cores() if how.workers is None else int(how.workers)
            with _executor(where, how.scheduler, workers, missing) as (place, alive):
                driver = Driver(study, store, place, alive, model_class, tell, how.strict, how.threads)
                return _do(study, folder, driver, write_page, ask, grows)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}. {KEPT}") from error


def _where(how: How, tell: OnEvent) -> str | Executor:
    """Where runs are done: here, where this process may have no others."""
    if how.place != "processes" or may_have_children():
        return how.place
    tell({"event": "note", "text": HERE})
    if how.on_event is None:
        warnings.warn(HERE, RuntimeWarning, stacklevel=2)
    return "inline"


@contextmanager
def _locked(folder: Path, tell: OnEvent) -> Iterator[None]:
    with lock.held(folder) as before:
        if before is not None:
            tell({"event": "note", "text": f"the lock of {before}, which is gone, was taken over"})
        yield


@contextmanager
def _executor(
    wanted: str | Executor, scheduler: str | None, workers: int, awake: int = 0
) -> Iterator[tuple[Executor, Callable[[], int]]]:
    """The executor, and a function that says how many workers it has; of its own processes, so many are woken now."""
    if wanted == "dask":
        with dask_executor(scheduler, workers) as found:
            yield found
        return
    if isinstance(wanted, Executor):
        yield wanted, lambda: workers
        return
    own = Inline() if wanted == "inline" else hire(workers, awake)
    good = False
    try:
        yield own, lambda: 1 if wanted == "inline" else workers
        good = True
    finally:
        own.shutdown(wait=True, cancel_futures=not good)


def _told(answer: Answer, study: ReadyStudy) -> Answer:
    """An answer that says whose totals it holds: a column in its tables, and a note."""
    weights = dict.fromkeys(f"{scenario.weight:,.6g}" for scenario in study.scenarios.values())
    note = (
        f"Totals in findings, tables and figures are those of the {study.scale}, one simulated consumer standing for "
        f"{' or '.join(weights)} people. `Results(DIR).outcomes()` and SQL give those of the simulated consumers, "
        "`outcomes(real=True)` those of real people, `Results(DIR).policies()` what policies did."
    )
    return replace(
        answer,
        tables={name: told(table, study.scale) for name, table in answer.tables.items()},
        notes=[*answer.notes, note],
    )


def _told_of_policies(answer: Answer, driver: Driver) -> Answer:
    """An answer with the table of what the policies of its runs did, where there were any."""
    runs = [run for run in driver.order if driver.store.ok(run)]
    rows = driver.store.rows(runs, ["run", "scenario", "seed", "inputs", POLICIES])
    did = deeds.of_runs(rows.set_index("run").reindex(runs), POLICIES)
    return replace(answer, tables={**answer.tables, "policies": did}) if len(did) else answer


def _do(
    study: ReadyStudy, folder: Path, driver: Driver, write_page: WritePage | None, ask: Ask | None, grows: bool
) -> Conducted:
    """Let the questions be asked, and write down what was found."""
    kind, tell = kinds.get(study.file.kind), driver.tell
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
    asked_by_others = ask is not None and kind.name != "compare"  # who look at scenarios one by one
    paired = {} if asked_by_others else {label: study.scenarios[label] for label in kind.pairs(study)}
    for words in kinds.other_differences(paired) if paired else ():
        tell({"event": "note", "text": words, "always": True})
    answer = ask(study, driver) if ask else _told_of_policies(_told(kind.conduct(study, driver), study), driver)
    if driver.tally.planned > driver.tally.known:  # fewer were needed: equal ones are one run
        driver.tally.planned = driver.tally.known
        tell(driver.tally.event())
    store, runs = driver.store, list(driver.order)
    failures = store.rows(
        [run for run in runs if not store.ok(run)], ["run", "scenario", "seed", "inputs", "status", "error"]
    )
    if write_page is not None:
        store.consolidate(runs)
        store.drop_damaged()
        if grows:
            describe(folder, study, driver.task.version, mark_of(folder))
        _write(study, folder, driver, answer, failures, write_page)
    aborted = int((failures["status"] == ABORTED).sum())
    failed = len(failures) - aborted
    finished: Event = {
        "event": "finished",
        "runs": len(runs),
        "failed": failed,
        "aborted": aborted,
        "folder": str(folder),
        "findings": list(answer.findings),
    }
    tell(finished)
    return Conducted(study, folder, answer, len(runs), failed, aborted, failures)


def _write(
    study: ReadyStudy, folder: Path, driver: Driver, answer: Answer, failures: DataFrame, write_page: WritePage
) -> None:
    """Write plan, tables, figures, report and record; the folder `answer` is replaced as a whole, but for what is somebody else's."""
    import pandas as pd

    plan = pd.DataFrame(driver.planned_rows(), columns=["scenario", "seed", "inputs", "run"])
    write_whole(folder / PLAN, plan.to_parquet(None, index=False, compression="zstd"))
    place = folder / f".{ANSWER}.writing"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name, frame in answer.tables.items():
        write_frame(frame, name, place / f"{name}.parquet")
        frame.to_csv(place / f"{name}.csv", index=False, lineterminator="\n")
    for name, text in answer.files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8", newline="\n")
    write_page(study, answer, len(plan), failures, place)
    written = [path.relative_to(folder).as_posix() for path in table_files(folder, driver.task.tables)]
    written += [f"{ANSWER}/{path.relative_to(place).as_posix()}" for path in files_below(place)]
    ours = {name.removeprefix(f"{ANSWER}/"): found for name, found in recorded(folder).items()}
    kept = put_in_place(place, folder / ANSWER, ours)
    if kept:
        driver.tell({"event": "note", "text": f"kept in {folder / ANSWER}, since no study wrote it: {', '.join(kept)}"})
    write_study_record(folder, study, driver.task.version, driver.seconds, driver.store.digests(), written)
