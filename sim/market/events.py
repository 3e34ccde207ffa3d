"""Events as a run goes on: what happened to whom, in order, for the table of events and for policies that wait for some."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sim.agents.codes import EventKind

type Causes = tuple[tuple[str, ...], np.ndarray]
"""Names, and which of them are meant."""
EVENT = np.dtype([
    ("day", np.int32), ("kind", np.uint8), ("subject", np.int32), ("agency", np.int32), ("policy", np.int16), ("cause", np.int16), ("amount", np.float64),
])  # fmt: skip
"""A row: 25 bytes; policy and cause are places in `Events.texts`."""


class Events:
    """The events table in the making, kept only where it is wanted, and the numbers of events that somebody waits for.

    Attributes
    ----------
    kept, wanted
        Whether events are kept; whether they are kept or counted.
    n, rows
        Events so far, and room for them: the first ``n`` rows are in use.
    texts
        Names of policies and causes that were met, with their places; the first stands for none.
    numbers
        Events of the kinds that somebody waits for, by kind and day.
    """

    def __init__(self, kept: bool) -> None:
        self.kept = self.wanted = kept
        self.n, self.rows, self.texts = 0, np.zeros(1024 if kept else 0, EVENT), {"": 0}
        self.numbers: dict[int, dict[int, int]] = {}

    def watch(self, kinds: Iterable[str | None]) -> None:
        """Count the events of these kinds from now on, day by day."""
        self.numbers = {k: self.numbers.get(k, {}) for k in sorted({EventKind[n.upper()] for n in kinds if n})}
        self.wanted = self.kept or bool(self.numbers)

    def add(
        self,
        day: int,
        kind: int,
        subject: int | np.ndarray,
        agency: int,
        policy: str,
        cause: str | Causes,
        amount: float | np.ndarray,
    ) -> None:
        """Write an event down, or one for each of several subjects; their causes may be names, and which of them is whose."""
        many = not isinstance(subject, int | np.integer)
        count = len(subject) if many else 1
        if self.kept:
            while self.n + count > len(self.rows):
                self.rows, full = np.zeros(2 * len(self.rows), EVENT), self.rows
                self.rows[: len(full)] = full
            named = self._place(policy)
            because = (
                self._place(cause)
                if isinstance(cause, str)
                else np.array([self._place(name) for name in cause[0]])[cause[1]]
            )
            if many:
                new = self.rows[self.n : self.n + count]
                new["day"], new["kind"], new["subject"], new["agency"] = day, kind, subject, agency
                new["policy"], new["cause"], new["amount"] = named, because, amount
            else:  # a row as a whole takes a twentieth of the time
                self.rows[self.n] = (day, kind, subject, agency, named, because, amount)
            self.n += count
        if kind in self.numbers:
            days = self.numbers[kind]
            days[day] = days.get(day, 0) + count

    def _place(self, text: str) -> int:
        """Where a text stands; a new one goes to the end."""
        return self.texts.setdefault(text, len(self.texts))

    def number(self, kind: int, first: int, stop: int) -> int:
        """Events of a watched kind from day ``first`` to the day before ``stop``."""
        return sum(count for day, count in self.numbers[kind].items() if first <= day < stop)
