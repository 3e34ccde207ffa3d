"""Optimise: which portfolios of interventions, and which timing, do best under a budget when nobody knows in which world they will act.

Levers of one scenario are searched by NSGA-II (optuna) against several objectives at once. Every portfolio is run in the same worlds with the same
seeds. What is left undominated is run again in worlds and with seeds that the search never saw, and judged there by mean, worst world, regret
and the share of worlds in which it is good enough.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from sim.scenario import Problem
from sim.studies.kinds import Answer, Drawing, Driver, Kind, Settings, check_measured, register_kind
from sim.studies.methods.bootstrap import KIND, Resamples
from sim.studies.methods.paths import resolve
from sim.studies.methods.worlds import drawn_worlds

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from optuna import Trial
    from pandas import DataFrame

    from sim.studies.methods.factors import Point, Value
    from sim.studies.study import ReadyStudy

OTHER_WORLDS = 10_000
"""Added to the seed of the design for the worlds of the second look."""


class Objective(Settings):
    """What is wanted: as little, or as much, of an outcome as can be."""

    measure: str = Field(description="outcome")
    goal: Literal["min", "max"] = Field(default="min", description="less or more is better")
    of: Literal["effect", "level"] = Field(default="effect", description="effect against the baseline, or level")
    over: Literal["mean", "worst"] = Field(default="mean", description="mean over worlds, or the worst of them")
    enough: float | None = Field(default=None, description="a world counts as good enough from this value on")


class OptimiseSettings(Settings):
    """Section `optimise` of a study file."""

    objectives: tuple[Objective, ...] = Field(min_length=2, max_length=6, description="what is wanted")
    at_most: dict[str, float] = Field(
        default_factory=dict, description="outcome: mean effect that may not be exceeded, such as a budget"
    )
    worlds: int = Field(default=8, ge=1, description="worlds in which each portfolio is run")
    confirm: int = Field(default=16, ge=1, description="other worlds for what is left at the end")
    population: int = Field(default=24, ge=4, description="portfolios in a generation")
    generations: int = Field(default=10, ge=1, description="generations")
    keep: int = Field(default=12, ge=1, description="portfolios in the second look at most")


@register_kind
class Optimise(Kind):
    """Undominated portfolios, with a second look at each."""

    name = "optimise"
    Settings = OptimiseSettings
    takes_ensemble = True
    leaves_out = True

    def check(self, study: ReadyStudy, problems: list[Problem]) -> None:
        """Levers, a baseline and a portfolio, and outcomes that are measured."""
        settings: OptimiseSettings = study.settings
        if not study.levers:
            problems.append(Problem("levers", "nothing", "one lever or more: they are what is chosen"))
        if len(study.scenarios) != 2:
            words = f"{len(study.scenarios)} scenarios"
            problems.append(Problem("scenarios", words, "two: the baseline, and one with all policies to choose from"))
        wanted = {f"optimise.objectives.{i}.measure": o.measure for i, o in enumerate(settings.objectives)}
        wanted |= {f"optimise.at_most.{name}": name for name in settings.at_most}
        for where, name in wanted.items():
            check_measured(study, where, name, problems)
        if find_spec("optuna") is None:
            problems.append(Problem("kind", "optimise", "the extra packages of `online-drug-markets[studies]`"))

    def most_seeds(self, study: ReadyStudy) -> int:
        """Those of the search, and as many that it never saw."""
        return 2 * study.file.replications

    def planned(self, study: ReadyStudy) -> int:
        """Portfolios x worlds x seeds, the baseline in every world, and the second look."""
        s: OptimiseSettings = study.settings
        search, second = _worlds(study, s.worlds, 0), _worlds(study, s.confirm, OTHER_WORLDS)
        runs = (s.population * s.generations + 1) * len(search) + (s.keep + 1) * len(second)
        return runs * len(study.seeds)

    def conduct(self, study: ReadyStudy, driver: Driver) -> Answer:
        """Search, keep what is undominated, and look at it again elsewhere."""
        import pandas as pd

        s: OptimiseSettings = study.settings
        rows, notes = _search(study, driver)
        table = pd.DataFrame(rows)
        names = [f"objective.{k}" for k in range(len(s.objectives))]
        signs = np.array([1.0 if objective.goal == "min" else -1.0 for objective in s.objectives])
        good = table["feasible"].to_numpy(dtype=bool) & np.isfinite(table[names].to_numpy(dtype=float)).all(axis=1)
        table["undominated"] = False
        table.loc[good, "undominated"] = undominated(table.loc[good, names].to_numpy(dtype=float) * signs)
        front = table[table["undominated"]].drop_duplicates(names)
        kept = front.iloc[_spread(front[names].to_numpy(dtype=float) * signs, s.keep)] if len(front) else front
        notes.append(
            f"{len(table)} portfolios, {int(good.sum())} within the limits, {len(front)} undominated, {len(kept)} looked at again."
        )
        if not len(kept):
            return Answer({"portfolios": table}, ["No portfolio is within the limits."], notes)
        points: list[Point] = [
            {factor.path: row[factor.path] for factor in study.levers} for row in kept.to_dict("records")
        ]
        second = _second_look(study, driver, points)
        second.insert(0, "trial", np.repeat(kept["trial"].to_numpy(), len(s.objectives)))
        notes.append(
            "The second look is in worlds and with seeds that the search did not see; what the search says of its own choices is too good. "
            f"Intervals: {KIND.replace('pairs', 'worlds')}. Regret: behind the best of the portfolios kept and of doing nothing, in the same world."
        )
        figures = {"pareto": Drawing("pareto", (table, second, [o.measure for o in s.objectives]))}
        tables = {"portfolios": table, "pareto": kept, "second_look": second}
        return Answer(tables, _findings(study, second), notes, figures, _files(study, kept["trial"].tolist(), points))


def _worlds(study: ReadyStudy, number: int, shift: int) -> list[Point]:
    return drawn_worlds(study.ensemble, study.uncertainties, "lhs", number, study.file.seed + shift)


def _search(study: ReadyStudy, driver: Driver) -> tuple[list[dict[str, Any]], list[str]]:
    """Every portfolio tried, generation by generation; ends in order when the budget does."""
    import optuna

    s: OptimiseSettings = study.settings
    worlds = _worlds(study, s.worlds, 0)
    rows: list[dict[str, Any]] = []
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constraints are called experimental
        sampler = optuna.samplers.NSGAIISampler(
            population_size=s.population, seed=study.file.seed % 2**32, constraints_func=lambda t: t.user_attrs["over"]
        )
        search = optuna.create_study(
            directions=[optuna.study.StudyDirection.MINIMIZE] * len(s.objectives), sampler=sampler
        )
        for generation in range(s.generations):
            if generation and not driver.affords(s.population * len(worlds) * len(study.seeds)):
                return rows, [f"The budget ended after {generation} of {s.generations} generations."]
            trials = [search.ask() for _ in range(s.population)]
            points = [_suggest(study, trial) for trial in trials]
            values, over = _judge(study, driver, points, worlds)
            for trial, point, value, excess in zip(trials, points, values, over, strict=True):
                signed = [v if o.goal == "min" else -v for v, o in zip(value, s.objectives, strict=True)]
                whole = np.isfinite([*value, *excess]).all()
                trial.set_user_attr("over", [float(x) for x in excess] if whole else [1e300] * max(1, len(excess)))
                search.tell(trial, [float(v) for v in signed] if whole else [1e300] * len(signed))
                row = {"trial": trial.number, "generation": generation, **point}
                row |= {f"objective.{k}": v for k, v in enumerate(value)}
                rows.append({**row, "feasible": bool(whole and (np.asarray(excess) <= 0).all())})
    return rows, []


def _suggest(study: ReadyStudy, trial: Trial) -> dict[str, Value]:
    """A value for every lever."""
    point: dict[str, Value] = {}
    for lever in study.levers:
        if lever.values is not None:
            point[lever.path] = lever.values[trial.suggest_categorical(lever.path, list(range(len(lever.values))))]
        else:
            point[lever.path] = lever.at(trial.suggest_float(lever.path, 0.0, 1.0))
    return point


def _judge(
    study: ReadyStudy, driver: Driver, points: Sequence[Point], worlds: list[Point]
) -> tuple[NDArray[np.float64], list[list[float]]]:
    """Objectives of every portfolio over the worlds, and by how much it exceeds each limit."""
    s: OptimiseSettings = study.settings
    runs = driver.evaluate([{**world, **point} for point in points for world in worlds])
    shape = (len(points), len(worlds))
    values = []
    for objective in s.objectives:
        found = _means(study, runs, objective.measure, objective.of).reshape(shape)
        worst = found.max(axis=1) if objective.goal == "min" else found.min(axis=1)
        values.append(found.mean(axis=1) if objective.over == "mean" else worst)
    over = [_means(study, runs, name, "effect").reshape(shape).mean(axis=1) - most for name, most in s.at_most.items()]
    return np.array(values).T, [[float(excess[k]) for excess in over] for k in range(len(points))]


def _means(study: ReadyStudy, runs: DataFrame, measure: str, of: str) -> NDArray[np.float64]:
    """Mean over seeds at every point, of the level or of the paired effect."""
    policy = list(study.scenarios)[-1]
    wide = {
        label: runs[runs["scenario"] == label]
        .pivot(index="point", columns="seed", values=measure)
        .to_numpy(dtype=float)
        for label in (study.baseline, policy)
    }
    return (wide[policy] - (wide[study.baseline] if of == "effect" else 0.0)).mean(axis=1)


def undominated(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows no other row beats in one column without being beaten in another; less is better."""
    better = (values[:, None, :] <= values[None, :, :]).all(axis=2) & (values[:, None, :] < values[None, :, :]).any(
        axis=2
    )
    return ~better.any(axis=0)


