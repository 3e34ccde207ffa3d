"""A table of substances in a file of its own: YAML, or CSV with a column a field."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from sim.evidence import yaml_files
from sim.evidence.tables import Substance
from sim.scenario.errors import Problem, ScenarioError, key, one_of, quote
from sim.scenario.reading import UnreadableFileError, read_mapping, read_text

MAX_COLUMNS = 500
"""Columns above which a table is refused; with every field inside another as one of its own it takes fewer than a hundred."""


def read_table(path: Path) -> dict[str, Any]:
    """The rows of a table by name, unchecked.

    In CSV the column ``name`` names the row, ``needs.patient`` is a field inside ``needs``, ``a; b`` is a list where the field is one, and an empty cell leaves
    the field out. Rows and columns with nothing in them, as spreadsheets leave them, do not count.

    Raises
    ------
    ScenarioError
        when the file cannot be read, two columns are one field, or a row has no name or one that another has.
    """
    if path.suffix not in (".yaml", ".yml", ".csv"):
        raise _refuse(quote(str(path)), "a table in a .csv or .yaml file, or a mapping from name to fields")
    try:
        return _rows(read_text(path, "CSV"), path.name) if path.suffix == ".csv" else read_mapping(path)
    except UnreadableFileError as error:
        raise _refuse(f"{quote(path.name)} ({error.problems[0].given})", error.problems[0].allowed) from None


def _rows(text: str, file: str) -> dict[str, Any]:
    """The rows of a table in CSV."""
    lines = _lines(text, file)
    _, head = next(lines, (1, []))
    columns = _columns(head, file)
    rows: dict[str, Any] = {}
    for number, line in lines:
        beyond = [cell for cell in line[len(columns) :] if cell]
        cells = {column: cell for column, cell in zip(columns, line, strict=False) if cell}
        if beyond or "" in cells:
            given = quote(beyond[0] if beyond else cells[""])
            raise _refuse(f"{file}, line {number}: {given} below no column", "a name above every column that is used")
        name = cells.pop("name", "")
        if not name or name in rows:
            given = f"a second row named {quote(name)}" if name else "a row without a name"
            raise _refuse(f"{file}, line {number}: {given}", "a `name` in every row that no other row has")
        rows[name] = _row(cells)
    return rows


def _lines(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not empty: its number, and its cells without the blanks around them."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for line in reader:
            cells = [cell.strip() for cell in line]
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise _refuse(f"{file}, line {reader.line_num}: {error}", "a CSV file with commas and quotes") from None


def _columns(head: list[str], file: str) -> list[str]:
    """The names of the columns, each there once, and `name` among them."""
    if len(head) > MAX_COLUMNS:
        raise _refuse(f"{file}: {len(head):,} columns", f"at most {MAX_COLUMNS}")
    twice = [column for column in dict.fromkeys(head) if column and head.count(column) > 1][:1]
    if twice:
        raise _refuse(f"{file}: two columns {quote(twice[0])}", "every column once")
    both = [column for column in head if column.partition(".")[2] and column.partition(".")[0] in head][:1]
    if both:
        given = f"{file}: columns {quote(both[0].partition('.')[0])} and {quote(both[0])}"
        raise _refuse(given, "either a field or the fields inside it, not both")
    if "name" not in head:
        raise _refuse(f"{file}: columns {one_of(head)}", "a column `name`, and a column for each field that is set")
    return head


def _row(cells: dict[str, str]) -> dict[str, Any]:
    """A row as YAML would hold it."""
    row: dict[str, Any] = {}
    for column, cell in cells.items():
        outer, _, inner = column.partition(".")
        kind = _kinds().get(outer)
        if inner:
            row.setdefault(outer, {})[inner] = _value(cell, _inside(kind, inner))
        else:
            row[outer] = _value(cell, kind)
    return row


def _kinds(model: type[BaseModel] = Substance) -> dict[str, Any]:
    """What each field of a row holds, by the name of its column."""
    return {key(name, field): field.annotation for name, field in model.model_fields.items()}


def _inside(kind: Any, inner: str) -> Any:
    """What a field inside a field holds."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _kinds(kind).get(inner)
    return get_args(kind)[1] if get_origin(kind) is dict else None


def _value(cell: str, kind: Any) -> Any:
    """A cell as its field is declared: a list, a number where it is one, otherwise text."""
    while hasattr(kind, "__metadata__"):
        kind = get_args(kind)[0]
    if get_origin(kind) is tuple:
        return [part for part in map(str.strip, cell.split(";")) if part]
    return yaml_files.number(cell) if kind in (int, float) else cell


def _refuse(given: str, allowed: str) -> ScenarioError:
    return ScenarioError([Problem("substances", given, allowed)])
