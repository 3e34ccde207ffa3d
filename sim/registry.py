"""The kinds of policy that scenarios may list. Policies enter themselves; nothing below them has to know them."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel

_KINDS: dict[str, type[BaseModel]] = {}


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
    other = _KINDS.get(kind)
    if other is not None and (other.__module__, other.__qualname__) != (policy.__module__, policy.__qualname__):
        raise ValueError(f"two policies are of kind {kind!r}: {other.__name__} and {policy.__name__}")
    _KINDS[kind] = policy
    return policy


def policy_kinds() -> dict[str, type[BaseModel]]:
    """Every registered kind and its class, by name."""
    return dict(sorted(_KINDS.items()))
