"""Optimise: which portfolios of interventions, and which timing, do best under a budget when nobody knows in which world they will act.

Levers of one scenario are searched by NSGA-II (optuna) against several objectives at once. Every portfolio is run in the same worlds with the same
seeds. What is left undominated is run again in worlds that the search never saw, each with seeds of its own that all portfolios share, and judged there
by mean, worst world, regret and the share of worlds in which it is good enough.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from sim.scenario import Problem, quote
from sim.studies.errors import extra
from sim.studies.findings import portfolios
from sim.studies.kinds import IMPOSSIBLE, TOTALS, Answer, Drawing, Driver, Kind, Settings, check_measured, register_kind
from sim.studies.kinds._fronts import spread, undominated
from sim.studies.methods.bootstrap import Resamples, kind_of
from sim.studies.methods.paths import resolve

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
    worlds: int = Field(default=8, ge=1, le=100_000, description="worlds in which each portfolio is run")
    confirm: int = Field(default=16, ge=1, le=100_000, description="other worlds for what is left at the end")
    population: int = Field(default=24, ge=4, le=10_000, description="portfolios in a generation")
    generations: int = Field(default=10, ge=1, le=10_000, description="generations")
    keep: int = Field(default=12, ge=1, le=10_000, description="portfolios in the second look at most")


@register_kind
class Optimise(Kind):
    """Undominated portfolios, with a second look at each."""

    name = "optimise"
    Settings = OptimiseSettings
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
        for i, factor in enumerate(study.levers):
            if factor.path in (*TOTALS, "weight"):
                allowed = "a lever that does not change how large all totals are: portfolios are paired with the baseline, which has none"
                problems.append(Problem(f"levers.{i}.path", quote(factor.path), allowed))
        if find_spec("optuna") is None:
            problems.append(Problem("kind", "optimise", extra("studies")))

    def pairs(self, study: ReadyStudy) -> list[str]:
        """The baseline and the portfolio."""
        return list(study.scenarios)

    def most_seeds(self, study: ReadyStudy) -> int:
        """Those of the search, and as many that it never saw for each world of the second look."""
        return study.file.replications * (1 + study.settings.confirm)

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
        table = pd.DataFrame(rows).assign(scale=study.scale)
        names = [f"objective.{k}" for k in range(len(s.objectives))]
        signs = np.array([1.0 if objective.goal == "min" else -1.0 for objective in s.objectives])
        good = table["feasible"].to_numpy(dtype=bool) & np.isfinite(table[names].to_numpy(dtype=float)).all(axis=1)
        table["undominated"] = False
        table.loc[good, "undominated"] = undominated(table.loc[good, names].to_numpy(dtype=float) * signs)
        front = table[table["undominated"]].drop_duplicates(names)
        kept = front.iloc[spread(front[names].to_numpy(dtype=float) * signs, s.keep)] if len(front) else front
        notes.append(
            f"{len(table)} portfolios, {int(good.sum())} within the limits, {len(front)} undominated, {len(kept)} looked at again."
        )
        measured = {f"objective.{k}": objective.measure for k, objective in enumerate(s.objectives)}
        measured |= {f"over.{name}": name for name in s.at_most}
        notes += portfolios.not_judged(table, measured)
        if not len(kept):
            return Answer({"portfolios": table}, [portfolios.none_left(table, measured)], notes)
        points: list[Point] = [
            {factor.path: row[factor.path] for factor in study.levers} for row in kept.to_dict("records")
        ]
        second = _second_look(study, driver, points)
        second.insert(0, "trial", np.repeat(kept["trial"].to_numpy(), len(s.objectives)))
        kind = kind_of(int(second["worlds"].iloc[0])).replace("pairs", "worlds")
        notes.append(
            "The second look is in worlds and with seeds that the search did not see; what the search says of its own choices is too good. "
            f"Intervals: {kind}. Regret: behind the best of the portfolios kept and of doing nothing, in the same world."
        )
        figures = {"pareto": Drawing("pareto", (table, second, [o.measure for o in s.objectives], study.scale))}
        tables = {"portfolios": table, "pareto": kept, "second_look": second}
        return Answer(
            tables, portfolios.findings(second), notes, figures, _files(study, kept["trial"].tolist(), points)
        )


def _worlds(study: ReadyStudy, number: int, shift: int) -> list[Point]:
    return study.worlds("lhs", number, shift=shift)


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
            values, over, lacking = _judge(study, driver, points, worlds)
            for trial, point, value, excess, why in zip(trials, points, values, over, lacking, strict=True):
                signed = [v if o.goal == "min" else -v for v, o in zip(value, s.objectives, strict=True)]
                whole = np.isfinite([*value, *excess]).all()
                trial.set_user_attr("over", [float(x) for x in excess] if whole else [1e300] * max(1, len(excess)))
                search.tell(trial, [float(v) for v in signed] if whole else [1e300] * len(signed))
                row = {"trial": trial.number, "generation": generation, **point}
                row |= {f"objective.{k}": v for k, v in enumerate(value)}
                row |= {f"over.{name}": x for name, x in zip(s.at_most, excess, strict=True)}
                feasible = bool(whole and (np.asarray(excess) <= 0).all())
                judged = portfolios.judged(feasible, excess, why)
                rows.append({**row, "feasible": feasible, "judged": judged})
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
) -> tuple[NDArray[np.float64], list[list[float]], list[str]]:
    """Objectives of every portfolio over the worlds, by how much it exceeds each limit, and why it lacks runs where it does."""
    s: OptimiseSettings = study.settings
    runs = driver.evaluate([{**world, **point} for point in points for world in worlds])
    shape = (len(points), len(worlds))
    values = []
    for objective in s.objectives:
        found = _means(study, runs, objective.measure, objective.of).reshape(shape)
        worst = found.max(axis=1) if objective.goal == "min" else found.min(axis=1)
        values.append(found.mean(axis=1) if objective.over == "mean" else worst)
    over = [_means(study, runs, name, "effect").reshape(shape).mean(axis=1) - most for name, most in s.at_most.items()]
    found = runs["status"].groupby(runs["point"] // len(worlds)).agg(set)
    lacking = [
        portfolios.IMPOSSIBLE if IMPOSSIBLE in there else portfolios.FAILED if there != {"ok"} else ""
        for there in (found.get(k, {"ok"}) for k in range(len(points)))
    ]
    return np.array(values).T, [[float(excess[k]) for excess in over] for k in range(len(points))], lacking


def _means(study: ReadyStudy, runs: DataFrame, measure: str, of: str) -> NDArray[np.float64]:
    """Mean over seeds at every point, of the level or of the paired effect."""
    policy = list(study.scenarios)[-1]
    wide = {}
    for label in (study.baseline, policy):
        rows = runs[runs["scenario"] == label]
        wide[label] = rows.pivot(index="point", columns="seed", values=measure).to_numpy(dtype=float)
    return (wide[policy] - (wide[study.baseline] if of == "effect" else 0.0)).mean(axis=1)


def _second_look(study: ReadyStudy, driver: Driver, points: list[Point]) -> DataFrame:
    """Mean with interval, worst world, greatest regret and share of worlds good enough, for each portfolio and objective."""
    import pandas as pd

    s: OptimiseSettings = study.settings
    worlds = _worlds(study, s.confirm, OTHER_WORLDS)
    # Seeds of its own for every world: luck that worlds had in common would be in no interval over worlds.
    each = len(study.seeds)
    seeds = [study.seeds[-1] + 1 + k for k in range(len(worlds) * each)] * len(points)
    asked = [{**world, **point} for point in points for world in worlds for _ in range(each)]
    runs = driver.evaluate(asked, seeds=seeds, crossed=False)
    runs = runs.assign(seed=runs["point"] % each, point=runs["point"] // each)
    base = runs[(runs["scenario"] == study.baseline) & (runs["point"] < len(worlds))]
    resamples, found = Resamples(len(worlds)), []
    for number, objective in enumerate(s.objectives):
        sign = 1.0 if objective.goal == "min" else -1.0
        values = _means(study, runs, objective.measure, objective.of).reshape(len(points), len(worlds))
        level = base.pivot(index="point", columns="seed", values=objective.measure).to_numpy(dtype=float).mean(axis=1)
        nothing = level if objective.of == "level" else np.zeros(len(worlds))
        best = np.fmin.reduce(np.vstack([sign * values, sign * nothing[None, :]]), axis=0)
        for k, row in enumerate(values):
            head = (k, number, objective.measure, objective.of, objective.goal)
            seen = np.isfinite(row)
            if not seen.any():
                found.append((*head, *[np.nan] * 6, 0, len(worlds)))
                continue
            good = sign * row[seen]
            enough = np.nan if objective.enough is None else float((good <= sign * objective.enough).mean())
            ends = (float(sign * good.max()), float((good - best[seen]).max()), enough)
            found.append((*head, *resamples.interval(row), *ends, int(seen.sum()), len(worlds)))
    columns = ["place", "number", "measure", "of", "goal", "mean", "low", "high", "worst", "regret", "good_enough"]
    table = pd.DataFrame(found, columns=[*columns, "n", "worlds"]).sort_values(["place", "number"])
    return table.drop(columns=["place", "number"]).reset_index(drop=True)


def _files(study: ReadyStudy, trials: list[int], points: list[Point]) -> dict[str, str]:
    """Each portfolio kept as a scenario that can be run."""
    scenario = list(study.scenarios.values())[-1]
    if scenario is None:
        return {}
    ready = [
        resolve(scenario, sorted(p.items())).with_(name=f"{study.name[:60]}-{t}")
        for t, p in zip(trials, points, strict=True)
    ]
    return {f"scenarios/{found.name}.yaml": found.to_yaml() for found in ready}
