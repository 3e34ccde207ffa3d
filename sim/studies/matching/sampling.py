"""Places in the unit cube where something is small: found however thin they are, by lowering a level step by step, and sampled evenly or by likelihood.

A population of places moves by differences of its own members (ter Braak 2006), which takes the shape of a region from the population, and by drawing single
coordinates anew, which keeps axes that do not matter spread over all their range. Both ways are symmetric, so that what is kept is even.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
KEPT = 0.3
"""Share of the population that a step of the level leaves."""
MOST_STEPS = 60
STUCK = 1e-3
"""Lowering of a level, as a share of it, below which it is said to go no lower."""
EVEN = 0.5
"""Effective share of the population that a step towards the likelihood leaves."""


class Region(NamedTuple):
    """Places spread evenly where a function lies below a level, the share of the cube that this is, and the level."""

    places: Floats
    share: float
    level: float


def below(
    height: Callable[[Floats, float], Floats],
    width: int,
    level: float,
    number: int,
    rng: np.random.Generator,
    sweeps: int = 20,
) -> Region:
    """Find where a function lies below a level.

    Parameters
    ----------
    height
        Gives the function at places (rows of a matrix); where it lies above its second argument it may say anything above that.
    width
        Axes of the cube.
    level
        As low as wanted. Where it cannot be had, the lowest that was found stands in the answer.
    number
        Places.
    rng
        What is drawn from.
    sweeps
        Moves of every place at each level.
    """
    places = rng.random((number, width))
    heights = height(places, np.inf)
    share, now = 1.0, np.inf
    for _ in range(MOST_STEPS):
        if now <= level:
            break
        lower = max(level, float(np.quantile(heights, KEPT)))
        if lower > max(level, now * (1 - STUCK)) and np.isfinite(now):
            break
        kept = np.flatnonzero(heights <= lower)
        if not len(kept):
            break
        share, now = share * len(kept) / number, lower
        chosen = kept[rng.integers(len(kept), size=number)]
        places, heights = stirred(
            places[chosen], heights[chosen], lambda at, now=now: height(at, now), lambda new, old, now=now: new <= now, rng, sweeps
        )  # fmt: skip
    return Region(places, share, now)


def likely(cost: Callable[[Floats], Floats], places: Floats, rng: np.random.Generator, sweeps: int = 20) -> Floats:
    """Places by their likelihood, from places that are spread evenly where it may be looked for.

    Parameters
    ----------
    cost
        Minus the logarithm of the likelihood at places; infinite where there is none.
    places
        Where to start: an even sample.
    rng, sweeps
        As in `below`.
    """
    costs, power = cost(places), 0.0
    if not np.isfinite(costs).any():
        return places
    while power < 1:
        step = _step(costs, 1 - power)
        power = min(1.0, power + step)
        chosen = drawn(np.exp(-step * (costs - costs.min())), len(places), rng)
        places, costs = stirred(
            places[chosen], costs[chosen], cost,
            lambda new, old, power=power: np.log1p(-rng.random(len(new))) < power * (old - new), rng, sweeps,
        )  # fmt: skip
    return places


def _step(costs: Floats, most: float) -> float:
    """How much further towards the likelihood the population can go at once."""
    costs = costs[np.isfinite(costs)]

    def even(step: float) -> float:
        weight = np.exp(-step * (costs - costs.min()))
        return float(weight.sum() ** 2 / (weight**2).sum() / len(costs))

    if even(most) >= EVEN:
        return most
    low, high = 0.0, most
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if even(middle) >= EVEN else (low, middle)
    return max(low, 1e-4)


def drawn(weights: Floats, number: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Systematic draws by weight."""
    shares = (rng.random() + np.arange(number)) / number
    return np.minimum(np.searchsorted(np.cumsum(weights) / weights.sum(), shares), len(weights) - 1)


def stirred(
    places: Floats,
    heights: Floats,
    height: Callable[[Floats], Floats],
    takes: Callable[[Floats, Floats], NDArray[np.bool_]],
    rng: np.random.Generator,
    sweeps: int,
) -> tuple[Floats, Floats]:
    """Move every place so many times; ``takes`` says of new and old heights which moves are made."""
    places, heights = places.copy(), heights.copy()
    for _ in range(sweeps):
        order = rng.permutation(len(places))
        halves = order[: len(order) // 2], order[len(order) // 2 :]
        for mine, others in (halves, halves[::-1]):
            new = _proposed(places[mine], places[others], rng)
            found = height(new)
            good = takes(found, heights[mine])
            places[mine[good]], heights[mine[good]] = new[good], found[good]
    return places, heights


def _proposed(places: Floats, others: Floats, rng: np.random.Generator) -> Floats:
    """Where places may go, given others that stay."""
    number, width = places.shape
    one, two = rng.integers(len(others), size=(2, number))
    share = rng.choice([2 / width, 0.3, 1.0], size=(number, 1))
    moving = rng.random((number, width)) < share
    moving[np.arange(number), rng.integers(width, size=number)] = True
    reach = 2.38 / np.sqrt(2 * moving.sum(axis=1)) * np.exp(rng.normal(-0.3, 0.7, number))
    new = places + moving * (reach[:, None] * (others[one] - others[two]) + rng.normal(0, 1e-4, places.shape))
    anew = (rng.random(number) < 0.3)[:, None] & (rng.random((number, width)) < 1.5 / width)
    new = np.where(anew, rng.random(places.shape), new)
    folded = np.abs(new) % 2
    return np.where(folded > 1, 2 - folded, folded)


def spread(places: Floats, number: int, rng: np.random.Generator) -> Floats:
    """So many of the places, each as far as possible from those before it."""
    if len(places) <= number:
        return places
    chosen = [int(rng.integers(len(places)))]
    near = ((places - places[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < number:
        chosen.append(int(near.argmax()))
        near = np.minimum(near, ((places - places[chosen[-1]]) ** 2).sum(axis=1))
    return places[chosen]
