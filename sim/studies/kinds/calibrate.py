"""Calibrate: which values of the uncertain parameters agree with what was observed.

History matching first: waves of points, of which those too far from a target are ruled out; each wave looks only where the ones before left
something. Then every point is weighted by its synthetic likelihood (normal, with the error of the target and the noise of the runs) over
how densely its surroundings were searched. The posterior is a sample of points by these weights, written as an ensemble.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.scenario import Problem
from sim.studies.findings.values import label_of, listed, no_value
from sim.studies.kinds import MOST_POINTS, Answer, Driver, Kind, Settings, check_measured, register_kind
from sim.studies.methods import designs
from sim.studies.methods.factors import from_unit

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.methods.factors import Factor, Value
    from sim.studies.study import ReadyStudy

Floats = NDArray[np.float64]
MARGIN = 0.1
"""By how much of its width a box is widened on each side before the next wave."""
LEARNT = 0.2
"""Share of the range of a factor from which on something is said to have been learnt; 0.05 is ruled out by what an interval of 95 % is."""
FEWEST = 50
"""Effective points below which the posterior is not to be believed."""


class Target(Settings):
    """Something that was observed."""

    measure: str = Field(description="outcome")
    value: float = Field(description="what was observed")
    sd: float = Field(gt=0, description="its standard error, with what the model cannot be expected to get right")


class CalibrateSettings(Settings):
    """Section `calibrate` of a study file."""

    targets: tuple[Target, ...] = Field(min_length=1, description="what was observed")
    points: int = Field(default=200, ge=20, le=MOST_POINTS, description="points of a wave")
    waves: int = Field(default=4, ge=1, le=100, description="waves at most")
    implausible: float = Field(
        default=3.0, gt=0, le=100, description="standard errors from a target that rule a point out"
    )
    ensemble: int = Field(default=200, ge=1, le=MOST_POINTS, description="points of the posterior")


class Searched(NamedTuple):
    """Every point of all waves (rows).

    Attributes
    ----------
    places, boxes
        Where the points lie in the unit cube, and where each wave looked.
    means, noise, z
        Means of the targets (columns), the variance that luck gives them, and standard errors between points and targets.
    waves
        Of each wave its number, share of the space, plausible points, and points.
    failed
        At which points a run failed.
    """

    places: Floats
    boxes: list[Floats]
    means: Floats
    noise: Floats
    z: Floats
    waves: list[tuple[int, float, int, int]]
    failed: NDArray[np.bool_]


@register_kind
class Calibrate(Kind):
    """A posterior of parameters, as an ensemble."""

    name = "calibrate"
    no_ensemble = "it makes an ensemble, from ranges"
    Settings = CalibrateSettings

    def check(self, study: ReadyStudy, problems: list[Problem]) -> None:
        """Uncertainties, one scenario, and targets that are measured."""
        if not study.uncertainties or study.levers:
            problems.append(Problem("uncertainties", "nothing, or levers", "one or more uncertainties, and no levers"))
        if len(study.scenarios) != 1:
            problems.append(Problem("scenarios", f"{len(study.scenarios)} scenarios", "one: that which was observed"))
        for i, target in enumerate(study.settings.targets):
            check_measured(study, f"calibrate.targets.{i}.measure", target.measure, problems)

    def planned(self, study: ReadyStudy) -> int:
        """Points x waves x seeds."""
        return study.settings.points * study.settings.waves * len(study.seeds)

    def conduct(self, study: ReadyStudy, driver: Driver) -> Answer:
        """Waves, then weights."""
        s: CalibrateSettings = study.settings
        factors = study.uncertainties
        box = np.array([[0.0, 1.0]] * len(factors))
        boxes, places, means, spreads, waves, failed = [], [], [], [], [], []
        notes: list[str] = []
        for wave in range(s.waves):
            if wave and not driver.affords(s.points * len(study.seeds)):
                notes.append(f"The budget ended after {wave} of {s.waves} waves.")
                break
            unit = designs.unit("lhs", len(factors), s.points, study.file.seed + wave)
            boxes.append(box)
            places.append(box[:, 0] + unit * (box[:, 1] - box[:, 0]))
            runs = driver.evaluate(from_unit(factors, places[-1]))
            mean, spread = _moments(runs, [target.measure for target in s.targets])
            failed.append((runs["status"] != "ok").groupby(runs["point"]).any().to_numpy(dtype=bool))
            means.append(mean)
            spreads.append(spread)
            z = _distances(s, np.vstack(means), _noise(np.vstack(spreads), len(study.seeds)))
            plausible = np.abs(z).max(axis=1) < s.implausible
            where = np.vstack(places)
            waves.append((wave + 1, float(np.prod(box[:, 1] - box[:, 0])), int(plausible[-s.points :].sum()), s.points))
            if not np.isfinite(z).all(axis=1).any():
                notes.append(f"The search ended after wave {wave + 1}: no point could be judged.")
                break
            if plausible.sum() < 2:
                best = np.argsort(np.nan_to_num(np.abs(z).max(axis=1), nan=np.inf))[: max(5, s.points // 10)]
                plausible = np.isin(np.arange(len(z)), best)
            low, high = where[plausible].min(axis=0), where[plausible].max(axis=0)
            width = MARGIN * (high - low) + 1e-6
            box = np.stack([np.maximum(0, low - width), np.minimum(1, high + width)], axis=1)
        noise = _noise(np.vstack(spreads), len(study.seeds))
        z = _distances(s, np.vstack(means), noise)
        found = Searched(np.vstack(places), boxes, np.vstack(means), noise, z, waves, np.concatenate(failed))
        return _answer(study, found, notes) if np.isfinite(z).all(axis=1).any() else _unjudged(study, found, notes)


def _moments(runs: DataFrame, names: list[str]) -> tuple[Floats, Floats]:
    """Mean and variance over seeds of every target at every point; NaN where a run failed."""
    wide = [runs.pivot(index="point", columns="seed", values=name).to_numpy(dtype=float) for name in names]
    mean = np.stack([values.mean(axis=1) for values in wide], axis=1)
    spread = [values.var(axis=1, ddof=1) if values.shape[1] > 1 else np.zeros(len(values)) for values in wide]
    return mean, np.stack(spread, axis=1)


def _noise(spreads: Floats, seeds: int) -> Floats:
    """Variance that luck gives the mean over seeds, for each target, pooled over points."""
    seen = np.isfinite(spreads).all(axis=1)
    return spreads[seen].mean(axis=0) / seeds if seen.any() else np.zeros(spreads.shape[1])


def _distances(s: CalibrateSettings, means: Floats, noise: Floats) -> Floats:
    """Standard errors between every point and every target."""
    value, sd = (np.array([getattr(target, word) for target in s.targets]) for word in ("value", "sd"))
    z = (means - value) / np.sqrt(sd**2 + noise)
    return np.where(np.isfinite(z).all(axis=1)[:, None], z, np.inf)


def weights(places: Floats, boxes: list[Floats], z: Floats, points: int) -> Floats:
    """Posterior weight of every point: its likelihood over the density with which all waves together searched there."""
    log = -0.5 * (z**2).sum(axis=1)
    density = np.zeros(len(places))
    for box in boxes:
        inside = ((places >= box[:, 0]) & (places <= box[:, 1])).all(axis=1)
        density += inside * points / np.prod(box[:, 1] - box[:, 0])
    if not np.isfinite(log).any():
        return np.full(len(places), 1 / len(places))
    weight = np.exp(log - log[np.isfinite(log)].max()) / density
    return weight / weight.sum()


def _answer(study: ReadyStudy, found: Searched, notes: list[str]) -> Answer:
    """The ensemble, what is known of each parameter now, and how well each target is met."""
    import pandas as pd

    s: CalibrateSettings = study.settings
    factors, places = study.uncertainties, found.places
    weight = weights(places, found.boxes, found.z, s.points)
    effective = float(1 / (weight**2).sum())
    shares = (np.random.default_rng(study.file.seed).random() + np.arange(s.ensemble)) / s.ensemble
    chosen = np.minimum(np.searchsorted(np.cumsum(weight), shares), len(weight) - 1)
    members = from_unit(factors, places[chosen])
    rows = [_posterior(factor, places[:, k], weight) for k, factor in enumerate(factors)]
    farthest = np.abs(found.z).max(axis=1)
    tables = {
        "posterior": pd.DataFrame(rows, columns=["factor", "low", "median", "high", "range_ruled_out"]),
        "fit": _fit(s.targets, found, chosen),
        "ensemble": pd.DataFrame(members),
        "points": pd.DataFrame(from_unit(factors, places)).assign(weight=weight, implausibility=farthest),
        "waves": pd.DataFrame(found.waves, columns=["wave", "share_of_space", "plausible", "points"]),
    }
    findings = [
        f"{r[0]}: {r[2]:.4g} ({r[1]:.4g} to {r[3]:.4g})" if not isinstance(r[2], str) else f"{r[0]}: {r[2]}"
        for r in rows
        if r[4] >= LEARNT
    ]
    nothing = [r[0] for r in rows if r[4] < LEARNT]
    if nothing:
        findings.append(
            f"Nothing clear was learnt of {listed(nothing)}: less than {LEARNT:.0%} of the range is ruled out."
        )
    if np.abs(found.z).max(axis=1).min() >= s.implausible:
        findings = ["No parameters are found that agree with all targets: no point comes near them together."]
    text = json.dumps({"study": study.name, "points": [dict(member) for member in members]}, indent=1)
    notes = [*notes, *_notes(study, found, effective)]
    return Answer(tables, findings, notes, files={"ensemble.json": text + "\n"})


def _unjudged(study: ReadyStudy, found: Searched, notes: list[str]) -> Answer:
    """What is left where no point has a value for every target: no posterior, and no ensemble that looks like one."""
    import pandas as pd

    points = pd.DataFrame(from_unit(study.uncertainties, found.places)).assign(weight=np.nan, implausibility=np.nan)
    said = ["Nothing can be said of the parameters: no point could be judged.", *_lacking(study, found)]
    return Answer({"points": points}, said, [*notes, *_lacking(study, found)])


def _lacking(study: ReadyStudy, found: Searched) -> list[str]:
    """How many points could not be judged, and why."""
    there = ~found.failed
    lines = []
    if found.failed.any():
        lines.append(f"A run failed at {int(found.failed.sum())} of {len(found.failed)} points; they have no weight.")
    lacking = {
        label_of(target.measure): (int((there & ~np.isfinite(found.means[:, k])).sum()), int(there.sum()))
        for k, target in enumerate(study.settings.targets)
    }
    return [*lines, *(f"{line} They have no weight." for line in no_value(lacking, "points"))]


def _posterior(factor: Factor, places: Floats, weight: Floats) -> tuple[str, Value, Value, Value, float]:
    """A factor with both ends and the middle of its posterior, and the share of its range that is ruled out."""
    order = np.argsort(places, kind="stable")
    ends = np.minimum(np.searchsorted(np.cumsum(weight[order]), [0.025, 0.5, 0.975]), len(weight) - 1)
    low, middle, high = places[order[ends]]
    return factor.path, factor.at(float(low)), factor.at(float(middle)), factor.at(float(high)), 1 - float(high - low)


def _fit(targets: Sequence[Target], found: Searched, chosen: NDArray[np.intp]) -> DataFrame:
    """How well the points of the ensemble meet each target."""
    import pandas as pd

    rows = [
        (
            target.measure,
            target.value,
            target.sd,
            float(np.sqrt(found.noise[k])),
            float(found.means[chosen, k].mean()),
            float(found.z[chosen, k].mean()),
        )
        for k, target in enumerate(targets)
    ]
    return pd.DataFrame(rows, columns=["measure", "target", "sd", "noise_sd", "posterior_mean", "standard_errors_off"])


def _notes(study: ReadyStudy, found: Searched, effective: float) -> list[str]:
    """What a reader must know: points, priors, and what speaks against believing the posterior."""
    notes = [
        f"{len(found.places)} points in {len(found.boxes)} waves, {len(study.seeds)} seeds each; effective number of points {effective:.0f}.",
        "Prior: the distributions of the uncertainties, independent. Intervals: 95 % of the posterior. `noise_sd` is the luck left in a mean over seeds.",
    ]
    notes += _lacking(study, found)
    if effective < FEWEST:
        notes.append(
            f"WARNING: fewer than {FEWEST} effective points: more points or waves before the posterior is believed."
        )
    if np.abs(found.z).max(axis=1).min() >= study.settings.implausible:
        notes.append("WARNING: no point comes near all targets: the model or the ranges cannot meet them together.")
    if len(study.seeds) == 1:
        notes.append("WARNING: one seed: the noise of runs is taken to be nothing; give two replications or more.")
    return notes