def _spread(values: NDArray[np.float64], most: int) -> list[int]:
    """Rows that lie far from each other: the best of each column, then always the one farthest from those chosen."""
    scaled = (values - values.min(axis=0)) / np.maximum(np.ptp(values, axis=0), 1e-300)
    chosen = list(dict.fromkeys(int(k) for k in scaled.argmin(axis=0)))[:most]
    while len(chosen) < min(most, len(values)):
        distance = np.min([((scaled - scaled[k]) ** 2).sum(axis=1) for k in chosen], axis=0)
        distance[chosen] = -1.0
        chosen.append(int(distance.argmax()))
    return sorted(chosen)


def _second_look(study: ReadyStudy, driver: Driver, points: list[Point]) -> DataFrame:
    """Mean with interval, worst world, greatest regret and share of worlds good enough, for each portfolio and objective."""
    import pandas as pd

    s: OptimiseSettings = study.settings
    worlds = _worlds(study, s.confirm, OTHER_WORLDS)
    seeds = [study.seeds[-1] + 1 + k for k in range(len(study.seeds))]
    runs = driver.evaluate([{**world, **point} for point in points for world in worlds], seeds=seeds)
    base = runs[(runs["scenario"] == study.baseline) & (runs["point"] < len(worlds))]
    resamples, found = Resamples(len(worlds)), []
    for number, objective in enumerate(s.objectives):
        sign = 1.0 if objective.goal == "min" else -1.0
        values = _means(study, runs, objective.measure, objective.of).reshape(len(points), len(worlds))
        level = base.pivot(index="point", columns="seed", values=objective.measure).to_numpy(dtype=float).mean(axis=1)
        nothing = level if objective.of == "level" else np.zeros(len(worlds))
        best = np.fmin.reduce(np.vstack([sign * values, sign * nothing[None, :]]), axis=0)
        for k, row in enumerate(values):
            mean, low, high = resamples.interval(row)
            enough = np.nan if objective.enough is None else float((sign * row <= sign * objective.enough).mean())
            worst, regret = float(sign * np.nanmax(sign * row)), float(np.nanmax(sign * row - best))
            head = (k, number, objective.measure, objective.of, objective.goal)
            found.append((*head, mean, low, high, worst, regret, enough, len(worlds)))
    columns = [
        "place",
        "number",
        "measure",
        "of",
        "goal",
        "mean",
        "low",
        "high",
        "worst",
        "regret",
        "good_enough",
        "worlds",
    ]
    table = pd.DataFrame(found, columns=columns).sort_values(["place", "number"])
    return table.drop(columns=["place", "number"]).reset_index(drop=True)


def _findings(study: ReadyStudy, second: DataFrame) -> list[str]:
    """The best of the portfolios kept for each objective, by the second look."""
    found = []
    for objective in study.settings.objectives:
        rows = second[second["measure"] == objective.measure].sort_values("mean", ascending=objective.goal == "min")
        row = rows.iloc[0]
        found.append(
            f"{'Least' if objective.goal == 'min' else 'Most'} {objective.measure}: portfolio {row['trial']}, {objective.of} {row['mean']:,.4g} "
            f"({row['low']:,.4g} to {row['high']:,.4g}), worst world {row['worst']:,.4g}, greatest regret {row['regret']:,.4g}"
        )
    return found


def _files(study: ReadyStudy, trials: list[int], points: list[Point]) -> dict[str, str]:
    """Each portfolio kept as a scenario that can be run."""
    label = list(study.scenarios)[-1]
    scenario = study.scenarios[label]
    if scenario is None:
        return {}
    ready = [
        resolve(scenario, sorted(p.items())).with_(name=f"{study.name}-{t}")
        for t, p in zip(trials, points, strict=True)
    ]
    return {f"scenarios/{found.name}.yaml": found.to_yaml() for found in ready}
