"""A driver for plain functions in the place of the model, to check a kind of study against answers that are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from sim.studies.methods import designs
from sim.studies.methods.factors import Point, Value

if TYPE_CHECKING:
    from pandas import DataFrame

Function = Callable[[Mapping[str, Value], str, int], Mapping[str, float]]
"""Takes a point, the label of a scenario and a seed; gives outcomes."""


class FunctionDriver:
    """Evaluates a function as `sim.studies.execution.driver.Driver` evaluates the model; keeps nothing.

    Parameters
    ----------
    function
        What to evaluate.
    scenarios, seeds
        Labels and seeds where a kind names none.

    Examples
    --------
    >>> driver = FunctionDriver(lambda point, scenario, seed: {"y": 2 * point["x"]})
    >>> list(driver.evaluate([{"x": 1.0}, {"x": 3.0}])["y"])
    [2.0, 6.0]
    """

    def __init__(
        self, function: Function, scenarios: Sequence[str] = ("baseline",), seeds: Sequence[int] = (1,)
    ) -> None:
        self.function, self.scenarios, self.seeds = function, tuple(scenarios), tuple(seeds)

    def evaluate(
        self,
        points: Sequence[Point],
        *,
        seeds: Sequence[int] | None = None,
        scenarios: Sequence[str] | None = None,
        crossed: bool = True,
    ) -> DataFrame:
        """See `sim.studies.kinds.Driver.evaluate`."""
        import pandas as pd

        chosen = self.seeds if seeds is None else tuple(seeds)
        labels = self.scenarios if scenarios is None else tuple(scenarios)
        return pd.DataFrame(
            [
                {
                    "point": k,
                    "scenario": label,
                    "seed": seed,
                    "run": "",
                    "status": "ok",
                    **self.function(point, label, seed),
                }
                for k, point, seed, label in designs.runs(points, chosen, labels, crossed)
            ]
        )

    def affords(self, runs: int) -> bool:
        """A function costs nothing."""
        return True
