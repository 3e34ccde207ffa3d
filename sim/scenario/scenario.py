"""A scenario: everything that a run is made of, checked at the edge, complete, frozen, and identified by a hash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, cast

from sim.evidence.parameters import load_parameters
from sim.evidence.tables import Jurisdiction, Substance, jurisdiction_rows, substance_rows
from sim.scenario import files, overrides, own_code, sections, yaml_text
from sim.scenario.content import Content
from sim.scenario.errors import Faults, Problem, ScenarioError, no_such_name
from sim.scenario.plain import plain_data
from sim.scenario.policies import budget, policies
from sim.scenario.reading import read_yaml
from sim.scenario.settings import Settings, days_as_number, length, people, submodels, widest


class Frozen(dict[str, Any]):
    """A mapping that stays as it was made."""

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a scenario does not change; use scenario.override([...]) or scenario.with_(...)")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Frozen, (dict(self),)


class Scenario(Content):
    """Everything that a run is made of.

    Built from the mapping that a YAML file holds; what it leaves out takes the published or assumed default.

    Parameters
    ----------
    content, **fields
        name, title, question, seed, days, day0, burn_in, consumers, people (or weight), parameters, substances,
        jurisdictions, platforms, submodels, policies, budget, uses, agents, columns, extends.

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

    def __init__(self, content: Mapping[str, Any] | None = None, /, **fields: Any) -> None:
        super().__init__(**_complete({**({} if content is None else content), **fields}))

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (own_code.Code(self.uses), self.__getstate__())

    @classmethod
    def load(
        cls,
        source: str | PathLike[str] | Mapping[str, Any] | Scenario,
        search: files.Search = None,
        beside: Path | None = None,
    ) -> Scenario:
        """A scenario by name, from a YAML file, or from the mapping that such a file holds.

        Parameters
        ----------
        source
            a name under ``experiments/scenarios``, the path of a file, or a mapping. A scenario is returned as it is.
        search
            folder or folders to look for names in first.
        beside
            folder that relative paths start from, here and in a mapping, when not the current one.

        Raises
        ------
        ScenarioError
            when there is no such scenario, or anything in it is wrong.
        """
        if isinstance(source, Scenario):
            return source
        if hasattr(source, "to_dict"):  # a row of a data frame
            source = cast(Any, source).to_dict()
        if isinstance(source, Mapping):
            return cls(files.flatten(source, search, beside))
        if not isinstance(source, str | PathLike):
            raise ScenarioError([Problem("", f"a {type(source).__name__}", "a scenario's name, path or mapping")])
        path = files.find(source, search, beside)
        return cls(files.flatten(read_yaml(path), search, path.parent, (str(path.resolve()),)))

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
            when a path leads nowhere, two lead to one place, or a value is not allowed.
        """
        content = self.resolved()
        problems = overrides.apply(content, changes, SCENARIO_KEYS)
        try:
            changed = Scenario(content)
        except ScenarioError as error:
            raise ScenarioError([*problems, *error.problems], self.name) from None
        if problems:
            raise ScenarioError(problems, self.name)
        return changed

    def place(self, path: str) -> overrides.Place:
        """Where a path of `override` leads: equal for all paths that lead to one value.

        Examples
        --------
        >>> scenario = Scenario()
        >>> scenario.place("choice.habit") == scenario.place("parameters.choice.habit")
        True
        """
        policies = [{"label": getattr(policy, "label", None), "kind": policy.kind} for policy in self.policies]
        return overrides.place({"policies": policies}, path.strip().split("."), SCENARIO_KEYS)

    def to_yaml(self, sources: bool = True) -> str:
        """Everything as YAML; with `sources`, each value's unit and source behind it."""
        return yaml_text.write(self, sources)


def _unpickled(_: own_code.Code, state: dict[Any, Any]) -> Scenario:
    """A scenario as it was pickled; its author's own code was loaded on the way."""
    scenario = Scenario.__new__(Scenario)
    scenario.__setstate__(state)
    return scenario


def list_scenarios(search: files.Search = None) -> list[tuple[str, str, str]]:
    """Name, title and question of every scenario that can be loaded by name; for a file that cannot be read, why."""
    found: list[tuple[str, str, str]] = []
    for name, path in files.scenario_files(search).items():
        try:
            content = read_yaml(path)
            found.append((name, str(content.get("title", "")), " ".join(str(content.get("question", "")).split())))
        except ScenarioError as error:
            found.append((name, "", str(error.problems[0])))
    return found


SCENARIO_KEYS = (*Scenario.model_fields, "weight", "extends")
"""Keys that a scenario file may have."""


def _complete(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a scenario from what its author gave: checked, and with every default filled in."""
    problems = Faults()
    given = plain_data(content, problems) or {}
    document = files.flatten(given, None, None)
    if document != given:  # other files came in
        document = plain_data(document, problems) or {}
    name = str(document.get("name", ""))[:80]
    problems += (no_such_name(key, key, SCENARIO_KEYS) for key in document if key not in SCENARIO_KEYS)
    document = {key: value for key, value in document.items() if value is not None}
    weight = document.pop("weight", None)
    plain = {key: document[key] for key in Settings.model_fields if key in document}
    plain = days_as_number(plain, problems)
    settings = sections.check(Settings, plain, "", problems)
    base = settings or widest(plain)
    length(settings, problems)
    shipped = jurisdiction_rows()
    parts: dict[str, Any] = {
        "parameters": sections.parameters(document, load_parameters(), problems),
        "substances": sections.rows(document, "substances", Substance, substance_rows(), problems),
        "jurisdictions": sections.rows(document, "jurisdictions", Jurisdiction, shipped, problems),
        "platforms": sections.platforms(document, problems),
        "submodels": submodels(document, problems),
    }
    parts["uses"] = own_code.files(document, problems)
    parts["agents"] = own_code.agents(document, parts["uses"], problems)
    parts["columns"] = {kind: Frozen(own) for kind, own in sections.own_columns(document, problems).items()}
    kinds = own_code.policy_kinds(parts["uses"], problems)
    tables = {
        "jurisdictions": list(dict.fromkeys([*shipped, *parts["jurisdictions"]])),
        "substances": list(dict.fromkeys([*substance_rows(), *parts["substances"]])),
    }
    parts["policies"] = policies(document, kinds, base, tables, problems)
    parts["budget"] = budget(document, parts["policies"], problems)
    sections.cross_check(document, parts, shipped, problems)
    if weight is not None:
        base = base.model_copy(update={"people": people(weight, base, document, problems)})
    if problems:
        raise ScenarioError(own_code.causes(problems), name)
    parts["parameters"] = {group: Frozen(values) for group, values in parts["parameters"].items()}
    parts |= {name: Frozen(parts[name]) for name in ("parameters", "substances", "jurisdictions", "agents", "columns")}
    return {**base.model_dump(), **parts}
