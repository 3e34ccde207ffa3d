"""What a scenario holds: its sections, complete and checked, and what follows from them without looking anywhere else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field, SkipValidation

from sim.evidence.parameters import load_parameters
from sim.evidence.tables import Jurisdiction, Substance
from sim.scenario import own_code
from sim.scenario.errors import ScenarioError, no_such_name
from sim.scenario.policies import Budget
from sim.scenario.sections import Platforms
from sim.scenario.settings import Settings, Submodels


class Content(Settings):
    """Everything that a run is made of, as `Scenario` completes and checks it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    parameters: SkipValidation[Mapping[str, Mapping[str, float]]] = Field(description="value of every parameter")
    substances: SkipValidation[Mapping[str, Substance]] = Field(description="table of substances")
    jurisdictions: SkipValidation[Mapping[str, Jurisdiction]] = Field(description="table of jurisdictions")
    platforms: SkipValidation[Platforms] = Field(description="platforms open at the start")
    submodels: SkipValidation[Submodels] = Field(description="the rule of each part on which ideas contest")
    policies: SkipValidation[tuple[Any, ...]] = Field(description="policies, in order")
    budget: SkipValidation[Budget | None] = Field(default=None, description="money that policies may cost")
    uses: SkipValidation[tuple[own_code.OwnFile, ...]] = Field(description="files of the author's own code")
    agents: SkipValidation[Mapping[str, str]] = Field(description="own classes in the place of kinds of agent")

    columns: SkipValidation[Mapping[str, Mapping[str, Any]]] = Field(description="own columns of kinds of agent")

    def resolved(self) -> dict[str, Any]:
        """Everything, defaults included, as plain data; `Scenario.load` takes it back."""
        content: dict[str, Any] = {name: getattr(self, name) for name in Settings.model_fields}
        content["day0"] = None if self.day0 is None else self.day0.isoformat()
        content["parameters"] = {group: dict(values) for group, values in self.parameters.items()}
        content["substances"] = {name: row.fields() for name, row in self.substances.items()}
        content["jurisdictions"] = {name: row.fields() for name, row in self.jurisdictions.items()}
        content["platforms"] = self.platforms.model_dump(mode="json")
        content["submodels"] = self.submodels.model_dump(mode="json")
        content["policies"] = [policy.model_dump(mode="json", by_alias=True) for policy in self.policies]
        if self.budget is not None:
            content["budget"] = self.budget.model_dump(mode="json")
        content["uses"] = [{"file": used.file, "sha256": used.sha256} for used in self.uses]
        content["agents"] = dict(self.agents)
        content["columns"] = {
            kind: {name: column.to_dict() for name, column in columns.items()} for kind, columns in self.columns.items()
        }
        return content

    def canonical(self) -> str:
        """Everything that a run depends on as JSON with sorted keys: all but name, title, question and what is only told."""
        content = {key: value for key, value in self.resolved().items() if key not in ("name", "title", "question")}
        for row in (*content["substances"].values(), *content["jurisdictions"].values()):
            del row["source"]
        content["uses"] = sorted(used.sha256 for used in self.uses)
        for column in (column for columns in content["columns"].values() for column in columns.values()):
            del column["text"], column["unit"]
        if self.submodels == Submodels():  # what the usual rules are is part of the model
            del content["submodels"]
        for name in ("uses", "agents", "columns", "day0"):
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
        return own_code.agent_classes(self.uses, self.agents)

    def parameters_for(self, group: str) -> Any:
        """The parameters of a group as its named tuple, ready for a kernel.

        Raises
        ------
        ScenarioError
            when there is no such group.
        """
        groups = load_parameters().groups
        if group not in groups:
            raise ScenarioError([no_such_name("parameters", group, groups)], self.name)
        return groups[group](**self.parameters[group])
