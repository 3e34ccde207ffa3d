"""Outcomes by group: the same sums as those of everybody, over the people or the orders of each group.

People are grouped by what is known of them on the day, orders by what they are and by who bought. Nothing here writes to the model, and
nothing of it is done unless a run is asked for groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sim.agents.codes import N_SUMS, Channel, EventKind, Segment, Sex
from sim.agents.consumers import age_group, age_groups
from sim.kernels import kernel
from sim.market import views
from sim.market.trade.settling import defrauded
from sim.market.views import narrow
from sim.measures.dictionary import of_group, outcome, split
from sim.measures.orders import todays_orders
from sim.measures.outcomes import Harm, InGroups, harms, standing, trade

if TYPE_CHECKING:
    from sim.market.state import MarketState
    from sim.scenario import Scenario

MOST_GROUPS = 240
"""Groups that one grouping may have: a table of more is none that anybody reads."""
CROSS = ":"
"""Stands between keys that are crossed."""


class Key(NamedTuple):
    """What people or orders can be grouped by: who its members are, and the code of each consumer or order on a day."""

    members: Callable[[Scenario], Iterable[str]]
    codes: Callable[[Any, int], np.ndarray]  # of the columns of consumers, or of orders


PEOPLE: Mapping[str, Key] = {
    "jurisdiction": Key(lambda scenario: scenario.jurisdictions, lambda columns, _: columns.jurisdiction),
    "segment": Key(lambda _: map(str, Segment), lambda columns, _: columns.segment),
    "age": Key(lambda _: age_groups(), lambda columns, day: age_group(columns.born, day)),
    "sex": Key(lambda _: map(str, Sex), lambda columns, _: columns.sex),
}
ORDERS: Mapping[str, Key] = {
    "channel": Key(lambda _: map(str, Channel), lambda columns, _: columns.channel),
    "substance": Key(lambda scenario: scenario.substances, lambda columns, _: columns.substance),
}
KEYS = (*PEOPLE, *ORDERS)
"""Every key, those of people first."""

HAPPENED = {
    "treatment_entries": EventKind.TREATMENT_ENTRY,
    "initiations": EventKind.INITIATION,
    "first_uses": EventKind.FIRST_USE,
    "quitters": EventKind.STOPPED,
    "deaths_other": EventKind.DEATH_OTHER,
    "consumers_criminalised": EventKind.CRIMINALISED,
}
"""Outcomes that count events of consumers."""


class Grouping:
    """Groups by one key, or by several that are crossed.

    Parameters
    ----------
    text
        Names of keys with colons between them, such as ``segment`` or ``segment:jurisdiction``.
    scenario
        Says which jurisdictions and substances there are.
    """

    def __init__(self, text: str, scenario: Scenario) -> None:
        self.keys = keys_in(text)
        self.of_people = all(name in PEOPLE for name in self.keys)
        members = [list({**PEOPLE, **ORDERS}[name].members(scenario)) for name in self.keys]
        self.sizes = [len(names) for names in members]
        self.groups = [
            ",".join(f"{key}={name}" for key, name in zip(self.keys, names, strict=True)) for names in product(*members)
        ]

    def __len__(self) -> int:
        return len(self.groups)

    def of_consumers(self, state: MarketState) -> np.ndarray:
        """(n,) the group of each consumer."""
        c, n = state.consumers.columns, state.consumers.n
        return self._code([PEOPLE[name].codes(c, state.day)[:n] for name in self.keys])

    def of_orders(self, state: MarketState, rows: np.ndarray) -> np.ndarray:
        """The group of each of the orders ``rows``."""
        o, c = state.books.open_orders.columns, state.consumers.columns
        buyers = o.consumer[rows]
        return self._code(
            [
                PEOPLE[name].codes(c, state.day)[buyers] if name in PEOPLE else ORDERS[name].codes(o, state.day)[rows]
                for name in self.keys
            ]
        )

    def _code(self, codes: Sequence[np.ndarray]) -> np.ndarray:
        found = codes[0].astype(np.uint8)  # that holds `MOST_GROUPS`
        for code, size in zip(codes[1:], self.sizes[1:], strict=True):
            found = (found * size + code).astype(np.uint8)
        return found


def keys_in(text: str) -> tuple[str, ...]:
    """The keys that a grouping names.

    Raises
    ------
    KeyError
        For a name that is no key; its argument is the name.
    ValueError
        For a key that is named twice.
    """
    names = tuple(name.strip() for name in text.split(CROSS))
    for name in names:
        if name not in KEYS:
            raise KeyError(name)
    if len(set(names)) < len(names):
        raise ValueError(f"{text!r} names a key twice")
    return names


def groups_of(scenario: Scenario, by: Sequence[str]) -> list[Grouping]:
    """The groupings of a run.

    Raises
    ------
    KeyError, ValueError
        As `keys_in`; and ValueError for one with more than `MOST_GROUPS` groups.
    """
    found = [Grouping(text, scenario) for text in dict.fromkeys(by)]
    for grouping in found:
        if prod(grouping.sizes) > MOST_GROUPS:
            raise ValueError(f"{CROSS.join(grouping.keys)} makes {len(grouping)} groups, at most {MOST_GROUPS}")
    return found


def groupings_in(names: Iterable[str]) -> tuple[str, ...]:
    """The groupings that outcomes are named after, such as ``segment`` in ``deaths[segment=patient]``."""
    found = {group: None for name in names if (group := split(name)[1])}
    return tuple(dict.fromkeys(key_of(group)[0] for group in found))


def key_of(group: str) -> tuple[str, str]:
    """The grouping that a group belongs to, and its name within: ``segment`` and ``patient``; crossed ones with a colon and a comma between."""
    parts = [part.partition("=") for part in group.split(",")]
    return CROSS.join(key for key, _, _ in parts), ", ".join(name for _, _, name in parts)


def measured(names: Sequence[str], grouping: Grouping) -> list[str]:
    """Those of the outcomes ``names`` that groups have."""
    kinds = ("orders", "people") if grouping.of_people else ("orders",)
    return [name for name in names if outcome(name).by in kinds]


def grouped_names(names: Sequence[str], groupings: Sequence[Grouping]) -> list[str]:
    """The names of all outcomes of all groups, in the order of `outcomes_by_group`."""
    return [
        of_group(name, group)
        for grouping in groupings
        for group in grouping.groups
        for name in measured(names, grouping)
    ]


def by_member(frame: pd.DataFrame, head: Sequence[str]) -> pd.DataFrame:
    """Outcomes of groups that stand side by side, below each other: a row for each row of before and group.

    Parameters
    ----------
    frame
        The columns ``head``, and outcomes of groups named as in `of_group`; others are left out.
    head
        Columns to keep in each row.

    Returns
    -------
    DataFrame
        ``head``, key (such as ``segment``), member (such as ``patient``), then a column an outcome.
    """
    members: dict[str, list[str]] = {}
    for name in map(str, frame.columns):
        base, group = split(name)
        if group:
            members.setdefault(group, []).append(base)
    parts = []
    for group, names in members.items():
        key, member = key_of(group)
        part = frame[[*head, *(of_group(name, group) for name in names)]].set_axis([*head, *names], axis=1)
        place = len(head)
        part.insert(place, "key", key)
        part.insert(place + 1, "member", member)
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*head, "key", "member"])


@kernel
def fraud_by_group(rows: np.ndarray, group: np.ndarray, orders: Any, victims: np.ndarray) -> None:
    """Add the buyers defrauded among the orders ``rows`` to the ``victims`` of the group of each."""
    for i in range(len(rows)):
        o = rows[i]
        victims[group[i]] += defrauded(orders.outcome[o], orders.settlement[o], orders.content[o])


def outcomes_by_group(state: MarketState, grouping: Grouping, names: Sequence[str]) -> list[float]:
    """The outcomes ``names`` of the first group on the day that the model has just gone through, then those of the next."""
    placed, due, happened = todays_orders(state), state.books.due, state.books.happened
    placed_in, due_in = grouping.of_orders(state, placed), grouping.of_orders(state, due)
    size = len(grouping)
    victims = np.zeros(size)
    fraud_by_group(due, due_in, narrow(state.books.open_orders.columns, views.TalliedOrders), victims)
    counts = {
        "victims_of_fraud": victims,
        "violence_incidents": np.bincount(due_in, happened.hurt, size),
        "violence_expected": np.bincount(due_in, happened.risk, size),
    }
    parts = trade(state, InGroups(placed, placed_in), InGroups(due, due_in), size)
    add(parts, counts)
    if grouping.of_people:
        parts = [a | b for a, b in zip(parts, of_people(state, grouping, counts["violence_expected"]), strict=True)]
    return [part[name] for part in parts for name in names]


def add(parts: Sequence[dict[str, float]], counts: Mapping[str, np.ndarray]) -> None:
    """Add counts (groups,), by name, to what is known of each group."""
    for name, each in counts.items():
        for part, value in zip(parts, each.tolist(), strict=True):
            part[name] = float(value)


@kernel
def sums_by_group(group: np.ndarray, of_each: np.ndarray, sums: np.ndarray) -> None:
    """Add the rows of ``of_each`` to the row of ``sums`` that the ``group`` of each names."""
    for i in range(len(group)):
        for k in range(of_each.shape[1]):
            sums[group[i], k] += of_each[i, k]


def of_people(state: MarketState, grouping: Grouping, violence: np.ndarray) -> list[dict[str, float]]:
    """What happened to the people of each group, and how they stand; ``violence`` (groups,) is what was expected of it."""
    c, size, happened = state.consumers.columns, len(grouping), state.books.happened
    code = grouping.of_consumers(state)
    n = len(code)

    def number(who: np.ndarray) -> np.ndarray:
        return np.bincount(code[who], minlength=size).astype(float)

    adverse, overdoses, deaths = (
        number(happened.whom(kind)) for kind in (EventKind.ADVERSE_EVENT, EventKind.OVERDOSE, EventKind.DEATH)
    )
    sums = np.zeros((size, N_SUMS))
    sums_by_group(code, happened.sums, sums)
    counts = {name: number(happened.whom(kind)) for name, kind in HAPPENED.items()}
    counts["in_treatment"] = number(c.treatment_day[:n] <= state.day + 1)
    counts["waiting_for_treatment"] = number(state.care.waiting_list)
    hurt = zip(adverse, overdoses, deaths, violence, sums, strict=True)
    parts = [a | harms(state, Harm(*of)) for a, of in zip(standing(state, code, size), hurt, strict=True)]
    add(parts, counts)
    return parts


def of_groups(outcomes: Mapping[str, float]) -> pd.DataFrame:
    """Outcomes of a run by name as `by_member` has them, a row a group."""
    return by_member(pd.DataFrame([outcomes]), [])
