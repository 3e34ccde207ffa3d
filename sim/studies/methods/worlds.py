"""Worlds in which a study runs: drawn from its uncertainties, or from an ensemble that a calibration left."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.scenario import Problem, meant, own_code_refused, quote
from sim.studies.methods import designs
from sim.studies.methods.factors import Factor, Point

DEFAULT = "default"
"""What names the ensemble that ships; a file of that name is `./default`."""
WANTED = "a file that a calibration wrote (answer/ensemble.json), or `default` for the one that ships"
NONE_SHIPS = "the path of a file that a calibration wrote (answer/ensemble.json): no ensemble ships with this version"
SHIPPED = (
    Path(__file__).resolve().parents[2] / "reference" / "ensemble.json",  # of the package that is installed
    Path(__file__).resolve().parents[3] / "results" / "reference" / "calibration" / "ensemble.json",  # of a checkout
)
"""Where the ensemble that ships lies; it is there once, and the wheel takes it from the checkout."""
FEWEST = 2
"""Runs of a parameter set by which luck is told from what parameters do."""


class ParameterSets(NamedTuple):
    """Parameter sets: paths and values of each, and how much each counts; no weights where all count alike."""

    points: tuple[Point, ...] = ()
    weights: tuple[float, ...] = ()


def shipped_ensemble() -> Path | None:
    """The file of the ensemble that ships; None while there is none."""
    return next((path for path in SHIPPED if path.is_file()), None)


def read_ensemble(given: str | Mapping[str, Any] | None, folder: Path, problems: list[Problem]) -> ParameterSets:
    """An ensemble: of a file, the one that ships, or what such a file holds; empty and a problem if it is none.

    Parameters
    ----------
    given
        A path, `DEFAULT`, or a mapping with `points`, a list of mappings of paths to values, and `weights` where they do not count alike.
    folder, problems
        Where paths start from; receives what is wrong.
    """
    if given is None:
        return ParameterSets()
    if isinstance(given, Mapping):
        return _checked(given, "of a mapping", problems)
    path = shipped_ensemble() if given == DEFAULT else meant(given, folder)
    if path is None:
        problems.append(Problem("ensemble", quote(given), NONE_SHIPS))
        return ParameterSets()
    if own_code_refused() and given != DEFAULT:
        problems.append(Problem("ensemble", quote(given), f"`{DEFAULT}`, or none: no files here"))
        return ParameterSets()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        problems.append(Problem("ensemble", f"{quote(given)} ({error})", WANTED))
        return ParameterSets()
    return _checked(content, quote(given), problems)


def _checked(content: Any, name: str, problems: list[Problem]) -> ParameterSets:
    try:
        points = tuple(dict(point) for point in content["points"])
        paths = set(points[0])
        if not all(set(point) == paths for point in points):
            raise ValueError("points differ in what they set")
        weights = content.get("weights")
    except (AttributeError, ValueError, KeyError, TypeError, IndexError) as error:
        problems.append(Problem("ensemble", f"{name} ({error})", WANTED))
        return ParameterSets()
    if weights is None:
        return ParameterSets(points)
    good = isinstance(weights, list | tuple) and len(weights) == len(points)
    if not good or not all(_counts(weight) for weight in weights) or not sum(weights):
        wanted = f"{len(points)} numbers from 0 on, one for each point, not all of them 0 ({WANTED})"
        problems.append(Problem("ensemble.weights", quote(weights), wanted))
        return ParameterSets()
    return ParameterSets(points, tuple(float(weight) for weight in weights))


def _counts(weight: Any) -> bool:
    return isinstance(weight, int | float) and math.isfinite(weight) and weight >= 0


def spanned(ensemble: Sequence[Point], uncertainties: tuple[Factor, ...]) -> tuple[Factor, ...]:
    """A factor for each path of an ensemble that the study does not name, over the range that the ensemble spans."""
    named = {factor.path for factor in uncertainties}
    found = []
    for path in ensemble[0] if ensemble else ():
        values = [point[path] for point in ensemble]
        if path in named:
            continue
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            numbers = [float(value) for value in values]
            whole = all(isinstance(value, int) for value in values)
            kind = "integer" if whole else "uniform"
            found.append(Factor(path=path, low=min(numbers), high=max(numbers), distribution=kind))
        else:
            found.append(Factor(path=path, values=tuple(dict.fromkeys(values)), distribution="choice"))
    return (*uncertainties, *found)


def members_for(pairs: int, asked: int | None, there: int) -> int:
    """Parameter sets over which pairs of runs are shared out.

    Parameters
    ----------
    pairs
        Pairs of runs in all.
    asked
        As many as were asked for; None for `FEWEST` pairs of each, and no more sets than there are.
    there
        Sets of the ensemble that count; 0 where they are drawn from ranges, of which there is no end.
    """
    if asked is not None:
        return asked
    return max(1, min(pairs // FEWEST, there or pairs))


def drawn_worlds(
    ensemble: ParameterSets, factors: tuple[Factor, ...], design: str, number: int, seed: int
) -> list[Point]:
    """Points in which a study runs.

    Parameters
    ----------
    ensemble
        Its members are drawn in proportion to their weights, as evenly as can be: each comes as often as its share of `number` says, rounded up or
        down (systematic resampling), in a random order. Factors that it lacks are drawn as always. Without members, all are.
    factors, design, number, seed
        See `sim.studies.methods.designs.points`.
    """
    if not ensemble.points:
        return designs.points(design, factors, number, 1, seed)
    rest = tuple(factor for factor in factors if factor.path not in ensemble.points[0])
    drawn = designs.points(design, rest, number, 1, seed) if rest else [{}] * number
    order = _order(ensemble, number, np.random.default_rng(seed))
    return [{**point, **ensemble.points[k]} for point, k in zip(drawn, order, strict=True)]


def _order(ensemble: ParameterSets, number: int, rng: np.random.Generator) -> list[int]:
    """Which member each world is; of members that count alike, all come before any comes again."""
    weights = np.array(ensemble.weights or [1.0] * len(ensemble.points))
    if np.ptp(weights) == 0:
        rounds = [rng.permutation(len(weights)) for _ in range(-(-number // len(weights)))]
        return np.concatenate(rounds)[:number].tolist()
    upto = np.cumsum(weights) / weights.sum()
    places = (rng.random() + np.arange(number)) / number
    found = np.minimum(np.searchsorted(upto, places, side="right"), np.flatnonzero(weights)[-1])
    return rng.permutation(found).tolist()
