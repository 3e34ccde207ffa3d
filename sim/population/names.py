"""Codes with names: what groups and attributes show instead of bare numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self


class Named(int):
    """A code whose name only the world knows, such as a jurisdiction: it compares, sorts and counts as the number and prints as the name.

    Attributes
    ----------
    name
        The name.
    """

    name: str

    def __new__(cls, value: int, name: str) -> Self:
        """Make one."""
        code = super().__new__(cls, value)
        code.name = name
        return code

    def __getnewargs__(self) -> tuple[int, str]:
        """What a copy is made of."""
        return int(self), self.name

    def __str__(self) -> str:
        """The name."""
        return self.name

    def __repr__(self) -> str:
        """Name and number."""
        return f"<{self.name}: {int(self)}>"


def named(value: Any, kinds: Any, names: Sequence[str] | None) -> Any:
    """Return a value as the code that it is: a member of the enumeration ``kinds``, or the place in ``names``; any other as it is."""
    if kinds is not None:
        return kinds._value2member_map_.get(value, value)
    return value if names is None or not 0 <= value < len(names) else Named(value, str(names[value]))
