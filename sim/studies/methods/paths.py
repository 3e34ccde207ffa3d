"""Paths into a scenario, as ``--set`` writes them: whether a scenario has one, and the scenario with other values at some."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.studies.methods.factors import Value


def has_path(scenario: Scenario, path: str) -> bool:
    """Whether a scenario has the policy that a path names; a path that names no policy leads somewhere in all."""
    steps = path.split(".")
    if steps[0] != "policies" or len(steps) < 2:
        return True
    step = steps[1]
    if step.isdigit():
        return int(step) < len(scenario.policies)
    return any(step in (policy.kind, getattr(policy, "label", None)) for policy in scenario.policies)


def assignment(path: str, value: Value) -> str:
    """A value at a path as ``path=value``."""
    return f"{path}={json.dumps(value)}"


def resolve(scenario: Scenario, changes: Iterable[tuple[str, Value]]) -> Scenario:
    """A scenario with what a point changes in it."""
    lines = [assignment(path, value) for path, value in changes]
    return scenario.override(lines) if lines else scenario
