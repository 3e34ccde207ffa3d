"""Thousands to millions of agents as typed columns behind Mesa's AgentSet interface.

A `Population` holds one NumPy array per declared column. Kernels take ``population.columns`` and ``population.n``;
everybody else sees a Mesa set of agents: ``model.consumers[42].trust``, ``model.consumers.select(...)``,
``model.agents_by_type[Consumer]``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from mesa.experimental.mesa_signals import ModelSignals

from sim.population import few
from sim.population.attributes import declare
from sim.population.columns import Schema, grown_columns, new_columns, problems
from sim.population.names import named
from sim.population.own_columns import OwnColumns, merged
from sim.population.row_agents import RowAgent, handle
from sim.population.row_sets import RowSet
from sim.population.selection import Selection

if TYPE_CHECKING:
    from mesa import Model
    from numpy.typing import ArrayLike, NDArray


class Population[C](RowSet):
    """All agents of one kind, one a row.

    Agents are in the order of their rows, and rows in the order in which agents were added. Indexing is by row:
    ``population[42]`` is row 42 while its agent is in the model.

    Parameters
    ----------
    model
        The model, which gives out the agents' numbers.
    agent_class
        Subclass of `RowAgent` that stands for one row.
    schema
        The columns.
    columns_type
        NamedTuple class made from the schema by `columns_type`.
    n
        Agents to start with, at the columns' defaults.
    capacity
        Rows to make room for at first; `n` if that is more.
    reuse
        Whether the rows of agents that left go to new ones (the lowest first), each with a new `unique_id`: for agents
        that come and go in numbers, like orders. Others keep their row for good.
    kind, own
        Word by which the model names the agents, and the columns that an author adds to theirs.

    Attributes
    ----------
    columns
        NamedTuple of arrays of length `capacity`, but for what few agents have; rows from `n` on are unused. Replaced when the population grows, and when more
        agents have what few had.
    spare
        Rows that nobody has of what few agents have: see `sim.population.few`.
    own
        The author's columns (`OwnColumns`), which no kernel sees.
    declared
        Both kinds of columns, by name.
    names
        What the codes of a column are called, by column, where only the world knows it.
    n
        Rows ever used.
    ids
        (capacity,) `unique_id` by row. Replaced when the population grows.
    present
        (capacity,) whether the row's agent is in the model. Replaced when the population grows.
    ever_removed
        Whether an agent has ever left.
    """

    def __init__(
        self,
        model: Model,
        agent_class: type[RowAgent],
        schema: Schema,
        columns_type: type[C],
        n: int,
        capacity: int | None = None,
        *,
        reuse: bool = False,
        kind: str = "",
        own: Schema | None = None,
    ) -> None:
        declare(agent_class, schema)
        room = max(1, n, capacity or 0)
        self.population = self
        self._model = model
        self.agent_class = agent_class
        self.schema = schema
        self.reuse = reuse
        self.columns: C = new_columns(schema, columns_type, room)
        self.spare = few.nothing_spare(schema)
        self.own = OwnColumns(kind, own, room)
        self.declared = merged(schema, self.own)
        self.names: dict[str, Sequence[str]] = {}
        self.ids = np.zeros(room, np.int64)
        self.present = np.zeros(room, np.bool_)
        self.n = 0
        self.ever_removed = False
        self._gone = 0
        self._order: NDArray[np.int64] | None = None
        self.add(n)

    @property
    def model(self) -> Any:
        """The model."""
        return self._model

    @property
    def capacity(self) -> int:
        """Rows for which there is room now."""
        return len(self.ids)

    @property
    def rows(self) -> NDArray[np.int64]:
        """The rows of the agents in the model, in the order of the set."""
        if self._order is not None:
            return self._order
        return np.flatnonzero(self.present[: self.n]) if self._gone else np.arange(self.n, dtype=np.int64)

    def _index(self) -> NDArray[np.int64] | slice:
        return slice(self.n) if self._order is None and not self._gone else self.rows

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: handles find themselves again."""
        return {name: value for name, value in self.__dict__.items() if name != "_handles"}

    def column(self, name: str) -> NDArray[Any]:
        """(capacity, ...) the array of a column, declared or own; (rows, ...) of one that few agents have."""
        return self.own[name] if name in self.own else getattr(self.columns, name)

    def code(self, name: str, value: Any) -> Any:
        """A value of a column as the code that it is, with a name if it has one."""
        return named(value, self.declared[name].codes, self.names.get(name))

    def unknown(self, name: str) -> str:
        """The message for a name that is no attribute of an agent."""
        return self.own.unknown(self.agent_class.__name__, name, self.declared)

    def __len__(self) -> int:
        """Return the number of agents in the model."""
        return self.n - self._gone

    def __contains__(self, agent: object) -> bool:
        """Whether this agent is in the population now."""
        if not isinstance(agent, RowAgent) or agent._population is not self:
            return False
        return bool(self.present[agent.row] and self.ids[agent.row] == agent.unique_id)

    def __getitem__(self, item: int | slice) -> Any:
        """Return the agent of a row (negative: from the last row), or the list of agents of a slice of rows."""
        if isinstance(item, slice):
            return [self.agent(row) for row in range(*item.indices(self.n)) if self.present[row]]
        return self.agent(item + self.n if item < 0 else item)

    def agent(self, row: int) -> Any:
        """Return the agent of a row; IndexError if the row was never used or its agent has left."""
        if not 0 <= row < self.n:
            raise IndexError(f"there is no row {row} among {self.n} of {self.agent_class.__name__}")
        if not self.present[row]:
            raise IndexError(f"the {self.agent_class.__name__} of row {row} left the model")
        return handle(self.agent_class, self, int(row), int(self.ids[row]))

    def at(self, rows: ArrayLike) -> Selection:
        """Return the agents of these rows, in this order, each once; those who left are passed over."""
        wanted = np.asarray(rows, np.int64).ravel()
        if wanted.size and not 0 <= wanted.min() <= wanted.max() < self.n:
            raise IndexError(f"rows are 0 to {self.n - 1}, not {wanted.min()} to {wanted.max()}")
        first = np.unique(wanted, return_index=True)[1]
        if len(first) < len(wanted):
            wanted = wanted[np.sort(first)]
        return Selection(self, wanted[self.present[wanted]])

    def add(self, agent: int | Mapping[str, ArrayLike] | RowAgent) -> NDArray[np.int64]:
        """Add agents.

        Parameters
        ----------
        agent
            How many, at the defaults; or first values by column: arrays with an entry for each, or numbers for all
            (with numbers only, one agent). An agent of the population, which Mesa's sets accept, adds nothing.

        Returns
        -------
        Rows of the new agents.

        Raises
        ------
        TypeError, ValueError
            If a value is not of its column's kind or range, or lengths differ; nothing is added then.
        """
        if isinstance(agent, RowAgent):
            if agent not in self:
                raise ValueError(f"{agent!r} is not in this population; add({{...}}) makes new agents")
            return np.array([agent.row])
        values, count = self._checked(agent) if isinstance(agent, Mapping) else ({}, int(agent))
        if count < 0:
            raise ValueError(f"cannot add {count} agents")
        rows, reused = self._room(count)
        for name in self.declared if reused else values:  # rows never used before are at their defaults
            few.write(self, name, rows, values.get(name, self.declared[name].default))
        first = self.model.agent_id_counter
        self.model.agent_id_counter = first + count
        self.ids[rows] = np.arange(first, first + count)
        self.present[rows] = True
        if self._order is not None:
            self._order = np.concatenate([self._order, rows])
        if self._heard(ModelSignals.AGENT_ADDED):
            for new in self.at(rows):
                self.model.notify("agents", ModelSignals.AGENT_ADDED, args=(new,))
        return rows

    def _checked(self, given: Mapping[str, ArrayLike]) -> tuple[dict[str, NDArray[Any]], int]:
        values: dict[str, NDArray[Any]] = {}
        for name, value in given.items():
            if name not in self.declared:
                raise TypeError(self.unknown(name))
            values[name] = self.declared[name].checked(name, value)
        lengths = {len(v) for name, v in values.items() if v.ndim > len(self.declared[name].shape)}
        if len(lengths) > 1:
            raise ValueError(f"columns have different lengths: {sorted(lengths)}")
        count = lengths.pop() if lengths else 1
        return {name: self.declared[name].spread(value, count) for name, value in values.items()}, count

    def _room(self, count: int) -> tuple[NDArray[np.int64], int]:
        """Return `count` rows to fill, and how many of them are those of agents who left; the others, new ones, follow."""
        freed = np.flatnonzero(~self.present[: self.n])[:count] if self.reuse and self._gone else np.empty(0, np.int64)
        fresh = count - len(freed)
        if self.n + fresh > self.capacity:
            size = self.capacity
            while size < self.n + fresh:
                size *= 2
            self.columns = grown_columns(self.schema, self.columns, size)
            self.own.grow(size)
            self.ids = np.concatenate([self.ids, np.zeros(size - len(self.ids), np.int64)])
            self.present = np.concatenate([self.present, np.zeros(size - len(self.present), np.bool_)])
        rows = np.concatenate([freed, np.arange(self.n, self.n + fresh, dtype=np.int64)])
        self.n += fresh
        self._gone -= len(freed)
        return rows, len(freed)

    def remove(self, agent: RowAgent | ArrayLike) -> None:
        """Remove an agent, or all of an array of rows, from the model. Their values stay until a row is reused.

        Mesa's way for one, ``agent.remove()``, does the same.

        Raises
        ------
        KeyError
            If one of them is not in the model; none is removed then.
        """
        if isinstance(agent, RowAgent):
            if agent not in self:
                raise KeyError(agent)
            self._drop(np.array([agent.row]))
            return
        rows = np.unique(np.asarray(agent, np.int64))
        if rows.size and not (rows[0] >= 0 and rows[-1] < self.n and self.present[rows].all()):
            raise KeyError("not each of these rows has an agent")
        leaving = self.at(rows).to_list() if self._heard(ModelSignals.AGENT_REMOVED) else []
        self._drop(rows)
        for one in leaving:
            self.model.notify("agents", ModelSignals.AGENT_REMOVED, args=(one,))

    def discard(self, agent: RowAgent) -> None:
        """Remove an agent from the model if it is in it."""
        if agent in self:
            self.remove(agent)

    def _drop(self, rows: NDArray[np.int64]) -> None:
        self.present[rows] = False
        self._gone += len(rows)
        self.ever_removed = self.ever_removed or len(rows) > 0
        if self._order is not None:
            self._order = self._order[self.present[self._order]]

    def _keep(self, rows: NDArray[np.int64]) -> None:
        if len(rows) != len(self):
            raise TypeError("a population is all agents of a kind: select without inplace, or remove() some")
        self._order = rows

    def _heard(self, signal: ModelSignals) -> bool:
        """Whether anybody subscribed to this signal of the model."""
        return bool(self.model.subscribers.get(("agents", signal)))

    def problems(self) -> list[str]:
        """Return a line for each column with a value out of range among the agents; empty if all is well."""
        return (
            problems(self.schema, self.columns, self._index()) + few.problems(self) + self.own.problems(self._index())
        )
