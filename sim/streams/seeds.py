"""Seeds of runs: 64 bits, out of whatever Mesa's users give as ``rng``."""

from __future__ import annotations

import secrets
from typing import Any, TypeGuard

import numpy as np

LARGEST = 2**64 - 1
EXACT = 2**53
"""Below it every whole number is a float of its own."""
BY_SCENARIO = "scenario"
"""Asks for the seed that the scenario names."""


def seed_from(given: Any, named: int) -> int:
    """The seed of a run.

    Parameters
    ----------
    given
        None for a fresh one, a whole number of 64 bits, ``"scenario"``, or what else Mesa takes: a ``numpy.random.SeedSequence``, whole numbers in a row
        for one, and a ``numpy.random.Generator`` or ``BitGenerator``, from which one number is drawn.
    named
        The seed that the scenario names.

    Raises
    ------
    TypeError
        When it is something else.
    ValueError
        When it has more than 64 bits, or is negative.
    """
    if given is None:
        return secrets.randbits(64)
    if isinstance(given, str) and given == BY_SCENARIO:
        return named
    if isinstance(given, list | tuple) and given and all(_whole(part) and part >= 0 for part in given):
        given = np.random.SeedSequence([int(part) for part in given])
    if isinstance(given, np.random.SeedSequence):
        return int(given.generate_state(1, np.uint64)[0])
    if isinstance(given, np.random.BitGenerator):
        given = np.random.Generator(given)
    if isinstance(given, np.random.Generator):
        return int(given.integers(LARGEST, dtype=np.uint64, endpoint=True))
    if not _whole(given):
        raise TypeError(
            f"rng: given {given!r}; allowed: a whole number or a list of them, None for a fresh seed, {BY_SCENARIO!r} for the scenario's, "
            "a SeedSequence or a Generator of NumPy"
        )
    if not 0 <= int(given) <= LARGEST:
        raise ValueError(f"rng: given {given}; allowed: a whole number from 0 to 2**64 - 1")
    return int(given)


def _whole(given: Any) -> TypeGuard[int | float | np.integer[Any]]:
    """Whether something is a whole number, also one that a table made a float, and that is exact as such."""
    if isinstance(given, float | np.floating):
        return bool(abs(given) < EXACT and given == int(given))
    return isinstance(given, int | np.integer) and not isinstance(given, bool)
