"""Institutions: agents of which there are few, each an ordinary Mesa agent whose class a scenario may replace by a subclass."""

from __future__ import annotations

from typing import Any, Self

from mesa import Agent, Model

from sim.registry import register_agent


class Institution(Agent):
    """An agent whose class may be replaced: ``agents: {search_engine: my_agents.CautiousSearchEngine}`` in a scenario.

    Whoever makes a ``SearchEngine`` in such a model gets the subclass, which is made with the same arguments.
    """

    def __new__(cls, model: Model | None = None, *_: Any, **__: Any) -> Self:
        """Make one, of the class that the scenario of the model names for it."""
        classes: dict[type, type[Self]] = getattr(model, "agent_classes", {})
        return object.__new__(classes.get(cls, cls))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if Institution in cls.__bases__:
            register_agent(cls)
