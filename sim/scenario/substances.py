"""A table of substances in a file of its own: YAML, or CSV with a column a field."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from sim.evidence import yaml_files
from sim.scenario.errors import Problem, ScenarioError, quote

MAX_BYTES = 2_000_000


def read_table(path: Path, read_yaml: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """The rows of a table by name, unchecked.

    In CSV the column ``name`` names the row, ``needs.patient`` is a field inside ``needs``, ``a; b`` is a list, and an empty cell leaves the field out.

    Raises
    ------
    ScenarioError
        when the file cannot be read, or a row has no name or one that another has.
    """
    if path.suffix in (".yaml", ".yml"):
        rows = read_yaml(path)
        rows.pop("name", None)  # the file's own, which `read_yaml` adds
        return rows
    if path.suffix != ".csv":
        raise _refuse(str(path), "a table in a .csv or .yaml file, or a mapping from name to fields")
    try:
        text = path.read_bytes()[: MAX_BYTES + 1].decode("utf-8-sig")
    except OSError as error:
        raise _refuse(f"{path.name} ({(error.strerror or 'not readable').lower()})", "a readable CSV file") from None
    except UnicodeDecodeError:
        raise _refuse(f"{path.name}, not UTF-8 text", "a CSV file in UTF-8") from None
    rows: dict[str, Any] = {}
    for number, line in enumerate(csv.DictReader(text.splitlines()), start=2):
        name = (line.pop("name", None) or "").strip()
        if not name or name in rows or None in line or len(text) > MAX_BYTES:
            raise _refuse(
                f"{path.name}, line {number}", "as many cells as columns, with a `name` that no other row has"
            )
        rows[name] = _row({column: cell for column, cell in line.items() if cell and cell.strip()}, path.name, number)
    return rows


def _row(cells: dict[str, str], file: str, number: int) -> dict[str, Any]:
    """A row as YAML would hold it."""
    row: dict[str, Any] = {}
    for column, cell in cells.items():
        try:
            value = (
                [part.strip() for part in cell.split(";") if part.strip()] if ";" in cell else yaml_files.parse(cell)
            )
        except (yaml.YAMLError, ValueError, OverflowError):
            value = cell
        outer, _, inner = column.strip().partition(".")
        if inner:
            row.setdefault(outer, {})[inner] = value
        else:
            row[outer] = value
    if not all(isinstance(row[key], dict) for key in row if any(c.startswith(f"{key}.") for c in cells)):
        raise _refuse(f"{file}, line {number}", "either a field or the fields inside it, not both")
    return row


def _refuse(given: str, allowed: str) -> ScenarioError:
    return ScenarioError([Problem("substances", quote(given), allowed)])
