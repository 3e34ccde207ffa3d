"""Compare: what scenarios change against the first one, seed by seed.

Every scenario is run with the same seeds. Under uncertainties or an ensemble, the seeds are shared out in turns over parameter sets drawn from
them, which all scenarios share, so that what luck does is told from what the sets do (`sim.studies.methods.components`). Replications are
added until an effect is known as well as asked for, or the budget ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from sim.measures.dictionary import outcome, outcomes
from sim.measures.scale import real_frame
from sim.scenario import Problem, quote
from sim.studies.findings import ratios, rivals
from sim.studies.findings.doubt import conclusions, said, spread_over
from sim.studies.findings.effects import prices, sentences, tell
from sim.studies.findings.groups import notes as group_notes
from sim.studies.findings.ranks import ranked, told_ranks
from sim.studies.findings.values import failed_note, without_value
from sim.studies.kinds import (
    MOST_POINTS,
    Answer,
    Drawing,
    Driver,
    Kind,
    Settings,
    check_measured,
    other_differences,
    register_kind,
)
from sim.studies.kinds._rivals import with_rivals
from sim.studies.kinds._worlds import evaluate, worlds_of
from sim.studies.methods.bootstrap import FEW, FEWEST, Resamples, expanded, kind_of
from sim.studies.methods.components import HOW_APART, SET, doubt
from sim.studies.methods.worlds import FEWEST as FEWEST_RUNS
from sim.studies.runs.by_group import effects_by_group, in_key_order, real_groups
from sim.studies.runs.compare_tables import cost_table, effects_table, levels_of, over_sets, ranking_table
from sim.studies.runs.effects import add_displacement, sets_of
from sim.studies.store.parts import OK

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.study import ReadyStudy


class Precision(Settings):
    """How well an effect is to be known before no more runs are added."""

    measure: str = Field(description="outcome")
    half_width: float = Field(
        gt=0, le=1e15, description="half the width of the interval of its effect, for every scenario"
    )
    relative: bool = Field(default=True, description="as a share of the baseline's mean, or in the outcome's unit")


class CompareSettings(Settings):
    """Section `compare` of a study file."""

    precision: Precision | None = Field(default=None, description="add replications until this is reached")
    step: int = Field(default=8, ge=1, le=10_000, description="replications that are added at a time")
    most: int = Field(default=256, ge=1, le=MOST_POINTS, description="replications at most")
    rank_by: tuple[str, ...] = Field(
        default=(), description="outcomes to rank scenarios by; default: measures with a direction"
    )
    cost: str = Field(default="policy_cost_usd", description="outcome on the cost axis")
    benefit: str = Field(
        default="deaths_expected", description="outcome on the benefit axis: what is avoided or gained"
    )
    thresholds: tuple[float, ...] = Field(default=(), description="USD that a unit of benefit may cost")
    design: Literal["sobol", "random"] = Field(default="sobol", description="how worlds are drawn from uncertainties")
    submodels: tuple[str, ...] = Field(
        default=(),
        max_length=100,
        description="rival rules under which all is done again, one at a time: `all`, or NAME=VALUE each",
    )
    members: int | None = Field(
        default=None,
        ge=0,
        le=MOST_POINTS,
        description="parameter sets over which replications are shared out; by default half as many, from 4 on; 0: each replication in one of its own",
    )


@register_kind
class Compare(Kind):
    """Paired effects with intervals, ranking, cost and effect."""

    name = "compare"
    Settings = CompareSettings
    before = {"members": 0}  # noqa: RUF012 - declared in the base

    def check(self, study: ReadyStudy, problems: list[Problem]) -> None:
        """Two scenarios at least, no levers, and names of outcomes that are measured."""
        settings: CompareSettings = study.settings
        if len(study.scenarios) < 2:
            problems.append(
                Problem("scenarios", "one scenario", "two or more: the first is the baseline of the others")
            )
        if study.levers:
            problems.append(
                Problem(
                    "levers",
                    quote([f.path for f in study.levers]),
                    "none: compare takes policies as the scenarios have them; a sweep varies them",
                )
            )
        rivals.chosen(settings.submodels, study.scenarios, problems)
        members = settings.members
        if members and not study.uncertainties:
            allowed = "uncertainties or an ensemble, from which parameter sets are drawn, or no `members`"
            problems.append(Problem("compare.members", str(members), allowed))
        elif members and members > 1 and members * FEWEST_RUNS > study.file.replications:
            most = study.file.replications // FEWEST_RUNS
            allowed = f"at most {most}, half of the replications: two runs of a parameter set tell luck from what parameters do"
            problems.append(Problem("compare.members", str(members), allowed))
        names = {f"compare.{word}": getattr(settings, word) for word in ("cost", "benefit")}
        names = {where: name for where, name in names.items() if where.partition(".")[2] in settings.model_fields_set}
        if settings.precision is not None:
            names["compare.precision.measure"] = settings.precision.measure
        for where, name in names.items():
            check_measured(study, where, name, problems)
        for i, name in enumerate(settings.rank_by):
            if name not in outcomes() or not outcome(name).paired:
                check_measured(study, f"compare.rank_by.{i}", name, problems)

    def pairs(self, study: ReadyStudy) -> list[str]:
        """All scenarios."""
        return list(study.scenarios)

    def most_seeds(self, study: ReadyStudy) -> int:
        """Those of the file, or as many as a precision may take."""
        most = study.settings.most if study.settings.precision is not None else 0
        return max(study.file.replications, most)

    def may_grow(self, study: ReadyStudy) -> bool:
        """Pairs are added where all are made at the same values; how many there are decides which worlds are drawn."""
        return not study.drawn_from

    def planned(self, study: ReadyStudy) -> int:
        """Replications of every scenario, and with a precision as many as may be added."""
        settings: CompareSettings = study.settings
        replications = study.file.replications
        if settings.precision is not None:
            replications = max(replications, settings.most)
        runs = replications * len(study.scenarios) * (1 + len(rivals.chosen(settings.submodels, study.scenarios, [])))
        budget = study.file.budget.runs
        return runs if budget is None else max(min(runs, budget), study.file.replications)

    def conduct(self, study: ReadyStudy, driver: Driver) -> Answer:
        """Run pairs until the effects are known well enough, and compare them."""
        settings: CompareSettings = study.settings
        seeds = list(study.seeds)
        while True:
            runs = evaluate(study, driver, seeds)
            reached = _reached(runs, study.baseline, settings.precision)
            if settings.precision is None or reached <= settings.precision.half_width:
                why = "" if settings.precision is None else "the precision asked for was reached"
                break
            more = min(settings.step, settings.most - len(seeds))
            if more <= 0 or not driver.affords(more * len(study.scenarios)):
                why = "the precision asked for was NOT reached: " + (
                    "the most replications allowed were made" if more <= 0 else "the budget ended"
                )
                break
            seeds += range(seeds[-1] + 1, seeds[-1] + 1 + more)
        good = runs[runs["status"] == OK]
        good = good[good["seed"].isin(good.loc[good["scenario"] == study.baseline, "seed"])]
        by_group = driver.by_group(good) if study.file.by else None
        answer = _answer(study, runs, settings, (why, reached), by_group)
        return with_rivals(answer, study, driver, seeds, worlds_of(study, seeds))


def _reached(runs: DataFrame, baseline: str, precision: Precision | None) -> float:
    """The widest half interval of the effect in question over all scenarios; infinite where there is none yet."""
    if precision is None:
        return np.nan
    levels = levels_of(runs, precision.measure)
    widest = 0.0
    resamples, sets = Resamples(len(levels)), sets_of(runs, levels.index)
    for label in levels.columns:
        if label == baseline:
            continue
        difference = (levels[label] - levels[baseline]).to_numpy()
        if np.isfinite(difference).sum() < FEWEST:
            return np.inf
        if sets is None:
            _, low, high = resamples.interval(difference)
        else:  # more runs make chance less, and leave the sets as far apart as they are
            found = doubt(difference, sets)
            low, high = found.chance_low, found.chance_high
        widest = max(widest, (high - low) / 2)
    if precision.relative:
        mean = abs(float(levels[baseline].mean()))
        widest = widest / mean if mean else np.inf
    return widest


def _answer(
    study: ReadyStudy,
    runs: DataFrame,
    settings: CompareSettings,
    ended: tuple[str, float],
    by_group: DataFrame | None,
) -> Answer:
    """Tables, findings and figures; ``ended`` is why adding runs ended, and at which half width."""
    why, reached = ended
    measured = add_displacement(runs.drop(columns=["point", "run", "status"]), study.baseline)
    names = list(study.measures) or [str(name) for name in measured.columns if name not in ("scenario", "seed", SET)]
    paired = [name for name in measured.columns if str(name).startswith("displacement_")]
    names += [name for name in paired if name not in names]
    effects = effects_table(measured, study.baseline, names)
    told = conclusions(effects)
    rank_by = _rank_by(settings, names)
    counted = over_sets(measured)
    ranking = ranking_table(counted, rank_by)
    cost = cost_table(counted, study.baseline, settings.cost, settings.benefit, settings.thresholds)
    pairs = int(measured["seed"].nunique())
    notes = [
        f"{pairs} pairs: each seed was run in all {len(study.scenarios)} scenarios"
        + spread_over(measured, study.drawn_from)
        + ".",
    ]
    if SET in measured:
        notes.append(HOW_APART)
    else:
        ends = f" With {pairs} pairs the quantiles taken are {expanded(max(pairs, 2))[0]:.4f} and its counterpart."
        notes.append(f"Intervals: {kind_of(pairs)}; n is stated in every row.{ends if pairs >= FEW else ''}")
    notes += [f"{line} The pairs that they belong to are left out." for line in failed_note(runs)]
    notes += without_value(runs, names)
    notes += other_differences(study.scenarios)
    if why:
        notes.append(
            f"Replications: {why} (half width {reached:.4g}). An interval at which adding stopped is slightly too narrow."
        )
    price_of = ratios.cost_per(measured, effects, study.baseline)
    tables = {"effects": effects, "ranking": ranking, "outcomes": measured, "cost_per": price_of}
    tables |= {} if told is None else {"conclusions": told}
    figures = {"effects": Drawing("effects", (effects,))}
    shown = told_ranks(ranking, effects)
    figures |= {"ranking": Drawing("ranking", (shown,))} if len(shown) else {}
    if by_group is not None:
        found = effects_by_group(by_group, study.baseline, lambda rows, baseline: effects_table(rows, baseline, _among(rows, names)))  # fmt: skip
        if study.file.totals == "real":  # pairs are of one size
            weight = study.scenarios[study.baseline].weight
            found, by_group = real_groups(found, weight), real_frame(by_group, weight)
        notes += group_notes(found)
        tables |= {"effects_by_group": found, "outcomes_by_group": by_group}
        figures |= {f"effects-by-{key.replace(':', '-')}": Drawing("effects_by_group", (found, key, study.baseline)) for key in in_key_order(found)}  # fmt: skip
    if len(cost):
        tables["cost_effectiveness"] = cost
        figures["cost-effectiveness"] = Drawing("cost_effectiveness", (cost, study.scale))
    return Answer(tables, _findings(study, measured, effects, rank_by, price_of), notes, figures)


def _among(rows: DataFrame, names: list[str]) -> list[str]:
    """Those of the outcomes that a group has."""
    return [name for name in names if name in rows]


def _rank_by(settings: CompareSettings, names: list[str]) -> list[str]:
    """Outcomes to rank by: those named, or all with a direction that people agree on."""
    if settings.rank_by:
        return list(settings.rank_by)
    return [
        name
        for name in names
        if outcome(name).better != "none" and not outcome(name).detail and not outcome(name).paired
    ]


def _findings(
    study: ReadyStudy, measured: DataFrame, effects: DataFrame, rank_by: list[str], price_of: DataFrame
) -> list[str]:
    """What can be said in a sentence each: effects, prices and ranks that chance alone would not give."""
    costs, across = ratios.sentences(price_of), said(conclusions(effects))
    found: list[str] = []
    differ: set[str] = set()
    for label, rows in effects.groupby("scenario", sort=False):
        shown: list[Any] = [
            row for row in rows.to_dict("records") if study.measures or not outcome(row["outcome"]).detail
        ]
        told = tell(shown)
        differ |= told.names
        found += [
            f"{label}: {line}"
            for line in (*sentences(told), *prices(shown), costs.get(str(label), ""), across.get(str(label), ""))
            if line
        ]
    return [*found, *ranked(over_sets(measured), [name for name in rank_by if name in measured], differ)]
