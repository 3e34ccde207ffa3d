"""Where batches run: any `concurrent.futures.Executor`. By default processes of this machine, that are replaced when they die."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import queue
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from sim.studies.errors import StudyError
from sim.studies.execution.children import deaf_to_interruption, lean_children, refuse_inside_a_worker
from sim.studies.store.output import passing_folder


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
        Number of processes; they start when they are needed.
    """

    def __init__(self, workers: int) -> None:
        refuse_inside_a_worker()
        self.workers = workers
        self._tasks: queue.SimpleQueue[tuple[Future[Any], bytes] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # starting a process changes the environment for a moment
        self._children: set[SpawnProcess] = set()
        self._threads: list[threading.Thread] = []
        self._closed = False

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
            thread = threading.Thread(target=self._serve, daemon=True)
            self._threads.append(thread)
            thread.start()
        return future

    def _serve(self) -> None:
        """Feed one worker until there is nothing more to come."""
        child: Any = None
        here: Any = None
        while (task := self._tasks.get()) is not None:
            future, parcel = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                if child is None or not child.is_alive():
                    child, here = self._start(hide_main=b"__main__" not in parcel)
                    self._wait_for(child, here)
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
        with suppress(Exception), passing_folder():  # the next such folder takes along what the killed left behind
            pass
        os._exit(1)
