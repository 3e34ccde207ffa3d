"""What agents and sets need of the population whose rows they are.

An agent knows its population, a population its class of agents, and every set of rows its population, which is such a set itself: Mesa has it so.
Of all these only this description is known to each; `sim.population.population` has what it describes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from mesa import Agent
    from numpy.typing import ArrayLike, NDArray

    from sim.population.columns import Schema


class Rows(Protocol):
    """The rows of a population; see `sim.population.Population`."""

    schema: Schema
    columns: Any
    ids: NDArray[np.int64]
    present: NDArray[np.bool_]
    ever_removed: bool

    @property
    def model(self) -> Any:
        """The model."""
        ...

    @property
    def agent_class(self) -> type[Agent]:
        """Class of an agent that stands for a row."""
        ...

    def __contains__(self, agent: object, /) -> bool:
        """Whether this agent is in the population now."""
        ...

    def agent(self, row: int) -> Any:
        """The agent of a row."""
        ...

    def at(self, rows: ArrayLike) -> Any:
        """The agents of these rows, in this order."""
        ...
