"""State declared once: a column has a dtype, a unit, a range and one line of text.

A schema is a plain mapping of names to `Column`. From it come the NamedTuple of arrays that kernels take
(`columns_type`), the attributes of the agents (`declare`), the checks of what is written, and the table of state
variables (`describe`).
"""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from mesa import Agent

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

RESERVED = frozenset(dir(Agent)) | {"model", "unique_id", "pos", "row", "slot", "population", "table", "schema"}
"""Names that a column cannot have, because an agent already has them."""


@dataclass(frozen=True, slots=True)
class Column:
    """One state variable of a kind of agent.

    Parameters
    ----------
    dtype
        NumPy dtype: booleans, integers or floats.
    unit
        Unit of the value, for example ``"USD"``, ``"share"``, ``"days"``, ``"code"``.
    low, high
        Smallest and largest value allowed; None is no bound.
    text
        One line: what it is.
    default
        Value of a new row. A default that is not a number (NaN) also allows NaN as a value: "none yet".
    shape
        Shape of the value of one row; () is a single number.
    codes
        The enumeration whose numbers the values are: agents and groups then show its members.
    few
        For what few agents have, the column that says in which row the value of an agent stands (`sim.population.few`); empty: in the agent's own.

    Raises
    ------
    ValueError
        If the declaration contradicts itself: range outside the dtype, default outside the range, no text.
    """

    dtype: str
    unit: str
    low: float | None
    high: float | None
    text: str
    default: float = 0
    shape: tuple[int, ...] = ()
    codes: type[IntEnum] | None = None
    few: str = ""

    def __post_init__(self) -> None:
        try:
            kind = np.dtype(self.dtype)
        except TypeError:
            raise ValueError(f"a column holds booleans, integers or floats, not {self.dtype!r}") from None
        if kind.kind not in "biuf":
            raise ValueError(f"a column holds booleans, integers or floats, not {kind}")
        if not self.text.strip() or not self.unit.strip():
            raise ValueError("a column needs a unit and one line of text")
        if self.allows_nan and kind.kind != "f":
            raise ValueError(f"only a column of floats can default to NaN, not {kind}")
        for value in (self.low, self.high, self.default):
            if value is not None and math.isfinite(value) and not self._representable(value):
                raise ValueError(f"{value} does not fit in {kind}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        if not self.holds(np.asarray(self.default, kind)):
            raise ValueError(f"default {self.default} is not in the range: {self.interval}")

    @property
    def allows_nan(self) -> bool:
        """Whether a value may be missing."""
        return math.isnan(self.default)

    @property
    def interval(self) -> str:
        """The range in words, for messages: ``0 to 1``, ``at least 0``, ``any number``."""
        if self.low is None:
            return "any number" if self.high is None else f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high is None else f"{self.low:g} to {self.high:g}"

    @property
    def bytes(self) -> int:
        """Bytes that one row takes."""
        return np.dtype(self.dtype).itemsize * math.prod(self.shape)

    def _representable(self, value: float) -> bool:
        kind = np.dtype(self.dtype)
        if kind.kind == "f":
            return abs(value) <= float(np.finfo(kind).max)
        if kind.kind == "b":
            return value in (0, 1)
        return value == int(value) and np.iinfo(kind).min <= value <= np.iinfo(kind).max

    def _limits(self) -> tuple[Any, Any]:
        """Return the range as the dtype holds it: a bound of 0.1 is the nearest number that a column of float32 has."""
        kind = np.dtype(self.dtype)
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if kind.kind == "f":
            return kind.type(low), kind.type(high)
        least, most = (0, 1) if kind.kind == "b" else (np.iinfo(kind).min, np.iinfo(kind).max)
        return least if low == -math.inf else int(low), most if high == math.inf else int(high)

    def holds(self, values: NDArray[Any]) -> bool:
        """Whether every one of `values` is in the range."""
        if values.dtype.kind == "f":
            missing = np.isnan(values)
            if missing.any():
                if not self.allows_nan:
                    return False
                values = values[~missing]
        low, high = self._limits()
        return not values.size or bool(low <= values.min() and values.max() <= high)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain data, as a scenario holds them; a default of NaN is ``none``."""
        fields = {name: getattr(self, name) for name in ("unit", "low", "high", "text", "shape")}
        codes = {"codes": self.codes.__name__} if self.codes else {}
        default = "none" if self.allows_nan else self.default
        return {"dtype": np.dtype(self.dtype).name, **fields, "default": default, **codes}

    def empty(self, rows: int) -> NDArray[Any]:
        """Return an array of `rows` rows at the default: shape (rows, *shape)."""
        return np.full((rows, *self.shape), self.default, dtype=self.dtype)

    def spread(self, value: ArrayLike, rows: int) -> NDArray[Any]:
        """Return one value for each of `rows` rows, from one for all or from as many; ValueError if it is neither."""
        return np.broadcast_to(np.asarray(value), (rows, *self.shape))

    def checked(self, name: str, values: ArrayLike) -> NDArray[Any]:
        """Return `values` in the column's dtype.

        Raises
        ------
        TypeError
            If they are not numbers, or have fractions where the column holds integers.
        ValueError
            If one is out of range; the message names the column, the value and what is allowed.
        """
        given = np.asarray(values)
        kind = np.dtype(self.dtype)
        if given.dtype == object and all(isinstance(value, int) for value in given.flat):
            given = given.astype(float)  # whole numbers of more than 64 bits
        if given.dtype.kind not in "biuf":
            raise TypeError(f"{name} takes numbers ({kind}), not {given.dtype}")
        if kind.kind == "f":
            with np.errstate(over="ignore"):
                given = given.astype(kind)
        elif given.dtype.kind == "f" and (given != np.trunc(given)).any():
            raise TypeError(f"{name} takes whole numbers ({kind}), not {given[given != np.trunc(given)].flat[0]}")
        if not self.holds(given):
            wrong = next(value for value in given.flat if not self.holds(np.asarray(value)))
            raise ValueError(f"{name} is {self.interval} ({self.unit}), not {wrong}")
        return given.astype(kind, copy=False)


type Schema = Mapping[str, Column]


def columns_type(name: str, schema: Schema, module: str) -> Any:
    """Make the NamedTuple class that holds one array per column.

    Parameters
    ----------
    name
        Name of the class. Assign the result to a variable of this name at the top of the module, so that it pickles and
        that kernels which take it are cached on disk.
    schema
        The columns, in order.
    module
        ``__name__`` of that module.

    Raises
    ------
    ValueError
        If a column has the name of something that every agent has.
    """
    clash = sorted(RESERVED.intersection(schema))
    if clash:
        raise ValueError(f"{name}: every agent has an attribute {clash[0]!r}; name the column differently")
    return namedtuple(name, tuple(schema), module=module)


def new_columns(schema: Schema, kind: Any, rows: int) -> Any:
    """Return a `kind` of arrays of `rows` rows at their defaults; what few agents have begins with the row of those who have none."""
    return kind(*(column.empty(1 if column.few else rows) for column in schema.values()))


def grown(column: Column, values: NDArray[Any], rows: int) -> NDArray[Any]:
    """Return a copy of the values of a column with `rows` rows; the new ones are at their defaults."""
    wider = column.empty(rows)
    wider[: len(values)] = values
    return wider


def grown_columns(schema: Schema, columns: Any, rows: int) -> Any:
    """Return a copy of `columns` with `rows` rows, the new ones at their defaults; what few agents have is the same."""
    pairs = zip(schema.values(), columns, strict=True)
    return type(columns)(*(values if column.few else grown(column, values, rows) for column, values in pairs))


def describe(schema: Schema) -> list[dict[str, Any]]:
    """Return one record a column, for documentation: name, dtype, unit, low, high, default, shape, bytes, text."""
    return [
        {
            "name": name,
            "dtype": str(np.dtype(column.dtype)),
            "unit": column.unit,
            "low": column.low,
            "high": column.high,
            "default": column.default,
            "shape": column.shape,
            "bytes": column.bytes,
            "text": column.text,
        }
        for name, column in schema.items()
    ]


def problems(schema: Schema, columns: Any, rows: Any) -> list[str]:
    """Return a line for every column with a value out of range in `rows` (a slice, a mask or row numbers)."""
    found = []
    for name, column in schema.items():
        values = getattr(columns, name)[slice(None) if column.few else rows]
        if not column.holds(values):
            numbers = values[~np.isnan(values)] if values.dtype.kind == "f" else values
            seen = f"{numbers.min():g} to {numbers.max():g}" if numbers.size else "nan"
            missing = " or nan" if numbers.size < values.size and numbers.size else ""
            found.append(f"{name} is {column.interval} ({column.unit}), not {seen}{missing}")
    return found


def unknown(what: str, name: str, schema: Iterable[str]) -> str:
    """Return the message for a name that is no column, with the nearest one that is."""
    near = get_close_matches(name, schema, 1)
    return f"{what} has no attribute {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
