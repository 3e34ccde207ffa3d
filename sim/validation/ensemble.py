"""Parameter sets that a validation runs: those of an ensemble file, with their weights, or the defaults alone."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from sim.scenario import Problem, quote
from sim.studies.methods.factors import Point
from sim.studies.methods.worlds import WANTED, read_ensemble
from sim.validation.files import TargetsError


@dataclass(frozen=True)
class Ensemble:
    """Parameter sets: paths and values each, and how much each counts."""

    points: tuple[Point, ...] = ({},)
    weights: tuple[float, ...] = (1.0,)
    name: str = ""

    def __len__(self) -> int:
        return len(self.points)


def load_ensemble(source: str | PathLike[str] | None) -> Ensemble:
    """The ensemble of a file: JSON with `points`, a list of mappings of paths to values, and `weights` beside it if they do not count alike.

    Raises
    ------
    TargetsError
        If it is none.
    """
    if source is None:
        return Ensemble()
    path = Path(str(source))
    problems: list[Problem] = []
    points = read_ensemble(str(source), Path(), problems)
    if problems:
        raise TargetsError(problems)
    weights = json.loads(path.read_text(encoding="utf-8")).get("weights")
    if weights is None:
        return Ensemble(points, (1.0,) * len(points), path.name)
    good = isinstance(weights, list) and len(weights) == len(points)
    if (
        not good
        or not all(isinstance(w, int | float) and math.isfinite(w) and w >= 0 for w in weights)
        or not sum(weights)
    ):
        wanted = f"{len(points)} numbers from 0 on, one for each point, not all of them 0 ({WANTED})"
        raise TargetsError([Problem("ensemble.weights", quote(weights), wanted)])
    return Ensemble(points, tuple(float(w) for w in weights), path.name)
