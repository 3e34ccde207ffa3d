"""The sections of a scenario checked one by one; every fault is added to a list, none stops the rest."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sim.evidence import yaml_files
from sim.evidence.parameters import ParameterBook, load_parameters
from sim.evidence.tables import BY_SCENARIO, COOPERATION, Jurisdiction, Row
from sim.registry import ColumnKind, column_kinds
from sim.scenario.errors import Problem, key, nearest, no_such_name, one_of, problems_from_pydantic, quote
from sim.scenario.plain import fill

Problems = list[Problem]

MOST_CODES = 32
"""Rows of a table, the shipped 12 or 4 among them: what vendors sell and suppliers reach is kept in 32 bits."""

Shares = Annotated[tuple[Annotated[float, Field(ge=0.0001, le=1)], ...], Field(min_length=1, max_length=60)]


class Platforms(BaseModel):
    """The cryptomarkets open at the start. How many platforms the other channels have is a parameter of the world."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    cryptomarkets: Shares = Field(
        default=(0.34, 0.26, 0.16, 0.11, 0.07, 0.06),
        description="initial user shares of the cryptomarkets, largest or not first (sum to 1; assumed: several "
        "established markets, leader as in 2013-2017; a near-monopoly has 0.8 or more [hydra-share])",
    )


class OwnColumn(BaseModel):
    """A column that an author adds to those of a kind of agent; see `sim.population.Column`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    dtype: str = Field(max_length=20, description="type of NumPy: `f4`, `f8`, `i1` to `i8`, `u1` to `u8` or `bool`")
    unit: str = Field(min_length=1, max_length=40, description="unit of the value")
    text: str = Field(min_length=1, max_length=200, description="what it is, in a line")
    low: float | None = Field(default=None, description="smallest value allowed (empty: no bound)")
    high: float | None = Field(default=None, description="largest value allowed (empty: no bound)")
    default: float | int | bool | Literal["none"] = Field(
        default=0, description="value at first, and of agents that come later; `none` is no value yet, for floats"
    )
    shape: tuple[Annotated[int, Field(ge=1, le=32)], ...] = Field(
        default=(), max_length=2, description="shape of the value of one agent (empty: a single number)"
    )


def check[Model: BaseModel](model: type[Model], data: Mapping[str, Any], path: str, problems: Problems) -> Model | None:
    """An instance of a model from plain data, or None with the problems; see `sim.scenario.plain.fill`."""
    try:
        return fill(model, data)
    except ValidationError as error:
        problems += problems_from_pydantic(error, model, data, path)
        return None


def mapping(document: Mapping[str, Any], section: str, what: str, problems: Problems) -> dict[str, Any]:
    """A section of the scenario, empty when absent."""
    value = document.get(section)
    if value is None:
        return {}
    if not isinstance(value, dict):
        problems.append(Problem(section, quote(value), what))
        return {}
    return value


def parameters(document: Mapping[str, Any], book: ParameterBook, problems: Problems) -> dict[str, dict[str, float]]:
    """Every parameter: the default, or what the scenario says."""
    values = {group: {name: book.specs[f"{group}.{name}"].value for name in book.names(group)} for group in book.groups}
    for group, given in mapping(document, "parameters", "a mapping: group, then name, then number", problems).items():
        path = f"parameters.{group}"
        if group not in values:
            problems.append(no_such_name(path, group, values))
            continue
        if not isinstance(given, dict):
            problems.append(Problem(path, quote(given), "a mapping from name to number"))
            continue
        for name, value in given.items():
            problem = parameter_problem(group, name, value)
            if problem is None:
                values[group][name] = float(value) + 0.0  # no negative zero
            else:
                problems.append(problem)
    return values


def parameter_problem(group: str, name: str, value: Any) -> Problem | None:
    """What is wrong with one parameter, if anything; a name that another group has is pointed to it."""
    book = load_parameters()
    path, spec = f"parameters.{group}.{name}", book.specs.get(f"{group}.{name}")
    if spec is None:
        if (gone := yaml_files.load("gone.yaml").get(f"{group}.{name}")) is not None:
            return Problem(
                path, f"a parameter that is no more: {gone['why']}", one_of(book.names(group)), gone.get("now")
            )
        elsewhere = next((other for other, spec in book.specs.items() if spec.name == name), None)
        problem = no_such_name(path, name, book.names(group))
        return dataclasses.replace(problem, nearest=elsewhere) if elsewhere else problem
    if type(value) in (int, float) and spec.minimum <= value <= spec.maximum:
        return None
    return Problem(path, quote(value), f"{spec.allowed} ({spec.unit})")


def rows[RowType: Row](
    document: Mapping[str, Any], section: str, model: type[RowType], base: dict[str, dict[str, Any]], problems: Problems
) -> dict[str, RowType]:
    """A table: the shipped rows, changed and extended by the scenario.

    A new row gives every field, or names a row that it is `like` and gives what differs.
    """
    base, table = dict(base), {}
    changed = mapping(document, section, "a mapping from name to fields", problems)
    rows = len({*base, *changed})
    if rows > MOST_CODES:
        given = f"{len(changed):,} rows, which makes {rows:,} with those that are there"
        problems.append(Problem(section, given, f"at most {MOST_CODES} in all"))
        changed = {}
    for name, given in changed.items():
        problem = _row_problem(f"{section}.{name}", name, given, base, model)
        if problem is not None:
            problems.append(problem)
            continue
        changes = {field: value for field, value in given.items() if field != "like"}
        base[name] = _changed(base.get(given.get("like", name), {}), changes)
    for name, row in base.items():
        found = check(model, {**row, "name": name}, f"{section}.{name}", problems)
        if found is not None:
            table[name] = found
    return table


def _row_problem(path: str, name: str, given: Any, base: Mapping[str, Any], model: type[Row]) -> Problem | None:
    """Why a row cannot be made, before its values are looked at."""
    if not isinstance(given, dict):
        return Problem(path, quote(given), "a mapping from field to value")
    if "name" in given:
        return Problem(f"{path}.name", quote(given["name"]), "no such field: the key is the name")
    if "like" in given:
        like = given["like"]
        if name not in base and isinstance(like, str) and like in base:
            return None
        return Problem(f"{path}.like", quote(like), f"in a new row only, one of {one_of(base)}", nearest(like, base))
    fields = [key(word, field) for word, field in model.model_fields.items() if field.is_required()]
    missing = [field for field in fields if field not in given and field not in ("name", "source")]
    if name in base or not missing:
        return None
    allowed = f"{one_of(base)}; or a new row, which needs {', '.join(missing)} (or `like: <row>`)"
    return Problem(path, quote(name), allowed, nearest(name, base))


def _changed(row: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A row with fields replaced and mappings merged; what differs from before has the scenario as its source."""
    changed = {**row, **changes}
    for field, value in changes.items():
        if isinstance(value, dict) and isinstance(row.get(field), dict):
            changed[field] = {**row[field], **value}
    before, given = row.get("source", {}), changes.get("source", {})
    if not isinstance(given, dict):
        return changed
    source = {**before, **given}
    for field, value in changed.items():
        if (
            row
            and field != "source"
            and value != row.get(field, type(value)())
            and source.get(field) == before.get(field)
        ):
            source[field] = BY_SCENARIO
    changed["source"] = source or {"default": BY_SCENARIO}
    return changed


