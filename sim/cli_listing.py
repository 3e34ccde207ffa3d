"""What there is to choose from: scenarios, policies, outcomes, parameters, tables."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

Rows = list[dict[str, Any]]


def scenarios() -> Rows:
    """Every scenario that can be named."""
    import_module("sim.policies")
    from sim.scenario import list_scenarios

    return [{"name": name, "title": title, "question": question} for name, title, question in list_scenarios()]


def policies() -> Rows:
    """Every kind of policy with its fields."""
    import_module("sim.policies")
    from sim.registry import policy_kinds

    return [
        {
            "kind": kind,
            "text": _first_line(model.__doc__),
            "fields": [_field(*item) for item in model.model_fields.items()],
        }
        for kind, model in policy_kinds().items()
    ]


def _field(name: str, field: Any) -> dict[str, Any]:
    """One field of a policy: its default, what it may be, what it means."""
    from sim.scenario_errors import interval

    default = "required" if field.is_required() else field.get_default(call_default_factory=True)
    plain = default if isinstance(default, str | int | float | bool | None) else str(default)
    return {"name": field.alias or name, "default": plain, "allowed": interval(field), "text": field.description or ""}


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

    fields = ("path", "value", "unit", "low", "high", "distribution", "status", "source", "text")
    return [{name: getattr(spec, name) for name in fields} for spec in load_parameters().specs.values()]


def tables() -> Rows:
    """Every column of every table."""
    from sim.measures.dictionary import tables as known

    return [
        {"table": table, "column": spec.name, "dtype": spec.dtype, "unit": spec.unit, "text": spec.text}
        for table, columns in known().items()
        for spec in columns.values()
    ]


def as_table(what: str, rows: Rows) -> Table:
    """Lay a listing out for reading: names never cut, texts wrapped."""
    from rich.table import Table

    if what == "policies":
        rows = [line for row in rows for line in _policy_lines(row)]
    elif what == "parameters":
        rows = [
            {
                "parameter": row["path"],
                "value": f"{row['value']:g}",
                "unit": row["unit"],
                "range": f"{row['low']:g} to {row['high']:g}",
                "status": row["status"],
                "text": row["text"],
            }
            for row in rows
        ]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(rows[0] if rows else ["nothing"]):
        wrapped = name in ("text", "title", "question", "unit")
        table.add_column(name, no_wrap=not wrapped, overflow="fold", style="bold" if index == 0 else "")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    return table


def _policy_lines(policy: dict[str, Any]) -> Rows:
    """One line for a policy and one for each of its fields."""
    head = {"policy": policy["kind"], "field": "", "default": "", "allowed": "", "text": policy["text"]}
    fields = [field for field in policy["fields"] if field["name"] != "kind"]
    return [
        head,
        *(
            {
                "policy": "",
                "field": field["name"],
                "default": field["default"],
                "allowed": field["allowed"],
                "text": field["text"],
            }
            for field in fields
        ),
    ]
