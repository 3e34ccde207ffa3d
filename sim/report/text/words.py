"""What a comparison found, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.evidence.parameters import load_parameters
from sim.measures.dictionary import outcome
from sim.measures.scale import REAL
from sim.studies.findings import doubt, numbers, ratios
from sim.studies.findings.effects import change, is_tested, lowered, prices, sentences, tell, told_apart
from sim.studies.findings.values import without_value
from sim.studies.methods.components import HOW_APART, TOTAL
from sim.studies.runs.effects import INTERVAL

__all__ = [
    "findings",
    "how",
    "how_run",
    "in_words",
    "is_tested",
    "notes",
    "printed_effects",
    "records",
    "run_notes",
    "size_notes",
    "weight_notes",
    "without_level",
]

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.scenario import Scenario
    from sim.studies.runs.compare import PairedRuns
    from sim.studies.runs.one_run import RunResult


def printed_effects(comparison: PairedRuns) -> DataFrame:
    """Effects without those that the dictionary marks as detail."""
    effects = comparison.effects
    return effects[np.array([not outcome(name).detail for name in effects["outcome"]])]


def records(effects: DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame of effects."""
    return [{str(name): value for name, value in row.items()} for row in effects.to_dict("records")]


def findings(comparison: PairedRuns) -> dict[str, list[str]]:
    """Say for every intervention which effects are findings, or that none is; see `sim.studies.findings.effects`.

    Returns
    -------
    dict of str to list of str
        By scenario, one headline and then one line for each group of outcomes with such effects.
    """
    rows = records(printed_effects(comparison))
    costs = ratios.sentences(ratios.cost_per(comparison.outcomes, comparison.effects, comparison.baseline))
    across = doubt.said(doubt.conclusions(comparison.effects))
    found: dict[str, list[str]] = {}
    for label in comparison.others:
        mine = [row for row in rows if row["scenario"] == label]
        more = [said[label] for said in (costs, across) if label in said]
        found[label] = [*sentences(tell(mine)), *prices(mine), *more]
    return found


def in_words(comparison: PairedRuns, *names: str) -> list[str]:
    """Say what each scenario changes in some outcomes, a line each.

    Where an effect is not told from zero, allowing for how many are asked for, the line says "no clear effect" and how large it could still be.

    Parameters
    ----------
    comparison
        The finished comparison.
    names
        Outcomes, in the order in which they are told.

    Raises
    ------
    KeyError
        If the comparison has no outcome of a name.
    """
    effects = comparison.effects.set_index(["scenario", "outcome"], drop=False)
    rows = records(effects.loc[[(label, name) for label in comparison.others for name in names]])
    lines = []
    for row, told in zip(rows, told_apart(rows), strict=True):
        label = lowered(outcome(row["outcome"]))
        size = change(row).removeprefix(label).strip()
        lines.append(
            f"{row['scenario']}: {label} {size}" if told else f"{row['scenario']}: no clear effect on {label}: {size}"
        )
    return lines


def how(comparison: PairedRuns) -> str:
    """Say how the comparison was made, in one sentence."""
    first = comparison.scenarios[comparison.baseline]
    return (
        f"{comparison.runs} paired run{'s' if comparison.runs != 1 else ''} of each scenario (seeds "
        f"{comparison.seeds[0]} to {comparison.seeds[-1]}){_in_sets(comparison)}, {first.consumers:,} simulated consumers, {first.days} days "
        f"after {first.burn_in} days of burn-in. {whose_totals(comparison.scale, first.consumers, comparison.weight)} "
        f"Intervals: {TOTAL if comparison.points else INTERVAL}, n = {comparison.runs} pairs."
    )


def _in_sets(comparison: PairedRuns) -> str:
    sets = len(comparison.points)
    return f" in {sets} parameter set{'s' if sets > 1 else ''} of an ensemble" if sets else ""


def without_level(rows: Sequence[dict[str, Any]]) -> str:
    """What the intervention costs, and its effects where the baseline is zero, in their own unit."""
    changed = [(outcome(row["outcome"]), row) for row in rows if np.isfinite(row["mean"]) and row["mean"] != 0]
    prices = [f"{spec.label}: {numbers.effect(row['mean'], spec.unit)}" for spec, row in changed if spec.price]
    risen = [
        f"{spec.label} {numbers.effect(row['mean'], spec.unit)}"
        for spec, row in changed
        if row["baseline"] == 0 and is_tested(spec.name)
    ]
    if risen:
        prices.append("Zero in the baseline: " + ", ".join(risen))
    return "\n".join(prices)


def how_run(results: Sequence[RunResult]) -> str:
    """Say what was run, in one sentence."""
    first = results[0]
    seeds = f"seed {first.seed}" if len(results) == 1 else f"seeds {first.seed} to {results[-1].seed}"
    return (
        f"{first.scenario.name}: {first.consumers:,} simulated consumers, {first.days} days after "
        f"{first.scenario.burn_in} days of burn-in, {seeds}. {whose_totals(first.scale, first.consumers, first.weight)}"
    )


def whose_totals(scale: str, consumers: int, weight: float) -> str:
    """Say whether totals are those of the simulated consumers or of the real people, and how many each stands for."""
    if scale == REAL:
        return f"Totals are those of the {consumers * weight:,.0f} real people for whom they stand, {weight:,.6g} each."
    return f"Totals are those of the simulated consumers; each stands for {weight:,.0f} real people."


def run_notes(results: Sequence[RunResult]) -> list[str]:
    """Say what a reader must know about the outcomes of a run."""
    first = results[0]
    names = [name for name in first.outcomes if not outcome(name).detail]
    return [*size_notes(names, first.consumers), *weight_notes(names, first.scenario)]


def notes(comparison: PairedRuns) -> list[str]:
    """Say what a reader must know about the outcomes that were compared."""
    specs = [outcome(name) for name in dict.fromkeys(printed_effects(comparison)["outcome"])]
    lines = size_notes([spec.name for spec in specs], comparison.consumers)
    distances = [spec.label for spec in specs if not spec.signed]
    if distances:
        lines.append(
            f"{_join(distances)}: a distance from the baseline run of the same seed, which cannot be negative; "
            "its interval is no test against zero."
        )
    lines += without_value(comparison.outcomes, [spec.name for spec in specs])
    lines += weight_notes([spec.name for spec in specs], comparison.scenarios[comparison.baseline])
    return [*lines, HOW_APART] if comparison.points else lines


def size_notes(names: Sequence[str], consumers: int) -> list[str]:
    """Warn about outcomes that drift with the size of the population, if it is small."""
    specs = [outcome(name) for name in names]
    small = [spec for spec in specs if consumers < spec.min_consumers]
    if not small:
        return []
    enough = max(spec.min_consumers for spec in small)
    return [
        f"{_join([spec.label for spec in small])}: below {enough:,} simulated consumers "
        f"(here {consumers:,}) the level drifts with the size of the population; compare only runs of equal size."
    ]


def weight_notes(names: Sequence[str], scenario: Scenario) -> list[str]:
    """Show the weights behind outcomes that add up unlike things."""
    specs = load_parameters().specs
    lines = []
    for spec in (outcome(name) for name in names):
        values = scenario.parameters.get(spec.weights, {}) if spec.weights else {}
        shown = [f"{name} = {value:,.6g} {specs[f'{spec.weights}.{name}'].unit}" for name, value in values.items()]
        if shown:
            lines.append(f"{spec.label}: {'; '.join(shown)}. Change them with --set {spec.weights}.NAME=VALUE.")
    return lines


def _join(labels: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(labels[:-1]), labels[-1]]))
