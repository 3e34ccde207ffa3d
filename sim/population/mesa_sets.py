"""Mesa's sets and groups where agents are rows: sets that keep their agents alive, groups that aggregate columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from mesa.agentset import AbstractAgentSet, GroupBy, _HardKeyAgentSet


class RowGroups(GroupBy):
    """Mesa's GroupBy whose `agg` works on columns."""

    def agg(self, attr_name: str, func: Callable[..., Any]) -> dict[Any, Any]:
        """Return `func` of the attribute's values for each group."""
        sets: dict[Any, Any] = self.groups
        return {key: group.agg(attr_name, func) for key, group in sets.items()}


class HeldAgents(_HardKeyAgentSet[Any]):
    """A set of any agents of a model that keeps them alive, as do the sets made from it.

    Mesa's derived sets hold agents weakly; but the handle on a row exists only while somebody holds it.
    """

    def select(
        self,
        filter_func: Callable[[Any], bool] | None = None,
        at_most: float = float("inf"),
        inplace: bool = False,
        agent_type: type | None = None,
    ) -> Any:
        """Select agents, as Mesa does."""
        return AbstractAgentSet.select(self if inplace else self.copy(), filter_func, at_most, True, agent_type)

    def groupby(self, by: Callable[[Any], Any] | str, result_type: Literal["agentset", "list"] = "agentset") -> GroupBy:
        """Group agents, as Mesa does."""
        return AbstractAgentSet.groupby(self.copy(), by, result_type)

    def copy(self) -> HeldAgents:  # type: ignore[override]
        """Return a new set of the same agents."""
        return HeldAgents(self, self.random)

    def shuffle(self, inplace: bool = False) -> Any:
        """Shuffle agents, as Mesa does."""
        return super().shuffle(True) if inplace else self.copy().shuffle(True)

    def sort(self, key: Callable[[Any], Any] | str, ascending: bool = False, inplace: bool = False) -> Any:
        """Sort agents, as Mesa does."""
        return super().sort(key, ascending, True) if inplace else self.copy().sort(key, ascending, True)
