"""Agents that are rows of columns: light handles made when somebody asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import ref

from mesa import Agent

from sim.population.attributes import declare
from sim.population.columns import Schema

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from mesa import Model
    from numpy.typing import NDArray

    from sim.population.rows import Rows


class RowAgent(Agent):
    """A light Mesa agent: row `row` of a population.

    Its attributes read and write the columns, the author's own ones too; it holds no state itself. While somebody holds
    the handle on an agent, whoever asks for that agent gets the same object.

    Declare the schema on the class, ``class Consumer(RowAgent, schema=CONSUMER)``, and write what one
    agent can be asked as its properties and methods. ``Consumer(model, trust=0.5)`` adds a row to the population that
    is registered for the class.

    Attributes
    ----------
    unique_id
        Number of the agent, unique in the model; it stays with the row until the agent leaves.
    row
        Its row in the columns.
    """

    schema: Schema | None = None
    pos = None

    def __init_subclass__(cls, schema: Schema | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if schema is not None:
            declare(cls, schema)

    def __init__(self, model: Model, **values: Any) -> None:
        population = self._registered(model)
        row = int(population.add({name: [value] for name, value in values.items()})[0])
        self.__dict__.update(_population=population, row=row, unique_id=int(population.ids[row]))
        _held(population).put(row, self)

    @classmethod
    def _registered(cls, model: Model) -> Any:
        population = model.agents_by_type.get(cls)
        if population is None:
            raise TypeError(f"no population of {cls.__name__} is registered with the model")
        return population

    @classmethod
    def create_agents(cls, model: Model, n: int, *args: Any, **kwargs: Any) -> Any:
        """Add `n` agents to the population registered with the model; values are one for all, or `n` of them."""
        if args:
            raise TypeError(f"values of {cls.__name__} are given by the name of their column")
        population = cls._registered(model)
        known = population.declared
        values = {name: known[name].spread(value, n) if name in known else value for name, value in kwargs.items()}
        return population.at(population.add(values if values else n))

    @classmethod
    def from_dataframe(cls, model: Model, df: pd.DataFrame, **kwargs: Any) -> Any:
        """Add an agent for each row of a DataFrame, whose columns are columns of the schema; `kwargs` are for all."""
        return cls.create_agents(model, len(df), **{str(name): df[name].to_numpy() for name in df}, **kwargs)

    def remove(self) -> None:
        """Leave the model."""
        super().remove()
        self._population.discard(self)

    @property
    def model(self) -> Any:
        """The model that the agent belongs to."""
        return self._population.model

    def _place(self) -> tuple[Any, int]:
        population = self._population
        if population.ids[self.row] != self.unique_id:
            raise ReferenceError(f"{self!r} left the model, and its row now belongs to another agent")
        return population.columns, self.row

    def __setattr__(self, name: str, value: Any) -> None:
        """Write a column or a property; a row keeps nothing else."""
        if hasattr(getattr(type(self), name, None), "__set__"):
            object.__setattr__(self, name, value)
            return
        population = self._population
        if name not in population.own:
            raise AttributeError(population.unknown(name))
        population.own.write(name, self._place()[1], value)

    def __getattr__(self, name: str) -> Any:
        """Read a column of the author's own; called for what is no other attribute."""
        population: Rows | None = self.__dict__.get("_population")
        if population is None or hasattr(type(self), name):
            return object.__getattribute__(self, name)  # a property that failed says why
        if name in population.own:
            return population.own.read(name, self._place()[1])
        raise AttributeError(population.unknown(name))

    def __eq__(self, other: object) -> bool:
        """Whether both are the same agent of the same population."""
        if not isinstance(other, RowAgent):
            return NotImplemented
        return self.unique_id == other.unique_id and self._population is other._population

    def __hash__(self) -> int:
        """Return the hash of the agent's number."""
        return hash(self.unique_id)

    def __repr__(self) -> str:
        """Return class, row and number."""
        return f"<{type(self).__name__} row {self.row}, id {self.unique_id}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy as a handle on the population, as that is pickled or copied."""
        return handle, (type(self), self._population, self.row, self.unique_id)


class _Ref(ref[Any]):
    """A weak reference that knows the row of its agent."""

    __slots__ = ("row",)
    row: int


class _Handles:
    """The handles that somebody holds, by row. As `weakref.WeakValueDictionary`, in half its time."""

    def __init__(self) -> None:
        refs: dict[int, _Ref] = {}

        def drop(gone: Any) -> None:
            if refs.get(gone.row) is gone:
                del refs[gone.row]

        self.refs, self._drop = refs, drop

    def of(self, kind: type[Any], population: Rows, row: int, unique_id: int) -> Any:
        """Return the handle on a row: the one that somebody holds, or a new one."""
        found = self.refs.get(row)
        agent = None if found is None else found()
        if agent is None or agent.__dict__["unique_id"] != unique_id:
            agent = object.__new__(kind)
            state = agent.__dict__
            state["_population"], state["row"], state["unique_id"] = population, row, unique_id
            self.put(row, agent)
        return agent

    def put(self, row: int, agent: Any) -> None:
        """Know a handle for as long as somebody holds it."""
        weak = self.refs[row] = _Ref(agent, self._drop)
        weak.row = row


def _held(population: Any) -> _Handles:
    """The handles on a population's agents. While it is being unpickled they may be the first thing that is there."""
    held = population.__dict__.get("_handles")
    if held is None:
        held = population.__dict__["_handles"] = _Handles()
    return held


def handle(kind: type[Any], population: Rows, row: int, unique_id: int) -> Any:
    """Return the handle on the agent of a row: the one that somebody holds, or a new one."""
    return _held(population).of(kind, population, row, unique_id)


def handles(population: Rows, rows: NDArray[np.int64]) -> Iterator[Any]:
    """Iterate over the agents of rows; those that leave meanwhile are passed over."""
    of, kind = _held(population).of, population.agent_class
    for row, unique_id in zip(rows.tolist(), population.ids[rows].tolist(), strict=True):
        if population.present[row] and population.ids[row] == unique_id:
            yield of(kind, population, row, unique_id)
