"""Many runs over worker processes, one thread each.

Workers are spawned, not forked: they are the same on every system and inherit no threads. Each takes the next job in
line, reports its days through shared memory, and sends back daily outcomes as one array; tables it writes itself.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.studies.errors import RequestError, RunFailedError, describe_failure, run_failed
from sim.studies.runs.simulate import ModelClass, simulate
from sim.studies.store.output import write_frame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sim.scenario import Scenario

POLL_SECONDS = 0.2
_THREAD_SETTINGS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_NOT_STARTED = -1
Board = ctypes.Array[ctypes.c_longlong]

# In a worker: days done of every job and, in the last place, whether to stop. Set once when the worker starts.
_board: Any = None


@dataclass(frozen=True)
class Job:
    """One run to do: a scenario under the label it has in the study, and a seed."""

    label: str
    scenario: Scenario
    seed: int
    model_class: ModelClass
    tables: tuple[str, ...] = ()
    tables_folder: Path | None = None
    audit: bool = False

    @property
    def total_days(self) -> int:
        """Days that the run takes, burn-in included."""
        return self.scenario.burn_in + self.scenario.days


@dataclass(frozen=True)
class JobResult:
    """What one run sends back: outcomes of the run, and daily outcomes as days x outcomes."""

    label: str
    seed: int
    weight: float
    outcomes: dict[str, float]
    columns: tuple[str, ...]
    days: NDArray[np.int64]
    daily: NDArray[np.float64]
    elapsed_s: float


@dataclass(frozen=True)
class Progress:
    """How far a study is."""

    runs_done: int
    runs: int
    days_done: int
    days: int


OnProgress = Callable[[Progress], None]


class _StopRequest(Exception):
    """Raised inside a worker's run when the study is being given up."""


def run_jobs(jobs: Sequence[Job], workers: int, on_progress: OnProgress | None = None) -> list[JobResult]:
    """Do every job and return the results in the order of the jobs.

    Parameters
    ----------
    jobs
        What to run.
    workers
        Worker processes; with one, everything happens in this process.
    on_progress
        Told a few times a second how far the study is.

    Raises
    ------
    RunFailedError
        If a run fails or a worker dies; names the scenario and the seed.
    """
    if workers == 1 or len(jobs) == 1:
        return _run_here(jobs, on_progress)
    refuse_inside_a_worker()
    context = multiprocessing.get_context("spawn")
    board = context.RawArray(ctypes.c_longlong, [_NOT_STARTED] * len(jobs) + [0])
    parcels = [pickle.dumps(job) for job in jobs]
    hidden = not any(b"__main__" in parcel for parcel in parcels)
    pool = ProcessPoolExecutor(
        min(workers, len(jobs)), mp_context=context, initializer=_start_worker, initargs=(board,)
    )
    try:
        with lean_children(hide_main=hidden):
            futures = {pool.submit(_work, index, parcels[index]): index for index in in_line(jobs, workers)}
        return _collect(jobs, futures, board, on_progress)
    except BrokenProcessPool as error:
        raise _worker_died(jobs, board) from error
    finally:
        board[len(jobs)] = 1
        pool.shutdown(wait=True, cancel_futures=True)


