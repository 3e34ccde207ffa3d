"""Whether what a study varies can vary: every path leads to a place of its own and moves something, and every value that may come is allowed there."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, islice, pairwise, product

from sim.scenario import NO_POINT, WHOLE, Problem, Scenario, ScenarioError, nearest, one_of, parameter_problem, quote
from sim.studies.methods.factors import Factor, Value, parameter_of
from sim.studies.methods.paths import has_path, resolve

MAX_TRIED = 400
"""Values of factors that are tried in a scenario, which takes milliseconds each; and as many combinations of two."""

Factors = Mapping[str, tuple[Factor, ...]]
Scenarios = Mapping[str, Scenario]
Change = tuple[str, Value]
Named = list[tuple[str, Factor]]
"""Factors, each with its place in the file."""

IDLE = {
    "seed": "the `seed` of the study: its runs take that and the next ones, whatever their scenarios hold",
    "people": "a path that changes what is measured: people only scale totals in reports",
}
"""What no run depends on in a study, by the first step of its place."""


def check_factors(
    factors: Factors, given: Mapping[str, Value], scenarios: Scenarios, problems: list[Problem]
) -> list[Problem]:
    """Add what is wrong with what a study varies to its problems.

    Parameters
    ----------
    factors, given
        what varies, by the word of the file that it stands below, and the paths that the study sets besides.
    scenarios, problems
        the scenarios with what the study sets; receives what is wrong.

    Returns
    -------
    list of Problem
        values that are allowed each and not together: no problem yet, since some studies leave such points out.
    """
    before = len(problems)
    named = [(f"{word}.{i}", factor) for word, group in factors.items() for i, factor in enumerate(group)]
    _one_each(named, scenarios, problems)
    problems += (Problem(f"set.{path}", quote(given[path]), IDLE[path]) for path in given if path == "seed")
    ready = [
        (where, factor) for where, factor in named if factor.values is not None or None not in (factor.low, factor.high)
    ]
    for where, factor in ready:
        somewhere(where, [factor.path], scenarios, problems)
        if (parameter := parameter_of(factor.path)) is not None:
            found = (parameter_problem(parameter.group, parameter.name, value) for value in _ends(factor))
            problems += (Problem(f"{where} ({p.path})", p.given, p.allowed, p.nearest) for p in found if p is not None)
    if len(problems) > before:
        return []
    others = [(where, factor) for where, factor in ready if parameter_of(factor.path) is None]
    _each(others, scenarios, problems)
    return [] if len(problems) > before else _together(others, scenarios)


def somewhere(where: str, paths: list[str], scenarios: Scenarios, problems: list[Problem]) -> None:
    """Whether the policy that a path names is in at least one scenario."""
    for path in paths:
        if scenarios and not any(has_path(scenario, path) for scenario in scenarios.values()):
            step = path.split(".")[1]
            there = dict.fromkeys(policy.kind for scenario in scenarios.values() for policy in scenario.policies)
            problems.append(Problem(f"{where}.{path}", f"a policy {quote(step)}", one_of(there), nearest(step, there)))


def _one_each(named: Named, scenarios: Scenarios, problems: list[Problem]) -> None:
    """Whether no two factors lead to one place, nor one of them into what another one replaces."""
    wrong: set[int] = set()
    for scenario in scenarios.values():
        places = sorted((scenario.place(f.path), i) for i, (_, f) in enumerate(named) if has_path(scenario, f.path))
        for (above, i), (below, k) in pairwise(places):
            if below[: len(above)] != above or max(i, k) in wrong:
                continue
            wrong.add(max(i, k))
            first, (where, second) = named[min(i, k)][1].path, (named[max(i, k)][0], named[max(i, k)][1].path)
            also = "" if first == second else f", which leads where {first} does"
            problems.append(Problem(where, quote(second) + also, "a path that no other factor has"))


def _ends(factor: Factor) -> tuple[Value, ...]:
    try:
        return factor.ends
    except ValueError:
        return ()  # a range that makes no sense was reported before


def _each(named: Named, scenarios: Scenarios, problems: list[Problem]) -> None:
    """Whether each factor alone is allowed at its ends, and makes a difference between them."""
    having = [(where, f, [s for s in scenarios.values() if has_path(s, f.path)]) for where, f in named]
    trials = sum(len(_ends(factor)) * len(there) for _, factor, there in having)
    if trials > MAX_TRIED:
        allowed = f"at most {MAX_TRIED:,}: ends of ranges, and texts, in every scenario that has their path"
        problems.append(Problem("", f"factors with {trials:,} values that must be tried", allowed))
        return
    factors = [factor for _, factor in named]
    for where, factor, there in having:
        allowed = next((idle for scenario in there if (idle := _idle(scenario.place(factor.path)))), "")
        if allowed:
            problems.append(Problem(where, quote(factor.path), allowed))
            continue
        differs = len(set(_ends(factor))) < 2  # a single value is a choice: an ensemble may hold it
        for scenario in there:
            found = [_tried(scenario, (factor.path, end), factors) for end in _ends(factor)]
            errors = [error for error in found if isinstance(error, ScenarioError)]
            told = [_of_factor(where, factor, problem) for error in errors for problem in error.problems]
            problems += dict.fromkeys(problem for problem in told if problem not in problems)
            differs |= bool(errors) or len(set(found)) > 1
        if not differs:
            given = f"{quote(factor.path)}, at whose values runs are the same"
            problems.append(Problem(where, given, "a path that changes runs, and values that differ"))


def _of_factor(where: str, factor: Factor, problem: Problem) -> Problem:
    """What is wrong with a scenario at an end of a factor, said of the factor: a range of real numbers is refused as one where whole ones belong."""
    given, allowed = problem.given, problem.allowed
    if allowed.startswith(WHOLE) and factor.values is None and factor.distribution != "integer":
        low, high = factor.bounds
        given = f"all numbers from {low:g} to {high:g}"
        allowed = f"{allowed.removesuffix(NO_POINT)}: give `distribution: integer`, or `values`"
    return Problem(f"{where} ({problem.path})", given, allowed, problem.nearest)


def _idle(place: tuple[str, ...]) -> str | None:
    """What is allowed instead of a place that no run depends on."""
    if place[0] == "policies" and place[2:] == ("label",):
        return "a path that changes runs: a label is a name and no more"
    return IDLE.get(place[0])


def _tried(scenario: Scenario, change: Change, factors: list[Factor]) -> str | ScenarioError:
    """The digest of a scenario with a change; what is wrong with it, when no other factor can make up for that."""
    try:
        return resolve(scenario, [change]).digest
    except ScenarioError as error:
        wrong = error
    others = [factor for factor in factors if factor.path != change[0] and has_path(scenario, factor.path)]
    middle = dict(_middle(factor) for factor in others)
    moved = [{factor.path: end} for factor in others for end in _ends(factor)]
    for changes in [{}, *moved] if others else ():
        try:
            return resolve(scenario, [change, *{**middle, **changes}.items()]).digest
        except ScenarioError:
            continue
    return wrong


def _together(named: Named, scenarios: Scenarios) -> list[Problem]:
    """What is wrong with the first combination of ends of two factors that is not allowed, the others in the middle of their ranges."""
    for scenario in scenarios.values():
        here = [(where, factor) for where, factor in named if has_path(scenario, factor.path)]
        near = (pair for pair in combinations(here, 2) if _near(*(scenario.place(f.path) for _, f in pair)))
        corners = ((*pair, *ends) for pair in near for ends in product(*(_ends(factor) for _, factor in pair)))
        for (where, one), (beside, other), end, further in islice(corners, MAX_TRIED):
            rest = [_middle(factor) for _, factor in here if factor not in (one, other)]
            try:
                resolve(scenario, [(one.path, end), (other.path, further), *rest])
            except ScenarioError as error:
                given = f"{one.path}={end} with {other.path}={further} ({{}})"
                return [
                    Problem(f"{where}, {beside} ({p.path})", given.format(p.given), p.allowed) for p in error.problems
                ]
    return []


def _near(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two values can stand in each other's way: those of one policy or one section, and dates and the length of the run."""
    if one[0] == other[0] == "policies":
        return one[1] == other[1]
    return one[0] == other[0] or not {one[0], other[0]}.isdisjoint(("days", "burn_in"))


def _middle(factor: Factor) -> Change:
    return factor.path, factor.at(0.5)
