"""Seeds of runs: 64 bits, out of whatever Mesa's users give as ``rng``."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

LARGEST = 2**64 - 1
BY_SCENARIO = "scenario"
"""Asks for the seed that the scenario names."""


def seed_from(given: Any, named: int) -> int:
    """The seed of a run.

    Parameters
    ----------
    given
        None for a fresh one, a whole number of 64 bits, a ``numpy.random.SeedSequence``, a ``numpy.random.Generator``, from which one number is drawn, or
        ``"scenario"``.
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
    if isinstance(given, np.random.SeedSequence):
        return int(given.generate_state(1, np.uint64)[0])
    if isinstance(given, np.random.Generator):
        return int(given.integers(LARGEST, dtype=np.uint64, endpoint=True))
    if isinstance(given, bool) or not isinstance(given, int | np.integer):
        raise TypeError(
            f"rng: given {given!r}; allowed: a whole number, None for a fresh seed, {BY_SCENARIO!r} for the scenario's, a SeedSequence or a Generator of NumPy"
        )
    if not 0 <= int(given) <= LARGEST:
        raise ValueError(f"rng: given {given}; allowed: a whole number from 0 to 2**64 - 1")
    return int(given)
