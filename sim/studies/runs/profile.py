"""Where the time of a day goes: seconds and bytes by phase, what kernels do apart from the Python around them.

Nothing in the model knows of it. While a profile is taken, Python tells when the functions that `MarketModel.step` calls begin and end (`sys.monitoring`), and
calls of compiled kernels are timed where Numba takes them. Otherwise neither is there, and costs nothing. One day in ten is weighed instead of timed, since to
count bytes takes longer than most phases do.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from sim.studies.errors import RequestError

WEIGH_EVERY, WEIGH_ON = 10, 1
"""Of so many days one is weighed, beginning with this one."""

Interval = tuple[float, float]


@dataclass
class Phase:
    """What a phase took, over all days.

    Attributes
    ----------
    name
        The function that `MarketModel.step` calls.
    seconds
        On the wall, over the days that were timed.
    kernel_seconds
        Those of them in which at least one thread was in a kernel.
    thread_seconds
        Seconds in kernels, of all threads together.
    kernel_calls
        Calls of kernels.
    touched
        Bytes of the arrays that kernels were given, each once a day, over the days that were weighed: the most that they can read or write.
    asked
        Most new memory that the phase held at a time (bytes), summed over the days that were weighed.
    """

    name: str
    seconds: float = 0.0
    kernel_seconds: float = 0.0
    thread_seconds: float = 0.0
    kernel_calls: int = 0
    touched: int = 0
    asked: int = 0


@dataclass
class Profile:
    """Phases in the order of the day, and the days over which they were timed and weighed."""

    phases: list[Phase] = field(default_factory=list)
    timed: int = 0
    weighed: int = 0

    def rows(self) -> list[dict[str, Any]]:
        """A row a phase: milliseconds a day, in all, in kernels and in the Python around them; calls; threads at work in kernels; megabytes a day."""
        days, weighed = max(self.timed, 1), max(self.weighed, 1)
        return [
            {
                "phase": phase.name,
                "ms": 1e3 * phase.seconds / days,
                "kernel_ms": 1e3 * phase.kernel_seconds / days,
                "shell_ms": 1e3 * (phase.seconds - phase.kernel_seconds) / days,
                "kernel_calls": phase.kernel_calls / days,
                "threads": phase.thread_seconds / phase.kernel_seconds if phase.kernel_seconds > 0 else 0.0,
                "touched_mb": phase.touched / weighed / 1e6 if self.weighed else None,
                "asked_mb": phase.asked / weighed / 1e6 if self.weighed else None,
            }
            for phase in self.phases
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain data: days timed and weighed, and `rows`."""
        return {"days_timed": self.timed, "days_weighed": self.weighed, "phases": self.rows()}


def phases_of_the_day() -> dict[CodeType, str]:
    """What `MarketModel.step` calls, in that order: the code and the name of each."""
    from sim import model
    from sim.measures.kept.recorder import Recorder

    step = model.MarketModel.step.__code__
    found: dict[CodeType, str] = {}
    for name in step.co_names:
        call = vars(model).get(name) or getattr(model.MarketModel, name, None) or getattr(Recorder, name, None)
        if isinstance(call, FunctionType):
            found[call.__code__] = name
    return found


def together(intervals: Sequence[Interval]) -> float:
    """Seconds in which at least one of the intervals ran."""
    total, until = 0.0, -np.inf
    for begun, ended in sorted(intervals):
        if ended > until:
            total += ended - max(begun, until)
            until = ended
    return total


def arrays_in(value: Any) -> Iterator[np.ndarray]:
    """The arrays among the arguments of a kernel."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from arrays_in(part)


class _Watch:
    """Notes what happens between the beginning and the end of a phase."""

    def __init__(self, profile: Profile, codes: dict[CodeType, str], day: CodeType, run: CodeType) -> None:
        self.profile, self.codes, self.day, self.run = profile, codes, day, run
        self.weighing = False
        self.forget()
        self.begun = 0.0
        self.before = 0
        self.intervals: list[Interval] = []
        self.seen: dict[int, int] = {}

    def forget(self) -> None:
        """Begin anew."""
        self.phases = {code: Phase(name) for code, name in self.codes.items()}
        self.profile.phases = list(self.phases.values())
        self.profile.timed = self.profile.weighed = 0

    def start(self, code: CodeType, _: int) -> None:
        """A run, a day or a phase begins."""
        if code is self.run:  # the days before it only got the kernels ready
            self.forget()
        elif code is self.day:
            self.weighing = (self.profile.timed + self.profile.weighed) % WEIGH_EVERY == WEIGH_ON
            if self.weighing:
                tracemalloc.start()
        else:
            self.intervals, self.seen = [], {}
            if self.weighing:
                tracemalloc.reset_peak()
                self.before = tracemalloc.get_traced_memory()[0]
            self.begun = perf_counter()

    def end(self, code: CodeType, *_: Any) -> None:
        """A day or a phase ends."""
        now = perf_counter()
        if code is self.run:
            return
        if code is self.day:
            if self.weighing:
                tracemalloc.stop()
                self.profile.weighed += 1
            else:
                self.profile.timed += 1
            return
        phase = self.phases[code]
        if self.weighing:
            phase.asked += max(tracemalloc.get_traced_memory()[1] - self.before, 0)
            phase.touched += sum(self.seen.values())
        else:
            phase.seconds += now - self.begun
            phase.kernel_seconds += together(self.intervals)
            phase.thread_seconds += sum(ended - begun for begun, ended in self.intervals)
            phase.kernel_calls += len(self.intervals)

    def timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """What takes the place of the call of a kernel."""

        def timed_call(kernel: Any, *args: Any, **named: Any) -> Any:
            if self.weighing:
                for array in arrays_in(args):
                    place = array.__array_interface__["data"][0]
                    self.seen[place] = max(self.seen.get(place, 0), array.nbytes)
                return call(kernel, *args, **named)
            begun = perf_counter()
            try:
                return call(kernel, *args, **named)
            finally:
                self.intervals.append((begun, perf_counter()))

        return timed_call


@contextmanager
def profiled() -> Iterator[Profile]:
    """Profile the run of a `MarketModel` that is made inside; of several, the last one.

    Raises
    ------
    RequestError
        When something else uses Python's monitoring for profiling.
    """
    from numba.core.registry import CPUDispatcher

    from sim.model import MarketModel
    from sim.studies.runs.simulate import simulate

    monitoring, tool = sys.monitoring, sys.monitoring.PROFILER_ID
    try:
        monitoring.use_tool_id(tool, "odm")
    except ValueError:
        raise RequestError("profile: another profiler is at work in this process") from None
    profile = Profile()
    watch = _Watch(profile, phases_of_the_day(), MarketModel.step.__code__, simulate.__code__)
    events = monitoring.events
    monitoring.register_callback(tool, events.PY_START, watch.start)
    monitoring.register_callback(tool, events.PY_RETURN, watch.end)
    for code in (watch.run, watch.day, *watch.phases):
        monitoring.set_local_events(tool, code, events.PY_START | events.PY_RETURN)
    CPUDispatcher.__call__ = watch.timed(CPUDispatcher.__call__)
    try:
        yield profile
    finally:
        del CPUDispatcher.__call__
        if watch.weighing:
            tracemalloc.stop()
        for code in (watch.run, watch.day, *watch.phases):
            monitoring.set_local_events(tool, code, events.NO_EVENTS)
        monitoring.free_tool_id(tool)
