"""What there is to choose from: scenarios, policies, outcomes, parameters, tables."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from rich.table import Table
    from rich.text import Text

Rows = list[dict[str, Any]]


def scenarios() -> Rows:
    """Every scenario that can be named."""
    import_module("sim.policies")
    from sim.scenario import list_scenarios

    return [{"name": name, "title": title, "question": question} for name, title, question in list_scenarios()]


def policies() -> Rows:
    """Every kind of policy: what it is for, its fields, what it costs, what it rests on and how it can fail."""
    import_module("sim.policies")
    from sim.registry import policy_kinds

    return [
        {
            "kind": kind,
            "text": _first_line(model.__doc__),
            "purpose": getattr(model, "purpose", ""),
            "fields": [_field(*item) for item in model.model_fields.items()],
            "cost": _first_line(getattr(model, "cost", None).__doc__),
            "evidence": getattr(model, "evidence", ""),
            "can_fail": getattr(model, "can_fail", ""),
        }
        for kind, model in policy_kinds().items()
    ]


def _field(name: str, field: FieldInfo) -> dict[str, Any]:
    """One field of a policy: its default, what it may be, its unit, what it means."""
    from sim.report.text.names import unit_in
    from sim.scenario import allowed_in_words

    default = "required" if field.is_required() else field.get_default(call_default_factory=True)
    plain = default if isinstance(default, str | int | float | bool | None) else str(default)
    text = field.description or ""
    return {
        "name": field.alias or name,
        "default": plain,
        "allowed": allowed_in_words(field),
        "unit": unit_in(text),
        "text": text,
    }


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]


def outcomes() -> Rows:
    """Every outcome."""
    from sim.measures.dictionary import families
    from sim.measures.dictionary import outcomes as known

    specs = [*known().values(), *families().values()]
    return [
        {name: getattr(spec, name) for name in ("name", "unit", "aggregate", "group", "better", "text")}
        for spec in specs
    ]


def parameters() -> Rows:
    """Every parameter with its value, range and source."""
    from sim.evidence.parameters import load_parameters

    fields = ("path", "value", "unit", "low", "high", "minimum", "maximum", "distribution", "status", "source", "text")
    return [{name: getattr(spec, name) for name in fields} for spec in load_parameters().specs.values()]


def tables() -> Rows:
    """Every column of every table."""
    from sim.measures.dictionary import tables as known

    return [
        {"table": table, "column": spec.name, "dtype": spec.dtype, "unit": spec.unit, "text": spec.text}
        for table, columns in known().items()
        for spec in columns.values()
    ]


TEXTS = ("text", "title", "question")
WRAPS = (*TEXTS, "unit", "allowed", "default")


def as_table(what: str, rows: Rows, width: int) -> Table | Text:
    """Lay a listing out for reading in a width: names never cut, texts wrapped; below each other where columns have no room."""
    from sim.cli.output import clean
    from sim.report.text.columns import Column, lay_out

    if what == "policies":
        rows = _policy_lines(rows)
    elif what == "parameters":
        rows = [
            {
                "parameter": row["path"],
                "value": f"{row['value']:g}",
                "unit": row["unit"],
                "plausible": f"{row['low']:g} to {row['high']:g}",
                "allowed": f"{row['minimum']:,.12g} to {row['maximum']:,.12g}",
                "status": row["status"],
                "text": row["text"],
            }
            for row in rows
        ]
    titles = list(rows[0] if rows else ["nothing"])
    columns = [
        Column(name, wraps=name in WRAPS, style="bold" if k == 0 else "", least=28 if name in TEXTS else 0)
        for k, name in enumerate(titles)
    ]
    return lay_out(columns, [[clean(str(value)) for value in row.values()] for row in rows], width)


def _policy_lines(policies: Rows) -> Rows:
    """The fields that all policies share, then for each its purpose, its own fields, its cost, its evidence and how it can fail."""
    import_module("sim.policies")
    from sim.policies.base import Policy

    shared = set(Policy.model_fields)
    common = [_field(name, field) for name, field in Policy.model_fields.items() if name != "kind"]
    lines = [_line("every policy", "", "can be given these:"), *map(_field_line, common)]
    for policy in policies:
        own = [field for field in policy["fields"] if field["name"] not in shared]
        lines.append(_line(policy["kind"], "", f"{policy['purpose']} {policy['text']}".strip()))
        lines += map(_field_line, own)
        lines += [
            _line("", what, policy[name])
            for name, what in (("cost", "cost"), ("evidence", "evidence"), ("can_fail", "can fail"))
        ]
    return lines


def _line(policy: str, field: str, text: str) -> dict[str, Any]:
    return {"policy": policy, "field": field, "default": "", "allowed": "", "unit": "", "text": text}


def _field_line(field: dict[str, Any]) -> dict[str, Any]:
    """A field as YAML would write its default."""
    given = field["default"]
    default = "none" if given is None else str(given).lower() if isinstance(given, bool) else given
    return {
        **_line("", field["name"], field["text"]),
        "default": default,
        "allowed": field["allowed"],
        "unit": field["unit"],
    }
