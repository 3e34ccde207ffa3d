"""Paired effects: what a scenario changes, seed by seed, and how sure that is.

Run k of every scenario has the same seed, and so the same luck wherever the intervention reaches nothing. The effect is
the mean over seeds of scenario minus baseline; its interval is Student's t interval of those differences. Where runs were made in several parameter
sets, the interval is that of chance and parameters together, and each of them stands beside it (`sim.studies.methods.components`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from sim.measures.dictionary import OutcomeSpec, outcome
from sim.measures.dictionary import outcomes as known_outcomes
from sim.studies.methods.components import COLUMNS, SET, TOTAL, doubt

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame, Index

LEVEL = 0.95
INTERVAL = "paired t, 95 %"
DISPLACEMENT = {"displacement_channel": "share_", "displacement_jurisdiction": "share_from_"}
"""Displacement outcomes and the shares that each is made of."""


def add_displacement(outcomes: DataFrame, baseline: str) -> DataFrame:
    """Add how far trade moved, between channels and between jurisdictions, against the baseline run of the same seed.

    Displacement is half the sum of the absolute differences of the shares: the share of trade that would have to move
    back to restore the baseline. It is a distance, between 0 and 1 and never negative.

    Parameters
    ----------
    outcomes
        One row a run: `scenario`, `seed` and every outcome.
    baseline
        Label of the baseline.

    Returns
    -------
    DataFrame
        A copy with the two columns added, where the shares are there.
    """
    result = outcomes.copy()
    for name, prefix in DISPLACEMENT.items():
        shares = [
            column
            for column in result.columns
            if column.startswith(prefix) and (prefix == "share_from_" or not column.startswith("share_from_"))
        ]
        if shares:
            wide = result.set_index(["scenario", "seed"])[shares]
            reference = wide.loc[baseline].loc[result["seed"]].to_numpy()
            result[name] = np.abs(wide.to_numpy() - reference).sum(axis=1) / 2
    return result


def paired_effects(outcomes: DataFrame, baseline: str) -> DataFrame:
    """Compare every scenario with the baseline, outcome by outcome.

    Parameters
    ----------
    outcomes
        One row a run: `scenario`, `seed`, every outcome, and the `parameter_set` where runs were made in several. Every scenario has the same seeds.
    baseline
        Label of the baseline.

    Returns
    -------
    DataFrame
        One row for each scenario and outcome: scenario, outcome, group, unit, baseline (mean level), mean, low, high
        (effect and interval), percent (mean effect in % of the baseline level), same_sign (share of runs), runs
        (pairs in which both runs have a value), interval (its kind), excludes_zero (never true for a distance or for
        a price). With parameter sets, the columns of `sim.studies.methods.components.COLUMNS` besides.
    """
    import pandas as pd

    names = _in_order([str(name) for name in outcomes.columns if name not in ("scenario", "seed", SET)])
    wide = outcomes.set_index(["scenario", "seed"])[names].astype("float64")
    reference = wide.loc[baseline]
    sets = sets_of(outcomes, reference.index)
    rows = []
    for label in dict.fromkeys(outcomes["scenario"]):
        if label == baseline:
            continue
        scenario = wide.loc[label].loc[reference.index]
        for name in names:
            spec = outcome(name)
            level = 0.0 if spec.paired else reference[name].to_numpy()
            rows.append({"scenario": label, **_row(spec, level, scenario[name].to_numpy(), sets)})
    return pd.DataFrame(rows)


def sets_of(outcomes: DataFrame, seeds: Index | Sequence[int]) -> NDArray[np.int64] | None:
    """The parameter set of each seed; None where all runs were made in one."""
    return (
        outcomes.drop_duplicates("seed").set_index("seed")[SET].loc[list(seeds)].to_numpy() if SET in outcomes else None
    )


def _in_order(names: list[str]) -> list[str]:
    """Outcomes in the order of the dictionary; members of a family after the rest."""
    place = {name: index for index, name in enumerate(known_outcomes())}
    return sorted(names, key=lambda name: place.get(name, len(place)))


def change(value: NDArray[np.float64], level: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Value minus level, run by run; what is only the rounding of a sum (a part in 10^12) is no change."""
    difference = value - level
    return np.where(np.abs(difference) <= 1e-12 * np.maximum(np.abs(value), np.abs(level)), 0.0, difference)


def in_per_cent(mean: float, level: float) -> float:
    """A mean effect in per cent of a level; NaN where that is zero."""
    return 100 * mean / abs(level) if level else np.nan


def same_sign(differences: NDArray[np.float64], mean: float) -> float:
    """Share of finite differences that have the sign of their mean; NaN where there are none."""
    return float(np.mean(np.sign(differences) == np.sign(mean))) if differences.size else np.nan


def excludes_zero(spec: OutcomeSpec, low: float, high: float) -> bool:
    """Whether an interval leaves zero out; never for a distance, which cannot be negative, or a price."""
    return bool(spec.signed and not spec.price and (low > 0 or high < 0))


def apart(
    difference: NDArray[np.float64], sets: NDArray[np.int64]
) -> tuple[tuple[float, float, float], dict[str, float]]:
    """Mean difference with its total interval, and the columns that tell chance and parameters apart."""
    found = doubt(difference, sets)
    return (found.mean, found.low, found.high), {name: getattr(found, name) for name in COLUMNS}


def _row(
    spec: OutcomeSpec, level: NDArray[np.float64] | float, value: NDArray[np.float64], sets: NDArray[np.int64] | None
) -> dict[str, object]:
    """Effect of one scenario on one outcome, from the values of the paired runs."""
    every = change(value, level)
    difference = every[np.isfinite(every)]
    levels = np.atleast_1d(level)
    levels = levels[np.isfinite(levels)]
    baseline = float(levels.mean()) if levels.size else np.nan
    (mean, low, high), kinds = (t_interval(difference), {}) if sets is None else apart(every, sets)
    return {
        "outcome": spec.name,
        "group": spec.group,
        "unit": spec.unit,
        "baseline": baseline,
        "mean": mean,
        "low": low,
        "high": high,
        "percent": in_per_cent(mean, baseline),
        "same_sign": same_sign(difference, mean),
        "runs": int(difference.size),
        "interval": INTERVAL if sets is None else TOTAL,
        "excludes_zero": excludes_zero(spec, low, high),
        **kinds,
    }


@lru_cache(maxsize=10_000)
def quantile(level: float, n: int) -> float:
    """Half the width of Student's t interval of a mean of n values, in standard errors; NaN below two values."""
    from scipy.special import stdtrit  # all of scipy.stats takes half a second to load

    return float(stdtrit(n - 1, (1 + level) / 2)) if n > 1 else np.nan


def t_interval(values: NDArray[np.float64], level: float = LEVEL) -> tuple[float, float, float]:
    """Mean of a sample and Student's t interval of it.

    Parameters
    ----------
    values
        The sample, finite.
    level
        Coverage.

    Returns
    -------
    mean, low, high
        The ends are NaN for a sample of one, all three for an empty one.
    """
    n = values.size
    if n == 0:
        return np.nan, np.nan, np.nan
    mean = float(values.mean())
    if n == 1:
        return mean, np.nan, np.nan
    half = float(quantile(level, n) * values.std(ddof=1) / np.sqrt(n))
    return mean, mean - half, mean + half
