"""``path=value`` changes to a scenario, as the command line's ``--set`` takes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
        the changes that lead nowhere, or where another one of them leads. Whether a value is allowed is for the scenario to say.
    """
    problems = Faults()
    before: dict[Place, str] = {}
    for steps, value in parse_changes(changes, problems):
        path, here = ".".join(steps), place(content, steps, known)
        other = next((other for there, other in before.items() if there[: len(here)] == here), None)
        if other is not None:
            given = "a second time" if other == path else f"a second time, as {other}"
            problems.append(Problem(path, given, "each value once"))
            continue
        before[here] = path
        _set(content, steps, value, known, problems)
    return problems


NO_POLICIES = (
    "nothing: the scenario has no policies; give it some (`--set 'policies=[{kind: takedown, start: 30}]'`), or take a scenario that has "
    "them (`odm list scenarios`)"
)
"""What to do where a value of a policy is to be changed and there is none."""

Place = tuple[str, ...]
"""Where a path leads: the steps from the top of a scenario, policies by their number."""


def place(content: Mapping[str, Any], steps: Sequence[str], known: Collection[str]) -> Place:
    """Where a path leads in a scenario: two paths to the same place are one, however they are written.

    ``choice.habit`` and ``parameters.choice.habit`` lead to one place, and so do a policy's label, its kind and its number. What leads nowhere stays as it is.

    Parameters
    ----------
    content
        a scenario as plain data; of its policies, label and kind are enough.
    steps
        the path, split at its dots.
    known
        keys that a scenario may have.
    """
    found: list[str] = []
    here: Any = content
    for step in _in_full(steps, known):
        at = _place(here, step, found, []) if isinstance(here, list) else step
        found.append(step if at is None else str(at))
        here = here.get(step) if isinstance(here, dict) else here[at] if isinstance(at, int) else None
    return ("people",) if found == ["weight"] else tuple(found)


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


def _in_full(path: Sequence[str], known: Collection[str]) -> list[str]:
    """A path from the top: the group of a parameter alone stands for ``parameters.GROUP``."""
    groups, head = load_parameters().groups, path[0]
    short = head in groups and (head not in known or (len(path) == 2 and path[1] in groups[head]._fields))
    return ["parameters", *path] if short else list(path)


def _set(content: dict[str, Any], path: list[str], value: Any, known: Collection[str], problems: list[Problem]) -> None:
    """Change one value."""
    head, path = path[0], _in_full(path, known)
    if path[0] not in known:
        names = list(dict.fromkeys([*known, *load_parameters().groups]))
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
    names: list[str] = []
    for word in ("label", "kind"):
        kinds = [item.get(word) if isinstance(item, dict) else None for item in here]
        if step in kinds:
            return kinds.index(step)
        names += (kind for kind in kinds if kind)
    if step.isascii() and step.isdigit() and len(step) < 6 and int(step) < len(here):
        return int(step)
    if here:
        problems.append(no_such_name(where, step, dict.fromkeys([*map(str, range(len(here))), *names])))
    else:
        problems.append(
            Problem(where, quote(step), NO_POLICIES if above == ["policies"] else "nothing: the list is empty")
        )
    return None
