"""What a death or a lost year of healthy life averted costs: ratios of paired differences, with Fieller's interval.

A ratio is given only where the improvement is a finding: of an improvement that may be none, there is no price.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.dictionary import OutcomeSpec, outcome, outcomes
from sim.studies.findings import numbers
from sim.studies.findings.effects import tell
from sim.studies.runs.compare_tables import over_sets
from sim.studies.runs.effects import LEVEL, change, t_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame

COLUMNS = ("scenario", "outcome", "unit", "cost", "averted", "averted_low", "averted_high", "ratio", "ratio_low", "ratio_high", "n", "verdict")  # fmt: skip
RATIO, UNCLEAR, WORSE, SAVES, FREE = "ratio", "not told from zero", "worse", "saves", "no cost counted"
"""Verdicts: a ratio is given, or why none is."""


def fieller(top: NDArray[np.float64], bottom: NDArray[np.float64], level: float = LEVEL) -> tuple[float, float, float]:
    """Ratio of two means of paired values with its interval (Fieller 1954, doi:10.1111/j.2517-6161.1954.tb00159.x).

    Parameters
    ----------
    top, bottom
        Values of numerator and denominator, pair by pair, finite.
    level
        Coverage.

    Returns
    -------
    ratio, low, high
        The ends are NaN where the mean of the denominator is not told from zero, since no interval has an end then, and for one pair.
    """
    from scipy.special import stdtrit

    n = top.size
    a, b = float(top.mean()), float(bottom.mean())
    ratio = a / b if b else np.nan
    if n < 2:
        return ratio, np.nan, np.nan
    (aa, ab), (_, bb) = np.cov(top, bottom) / n
    square = float(stdtrit(n - 1, (1 + level) / 2)) ** 2
    rest = b**2 - square * bb
    if rest <= 0:
        return ratio, np.nan, np.nan
    middle = a * b - square * ab
    root = np.sqrt(max(0.0, middle**2 - rest * (a**2 - square * aa)))
    return ratio, float((middle - root) / rest), float((middle + root) / rest)


def averted() -> list[OutcomeSpec]:
    """Outcomes of which averting one has a price; the dictionary says which."""
    return [spec for spec in outcomes().values() if spec.one]


def cost_per(runs: DataFrame, effects: DataFrame, baseline: str) -> DataFrame:
    """What each scenario pays for a unit of harm averted.

    Parameters
    ----------
    runs
        A row a run: scenario, seed, outcomes; where they were made in several parameter sets, each counts once, with the mean of its runs.
    effects
        Effects of the same runs, as `sim.studies.runs.effects.paired_effects` gives them; they say which improvements are findings.
    baseline
        Label of the baseline.

    Returns
    -------
    DataFrame
        scenario, outcome, unit, cost (USD more than the baseline, mean over pairs), averted with both ends, ratio with both ends (USD for one
        averted; NaN where none can be given), n (pairs), and verdict. Empty where nothing was counted that could be divided.
    """
    import pandas as pd

    costs = [spec.name for spec in outcomes().values() if spec.price and spec.name in runs]
    rows: list[tuple[Any, ...]] = []
    wide = over_sets(runs).set_index(["scenario", "seed"])
    for label in [label for label in dict.fromkeys(runs["scenario"]) if label != baseline]:
        shown: list[Any] = effects[effects["scenario"] == label].to_dict("records")
        found = tell(row for row in shown if not outcome(row["outcome"]).detail).names
        for spec in [spec for spec in averted() if spec.name in runs and costs]:
            names = [costs[0], spec.name]
            mine, base = (wide.loc[which, names].astype(float) for which in (label, baseline))
            difference = change(np.asarray(mine.reindex(base.index), float), np.asarray(base, float))
            difference = difference[np.isfinite(difference).all(axis=1)]
            if difference.shape[0]:
                rows.append((label, spec.name, f"USD per {spec.one} averted", *_row(spec, difference, found)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(spec: OutcomeSpec, difference: NDArray[np.float64], found: Collection[str]) -> tuple[Any, ...]:
    """One ratio, from the differences in cost and outcome of each pair."""
    cost, gain = difference[:, 0], -difference[:, 1]
    mean, low, high = t_interval(gain)
    ratio, least, most = fieller(cost, gain)
    _, _, dearest = t_interval(cost)
    if not cost.any():
        verdict = FREE
    elif spec.name not in found or not np.isfinite(least):
        verdict = UNCLEAR
    elif mean < 0:
        verdict = WORSE
    else:
        verdict = SAVES if dearest < 0 else RATIO
    ends = (ratio, least, most) if verdict == RATIO else (np.nan, np.nan, np.nan)
    return (float(cost.mean()), mean, low, high, *ends, len(cost), verdict)


def said(row: Mapping[str, Any]) -> str:
    """A ratio in words, or why none is given."""
    spec = outcome(row["outcome"])
    one = f"{spec.one} averted"
    dollars = [numbers.level(row[name], "USD") for name in ("ratio", "ratio_low", "ratio_high")]
    leaves_zero_out = row["averted_low"] > 0 or row["averted_high"] < 0
    unclear = "may be chance among so many outcomes" if leaves_zero_out else "is not told from zero"
    return {
        RATIO: f"{dollars[0]} ({dollars[1]} to {dollars[2]}) per {one}",
        UNCLEAR: f"no cost per {one} can be given, since the effect on {spec.unit} {unclear}",
        WORSE: f"no cost per {one} can be given, since {spec.unit} become more, not fewer",
        SAVES: f"{spec.unit} become fewer and money is saved, so there is no cost per {one}",
        FREE: f"no cost of the intervention is counted, so there is no cost per {one}",
    }[row["verdict"]]


def as_json(table: DataFrame) -> dict[str, dict[str, Any]]:
    """The same by scenario and outcome, as JSON has it: what is no number is null, and in words what is found."""
    found: dict[str, dict[str, Any]] = {}
    rows: list[Any] = table.to_dict("records")
    for row in rows:
        plain = {name: row[name] for name in COLUMNS[2:]}
        plain = {
            name: None if isinstance(value, float) and not np.isfinite(value) else value
            for name, value in plain.items()
        }
        found.setdefault(str(row["scenario"]), {})[str(row["outcome"])] = {**plain, "words": said(row)}
    return found


def sentences(table: DataFrame) -> dict[str, str]:
    """What a unit of harm averted costs, or that it cannot be said, in a sentence for each scenario that costs anything."""
    lines: dict[str, str] = {}
    for label, part in table.groupby("scenario", sort=False):
        rows: list[Any] = part.to_dict("records")
        words = [said(row) for row in rows if row["verdict"] not in (UNCLEAR, FREE)]
        unclear = [outcome(row["outcome"]) for row in rows if row["verdict"] == UNCLEAR]
        if unclear:
            ones, units = (" or ".join(getattr(spec, word) for spec in unclear) for word in ("one", "unit"))
            words.append(f"no cost per {ones} averted can be given, since no effect on {units} is told from zero")
        if words:
            lines[str(label)] = f"Cost-effectiveness: {'; '.join(words)}."
    return lines
