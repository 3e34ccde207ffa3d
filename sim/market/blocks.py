"""Blocks: kernels run over ranges of rows, in threads when there are several; results do not depend on how many.

Kernels release the interpreter lock and write only to rows of their own range, or to the sums of their own blocks. Blocks have a fixed size, so sums are
added in the same order for any number of threads.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from sim.kernels import inner, maker

BLOCK = 5000

WORTH_SHARING = 1500
"""Rows below which another thread, which takes some 40 microseconds to begin, costs more than it saves."""
WORTH_SHARING_SCANS = 40_000
"""The same where a kernel only looks through columns, in a few nanoseconds a row."""


def over_rows(
    pool: ThreadPoolExecutor | None, kernel: Callable[..., Any], n: int, *args: Any, least: int = WORTH_SHARING
) -> None:
    """Call ``kernel(lo, hi, *args)`` for ranges that cover ``n`` rows, in threads from ``least`` rows on."""
    if pool is None or n < least:
        if n:
            kernel(0, n, *args)
        return
    share(pool, kernel, n, *args)


def over_blocks(
    pool: ThreadPoolExecutor | None, kernel: Callable[..., Any], n: int, width: int, *args: Any, least: int = BLOCK + 1
) -> np.ndarray:
    """Call ``kernel(first, last, n, BLOCK, *args, sums)`` for ranges of blocks that cover ``n`` rows; returns the (width,) total of the blocks' sums.

    There are threads from ``least`` rows on.
    """
    blocks = -(-n // BLOCK)
    sums = np.zeros((blocks, width))
    if pool is None or n < least:
        kernel(0, blocks, n, BLOCK, *args, sums)
    else:
        share(pool, kernel, blocks, n, BLOCK, *args, sums)
    return sums.sum(axis=0)


def share(pool: ThreadPoolExecutor, kernel: Callable[..., Any], n: int, *args: Any) -> None:
    """Call ``kernel(lo, hi, *args)`` for as many ranges of ``n`` as there are threads, the first one in this thread."""
    size = -(-n // (pool._max_workers + 1))
    others = [pool.submit(kernel, lo, min(lo + size, n), *args) for lo in range(size, n, size)]
    kernel(0, size, *args)
    for other in others:
        other.result()


@inner
def count_due(n: int, when: np.ndarray, alive: np.ndarray, day: int) -> int:
    """How many of the first ``n`` rows are due."""
    due = 0
    for i in range(n):
        due += (when[i] <= day) & (alive[i] == 1)
    return due


@inner
def fill_due(n: int, when: np.ndarray, alive: np.ndarray, day: int, rows: np.ndarray) -> None:
    """Write down which."""
    k = 0
    for i in range(n):
        if (when[i] <= day) & (alive[i] == 1):
            rows[k] = i
            k += 1


@maker
def rows_due(n: int, when: np.ndarray, alive: np.ndarray, day: int) -> np.ndarray:
    """Those of the first ``n`` rows that are alive and whose day ``when`` has come, in order."""
    rows = np.empty(count_due(n, when, alive, day), np.int64)
    fill_due(n, when, alive, day, rows)
    return rows


@inner
def count_marked(marks: np.ndarray) -> int:
    """How many rows are marked."""
    marked = 0
    for i in range(len(marks)):
        marked += marks[i] != 0
    return marked


@inner
def fill_marked(marks: np.ndarray, rows: np.ndarray) -> None:
    """Write down which."""
    k = 0
    for i in range(len(marks)):
        if marks[i] != 0:
            rows[k] = i
            k += 1


@maker
def rows_marked(marks: np.ndarray) -> np.ndarray:
    """Rows whose mark is not 0, in order."""
    rows = np.empty(count_marked(marks), np.int64)
    fill_marked(marks, rows)
    return rows
