"""What the kernels of each phase do, counted: ``python -m benchmarks.counts CONSUMERS DAYS``, in a process of its own.

Numba is switched off, so that kernels are ordinary Python: draws and exponentials are counted where they are called, reads and writes of columns where an
element is asked for. Per consumer-day the numbers hardly depend on the size of the world, which a small one therefore tells. What NumPy does in the Python
around kernels is not counted, nor powers written as ``**``.
"""

from __future__ import annotations

import os

os.environ["NUMBA_DISABLE_JIT"] = "1"

import json
import math
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from types import FunctionType
from typing import Any

import numpy as np

LINE = 64
"""Bytes that memory gives at a time."""
WEIGHED = ("draws", "exponentials", "stream_bytes", "random_lines")


class Tally:
    """Counts by phase."""

    def __init__(self) -> None:
        self.phase = ""
        self.found: dict[str, Counter[str]] = {}

    def begin(self, phase: str) -> None:
        """What is counted from now on belongs to a phase."""
        self.phase = phase
        self.found.setdefault(phase, Counter())

    def add(self, what: str, count: int = 1) -> None:
        """Count something, inside of a phase."""
        if self.phase:
            self.found[self.phase][what] += count


TALLY = Tally()


class Counted(np.ndarray):
    """A column that counts the lines of memory from which its elements are read or written.

    The line of the last element costs nothing again; the next one is part of a stream; any other has to be waited for.
    """

    last: list[int]

    def __array_finalize__(self, parent: Any) -> None:
        self.last = getattr(parent, "last", None) or [-1]

    def _touch(self, key: Any) -> None:
        places = key if isinstance(key, tuple) else (key,)
        if len(places) != self.ndim or not all(isinstance(place, int | np.integer) for place in places):
            return
        at = self.__array_interface__["data"][0]
        at += sum(int(p) % n * s for p, n, s in zip(places, self.shape, self.strides, strict=True))
        line = at // LINE
        if line == self.last[0] + 1:
            TALLY.add("stream_bytes", LINE)
        elif line != self.last[0]:
            TALLY.add("random_lines")
        self.last[0] = line

    def __getitem__(self, key: Any) -> Any:
        self._touch(key)
        return super().__getitem__(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._touch(key)
        super().__setitem__(key, value)


def counting(call: Callable[..., Any], what: str) -> Callable[..., Any]:
    """A function that counts its calls."""

    def counted(*args: Any) -> Any:
        TALLY.add(what)
        return call(*args)

    return counted


def in_phase(call: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A phase that says when it begins and ends."""

    def phase(*args: Any) -> Any:
        TALLY.begin(name)
        try:
            return call(*args)
        finally:
            TALLY.phase = ""

    return phase


def counted_columns(columns: Any) -> Any:
    """The same columns, which count."""
    return type(columns)._make(column.view(Counted) for column in columns)


def count(consumers: int, days: int) -> dict[str, dict[str, float]]:
    """Counts per consumer-day, by phase."""
    from sim import model as day
    from sim.studies.runs.simulate import load_scenario

    philox: Any = import_module("sim.streams.philox")  # the face of the folder has a function of that name

    warnings.simplefilter("ignore")  # words of 64 bits wrap around in NumPy as they do in kernels, and NumPy says so
    state: Any = import_module("sim.market.state")
    hand_over = state.handed_over
    state.handed_over = lambda p: hand_over(p).view(np.recarray)  # whose fields Python reads as kernels do
    philox._rounds = counting(philox._rounds, "draws")
    for name in ("exp", "log"):
        setattr(math, name, counting(getattr(math, name), "exponentials"))
    for name in day.MarketModel.step.__code__.co_names:
        call = vars(day).get(name)
        if isinstance(call, FunctionType):
            setattr(day, name, in_phase(call, name))
    model = day.MarketModel(load_scenario("baseline", consumers=consumers, days=days, burn_in=0), rng=1)
    for table in (model.consumers, model.vendors, model.platform_table, model.supplier_table, model.books.open_orders):
        table.columns = counted_columns(table.columns)
    model.world.friends = model.world.friends._replace(who=model.world.friends.who.view(Counted))
    model.run_for(days)
    scale = 1.0 / (consumers * days)
    return {name: {what: found[what] * scale for what in WEIGHED} for name, found in TALLY.found.items()}


if __name__ == "__main__":
    print(json.dumps(count(*map(int, sys.argv[1:3]))))
