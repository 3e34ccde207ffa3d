"""Blocks: kernels run over ranges of rows, in threads when there are several; results do not depend on how many.

Kernels release the interpreter lock and write only to rows of their own range, or to the sums of their own block. Blocks have a fixed size, so sums are
added in the same order for any number of threads.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

BLOCK = 8192


def ranges(n: int) -> list[tuple[int, int]]:
    """Ranges of at most ``BLOCK`` rows that cover ``n`` rows."""
    return [(lo, min(lo + BLOCK, n)) for lo in range(0, n, BLOCK)]


def over_rows(pool: ThreadPoolExecutor | None, kernel: Callable[..., Any], n: int, *args: Any) -> None:
    """Call ``kernel(lo, hi, *args)`` for ranges that cover ``n`` rows."""
    if n == 0:
        return
    if pool is None or n < 2 * 1024:
        kernel(0, n, *args)
        return
    threads = pool._max_workers
    size = -(-n // threads)
    list(pool.map(lambda lo: kernel(lo, min(lo + size, n), *args), range(0, n, size)))


def over_blocks(
    pool: ThreadPoolExecutor | None, kernel: Callable[..., Any], n: int, width: int, *args: Any
) -> np.ndarray:
    """Call ``kernel(lo, hi, *args, sums)`` for blocks of fixed size; returns the (width,) total of the blocks' sums."""
    blocks = ranges(n)
    sums = np.zeros((len(blocks), width))
    if pool is None or len(blocks) < 2:
        for k, (lo, hi) in enumerate(blocks):
            kernel(lo, hi, *args, sums[k])
    else:
        list(pool.map(lambda k: kernel(*blocks[k], *args, sums[k]), range(len(blocks))))
    return sums.sum(axis=0)
