"""Attributes of agents that read and write columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.population.columns import Column, Schema
from sim.population.few import write


class ColumnAttribute:
    """An attribute of an agent that reads and writes one row of a column."""

    def __init__(self, name: str, column: Column) -> None:
        self.name = name
        self.column = column
        self.__doc__ = f"{column.text} ({column.unit}; {column.interval})"
        # What can be written without a further look: plain numbers within these limits.
        self._low, self._high = column._limits()
        self._members: Any = column.codes._value2member_map_ if column.codes else {}
        self._plain: tuple[type, ...] = () if column.shape else (bool, int)
        kind = np.dtype(column.dtype)
        if kind.kind == "f":
            largest = float(np.finfo(kind).max)
            self._low, self._high = max(float(self._low), -largest), min(float(self._high), largest)
            self._plain = () if column.shape else (bool, int, float)

    def __get__(self, agent: Any, owner: type | None = None) -> Any:
        """Read: a Python number, a code as the member of its enumeration, or the row of the array itself for a column with a shape."""
        if agent is None:
            return self
        columns, row = agent._place()
        if self.column.few:
            row = getattr(columns, self.column.few)[row]
        value = getattr(columns, self.name)[row]
        if self.column.shape:
            if self.column.few and row == 0:  # that of all who have none: what is to be changed is written as a whole
                value.flags.writeable = False
            return value
        value = value.item()
        return self._members.get(value, value) if self._members else value

    def checked(self, value: Any) -> Any:
        """A value that may be written, after a look at type and range."""
        if type(value) in self._plain and self._low <= value <= self._high:
            return value
        return self.column.checked(self.name, value)

    def __set__(self, agent: Any, value: Any) -> None:
        """Write, after checking type and range."""
        columns, row = agent._place()
        value = self.checked(value)
        if self.column.few:
            write(agent._population, self.name, [row], value)
            return
        getattr(columns, self.name)[row] = value


def declare(cls: Any, schema: Schema) -> None:
    """Give the class an attribute for each column of the schema.

    Raises
    ------
    TypeError
        If the class has another schema already, or is the base of all such classes.
    """
    known = cls.schema
    if known is None and "schema" in vars(cls):
        raise TypeError(f"make a subclass of {cls.__name__} for agents of one kind")
    if known is not None and dict(known) != dict(schema):
        raise TypeError(f"{cls.__name__} already has another schema")
    if known is None:
        cls.schema = schema
        for name, column in schema.items():
            setattr(cls, name, ColumnAttribute(name, column))
