"""Starting worker processes: where that may be done, and what a child inherits.

Workers are spawned, not forked: they are the same on every system and inherit no threads.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.studies.errors import RequestError

_THREAD_SETTINGS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def may_have_children() -> bool:
    """Whether this process may start others; a worker of a `multiprocessing.Pool` may not."""
    return not multiprocessing.current_process().daemon


def refuse_inside_a_worker() -> None:
    """Stop a script that would start workers again while a worker is reading it."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RequestError(
            "this script starts worker processes while one of them is reading it. Put the call under "
            "`if __name__ == '__main__':`, or use workers=1"
        )


def refuse_unreadable(model_class: Any) -> None:
    """Stop a model from being sent to workers that cannot find it: one typed into a notebook, or made inside a function.

    Raises
    ------
    RequestError
        If it is such a one.
    """
    try:
        parcel = pickle.dumps(model_class)
    except (pickle.PicklingError, AttributeError, TypeError):
        where = "inside a function"
    else:
        if b"__main__" not in parcel or Path(getattr(sys.modules["__main__"], "__file__", "")).is_file():
            return
        where = "in a notebook or at a prompt"
    name = getattr(model_class, "__qualname__", model_class)
    raise RequestError(
        f"model_class: {name} is defined {where}, where worker processes cannot find it; put it into a file and import it from "
        'there, or do all runs in this process (`workers=1` in `compare`, `executor="inline"` in `run_study`)'
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


@contextmanager
def deaf_to_interruption() -> Iterator[None]:
    """Start children that do not hear Ctrl-C, which is for whoever started them, from their first moment on."""
    if hasattr(signal, "pthread_sigmask"):
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    else:  # Windows
        yield
