"""What was observed, on a scale on which its error is even: shares by their arcsine, what is positive by its logarithm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
HALF = 1.96
"""Standard errors from a value to the end of its range: the range is read as an interval of 95 %."""
OPEN = 0.1
"""Standard error of the end of a range that is open on the other side, as a share of that end."""
FLOOR = 0.01
"""What is added to a positive number before its logarithm is taken, as a share of what was observed, so that 0 has one."""


@dataclass(frozen=True)
class Goal:
    """Something that was observed.

    Attributes
    ----------
    name
        Of the target.
    kind
        Scale: `share` (0 to 1), `positive` or `plain`.
    size
        Of a positive number: about how large it is.
    centre, below, above
        Where it lies on that scale, and its standard error to either side; infinite where any number agrees.
    more
        Variance besides, on that scale, such as the luck of the observation itself.
    """

    name: str
    kind: str
    size: float
    centre: float
    below: float
    above: float
    more: float = 0.0

    def scaled(self, values: Floats) -> Floats:
        """Numbers on the scale of the goal."""
        return _scaled(self.kind, self.size, values)

    def moved(self, centre: float, more: float = 0.0) -> Goal:
        """The same with another observation of the same error, closed on both sides."""
        errors = [error for error in (self.below, self.above) if np.isfinite(error)]
        below, above = (error if np.isfinite(error) else errors[0] for error in (self.below, self.above))
        return replace(self, centre=centre, below=below, above=above, more=more)

    def apart(self, mean: Floats, variance: Floats, discrepancy: float) -> tuple[Floats, Floats, Floats]:
        """How far numbers on its scale are from it, and what is uncertain.

        Parameters
        ----------
        mean, variance
            What is known of a target.
        discrepancy
            What the model cannot be expected to get right, in standard errors of the goal.

        Returns
        -------
        away, error, rest
            The difference; the variance of the goal on that side, infinite where any number agrees; and that of what is known of the target.
        """
        away = mean - self.centre
        error = np.where(away < 0, self.below, self.above) ** 2 * (1 + discrepancy**2)
        return away, error, variance + self.more

    def distance(self, mean: Floats, variance: Floats, discrepancy: float) -> Floats:
        """How far numbers on its scale are from it, in standard deviations of all that is uncertain; see `apart`."""
        away, error, rest = self.apart(mean, variance, discrepancy)
        return away / np.sqrt(error + rest)


def goal(name: str, value: float | None, low: float | None, high: float | None, share: bool = False) -> Goal:
    """A goal from a value and its range, of which each may be missing but one end.

    Parameters
    ----------
    name, value, low, high
        What was observed. Where no value is, the middle of the range is it, or the end of one that is open.
    share
        Whether it is a share, which lies between 0 and 1.
    """
    ends = [end for end in (low, high) if end is not None]
    known = [x for x in (value, *ends) if x is not None]
    if share and min(known) >= 0 and max(known) <= 1:
        kind = "share"
    else:
        kind = "positive" if min(known) > 0 else "plain"
    size = value if value is not None else sum(ends) / len(ends)

    def at(x: float) -> float:
        return float(_scaled(kind, size, np.array(x, dtype=float)))

    end = ends[0]
    wide = abs(at(end * (1 + OPEN)) - at(end)) or OPEN
    if value is None and len(ends) == 1:
        return Goal(name, kind, size, at(end), np.inf if low is None else wide, np.inf if high is None else wide)
    centre = at(size) if value is None else at(value)
    below, above = (np.inf if x is None else abs(at(x) - centre) / HALF for x in (low, high))
    finite = [error for error in (below, above) if np.isfinite(error) and error > 0] or [wide]
    return Goal(name, kind, size, centre, below or finite[0], above or finite[0])


def _scaled(kind: str, size: float, values: Floats) -> Floats:
    if kind == "share":
        return np.arcsin(np.sqrt(np.clip(values, 0.0, 1.0)))
    if kind == "positive":
        return np.log(np.maximum(values, 0.0) + FLOOR * size)
    return np.asarray(values, dtype=float)


def ranked(distances: Floats, ignored: int) -> Floats:
    """The largest distance in every row after so many larger ones; 0 where there are no more."""
    columns = distances.shape[1]
    if columns <= ignored:
        return np.zeros(len(distances))
    return np.partition(np.abs(distances), columns - 1 - ignored, axis=1)[:, columns - 1 - ignored]


def measured(goals: Sequence[Goal], values: Floats, noise: Floats, discrepancy: float) -> Floats:
    """Distances of what was measured; NaN where there is nothing.

    Parameters
    ----------
    goals, values
        What was observed, and what was measured in natural units: a row a point, a column a goal.
    noise, discrepancy
        Variance that luck gives each, on the scale of its goal, and as in `Goal.distance`.
    """
    columns = [
        goal.distance(goal.scaled(values[:, k]), np.full(len(values), noise[k]), discrepancy)
        for k, goal in enumerate(goals)
    ]
    return np.stack(columns, axis=1) if columns else np.zeros((len(values), 0))
