"""Pieces of the generated pages: tables in Markdown, and the fields of pydantic models in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from sim.scenario import bounds_in_words, without_none

KINDS = {"dict": "mapping", "tuple": "list", "float": "number", "int": "whole number", "str": "text", "date": "date"}


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; a bar inside a cell does not end it."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def words(text: str | None) -> str:
    """Return the first paragraph of a docstring on one line, with Markdown's code marks."""
    first = (text or "").strip().split("\n\n")[0]
    return " ".join(first.split()).replace("``", "`")


def allowed(field: Any) -> str:
    """Return what a field of a pydantic model may hold."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(f"`{option}`" for option in get_args(kind))
    inner = get_args(kind)[0] if get_origin(kind) is tuple else None
    if get_origin(inner) is Literal:
        return "a list of " + ", ".join(f"`{option}`" for option in get_args(inner))
    kind = without_none(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "a mapping of " + ", ".join(f"`{name}`" for name in kind.model_fields)
    if kind is bool:
        return "true, false"
    found = [text for name, text in KINDS.items() if re.search(rf"\b{name}\b", str(kind))]
    return ", ".join(filter(None, [found[0] if found else "", bounds_in_words(field)]))


def default(field: Any) -> str:
    """Return the default of a field as YAML would write it; empty where there is none."""
    found = "" if field.is_required() else field.get_default(call_default_factory=True)
    if found is None or isinstance(found, bool):
        return {None: "none", True: "true", False: "false"}[found]
    return (
        f"{found:.12g}"
        if isinstance(found, float)
        else ", ".join(map(str, found))
        if isinstance(found, tuple | dict)
        else str(found)
    )


def fields(model: type[BaseModel], skip: Sequence[str] = ()) -> str:
    """Return the table of the fields of a pydantic model."""
    rows = [
        (f"`{field.alias or name}`", field.description or "", allowed(field), default(field))
        for name, field in model.model_fields.items()
        if name not in skip
    ]
    return table(("Key", "Meaning", "Allowed", "Default"), rows)
