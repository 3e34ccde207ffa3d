"""Columns that an author adds to those of a kind of agent. They stand apart from the declared ones: kernels do not see them, and runs stay as they are."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.population.columns import RESERVED, Column, Schema, problems, unknown


class OwnColumns:
    """One array for each column that an author declared, beside the columns of a population or a table of slots.

    Parameters
    ----------
    kind
        Word by which the model names the agents, such as ``consumers``; for messages.
    schema
        The author's columns; None is none.
    rows
        Rows to make room for.

    Attributes
    ----------
    schema
        The author's columns by name.
    arrays
        (rows, ...) values by name. Replaced when the agents grow in number.
    """

    def __init__(self, kind: str, schema: Schema | None, rows: int) -> None:
        self.kind = kind
        self.schema: dict[str, Column] = dict(schema or {})
        self.arrays: dict[str, NDArray[Any]] = {name: column.empty(rows) for name, column in self.schema.items()}

    def __contains__(self, name: object) -> bool:
        """Whether there is such a column."""
        return name in self.schema

    def __getitem__(self, name: str) -> NDArray[Any]:
        """(rows, ...) the array of a column."""
        return self.arrays[name]

    def grow(self, rows: int) -> None:
        """Make room for so many rows; new ones are at their defaults."""
        for name, column in self.schema.items():
            wider = column.empty(rows)
            wider[: len(self.arrays[name])] = self.arrays[name]
            self.arrays[name] = wider

    def read(self, name: str, row: int) -> Any:
        """Return one row: a Python number, or the row of the array itself for a column with a shape."""
        value = self.arrays[name][row]
        return value if self.schema[name].shape else value.item()

    def write(self, name: str, row: int, value: Any) -> None:
        """Write one row, after checking type and range."""
        column = self.schema[name]
        self.arrays[name][row] = column.spread(column.checked(name, value), 1)[0]

    def unknown(self, what: str, name: str, declared: Iterable[str]) -> str:
        """Return the message for a name that is no column: the nearest one, and how to declare it."""
        text = unknown(what, name, declared)
        if not self.kind:
            return text
        return f"{text}; a state of your own is declared first: MarketModel(..., columns={{{self.kind!r}: {{{name!r}: Column(...)}}}})"

    def problems(self, rows: Any) -> list[str]:
        """Return a line for every column with a value out of range in ``rows`` (a slice, a mask or row numbers)."""
        return problems(self.schema, SimpleNamespace(**self.arrays), rows)

    def frame(self, rows: int) -> dict[str, NDArray[Any]]:
        """Return a copy of the first rows as columns of a table; one with a shape is several, ``name_0``, ``name_1``, ..."""
        found: dict[str, NDArray[Any]] = {}
        for name, column in self.schema.items():
            flat = self.arrays[name][:rows].reshape(rows, -1)
            found |= {label: flat[:, k].copy() for k, label in enumerate(labels(name, column))}
        return found


def labels(name: str, column: Column) -> list[str]:
    """Return the names that an own column has in tables."""
    size = int(np.prod(column.shape))
    return [f"{name}_{k}" for k in range(size)] if column.shape else [name]


def name_fault(name: str, agent: Any, others: Iterable[str]) -> str | None:
    """Return why an own column of a kind of agent cannot have a name, None when it can.

    Parameters
    ----------
    name
        The name.
    agent
        Class of the agent.
    others
        Names that its table has besides those of its columns.
    """
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name) or name.startswith("_"):
        return "a name as of a Python variable, that begins with a letter"
    if name in (agent.schema or {}):
        return f"another name: the model has a column {name!r} for every {agent.__name__} ({agent.schema[name].text})"
    if name in RESERVED or hasattr(agent, name):
        return f"another name: every {agent.__name__} has an attribute {name!r}"
    return f"another name: its table has a column {name!r}" if name in set(others) else None


def merged(schema: Schema, own: OwnColumns) -> Mapping[str, Column]:
    """Return declared and own columns in one."""
    return {**schema, **own.schema} if own.schema else schema
