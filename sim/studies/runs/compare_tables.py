"""The tables of a comparison: effects, ranking, cost against benefit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.dictionary import outcome
from sim.studies.methods.bootstrap import Resamples, kind_of, pairing_gain, ranks
from sim.studies.methods.components import SET, TOTAL
from sim.studies.runs.effects import apart, change, excludes_zero, in_per_cent, same_sign, sets_of

if TYPE_CHECKING:
    from pandas import DataFrame


def levels_of(runs: DataFrame, name: str) -> DataFrame:
    """One outcome: a row a seed, a column a scenario in the order in which they come."""
    return levels_of_all(runs, [name])[name]


def levels_of_all(runs: DataFrame, names: Sequence[str]) -> dict[str, DataFrame]:
    """What `levels_of` gives, for many outcomes at a time: turning the table takes as long for all as for one."""
    if not names:
        return {}
    wide: Any = runs.pivot_table(index="seed", columns="scenario", values=list(names), dropna=False, observed=False)
    labels, seeds = list(dict.fromkeys(runs["scenario"])), sorted(set(runs["seed"]))
    return {name: wide[name].reindex(columns=labels, index=seeds) for name in names}


def over_sets(runs: DataFrame) -> DataFrame:
    """Runs as they count where they were made in several parameter sets: the mean of each set in the place of its runs, its number in that of their seed.

    Sets are what is drawn by itself, and runs of one are no more than a closer look at it. A seed counts in all scenarios or in none: where one of them lacks a
    value, its luck would stay in the others alone (a scenario without any value takes none from the others). Runs of one set for all are given back as they are.
    """
    if SET not in runs:
        return runs
    names = [name for name in runs.columns if name not in ("scenario", "seed", SET)]
    asked = runs.groupby("scenario", observed=True)[names].count().gt(0).sum()
    whole = runs.groupby("seed")[names].transform("count") >= asked
    kept = runs[["scenario", SET]].join(runs[names].where(whole))
    return (
        kept.groupby(["scenario", SET], sort=False).mean(numeric_only=True).reset_index().rename(columns={SET: "seed"})
    )


def effects_table(runs: DataFrame, baseline: str, names: Sequence[str]) -> DataFrame:
    """Effect of every scenario on every outcome.

    Returns
    -------
    DataFrame
        scenario, outcome, group, unit, baseline (mean level), mean, low, high (effect and interval), percent (of the
        baseline level), same_sign (share of pairs with the sign of the mean), n (pairs), interval (its kind),
        excludes_zero, pairing_gain; where runs have a `parameter_set`, the interval is that of chance and parameters together, and the columns of
        `sim.studies.methods.components.COLUMNS` tell them apart.
    """
    import pandas as pd

    rows = []
    resamples = Resamples(runs["seed"].nunique())
    every = levels_of_all(runs, names)
    sets = sets_of(runs, sorted(set(runs["seed"])))
    for label in [label for label in dict.fromkeys(runs["scenario"]) if label != baseline]:
        for name, levels in every.items():
            spec = outcome(name)
            value = levels[label].to_numpy(dtype=float)
            level = np.zeros_like(value) if spec.paired else levels[baseline].to_numpy(dtype=float)
            difference = change(value, level)
            (mean, low, high), kinds = (resamples.interval(difference), {}) if sets is None else apart(difference, sets)
            there = difference[np.isfinite(difference)]
            base = float(np.nanmean(level)) if np.isfinite(level).any() else np.nan
            rows.append(
                {
                    "scenario": label,
                    "outcome": name,
                    "group": spec.group,
                    "unit": spec.unit,
                    "baseline": base,
                    "mean": mean,
                    "low": low,
                    "high": high,
                    "percent": in_per_cent(mean, base),
                    "same_sign": same_sign(there, mean),
                    "n": int(there.size),
                    "interval": kind_of(there.size) if sets is None else TOTAL,
                    "excludes_zero": excludes_zero(spec, low, high),
                    "pairing_gain": np.nan if spec.paired else pairing_gain(level, value),
                    **kinds,
                }
            )
    return pd.DataFrame(rows)


def ranking_table(runs: DataFrame, names: Sequence[str]) -> DataFrame:
    """Rank of every scenario by every outcome, with how sure it is: scenario, outcome, mean, rank, low, high, best, n."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    resamples = Resamples(runs["seed"].nunique())
    there = [name for name in names if name in runs and np.isfinite(runs[name].to_numpy(dtype=float)).any()]
    for name, levels in levels_of_all(runs, there).items():
        found = ranks(levels.to_numpy(dtype=float), outcome(name).better != "higher", resamples)
        for k, label in enumerate(levels.columns):
            rows.append(
                {
                    "outcome": name,
                    "scenario": label,
                    "mean": float(levels[label].mean()),
                    **{word: float(found[word][k]) for word in ("rank", "low", "high", "best")},
                    "n": int(levels.notna().all(axis=1).sum()),
                    "better": outcome(name).better,
                }
            )
    return pd.DataFrame(rows, columns=["outcome", "scenario", "mean", "rank", "low", "high", "best", "n", "better"])


def cost_table(runs: DataFrame, baseline: str, cost: str, benefit: str, thresholds: Sequence[float]) -> DataFrame:
    """The cost-effectiveness plane: what each scenario costs more, and how much better it makes the outcome.

    Returns
    -------
    DataFrame
        scenario, benefit (the outcome), cost, cost_low, cost_high (USD more than the baseline), gain, gain_low, gain_high
        (improvement), icer (cost of a unit of gain where both are positive), the shares of resamples in each quadrant
        (better_dearer, better_cheaper, worse_dearer, worse_cheaper; a resample without any change counts in none),
        and worth_T: share of resamples in which the gain at T USD a unit is worth the cost. Empty when an outcome is
        not there.
    """
    import pandas as pd

    if cost not in runs or benefit not in runs:
        return pd.DataFrame()
    rows = []
    resamples = Resamples(runs["seed"].nunique())
    money, good = levels_of(runs, cost), levels_of(runs, benefit)
    sign = 1.0 if outcome(benefit).better == "higher" else -1.0
    for label in [label for label in good.columns if label != baseline]:
        pair = np.column_stack([money[label] - money[baseline], sign * (good[label] - good[baseline])]).astype(float)
        pair[~np.isfinite(pair).all(axis=1)] = np.nan
        spent, spent_low, spent_high = resamples.interval(pair[:, 0])
        gained, gained_low, gained_high = resamples.interval(pair[:, 1])
        means = resamples.means(pair)
        means = means[np.isfinite(means).all(axis=1)]
        dearer, better = means[:, 0] > 0, means[:, 1] > 0
        cheaper, worse = means[:, 0] <= 0, means[:, 1] < 0
        row = {
            "scenario": label,
            "benefit": benefit,
            "cost": spent,
            "cost_low": spent_low,
            "cost_high": spent_high,
            "gain": gained,
            "gain_low": gained_low,
            "gain_high": gained_high,
            "icer": spent / gained if gained > 0 and spent > 0 else np.nan,
            "better_dearer": _share(better & dearer),
            "better_cheaper": _share(better & cheaper),
            "worse_dearer": _share(worse & dearer),
            "worse_cheaper": _share(worse & cheaper),
            "n": (n := int(np.isfinite(pair[:, 0]).sum())),
            "interval": kind_of(n),
        }
        row |= {f"worth_{value:g}": _share(value * means[:, 1] > means[:, 0]) for value in thresholds}
        rows.append(row)
    return pd.DataFrame(rows)


def _share(flags: np.ndarray) -> float:
    return float(np.mean(flags)) if flags.size else np.nan
