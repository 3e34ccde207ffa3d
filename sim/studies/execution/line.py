"""The line in which runs wait, and the batches in which they are handed out.

Runs of a seed that differ in policies alone share the days that they have in common where one process does them. So the runs of a seed stand behind
one another, and as many seeds as there are workers are served in turn: most often a worker stays with its seed. The first comparison of a study is the exception:
somebody waits for it, so all workers do its runs, and the days that these share are done by each.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.studies.execution.identity import Order


def is_one_comparison(orders: Sequence[Order]) -> bool:
    """Whether the runs of the first seed differ in nothing but their scenarios; the points of a sweep do, and none of them is waited for more than others."""
    return all(order.changes == orders[0].changes for order in orders if order.seed == orders[0].seed)


class Line:
    """Runs that wait.

    Parameters
    ----------
    orders
        The runs, in the order in which they are wanted.
    first_ahead
        Whether the runs of the first seed go out before those of any other.
    """

    def __init__(self, orders: Iterable[Order], first_ahead: bool = False) -> None:
        self._seeds: dict[int, deque[Order]] = {}
        for order in orders:
            self._seeds.setdefault(order.seed, deque()).append(order)
        self._waiting = deque(self._seeds)
        self._ahead = self._waiting[0] if first_ahead else None
        self._served: deque[int] = deque()
        self._first: deque[Order] = deque()
        self._length = sum(map(len, self._seeds.values()))

    def __len__(self) -> int:
        return self._length

    def take(self, size: int, workers: int, alone: Collection[str]) -> list[Order]:
        """The next batch, all of one seed; empty where nobody waits.

        Parameters
        ----------
        size
            Runs at most.
        workers
            Seeds that are served in turn.
        alone
            Runs that go in a batch of their own.
        """
        while self._waiting and len(self._served) < workers and self._ahead not in self._served:
            self._served.append(self._waiting.popleft())
        if self._first:
            batch = _cut(self._first, size, alone)
        elif self._served:
            seed = self._served.popleft()
            batch = _cut(self._seeds[seed], size, alone)
            if self._seeds[seed]:
                self._served.append(seed)
        else:
            return []
        self._length -= len(batch)
        return batch

    def put_back(self, orders: Iterable[Order]) -> None:
        """Put runs before all others."""
        back = list(orders)
        self._first.extendleft(reversed(back))
        self._length += len(back)


def _cut(waiting: deque[Order], size: int, alone: Collection[str]) -> list[Order]:
    """The first runs of a queue, up to one that goes alone."""
    batch = [waiting.popleft()]
    while waiting and len(batch) < size and batch[0].run not in alone and waiting[0].run not in alone:
        if waiting[0].seed != batch[0].seed:
            break
        batch.append(waiting.popleft())
    return batch
