"""What somebody asks on the page, as plain data: a world, packages of interventions, a size; and the study that it is."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sim.registry import policy_kinds
from sim.scenario import Problem, Scenario, ScenarioError, no_own_code, scenario_files
from sim.studies.execution.identity import model_version
from sim.studies.study_files import Study

if TYPE_CHECKING:
    from sim.studies.study import ReadyStudy

MOST_PACKAGES = 4
MOST_INTERVENTIONS = 20
FREE = ("name", "title", "question", "policies", "consumers", "days", "seed")
"""Keys of a scenario that are no part of the world in which packages are compared."""
FORBIDDEN = ("uses", "agents", "columns")
HARM = ("deaths_expected", "overdoses_expected", "violence_expected")
DAILY = ("orders_licensed_pharmacy", "orders_illicit_pharmacy", "orders_social_app", "orders_cryptomarket", "orders_direct", "orders_street", *HARM)  # fmt: skip
"""Outcomes whose days are kept: trade by channel, and harm."""
BY = ("segment", "jurisdiction")
NOTHING = "no-new-intervention"

Entry = Mapping[str, Any]
"""An intervention as a scenario file has it."""


@dataclass(frozen=True)
class Package:
    """Interventions that are done together.

    Attributes
    ----------
    name
        What people call it.
    policies
        Each as a scenario file has it.
    """

    name: str
    policies: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Size:
    """How large a comparison is: simulated consumers, days, and pairs of runs."""

    consumers: int = 5000
    days: int = 730
    pairs: int = 8


@dataclass(frozen=True)
class Plan:
    """A comparison of packages with nothing new.

    Attributes
    ----------
    question
        In words.
    world
        Keys of a scenario that all packages share, `extends` among them.
    happens
        What comes from outside in all of them, the baseline too.
    packages
        What is compared with the baseline.
    size
        See `Size`.
    """

    question: str = ""
    world: Mapping[str, Any] = field(default_factory=lambda: {"extends": "baseline"})
    happens: tuple[Entry, ...] = ()
    packages: tuple[Package, ...] = ()
    size: Size = Size()

    def study(self) -> dict[str, Any]:
        """The study file that it is, as plain data."""
        return {
            "name": "comparison",
            "title": " / ".join(package.name for package in self.packages)[:200],
            "question": self.question[:5000],
            "kind": "compare",
            "scenarios": [self._scenario(NOTHING, "", ()), *map(self.scenario, range(len(self.packages)))],
            "daily": list(DAILY),
            "by": list(BY),
            "replications": self.size.pairs,
            "seed": 1,
        }

    @property
    def begins_with(self) -> dict[str, Any]:
        """World, seed and groupings of its first pair of runs, as `sim.studies.execution.batches.be_ahead` takes them."""
        study = self.study()
        return {"scenario": study["scenarios"][0], "seed": study["seed"], "by": study["by"]}

    def scenario(self, number: int) -> dict[str, Any]:
        """The scenario file of a package, as plain data."""
        package = self.packages[number]
        return self._scenario(self.labels[number], package.name, package.policies)

    def _scenario(self, label: str, title: str, policies: tuple[Entry, ...]) -> dict[str, Any]:
        return {
            "name": label,
            **({"title": title[:200]} if title else {}),
            **self.world,
            "consumers": self.size.consumers,
            "days": self.size.days,
            "policies": [dict(entry) for entry in (*self.happens, *policies)],
        }

    @property
    def labels(self) -> list[str]:
        """A name for each package that files and tables can have, each another."""
        found: list[str] = []
        for number, package in enumerate(self.packages, 1):
            label = re.sub(r"[^a-z0-9]+", "-", package.name.lower()).strip("-")[:40].strip("-") or f"package-{number}"
            found.append(f"{label}-{number}" if label in (*found, NOTHING) else label)
        return found

    @property
    def identity(self) -> str:
        """What a link to it holds: the same question, size and model have the same one."""
        text = json.dumps([self.study(), model_version()], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    def ready(self) -> ReadyStudy:
        """The study, checked.

        Raises
        ------
        ScenarioError
            With all that is wrong with it.
        """
        if not any(package.policies for package in self.packages):
            raise ScenarioError([Problem("packages", "no intervention", "one intervention at least")])
        with no_own_code():
            return Study.load(self.study())

    def with_package(self, number: int, package: Package | None) -> Plan:
        """The same with another package in a place, one more behind the last, or one fewer."""
        packages = list(self.packages)
        packages[number : number + 1] = [] if package is None else [package]
        return replace(self, packages=tuple(packages))

    def adding(self, number: int, kind: str) -> Plan:
        """The same with one more intervention in a package, as it is by default, from the start of the second quarter."""
        package = self.packages[number]
        if len(package.policies) >= MOST_INTERVENTIONS:
            return self
        entry = {"kind": kind, "start": self.size.days // 4, **_required(kind)}
        return self.with_package(number, replace(package, policies=(*package.policies, entry)))

    def without(self, number: int, place: int) -> Plan:
        """The same without an intervention."""
        package = self.packages[number]
        left = (*package.policies[:place], *package.policies[place + 1 :])
        return self.with_package(number, replace(package, policies=left))

    def setting(self, number: int, place: int, path: str, value: Any) -> Plan:
        """The same with a setting of an intervention changed; ``when.above`` is one inside another; None takes it out."""
        package = self.packages[number]
        entry = _put(dict(package.policies[place]), path.split("."), value)
        policies = (*package.policies[:place], entry, *package.policies[place + 1 :])
        return self.with_package(number, replace(package, policies=policies))


def _required(kind: str) -> dict[str, Any]:
    """What an intervention cannot do without and has no default: the first substance of the table."""
    import_module("sim.policies")
    from sim.evidence.tables import load_substances

    fields = policy_kinds()[kind].model_fields
    first = next(iter(load_substances()))
    return {name: first for name, found in fields.items() if found.is_required() and name != "kind"}


def _put(entry: dict[str, Any], steps: list[str], value: Any) -> dict[str, Any]:
    first, *rest = steps
    if rest:
        value = _put(dict(entry.get(first) or {}), rest, value) or None
    if value is None:
        entry.pop(first, None)
        return entry
    return {**entry, first: value}


@cache
def _shocks() -> frozenset[str]:
    import_module("sim.policies")
    return frozenset(
        kind for kind, model in policy_kinds().items() if getattr(model, "exogenous", False) or getattr(model, "imposed", False)
    )  # fmt: skip


def parts_of(content: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Entry, ...], tuple[Entry, ...]]:
    """The world, what happens anyway, and the interventions of a scenario as its file has it."""
    content = dict(content)
    policies = tuple(content.get("policies") or ())
    outside = tuple(entry for entry in policies if isinstance(entry, Mapping) and entry.get("kind") in _shocks())
    if len(outside) == len(policies):  # a shock by itself is what is looked at
        outside = ()
    world = {key: value for key, value in content.items() if key not in FREE}
    return {"extends": "baseline", **world}, outside, tuple(entry for entry in policies if entry not in outside)


def shipped(name: str) -> dict[str, Any]:
    """The content of a scenario that ships, as its file has it; one that others extend for their world is extended, not copied.

    Raises
    ------
    ScenarioError
        If there is none of that name.
    """
    from sim.scenario import read_yaml

    files = scenario_files()
    if name not in files:
        raise ScenarioError([Problem("scenario", repr(name), "the name of a scenario that ships")])
    return read_yaml(files[name])


def checked(content: Any) -> dict[str, Any]:
    """A scenario that somebody brought, if the page takes it.

    Raises
    ------
    ScenarioError
        If it is none, uses code or other files, or holds what is not allowed.
    """
    if not isinstance(content, Mapping):
        raise ScenarioError([Problem("", "no mapping", "a scenario, for example one that this page saved")])
    problems = [
        Problem(key, "given", "nothing: the page runs no code of others") for key in FORBIDDEN if content.get(key)
    ]
    if problems:
        raise ScenarioError(problems)
    with no_own_code():
        Scenario.load(content)
    return dict(content)


def from_scenario(content: Mapping[str, Any], size: Size | None = None) -> Plan:
    """The plan that starts from a scenario: its world, and one package that does what it does."""
    content = _in_days(content)
    world, happens, policies = parts_of(content)
    name = str(content.get("title") or content.get("name") or "")
    packages = (Package(name, policies),) if policies else ()
    size = size or replace(Size(), days=int(content.get("days", Size.days)))
    return Plan(" ".join(str(content.get("question", "")).split()), world, happens, packages, size)


def _in_days(content: Mapping[str, Any]) -> dict[str, Any]:
    """A scenario whose interventions start and end on days, where its file gives dates."""
    day0 = content.get("day0")
    if day0 is None:
        return dict(content)
    first = date.fromisoformat(str(day0))
    policies = []
    for entry in content.get("policies") or ():
        dates = {
            key: (date.fromisoformat(str(entry[key])) - first).days
            for key in ("start", "end")
            if isinstance(entry.get(key), str | date)
        }
        policies.append({**entry, **dates})
    return {**content, "day0": str(day0), "policies": policies}


def from_study(content: Mapping[str, Any]) -> Plan:
    """The plan behind a study file that the page wrote."""
    first, *others = content["scenarios"]
    known = [dict(entry) for entry in first["policies"]]
    packages = tuple(
        Package(str(each.get("title", each["name"])), tuple(map(dict, each["policies"][len(known) :])))
        for each in others
    )
    world = {key: value for key, value in first.items() if key not in FREE}
    size = Size(int(first["consumers"]), int(first["days"]), int(content["replications"]))
    return Plan(str(content.get("question", "")), world, tuple(known), packages, size)


def default() -> Plan:
    """What the page asks when nobody has asked anything: the closing of a market against drug checking."""
    first, second = (from_scenario(shipped(name)) for name in ("takedown", "harm-reduction"))
    return replace(first, packages=(*first.packages, *second.packages))
