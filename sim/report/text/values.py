"""Values of settings on a line, and where two scenarios differ in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def in_words(value: Any) -> str:
    """A value on a line: numbers as people write them, lists with commas."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(in_words, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {in_words(item)}" for name, item in value.items()) + "}"
    return str(value)


def differences(mine: Any, theirs: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Path, own value and the other's wherever two resolved scenarios differ, sources aside; None stands for what only one has."""
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        for name in {**mine, **theirs}:
            yield from differences(mine.get(name), theirs.get(name), f"{path}.{name}" if path else name)
    elif mine != theirs and ".source." not in path:
        yield path, mine, theirs
