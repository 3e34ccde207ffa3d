"""The worlds that targets need, as the study that runs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from sim.scenario import Problem, ScenarioError, own_code_refused, quote, scenario_files
from sim.studies import kinds
from sim.studies.errors import RequestError, at_least, seeds_from
from sim.studies.findings.rivals import Rival, chosen
from sim.studies.methods.paths import assignment, has_path, resolve
from sim.studies.study import MAX_REPLICATIONS, ReadyStudy, StudyFile
from sim.studies.validation.database import WRITTEN
from sim.studies.validation.ensemble import Ensemble
from sim.studies.validation.files import TargetsError
from sim.studies.validation.measuring import check_questions
from sim.studies.validation.targets import Targets, World

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.studies.methods.factors import Point

FRESH = 10_001
"""Seed of the first run of a validation: calibrations use those from 1 on, and what was fitted to their luck is not to be held against it again."""


class Arms(NamedTuple):
    """Labels of the scenarios in which a world is run: with its policies, and without where targets compare the two."""

    runs: str
    without: str | None


def scenario_of(name: str, world: World, consumers: int | None = None) -> Scenario:
    """The scenario of a world; ``consumers`` in the place of its own.

    Raises
    ------
    TargetsError
        If the scenario cannot be had, or not with these changes.
    """
    import_module("sim.policies")
    from sim.scenario import Scenario

    if own_code_refused() and isinstance(world.scenario, str) and world.scenario not in scenario_files():
        wanted = "the name of a scenario that ships: no files here"
        raise TargetsError([Problem(f"worlds.{name}.scenario", quote(world.scenario), wanted)])
    size = {
        "consumers": world.consumers if consumers is None else consumers,
        "days": world.days,
        "burn_in": world.burn_in,
    }
    changes = [f"{key}={value}" for key, value in size.items() if value is not None]
    changes += [assignment(path, value) for path, value in world.set.items()]
    try:
        scenario = Scenario.load(world.scenario)
        return scenario.override(changes) if changes else scenario
    except ScenarioError as error:
        found = [Problem(f"worlds.{name}.{p.path}".strip("."), p.given, p.allowed, p.nearest) for p in error.problems]
        raise TargetsError(found) from None


def planned(
    targets: Targets,
    ensemble: Ensemble,
    runs: int,
    consumers: int | None = None,
    seed: int | None = None,
    submodels: Sequence[str] = (),
) -> tuple[ReadyStudy, dict[str, Arms]]:
    """The study that a validation is, and the scenarios in which each world is run; worlds that are equal are run once.

    Parameters
    ----------
    targets
        What is to be measured.
    ensemble
        Parameter sets; each is run with seeds of its own.
    runs
        Runs of each.
    consumers
        Simulated consumers of every world, in the place of its own.
    seed
        Seed of the first run, by default `FRESH`.
    submodels
        Rival rules under which all is run again; see `sim.studies.findings.rivals.chosen`.

    Raises
    ------
    TargetsError
        If a world cannot be had, or a window or question does not fit.
    RequestError
        If anything else that was asked for is not possible.
    """
    if not len(targets):
        raise RequestError("targets: none is left to be measured")
    scenarios, arms, problems = _worlds(targets, consumers)
    problems += _windows(targets, arms, scenarios)
    problems += _paths(ensemble, scenarios)
    under = chosen(submodels, scenarios, problems)
    if problems:
        raise TargetsError(problems)
    check_questions(targets)
    replications = at_least("runs", runs, 1) * len(ensemble)
    if replications > MAX_REPLICATIONS:
        raise RequestError(f"runs: given {runs} of {len(ensemble)} parameter sets, at most {MAX_REPLICATIONS:,} in all")
    first, *_ = seeds_from(FRESH if seed is None else seed, replications)
    kind = kinds.get("sweep")
    file = StudyFile(
        name="validation",
        kind=kind.name,
        scenarios=tuple(scenarios) or ("none",),
        replications=replications,
        seed=first,
        daily="all",
        exact_daily=True,
        tables=WRITTEN,
        totals="simulated",
    )
    points = ensemble.points if any(ensemble.points) else ()
    if under:
        points = tuple(points_of(ensemble, under))
    return ReadyStudy(file, scenarios, (), (), kind.Settings(), ensemble=points), arms


def _worlds(targets: Targets, consumers: int | None) -> tuple[dict[str, Scenario], dict[str, Arms], list[Problem]]:
    """The scenarios that worlds need, equal ones once, in which of them each world is run, and what is wrong with any."""
    problems: list[Problem] = []
    arms: dict[str, Arms] = {}
    scenarios: dict[str, Scenario] = {}
    labels: dict[str, str] = {}
    compared = {target.world for target in targets.all if target.compares}
    for name, world in targets.needed().items():
        try:
            scenario = scenario_of(name, world, consumers)
            without = _other_arm(name, scenario, world) if name in compared else None
        except TargetsError as error:
            problems += error.problems
            continue
        found = []
        for label, each in ((name, scenario), (f"{name}-without", without)):
            if each is not None:
                found.append(labels.setdefault(each.digest, label))
                scenarios.setdefault(found[-1], each)
        arms[name] = Arms(found[0], found[1] if len(found) > 1 else None)
    return scenarios, arms, problems


def points_of(ensemble: Ensemble, under: Sequence[Rival]) -> Iterator[Point]:
    """Every parameter set by the usual rules, then every one under each rival."""
    for rule in ({}, *(rival.point for rival in under)):
        for point in ensemble.points:
            yield {**point, **rule}


def _other_arm(name: str, scenario: Scenario, world: World) -> Scenario:
    """A world without its policies, or with those that they are held against."""
    try:
        return scenario.with_(policies=list(world.against))
    except ScenarioError as error:
        found = [
            Problem(f"worlds.{name}.against{p.path.removeprefix('policies')}", p.given, p.allowed, p.nearest)
            for p in error.problems
        ]
        raise TargetsError(found) from None


def _paths(ensemble: Ensemble, scenarios: Mapping[str, Scenario]) -> Iterator[Problem]:
    """What the first parameter set would change that is not there; the others change the same."""
    for scenario in list(scenarios.values())[:1]:
        try:
            resolve(scenario, [item for item in ensemble.points[0].items() if has_path(scenario, item[0])])
        except ScenarioError as error:
            for problem in error.problems:
                yield Problem(f"ensemble.points.0.{problem.path}", problem.given, problem.allowed, problem.nearest)


def _windows(targets: Targets, arms: Mapping[str, Arms], scenarios: Mapping[str, Scenario]) -> Iterator[Problem]:
    """Windows that end after their world."""
    for target in targets.all:
        if target.world in arms and target.window is not None:
            days = scenarios[arms[target.world].runs].days
            if target.window[1] >= days:
                allowed = f"up to day {days - 1}, the last of the world {target.world}"
                yield Problem(f"targets.{target.id}.window", str(list(target.window)), allowed)
