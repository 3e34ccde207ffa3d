"""What a calibration file says: targets, parameters, the size of worlds, and how much is run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sim.evidence.parameters import load_parameters
from sim.scenario import Problem, ScenarioError, no_such_name, plain_data, read_yaml
from sim.studies.matching.wave import Plan
from sim.studies.methods.factors import Factor, complete
from sim.studies.study_checks import read_model
from sim.studies.validation.files import TargetsError, load
from sim.studies.validation.measuring import asked_views
from sim.studies.validation.targets import Targets

FEWEST = 2
"""Parameters that can be calibrated at least."""


class CalibrationError(ScenarioError):
    """A calibration that cannot be done."""

    def __str__(self) -> str:
        return self.told("calibration", f" in calibration {self.name!r}" if self.name else " in the calibration")


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Screen(_Plain):
    """Section `screen`: which parameters are calibrated, found by runs in which all that may be move at once."""

    points: int = Field(default=1000, ge=30, le=100_000, description="points of the design, one run each")
    span: float = Field(
        default=0.5, gt=0, le=1, description="share of its plausible range, around its default, that a parameter takes"
    )
    fewest: int = Field(default=20, ge=FEWEST, le=1_000, description="parameters that are calibrated at least")
    most: int = Field(default=60, ge=FEWEST, le=1_000, description="and at most")


class CalibrationFile(_Plain):
    """A calibration file."""

    name: str = Field(default="calibration", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=80, description="name")
    targets: str | dict[str, Any] | None = Field(
        default=None, description="targets file, beside this one, or its content; by default the targets that ship"
    )
    worlds: tuple[str, ...] = Field(
        default=(),
        max_length=1_000,
        description="worlds whose targets are fitted to; by default all, each a run more for every point and seed",
    )
    parameters: tuple[str, ...] = Field(
        default=(), max_length=1_000, description="parameters, or groups of them; by default all"
    )
    span: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="share of its plausible range, around its default, in which each is looked for",
    )
    screen: Screen | None = Field(
        default_factory=Screen,
        description="how those that move targets are picked; nothing where all that are named are calibrated",
    )
    consumers: int | None = Field(default=None, ge=100, le=10_000_000, description="simulated consumers of every world")
    seed: int = Field(default=1, ge=0, lt=2**63, description="seed of the first replicate, and of every draw")
    points: int = Field(default=200, ge=20, le=100_000, description="points of a wave")
    waves: int = Field(default=5, ge=1, le=20, description="waves")
    replicates: int = Field(
        default=4,
        ge=1,
        le=1_000,
        description="runs of each point, each with a seed that no other point of its wave has",
    )
    cut: float = Field(default=3.0, gt=0, le=100, description="standard deviations from a target that rule a point out")
    ignored: int = Field(default=2, ge=0, le=100, description="targets that may be missed by more than that")
    discrepancy: float = Field(
        default=0.5, ge=0, le=100,
        description="what the model cannot be expected to get right, in standard errors of a target; its range is read as its 95 % interval",
    )  # fmt: skip
    walkers: int = Field(default=1000, ge=100, le=1_000_000, description="places that are sampled at a time")
    sweeps: int = Field(default=15, ge=1, le=1_000, description="moves of each at every step")
    members: int = Field(default=200, ge=10, le=100_000, description="parameter sets of the ensemble")


@dataclass(frozen=True)
class Calibration:
    """A calibration that can be done: its file, targets for calibration only, and the parameters with their ranges.

    Attributes
    ----------
    file, targets
        What is done, and what is fitted to.
    left_out
        Targets for calibration in worlds that are not run.
    factors
        Parameters that are calibrated, or from which screening picks.
    """

    file: CalibrationFile
    targets: Targets
    factors: tuple[Factor, ...]
    left_out: tuple[str, ...] = ()

    @property
    def plan(self) -> Plan:
        """How places are looked for."""
        f = self.file
        return Plan(f.points, f.waves, f.cut, f.ignored, f.discrepancy, f.walkers, f.sweeps, f.members, f.seed)

    def stages(self, worlds: int) -> dict[str, int]:
        """Runs of each stage, given how many scenarios the targets need."""
        f = self.file
        screen = {} if f.screen is None else {"screening": f.screen.points * worlds}
        waves = {f"wave {k + 1}": f.points * f.replicates * worlds for k in range(f.waves)}
        return {"defaults": f.replicates * worlds, **screen, **waves, "members": f.members * f.replicates * worlds}

    @property
    def seeds(self) -> int:
        """Seeds that runs take, from that of the file on: those of the points of a wave, in every wave, and of the members after them."""
        f = self.file
        return max(f.replicates * (f.points + f.members), 0 if f.screen is None else f.screen.points)

    def describe(self) -> dict[str, Any]:
        """All that decides what is run and how it is read, as plain data."""
        found = self.file.model_dump(mode="json", exclude={"targets"})
        asked = {
            t.id: [t.question, t.value, t.low, t.high, t.unit, t.compare, t.fewest, t.least] for t in self.targets.all
        }
        views = asked_views(self.targets.all, self.targets.views)
        return {**found, "measured": json.loads(json.dumps(asked)), "views": views}


def load_calibration(
    source: str | PathLike[str] | Mapping[str, Any], changes: Sequence[tuple[str, Any]] = ()
) -> Calibration:
    """The calibration of a file, or of the mapping that one holds.

    Parameters
    ----------
    source
        The file.
    changes
        Keys, with dots between (`screen.points`), and their values in the place of those of the file.

    Raises
    ------
    CalibrationError
        With every problem at once.
    TargetsError
        If the targets are not as they must be.
    """
    folder, name = Path(), ""
    content: Mapping[str, Any]
    if isinstance(source, Mapping):
        content = source
    else:
        path = Path(source)
        folder, name = path.parent, path.name
        try:
            content = read_yaml(path)
        except ScenarioError as error:
            raise CalibrationError(
                [Problem(p.path, p.given, "a calibration file in YAML") for p in error.problems], name
            ) from None
    problems: list[Problem] = []
    plain = dict(plain_data(content, problems) or {})
    for key, value in changes:
        _put(plain, key, value)
    file = None if problems else read_model(CalibrationFile, plain, "", problems)
    if file is None:
        raise CalibrationError(problems, name)
    factors = _factors(file, problems)
    if file.screen is not None and file.screen.fewest > file.screen.most:
        problems.append(Problem("screen.fewest", str(file.screen.fewest), f"at most screen.most, {file.screen.most}"))
    if len(factors) < FEWEST and not problems:
        problems.append(Problem("parameters", f"{len(factors)}", f"{FEWEST} or more"))
    if problems:
        raise CalibrationError(problems, name)
    given = file.targets
    chosen = load(folder / given if isinstance(given, str) else given).of(uses=("calibration",))
    if not len(chosen):
        raise TargetsError([Problem("targets", "none for calibration", "one or more with `use: calibration`")], name)
    worlds = list(dict.fromkeys(target.world for target in chosen.all))
    unknown = [no_such_name(f"worlds.{k}", given, worlds) for k, given in enumerate(file.worlds) if given not in worlds]
    if unknown:
        raise CalibrationError(unknown, name)
    factors = factors if file.span == 1.0 else narrowed(factors, file.span)
    inside = [target.id for target in chosen.all if not file.worlds or target.world in file.worlds]
    left_out = tuple(target.id for target in chosen.all if target.id not in inside)
    return Calibration(file, chosen.of(ids=inside), factors, left_out)


def _put(plain: dict[str, Any], key: str, value: Any) -> None:
    first, _, rest = key.partition(".")
    if rest:
        inner = dict(plain[first]) if isinstance(plain.get(first), dict) else {}
        _put(inner, rest, value)
        value = inner
    plain[first] = value


def _factors(file: CalibrationFile, problems: list[Problem]) -> tuple[Factor, ...]:
    """The parameters that are named, each with its plausible range."""
    specs = load_parameters().specs
    groups: dict[str, list[str]] = {}
    for path, spec in specs.items():
        groups.setdefault(spec.group, []).append(path)
    paths: dict[str, None] = {}
    for k, name in enumerate(file.parameters or groups):
        if name not in specs and name not in groups:
            problems.append(no_such_name(f"parameters.{k}", name, [*groups, *specs]))
        paths |= dict.fromkeys(groups.get(name, [name] if name in specs else []))
    return tuple(
        complete(Factor(path=path), f"parameters.{path}", problems)
        for path in paths
        if specs[path].low < specs[path].high
    )


def narrowed(factors: Sequence[Factor], span: float) -> tuple[Factor, ...]:
    """Parameters over a share of their ranges around their defaults."""
    specs = load_parameters().specs
    found = []
    for factor in factors:
        low, high = factor.bounds
        value = min(max(specs[factor.path].value, low), high)
        if factor.distribution == "loguniform":
            ends = (low**span * value ** (1 - span), high**span * value ** (1 - span))
        elif factor.distribution == "integer":
            ends = (float(round(value - span * (value - low))), float(round(value + span * (high - value))))
            ends = ends if ends[0] < ends[1] else (low, high)
        else:
            ends = (value - span * (value - low), value + span * (high - value))
        found.append(factor.model_copy(update={"low": ends[0], "high": ends[1]}))
    return tuple(found)
