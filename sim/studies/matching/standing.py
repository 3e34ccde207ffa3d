"""Where a place stands in what is left: how far from the centre, how likely, and whether it is ruled out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.studies.matching.wave import Plan, costs, worst
from sim.studies.matching.waves import Floats, Matched
from sim.studies.methods.emulators import learning


class Standing(NamedTuple):
    """A place against the posterior.

    Attributes
    ----------
    farther, less_likely
        Shares of the posterior that lie farther from its centre (Mahalanobis, shrunk as Ledoit and Wolf 2004), and that are less likely by the last emulators.
    implausibility
        Standard deviations by which it misses a target at most, but for those that are ignored; above the cut it is ruled out.
    """

    farther: float
    less_likely: float
    implausibility: float


def standing(result: Matched, plan: Plan, place: Floats) -> Standing:
    """Where one ``place`` (width,) of the unit cube stands."""
    centre = result.places.mean(axis=0)
    covariance = learning().shrunk(result.places - centre, assume_centered=True)[0]

    def away(places: Floats) -> Floats:
        off = places - centre
        return (off * np.linalg.solve(covariance, off.T).T).sum(axis=1)

    def cost(places: Floats) -> Floats:
        return costs(result.goals, result.waves[-1], places, plan.discrepancy, result.unreached)

    here = place[None, :]
    return Standing(
        float((away(result.places) > away(here)).mean()),
        float((cost(result.places) > cost(here)).mean()),
        float(worst(result.goals, result.waves, here, plan)[0]),
    )
