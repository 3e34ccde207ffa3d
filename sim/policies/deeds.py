"""The deed of a day: what a policy was meant for, what it did, and what that cost where it happens once.

A policy counts in a unit of its own: platforms, vendors, contacts, or, where nothing else can be counted, days on which it was in force. What there is as many
of as in reality (platforms, groups, days) counts as it is; the rest times ``weight``, so that all of it is real.
"""

from __future__ import annotations

from typing import Any, NamedTuple

WHOLE = frozenset({"days in force", "platforms", "groups", "test purchases"})
"""Units of which a simulated world has as many as the real one."""


class Deed(NamedTuple):
    """What a policy was to do on a day, and what it did."""

    asked: float  # what it was meant for, in its unit
    done: float  # what there was of it and was acted on
    usd: float = 0.0  # real cost of what happens once, whatever the number of simulated consumers
    unpaid: int = 0  # what there was of it and no budget was left for


class Parts(NamedTuple):
    """For how many people a policy is, by part: simulated ones."""

    offered: float  # to whom it is offered
    taken: float  # who took it up
    kept: float | None = None  # who are still in it; None where that cannot be said
    adds: bool = False  # whether they are those of today, to be added up, and not those up to today


IDLE = Deed(0.0, 0.0)
"""A day on which nothing was to be done."""


class PolicyError(TypeError):
    """What a method of a policy gives back is nothing that a day can be reckoned with.

    Attributes
    ----------
    file, line
        Where the method is written.
    """

    def __init__(self, text: str, method: Any = None) -> None:
        super().__init__(text)
        code = getattr(method, "__code__", None)
        self.file, self.line = ("", 0) if code is None else (code.co_filename, code.co_firstlineno)
