"""Factors of a study: what it varies, over which range, and how a number between 0 and 1 becomes a value.

Uncertainties are facts about the world that nobody knows exactly; levers are what somebody could choose. Both are a
path into a scenario with a range. A parameter of the model brings its range from ``parameters.yaml``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from sim.evidence.parameters import ParameterSpec, load_parameters
from sim.scenario import Problem, nearest, one_of, quote

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Value = float | int | bool | str
Point = Mapping[str, Value]
"""One point of a design: a value for each path."""


class Factor(BaseModel):
    """Something that a study varies.

    Parameters
    ----------
    path
        Where in the scenario, as ``--set`` writes it: ``choice.price_weight``, ``policies.takedown.start``.
    low, high, distribution
        Range, ends included, and how values are drawn from it.
    values
        The values to choose from instead of a range, equally likely.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    path: str = Field(min_length=1, description="where in the scenario, such as choice.price_weight")
    low: float | None = Field(default=None, description="lowest value; by default the parameter's")
    high: float | None = Field(default=None, description="highest value; by default the parameter's")
    distribution: Literal["uniform", "loguniform", "integer", "choice"] | None = Field(
        default=None, description="how values are drawn; by default the parameter's"
    )
    values: tuple[Value, ...] | None = Field(
        default=None, min_length=1, max_length=10_000, description="values instead of a range"
    )

    def at(self, share: float) -> Value:
        """The value below which the given share (0 to 1) of the distribution lies."""
        if self.values is not None:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        low, high = self.bounds
        if self.distribution == "loguniform":
            return min(high, max(low, math.exp(math.log(low) + share * (math.log(high) - math.log(low)))))
        if self.distribution == "integer":
            return int(min(high, math.floor(low + share * (high - low + 1))))
        return low + share * (high - low)

    def share(self, value: float) -> float:
        """The share (0 to 1) of a continuous distribution that lies below a value: `at` the other way round."""
        low, high = self.bounds
        if self.distribution == "loguniform":
            low, value, high = math.log(low), math.log(value), math.log(high)
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def levels(self, count: int) -> list[Value]:
        """Values at equal steps from end to end, or all where there is a list of them."""
        if self.values is not None:
            return list(self.values)
        low, high = self.bounds
        shares = [k / (count - 1) for k in range(count)] if count > 1 else [0.5]
        if self.distribution == "integer":
            return list(dict.fromkeys(round(low + share * (high - low)) for share in shares))
        return [self.at(share) for share in shares]

    @property
    def bounds(self) -> tuple[float, float]:
        """Both ends of the range."""
        if self.low is None or self.high is None:
            raise ValueError(f"{self.path} has no range")
        return self.low, self.high

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values that must be allowed for all others to be: both ends and a number between that is not whole, where one may come; of a list, all texts too."""
        if self.values is None:
            between = (self.at(share) for share in (0.5, 0.382, 0.618))
            return (
                self.at(0.0),
                self.at(1.0),
                *(value for value in between if self.distribution != "integer" and value % 1),
            )
        numbers = [value for value in self.values if isinstance(value, int | float) and not isinstance(value, bool)]
        parts = [value for value in numbers if value % 1][:1]
        ends = [min(numbers), max(numbers), *parts] if numbers else []
        texts = {(type(value), value): value for value in self.values if isinstance(value, str | bool)}
        return (*dict.fromkeys(ends), *texts.values())


def parameter_of(path: str) -> ParameterSpec | None:
    """The parameter of the model that a path names, if it names one."""
    return load_parameters().specs.get(path.removeprefix("parameters."))


def _kind(value: Value) -> str:
    return "text" if isinstance(value, str) else "yes or no" if isinstance(value, bool) else "number"


def complete(factor: Factor, where: str, problems: list[Problem]) -> Factor:
    """The factor with what its parameter gives; what is still missing or makes no sense becomes a problem."""
    spec = parameter_of(factor.path)
    if factor.values is not None:
        if factor.low is not None or factor.high is not None or factor.distribution not in (None, "choice"):
            problems.append(Problem(f"{where}.values", quote(list(factor.values)), "values, or low and high, not both"))
        if len({_kind(value) for value in factor.values}) > 1:
            allowed = "values of one kind, which stand in one column: numbers, texts, or true and false"
            problems.append(Problem(f"{where}.values", quote(list(factor.values)), allowed))
        elif len(set(factor.values)) < len(factor.values):
            problems.append(Problem(f"{where}.values", quote(list(factor.values)), "each value once"))
        return factor.model_copy(update={"distribution": "choice"})
    low, high, distribution = factor.low, factor.high, factor.distribution
    if spec is not None:
        low = spec.low if low is None else low
        high = spec.high if high is None else high
        drawn = "loguniform" if spec.distribution in ("loguniform", "lognormal") else "uniform"
        distribution = distribution or ("uniform" if drawn == "loguniform" and low <= 0 else drawn)
    if low is None or high is None:
        given = [name for name, value in (("low", low), ("high", high)) if value is not None]
        names = load_parameters().specs
        close = nearest(factor.path, names) if spec is None and "policies" not in factor.path else None
        allowed = "low and high, or values (only parameters of the model bring a range of their own)"
        problems.append(Problem(where, one_of(given) if given else f"{factor.path} without a range", allowed, close))
        return factor
    distribution = distribution or "uniform"
    if distribution == "choice":
        problems.append(Problem(f"{where}.distribution", "choice", "values to choose from, under `values`"))
    if low >= high:
        problems.append(Problem(f"{where}.low", f"{low:g}", f"a number below high, which is {high:g}"))
    if distribution == "loguniform" and low <= 0:
        problems.append(Problem(f"{where}.low", f"{low:g}", "a number above 0 for a loguniform range"))
    if distribution == "integer" and (low % 1 or high % 1):
        problems.append(Problem(where, f"{low:g} to {high:g}", "whole numbers for a range of integers"))
    return factor.model_copy(update={"low": low, "high": high, "distribution": distribution})


def from_unit(factors: tuple[Factor, ...], rows: NDArray[np.float64]) -> list[Point]:
    """Points from rows of numbers between 0 and 1, a column a factor in the order given."""
    return [{factor.path: factor.at(float(share)) for factor, share in zip(factors, row, strict=True)} for row in rows]
