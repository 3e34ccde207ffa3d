"""What paths and outcomes are called where people read them, with their units."""

from __future__ import annotations

import re
from importlib import import_module

from sim.evidence.parameters import load_parameters
from sim.measures.dictionary import outcome
from sim.registry import policy_kinds

_UNITS = {"seed": "", "days": "days", "burn_in": "days", "consumers": "people", "people": "people"}


def outcome_name(name: str) -> str:
    """Label of an outcome with its unit: ``Trade volume, USD``; a unit that is in the label is left out."""
    try:
        spec = outcome(name)
    except KeyError:
        return name
    label = spec.label or name
    return label if spec.unit == "index" or spec.unit in label.lower() else f"{label}, {spec.unit}"


def target_name(name: str) -> str:
    """What a target is called, in words: ``bad ratings exit``."""
    return name.replace("_", " ")


def factor_name(path: str) -> str:
    """What a path leads to, with its unit: ``choice: trust weight (utility)``; a name that is no path as it is."""
    specs = load_parameters().specs
    bare = path.removeprefix("parameters.")
    steps = bare.removeprefix("policies.").split(".")
    if bare in specs:
        unit = specs[bare].unit
    elif path.startswith("policies.") and len(steps) > 1:
        unit = _unit_of_policy(steps[0], steps[1])
    else:
        unit = _UNITS.get(path, "")
    words = ": ".join(step.replace("_", " ") for step in steps)
    return f"{words} ({unit})" if unit not in ("", "1") else words


def _unit_of_policy(kind: str, field: str) -> str:
    import_module("sim.policies")
    model = policy_kinds().get(kind)
    found = model.model_fields.get(field) if model else None
    return unit_in(found.description or "") if found else ""


def unit_in(text: str) -> str:
    """The unit that a description names first in its last brackets: ``(USD, assumed 30 to 75)``."""
    found = re.findall(r"\(([^()]*)\)", text)
    unit = re.split(r"[,;:]", found[-1])[0].strip() if found else ""
    return "" if re.match(r"-?\d", unit) else unit
