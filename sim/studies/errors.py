"""What can go wrong around a run, in words for whoever asked for it.

Workers read this before anything else: what is heavy is imported inside.
"""

from __future__ import annotations

import ast
import re
import traceback
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.scenario import Problem, ScenarioError

SEEDS = 2**64
"""Seeds that there are, from 0 on."""


class StudyError(Exception):
    """A study cannot be done; the message says why and what to do instead."""


class RequestError(StudyError, ValueError):
    """What was asked for is not possible: an unknown name, a number out of range, a folder that cannot be written."""


class RunFailedError(StudyError, RuntimeError):
    """A run broke off; the message names the scenario and the seed."""


OWN = "in a file of yours: "
"""How the place is said of what broke in a file that a scenario brought."""

NO_NUMBER = "NoNumberError"
"""In the error of a run in which something that was observed is no number."""


def describe_failure(error: BaseException) -> str:
    """Say in a line what broke a run, and where: `ValueError: no stock (supply.py, line 12)`.

    Where code took part that the scenario brought, a policy or an agent of the user's own, it is the line there.
    """
    from sim.policies.deeds import PolicyError
    from sim.scenario import is_own_code

    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    own = [frame for frame in frames if is_own_code(frame.filename)]
    place = f" ({Path(ours[-1].filename).name}, line {ours[-1].lineno})" if ours else ""
    if own:
        place = f" ({OWN}{own[-1].filename}, line {own[-1].lineno}: {own[-1].line})"
    elif isinstance(error, PolicyError) and is_own_code(error.file):
        place = f" ({OWN}{error.file}, line {error.line})"
    return f"{type(error).__name__}: {shorten(' '.join(str(error).split()), 600, placeholder=' ...')}{place}"


def problems_of_several(errors: Sequence[tuple[str, ScenarioError]], scenarios: int) -> list[Problem]:
    """The problems of several scenarios with the name of theirs in front, but for those that all the ``scenarios`` asked for have."""
    having = Counter(problem for _, error in errors for problem in error.problems)
    return [
        problem if having[problem] == scenarios else replace(problem, path=f"{name}: {problem.path or 'scenario'}")
        for name, error in errors
        for problem in error.problems
    ]


_PATTERN = re.compile(r"match pattern '(?P<pattern>.*)'")
_NAMES = {
    r"^[A-Za-z0-9][A-Za-z0-9_.-]*$": (
        "letters from a to z, digits, dots, dashes and underscores, a letter or digit first",
        r"[^A-Za-z0-9_.-]+",
        "-",
    ),
    r"^[a-z][a-z0-9_-]*$": (
        "small letters from a to z, digits, dashes and underscores, a letter first",
        r"[^a-z0-9_-]+",
        "-",
    ),
    r"^[a-z][a-z0-9_]*$": ("small letters from a to z, digits and underscores, a letter first", r"[^a-z0-9_]+", "_"),
}
"""Patterns of names: what they say in words, what is not part of a name, and what may stand in its place."""


def names_in_words(error: ScenarioError) -> ScenarioError:
    """The same error, in which a name that was refused is said in words, with the nearest that would do, in place of a pattern."""
    return type(error)([_name_in_words(problem) for problem in error.problems], error.name)


def _name_in_words(problem: Problem) -> Problem:
    found = _PATTERN.fullmatch(problem.allowed)
    if found is None or found["pattern"] not in _NAMES:
        return problem
    pattern = found["pattern"]
    words, not_in_it, instead = _NAMES[pattern]
    try:
        given = str(ast.literal_eval(problem.given))
    except (ValueError, SyntaxError):
        return replace(problem, allowed=words)
    plain = unicodedata.normalize("NFKD", given if "A-Z" in pattern else given.lower())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    fitting = re.sub(not_in_it, instead, plain).strip("-_.")
    whole = "..." not in given and re.fullmatch(pattern, fitting)  # a long one is quoted in short
    return replace(problem, allowed=words, nearest=fitting if whole else None)


def extra(name: str) -> str:
    """Where packages are had from that an extra names: this project is on no index."""
    return (
        f"the extra `{name}`: `make setup-dev` in a checkout, `pip install '.[{name}]'` there, or `pip install "
        f"'FILE.whl[{name}]'` with the wheel that this was installed from"
    )


def run_failed(scenario: str, seed: int, what: str) -> RunFailedError:
    """Build the error of a run that broke off."""
    return RunFailedError(f"scenario {scenario}, seed {seed}: {what}")


def unknown_name(what: str, given: str, known: Iterable[str]) -> RequestError:
    """Build the error for a name that does not exist, with the nearest that do.

    Parameters
    ----------
    what
        What is named, in one word: table, outcome.
    given
        The name as given.
    known
        Every valid name.
    """
    known = list(known)
    nearest = get_close_matches(given, known, n=3, cutoff=0.5)
    hint = f"nearest: {', '.join(nearest)}" if nearest else f"known: {', '.join(known)}"
    return RequestError(f"{what}: there is none called {given!r}; {hint}")


def seeds_from(first: int, runs: int) -> tuple[int, ...]:
    """Return the seeds of runs, each the next, when the last of them is one too.

    Raises
    ------
    RequestError
        If it is not.
    """
    from sim.scenario import whole

    seed = whole(first)
    if seed is None:
        raise RequestError(f"seed: given {first!r}, must be a whole number")
    if not 0 <= seed <= SEEDS - runs:
        raise RequestError(
            f"seed: given {seed}, must be from 0 to {SEEDS - runs} so that all {runs} seeds are below 2^64"
        )
    return tuple(range(seed, seed + runs))


def at_least(what: str, given: int, lowest: int) -> int:
    """Return a whole number that is not below its lowest allowed value.

    Raises
    ------
    RequestError
        If it is, or is no whole number.
    """
    from sim.scenario import whole

    number = whole(given)
    if number is None or number < lowest:
        raise RequestError(
            f"{what}: given {given!r}, must be {'a whole number, ' if number is None else ''}{lowest} or more"
        )
    return number
