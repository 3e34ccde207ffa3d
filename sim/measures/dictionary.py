"""The data dictionary: what every outcome and every table column means, and in which unit.

`dictionary.yaml` is the one place where outcomes and columns are described. Printed tables, figures, file metadata and
documentation all read it through this module.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sim.evidence import yaml_files

UNOBSERVED = float("nan")
"""The value of an outcome on a day on which there was nothing to observe; any other nan is a fault, told apart by identity."""


class NoNumberError(ArithmeticError):
    """An outcome that was observed is no number."""


GROWING = ("orders", "platforms")
"""Tables whose rows can go to disk as they come."""
GROUPS = ("market", "health", "people", "crime", "state")
"""Groups of outcomes, in the order in which they are printed."""


@dataclass(frozen=True)
class OutcomeSpec:
    """What an outcome means.

    Attributes
    ----------
    name
        Column name in the daily table.
    unit
        Unit in words; `share` is a number between 0 and 1.
    aggregate
        How daily values become one number for a run.
    scales
        Whether it is a total of the simulated consumers, which times ``weight`` is that of real people; False for what is the same in both worlds.
    group
        One of `GROUPS`.
    better
        Direction that most people would call an improvement.
    text
        One line of plain text.
    label
        Name that tables and figures print.
    detail
        Kept in files and left out of printed tables and of the figure of effects.
    paired
        Exists only where a run is compared with the baseline run of the same seed.
    signed
        False for a distance, whose interval is no test against zero.
    price
        What the intervention itself costs: reported beside its effects and no finding.
    min_consumers
        Below this number of consumers the value drifts with the size of the population.
    weights
        Parameter group whose values the outcome is weighted with.
    counted
        Outcome that counts what this one expects: the same quantity, with the luck of single events on top.
    one
        One of its units, where the cost of averting one is given.
    by
        How it can be had by group: of `orders`, of `people`, or not (empty).
    why_not
        Why it cannot be had by group, in words.
    """

    name: str
    unit: str
    aggregate: Literal["sum", "mean", "last"]
    scales: bool
    group: str
    better: Literal["lower", "higher", "none"]
    text: str
    label: str = ""
    detail: bool = False
    paired: bool = False
    signed: bool = True
    price: bool = False
    min_consumers: int = 0
    weights: str | None = None
    counted: str | None = None
    one: str = ""
    by: str = ""
    why_not: str = ""


@dataclass(frozen=True)
class ColumnSpec:
    """What a column of a table means: its name, dtype, unit and one line of plain text."""

    name: str
    dtype: str
    unit: str
    text: str


@cache
def _document() -> dict[str, Any]:
    return yaml_files.load("dictionary.yaml", Path(__file__).parent)


@cache
def _who_has_groups() -> dict[str, dict[str, Any]]:
    """The fields `by` and `why_not` of every outcome and family."""
    stated = _document()["by_group"]
    found: dict[str, dict[str, Any]] = {name: {"by": by} for by in ("orders", "people") for name in stated[by]}
    return found | {name: {"why_not": why} for why, names in stated["none"].items() for name in names}


def _by_group(name: str) -> dict[str, Any]:
    return _who_has_groups().get(name, {})


def of_group(name: str, group: str) -> str:
    """The name of an outcome of a group, such as ``deaths[segment=patient]``."""
    return f"{name}[{group}]"


def split(name: str) -> tuple[str, str]:
    """The outcome and the group in a name; the group is empty where it is that of everybody."""
    base, _, group = name.partition("[")
    return base, group.removesuffix("]")


@cache
def outcomes() -> dict[str, OutcomeSpec]:
    """Every outcome with a fixed name, in printing order.

    Returns
    -------
    dict of str to OutcomeSpec
    """
    return {
        name: OutcomeSpec(name=name, group=group, **fields, **_by_group(name))
        for group, entries in _document()["outcomes"].items()
        for name, fields in entries.items()
    }


def outcome(name: str) -> OutcomeSpec:
    """Describe one outcome, also one of a family such as `share_from_<jurisdiction>`, or of a group such as `deaths[segment=patient]`.

    Parameters
    ----------
    name
        Name of the outcome.

    Returns
    -------
    OutcomeSpec

    Raises
    ------
    KeyError
        If the dictionary knows neither the name nor its family.
    """
    fixed = outcomes().get(name)
    if fixed is not None:
        return fixed
    base, group = split(name)
    if group:
        whole = outcome(base)
        label, text = f"{whole.label}: {group}", f"{whole.text.rstrip('.')}; of those with {group}."
        return replace(whole, name=name, label=label, text=text, detail=True, counted=None)
    for prefix, fields in _document()["families"].items():
        if name.startswith(prefix):
            member = name.removeprefix(prefix).replace("_", " ")
            filled: dict[str, Any] = {
                key: value.format(member) if isinstance(value, str) else value for key, value in fields.items()
            }
            return OutcomeSpec(name=name, **filled, **_by_group(prefix))
    raise KeyError(f"the data dictionary has no outcome {name!r}")


def families() -> dict[str, OutcomeSpec]:
    """Outcomes that exist once per member of a set that the scenario defines, by prefix."""
    return {
        prefix: OutcomeSpec(name=f"{prefix}*", **fields, **_by_group(prefix))
        for prefix, fields in _document()["families"].items()
    }


@cache
def tables() -> dict[str, dict[str, ColumnSpec]]:
    """Every table that a run can write, with its columns; `daily` includes every outcome that a single run has.

    Returns
    -------
    dict of str to dict of str to ColumnSpec
    """
    found = {
        table: {name: ColumnSpec(name=name, **fields) for name, fields in columns.items()}
        for table, columns in _document()["tables"].items()
    }
    for spec in outcomes().values():
        if not spec.paired:
            column = ColumnSpec(spec.name, "float64", spec.unit, spec.text)
            found["daily"][spec.name] = column
            if spec.by:
                found["daily_by_group"][spec.name] = column
    return found


@cache
def observed() -> dict[str, dict[str, ColumnSpec]]:
    """Every table that `sim.measures.observer` makes of those of a run, with its columns."""
    return {
        table: {name: ColumnSpec(name=name, **fields) for name, fields in columns.items()}
        for table, columns in _document()["observed"].items()
    }


def column(table: str, name: str) -> ColumnSpec | None:
    """Describe a column of a table, or of any outcome; None if the dictionary does not know it, as with an author's own column."""
    whole = table in observed() or (table in tables() and not table.startswith("daily"))
    known = {**tables(), **observed()}.get(table, {}).get(name)
    if known is not None or whole:
        return known
    if name in _document()["dated"]:
        return ColumnSpec(name, **_document()["dated"][name])
    try:
        spec = outcome(name)
    except KeyError:
        return None
    return ColumnSpec(name, "float64", spec.unit, spec.text)
