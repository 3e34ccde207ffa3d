"""Which run is which: a run is its scenario in full, its seed and the version of the model; nothing that is equal in these is run twice."""

from __future__ import annotations

import hashlib
import inspect
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim._version import __version__
from sim.kernels import source_hash
from sim.studies.methods.factors import Point, Value, parameter_of
from sim.studies.methods.paths import resolve
from sim.studies.runs.simulate import ModelClass, default_model
from sim.studies.store.record import PACKAGE

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.studies.study import ReadyStudy

_NOT_THE_MODEL = (
    "studies", "study_files", "scenarios", "validation", "evidence/targets", "report", "app", "cli", "__pycache__",
)  # fmt: skip

Changes = tuple[tuple[str, Value], ...]
"""What a point changes in a scenario: paths and values, sorted by path."""


@dataclass(frozen=True, slots=True)
class Order:
    """A run that is wanted: its identity, and what it takes to do it."""

    run: str
    label: str
    changes: Changes
    seed: int

    @property
    def inputs(self) -> str:
        """What the point changes, as JSON."""
        return json.dumps(dict(self.changes), separators=(",", ":"))


@cache
def model_version(model_class: ModelClass | None = None) -> str:
    """Version of the model and hash of all code and data that its numbers depend on."""
    digest = hashlib.sha256(source_hash().encode())
    if model_class is not None and model_class is not default_model():
        module = (
            "__main__" if model_class.__module__ == "__mp_main__" else model_class.__module__
        )  # a script, in a worker
        digest.update(f"{module}.{model_class.__qualname__}".encode())
        digest.update(_source(model_class))
        return f"{model_class.__qualname__} {digest.hexdigest()[:16]}"
    for path in sorted(path for suffix in ("*.py", "*.yaml") for path in PACKAGE.rglob(suffix)):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(_NOT_THE_MODEL):
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{__version__} {digest.hexdigest()[:16]}"


def _source(model_class: ModelClass) -> bytes:
    """The file that a class stands in, or its own text where it was typed into a notebook.

    Where there is neither, the class is another one in every process: nothing can be known of its being the same.
    """
    try:
        path = inspect.getsourcefile(model_class)
        if path is not None and Path(path).is_file():
            return Path(path).read_bytes()
        return inspect.getsource(model_class).encode()
    except (OSError, TypeError):
        return secrets.token_bytes()


def run_id(scenario_digest: str, seed: int, version: str, name: str) -> str:
    """Identity of a run: 128 bits in hexadecimal digits.

    The name of a scenario changes nothing in the model that ships. One of somebody's own may look at it.
    """
    looked_at = "" if version[:1].isdigit() else f"\0{name}"
    return hashlib.sha256(f"{scenario_digest}\0{seed}\0{version}{looked_at}".encode()).hexdigest()[:32]


class Planner:
    """Finds the identity of runs without building each of their scenarios, where only parameters change.

    Parameters
    ----------
    study
        The study.
    version
        Version of the model, from `model_version`.
    """

    def __init__(self, study: ReadyStudy, version: str) -> None:
        self.study, self.version = study, version
        self._bases: dict[str, tuple[Any, Mapping[str, Any], bytes]] = {}
        self._digests: dict[tuple[str, Changes], str] = {}

    def order(self, point: Point, label: str, seed: int) -> Order:
        """The run of a point in a scenario with a seed."""
        changes = tuple(sorted((path, value) for path, value in point.items() if self.study.applies(path, label)))
        name = self.study.scenarios[label].name
        return Order(run_id(self._digest(label, changes), seed, self.version, name), label, changes, seed)

    def _digest(self, label: str, changes: Changes) -> str:
        key = (label, changes)
        if key not in self._digests:
            scenario = self.study.scenarios[label]
            if changes and all(parameter_of(path) is not None for path, _ in changes):
                self._digests[key] = self._parameters_changed(label, changes)
            else:
                self._digests[key] = resolve(scenario, changes).digest
        return self._digests[key]

    def _parameters_changed(self, label: str, changes: Changes) -> str:
        """What `Scenario.digest` gives after the changes, a hundred times as fast."""
        if label not in self._bases:
            self._bases[label] = _around_parameters(self.study.scenarios[label])
        before, parameters, after = self._bases[label]
        changed = {group: dict(values) for group, values in parameters.items()}
        for path, value in changes:
            group, name = path.removeprefix("parameters.").split(".")
            changed[group][name] = float(value)
        digest = before.copy()
        digest.update(json.dumps(changed, sort_keys=True, separators=(",", ":")).encode() + after)
        return digest.hexdigest()


def _around_parameters(scenario: Scenario) -> tuple[Any, Mapping[str, Any], bytes]:
    """The hash of what stands before the parameters in a scenario's canonical text, the parameters, and what stands behind."""
    parameters = scenario.resolved()["parameters"]
    text = scenario.canonical()
    middle = f'"parameters":{json.dumps(parameters, sort_keys=True, separators=(",", ":"))}'
    start = text.index(middle) + len('"parameters":')
    return (
        hashlib.sha256(text[:start].encode()),
        parameters,
        text[start + len(middle) - len('"parameters":') :].encode(),
    )
