"""Dask distributed as the place where batches run: a scheduler by its address or file, or one of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from sim.studies.errors import RequestError, extra

CONNECT_SECONDS = 60


@contextmanager
def dask_executor(scheduler: str | None, workers: int) -> Iterator[tuple[Executor, Callable[[], int]]]:
    """An executor on a Dask cluster.

    Parameters
    ----------
    scheduler
        Address (``tcp://host:8786``) or scheduler file (ending in .json); None starts a cluster on this machine.
    workers
        Worker processes of the cluster on this machine.

    Yields
    ------
    executor, count
        The executor, and a function that says how many workers there are now.

    Raises
    ------
    RequestError
        If Dask is not installed or the scheduler does not answer.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise RequestError(f"executor: dask needs {extra('cluster')}") from None
    cluster = client = None
    try:
        if scheduler is None:
            cluster = distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
            )
        where = (
            {"scheduler_file": scheduler}
            if scheduler and scheduler.endswith(".json")
            else {"address": scheduler or cluster}
        )
        try:
            client = distributed.Client(**where, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise RequestError(f"scheduler: {scheduler} does not answer: {error}") from None
        yield client.get_executor(pure=False), lambda: len(client.nthreads())
    finally:
        for thing in (client, cluster):
            if thing is not None:
                thing.close()


def is_death(error: BaseException) -> bool:
    """Whether an error says that workers died at a task, however often it was tried."""
    return type(error).__name__ in ("KilledWorker", "WorkerDiedError")
