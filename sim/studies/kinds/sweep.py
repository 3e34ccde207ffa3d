"""Sweep: outcomes over a grid or a sample of settings, and how they respond to each.

Every point is run in every scenario with the same seeds. Where there are several scenarios, each point also gives a paired
effect against the first one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from sim.measures.dictionary import outcome
from sim.scenario import Problem
from sim.studies.findings.values import failed_note, label_of, without_value
from sim.studies.kinds import (
    IMPOSSIBLE,
    MOST_POINTS,
    Answer,
    Drawing,
    Driver,
    Kind,
    Settings,
    in_members,
    in_worlds,
    register_kind,
)
from sim.studies.methods import designs
from sim.studies.methods.bootstrap import FEW, FEWEST, KIND, LEVEL, STUDENT, Resamples
from sim.studies.methods.noise import differ
from sim.studies.runs.effects import change, in_per_cent, same_sign

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.methods.factors import Point, Value
    from sim.studies.study import ReadyStudy


class SweepSettings(Settings):
    """Section `sweep` of a study file."""

    design: Literal["grid", "random", "lhs", "sobol"] = Field(default="grid", description="where points lie")
    points: int = Field(default=64, ge=1, le=MOST_POINTS, description="points of the design, other than of a grid")
    levels: int = Field(
        default=5, ge=1, le=10_000, description="values of a factor in a grid, where it has no list of them"
    )


@register_kind
class Sweep(Kind):
    """Outcomes at the points of a design."""

    name = "sweep"
    Settings = SweepSettings
    leaves_out = True
    varies_beside = True

    def check(self, study: ReadyStudy, problems: list[Problem]) -> None:
        """Something must vary."""
        if not study.varied:
            beside = ", beside what the ensemble sets" if study.ensemble else ""
            problems.append(
                Problem("levers", "nothing", f"one lever or uncertainty at least: a sweep varies something{beside}")
            )
        if study.settings.design == "sobol" and study.settings.points & (study.settings.points - 1):
            problems.append(Problem("sweep.points", str(study.settings.points), "a power of two for Sobol points"))

        number = self._count(study)
        if number > MOST_POINTS:
            problems.append(Problem("sweep", f"{number:,} points", f"at most {MOST_POINTS:,}: fewer levels or factors"))

    def _count(self, study: ReadyStudy) -> int:
        settings: SweepSettings = study.settings
        return designs.count(settings.design, study.varied, settings.points, settings.levels)

    def may_grow(self, study: ReadyStudy) -> bool:
        """Seeds are added to every point; how many there are decides which members of an ensemble are drawn."""
        return not study.ensemble

    def planned(self, study: ReadyStudy) -> int:
        """Points x seeds x scenarios; a scenario that has none of the paths is run once a seed."""
        varied = sum(any(study.applies(factor.path, label) for factor in study.varied) for label in study.scenarios)
        fixed = len(study.scenarios) - varied
        return (varied * self._count(study) + fixed) * len(study.seeds)

    def pairs(self, study: ReadyStudy) -> list[str]:
        """All scenarios."""
        return list(study.scenarios)

    def conduct(self, study: ReadyStudy, driver: Driver) -> Answer:
        """Evaluate the design, point by point as far as the budget goes."""
        settings: SweepSettings = study.settings
        points = designs.points(settings.design, study.varied, settings.points, settings.levels, study.file.seed)
        notes = []
        if not driver.affords(self.planned(study)):
            each = len(study.seeds) * len(study.scenarios)
            limit = study.file.budget.runs
            fit = len(points) if limit is None else max(1, limit // each)
            points = points[:fit]
            notes.append(f"The budget has room for the first {len(points)} points of {self._count(study)} only.")
        runs = in_worlds(study, driver, points)
        names = list(study.measures) or [str(name) for name in runs.columns[5:]]
        where = _where(points)
        levels = where.merge(_summary(runs, names), on="point")
        tables: dict[str, Any] = {"sweep": levels, "points": where}
        paths = [
            f.path for f in (*study.levers, *study.uncertainties) if f in study.varied
        ]  # what one can choose is on the axis
        figures = {"sweep": Drawing("sweep", (levels, paths, names, study.scale))}
        if len(study.scenarios) > 1:
            effects = where.merge(_effects(runs, study.baseline, names), on="point")
            tables["effects"] = effects
            figures["effects"] = Drawing("sweep", (effects, paths, names, study.scale))
        impossible = runs.loc[runs["status"] == IMPOSSIBLE, "point"].nunique()
        if impossible:
            notes.append(f"{impossible} of {len(points)} points are left out: values that are not allowed together.")
        notes += [*failed_note(runs), *without_value(runs, names)]
        notes.append(
            f"{len(points)} points ({settings.design}), {len(study.seeds)} seeds each, the same at every point{in_members(study)}."
        )
        notes.append(
            f"Intervals of effects: {KIND}, where n is {FEW} or more, {STUDENT}, from {FEWEST} on; of levels: the same over runs."
        )
        return Answer(tables, _findings(runs, tables.get("effects", levels), names, study, paths), notes, figures)


def _where(points: list[Point]) -> DataFrame:
    """The points, a row each, a column for each path."""
    import pandas as pd

    frame = pd.DataFrame([dict(point) for point in points])
    frame.insert(0, "point", range(len(points)))
    return frame


def _summary(runs: DataFrame, names: list[str]) -> DataFrame:
    """Mean, spread and interval of every outcome at every point in every scenario."""
    import pandas as pd

    rows = []
    for (point, label), group in runs.groupby(["point", "scenario"], sort=False):
        resamples = Resamples(len(group))
        for name in names:
            values = group[name].to_numpy(dtype=float)
            seen = values[np.isfinite(values)]
            mean, low, high = resamples.interval(values)
            sd = float(seen.std(ddof=1)) if seen.size > 1 else np.nan
            rows.append((point, label, name, outcome(name).unit, mean, low, high, sd, seen.size))
    return pd.DataFrame(rows, columns=["point", "scenario", "outcome", "unit", "mean", "low", "high", "sd", "n"])


def _effects(runs: DataFrame, baseline: str, names: list[str]) -> DataFrame:
    """Paired effect of every scenario against the baseline at every point."""
    import pandas as pd

    rows = []
    for point, group in runs.groupby("point", sort=False):
        by: dict[Any, Any] = {label: frame.set_index("seed") for label, frame in group.groupby("scenario", sort=False)}
        base = by.pop(baseline)
        resamples = Resamples(len(base))
        for label, frame in by.items():
            for name in names:
                level = base[name].to_numpy(dtype=float)
                difference = change(frame[name].reindex(base.index).to_numpy(dtype=float), level)
                mean, low, high = resamples.interval(difference)
                there = difference[np.isfinite(difference)]
                mean_level = float(np.nanmean(level)) if np.isfinite(level).any() else np.nan
                same = same_sign(there, mean)
                percent = in_per_cent(mean, mean_level)
                rows.append(
                    (point, label, name, outcome(name).unit, mean_level, mean, low, high, percent, same, there.size)
                )
    columns = ["point", "scenario", "outcome", "unit", "baseline", "mean", "low", "high", "percent", "same_sign", "n"]
    return pd.DataFrame(rows, columns=columns)


def _findings(runs: DataFrame, table: DataFrame, names: list[str], study: ReadyStudy, paths: list[str]) -> list[str]:
    """Where each outcome is lowest and highest, if it differs between points by more than luck, allowing for how many were looked at."""
    from scipy.stats import false_discovery_control

    if table["point"].nunique() < 2:
        return []
    if len(study.seeds) < 2:
        return ["With one seed, a response is not told from luck; `replications: 2` or more tells. See the tables."]
    paired = "baseline" in table
    tests: dict[tuple[str, str], float] = {}
    for name in names:
        wide = runs.pivot(index="point", columns=["scenario", "seed"], values=name).astype(float)
        for label in dict.fromkeys(table["scenario"]):
            values = wide[label] - wide[study.baseline] if paired else wide[label]
            p = differ(values[np.isfinite(values).all(axis=1)].to_numpy())
            if np.isfinite(p):
                tests[str(label), name] = p
    if not tests:
        return ["No outcome has a value at two points or more: nothing can be said of how it responds."]
    clear = [key for key, q in zip(tests, false_discovery_control(list(tests.values())), strict=True) if q <= 1 - LEVEL]
    found = [_response(table, label, name, paths) for label, name in clear]
    left = [f"{label_of(name)} ({label})" for label, name in tests if (label, name) not in clear]
    more = [f"and {len(left) - 12} more"] if len(left) > 12 else []
    if left:
        found.append(
            f"No clear response, no difference between points is told from luck: {', '.join(left[:12] + more)}."
        )
    return found


def _response(table: DataFrame, label: str, name: str, paths: list[str]) -> str:
    """Where an outcome, or an effect on it, is lowest and highest, each with its interval."""
    rows = table[(table["outcome"] == name) & (table["scenario"] == label) & table["mean"].notna()]
    records: list[dict[Any, Any]] = rows.to_dict("records")
    words = []
    for row in (choose(records, key=lambda row: row["mean"]) for choose in (min, max)):
        ends = f" ({row['low']:,.4g} to {row['high']:,.4g})" if np.isfinite(row["low"]) else ""
        none = ", not told from zero" if ends and "baseline" in row and row["low"] <= 0 <= row["high"] else ""
        words.append(
            f"{row['mean']:,.4g}{ends}{none} at {', '.join(f'{path} = {_number(row[path])}' for path in paths)}"
        )
    return f"{label}, {'effect on ' if 'baseline' in table else ''}{label_of(name)}: from {words[0]} to {words[1]}"


def _number(value: Value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
