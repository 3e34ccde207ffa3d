"""Sets of rows behind Mesa's AgentSet interface: what an AgentSet does to a list of objects, done to arrays."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from mesa.agentset import AbstractAgentSet, AgentSet, GroupBy

from sim.population.few import place_of, write
from sim.population.mesa_sets import HeldAgents, RowGroups
from sim.population.row_agents import RowAgent, handles

if TYPE_CHECKING:
    from random import Random

    from numpy.typing import ArrayLike, NDArray

    from sim.population.rows import Rows

_INF = float("inf")
_WIDE: dict[str, type] = {"i": np.int64, "u": np.int64, "f": np.float64}
_BUILTIN: dict[Any, Callable[..., Any]] = {sum: np.sum, min: np.min, max: np.max}


class RowSet(AbstractAgentSet[Any]):
    """An ordered set of rows of one population.

    Attributes
    ----------
    population
        The population whose rows these are.
    """

    population: Rows

    @property
    def rows(self) -> NDArray[np.int64]:
        """The rows of the set in its order; agents that left the model are not among them."""
        raise NotImplementedError

    def _index(self) -> NDArray[np.int64] | slice:
        """What picks the rows out of a column: `rows`, or a slice where that is the same."""
        return self.rows

    def _keep(self, rows: NDArray[np.int64]) -> None:
        """Make these rows, in this order, the set."""
        raise NotImplementedError

    @property
    def model(self) -> Any:
        """The model."""
        return self.population.model

    @property
    def random(self) -> Random:
        """Mesa's generator of the model, which orders `shuffle`; no rule of the market draws from it."""
        return self.population.model.random

    def __len__(self) -> int:
        """Return the number of agents in the set."""
        return len(self.rows)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the agents; those that leave meanwhile are passed over, new ones are not visited."""
        return handles(self.population, self.rows)

    def __getitem__(self, item: int | slice) -> Any:
        """Return the agent at a position, or the list of agents of a slice."""
        rows = self.rows[item]
        agent = self.population.agent
        return [agent(row) for row in rows.tolist()] if isinstance(item, slice) else agent(int(rows))

    def __repr__(self) -> str:
        """Return class, size and kind of agent."""
        return f"<{type(self).__name__} of {len(self)} {self.population.agent_class.__name__}>"

    def _from_iterable(self, it: Iterable[Any]) -> Any:  # type: ignore[override]
        """Return the set that an operator such as ``&`` makes."""
        agents = list(it)
        if all(isinstance(agent, RowAgent) and agent._population is self.population for agent in agents):
            return self.population.at([agent.row for agent in agents])
        return HeldAgents(agents, self.random)

    def to_list(self) -> list[Any]:
        """Return the agents as a list."""
        return list(self)

    def get(
        self,
        attr_names: str | list[str],
        handle_missing: Literal["error", "default"] = "error",
        default_value: Any = None,
    ) -> Any:
        """Return the values of an attribute for every agent, in the order of the set.

        Parameters
        ----------
        attr_names
            A column, or another attribute of the agents (slower); or a list of them.
        handle_missing
            ``"error"``, or ``"default"`` for `default_value` where there is no such attribute.
        default_value
            See `handle_missing`.

        Returns
        -------
        A copy: an array (agents,) in the column's dtype. For a list of k names an array (agents, k) in their common
        dtype, or a list of k values for each agent where a column has a shape.

        Raises
        ------
        AttributeError
            If there is no such attribute.
        """
        if handle_missing not in ("error", "default"):
            raise ValueError(f"Unknown handle_missing option: {handle_missing}, should be one of 'error' or 'default'")
        if not isinstance(attr_names, str):
            each = [self.get(name, handle_missing, default_value) for name in attr_names]
            if any(values.ndim > 1 for values in each):
                return [list(values) for values in zip(*each, strict=True)]
            return np.stack(each, axis=1) if each else np.empty((len(self), 0))
        if attr_names in self.population.declared:
            index = self._index()
            place = place_of(self.population, self.population.declared[attr_names], index)
            values = self.population.column(attr_names)[place]
            return values.copy() if isinstance(place, slice) else values
        if attr_names == "unique_id":
            return self.population.ids[self.rows]
        if attr_names == "row":
            return self.rows.copy()
        kind = self.population.agent_class
        if hasattr(kind, attr_names):
            return _array([getattr(agent, attr_names) for agent in self])
        if handle_missing == "default":
            return _array([default_value] * len(self))
        raise AttributeError(self.population.unknown(attr_names))

    def set(self, attr_name: str, value: ArrayLike) -> RowSet:
        """Set an attribute of every agent: one value for all, or one each in the order of the set.

        Raises
        ------
        AttributeError, TypeError, ValueError
            If there is no such column, or a value is not of its kind or out of its range; nothing is written then.
        """
        column = self.population.declared.get(attr_name)
        if column is not None:
            values = column.spread(column.checked(attr_name, value), len(self))
            write(self.population, attr_name, self._index(), values)
            return self
        if not hasattr(self.population.agent_class, attr_name):
            raise AttributeError(self.population.unknown(attr_name))
        for agent, one in zip(self, np.broadcast_to(np.asarray(value), (len(self),)).tolist(), strict=True):
            setattr(agent, attr_name, one)
        return self

    def agg(self, attribute: str, func: Callable[..., Any] | Iterable[Callable[..., Any]]) -> Any:
        """Return `func`, or each of several functions, of the attribute's values.

        Values are widened (to int64 or float64) first, and the built-in sum, min and max run in NumPy, so that narrow
        columns do not overflow.
        """
        values = self.get(attribute)
        values = values.astype(_WIDE.get(values.dtype.kind, values.dtype), copy=False)
        if callable(func):
            return _BUILTIN.get(func, func)(values)
        return [_BUILTIN.get(f, f)(values) for f in func]

    def select(
        self,
        filter_func: Callable[[Any], bool] | ArrayLike | None = None,
        at_most: float = _INF,
        inplace: bool = False,
        agent_type: type | None = None,
    ) -> Any:
        """Select agents.

        Parameters
        ----------
        filter_func
            A function of an agent, or a boolean array in the order of the set (as `get` returns values).
        at_most
            Most agents to select, the first ones; a float of at most 1 is a share of the set, rounded down.
        inplace
            Whether to change this set instead of returning a new one.
        agent_type
            Only agents of this class.
        """
        if filter_func is None and agent_type is None and at_most == _INF:
            return self if inplace else self.copy()
        rows = self.rows
        most = int(len(rows) * at_most) if isinstance(at_most, float) and at_most <= 1.0 else at_most
        if agent_type is not None and not issubclass(self.population.agent_class, agent_type):
            rows = rows[:0]
        elif callable(filter_func):
            chosen: list[int] = []
            for agent in self:
                if len(chosen) >= most:
                    break
                if filter_func(agent):
                    chosen.append(agent.row)
            rows = np.array(chosen, np.int64)
        elif filter_func is not None:
            mask = np.asarray(filter_func)
            if mask.dtype != bool or mask.shape != rows.shape:
                raise ValueError(f"a mask is one boolean for each of {len(rows)} agents, not {mask.shape} {mask.dtype}")
            rows = rows[mask]
        return self._reordered(rows[: int(most)] if most < len(rows) else rows, inplace)

    def groupby(self, by: Callable[[Any], Any] | str, result_type: Literal["agentset", "list"] = "agentset") -> GroupBy:
        """Group agents by an attribute (codes as members of their enumeration) or a function, in the order of their first agents."""
        rows = self.rows
        members: dict[Any, NDArray[np.int64]]
        if isinstance(by, str) and by in self.population.declared and not self.population.declared[by].shape:
            keys, first, group = np.unique(self.get(by), return_index=True, return_inverse=True)
            parts = np.split(rows[np.argsort(group, kind="stable")], np.cumsum(np.bincount(group))[:-1])
            members = {self.population.code(by, keys[k].item()): parts[k] for k in np.argsort(first)}
        else:
            key = by if callable(by) else operator.attrgetter(by)
            found: dict[Any, list[int]] = {}
            for agent in self:
                found.setdefault(key(agent), []).append(agent.row)
            members = {key: np.array(group, np.int64) for key, group in found.items()}
        groups = {key: self.population.at(group) for key, group in members.items()}
        if result_type == "agentset":
            return RowGroups({**groups})
        return GroupBy({key: group.to_list() for key, group in groups.items()})

    def shuffle(self, inplace: bool = False) -> Any:
        """Return the agents in an order drawn from Mesa's generator of the model."""
        rows = self.rows.tolist()
        self.random.shuffle(rows)
        return self._reordered(np.array(rows, np.int64), inplace)

    def sort(self, key: Callable[[Any], Any] | str, ascending: bool = False, inplace: bool = False) -> Any:
        """Return the agents sorted by an attribute or a function: descending unless `ascending`, ties as they stood."""
        rows = self.rows
        values = self.get(key) if isinstance(key, str) else _array([key(agent) for agent in self])
        if values.dtype.kind not in "biuf":
            listed = values.tolist()
            order = np.array(sorted(range(len(rows)), key=listed.__getitem__, reverse=not ascending), np.int64)
        elif ascending:
            order = np.argsort(values, kind="stable")
        else:
            order = len(rows) - 1 - np.argsort(values[::-1], kind="stable")[::-1]
        return self._reordered(rows[order], inplace)

    def _reordered(self, rows: NDArray[np.int64], inplace: bool) -> Any:
        if not inplace:
            return self.population.at(rows)
        self._keep(rows)
        return self

    def _update(self, agents: Iterable[Any]) -> RowSet:
        self._keep(np.array([agent.row for agent in agents], np.int64))
        return self

    def do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> RowSet:
        """Call a method (by name) or a function for every agent; those that leave meanwhile are passed over."""
        self.map(method, *args, **kwargs)
        return self

    def shuffle_do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> RowSet:
        """Do it in an order drawn from Mesa's generator of the model; the set keeps its own order."""
        self.shuffle().map(method, *args, **kwargs)
        return self

    def map(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Call a method (by name) or a function for every agent and return the results."""
        if isinstance(method, str):
            return [getattr(agent, method)(*args, **kwargs) for agent in self]
        return [method(agent, *args, **kwargs) for agent in self]

    def copy(self) -> Any:
        """Return a new set of the same agents."""
        return self.population.at(self.rows)

    __copy__ = copy


AgentSet.register(RowSet)
AgentSet.register(HeldAgents)


def _array(values: list[Any]) -> NDArray[Any]:
    """Return an array with one item a value: of numbers, or of whatever they are."""
    if all(isinstance(value, bool | int | float | np.number | np.bool_) for value in values):
        return np.array(values)
    out = np.empty(len(values), object)
    out[:] = values
    return out
