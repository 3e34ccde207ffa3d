"""Every agent of a model in one set, as ``model.agents`` gives them: ordinary agents, and the rows of populations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.population.mesa_sets import HeldAgents
from sim.population.row_agents import RowAgent

if TYPE_CHECKING:
    from mesa import Model
    from numpy.typing import NDArray

    from sim.population.population import Population


class AllAgents(HeldAgents):
    """The ordinary agents of a model and its populations, in the order in which they were made.

    Agents of populations are made as they are asked for; nothing is kept of them.
    """

    def __init__(self, agents: Iterable[Any], random: Any) -> None:
        self._others: dict[Any, None] = dict.fromkeys(agents)
        self.random = random
        self.populations: list[Population] = []
        self._order: NDArray[np.int64] | None = None

    @property
    def _agents(self) -> dict[Any, None]:  # type: ignore[override]
        """What Mesa's own methods work on."""
        return dict.fromkeys(self)

    @_agents.setter
    def _agents(self, agents: Iterable[Any]) -> None:
        self._update(agents)

    def _update(self, agents: Iterable[Any]) -> AllAgents:
        order = np.array([agent.unique_id for agent in agents], np.int64)
        if len(order) != len(self):
            raise TypeError("model.agents is all agents: select without inplace, or remove() some")
        self._order = order
        return self

    def __len__(self) -> int:
        """Return the number of agents in the model."""
        return len(self._others) + sum(len(population) for population in self.populations)

    def __contains__(self, agent: object) -> bool:
        """Whether the agent is in the model."""
        if isinstance(agent, RowAgent):
            return any(agent in population for population in self.populations)
        return agent in self._others

    def __iter__(self) -> Iterator[Any]:
        """Iterate over agents in the order in which they were made; those that leave meanwhile are passed over."""
        others = list(self._others)
        rows = [np.arange(len(others)), *(population.rows for population in self.populations)]
        ids = [np.array([agent.unique_id for agent in others], np.int64)]
        ids += [population.ids[r] for population, r in zip(self.populations, rows[1:], strict=True)]
        source = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
        place, number = np.concatenate(rows), np.concatenate(ids)
        for k in np.argsort(self._rank(number), kind="stable").tolist():
            at = int(place[k])
            if source[k] == 0:
                if others[at] in self._others:
                    yield others[at]
                continue
            population = self.populations[source[k] - 1]
            if population.present[at] and population.ids[at] == number[k]:
                yield population.agent(at)

    def _rank(self, number: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what to order agents by: their numbers, after those that were put in an order in place."""
        if self._order is None or not len(number):
            return number
        ranks = np.arange(int(number.max()) + 1) + len(self._order)
        known = self._order <= number.max()
        ranks[self._order[known]] = np.flatnonzero(known)
        return ranks[number]

    def to_list(self) -> list[Any]:
        """Return the agents as a list."""
        return list(self)

    def add(self, agent: Any) -> None:
        """Add an agent; Mesa calls this when an ordinary agent is made."""
        if isinstance(agent, RowAgent):
            if agent not in self:
                raise ValueError(f"{agent!r} is not in a population of this model")
        else:
            self._others[agent] = None

    def discard(self, agent: Any) -> None:
        """Remove an agent if it is in the model."""
        if isinstance(agent, RowAgent):
            for population in self.populations:
                population.discard(agent)
        else:
            self._others.pop(agent, None)

    def remove(self, agent: Any) -> None:
        """Remove an agent; Mesa calls this when one leaves, for a row after its population has let it go."""
        if isinstance(agent, RowAgent):
            self.discard(agent)
        else:
            del self._others[agent]

    def do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> AllAgents:
        """Call a method (by name) or a function for every agent; those that leave meanwhile are passed over."""
        self.map(method, *args, **kwargs)
        return self

    def shuffle_do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> AllAgents:
        """Do it in an order drawn from Mesa's generator of the model."""
        agents = self.to_list()
        self.random.shuffle(agents)
        for agent in agents:
            if agent in self:
                _call(agent, method, *args, **kwargs)
        return self

    def map(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Call a method (by name) or a function for every agent and return the results."""
        return [_call(agent, method, *args, **kwargs) for agent in self]


def _call(agent: Any, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return getattr(agent, method)(*args, **kwargs) if isinstance(method, str) else method(agent, *args, **kwargs)


def register(model: Model, population: Population) -> None:
    """Make a population part of the model: in ``model.agents``, and as ``model.agents_by_type[agent_class]``.

    Raises
    ------
    ValueError
        If the model has agents of that class already.
    """
    kind = population.agent_class
    by_type: dict[type, Any] = model._agents_by_type
    if kind in by_type:
        raise ValueError(f"the model has agents of class {kind.__name__} already")
    everyone: Any = model._all_agents
    if not isinstance(everyone, AllAgents):
        everyone = model._all_agents = AllAgents(everyone, model.random)
    everyone.populations.append(population)
    by_type[kind] = population
