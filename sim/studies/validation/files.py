"""Reading targets files: everything that is wrong is said at once, with what is allowed and the nearest valid name."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from sim.evidence import yaml_files
from sim.evidence.sources import load_sources
from sim.measures.dictionary import observed
from sim.scenario import Faults, Problem, ScenarioError, meant, no_such_name, one_of, plain_data, quote, read_yaml
from sim.studies.study_checks import read_model
from sim.studies.validation.targets import NAME, Target, Targets, World

SHIPPED = Path(yaml_files.__file__).parent / "targets"
"""Folder of the files that ship: worlds, and the targets of each level."""
KEYS = ("name", "title", "level", "worlds", "views", "targets")
MOST = 2_000
"""Worlds, views and targets of a file at most."""
TAKEN = (
    "orders",
    "platforms",
    "vendors",
    "accounts",
    "consumers",
    "events",
    "doses",
    "daily",
    "outcomes",
    "world",
    "ever",
    "substances",
    *observed(),
)
"""Names that views cannot have."""


class TargetsError(ScenarioError):
    """A targets file that cannot be used."""

    def __str__(self) -> str:
        return self.told("targets", f" in targets {self.name!r}" if self.name else " in the targets")


@functools.cache
def load_targets() -> Targets:
    """The targets that ship with the model, SQL unchecked.

    Raises
    ------
    TargetsError
        When an entry is incomplete or its value is outside its range.

    Examples
    --------
    >>> load_targets()["vendor_gini"].agrees(0.87)
    True
    """
    found = Targets()
    for path in sorted(SHIPPED.glob("*.yaml"), key=lambda path: (path.stem != "worlds", path.stem)):
        found = read(yaml_files.load(path.name, SHIPPED), path.name, found)
    return found


def load(source: str | PathLike[str] | Mapping[str, Any] | Targets | None = None) -> Targets:
    """Targets of a file, of a mapping that a file holds, or those that ship; worlds and views that ship are known to all.

    Raises
    ------
    TargetsError
        With every problem at once.
    """
    if source is None:
        return load_targets()
    if isinstance(source, Targets):
        return source
    shipped = load_targets()
    base = Targets((), shipped.worlds, shipped.views)
    if isinstance(source, Mapping):
        return read(source, "", base)
    path = meant(source)
    try:
        content = read_yaml(path)
    except ScenarioError as error:
        problems = [Problem(p.path, p.given, "a targets file in YAML") for p in error.problems]
        raise TargetsError(problems, path.name) from None
    return read(content, path.name, base, path.parent)


def read(content: Mapping[str, Any], name: str, base: Targets, folder: Path = Path()) -> Targets:
    """What a file adds to targets that are there.

    Parameters
    ----------
    content
        The mapping that it holds.
    name
        What it is called in messages.
    base
        Targets, worlds and views that it may use and must not name again; worlds and views of the same name are its own.
    folder
        Where paths of scenarios start from.
    """
    problems = Faults(TargetsError)
    plain = plain_data(content, problems) or {}
    if problems:
        raise TargetsError(problems, name)
    problems += (no_such_name(str(key), key, KEYS) for key in plain if key not in KEYS)
    worlds, views, entries = (_section(plain, key, problems) for key in ("worlds", "views", "targets"))
    own = {key: read_model(World, entry, f"worlds.{key}", problems) for key, entry in worlds.items()}
    known = {**base.worlds, **{key: _beside(world, folder) for key, world in own.items() if world is not None}}
    for key, query in views.items():
        if not isinstance(query, str) or key in TAKEN:
            problems.append(Problem(f"views.{key}", quote(query), f"a SELECT, under another name than {one_of(TAKEN)}"))
    found: list[Target] = []
    for key, entry in entries.items():
        target = _target(key, entry, plain.get("level"), problems)
        if target is None:
            continue
        check(target, f"targets.{key}", {**known, **own}, problems)
        if any(other.id == key for other in base.all):
            problems.append(Problem(f"targets.{key}", quote(key), "a name that no other target has"))
        found.append(target)
    _publications(found, base, problems)
    if problems:
        raise TargetsError(problems, name)
    return Targets((*base.all, *found), known, {**base.views, **views})


def _section(plain: Mapping[str, Any], key: str, problems: list[Problem]) -> dict[str, Any]:
    """A mapping by names of a file; empty and a problem where it is none."""
    given = plain.get(key) or {}
    if not isinstance(given, dict) or len(given) > MOST:
        problems.append(Problem(key, quote(given), f"a mapping of at most {MOST:,} names"))
        return {}
    bad = [name for name in given if not re.fullmatch(NAME, str(name))]
    problems += (
        Problem(f"{key}.{name}", quote(name), "a name of small letters, digits and underscores") for name in bad
    )
    return {name: entry for name, entry in given.items() if name not in bad}


def _target(key: str, entry: Any, level: Any, problems: list[Problem]) -> Target | None:
    """One target from plain data; that it is complete is seen in `check`."""
    if not isinstance(entry, dict):
        problems.append(Problem(f"targets.{key}", quote(entry), f"a mapping of {one_of(Target.model_fields)}"))
        return None
    given = {"id": key, **({} if level is None else {"level": level}), **entry}
    return read_model(Target, given, f"targets.{key}", problems)


def check(target: Target, where: str, worlds: Mapping[str, World | None], problems: list[Problem]) -> None:
    """Add to the problems what is wrong with a target that is well formed."""
    if target.world not in worlds:
        problems.append(no_such_name(f"{where}.world", target.world, worlds))
    ways = [word for word in ("sql", "measure", "unmeasurable") if getattr(target, word)]
    if len(ways) != 1:
        problems.append(Problem(where, " and ".join(ways) or "nothing to measure", "one of sql, measure, unmeasurable"))
    if target.measure is not None:
        from sim.studies.validation.measures import MEASURES, problem_of

        if target.measure not in MEASURES:
            problems.append(no_such_name(f"{where}.measure", target.measure, MEASURES))
        elif said := problem_of(target.measure, target.arguments):
            problems.append(Problem(f"{where}.arguments", quote(dict(target.arguments)), said))
    elif target.arguments:
        problems.append(Problem(f"{where}.arguments", quote(dict(target.arguments)), "nothing without a measure"))
    world = worlds.get(target.world)
    if target.compares and world is not None and not world.paired:
        problems.append(Problem(f"{where}.compare", quote(target.compare), "nothing: its world has no `paired: true`"))
    if target.low is None and target.high is None:
        problems.append(Problem(where, "no range", "low, high or both"))
    if target.value is None and not target.pattern:
        problems.append(Problem(where, "neither value nor pattern", "a value, or the pattern in words"))
    if target.low is not None and target.high is not None and target.low > target.high:
        problems.append(Problem(f"{where}.low", f"{target.low:g}", f"at most high, {target.high:g}"))
    elif target.value is not None and not target.agrees(target.value):
        problems.append(Problem(f"{where}.value", f"{target.value:g}", f"a value inside {said_range(target)}"))
    if target.window is not None and not 0 <= target.window[0] <= target.window[1]:
        problems.append(Problem(f"{where}.window", quote(list(target.window)), "first and last day, 0 or later"))
    problems += (
        no_such_name(f"{where}.sources", name, load_sources()) for name in target.sources if name not in load_sources()
    )


def said_range(target: Target) -> str:
    """The range of a target in words."""
    if target.low is None or target.high is None:
        return f"at most {target.high:.4g}" if target.high is not None else f"at least {target.low:.4g}"
    return f"{target.low:.4g} to {target.high:.4g}"


def _publications(found: Iterable[Target], base: Targets, problems: list[Problem]) -> None:
    """What a publication says stands in one list only: what the model was fitted to cannot confirm it."""
    publication = {name: source.source for name, source in load_sources().items()}
    use = {publication.get(name, name): target for target in base.all for name in target.sources}
    for target in found:
        for name in target.sources:
            other = use.setdefault(publication.get(name, name), target)
            if other.use != target.use:
                allowed = f"{other.use}, as in {other.id}: what is fitted to confirms nothing"
                problems.append(Problem(f"targets.{target.id}.use", f"{target.use} with the source {name}", allowed))


def _beside(world: World, folder: Path) -> World:
    """A world whose scenario is named by a path that starts here."""
    given = world.scenario
    beside = isinstance(given, str) and (given.endswith((".yaml", ".yml"))) and not Path(given).is_absolute()
    return world.model_copy(update={"scenario": str(meant(str(given), folder))}) if beside else world
