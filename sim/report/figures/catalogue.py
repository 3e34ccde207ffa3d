"""The figures that kinds of study ask for, by the names that they ask by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sim.report.figures import discover, groups, optimise, sensitivity, study
from sim.studies.kinds import Drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES: dict[str, Callable[..., Figure]] = {
    function.__name__: function
    for function in (
        study.effects,
        groups.effects_by_group,
        groups.submodels,
        study.ranking,
        study.cost_effectiveness,
        study.sweep,
        sensitivity.heatmap,
        sensitivity.bars,
        sensitivity.convergence,
        discover.boxes,
        discover.worlds,
        discover.scores,
        optimise.pareto,
    )
}


NOTED = ("effects", "ranking", "cost_effectiveness", "sweep")
"""Figures of what policies change, which say below where these did less than asked."""


def draw(drawing: Drawing | Callable[[], Figure], notes: Sequence[str] = ()) -> Figure:
    """The figure that a kind of study asks for, or draws by itself; `notes` say which policies did less than asked."""
    if not isinstance(drawing, Drawing):
        return drawing()
    more = {"notes": notes} if drawing.figure in NOTED else {}
    return FIGURES[drawing.figure](*drawing.of, **more)
