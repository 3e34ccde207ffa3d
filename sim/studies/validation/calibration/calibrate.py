"""Calibrating the model: parameters are picked, waves are run and measured, and an ensemble is drawn from what is left and checked with runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.studies.execution.conduct import How, conduct
from sim.studies.execution.driver import Driver
from sim.studies.kinds import Answer
from sim.studies.kinds.sweep import SweepSettings
from sim.studies.matching import screening
from sim.studies.matching.goals import Goal, goal
from sim.studies.matching.standing import Standing, standing
from sim.studies.matching.wave import Found
from sim.studies.matching.waves import Matched, matched
from sim.studies.methods import designs
from sim.studies.methods.emulators import learning
from sim.studies.methods.factors import Factor, from_unit, parameter_of
from sim.studies.validation.calibration.asking import Asking, as_found, daily_outcomes
from sim.studies.validation.calibration.settings import Calibration, narrowed
from sim.studies.validation.ensemble import Ensemble
from sim.studies.validation.estimates import Estimate, count
from sim.studies.validation.targets import Target
from sim.studies.validation.worlds import Arms, planned

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.study import ReadyStudy

SHARES = ("share", "probability", "gini")
"""How the units of what lies between 0 and 1 begin."""


class Runs(SweepSettings):
    """What the folder says of the calibration whose runs it holds."""

    calibration: dict[str, Any] = {}  # noqa: RUF012 - a field of pydantic


@dataclass(frozen=True)
class Calibrated:
    """A calibration that was done.

    Attributes
    ----------
    calibration, targets, factors
        What was asked for, the targets that a run can give, and the parameters that were calibrated.
    moved
        What each candidate moves, the strongest first; empty without screening.
    candidates
        All parameters of the screening.
    matched
        Places in the unit cube of the factors, emulators, and what was run.
    before, after
        Every target at the defaults, and over the ensemble.
    failed, model
        Runs without outcomes, and the version of the model.
    """

    calibration: Calibration
    targets: Sequence[Target]
    factors: tuple[Factor, ...]
    moved: Sequence[screening.Moved]
    candidates: tuple[Factor, ...]
    matched: Matched
    before: Sequence[Estimate]
    after: Sequence[Estimate]
    failed: int
    model: str

    @property
    def last_line(self) -> str:
        """The result in one line."""
        one, other = count(self.before), count(self.after)
        return f"in range: {one.hits} of {one.of} at the defaults, {other.hits} of {other.of} over the ensemble"


def study_of(calibration: Calibration) -> tuple[ReadyStudy, dict[str, Arms], tuple[Target, ...]]:
    """The study that the runs of a calibration make, the scenarios of its worlds, and the targets that runs can give.

    Raises
    ------
    TargetsError
        If a world cannot be had, or a window or question does not fit.
    """
    file = calibration.file
    targets = calibration.targets.of(ids=[t.id for t in calibration.targets.all if not t.unmeasurable])
    study, arms = planned(targets, Ensemble(), file.replicates, file.consumers, file.seed)
    kept = daily_outcomes(targets)
    plain = study.file.model_copy(update={"name": file.name, "daily": kept or "none"})
    each = len(study.scenarios) * file.replicates
    most = -(-sum(calibration.stages(len(study.scenarios)).values()) // each)
    settings = Runs(design="lhs", points=most, calibration=calibration.describe())
    return replace(study, file=plain, uncertainties=calibration.factors, settings=settings), arms, targets.all


def goals_of(targets: Sequence[Target]) -> list[Goal]:
    """Targets as goals, each on the scale of its unit."""
    return [goal(t.id, t.value, t.low, t.high, t.unit.lower().startswith(SHARES)) for t in targets]


def run_calibration(
    calibration: Calibration, folder: Path, how: How, write: Callable[[Calibrated, DataFrame, Path], None] | None = None
) -> Calibrated:
    """Calibrate, or go on with the calibration that is in the folder.

    Parameters
    ----------
    calibration, folder, how
        What is done, where runs are kept, and how they are done.
    write
        Writes the report: is given the result, runs without outcomes, and where to write.
    """
    learning()
    study, arms, targets = study_of(calibration)

    def asked(study: ReadyStudy, driver: Driver) -> Answer:
        driver.tally.planned = sum(calibration.stages(len(study.scenarios)).values())
        driver.tell(driver.tally.event())
        asking = Asking(calibration.targets.of(ids=[t.id for t in targets]), arms, study, driver)
        return answer(calibrated(calibration, asking))

    def page(study: ReadyStudy, answer: Answer, runs: int, failures: DataFrame, place: Path) -> None:
        if write is not None:
            write(answer.result, failures, place)

    return conduct(study, folder, how, None if write is None else page, asked).answer.result


def calibrated(calibration: Calibration, asking: Asking) -> Calibrated:
    """Pick parameters, go through the waves, and check the ensemble."""
    file, driver = calibration.file, asking.driver
    targets = asking.targets.all
    each, first = file.replicates, file.seed
    fresh = first + each * file.points

    before = asking.estimates([{}], fresh, each)[0]
    moved, factors = pick(calibration, asking)

    def ask(stage: str, places: Any) -> Found:
        """Waves have the same seeds, a point's own in each; members have others, since they were drawn by what the waves told."""
        rows = asking.estimates(from_unit(factors, places), fresh if stage == "members" else first, each)
        return as_found(rows, each)

    result = matched(goals_of(targets), len(factors), calibration.plan, ask, asking.places, asking.tell)
    after = asking.together(from_unit(factors, result.members), fresh, each, result.weights.tolist())
    failed = sum(not driver.store.ok(run) for run in driver.order)
    return Calibrated(
        calibration, targets, factors, moved, calibration.factors if file.screen else (), result, before, after, failed, driver.task.version,
    )  # fmt: skip


