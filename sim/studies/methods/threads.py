"""How many threads linear algebra takes."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Any


def one_thread() -> AbstractContextManager[Any]:
    """Linear algebra on one thread inside: matrices are small, and numbers do not depend on how many cores there are."""
    try:
        limits: Any = import_module("threadpoolctl")
    except ImportError:
        return nullcontext()
    return limits.threadpool_limits(1)
