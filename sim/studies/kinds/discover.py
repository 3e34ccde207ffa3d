"""Discover: the worlds in which a policy fails, and what they have in common.

Worlds are drawn from the uncertainties, the policy is run against the baseline in each with the same seeds, and PRIM looks for boxes in the
space of uncertainties that hold most failures and little else. A part of the worlds, whole members of an ensemble, is held out to judge boxes on.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from sim.scenario import Problem, nearest, one_of, quote
from sim.studies.errors import extra
from sim.studies.findings.values import no_value
from sim.studies.kinds import MOST_POINTS, Answer, Drawing, Driver, Kind, Settings, check_measured, register_kind
from sim.studies.methods.discovery import Limits, Worth, boxes, by_luck, feature_scores, inside, numbered, worth

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame

    from sim.studies.methods.factors import Factor, Point
    from sim.studies.study import ReadyStudy

FEW = 20
"""Failures below which boxes are not to be believed."""


class Failure(Settings):
    """When a policy has failed: its mean over the seeds lies above, or below, a number."""

    measure: str = Field(description="outcome")
    of: Literal["percent", "effect", "level"] = Field(
        default="percent", description="effect in per cent of the baseline there, effect, or level"
    )
    above: float | None = Field(default=None, description="it fails above this")
    below: float | None = Field(default=None, description="it fails below this")


class DiscoverSettings(Settings):
    """Section `discover` of a study file."""

    fails: tuple[Failure, ...] = Field(min_length=1, description="the policy fails where one of these holds")
    scenario: str = Field(default="", description="the policy in question; by default the second scenario")
    points: int = Field(default=512, ge=40, le=MOST_POINTS, description="worlds")
    design: Literal["random", "lhs", "sobol"] = Field(default="lhs", description="how worlds are drawn")
    held_out: float = Field(default=0.3, ge=0.1, le=0.6, description="share of worlds on which boxes are judged")
    boxes: int = Field(default=3, ge=1, le=10, description="boxes at most")
    mass: float = Field(default=0.05, gt=0, lt=0.5, description="least share of worlds in a box")


@register_kind
class Discover(Kind):
    """Boxes of worlds in which a policy fails."""

    name = "discover"
    Settings = DiscoverSettings

    def check(self, study: ReadyStudy, problems: list[Problem]) -> None:
        """Uncertainties, a policy, failures that are told by one end each, and the package that finds boxes."""
        settings: DiscoverSettings = study.settings
        if not study.factors:
            problems.append(Problem("uncertainties", "nothing", "one or more: worlds are drawn from them"))
        if len(study.scenarios) < 2 and any(failure.of != "level" for failure in settings.fails):
            problems.append(Problem("scenarios", "one scenario", "two: the baseline and the policy"))
        if settings.scenario and settings.scenario not in study.scenarios:
            close = nearest(settings.scenario, study.scenarios)
            problems.append(Problem("discover.scenario", quote(settings.scenario), one_of(study.scenarios), close))
        for i, failure in enumerate(settings.fails):
            if (failure.above is None) == (failure.below is None):
                problems.append(Problem(f"discover.fails.{i}", "neither or both ends", "either above or below"))
            check_measured(study, f"discover.fails.{i}.measure", failure.measure, problems)
        if find_spec("ema_workbench") is None:
            problems.append(Problem("kind", "discover", extra("studies")))

    def pairs(self, study: ReadyStudy) -> list[str]:
        """The baseline and the policy, where a failure is told from their difference."""
        return _labels(study) if any(failure.of != "level" for failure in study.settings.fails) else []

    def planned(self, study: ReadyStudy) -> int:
        """Worlds x seeds x two scenarios."""
        return study.settings.points * len(study.seeds) * len(_labels(study))

    def conduct(self, study: ReadyStudy, driver: Driver) -> Answer:
        """Run all worlds, find boxes in some of them, judge the boxes on the others."""
        settings: DiscoverSettings = study.settings
        worlds = study.worlds(settings.design, settings.points, study.factors)
        notes = []
        if not driver.affords(self.planned(study)):
            each = len(study.seeds) * len(_labels(study))
            worlds = worlds[: max(1, (study.file.budget.runs or each * 40) // each)]
            notes.append(f"The budget has room for the first {len(worlds)} of {settings.points} worlds only.")
        runs = driver.evaluate(worlds, scenarios=_labels(study))
        judged = _worlds(study, worlds, runs)
        return _answer(study, judged, [*notes, *_notes(study, judged, len(worlds))])


def _labels(study: ReadyStudy) -> list[str]:
    settings: DiscoverSettings = study.settings
    others = [label for label in study.scenarios if label != study.baseline]
    policy = settings.scenario or (others[0] if others else study.baseline)
    return list(dict.fromkeys([study.baseline, policy]))


class Worlds(NamedTuple):
    """The worlds that could be judged, and how many could not.

    `table` has a row a world: its place, what failures are told from, whether and in which share of seeds the policy fails, and whether it is
    held out. `failed`: worlds in which a run failed; `lacking`: by criterion, those without a value of all whose runs went well.
    """

    table: DataFrame
    failed: int
    lacking: dict[str, tuple[int, int]]


def _worlds(study: ReadyStudy, worlds: list[Point], runs: DataFrame) -> Worlds:
    """Judge the worlds: a policy fails where one criterion says so; where none does and one has no value, nobody knows."""
    import pandas as pd

    settings: DiscoverSettings = study.settings
    labels = _labels(study)
    table = pd.DataFrame([dict(world) for world in worlds])
    shape = (len(worlds), len(study.seeds))
    ours, mean, known = np.zeros(shape, dtype=bool), np.zeros(len(worlds), dtype=bool), np.ones(len(worlds), dtype=bool)
    ran = (runs["status"] == "ok").groupby(runs["point"]).all().reindex(range(len(worlds))).to_numpy(dtype=bool)
    lacking: dict[str, tuple[int, int]] = {}
    for k, failure in enumerate(settings.fails):
        value, middle = _measured(runs, failure, labels)
        ours |= _beyond(value, failure)
        mean |= _beyond(middle, failure)
        known &= np.isfinite(middle)
        words = "in per cent of the baseline" if failure.of == "percent" else failure.of
        lacking[f"{failure.measure} ({words})"] = (int((ran & ~np.isfinite(middle)).sum()), int(ran.sum()))
        table[f"{failure.of}.{k}.{failure.measure}"] = middle
    table["fails"], table["failing_seeds"] = mean, ours.mean(axis=1)
    table.insert(0, "point", range(len(table)))
    table = table[ran & (mean | known)].reset_index(drop=True)
    members = _members(study, table)
    rng = np.random.default_rng(study.file.seed + bool(study.ensemble))  # not that which put members in their order
    at = rng.permutation(len(set(members)))
    return Worlds(table.assign(held_out=(at < round(settings.held_out * len(at)))[members]), int((~ran).sum()), lacking)


def _members(study: ReadyStudy, table: DataFrame) -> NDArray[np.intp]:
    """Which member of the ensemble each world is of, by number; without an ensemble, worlds that are equal have one number."""
    return numbered(table[list(study.ensemble[0]) if study.ensemble else [factor.path for factor in study.factors]])


def _measured(runs: DataFrame, failure: Failure, labels: list[str]) -> tuple[NDArray[Any], NDArray[Any]]:
    """What a failure is told from, worlds x seeds and as their mean; NaN where it has no value."""
    parts = (runs[runs["scenario"] == label] for label in (labels[0], labels[-1]))
    wide = (part.pivot(index="point", columns="seed", values=failure.measure) for part in parts)
    base, policy = (frame.to_numpy(dtype=float) for frame in wide)
    value = policy if failure.of == "level" else policy - base
    middle = value.mean(axis=1)
    if failure.of != "percent":
        return value, middle
    level = np.abs(base.mean(axis=1))
    scale = np.divide(100.0, level, out=np.full_like(level, np.nan), where=level > 0)  # of nothing there is no per cent
    return value * scale[:, None], middle * scale


def _beyond(values: NDArray[Any], failure: Failure) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return values > failure.above if failure.above is not None else values < failure.below


def _notes(study: ReadyStudy, judged: Worlds, number: int) -> list[str]:
    table = judged.table
    settings: DiscoverSettings = study.settings
    words = [
        f"{f.measure} ({f.of}) {'above' if f.above is not None else 'below'} {f.above if f.above is not None else f.below:g}"
        for f in settings.fails
    ]
    count = int(table["fails"].sum())
    notes = [
        f"{_labels(study)[-1]} fails where {' or '.join(words)}, on the mean of {len(study.seeds)} seeds: in {count} of {len(table)} worlds that "
        f"could be judged ({settings.design}); {int(table['held_out'].sum())} of them are held out.",
        "Boxes: PRIM (ema_workbench); of its boxes the one of the highest harmonic mean of coverage and density, less restrictions that hardly add to it.",
    ]
    if judged.failed:
        notes.append(f"{judged.failed} of {number} worlds are left out, since a run failed there.")
    notes += no_value(judged.lacking, "worlds")
    if number - judged.failed > len(table):
        notes.append(
            f"{number - judged.failed - len(table)} of {number} worlds could not be judged; if the policy fails there more or less often than "
            "elsewhere, shares and boxes do not show it."
        )
    members, fails = _members(study, table), table["fails"].to_numpy(dtype=bool)
    if (sets := len(set(members))) < len(table):
        notes.append(f"Worlds are of {sets} parameter sets, held out as a whole; each counts once in intervals and p.")
    if min(len(set(members[fails])), len(set(members[~fails]))) < FEW:
        few = f"fewer than {FEW} different worlds fail, or fewer than {FEW} do not"
        notes.append(f"WARNING: {few}: boxes are not to be believed.")
    if len(study.seeds) > 1:
        mixed = float(((table["failing_seeds"] > 0) & (table["failing_seeds"] < 1)).mean())
        notes.append(f"In {mixed:.0%} of worlds the seeds disagree about failure: luck, which no box can hold.")
    else:
        notes.append("One seed a world: luck and world are not told apart; more replications make boxes clearer.")
    return notes


def _answer(study: ReadyStudy, judged: Worlds, notes: list[str]) -> Answer:
    import pandas as pd

    table = judged.table
    settings: DiscoverSettings = study.settings
    fails, held = table["fails"].to_numpy(dtype=bool), table["held_out"].to_numpy(dtype=bool)
    paths = [factor.path for factor in study.factors]
    there = table[paths]
    found: list[Limits] = []
    figures: dict[str, Drawing] = {}
    scores = pd.DataFrame(columns=["factor", "of", "score"])
    if fails.any() and not fails.all():
        found = boxes(there[~held], fails[~held], study.factors, settings.boxes, settings.mass)
        continuous = [str(name) for name in table.columns if name not in (*paths, *_OURS)]
        rows = [
            (path, name, score)
            for name in ("fails", *continuous)
            if (seen := np.isfinite(table[name].to_numpy(dtype=float))).sum() >= FEW
            for path, score in feature_scores(there[seen], table.loc[seen, name].to_numpy(), study.factors, 1).items()
        ]
        scores = pd.DataFrame(rows, columns=["factor", "of", "score"])
    quality, limits = _tables(study, found, there, fails, held)
    for k, box in enumerate(found):
        table[f"box_{k + 1}"] = inside(box, there)
    if found:
        figures["boxes"] = Drawing("boxes", (limits, quality))
        figures["worlds"] = Drawing("worlds", (table, limits))
    if len(scores):
        figures["feature-scores"] = Drawing("scores", (scores,))
    tables = {"boxes": quality, "limits": limits, "scores": scores, "worlds": table}
    return Answer(tables, _findings(quality, limits, judged), notes, figures)


_OURS = ("point", "fails", "failing_seeds", "held_out")


def _tables(
    study: ReadyStudy, found: list[Limits], there: DataFrame, fails: NDArray[np.bool_], held: NDArray[np.bool_]
) -> tuple[DataFrame, DataFrame]:
    """What each box is worth where it was found and on worlds held out, and its limits."""
    import pandas as pd

    quality, limits = [], []
    members = _members(study, there)
    factors: dict[str, Factor] = {factor.path: factor for factor in study.factors}
    for k, box in enumerate(found):
        for words, part in (("found on", ~held), ("held out", held)):
            value: Worth = worth(box, there[part], fails[part])
            low, high, p = by_luck(value, members[part & inside(box, there)])
            quality.append(
                (k + 1, words, value.coverage, value.density, low, high, value.base, value.inside, value.failures, p)
            )
        for path, limit in box.items():
            factor = factors[path]
            if isinstance(limit, frozenset):
                limits.append((k + 1, path, np.nan, np.nan, ", ".join(sorted(map(str, limit))), np.nan, np.nan))
                continue
            ends = factor.bounds if factor.values is None else (min(factor.values), max(factor.values))  # type: ignore[type-var]
            low, high = (float(end if mine is None else mine) for mine, end in zip(limit, ends, strict=True))
            limits.append((k + 1, path, low, high, "", float(ends[0]), float(ends[1])))
    columns = ["box", "worlds", "coverage", "density", "low", "high", "base", "inside", "failures", "p"]
    return pd.DataFrame(quality, columns=columns), pd.DataFrame(
        limits, columns=["box", "factor", "low", "high", "values", "least", "most"]
    )


def _findings(quality: DataFrame, limits: DataFrame, judged: Worlds) -> list[str]:
    fails = judged.table["fails"].to_numpy(dtype=bool)
    missing = max((total for _, total in judged.lacking.values()), default=0) - len(fails)
    of = f"of the {len(fails)} worlds that could be judged ({missing} could not)" if missing else "of the worlds"
    if not len(fails):
        return ["Whether the policy fails cannot be said in any of the worlds.", *no_value(judged.lacking, "worlds")]
    if not fails.any() or fails.all():
        return [f"The policy fails in {'all' if fails.all() else 'none'} {of}."]
    found = [f"The policy fails in {fails.mean():.0%} {of}."]
    for box, rows in limits.groupby("box", sort=False):
        held = quality[(quality["box"] == box) & (quality["worlds"] == "held out")].iloc[0]
        words = " and ".join(
            f"{r['factor']} in {r['values']}"
            if r["values"]
            else f"{r['factor']} from {r['low']:.3g} to {r['high']:.3g}"
            for r in rows.to_dict("records")
        )
        if not held["p"] <= 0.05:
            why = "no world held out lies in it"
            if held["inside"]:
                why = f"on worlds held out {held['density']:.0%} of its {held['inside']} fail, of all {held['base']:.0%}: not told from chance"
            found.append(f"Box {box} is no finding, {why} ({words}).")
            continue
        found.append(
            f"Box {box}: {words}. On worlds held out it holds {held['coverage']:.0%} of failures, and {held['density']:.0%} "
            f"({held['low']:.0%} to {held['high']:.0%}) of its {held['inside']} worlds fail, of all {held['base']:.0%}."
        )
    return found if len(limits) else [*found, "No box holds failures more densely than chance."]
