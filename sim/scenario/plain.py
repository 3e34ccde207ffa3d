"""Plain data: what YAML and JSON can both hold. Scenarios are made of nothing else until they are checked, and models are filled from it."""

from __future__ import annotations

import copy
import json
import math
import numbers
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from sim.evidence.tables import Row
from sim.scenario.errors import Problem, quote

MAX_VALUES = 50_000
"""Values in a scenario; the shipped tables and parameters together have a few thousand."""

MAX_DEPTH = 12
"""Nesting in a scenario; the deepest value that means something sits at five."""

MAX_KEY = 200
"""Characters in a key."""

EXACT = 2**53
"""Below it every whole number is a float of its own."""


def whole(value: Any) -> int | None:
    """A whole number of any library as Python's own, also one that a table made a float; None for all else, and for floats too large to be exact."""
    match value:
        case bool():
            return None
        case numbers.Integral():
            return int(value)
        case numbers.Real() | Decimal():
            real, limit = cast(Any, value), 2**64 if isinstance(value, numbers.Rational | Decimal) else EXACT
            try:
                return int(real) if math.isfinite(real) and abs(real) < limit and real == int(real) else None
            except (OverflowError, ValueError):  # a fraction that is no float, a signalling NaN
                return None
    return None


def fill[Model: BaseModel](model: type[Model], data: Any) -> Model:
    """An instance of a model from plain data, with JSON's strict types: neither text nor booleans pass for numbers, and 300.0 is the whole number 300."""
    try:
        return model.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        changed = {item["loc"]: whole(item["input"]) for item in faults if item["type"] == "int_type"}
        if not any(number is not None for number in changed.values()):
            raise
    return model.model_validate_json(json.dumps(_with(data, changed)), strict=True)


def _with(data: Any, changed: Mapping[tuple[str | int, ...], int | None]) -> Any:
    """A copy of plain data with numbers at the places that pydantic names; branches of unions, which it names too, are no steps."""
    found = copy.deepcopy(data)
    for place, number in changed.items():
        here: Any = found
        at: Any = found
        last: Any = ""
        for step in place:
            if step in here if isinstance(here, dict) else isinstance(here, list) and step in range(len(here)):
                here, at, last = cast(Any, here)[step], here, step
        if number is not None:
            at[last] = number
    return found


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
            return _real(value)
    own = getattr(value, "to_dict", None) or getattr(value, "tolist", None)
    return own() if callable(own) else value


def _real(value: Any) -> float:
    """A real number as Python's own: a whole one beyond what floats tell apart stays whole."""
    try:
        real = float(value)
    except (OverflowError, ValueError):
        return math.inf
    number = whole(value) if abs(real) >= EXACT else None
    return real if number is None else number


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