def cross_check(
    document: Mapping[str, Any], parts: Mapping[str, Any], shipped: Mapping[str, Any], problems: Problems
) -> None:
    """References between tables, shares that must sum to one, and cooperation that rows leave out (filled in place).

    Parameters
    ----------
    document, parts
        what the author gave, and the sections made of it.
    shipped
        jurisdictions that the package ships: a row that did not pass is still a known name.
    """
    jurisdictions: dict[str, Jurisdiction] = parts["jurisdictions"]
    names = [*dict.fromkeys([*shipped, *mapping(document, "jurisdictions", "a mapping", [])])]
    for name, substance in parts["substances"].items():
        path = f"substances.{name}.status_by_jurisdiction"
        problems += (
            no_such_name(f"{path}.{other}", other, names)
            for other in substance.status_by_jurisdiction
            if other not in names
        )
    for name, row in jurisdictions.items():
        others = [other for other in names if other != name]
        path = f"jurisdictions.{name}.cooperation"
        problems += (no_such_name(f"{path}.{other}", other, others) for other in row.cooperation if other not in others)
        full = {other: row.cooperation.get(other, COOPERATION) for other in others}
        jurisdictions[name] = row.model_copy(update={"cooperation": full})
    if list(jurisdictions) == names:
        for field in ("share", "vendor_share"):
            total = math.fsum(getattr(row, field) for row in jurisdictions.values())
            _sums_to_one(f"jurisdictions.*.{field}", total, problems)


