"""The sheet of the answer that somebody looks at: which piece of HTML that is, for what they chose to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from htmltools import TagList

from sim.app.plan import Plan
from sim.app.reading import Reading
from sim.app.shown import answer, sheets
from sim.app.stored import Stored

SCALES, KEYS = ("real", "simulated"), ("segment", "jurisdiction")
AT_ONCE = ("short", "effects")
"""Sheets for which a stored answer will do."""


@dataclass(frozen=True)
class Choice:
    """What somebody chose to see.

    Attributes
    ----------
    scale
        Totals of ``real`` people or of the ``simulated`` consumers.
    key, outcome
        What to group by, and which outcome; empty for the first.
    """

    scale: str = "real"
    key: str = "segment"
    outcome: str = ""

    @classmethod
    def of(cls, scale: str, key: str, outcome: str) -> Choice:
        """What a browser sent, where it can be chosen."""
        return cls(scale if scale in SCALES else SCALES[0], key if key in KEYS else KEYS[0], outcome)


def sheet(reading: Reading, name: str, choice: Choice, plan: Plan, coming: int = 0) -> Any:
    """A sheet of a reading.

    Parameters
    ----------
    reading
        What can be read of the study.
    name
        Which sheet, one of `page.TABS`.
    choice
        See `Choice`.
    plan
        What the study asks.
    coming
        Pairs that are on their way where this one is the first.
    """
    match name:
        case "effects":
            return answer.effects(reading, choice.scale)
        case "whom":
            return _whom(reading, choice)
        case "time":
            return sheets.over_time(reading, choice.scale, plan)
        case "moves":
            return sheets.moves(reading, choice.scale)
        case "cost":
            return sheets.cost(reading, choice.scale)
        case "sure":
            return sheets.sure(reading, choice.scale)
    short = answer.headline(reading, choice.scale, coming)
    return TagList(short, sheets.over_time(reading, choice.scale, plan)) if coming else short


def at_once(known: Stored, name: str, scale: str) -> Any:
    """A sheet of a stored answer."""
    return answer.effects(known, scale) if name == "effects" else answer.headline(known, scale)


def as_good(reading: Reading | None, known: Stored) -> bool:
    """Whether the runs that are in say as much as the stored answer does, or all that they will."""
    return reading is not None and reading.pairs >= min(known.pairs, reading.asked)


def _whom(reading: Reading, choice: Choice) -> Any:
    names = answer.group_outcomes(reading, choice.key)
    chosen = choice.outcome if choice.outcome in names else next(iter(names), "")
    return TagList(
        answer.group_choices(choice.key, names, chosen), answer.groups(reading, choice.scale, choice.key, chosen)
    )
