"""Some of the rows of a population, in an order of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.population.row_agents import RowAgent
from sim.population.row_sets import RowSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.population.rows import Rows


class Selection(RowSet):
    """Some agents of a population, in an order. Who leaves the model leaves its selections too.

    Indexing is by position: ``selection[0]`` is its first agent. Adding and removing agents changes the selection only.
    """

    def __init__(self, population: Rows, rows: NDArray[np.int64]) -> None:
        self.population = population
        self._keep(rows)

    def _keep(self, rows: NDArray[np.int64]) -> None:
        self._rows, self._ids = rows, self.population.ids[rows]
        self._lookup: set[int] | None = None

    @property
    def rows(self) -> NDArray[np.int64]:
        """The rows of the set in its order; agents that left the model are not among them."""
        population = self.population
        if population.ever_removed:
            here = population.present[self._rows] & (population.ids[self._rows] == self._ids)
            if not here.all():
                self._keep(self._rows[here])
        return self._rows

    def __contains__(self, agent: object) -> bool:
        """Whether the agent is in the set, and in the model."""
        if not (isinstance(agent, RowAgent) and agent in self.population):
            return False
        if self._lookup is None:
            self._lookup = set(self._ids.tolist())
        return agent.unique_id in self._lookup

    def add(self, agent: RowAgent) -> None:
        """Put an agent of the same population at the end, if it is not in the set."""
        if agent not in self.population:
            raise ValueError(f"{agent!r} is not an agent of this population")
        if agent not in self:
            self._keep(np.append(self.rows, agent.row))

    def discard(self, agent: RowAgent) -> None:
        """Take an agent out of the set if it is there."""
        if agent in self:
            rows = self.rows
            self._keep(rows[rows != agent.row])

    def remove(self, agent: RowAgent) -> None:
        """Take an agent out of the set; KeyError if it is not there."""
        if agent not in self:
            raise KeyError(agent)
        self.discard(agent)
