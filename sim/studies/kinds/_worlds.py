"""The worlds in which the pairs of a comparison are run, and their runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.studies.methods.components import SET
from sim.studies.methods.worlds import FEWEST

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.kinds import Driver
    from sim.studies.methods.factors import Point
    from sim.studies.study import ReadyStudy


def parameter_sets(study: ReadyStudy) -> list[Point]:
    """The parameter sets over which the replications of a comparison are shared out; none where each is at the defaults, or has one of its own."""
    members = study.settings.members
    few = members is None and study.file.replications < 2 * FEWEST
    if not study.uncertainties or members == 0 or few:
        return []
    return study.worlds(study.settings.design, study.members(study.file.replications, members))


def worlds_of(study: ReadyStudy, seeds: Sequence[int]) -> list[Point] | None:
    """The world of each seed: parameter sets in turns, or one of its own; None where all are run at the values of the scenarios."""
    if not study.uncertainties:
        return None
    sets = parameter_sets(study)
    if sets:
        return [sets[k % len(sets)] for k in range(len(seeds))]
    number = max(study.settings.most, len(seeds))  # worlds do not depend on how many were asked for so far
    return study.worlds(study.settings.design, number)[: len(seeds)]


def evaluate(study: ReadyStudy, driver: Driver, seeds: Sequence[int]) -> DataFrame:
    """Outcomes of all scenarios with all seeds; where these are shared out over parameter sets, `parameter_set` says which one a run was made in."""
    worlds = worlds_of(study, seeds)
    if worlds is None:
        return driver.evaluate([{}], seeds=seeds)
    runs = driver.evaluate(worlds, seeds=seeds, crossed=False)
    sets = parameter_sets(study)
    if sets:
        runs.insert(5, SET, runs["point"] % len(sets))
    return runs
