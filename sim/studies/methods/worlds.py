"""Worlds in which a study runs: drawn from its uncertainties, or from an ensemble that a calibration left."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from sim.scenario import Problem, is_file, own_code_refused, quote
from sim.studies.methods import designs
from sim.studies.methods.factors import Factor, Point

WANTED = "a file that a study of the kind calibrate wrote (answer/ensemble.json)"


def read_ensemble(given: str | None, folder: Path, problems: list[Problem]) -> tuple[Point, ...]:
    """The points of an ensemble file, beside the study file or here; none and a problem if it is not one."""
    if given is None:
        return ()
    if own_code_refused():
        problems.append(Problem("ensemble", quote(given), "none: no files here"))
        return ()
    path = folder / given if is_file(folder / given) else Path(given)
    try:
        points = json.loads(path.read_text(encoding="utf-8"))["points"]
        paths = set(points[0])
        if not all(set(point) == paths for point in points):
            raise ValueError("points differ in what they set")
        return tuple(dict(point) for point in points)
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        problems.append(Problem("ensemble", f"{quote(given)} ({error})", WANTED))
        return ()


def spanned(ensemble: tuple[Point, ...], uncertainties: tuple[Factor, ...]) -> tuple[Factor, ...]:
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


def drawn_worlds(
    ensemble: tuple[Point, ...], factors: tuple[Factor, ...], design: str, number: int, seed: int
) -> list[Point]:
    """Points in which a study runs.

    Parameters
    ----------
    ensemble
        Its members are drawn in a random order, all before any comes again; factors that it lacks are drawn as always.
        Without one, all are.
    factors, design, number, seed
        See `sim.studies.methods.designs.points`.
    """
    if not ensemble:
        return designs.points(design, factors, number, 1, seed)
    rest = tuple(factor for factor in factors if factor.path not in ensemble[0])
    drawn = designs.points(design, rest, number, 1, seed) if rest else [{}] * number
    rng = np.random.default_rng(seed)
    rounds = [rng.permutation(len(ensemble)) for _ in range(-(-number // len(ensemble)))]
    order = np.concatenate(rounds)[:number]
    return [{**point, **ensemble[k]} for point, k in zip(drawn, order, strict=True)]
