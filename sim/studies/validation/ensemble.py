"""Parameter sets that a validation runs: those of an ensemble, with their weights, or the defaults alone."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from sim.scenario import Problem
from sim.studies.methods.factors import Point
from sim.studies.methods.worlds import read_ensemble
from sim.studies.validation.files import TargetsError


@dataclass(frozen=True)
class Ensemble:
    """Parameter sets: paths and values each, and how much each counts."""

    points: tuple[Point, ...] = ({},)
    weights: tuple[float, ...] = (1.0,)
    name: str = ""

    def __len__(self) -> int:
        return len(self.points)


def load_ensemble(source: str | PathLike[str] | None) -> Ensemble:
    """The ensemble of a file, or the one that ships (`default`); see `sim.studies.methods.worlds.read_ensemble`.

    Raises
    ------
    TargetsError
        If it is none, or none ships.
    """
    if source is None:
        return Ensemble()
    problems: list[Problem] = []
    points, weights = read_ensemble(str(source), Path(), problems)
    if problems:
        raise TargetsError(problems)
    return Ensemble(points, weights or (1.0,) * len(points), Path(str(source)).name)
