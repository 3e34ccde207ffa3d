"""A scenario: everything that a run is made of, checked at the edge, complete, frozen, and identified by a hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

from pydantic import ConfigDict, Field, SkipValidation

from sim.evidence.parameters import load_parameters
from sim.evidence.tables import Jurisdiction, Substance, jurisdiction_rows, substance_rows
from sim.registry import policy_kinds, register_policy
from sim.scenario import files, overrides, sections
from sim.scenario import own_code as own
from sim.scenario import policies as scenario_policies
from sim.scenario.errors import Problem, ScenarioError, unknown
from sim.scenario.plain import plain
from sim.scenario.sections import Platforms
from sim.scenario.settings import PEOPLE, Settings, length, people, widest

__all__ = [
    "PEOPLE",
    "Platforms",
    "Problem",
    "Scenario",
    "ScenarioError",
    "Settings",
    "list_scenarios",
    "policy_kinds",
    "register_policy",
]


class Frozen(dict[str, Any]):
    """A mapping that stays as it was made."""

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a scenario does not change; use scenario.override([...]) or scenario.with_(...)")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Frozen, (dict(self),)


class Scenario(Settings):
    """Everything that a run is made of.

    Built from the mapping that a YAML file holds; what it leaves out takes the published or assumed default.

    Parameters
    ----------
    content, **fields
        name, title, question, seed, days, burn_in, consumers, people (or weight), parameters, substances,
        jurisdictions, platforms, policies, uses, agents, extends.

    Raises
    ------
    ScenarioError
        with every problem, when anything is wrong.

    Examples
    --------
    >>> scenario = Scenario(consumers=5000, substances={"cocaine": {"dose_usd": 9}})
    >>> scenario.substances["cocaine"].dose_usd
    9.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    parameters: SkipValidation[Mapping[str, Mapping[str, float]]] = Field(description="value of every parameter")
    substances: SkipValidation[Mapping[str, Substance]] = Field(description="table of substances")
    jurisdictions: SkipValidation[Mapping[str, Jurisdiction]] = Field(description="table of jurisdictions")
    platforms: SkipValidation[Platforms] = Field(description="platforms open at the start")
    policies: SkipValidation[tuple[Any, ...]] = Field(description="policies, in order")
    uses: SkipValidation[tuple[own.OwnFile, ...]] = Field(description="files of the author's own code")
    agents: SkipValidation[Mapping[str, str]] = Field(description="own classes in the place of kinds of agent")

    def __init__(self, content: Mapping[str, Any] | None = None, /, **fields: Any) -> None:
        super().__init__(**_complete({**(content or {}), **fields}))

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (own.Code(self.uses), self.__getstate__())

    @classmethod
    def load(cls, source: str | PathLike[str] | Mapping[str, Any] | Scenario, search: files.Search = None) -> Scenario:
        """A scenario by name, from a YAML file, or from the mapping that such a file holds.

        Parameters
        ----------
        source
            a name under ``experiments/scenarios``, the path of a file, or a mapping. A scenario is returned as it is.
        search
            folder or folders to look for names in first.

        Raises
        ------
        ScenarioError
            when there is no such scenario, or anything in it is wrong.
        """
        if isinstance(source, Scenario):
            return source
        if isinstance(source, Mapping):
            return cls(files.flatten(source, search, None))
        if not isinstance(source, str | PathLike):
            raise ScenarioError([Problem("", f"a {type(source).__name__}", "a scenario's name, path or mapping")])
        path = files.find(source, search)
        return cls(files.flatten(files.read(path), search, path.parent, (str(path.resolve()),)))

    def with_(self, **fields: Any) -> Scenario:
        """The same scenario with other settings; checked like any other.

        Sections (parameters, substances, ...) are merged, everything else is replaced.
        """
        return Scenario(files.merge(self.resolved(), fields))

    def override(self, changes: Iterable[str]) -> Scenario:
        """The same scenario with ``path=value`` changes, as the command line's ``--set`` takes them.

        Parameters
        ----------
        changes
            for example ``consumers=5000``, ``choice.legal_risk_weight=10`` (short for ``parameters.choice...``),
            ``substances.cocaine.dose_usd=9``, ``policies.0.strength=0.5``, ``policies.takedown.publicity=2`` (the first
            of that kind).

        Raises
        ------
        ScenarioError
            when a path leads nowhere or a value is not allowed.
        """
        content = self.resolved()
        problems = overrides.apply(content, changes, KNOWN)
        try:
            changed = Scenario(content)
        except ScenarioError as error:
            raise ScenarioError([*problems, *error.problems], self.name) from None
        if problems:
            raise ScenarioError(problems, self.name)
        return changed

    def resolved(self) -> dict[str, Any]:
        """Everything, defaults included, as plain data; `Scenario.load` takes it back."""
        content: dict[str, Any] = {name: getattr(self, name) for name in Settings.model_fields}
        content["parameters"] = {group: dict(values) for group, values in self.parameters.items()}
        content["substances"] = {name: row.fields() for name, row in self.substances.items()}
        content["jurisdictions"] = {name: row.fields() for name, row in self.jurisdictions.items()}
        content["platforms"] = self.platforms.model_dump(mode="json")
        content["policies"] = [policy.model_dump(mode="json", by_alias=True) for policy in self.policies]
        content["uses"] = [{"file": used.file, "sha256": used.sha256} for used in self.uses]
        content["agents"] = dict(self.agents)
        return content

    def to_yaml(self, sources: bool = True) -> str:
        """Everything as YAML; with `sources`, each value's unit and source behind it."""
        from sim.scenario.yaml_text import write

        return write(self, sources)

    def canonical(self) -> str:
        """Everything that a run depends on as JSON with sorted keys: all but name, title, question and the sources of values."""
        content = {key: value for key, value in self.resolved().items() if key not in ("name", "title", "question")}
        for row in (*content["substances"].values(), *content["jurisdictions"].values()):
            del row["source"]
        content["uses"] = sorted(used.sha256 for used in self.uses)
        for name in ("uses", "agents"):
            if not content[name]:
                del content[name]
        return json.dumps(content, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """SHA-256 of `canonical`."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    @property
    def weight(self) -> float:
        """Real people whom one simulated consumer stands for."""
        return self.people / self.consumers

    @property
    def substance_table(self) -> list[Substance]:
        """The substances in order: a substance's code is its place."""
        return list(self.substances.values())

    @property
    def jurisdiction_table(self) -> list[Jurisdiction]:
        """The jurisdictions in order: a jurisdiction's code is its place."""
        return list(self.jurisdictions.values())

    def agent_classes(self) -> dict[type, type]:
        """The author's own classes, by the class of agent that each takes the place of."""
        return own.agent_classes(self.uses, self.agents)

    def parameters_for(self, group: str) -> Any:
        """The parameters of a group as its named tuple, ready for a kernel.

        Raises
        ------
        ScenarioError
            when there is no such group.
        """
        groups = load_parameters().groups
        if group not in groups:
            raise ScenarioError([unknown("parameters", group, groups)], self.name)
        return groups[group](**self.parameters[group])


def _unpickled(_: own.Code, state: dict[Any, Any]) -> Scenario:
    """A scenario as it was pickled; its author's own code was loaded on the way."""
    scenario = Scenario.__new__(Scenario)
    scenario.__setstate__(state)
    return scenario


def list_scenarios(search: files.Search = None) -> list[tuple[str, str, str]]:
    """Name, title and question of every scenario that can be loaded by name; for a file that cannot be read, why."""
    found: list[tuple[str, str, str]] = []
    for name, path in files.scenario_files(search).items():
        try:
            content = files.read(path)
            found.append((name, str(content.get("title", "")), " ".join(str(content.get("question", "")).split())))
        except ScenarioError as error:
            found.append((name, "", str(error.problems[0])))
    return found


KNOWN = (*Scenario.model_fields, "weight", "extends")
"""Keys that a scenario file may have."""


def _complete(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a scenario from what its author gave: checked, and with every default filled in."""
    problems: list[Problem] = []
    document = files.flatten(plain(content, problems) or {}, None, None)
    name = str(document.get("name", ""))[:80]
    problems += [unknown(key, key, KNOWN) for key in document if key not in KNOWN]
    document = {key: value for key, value in document.items() if value is not None}
    weight = document.pop("weight", None)
    given = {key: document[key] for key in Settings.model_fields if key in document}
    settings = sections.check(Settings, given, "", problems)
    base = settings or widest(given)
    length(settings, problems)
    shipped = jurisdiction_rows()
    parts: dict[str, Any] = {
        "parameters": sections.parameters(document, load_parameters(), problems),
        "substances": sections.rows(document, "substances", Substance, substance_rows(), problems),
        "jurisdictions": sections.rows(document, "jurisdictions", Jurisdiction, shipped, problems),
        "platforms": sections.platforms(document, problems),
    }
    parts["uses"] = own.files(document, problems)
    parts["agents"] = own.agents(document, parts["uses"], problems)
    kinds = own.policy_kinds(parts["uses"], problems)
    tables = {
        "jurisdictions": list(dict.fromkeys([*shipped, *parts["jurisdictions"]])),
        "substances": list(dict.fromkeys([*substance_rows(), *parts["substances"]])),
    }
    parts["policies"] = scenario_policies.policies(document, kinds, base.days, base.burn_in, tables, problems)
    sections.cross_check(document, parts, shipped, problems)
    if weight is not None:
        base = base.model_copy(update={"people": people(weight, base, document, problems)})
    if problems:
        raise ScenarioError(problems, name)
    parts["parameters"] = {group: Frozen(values) for group, values in parts["parameters"].items()}
    parts |= {name: Frozen(parts[name]) for name in ("parameters", "substances", "jurisdictions", "agents")}
    return {**base.model_dump(), **parts}
