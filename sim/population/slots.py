"""Ordinary agents, tens of them, whose declared attributes live in arrays that kernels read: platforms, agencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from mesa import Agent

from sim.population.attributes import declare
from sim.population.columns import Schema, grown_columns, new_columns, problems
from sim.population.own_columns import OwnColumns, merged

if TYPE_CHECKING:
    from mesa import Model


class SlotTable[C]:
    """Arrays with one slot an agent.

    ``own`` holds the columns that an author adds (`OwnColumns`).

    `take` gives out each slot once: its number identifies the agent in the tables that a run writes, after it left too.

    Attributes
    ----------
    columns
        NamedTuple of arrays of length `capacity`. Replaced when the table grows, so kernels take it anew each day.
    n
        Slots given out; slots from `n` on are unused.
    """

    def __init__(
        self, schema: Schema, columns_type: type[C], capacity: int = 16, kind: str = "", own: Schema | None = None
    ) -> None:
        self.schema = schema
        self.own = OwnColumns(kind, own, max(1, capacity))
        self.declared = merged(schema, self.own)
        self.columns: C = new_columns(schema, columns_type, max(1, capacity))
        self.n = 0

    @property
    def capacity(self) -> int:
        """Slots for which there is room now."""
        return len(cast("tuple[Any, ...]", self.columns)[0])

    def take(self) -> int:
        """Give out the next slot, at its defaults; the arrays double when they are full."""
        if self.n == self.capacity:
            self.columns = grown_columns(self.schema, self.columns, 2 * self.capacity)
            self.own.grow(self.capacity)
        self.n += 1
        return self.n - 1

    def problems(self) -> list[str]:
        """Return a line for each column with a value out of range; empty if all is well."""
        return problems(self.schema, self.columns, slice(self.n)) + self.own.problems(slice(self.n))


class SlotAgent(Agent):
    """A Mesa agent whose declared attributes are slot `slot` of a `SlotTable`; any other attribute is its own.

    Declare the schema on the class: ``class Platform(SlotAgent, schema=PLATFORM)``.

    Parameters
    ----------
    model
        The model; the agent registers with it like any other.
    table
        The table of its kind.
    slot
        Its slot; None takes the next one.
    values
        First values of its columns.
    """

    schema: Schema | None = None

    def __init_subclass__(cls, schema: Schema | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if schema is not None:
            declare(cls, schema)

    def __init__(self, model: Model, table: SlotTable, slot: int | None = None, **values: Any) -> None:
        declare(type(self), table.schema)
        for name, value in values.items():
            if name not in table.declared:
                raise TypeError(table.own.unknown(type(self).__name__, name, table.declared))
            attribute = getattr(type(self), name, None)  # one of the author's own has none
            attribute.checked(value) if attribute else table.declared[name].checked(name, value)
        self.table = table
        self.slot = table.take() if slot is None else int(slot)
        while table.n <= self.slot:
            table.take()
        for name, value in values.items():
            setattr(self, name, value)
        super().__init__(model)

    def _place(self) -> tuple[Any, int]:
        return self.table.columns, self.slot

    def __setattr__(self, name: str, value: Any) -> None:
        """Write a column, declared or of the author's own, or any other attribute."""
        table: SlotTable[Any] | None = self.__dict__.get("table")
        if table is not None and name in table.own:
            table.own.write(name, self.slot, value)
        else:
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        """Read a column of the author's own; called for what is no other attribute."""
        table: SlotTable[Any] | None = self.__dict__.get("table")
        if table is None or name not in table.own:
            return object.__getattribute__(self, name)  # says that there is none
        return table.own.read(name, self.slot)
