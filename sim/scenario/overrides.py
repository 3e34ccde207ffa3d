"""``path=value`` changes to a scenario, as the command line's ``--set`` takes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import yaml

from sim.evidence import yaml_files
from sim.evidence.parameters import load_parameters
from sim.scenario.errors import Faults, Problem, nearest, no_such_name, one_of, quote


def apply(content: dict[str, Any], changes: Iterable[str], known: Collection[str]) -> list[Problem]:
    """Change a resolved scenario in place.

    Parameters
    ----------
    content
        a complete scenario as plain data.
    changes
        ``path=value``, the value in YAML. See `sim.scenario.Scenario.override` for the paths.
    known
        keys that a scenario may have.

    Returns
    -------
    list of Problem
        the changes that lead nowhere. Whether a value is allowed is for the scenario to say.
    """
    problems = Faults()
    for steps, value in parse_changes(changes, problems):
        _set(content, steps, value, known, problems)
    return problems


def parse_changes(changes: Iterable[str], problems: list[Problem]) -> Iterator[tuple[list[str], Any]]:
    """The steps of the path and the value of each ``path=value``; those that are none become problems."""
    for change in changes:
        path, equals, text = change.partition("=")
        steps = path.strip().split(".")
        if not equals or not all(steps):
            problems.append(Problem("", quote(change), "path=value"))
            continue
        try:
            yield steps, yaml_files.parse(text)
        except (yaml.YAMLError, ValueError, OverflowError):
            problems.append(Problem(path, quote(text), "a YAML value (put text that holds a colon into quotes)"))


def _set(content: dict[str, Any], path: list[str], value: Any, known: Collection[str], problems: list[Problem]) -> None:
    """Change one value."""
    groups = load_parameters().groups
    head = path[0]
    if head in groups and (head not in known or (len(path) == 2 and path[1] in groups[head]._fields)):
        path = ["parameters", *path]
    elif head not in known:
        names = list(dict.fromkeys([*known, *groups]))
        problems.append(Problem(".".join(path), quote(head), one_of(names), nearest(head, names)))
        return
    if head == "weight":
        content.pop("people", None)
    here: Any = content
    for depth, step in enumerate(path[:-1]):
        here = _step(here, step, path[:depth], problems)
        if here is None:
            return
    place = _place(here, path[-1], path[:-1], problems)
    if place is not None:
        here[place] = value


def _step(here: Any, step: str, above: list[str], problems: list[Problem]) -> Any:
    """What lies one step further; a key that a mapping lacks becomes an empty mapping."""
    place = _place(here, step, above, problems)
    if place is None:
        return None
    if isinstance(here, dict) and here.get(step) is None:
        here[step] = {}
    return here[place]


def _place(here: Any, step: str, above: list[str], problems: list[Problem]) -> str | int | None:
    """A step as an index: the key of a mapping, a place in a list, the policy of a label, or the first of a kind."""
    if isinstance(here, dict):
        return step
    where = ".".join([*above, step])
    if not isinstance(here, list):
        problems.append(Problem(where, quote(step), f"nothing: {'.'.join(above)} holds a single value"))
        return None
    for word in ("label", "kind"):
        kinds = [item.get(word) if isinstance(item, dict) else None for item in here]
        if step in kinds:
            return kinds.index(step)
    if step.isascii() and step.isdigit() and len(step) < 6 and int(step) < len(here):
        return int(step)
    problems.append(
        no_such_name(where, step, [*map(str, range(len(here))), *dict.fromkeys(kind for kind in kinds if kind)])
    )
    return None