def in_line(jobs: Sequence[Job], workers: int) -> list[int]:
    """The order in which jobs are handed out: as many seeds at a time as there are workers, in turn, so that most often a worker stays with its seed.

    The runs of a seed share their burn-in where one process does them.
    """
    of_seed: dict[int, list[int]] = {}
    for index, job in enumerate(jobs):
        of_seed.setdefault(job.seed, []).append(index)
    rows = list(of_seed.values())
    places = [(k // workers, place, k, index) for k, row in enumerate(rows) for place, index in enumerate(row)]
    return [index for *_, index in sorted(places)]


def _run_here(jobs: Sequence[Job], on_progress: OnProgress | None) -> list[JobResult]:
    """Do the jobs one after the other in this process."""
    days = sum(job.total_days for job in jobs)
    before = 0
    results: list[JobResult] = []
    for job in jobs:

        def tell(done: int, _: int, before: int = before, runs: int = len(results)) -> None:
            if on_progress is not None:
                on_progress(Progress(runs, len(jobs), before + done, days))

        try:
            results.append(_do(job, tell))
        except Exception as error:
            raise run_failed(job.label, job.seed, describe_failure(error)) from error
        before += job.total_days
        tell(0, 0, before, len(results))
    return results


def _collect(
    jobs: Sequence[Job], futures: Mapping[Future[Any], int], board: Board, on_progress: OnProgress | None
) -> list[JobResult]:
    """Wait for all jobs, tell about progress, and stop at the first failure."""
    results: dict[int, JobResult] = {}
    waiting = set(futures)
    days = sum(job.total_days for job in jobs)
    while waiting:
        done, waiting = wait(waiting, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            index = futures[future]
            answer = future.result()
            if isinstance(answer, str):
                summary, _, trace = answer.partition("\n")
                failure = run_failed(jobs[index].label, jobs[index].seed, summary)
                failure.add_note(trace)
                raise failure
            results[index] = answer
            board[index] = jobs[index].total_days
        if on_progress is not None:
            days_done = sum(max(0, days) for days in board[: len(jobs)])
            on_progress(Progress(len(results), len(jobs), days_done, days))
    return [results[index] for index in range(len(jobs))]


def _worker_died(jobs: Sequence[Job], board: Board) -> RunFailedError:
    """Say which runs were under way when a worker process vanished."""
    under_way = [job for job, days in zip(jobs, board, strict=False) if _NOT_STARTED < days < job.total_days]
    if not under_way:
        return RunFailedError("worker processes could not start; see the messages above, or use one worker")
    names = "; ".join(f"scenario {job.label}, seed {job.seed}" for job in under_way)
    return RunFailedError(
        f"a worker process ended abruptly during {names}. Most often memory ran out: use fewer workers or consumers"
    )


def refuse_inside_a_worker() -> None:
    """Stop a script that would start workers again while a worker is reading it."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RequestError(
            "this script starts worker processes while one of them is reading it. Put the call under "
            "`if __name__ == '__main__':`, or use workers=1"
        )


@contextmanager
def lean_children(hide_main: bool) -> Iterator[None]:
    """Start children with one thread each and, where the jobs allow it, without reading the user's script again."""
    main = sys.modules["__main__"]
    hidden = {name: getattr(main, name) for name in ("__file__", "__spec__") if hide_main and hasattr(main, name)}
    settings = {name: os.environ.get(name) for name in _THREAD_SETTINGS}
    os.environ.update(dict.fromkeys(_THREAD_SETTINGS, "1"))
    if "__file__" in hidden:
        del main.__file__
    if "__spec__" in hidden:
        main.__spec__ = None
    try:
        yield
    finally:
        for name, value in hidden.items():
            setattr(main, name, value)
        for name, value in settings.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _start_worker(board: Board) -> None:
    """Prepare a worker: keep the shared board, and leave Ctrl-C to the parent."""
    global _board
    _board = board
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(index: int, parcel: bytes) -> JobResult | str | None:
    """Do one job in a worker; a failure comes back as text, since not every exception survives the way."""
    stop = len(_board) - 1

    def on_day(done: int, _: int) -> None:
        _board[index] = done
        if _board[stop]:
            raise _StopRequest

    try:
        on_day(0, 0)
        return _do(pickle.loads(parcel), on_day)
    except _StopRequest:
        return None
    except Exception as error:
        return f"{describe_failure(error)}\n{traceback.format_exc()}"


def _do(job: Job, on_day: Callable[[int, int], None]) -> JobResult:
    """Run one job and pack what the study needs of it."""
    finished = simulate(
        job.scenario, job.seed, job.model_class, tables=job.tables, audit=job.audit, on_day=on_day, share_burn_in=True
    )
    model = finished.model
    if job.tables_folder is not None:
        place = job.tables_folder / job.label / f"seed-{job.seed}"
        place.mkdir(parents=True, exist_ok=True)
        for name in job.tables:
            if name != "daily":
                write_frame(model.table(name), name, place / f"{name}.parquet")
    daily = model.daily()
    return JobResult(
        label=job.label,
        seed=job.seed,
        weight=float(model.weight),
        outcomes={name: float(value) for name, value in model.outcomes().items()},
        columns=tuple(str(name) for name in daily.columns),
        days=daily.index.to_numpy(dtype="int64"),
        daily=daily.to_numpy(dtype="float64"),
        elapsed_s=finished.elapsed_s,
    )
