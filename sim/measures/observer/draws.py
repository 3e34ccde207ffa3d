"""Random numbers of an observer: keyed by what is looked at and when, and by a seed that no run draws from."""

from __future__ import annotations

import hashlib
from enum import IntEnum, unique

import numpy as np

from sim.streams import exponentials, uniforms


@unique
class Look(IntEnum):
    """Every decision of an observer that draws a random number."""

    DOWN = 1
    BREAKS_OFF = 2
    PAGE = 3
    FEEDBACK = 4
    LISTING = 5
    ANSWERS = 6
    ADMITS = 7
    REMEMBERS = 8
    DATES = 9
    RECORDED = 10
    DELAY = 11


class Chance:
    """The random numbers of one observer of one run.

    Parameters
    ----------
    seed
        Seed of the run, from 0 to 2**64 - 1.
    """

    def __init__(self, seed: int) -> None:
        self.seed = np.uint64(int.from_bytes(hashlib.sha256(f"observer of {seed}".encode()).digest()[:8], "little"))

    def uniform(self, what: Look, whom: np.ndarray, day: int = 0, place: int = 0) -> np.ndarray:
        """Numbers strictly between 0 and 1, one for each of ``whom``; others for another of several who look at the same, by its ``place`` among these."""
        return uniforms(self.seed, what, whom, day, place)

    def exponential(self, what: Look, whom: np.ndarray, day: int = 0) -> np.ndarray:
        """Numbers of mean 1, one for each of ``whom``."""
        return exponentials(self.seed, what, whom, day)
