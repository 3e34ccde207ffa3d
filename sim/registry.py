"""The kinds of policy that scenarios may list, and of agents that they may replace or give columns to. All enter themselves; nothing below them has to know them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel

_KINDS: dict[str, type[BaseModel]] = {}
_AGENTS: dict[str, type] = {}
_OWN: ContextVar[tuple[str, dict[str, type[BaseModel]]] | None] = ContextVar("own", default=None)


class ColumnKind(NamedTuple):
    """A kind of agent whose columns an author may add to."""

    agent: Any
    """Its class, which has a schema."""
    tabled: frozenset[str]
    """Columns of its table that are no columns of the agent."""


_COLUMNS: dict[str, ColumnKind] = {}


def kind_of(policy: type[BaseModel]) -> str:
    """The word by which scenarios name a policy: the one value of its ``kind: Literal[...]``.

    Raises
    ------
    TypeError
        when the class declares no such field.
    """
    field = policy.model_fields.get("kind")
    words: tuple[Any, ...] = get_args(field.annotation) if field is not None else ()
    if len(words) != 1 or not isinstance(words[0], str):
        raise TypeError(f'{policy.__name__} needs a field `kind: Literal["..."]` with one word')
    return words[0]


def register_policy[PolicyType: type[BaseModel]](policy: PolicyType) -> PolicyType:
    """Make a policy available to scenarios; used as a class decorator.

    Raises
    ------
    TypeError
        when the class has no kind.
    ValueError
        when another class has the same kind.
    """
    kind = kind_of(policy)
    own = _OWN.get()
    kinds = own[1] if own is not None and policy.__module__ == own[0] else _KINDS
    other = kinds.get(kind)
    if other is not None and (other.__module__, other.__qualname__) != (policy.__module__, policy.__qualname__):
        raise ValueError(f"two policies are of kind {kind!r}: {other.__name__} and {policy.__name__}")
    kinds[kind] = policy
    return policy


@contextmanager
def apart(module: str) -> Iterator[dict[str, type[BaseModel]]]:
    """Keep the policies that a module registers apart from all others: they are known only to scenarios that use it."""
    kinds: dict[str, type[BaseModel]] = {}
    token = _OWN.set((module, kinds))
    try:
        yield kinds
    finally:
        _OWN.reset(token)


def policy_kinds() -> dict[str, type[BaseModel]]:
    """Every registered kind and its class, by name."""
    return dict(sorted(_KINDS.items()))


def register_agent(agent: type) -> None:
    """Make a kind of agent one that a scenario may replace by a subclass; `search_engine` names the class `SearchEngine`."""
    _AGENTS[re.sub(r"(?<=[a-z])(?=[A-Z])", "_", agent.__name__).lower()] = agent


def agent_kinds() -> dict[str, type]:
    """Every kind of agent that a scenario may replace, by name."""
    return dict(sorted(_AGENTS.items()))


def register_columns(kind: str, agent: type, *tabled: str) -> None:
    """Let scenarios give the agents that the model calls ``kind`` columns of their own; ``tabled`` names what else is in their table."""
    _COLUMNS[kind] = ColumnKind(agent, frozenset(tabled))


def column_kinds() -> dict[str, ColumnKind]:
    """Every kind of agent to which a scenario may give columns, by name."""
    return dict(sorted(_COLUMNS.items()))