def platforms(document: Mapping[str, Any], problems: Problems) -> Platforms:
    """The platforms open at the start."""
    given = mapping(document, "platforms", "a mapping, for example {cryptomarkets: [0.5, 0.3, 0.2]}", problems)
    found = check(Platforms, given, "platforms", problems)
    if found is None:
        return Platforms()
    _sums_to_one("platforms.cryptomarkets", math.fsum(found.cryptomarkets), problems)
    return found


MAX_OWN = 100
"""Columns that an author may add to a kind of agent."""


def own_columns(document: Mapping[str, Any], problems: Problems) -> dict[str, dict[str, Any]]:
    """The columns that the author adds, by kind of agent."""
    kinds, found = column_kinds(), {}
    what = "a mapping, for example {consumers: {mood: {dtype: f4, unit: share, text: Mood}}}"
    for kind, given in mapping(document, "columns", what, problems).items():
        path = f"columns.{kind}"
        if kind not in kinds:
            problems.append(no_such_name(path, kind, kinds))
        elif not isinstance(given, dict):
            problems.append(Problem(path, quote(given), "a mapping from name to column"))
        elif len(given) > MAX_OWN:
            problems.append(Problem(path, f"{len(given):,} columns", f"at most {MAX_OWN}"))
        else:
            found[kind] = _columns_of(path, given, kinds[kind], problems)
    return {kind: columns for kind, columns in found.items() if columns}


def _columns_of(path: str, given: Mapping[str, Any], kind: ColumnKind, problems: Problems) -> dict[str, Any]:
    """The columns that the author adds to one kind of agent."""
    from sim.population import labels, name_fault  # with NumPy and Mesa: only for those who have columns

    found: dict[str, Any] = {}
    tabled = {*kind.tabled}
    for name, fields in given.items():
        here = f"{path}.{name}"
        fault = name_fault(name, kind.agent, kind.tabled)
        if fault is not None:
            problems.append(Problem(here, quote(name), fault))
        elif not isinstance(fields, dict):
            problems.append(Problem(here, quote(fields), f"a mapping of {', '.join(OwnColumn.model_fields)}"))
        else:
            column = _own_column(here, fields, problems)
            if column is None:
                continue
            twice = sorted(tabled.intersection(labels(name, column)))
            if twice:
                problems.append(Problem(here, quote(name), f"another name: there would be two columns {twice[0]!r}"))
            tabled |= {*labels(name, column)}
            found[name] = column
    return found


def _own_column(path: str, fields: Mapping[str, Any], problems: Problems) -> Any:
    """A column from its fields, None when it cannot be one."""
    from sim.population import Column

    checked = check(OwnColumn, fields, path, problems)
    if checked is None:
        return None
    values = checked.model_dump()
    if values["default"] == "none":
        values["default"] = math.nan
    try:
        column = Column(**values)
        dtype = column.to_dict()["dtype"]
        if dtype.startswith("float") and dtype not in ("float32", "float64"):
            raise ValueError(f"a column of {dtype}, which tables cannot hold")
        return dataclasses.replace(column, dtype=dtype)  # one name for one type
    except ValueError as error:
        allowed = (
            "a type for booleans, whole numbers or floats, with low, high and default that it holds and that agree"
        )
        problems.append(Problem(path, str(error), allowed))
        return None


def _sums_to_one(path: str, total: float, problems: Problems) -> None:
    if abs(total - 1) > 1e-3:
        problems.append(Problem(path, f"shares that sum to {total:.6g}", "shares that sum to 1"))
