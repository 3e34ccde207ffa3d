"""What agents and sets need of the population whose rows they are.

An agent knows its population, a population its class of agents, and every set of rows its population, which is such a set itself: Mesa has it so.
Of all these only this description is known to each; `sim.population.population` has what it describes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from mesa import Agent
    from numpy.typing import ArrayLike, NDArray

    from sim.population.columns import Column, Schema
    from sim.population.own_columns import OwnColumns


class Rows(Protocol):
    """The rows of a population; see `sim.population.Population`."""

    schema: Schema
    declared: Mapping[str, Column]
    columns: Any
    own: OwnColumns
    ids: NDArray[np.int64]
    present: NDArray[np.bool_]
    spare: dict[str, NDArray[np.int32]]
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

    def column(self, name: str) -> NDArray[Any]:
        """The array of a column, declared or own."""
        ...

    def code(self, name: str, value: Any) -> Any:
        """A value of a column as the code that it is."""
        ...

    def unknown(self, name: str) -> str:
        """The message for a name that is no attribute of an agent."""
        ...

    def agent(self, row: int) -> Any:
        """The agent of a row."""
        ...

    def at(self, rows: ArrayLike) -> Any:
        """The agents of these rows, in this order."""
        ...