def pick(calibration: Calibration, asking: Asking) -> tuple[list[screening.Moved], tuple[Factor, ...]]:
    """What screening says, and the parameters that it picks; all where there is no screening."""
    screen, candidates = calibration.file.screen, calibration.factors
    if screen is None:
        return [], candidates
    asking.tell(f"screening {len(candidates)} parameters at {screen.points} points")
    design = asking.places(
        "screening", lambda: designs.unit("lhs", len(candidates), screen.points, calibration.file.seed)
    )
    rows = asking.estimates(from_unit(narrowed(candidates, screen.span), design), calibration.file.seed, 1)
    moved = screening.screened(design, as_found(rows, 1).values)
    picked = asking.places("picked", lambda: np.array(screening.picked(moved, screen.fewest, screen.most), dtype=float))
    chosen = tuple(candidates[int(k)] for k in np.sort(picked))
    asking.tell(f"{len(chosen)} parameters are calibrated")
    return moved, chosen


def posterior(result: Calibrated) -> list[dict[str, Any]]:
    """What is known of each parameter now: median and both ends of the interval of 90 %, and how much narrower that is than before."""
    rows = []
    for k, factor in enumerate(result.factors):
        low, middle, high = np.quantile(result.matched.places[:, k], [0.05, 0.5, 0.95])
        rows.append(
            {
                "parameter": factor.path, "prior_low": factor.bounds[0], "prior_high": factor.bounds[1], "low": factor.at(float(low)),
                "median": factor.at(float(middle)), "high": factor.at(float(high)), "narrower": float(1 - (high - low) / 0.9),
            }
        )  # fmt: skip
    return rows


def defaults(result: Calibrated) -> Standing:
    """Where the point of the defaults stands in what is left."""
    usual = [(factor, parameter_of(factor.path)) for factor in result.factors]
    place = np.array([0.5 if spec is None else factor.share(spec.value) for factor, spec in usual])
    return standing(result.matched, result.calibration.plan, place)


