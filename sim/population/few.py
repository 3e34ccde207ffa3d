"""Columns of what few agents have: they stand in rows of their own, fewer than there are agents, and another column says in which.

Row 0 of such columns is that of all who have nothing but the defaults. It stays as it is: kernels read it for anybody, and may write there what is the
default anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.population.columns import Column, Schema, grown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sim.population.rows import Rows

SLACK = 32
"""When rows run short, room is made for a part of so many more than are asked for."""


def nothing_spare(schema: Schema) -> dict[str, NDArray[np.int32]]:
    """Rows that nobody has, by the column that tells rows: how many they are, then which, to be taken from the end. At first there are none."""
    return {column.few: np.zeros(1, np.int32) for column in schema.values() if column.few}


def place_of(people: Rows, column: Column, rows: Any) -> Any:
    """Where the values of a column stand that belong to the agents of ``rows``."""
    return getattr(people.columns, column.few)[rows] if column.few else rows


def write(people: Rows, name: str, rows: Any, values: ArrayLike) -> None:
    """Write a column of the agents of ``rows``; where it is one of few, who has none of its rows gets one for what is not the default."""
    column = people.declared[name]
    if column.few:
        rows = np.arange(*rows.indices(len(people.present))) if isinstance(rows, slice) else np.asarray(rows)
        values = column.spread(values, len(rows))
        told = (values != column.default).reshape(len(rows), -1).any(axis=1)
        give(people, column.few, rows[told])
    people.column(name)[place_of(people, column, rows)] = values


def give(people: Rows, place: str, rows: NDArray[np.int64]) -> None:
    """Let each of these agents have a row of what the column `place` tells."""
    make_room(people, place, rows)
    index, spare = getattr(people.columns, place), people.spare[place]
    rows = rows[index[rows] == 0]
    left = spare[0] - len(rows)
    index[rows] = spare[spare[0] : left : -1]
    spare[0] = left


def make_room(people: Rows, place: str, rows: NDArray[np.int64]) -> None:
    """See to it that there is a spare row for each of these agents who has none; `Rows.columns` may be replaced.

    Rows that have come to their defaults are taken back; when they do not do, there will be more.
    """
    needed = len(rows) - int(np.count_nonzero(getattr(people.columns, place)[rows]))
    if needed <= people.spare[place][0]:
        return
    shared = {name: column for name, column in people.schema.items() if column.few == place}
    index = getattr(people.columns, place)
    each = [
        (getattr(people.columns, name) == c.default).reshape(-1, int(np.prod(c.shape))).all(1)
        for name, c in shared.items()
    ]
    free = np.logical_and.reduce(each)
    index[free[index]] = 0
    spare, size = free.nonzero()[0][1:], len(free)
    more = needed + size // SLACK
    if len(spare) < more:
        wider = {name: grown(column, getattr(people.columns, name), size + more) for name, column in shared.items()}
        people.columns = people.columns._replace(**wider)
        spare = np.concatenate([spare, np.arange(size, size + more)])
    people.spare[place] = np.concatenate([[len(spare)], spare[::-1]]).astype(np.int32)


def problems(people: Rows) -> list[str]:
    """Return a line for each column of few in whose row 0 something was written."""
    return [
        f"{name}: somebody without a row of {column.few} has {getattr(people.columns, name)[0]}"
        for name, column in people.schema.items()
        if column.few and (getattr(people.columns, name)[0] != column.default).any()
    ]
