"""Sensitivity: how much of what comes out, and of what a policy changes, is due to each thing that is uncertain.

Every point is run with the same seeds. Indices are of the mean over seeds, of the level in every scenario and of the paired effect of
every scenario against the first one; the share of variance that is noise stands beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from sim.scenario import Problem, no_such_name, quote
from sim.studies.errors import StudyError
from sim.studies.kinds import Answer, Drawing, Driver, Kind, Settings, register_kind
from sim.studies.methods.factors import from_unit
from sim.studies.methods.sensitivity import METHODS, Analysis, Floats, noise

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.study import ReadyStudy

WIDE = 0.1
"""Half width of an interval of a share of variance above which the notes say that there are too few samples."""
NOISY = 0.2
Row = tuple[object, ...]


class SensitivitySettings(Settings):
    """Section `sensitivity` of a study file."""

    method: Literal["morris", "sobol", "sobol_first", "fast", "rbd_fast", "delta", "pawn", "dgsm"] = Field(
        default="sobol", description="method; sobol_first is sobol without pairs, for half the runs"
    )
    samples: int = Field(default=512, ge=4, description="N: trajectories, base points, points a curve, or points")
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="group: paths that move together")
    of: tuple[Literal["level", "effect"], ...] = Field(
        default=("level", "effect"), min_length=1, description="what indices are of"
    )
    levels: int = Field(default=4, ge=2, multiple_of=2, description="levels of the grid of morris")
    delta: float = Field(default=0.05, gt=0, lt=0.5, description="step of dgsm, as a share of the range")
    resamples: int = Field(default=200, ge=10, description="bootstrap resamples behind the intervals")


@register_kind
class Sensitivity(Kind):
    """Indices of levels and of effects."""

    name = "sensitivity"
    Settings = SensitivitySettings

    def check(self, study: ReadyStudy, problems: list[Problem]) -> None:
        """Two factors at least, groups of what varies, and a number of samples that the method can use."""
        settings: SensitivitySettings = study.settings
        method, paths = METHODS[settings.method], [factor.path for factor in study.factors]
        if len(paths) < 2:
            problems.append(Problem("uncertainties", quote(paths), "two or more, for example `uncertainties: all`"))
        if settings.groups and not method.groups:
            problems.append(
                Problem("sensitivity.groups", settings.method, "groups go with morris, sobol and sobol_first")
            )
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
        if settings.of == ("effect",) and len(study.scenarios) < 2:
            problems.append(Problem("scenarios", "one scenario", "two or more for indices of effects"))
        steps = [f.path for f in study.factors if f.distribution in ("integer", "choice")]
        if method.smooth and steps:
            problems.append(
                Problem("sensitivity.method", settings.method, f"another method: {quote(steps)} move in steps")
            )

    def planned(self, study: ReadyStudy) -> int:
        """Points x seeds x scenarios."""
        labels = len(study.scenarios)
        varied = sum(any(study.applies(factor.path, label) for factor in study.factors) for label in study.scenarios)
        return (varied * _analysis(study).size + labels - varied) * len(study.seeds)

    def conduct(self, study: ReadyStudy, driver: Driver) -> Answer:
        """Run the whole design (half a design gives no indices), and analyse every outcome."""
        settings: SensitivitySettings = study.settings
        analysis = _analysis(study)
        if not driver.affords(self.planned(study)):
            raise StudyError(
                f"the budget has no room for the {self.planned(study)} runs of this design; lower sensitivity.samples"
            )
        points = analysis.points()
        runs = driver.evaluate(from_unit(study.factors, points))
        names = list(study.measures) or [str(name) for name in runs.columns[5:]]
        series = _series(runs, study, names, settings.of)
        rows, noises, paths = [], [], []
        for (label, what, name), values in series.items():
            mean = values.mean(axis=1)
            share, common = noise(values)
            lost = int((~np.isfinite(mean)).sum())
            noises.append((label, what, name, np.nanmean(mean), np.nanstd(mean), share, common, values.shape[1], lost))
            head = (label, what, name)
            rows += [
                (*head, i.factor, i.other, i.name, i.value, i.low, i.high, analysis.samples, share)
                for i in analysis.indices(points, mean, settings.resamples)
            ]
            paths += [(*head, *row) for row in _convergence(analysis, points, mean)]
        return _answer(study, rows, noises, paths)


def _analysis(study: ReadyStudy) -> Analysis:
    s: SensitivitySettings = study.settings
    names = [factor.path for factor in study.factors]
    return Analysis(s.method, names, s.samples, study.file.seed, s.groups, s.levels, s.delta)


def _series(
    runs: DataFrame, study: ReadyStudy, names: list[str], of: tuple[str, ...]
) -> dict[tuple[str, str, str], Floats]:
    """Points x seeds of every outcome: the level in every scenario, and the paired effect of all but the first."""
    found: dict[tuple[str, str, str], Floats] = {}
    for name in names:
        levels: dict[str, Floats] = {}
        for label, rows in runs.groupby("scenario", sort=False):
            levels[str(label)] = rows.pivot(index="point", columns="seed", values=name).to_numpy(dtype=float)
        for label, values in levels.items():
            if "level" in of:
                found[label, "level", name] = values
            if "effect" in of and label != study.baseline:
                found[label, "effect", name] = values - levels[study.baseline]
    return found


def _convergence(analysis: Analysis, points: Floats, mean: Floats) -> list[tuple[int, str, float]]:
    """The main index from the first eighth, quarter, half and all samples; curves of fast cannot be cut."""
    main, rows = METHODS[analysis.method].main, []
    for part in (8, 4, 2, 1):
        count = analysis.samples // part
        if not analysis.block or count < 4:
            continue
        some = slice(0, count * analysis.block)
        found = analysis.indices(points[some], mean[some], 2)
        rows += [(count, i.factor, i.value) for i in found if i.name == main and not i.other]
    return rows


def _answer(study: ReadyStudy, rows: list[Row], noises: list[Row], paths: list[Row]) -> Answer:
    """Tables, findings and figures."""
    import pandas as pd

    settings: SensitivitySettings = study.settings
    main = METHODS[settings.method].main
    head = ["scenario", "of", "outcome"]
    indices = pd.DataFrame(
        rows, columns=[*head, "factor", "other", "index", "value", "low", "high", "samples", "noise"]
    )
    noise_table = pd.DataFrame(noises, columns=[*head, "mean", "sd", "noise", "common_luck", "seeds", "failed_points"])
    steps = pd.DataFrame(paths, columns=[*head, "samples", "factor", "value"])
    figures = {}
    for label, what in dict.fromkeys(zip(indices["scenario"], indices["of"], strict=True)):
        chosen = indices[(indices["scenario"] == label) & (indices["of"] == what)]
        stem = f"{what}-{''.join(c if c.isalnum() else '-' for c in label)}"
        figures[f"heatmap-{stem}"] = Drawing("heatmap", (chosen, main))
        figures[f"bars-{stem}"] = Drawing("bars", (chosen, main))
        path = steps[(steps["scenario"] == label) & (steps["of"] == what)]
        if len(path):
            figures[f"convergence-{stem}"] = Drawing("convergence", (path, main))
    return Answer(
        {"indices": indices, "noise": noise_table, "convergence": steps},
        _findings(indices, main),
        _notes(study, indices, noise_table),
        figures,
    )


def _notes(study: ReadyStudy, indices: DataFrame, noises: DataFrame) -> list[str]:
    """What a reader must know: method, samples, where there are too few, how much is noise."""
    s: SensitivitySettings = study.settings
    method = METHODS[s.method]
    notes = [
        f"{s.method} with N = {s.samples}, {len(study.factors)} factors, {len(study.seeds)} seeds, the same at every point. "
        f"Intervals: bootstrap, 95 %, {s.resamples} resamples. Indices are on the scale of the distributions of the factors."
    ]
    if s.samples < method.fewest:
        notes.append(
            f"WARNING: N = {s.samples} is too small for {s.method}: take {method.fewest} or more before believing numbers."
        )
    widths = (indices["high"] - indices["low"])[indices["index"].isin(["S1", "ST"])] / 2
    if len(widths) and widths.max() > WIDE:
        notes.append(
            f"WARNING: {(widths > WIDE).mean():.0%} of intervals are wider than ±{WIDE}: N is too small for them."
        )
    if len(study.seeds) == 1:
        notes.append("One seed: noise is not told from interactions; give `replications: 2` or more to know its share.")
    loud = noises[noises["noise"] > NOISY]
    if len(loud):
        words = ", ".join(f"{r.outcome} ({r.of}, {r.scenario}: {r.noise:.0%})" for r in loud.head(8).itertuples())
        notes.append(
            f"WARNING: more than {NOISY:.0%} of the variance between points is noise: {words}; add replications."
        )
    lost = int(noises["failed_points"].max()) if len(noises) else 0
    if lost:
        what = "are replaced by the mean" if not _analysis(study).block else "are left out with their block"
        notes.append(f"{lost} points lack an outcome since a run failed; they {what}.")
    dull = len(noises) - len(indices[["scenario", "of", "outcome"]].drop_duplicates())
    if dull:
        notes.append(f"{dull} outcomes do not vary, and have no indices.")
    return notes


def _findings(indices: DataFrame, main: str) -> list[str]:
    """The three things that matter most for each outcome."""
    found = []
    top = indices[(indices["index"] == main) & (indices["other"] == "")]
    for (label, what, name), rows in top.groupby(["scenario", "of", "outcome"], sort=False):
        best = rows.sort_values("value", ascending=False).head(3)
        words = ", ".join(f"{r.factor} {r.value:.3g} ({r.low:.3g} to {r.high:.3g})" for r in best.itertuples())
        found.append(f"{label}, {what} of {name}: {main} {words}")
    return found[:40]
