"""What a report is made of: a comparison or a study, its numbers and the words around them, all with totals of one scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sim.measures.scale import REAL
from sim.report.text import words
from sim.studies.findings.doubt import is_apart
from sim.studies.findings.ratios import cost_per
from sim.studies.findings.values import listed
from sim.studies.kinds import other_differences
from sim.studies.methods.sensitivity import METHODS
from sim.studies.runs.by_group import in_key_order
from sim.studies.runs.compare_tables import cost_table, over_sets

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from sim.scenario import Scenario
    from sim.studies.kinds import Answer
    from sim.studies.methods.factors import Factor, Point
    from sim.studies.runs.compare import PairedRuns
    from sim.studies.study import ReadyStudy

COST, BENEFIT = "policy_cost_usd", "deaths_expected"
"""What is spent and what is averted in the picture of cost against effect of a comparison; a study says it itself."""


@dataclass(frozen=True)
class Shown:
    """A figure of a report.

    Attributes
    ----------
    name, title
        Name of its file, and what it shows.
    place
        Part of the report in which it stands.
    draw
        Draws it, or gives the SVG of one that was drawn before.
    words
        What it says, for those who do not see it.
    """

    name: str
    title: str
    place: str
    draw: Callable[[], Figure | str]
    words: str


@dataclass(frozen=True)
class Material:
    """Everything that a report says something about.

    Attributes
    ----------
    kind, name, title, question
        Of the study; a comparison is one of the kind ``compare``.
    scenarios, baseline, seeds
        What was run; the baseline is the first.
    scale
        Whose the totals of all numbers are: those of the simulated consumers, or of real people.
    effects
        One row a scenario and outcome: outcome, group, unit, baseline, mean, low, high, percent, same_sign, n, interval, excludes_zero. None for
        kinds that have no such table.
    outcomes
        A row a run: scenario, seed, outcomes; None likewise.
    effects_by_group
        Effects by key and member, where groups were asked for.
    policies
        What policies did.
    costs, plane
        What a unit of harm averted costs, and cost against effect.
    tables
        Tables of the answer of a study.
    findings, notes
        Sentences of kinds other than a comparison; what must be known to judge the numbers.
    figures
        Figures by the part in which they stand.
    uncertainties, levers
        What varies.
    runs, failures
        Runs that there are, and those without outcomes.
    lacking, ended
        Runs that a study which has not ended still lacks, and whether it has.
    model
        Version of the model that the runs were made with, where they were read from a folder.
    """

    kind: str
    name: str
    title: str
    question: str
    scenarios: Mapping[str, Scenario]
    baseline: str
    seeds: Sequence[int]
    scale: str
    effects: DataFrame | None = None
    outcomes: DataFrame | None = None
    effects_by_group: DataFrame | None = None
    policies: DataFrame | None = None
    costs: DataFrame | None = None
    plane: DataFrame | None = None
    tables: Mapping[str, DataFrame] = field(default_factory=dict)
    findings: Sequence[str] = ()
    notes: Sequence[str] = ()
    figures: Sequence[Shown] = ()
    uncertainties: Sequence[Factor] = ()
    levers: Sequence[Factor] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    runs: int = 0
    failures: DataFrame | None = None
    lacking: int = 0
    ended: bool = True
    model: str = ""
    by: Sequence[str] = ()
    """Groupings that were asked for."""
    points: Sequence[Point] = ()
    """Parameter sets of an ensemble that the pairs of a comparison were run in."""

    @property
    def others(self) -> list[str]:
        """Scenarios that are compared with the baseline."""
        return [label for label in self.scenarios if label != self.baseline]

    @property
    def paired(self) -> bool:
        """Whether it is a comparison: effects of scenarios over pairs of runs, one table for all."""
        return self.kind == "compare" and self.effects is not None

    @property
    def apart(self) -> bool:
        """Whether its effects tell chance and parameters apart."""
        return self.effects is not None and is_apart(self.effects)

    @property
    def own_seeds(self) -> bool:
        """Whether every point was run with seeds of its own."""
        return self.kind == "sensitivity" and METHODS[self.settings["method"]].noise == "idle"

    @property
    def pairs(self) -> int:
        """Pairs behind the effect that has most; runs of each scenario where there are no effects."""
        found = self.effects
        return int(found["n"].max()) if found is not None and len(found) and "n" in found else len(self.seeds)

    @property
    def first(self) -> Scenario:
        """The baseline's scenario."""
        return self.scenarios[self.baseline]

    @property
    def whose(self) -> str:
        """Whose the totals are, with numbers, in a sentence."""
        consumers, people = f"{self.first.consumers:,} simulated consumers", self.first.consumers * self.first.weight
        if self.is_real:
            return f"Totals here are those of the {people:,.0f} real people for whom the {consumers} stand."
        return (
            f"Totals here are those of the {consumers}, each of whom stands for {self.first.weight:,.6g} real people."
        )

    @property
    def is_real(self) -> bool:
        """Whether totals are those of real people."""
        return self.scale == REAL


def of_pairs(comparison: PairedRuns, **more: Any) -> Material:
    """A comparison as `odm compare` makes it, with totals as it has them.

    Parameters
    ----------
    comparison
        The paired runs.
    **more
        Further fields of `Material`.
    """
    groups = comparison.effects_by_group
    return Material(
        kind="compare",
        name="comparison",
        title=f"{listed(comparison.others)} against {comparison.baseline}",
        question="",
        scenarios=comparison.scenarios,
        baseline=comparison.baseline,
        seeds=comparison.seeds,
        scale=comparison.scale,
        effects=comparison.effects.rename(columns={"runs": "n"}),
        outcomes=comparison.outcomes,
        effects_by_group=comparison.effects_by_group,
        policies=comparison.policies,
        costs=cost_per(comparison.outcomes, comparison.effects, comparison.baseline),
        plane=cost_table(over_sets(comparison.outcomes), comparison.baseline, COST, BENEFIT, ()),
        notes=[*words.notes(comparison), *other_differences(comparison.scenarios)],
        uncertainties=comparison.uncertainties,
        points=comparison.points,
        runs=len(comparison.outcomes),
        by=() if groups is None else in_key_order(groups),
        tables={} if comparison.submodels is None else {"submodels": comparison.submodels},
        **more,
    )


def of_answer(study: ReadyStudy, answer: Answer, **more: Any) -> Material:
    """A study with the answer that its kind gave.

    Parameters
    ----------
    study, answer
        The study and its answer.
    **more
        Further fields of `Material`.
    """
    tables = dict(answer.tables)
    paired = study.file.kind == "compare" and "effects" in tables
    return Material(
        kind=study.file.kind,
        name=study.name,
        title=study.file.title or study.name,
        question=study.file.question,
        scenarios=study.scenarios,
        baseline=study.baseline,
        seeds=study.seeds,
        scale=study.scale,
        effects=tables.get("effects") if paired else None,
        outcomes=tables.get("outcomes") if paired else None,
        effects_by_group=tables.get("effects_by_group"),
        policies=tables.get("policies"),
        costs=tables.get("cost_per"),
        plane=tables.get("cost_effectiveness"),
        tables=tables,
        findings=answer.findings,
        notes=answer.notes,
        uncertainties=study.uncertainties,
        levers=study.levers,
        settings=study.settings.model_dump(mode="json"),
        by=study.file.by,
        **more,
    )
