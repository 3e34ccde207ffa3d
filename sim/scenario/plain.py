"""Plain data: what YAML and JSON can both hold. Scenarios are made of nothing else until they are checked."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from sim.evidence.tables import Row
from sim.scenario.errors import Problem, quote

MAX_VALUES = 50_000
"""Values in a scenario; the shipped tables and parameters together have a few thousand."""

MAX_DEPTH = 12
"""Nesting in a scenario; the deepest value that means something sits at five."""

MAX_KEY = 200
"""Characters in a key."""


def plain_data(value: Any, problems: list[Problem]) -> Any:
    """A copy of some data, made of None, booleans, finite numbers, text, lists and mappings with text keys.

    Parameters
    ----------
    value
        anything; models and tuples are converted.
    problems
        receives what cannot be converted; None stands in the copy instead.
    """
    return _Copy(problems).of(value, "", 0)


def _python(value: Any) -> Any:
    """Numbers, rows and arrays of NumPy and pandas, other whole and real numbers, and columns, as Python's own."""
    match value:
        case str() | bool() | int() | float() | list() | tuple() | Mapping() | BaseModel():
            return value
        case date():
            return value.isoformat()
        case numbers.Integral():
            return int(value)
        case numbers.Real() | Decimal():
            return float(value)
    own = getattr(value, "to_dict", None) or getattr(value, "tolist", None)
    return own() if callable(own) else value


class _Copy:
    """One copy in the making: it stops when there is too much, as in a structure that holds itself."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self.left = MAX_VALUES

    def refuse(self, path: str, given: str, allowed: str) -> None:
        self.problems.append(Problem(path, given, allowed))

    def of(self, value: Any, path: str, depth: int) -> Any:
        self.left -= 1
        if self.left == 0 or (depth > MAX_DEPTH and self.left > 0):
            self.left = 0
            allowed = f"at most {MAX_VALUES:,} values, {MAX_DEPTH} levels deep"
            self.refuse(path[:100], "too much data, or data that holds itself", allowed)
        if self.left <= 0 or value is None:
            return None
        value = _python(value)
        match value:
            case bool():
                return bool(value)
            case str() | int() | float():
                return self.scalar(value, path)
            case Row():
                return self.mapping(value.fields().items(), path, depth)
            case BaseModel():
                return self.mapping(value.model_dump(mode="json", by_alias=True).items(), path, depth)
            case Mapping():
                return self.mapping(value.items(), path, depth)
            case list() | tuple():
                return [self.of(item, f"{path}.{i}" if path else str(i), depth + 1) for i, item in enumerate(value)]
        allowed = "text, a number, true, false, a list or a mapping"
        self.refuse(path, f"a {type(value).__name__}, {quote(str(value))}", allowed)
        return None

    def scalar(self, value: str | float, path: str) -> Any:
        if isinstance(value, str):
            if any("\ud800" <= letter <= "\udfff" for letter in value):
                return self.refuse(path, "text with half a character (a lone surrogate)", "text")
            return str(value)
        if isinstance(value, int):
            return int(value) if value.bit_length() <= 64 else self.refuse(path, quote(value), "a number of 64 bits")
        return float(value) if math.isfinite(value) else self.refuse(path, quote(value), "a finite number")

    def mapping(self, items: Iterable[tuple[Any, Any]], path: str, depth: int) -> dict[str, Any]:
        copy: dict[str, Any] = {}
        for name, item in items:
            if isinstance(name, str) and len(name) <= MAX_KEY and name.isprintable():
                copy[str(name)] = self.of(item, f"{path}.{name}" if path else name, depth + 1)
            else:
                self.refuse(path, f"the key {quote(name)}", f"keys of printable text, at most {MAX_KEY} characters")
        return copy
