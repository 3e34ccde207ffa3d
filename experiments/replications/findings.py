"""What a number of the model is beside the published one, when it counts as reproduced, and how its interval is reckoned."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from sim.report.text.validation import number, span
from sim.studies.validation.files import load_targets

LEVEL = 0.90
"""Level of every interval of the model."""
REPRODUCED, IN_SIGN, MISSED, NOT_JUDGED = "reproduced", "reproduced in sign", "missed", "not judged"


@dataclass(frozen=True)
class Finding:
    """A number of the model beside the published one.

    Attributes
    ----------
    id, text, unit
        Short name, what is measured in words, and its unit.
    mean, low, high
        What the model gives, with an interval of `LEVEL` for its mean over seeds.
    published, lowest, highest
        What is published, and the range that counts as the same.
    null, side
        Where only a direction is published or known beside the value: the number on one side of which it lies, and the side.
    basis
        Where the range or the direction comes from.
    sources
        Ids in `sim/evidence/sources.yaml`.
    """

    id: str
    text: str
    unit: str
    mean: float
    low: float
    high: float
    published: float | None = None
    lowest: float | None = None
    highest: float | None = None
    null: float | None = None
    side: Literal["above", "below"] = "above"
    basis: str = ""
    sources: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """Reproduced: the mean is in the range. In sign: the whole interval is on the published side of null. Else missed; not judged where nothing is published."""
        ranged = self.lowest is not None or self.highest is not None
        if not ranged and self.null is None:
            return NOT_JUDGED
        if not math.isfinite(self.mean):
            return MISSED
        low = -math.inf if self.lowest is None else self.lowest
        high = math.inf if self.highest is None else self.highest
        if ranged and low <= self.mean <= high:
            return REPRODUCED
        if self.null is not None:
            least, most = (self.low, self.high) if math.isfinite(self.low) else (self.mean, self.mean)
            if least > self.null if self.side == "above" else most < self.null:
                return IN_SIGN
        return MISSED

    @property
    def wanted(self) -> str:
        """What is published, in words."""
        ends = span(self.lowest, self.highest)
        value = number(self.published)
        words = f"{value} ({ends})" if value and ends else value or ends
        sign = "" if self.null is None else f"{self.side} {number(self.null)}"
        return f"{words}; {sign}" if words and sign else words or sign or "nothing that was read"

    @property
    def got(self) -> str:
        """What the model gives, in words."""
        if not math.isfinite(self.mean):
            return "no value"
        return number(self.mean) + (f" ({span(self.low, self.high)})" if math.isfinite(self.low) else "")

    def row(self) -> dict[str, Any]:
        """The finding as plain data; what is no number is null."""
        names = ("id", "text", "unit", "mean", "low", "high", "published", "lowest", "highest", "null", "side", "basis", "sources")  # fmt: skip
        plain = {name: getattr(self, name) for name in names}
        plain = {key: rounded(value) for key, value in plain.items()}
        return {**plain, "wanted": self.wanted, "got": self.got, "verdict": self.verdict}


@dataclass(frozen=True)
class Result:
    """Findings, and what the picture draws as plain data."""

    findings: tuple[Finding, ...]
    drawn: Mapping[str, Any]


def verdict_of(verdicts: Sequence[str]) -> str:
    """What the findings of a replication come to: a word where they agree, and the counts."""
    judged = [verdict for verdict in verdicts if verdict != NOT_JUDGED]
    counts = {word: judged.count(word) for word in (REPRODUCED, IN_SIGN, MISSED)}
    if not judged:
        return NOT_JUDGED
    if not counts[MISSED]:
        word = REPRODUCED if counts[REPRODUCED] == len(judged) else IN_SIGN
    else:
        word = MISSED if counts[MISSED] == len(judged) else "reproduced in part"
    parts = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return f"{word}: {parts} of {len(judged)}"


# --- numbers ---------------------------------------------------------------------------------------------------------
def rounded(value: Any) -> Any:
    """Plain data with five digits, and null for what is no number: two machines write the same."""
    if isinstance(value, Mapping):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple | np.ndarray | pd.Series):
        return [rounded(each) for each in value]
    if isinstance(value, bool | str | int) or value is None:
        return value
    return float(f"{float(value):.5g}") if math.isfinite(float(value)) else None


def over_seeds(values: Iterable[float]) -> dict[str, float]:
    """Mean of a number of each seed, with the interval of Student's t; what is no number is left out."""
    from scipy import stats

    known = np.array([value for value in values if math.isfinite(value)], dtype=float)
    mean = float(known.mean()) if len(known) else math.nan
    if len(known) < 2:
        return {"mean": mean, "low": math.nan, "high": math.nan}
    half = float(stats.t.ppf(0.5 + LEVEL / 2, len(known) - 1)) * float(known.std(ddof=1)) / math.sqrt(len(known))
    return {"mean": mean, "low": mean - half, "high": mean + half}


def pooled[T](parts: Sequence[T], statistic: Callable[[Sequence[T]], float]) -> dict[str, float]:
    """A number of all runs together, with the interval of the jackknife that leaves out a run at a time."""
    return jackknife(statistic(parts), [statistic([*parts[:k], *parts[k + 1 :]]) for k in range(len(parts))])


def jackknife(whole: float, without: Sequence[float]) -> dict[str, float]:
    """A number of all runs, and its interval by what it is without each."""
    from scipy import stats

    n, left = len(without), np.asarray(without, dtype=float)
    if n < 2 or not math.isfinite(whole):
        return {"mean": whole, "low": math.nan, "high": math.nan}
    error = math.sqrt((n - 1) / n * float(((left - left.mean()) ** 2).sum()))
    half = float(stats.t.ppf(0.5 + LEVEL / 2, n - 1)) * error
    return {"mean": whole, "low": whole - half, "high": whole + half}


def of_target(name: str) -> dict[str, Any]:
    """What a target of the model says is published, with its range: committed before a look at the model."""
    target = load_targets()[name]
    return {
        "published": target.value, "lowest": target.low, "highest": target.high, "unit": target.unit,
        "basis": f"target `{name}`: {target.reason}", "sources": target.sources,
    }  # fmt: skip


def draws_of(data: np.ndarray, statistic: Callable[[np.ndarray], float], size: int, draws: int = 500) -> tuple[float, float]:  # fmt: skip
    """The range in which a number of ``size`` cases drawn from the data falls in 95 of 100 draws."""
    rng = np.random.default_rng(20150521)
    values = [statistic(data[rng.integers(0, len(data), size)]) for _ in range(draws)]
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)
