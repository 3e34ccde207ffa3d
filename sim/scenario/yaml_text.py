"""A complete scenario as YAML that a person can read: one value a line, its unit and source behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic import BaseModel

from sim.evidence.parameters import ParameterSpec, load_parameters
from sim.evidence.tables import BY_SCENARIO, Row, jurisdiction_rows, substance_rows
from sim.scenario.content import Content
from sim.scenario.errors import key
from sim.scenario.settings import Settings

_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def flow(value: Any) -> str:
    """A value on one line, in YAML that any reader takes for the same value."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(name)}: {flow(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str):
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", value) and value.lower() not in _WORDS:
            return value
        return yaml.safe_dump(value, default_style='"', width=2**31, allow_unicode=True).strip()
    if isinstance(value, float):
        text = repr(value)
        return text if "." in text else text.replace("e", ".0e")
    return "null" if value is None else str(value).lower()


def _line(depth: int, name: str, value: Any, comment: str | None, mark: str = "") -> str:
    note = "".join(letter if letter.isprintable() else " " for letter in comment or "")
    text = f"{'  ' * depth}{mark}{flow(name)}: {flow(value)}"
    return text + (f"  # {' '.join(note.split())}" if note.strip() else "")


def _parameter(spec: ParameterSpec, value: float) -> str:
    """Unit, legal range, meaning and source of a parameter, and whether it is the default and plausible."""
    note = f"{spec.unit}, {spec.minimum:,.12g} to {spec.maximum:,.12g}; {spec.text}; "
    note += f"{spec.status}: {spec.source}" if value == spec.value else f"set by the scenario (default {spec.value:g})"
    return (
        note if spec.low <= value <= spec.high else f"{note}; OUTSIDE the plausible range {spec.low:g} to {spec.high:g}"
    )


def _fields(model: type[BaseModel], values: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Key, value and description of each field that is written."""
    for name, field in model.model_fields.items():
        if key(name, field) in values:
            yield key(name, field), values[key(name, field)], field.description or ""


def _table(section: str, table: Mapping[str, Row], shipped: Mapping[str, Any], sources: bool) -> Iterator[str]:
    yield f"{section}:"
    for name, row in table.items():
        fields = row.fields()
        source = fields.pop("source")
        known = {*shipped.get(name, {}).get("source", {}).items(), *((field, BY_SCENARIO) for field in fields)}
        yield f"  {flow(name)}:"
        for field, value, text in _fields(type(row), fields):
            yield _line(2, field, value, f"{text}; {row.source_of(field)}" if sources else None)
        if not set(source.items()) <= known:
            yield _line(2, "source", source, None)


def write(scenario: Content, sources: bool) -> str:
    """The YAML of a scenario; see `sim.scenario.Scenario.to_yaml`."""
    plain, book = scenario.resolved(), load_parameters()
    lines: list[str] = []
    if sources:
        lines.append(f"# digest {scenario.digest}; one consumer stands for {scenario.weight:,.6g} people")
    lines += [_line(0, name, value, text if sources else None) for name, value, text in _fields(Settings, plain)]
    lines.append("parameters:" if plain["parameters"] else "parameters: {}")
    for group, values in plain["parameters"].items():
        lines.append(f"  {group}:")
        for name, value in values.items():
            lines.append(_line(2, name, value, _parameter(book.specs[f"{group}.{name}"], value) if sources else None))
    lines += _table("substances", scenario.substances, substance_rows(), sources)
    lines += _table("jurisdictions", scenario.jurisdictions, jurisdiction_rows(), sources)
    lines.append("platforms:")
    for name, value, text in _fields(type(scenario.platforms), plain["platforms"]):
        lines.append(_line(1, name, value, text if sources else None))
    lines.append("submodels:")
    for name, value, text in _fields(type(scenario.submodels), plain["submodels"]):
        lines.append(_line(1, name, value, text if sources else None))
    lines.append("policies:" if scenario.policies else "policies: []")
    for policy, values in zip(scenario.policies, plain["policies"], strict=True):
        mark = "- "
        for name, value, text in _fields(type(policy), values):
            lines.append(_line(1, name, value, text if sources else None, mark))
            mark = "  "
    if scenario.budget is not None:
        lines.append("budget:")
        for name, value, text in _fields(type(scenario.budget), plain["budget"]):
            lines.append(_line(1, name, value, text if sources else None))
    lines += [_line(0, name, plain[name], None) for name in ("uses", "agents") if plain[name]]
    lines += ["columns:"] if plain["columns"] else []
    for kind, columns in plain["columns"].items():
        lines += [
            _line(1, kind, {}, None).removesuffix(" {}"),
            *(_line(2, name, column, None) for name, column in columns.items()),
        ]
    return "\n".join(lines) + "\n"