def pairs(result: Calibrated, most: int = 6) -> list[tuple[int, int, float]]:
    """The pairs of parameters whose posterior is most correlated: places of both, and the correlation of ranks."""
    from scipy.stats import rankdata

    ranks = np.apply_along_axis(rankdata, 0, result.matched.places)
    table = np.corrcoef(ranks.T)
    found = [(i, j, float(table[i, j])) for i in range(len(table)) for j in range(i)]
    return sorted(found, key=lambda pair: -abs(pair[2]))[:most]


def target_rows(result: Calibrated) -> list[dict[str, Any]]:
    """Every target before and after, and how its emulator did."""
    last = result.matched.waves[-1]
    rows = []
    for k, (target, one, other) in enumerate(zip(result.targets, result.before, result.after, strict=True)):
        check = last.emulators[k].check if k in last.emulators else None
        rows.append(
            {
                "target": target.id, "level": target.level, "unit": target.unit, "observed": target.value, "observed_low": target.low,
                "observed_high": target.high, "before": one.mean, "before_verdict": one.verdict, "after": other.mean, "after_low": other.low,
                "after_high": other.high, "after_verdict": other.verdict, "after_distance": other.distance,
                "explained": None if check is None else check.explained, "widened": None if check is None else check.inflation,
                "set_aside": last.aside.get(k, ""), "out_of_reach": k in result.matched.unreached,
            }
        )  # fmt: skip
    return rows


def to_json(result: Calibrated) -> dict[str, Any]:
    """The result as plain data."""
    m, file = result.matched, result.calibration.file
    return {
        "model": result.model,
        "calibration": file.model_dump(mode="json", exclude={"targets"}),
        "waves": [{key: value if np.isfinite(value) else None for key, value in row.items()} for row in m.history],
        "targets": target_rows(result),
        "not_measurable": [t.id for t in result.calibration.targets.all if t.unmeasurable],
        "in_other_worlds": list(result.calibration.left_out),
        "parameters": posterior(result),
        "defaults": defaults(result)._asdict(),
        "pairs": [
            {"one": result.factors[i].path, "other": result.factors[j].path, "correlation": found}
            for i, j, found in pairs(result)
        ],
        "members": len(m.members),
        "effective_members": m.effective,
        "runs_without_outcomes": result.failed,
        "notes": list(m.notes),
        "in_range": result.last_line,
    }


def answer(result: Calibrated) -> Answer:
    """The tables and files that are kept beside the report."""
    import pandas as pd

    m = result.matched
    members = from_unit(result.factors, m.members)
    ensemble = {
        "study": result.calibration.file.name,
        "points": [dict(p) for p in members],
        "weights": m.weights.tolist(),
    }
    tables = {
        "parameters": pd.DataFrame(posterior(result)),
        "targets": pd.DataFrame(target_rows(result)),
        "waves": pd.DataFrame([dict(row) for row in m.history]),
        "posterior": pd.DataFrame(from_unit(result.factors, m.places)),
    }
    if result.moved:
        tables["screening"] = pd.DataFrame(moved_rows(result))
    files = {
        "ensemble.json": json.dumps(ensemble, indent=1, allow_nan=False) + "\n",
        "parameters.json": json.dumps([factor.path for factor in result.factors], indent=1) + "\n",
        "calibration.json": json.dumps(to_json(result), indent=1, allow_nan=False) + "\n",
    }
    return Answer(tables, [result.last_line], m.notes, files=files, result=result)


def moved_rows(result: Calibrated) -> list[Mapping[str, Any]]:
    """What screening says of every candidate."""
    chosen = {factor.path for factor in result.factors}
    return [
        {
            "parameter": result.candidates[row.axis].path, "strength": row.strength, "targets_moved": row.targets,
            "clearest": result.targets[row.target].id, "standard_errors": row.clearest, "calibrated": result.candidates[row.axis].path in chosen,
        }
        for row in result.moved
    ]  # fmt: skip
