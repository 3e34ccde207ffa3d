"""Where a study looks: grid, random, Latin hypercube and Sobol points over its factors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

import numpy as np

from sim.studies.methods.factors import Factor, Point, from_unit

DESIGNS = ("grid", "random", "lhs", "sobol")


def count(design: str, factors: tuple[Factor, ...], points: int, levels: int) -> int:
    """Number of points that a design has."""
    return prod(len(factor.levels(levels)) for factor in factors) if design == "grid" else points


def points(design: str, factors: tuple[Factor, ...], number: int, levels: int, seed: int) -> list[Point]:
    """The points of a design.

    Parameters
    ----------
    design
        ``grid``: every combination of `levels` values a factor; ``random``: independent draws; ``lhs``: Latin
        hypercube; ``sobol``: scrambled Sobol points, of which the first n are the design of size n.
    factors
        What varies.
    number
        Points, other than for a grid.
    levels
        Values of a factor in a grid.
    seed
        Seed of the design; equal seeds give equal points.
    """
    if not factors:
        return [{}]
    if design == "grid":
        names = [factor.path for factor in factors]
        grid = product(*(factor.levels(levels) for factor in factors))
        return [dict(zip(names, values, strict=True)) for values in grid]
    return from_unit(factors, unit(design, len(factors), number, seed))


def runs(
    points: Sequence[Point], seeds: Sequence[int], labels: Sequence[str], crossed: bool
) -> Iterator[tuple[int, Point, int, str]]:
    """The runs of some points: place of the point, point, seed and scenario; see `sim.studies.kinds.Driver.evaluate`."""
    if not crossed and len(points) != len(seeds):
        raise ValueError(f"{len(points)} points and {len(seeds)} seeds that are not crossed: give as many of both")
    for k, point in enumerate(points):
        for seed in seeds if crossed else (seeds[k],):
            for label in labels:
                yield k, point, seed, label


def unit(design: str, width: int, number: int, seed: int) -> np.ndarray:
    """Points in the unit cube, a row each."""
    from scipy.stats import qmc

    if design == "random":
        return np.random.default_rng(seed).random((number, width))
    if design == "lhs":
        return qmc.LatinHypercube(width, rng=np.random.default_rng(seed)).random(number)
    engine = qmc.Sobol(width, scramble=True, rng=np.random.default_rng(seed))
    return engine.random_base2(max(0, (number - 1).bit_length()))[:number]
