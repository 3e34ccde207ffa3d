"""Where batches run: any `concurrent.futures.Executor`. By default processes of this machine, that are replaced when they die.

They may be awake before their study is, and load the model while the driver loads what it needs itself: nothing heavy is imported above.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from sim.studies.errors import StudyError
from sim.studies.execution.children import deaf_to_interruption, lean_children, refuse_inside_a_worker
from sim.studies.runs import lazily
from sim.studies.runs.machine import usable_cores


class WorkerDiedError(RuntimeError):
    """The process that did a task ended before the task did."""


class WorkerNotStartedError(StudyError):
    """A process ended before it could take its first task."""


READY = b"ready"
"""What a worker says first."""


class Inline(Executor):
    """Does everything in this process, when it is asked to."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call the function now; the future is done when this returns."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Processes(Executor):
    """Worker processes of this machine: spawned, one thread each, and replaced when they die.

    Unlike a `ProcessPoolExecutor`, the death of a worker fails the one task that it was at, with `WorkerDiedError`.

    Parameters
    ----------
    workers
        Number of processes; they start when they are needed, or are woken before.
    """

    def __init__(self, workers: int) -> None:
        refuse_inside_a_worker()
        self.workers = workers
        self._tasks: queue.SimpleQueue[tuple[Future[Any], bytes] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # starting a process changes the environment for a moment
        self._children: set[SpawnProcess] = set()
        self._threads: list[threading.Thread] = []
        self._closed = False
        self.awake = False
        """Whether workers were started before there was anything to do."""

    @property
    def pids(self) -> list[int]:
        """Process numbers of the workers that live."""
        with self._lock:
            return [child.pid for child in self._children if child.pid is not None and child.is_alive()]

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Put a call in line for the next free worker."""
        if self._closed:
            raise RuntimeError("the executor was shut down")
        future: Future[Any] = Future()
        self._tasks.put((future, pickle.dumps((fn, args, kwargs))))
        if len(self._threads) < self.workers:
            self._begin(None, None)
        return future

    def wake(self, number: int, fn: Callable[..., Any], /) -> None:
        """Start so many workers now, all at once, each with a call that gets it ready; what they do later must need nothing of the caller's script."""
        for _ in range(min(number, self.workers) - len(self._threads)):
            child, here = self._start(hide_main=True)
            self._tasks.put((Future(), pickle.dumps((fn, (), {}))))
            self._begin(child, here)
        self.awake = True

    def _begin(self, child: SpawnProcess | None, here: Connection | None) -> None:
        thread = threading.Thread(target=self._serve, args=(child, here), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self, child: Any, here: Any) -> None:
        """Feed one worker, which may have been started, until there is nothing more to come."""
        heard = False
        while (task := self._tasks.get()) is not None:
            future, parcel = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                if child is None or not child.is_alive():
                    child, here = self._start(hide_main=b"__main__" not in parcel)
                    heard = False
                if not heard:
                    self._wait_for(child, here)
                    heard = True
                here.send_bytes(parcel)
                wait([here, child.sentinel])
                good, answer = pickle.loads(here.recv_bytes())
            except WorkerNotStartedError as error:
                future.set_exception(error)
                self._drop(child)
                child = None
            except (EOFError, OSError):
                future.set_exception(WorkerDiedError(_end_of(child)))
                self._drop(child)
                child = None
            except Exception as error:
                future.set_exception(error)
            else:
                future.set_result(answer) if good else future.set_exception(answer)
        if child is not None:
            here.close()
            child.join(5)
            self._drop(child)

    def _start(self, hide_main: bool) -> tuple[SpawnProcess, Connection]:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        child = context.Process(target=_worker, args=(there,), daemon=True)
        with self._lock, lean_children(hide_main=hide_main), deaf_to_interruption():
            if self._closed:
                raise RuntimeError("the executor was shut down")
            child.start()
            self._children.add(child)
        there.close()
        return child, here

    def _wait_for(self, child: SpawnProcess, here: Connection) -> None:
        """Wait until a worker says that it is there."""
        wait([here, child.sentinel])
        try:
            there = here.recv_bytes() == READY
        except (EOFError, OSError):
            there = False
        if not there and not self._closed and not _killed(child):
            raise WorkerNotStartedError(
                f"a worker process could not start ({_end_of(child)}); see the messages above, or use one worker. What they "
                "run must be in a file that can be imported: calls of a script that start them go under "
                "`if __name__ == '__main__':`, and a model of a notebook goes into a module"
            )

    def _drop(self, child: SpawnProcess | None) -> None:
        with self._lock:
            if child is not None:
                self._children.discard(child)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let workers go; with `cancel_futures`, at once: what they are at is given up."""
        self._closed = True
        if cancel_futures:
            with suppress(queue.Empty):
                while (task := self._tasks.get_nowait()) is None or task[0].cancel():
                    pass
            with self._lock:
                for child in self._children:
                    child.terminate()
        for _ in self._threads:
            self._tasks.put(None)
        if wait:
            for thread in self._threads:
                thread.join(30)


_waiting: list[Processes] = []


def get_ready(ahead: Mapping[str, Any] | None = None) -> None:
    """Load, in a worker, what a run and its files need, kernels too; what is not compiled yet is left to the worker that is told to.

    With ``ahead``, the keyword arguments of `batches.be_ahead`, some days are done that a study which may come will need.
    """
    import pandas as pd

    from sim.kernels import CACHE, is_cold
    from sim.studies.execution import batches
    from sim.studies.runs.simulate import default_model, load_scenario, warm_up

    model_class = default_model()
    if not is_cold(CACHE):
        with suppress(Exception, SystemExit):  # the runs themselves will fail, and say why
            warm_up(load_scenario("baseline"), model_class)
        pd.DataFrame({"day": [0]})
        batches.to_table([])
        if ahead is not None:
            batches.be_ahead(**ahead)


@contextmanager
def early(workers: int | None, most: int, ahead: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Wake workers for the study that is to come, ``most`` of them, where none wait; those whom it did not take are let go. For ``ahead`` see `get_ready`."""
    pool = Processes(workers or usable_cores())
    if most > 0 and not _waiting:
        pool.wake(most, get_ready if ahead is None else partial(get_ready, ahead))
        _waiting.append(pool)
    try:
        yield
    finally:
        if pool in _waiting:
            _waiting.remove(pool)
            pool.shutdown(wait=False, cancel_futures=True)


def hire(workers: int, runs: int) -> Processes:
    """Worker processes for a study of so many runs of the model that ships: those that wait, if they are as many, or new ones, woken now; 0 wakes none."""
    for pool in _waiting:
        if runs > 0 and pool.workers == workers:
            _waiting.remove(pool)
            return pool
    pool = Processes(workers)
    if runs > 0:
        pool.wake(runs, get_ready)
    return pool


def _killed(child: SpawnProcess) -> bool:
    """Whether a signal ended a process."""
    child.join(5)
    return child.exitcode is not None and child.exitcode < 0


def _end_of(child: SpawnProcess | None) -> str:
    """How a process ended: the name of the signal, or its exit code."""
    if child is None:
        return "it could not start"
    child.join(5)
    code = child.exitcode
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:  # not every signal has a name
        return f"signal {-code}"


def _worker(connection: Connection) -> None:
    """Do what comes down the line; end with the parent, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lazily.load_late()
    connection.send_bytes(READY)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    while True:
        try:
            function, args, kwargs = pickle.loads(connection.recv_bytes())
        except (EOFError, OSError):
            return
        except Exception as error:
            answer = (False, RuntimeError(f"a worker could not read its task: {error!r}"))
        else:
            try:
                answer = (True, function(*args, **kwargs))
            except Exception as error:
                answer = (False, error)
        try:
            parcel = pickle.dumps(answer)
            pickle.loads(parcel)  # not every exception survives the way
        except Exception:
            parcel = pickle.dumps((False, RuntimeError(repr(answer[1]))))
        try:
            connection.send_bytes(parcel)
        except OSError:
            return


def _end_with_the_parent() -> None:
    """End this process as soon as the one that started it is gone; runs that nobody wanted to keep go too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        loaded: Any = sys.modules.get(
            "sim.studies.store.output"
        )  # who has not loaded it has written nothing, and need not first
        with (
            suppress(Exception),
            loaded.passing_folder(),
        ):  # the next such folder takes along what the killed left behind
            pass
        os._exit(1)
