"""Sensitivity: how much of what comes out, and of what a policy changes, is due to each thing that is uncertain.

Every point is run with the same seeds, or, where an emulator learns from them, with seeds of its own. Indices are of the mean over seeds, of
the level in every scenario and of the paired effect of every scenario against the first one. Intervals contain the luck of the seeds, and each
index says whether it is told from luck; an outcome that has a value at too few points has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from pydantic import Field

from sim.scenario import Problem, no_such_name, quote
from sim.studies.errors import StudyError
from sim.studies.findings.indices import DULL, TOO_FEW, findings, notes
from sim.studies.kinds import (
    MOST_POINTS,
    Answer,
    Drawing,
    Driver,
    Kind,
    Settings,
    in_members,
    in_own_worlds,
    in_worlds,
    register_kind,
)
from sim.studies.methods.emulators import Emulator
from sim.studies.methods.factors import from_unit
from sim.studies.methods.noise import Floats, shares, with_luck
from sim.studies.methods.sensitivity import METHODS, Analysis

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.study import ReadyStudy

Row = tuple[object, ...]


class SensitivitySettings(Settings):
    """Section `sensitivity` of a study file."""

    method: Literal["morris", "sobol", "sobol_first", "fast", "emulator", "rbd_fast", "delta", "pawn", "dgsm"] = Field(
        default="sobol",
        description="method; sobol_first is sobol without pairs, for half the runs; emulator those indices of what a Gaussian process learns",
    )
    samples: int = Field(
        default=512, ge=4, le=MOST_POINTS, description="N: trajectories, base points, points a curve, or points"
    )
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="group: paths that move together")
    of: tuple[Literal["level", "effect"], ...] = Field(
        default=("level", "effect"), min_length=1, description="what indices are of"
    )
    levels: int = Field(default=4, ge=2, le=100, multiple_of=2, description="levels of the grid of morris")
    delta: float = Field(default=0.05, gt=0, lt=0.5, description="step of dgsm, as a share of the range")
    resamples: int = Field(default=200, ge=10, le=100_000, description="bootstrap resamples behind the intervals")


@register_kind
class Sensitivity(Kind):
    """Indices of levels and of effects."""

    name = "sensitivity"
    Settings = SensitivitySettings
    varies_beside = True

    def check(self, study: ReadyStudy, problems: list[Problem]) -> None:
        """Two factors at least, groups of what varies, and a number of samples that the method can use."""
        settings: SensitivitySettings = study.settings
        method, paths = METHODS[settings.method], [factor.path for factor in study.varied]
        if len(paths) < 2:
            allowed = "two or more, for example `uncertainties: all`"
            if study.ensemble:
                allowed = "two or more that the ensemble does not set: indices are of what varies by itself, and members set theirs together"
            problems.append(Problem("uncertainties", quote(paths), allowed))
        if settings.groups and not method.groups:
            with_them = "groups go with morris, sobol and sobol_first"
            problems.append(Problem("sensitivity.groups", settings.method, with_them))
        seen: set[str] = set()
        for group, members in settings.groups.items():
            if group in paths:
                problems.append(Problem(f"sensitivity.groups.{group}", quote(group), "a name that no factor has"))
            for i, path in enumerate(members):
                where = f"sensitivity.groups.{group}.{i}"
                if path not in paths:
                    problems.append(no_such_name(where, path, paths))
                elif path in seen:
                    problems.append(Problem(where, quote(path), "a path that is in no other group"))
                seen.add(path)
        if settings.method.startswith("sobol") and settings.samples & (settings.samples - 1):
            problems.append(Problem("sensitivity.samples", str(settings.samples), "a power of two for sobol"))
        if settings.method == "fast" and settings.samples < 65:
            problems.append(Problem("sensitivity.samples", str(settings.samples), "65 or more for fast"))
        if settings.method == "emulator" and len(study.seeds) < 2:
            problems.append(
                Problem(
                    "replications", str(len(study.seeds)), "2 or more for emulator, which must know how loud luck is"
                )
            )
        if settings.of == ("effect",) and len(study.scenarios) < 2:
            problems.append(Problem("scenarios", "one scenario", "two or more for indices of effects"))
        steps = [f.path for f in study.varied if f.distribution in ("integer", "choice")]
        if method.smooth and steps:
            other = f"another method: {quote(steps)} move in steps"
            problems.append(Problem("sensitivity.method", settings.method, other))
        number = 0 if len(paths) < 2 else _analysis(study).size
        if number > MOST_POINTS:
            fewer = f"fewer: {number:,} points, at most {MOST_POINTS:,}"
            problems.append(Problem("sensitivity.samples", f"{settings.samples:,}", fewer))

    def pairs(self, study: ReadyStudy) -> list[str]:
        """All scenarios, where effects are analysed."""
        return list(study.scenarios) if "effect" in study.settings.of else []

    def most_seeds(self, study: ReadyStudy) -> int:
        """Those of the replications, or so many for every point."""
        own = study.settings.method == "emulator"
        return study.file.replications * (study.settings.samples if own else 1)

    def planned(self, study: ReadyStudy) -> int:
        """Points x seeds x scenarios."""
        labels, size = len(study.scenarios), _analysis(study).size
        if study.settings.method == "emulator":
            return labels * size * len(study.seeds)
        varied = sum(any(study.applies(factor.path, label) for factor in study.varied) for label in study.scenarios)
        return (varied * size + labels - varied) * len(study.seeds)

    def conduct(self, study: ReadyStudy, driver: Driver) -> Answer:
        """Run the whole design (half a design gives no indices), and analyse every outcome."""
        settings: SensitivitySettings = study.settings
        analysis = _analysis(study)
        if not driver.affords(self.planned(study)):
            raise StudyError(
                f"the budget has no room for the {self.planned(study)} runs of this design; lower sensitivity.samples"
            )
        points = analysis.points()
        worlds = in_own_worlds if settings.method == "emulator" else in_worlds
        runs = worlds(study, driver, from_unit(study.varied, points))
        names = list(study.measures) or [str(name) for name in runs.columns[5:]]
        found, noises, paths = [], [], []
        for head, series in _series(runs, study, names, settings.of).items():
            mean = series.values.mean(axis=1)
            share, common = shares(series.values)
            emulator = analysis.fitted(points, mean, share)
            indices = analysis.indices(points, mean, settings.resamples, emulator)
            indices = with_luck(analysis, points, series.values, indices, settings.resamples)
            there = mean[np.isfinite(mean)]
            level, sd = (float(there.mean()), float(there.std())) if there.size else (np.nan, np.nan)
            lost = (series.failed, int(len(mean) - there.size) - series.failed, len(mean))
            why, explained = "", np.nan
            if isinstance(emulator, Emulator):
                explained = emulator.check.explained
            if not indices:
                why = _why_none(analysis, mean, emulator)
            noises.append((*head, level, sd, share, common, len(study.seeds), *lost, why, explained))
            found += [
                (*head, i.factor, i.other, i.name, i.value, i.low, i.high, i.told, analysis.samples, share)
                for i in indices
            ]
            paths += [(*head, *row) for row in _convergence(analysis, points, mean, share)]
        return _answer(study, found, noises, paths)


class Series(NamedTuple):
    """An outcome at the points (rows) with the seeds (columns), and at how many points a run failed."""

    values: Floats
    failed: int


def _analysis(study: ReadyStudy) -> Analysis:
    s: SensitivitySettings = study.settings
    names = [factor.path for factor in study.varied]
    return Analysis(s.method, names, s.samples, study.file.seed, s.groups, s.levels, s.delta)


def _series(
    runs: DataFrame, study: ReadyStudy, names: list[str], of: tuple[str, ...]
) -> dict[tuple[str, str, str], Series]:
    """Points x seeds of every outcome: the level in every scenario, and the paired effect of all but the first."""
    found: dict[tuple[str, str, str], Series] = {}
    runs = runs.assign(failed=runs["status"] != "ok")
    parts = {str(label): rows for label, rows in runs.groupby("scenario", sort=False)}
    wrong = {
        label: rows.pivot(index="point", columns="seed", values="failed").to_numpy(dtype=bool).any(axis=1)
        for label, rows in parts.items()
    }
    for name in names:
        levels: dict[str, Floats] = {
            label: rows.pivot(index="point", columns="seed", values=name).to_numpy(dtype=float)
            for label, rows in parts.items()
        }
        for label, values in levels.items():
            if "level" in of:
                found[label, "level", name] = Series(values, int(wrong[label].sum()))
            if "effect" in of and label != study.baseline:
                either = wrong[label] | wrong[study.baseline]
                found[label, "effect", name] = Series(values - levels[study.baseline], int(either.sum()))
    return found


def _why_none(analysis: Analysis, mean: Floats, emulator: Emulator | str | None) -> str:
    """Why an outcome has no index."""
    if not analysis.enough(mean):
        return TOO_FEW
    if np.ptp(mean[np.isfinite(mean)]) == 0:
        return DULL
    if isinstance(emulator, str):
        return emulator
    return DULL if emulator is None else "luck leaves too little of what an emulator learnt"


def _convergence(analysis: Analysis, points: Floats, mean: Floats, share: float) -> list[tuple[int, str, float]]:
    """The main index from the first eighth, quarter, half and all samples; curves of fast cannot be cut."""
    main, rows = METHODS[analysis.method].main, []
    for part in (8, 4, 2, 1):
        count = analysis.samples // part
        if not analysis.block or count < 4:
            continue
        some = slice(0, count * analysis.block)
        emulator = analysis.fitted(points[some], mean[some], share)
        found = analysis.indices(points[some], mean[some], 2, emulator)
        rows += [(count, i.factor, i.value) for i in found if i.name == main and not i.other]
    return rows


def _answer(study: ReadyStudy, rows: list[Row], noises: list[Row], paths: list[Row]) -> Answer:
    """Tables, findings and figures."""
    import pandas as pd

    settings: SensitivitySettings = study.settings
    main = METHODS[settings.method].main
    head = ["scenario", "of", "outcome"]
    indices = pd.DataFrame(
        rows, columns=[*head, "factor", "other", "index", "value", "low", "high", "told", "samples", "noise"]
    )
    lost = ["failed_points", "points_without_value", "points", "why_no_index", "explained"]
    noise_table = pd.DataFrame(noises, columns=[*head, "mean", "sd", "noise", "common_luck", "seeds", *lost])
    steps = pd.DataFrame(paths, columns=[*head, "samples", "factor", "value"])
    figures = {}
    for label, what in dict.fromkeys(zip(indices["scenario"], indices["of"], strict=True)):
        chosen = indices[(indices["scenario"] == label) & (indices["of"] == what)]
        stem = f"{what}-{''.join(c if c.isalnum() else '-' for c in label)}"
        figures[f"heatmap-{stem}"] = Drawing("heatmap", (chosen, main, study.scale))
        figures[f"bars-{stem}"] = Drawing("bars", (chosen, main, study.scale))
        path = steps[(steps["scenario"] == label) & (steps["of"] == what)]
        if path["samples"].nunique() > 1:  # of one number of samples there is nothing to compare
            figures[f"convergence-{stem}"] = Drawing("convergence", (path, main, study.scale))
    return Answer(
        {"indices": indices, "noise": noise_table, "convergence": steps},
        findings(indices, noise_table, main),
        notes(_analysis(study), settings.resamples, len(study.seeds), in_members(study), indices, noise_table),
        figures,
    )
