"""Dates in the ranges of a study: where a factor is a day of a policy, its ends and values may be written as dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sim.scenario import Problem, Scenario, as_day


def dates_as_days(
    given: Mapping[str, Any], scenarios: Mapping[str, Scenario], problems: list[Problem]
) -> dict[str, Any]:
    """The keys of a study with days in the place of dates in ``uncertainties`` and ``levers``.

    Parameters
    ----------
    given
        What the file says, plain data that was not checked.
    scenarios
        Its scenarios, each with its own date of day 0 unless ``set`` gives one.
    problems
        Receives dates that cannot be counted from a day 0.
    """
    found = dict(given)
    for word in ("uncertainties", "levers"):
        if isinstance(given.get(word), list):
            found[word] = [
                _factor(factor, f"{word}.{i}", given.get("set"), scenarios, problems)
                if isinstance(factor, dict)
                else factor
                for i, factor in enumerate(given[word])
            ]
    return found


def _factor(
    factor: dict[str, Any], where: str, fixed: Any, scenarios: Mapping[str, Scenario], problems: list[Problem]
) -> dict[str, Any]:
    """One factor; the day 0 is that of the scenarios that have its path."""
    having = [scenario for scenario in scenarios.values() if _is_day(scenario, str(factor.get("path")))]
    if not having:
        return factor
    written = fixed.get("day0") if isinstance(fixed, Mapping) else None
    zeros = {_date(written)} if isinstance(written, str) else {scenario.day0 for scenario in having}

    def day(value: Any, at: str) -> Any:
        if isinstance(value, str) and len(zeros) > 1:
            allowed = "a whole number of days, or scenarios that agree on day0 (set: {day0: 2027-01-01})"
            problems.append(Problem(f"{where}.{at}", f"{value!r} counted from different dates of day 0", allowed))
            return 0
        found = as_day(value, next(iter(zeros)), f"{where}.{at}", problems)
        return 0 if found is None and value is not None else found

    changed = {at: day(factor[at], at) for at in ("low", "high") if at in factor}
    if isinstance(factor.get("values"), list):
        changed["values"] = [day(value, f"values.{k}") for k, value in enumerate(factor["values"])]
    if any(isinstance(factor.get(at), str) for at in ("low", "high")):
        changed.setdefault("distribution", factor.get("distribution") or "integer")
    return {**factor, **changed}


def _is_day(scenario: Scenario, path: str) -> bool:
    """Whether a path names a day of a policy of the scenario."""
    head, _, rest = path.partition(".")
    name, _, field = rest.partition(".")
    if head != "policies":
        return False
    named = [p for i, p in enumerate(scenario.policies) if name in (p.kind, getattr(p, "label", None), str(i))]
    fields = [type(policy).model_fields.get(field) for policy in named]
    return any(found is not None and found.json_schema_extra == {"day": True} for found in fields)


def _date(text: str) -> date | None:
    """A date from its text, None where it is none: that is said elsewhere."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
