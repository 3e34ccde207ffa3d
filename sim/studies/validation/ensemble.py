"""Parameter sets that a validation runs: those of an ensemble, with their weights, or the defaults alone."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from sim.scenario import Problem
from sim.studies.errors import RequestError, at_least
from sim.studies.methods.factors import Point
from sim.studies.methods.worlds import ParameterSets, drawn_worlds, read_ensemble
from sim.studies.validation.files import TargetsError

DRAW = 1
"""Seed of the draw of members."""


@dataclass(frozen=True)
class Ensemble:
    """Parameter sets: paths and values each, and how much each counts."""

    points: tuple[Point, ...] = ({},)
    weights: tuple[float, ...] = (1.0,)
    name: str = ""

    def __len__(self) -> int:
        return len(self.points)


def load_ensemble(source: str | PathLike[str] | None, members: int | None = None) -> Ensemble:
    """The ensemble of a file, or the one that ships (`default`); see `sim.studies.methods.worlds.read_ensemble`.

    With ``members``, so many of its sets are drawn in proportion to their weights, as `sim.studies.methods.worlds.drawn_worlds` does, and count alike.

    Raises
    ------
    TargetsError
        If it is none, or none ships.
    RequestError
        If members are asked for of no ensemble.
    """
    if source is None:
        if members is not None:
            raise RequestError(
                f"members: given {members} without parameter sets to draw from; name them with --ensemble"
            )
        return Ensemble()
    problems: list[Problem] = []
    points, weights = read_ensemble(str(source), Path(), problems)
    if problems:
        raise TargetsError(problems)
    if members is not None:
        number = at_least("members", members, 1)
        points, weights = tuple(drawn_worlds(ParameterSets(points, weights), (), "random", number, DRAW)), ()
    return Ensemble(points, weights or (1.0,) * len(points), Path(str(source)).name)
