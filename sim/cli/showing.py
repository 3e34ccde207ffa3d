"""What `odm show` prints: in short what a scenario asks, does and changes."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from sim.report.text.values import differences, in_words
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.policies.base import Policy

TIMING = ("kind", "label", "start", "end", "strength")
"""Fields of a policy that are said first, in words."""
TOLD_APART = (
    *("name", "title", "question", "policies", "seed", "days", "burn_in", "consumers", "people", "columns", "budget"),
)
"""Parts of a scenario that are said in words of their own."""


def when(policy: Policy) -> str:
    """From when to when a policy is on, and how strong it is."""
    words = f"from day {policy.start}" + (f" to day {policy.end - 1}" if policy.end is not None else "")
    return words + (f", strength {policy.strength:g}" if policy.strength != 1.0 else "")


def settings(policy: Policy) -> list[str]:
    """The settings of a policy that are not at their defaults."""
    values = policy.model_dump(mode="json", by_alias=True, exclude_none=True)
    found = []
    for name, field in type(policy).model_fields.items():
        value, default = values.get(name), field.get_default(call_default_factory=True)
        if name not in TIMING and name in values and getattr(policy, name) != default:
            found.append(
                f"{name} {in_words(value)}" + (f" (default {in_words(default)})" if default not in (None, ()) else "")
            )
    return found


def summary(scenario: Scenario, given: str, width: int) -> str:
    """The short form of the scenario that was ``given`` by name or path, in lines of a width."""
    plain, baseline = scenario.resolved(), Scenario.load("baseline").resolved()

    def wrapped(text: str, indent: str = "", rest: str | None = None) -> list[str]:
        return textwrap.wrap(
            text, max(width, 30), initial_indent=indent, subsequent_indent=indent if rest is None else rest, break_on_hyphens=False
        )  # fmt: skip

    lines = wrapped(f"{scenario.name}: {scenario.title}" if scenario.title else scenario.name)
    lines += wrapped(scenario.question, "  ") if scenario.question else []
    size = f"{scenario.days} days after {scenario.burn_in} of burn-in; {scenario.consumers:,} consumers, each standing for {scenario.weight:,.6g} people"
    lines += ["", *wrapped(f"{size}; seed {scenario.seed}.")]
    lines += ["", "Policies:" if scenario.policies else "No policies: nothing new is done."]
    for number, policy in enumerate(scenario.policies, 1):
        label = f" ({policy.label})" if policy.label else ""
        told = "; ".join([f"{policy.kind}{label} {when(policy)}", *settings(policy)])
        lines += wrapped(f"{told}. {policy.purpose}".strip(), f"  {number}. ", "     ")
    lines += ["", "Columns of its own:"] if scenario.columns else []
    for kind, columns in scenario.columns.items():
        for name, column in columns.items():
            first = "none" if column.allows_nan else in_words(column.default)
            allowed = f"{column.interval}; {first} at first"
            lines += wrapped(f"{kind}.{name}: {column.text} ({column.unit}; {allowed})", "  ", "    ")
    if scenario.budget is not None:
        over = scenario.budget.over if scenario.budget.over == "policies" else ", ".join(scenario.budget.over)
        lines += ["", *wrapped(f"Budget: {scenario.budget.usd:,.0f} USD over {over}.")]
    apart = {name: value for name, value in plain.items() if name not in TOLD_APART}
    changed = list(differences(apart, {name: baseline.get(name) for name in baseline if name not in TOLD_APART}))
    if scenario.name != "baseline":
        lines += ["", "Differs from baseline:" if changed else "Everything else is as in the baseline."]
    for path, mine, theirs in changed:
        lines += wrapped(f"{path}: {in_words(mine)} (baseline {in_words(theirs)})", "  ", "    ")
    lines += ["", *wrapped(f"All values with units and sources: odm show {given} --full")]
    return "\n".join(lines)
