"""What was compared: each scenario with every setting that differs from its default, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.evidence.parameters import load_parameters
from sim.evidence.sources import cited, load_sources
from sim.report.text.values import differences, in_words
from sim.studies.kinds import WORLD

if TYPE_CHECKING:
    from sim.policies.base import Policy
    from sim.report.parts.material import Material
    from sim.scenario import Scenario

SIZES = ("days", "burn_in", "consumers", "people", "day0", "budget")
"""What else a scenario sets, besides its policies and its world."""
MOST, DECIDING = 40, 15
"""Settings of a world, and assumed ones of policies, that are listed."""


class Setting(NamedTuple):
    """A setting that is not at its default: its name, value, default, and what it means."""

    name: str
    value: str
    default: str
    words: str


class Measure(NamedTuple):
    """A policy of a scenario: what it is called, what for, from when to when, what is known of it, how it can fail, and its settings."""

    name: str
    purpose: str
    when: str
    evidence: str
    can_fail: str
    settings: tuple[Setting, ...]


class Compared(NamedTuple):
    """A scenario: its policies, and in what else it differs from the baseline, or a baseline from the shipped one."""

    label: str
    title: str
    question: str
    measures: tuple[Measure, ...]
    besides: tuple[Setting, ...]
    more: int


def compared(material: Material) -> list[Compared]:
    """Every scenario with what is set in it."""
    first = material.first.resolved()
    return [_compared(label, scenario, material, first) for label, scenario in material.scenarios.items()]


def _compared(label: str, scenario: Scenario, material: Material, first: Mapping[str, Any]) -> Compared:
    theirs = _defaults() if label == material.baseline else first
    mine = scenario.resolved()
    differing = [
        Setting(path, in_words(here), in_words(there), _meaning(path))
        for name in (*SIZES, *WORLD)
        for path, here, there in differences(mine.get(name), theirs.get(name), name)
    ]
    question = " ".join(scenario.question.split())
    measures = tuple(_measure(policy, scenario.day0) for policy in scenario.policies)
    return Compared(label, scenario.title, question, measures, tuple(differing[:MOST]), max(0, len(differing) - MOST))


def _meaning(path: str) -> str:
    """What a parameter is, with its unit; nothing for what is none."""
    spec = load_parameters().specs.get(path.removeprefix("parameters."))
    return f"{spec.text} ({spec.unit})" if spec is not None else ""


def sources(measure: Measure) -> list[str]:
    """The published facts that the evidence of a policy cites, a line each."""
    found = [load_sources().get(key) for key in cited(measure.evidence)]
    return [f"[{s.id}] {s.quantity}: {s.value}. {s.source} ({s.status})" for s in found if s is not None]


def _defaults() -> Mapping[str, Any]:
    from sim.scenario import Scenario

    return Scenario.load("baseline").resolved()


def _measure(policy: Policy, day0: date | None) -> Measure:
    kind = type(policy)
    values = policy.model_dump(mode="json", by_alias=True)
    settings = []
    for name, field in kind.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if name in ("kind", "label", "start", "end") or getattr(policy, name) == default:
            continue
        settings.append(Setting(name, in_words(values.get(field.alias or name)), in_words(default), field.description or ""))  # fmt: skip
    name = policy.kind.replace("_", " ") + (f" ({policy.label})" if policy.label else "")
    return Measure(name, kind.purpose, _when(policy, day0), kind.evidence, kind.can_fail, tuple(settings))


def _when(policy: Policy, day0: date | None) -> str:
    def day(number: int) -> str:
        return f"day {number}" if day0 is None else (day0 + timedelta(number)).isoformat()

    words = f"from {day(policy.start)}" + (f" to {day(policy.end - 1)}" if policy.end is not None else " to the end")
    after, when = getattr(policy, "after", None), getattr(policy, "when", None)
    if after is not None:
        words = f"{after.days} days after {after.policy}; {words}"
    return words + ("; when its condition holds" if when is not None else "")


def deciding(material: Material) -> list[str]:
    """Settings of the policies that are assumed, by their own descriptions, and held at one value: nothing here says what others would give."""
    varied = {factor.path.removeprefix("policies.") for factor in (*material.levers, *material.uncertainties)}
    found: dict[str, str] = {}
    for scenario in material.scenarios.values():
        for policy in scenario.policies:
            for name, field in type(policy).model_fields.items():
                path, words = f"{policy.kind}.{name}", field.description or ""
                if "assumed" in words and path not in varied:
                    found[f"{path} = {in_words(getattr(policy, name))}"] = words
    lines = [f"`{setting}`: {words}" for setting, words in found.items()]
    return lines[:DECIDING] + (
        [f"and {len(lines) - DECIDING} more: `odm show SCENARIO --full` has all"] if len(lines) > DECIDING else []
    )
