"""Tables for the terminal and for Markdown: one run, and the effects of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.dictionary import GROUPS, OutcomeSpec, outcome
from sim.report.text import numbers
from sim.report.text.columns import Cell, Column, Heading, Row, lay_out
from sim.report.text.markdown import escaped
from sim.report.text.words import printed_effects, records
from sim.studies.findings import doubt, ratios
from sim.studies.findings.many import pairs_of

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.table import Table
    from rich.text import Text

    from sim.studies.runs.compare import PairedRuns

WIDE = 140
"""Letters across where nobody says how many there are."""
COST_TITLES = ("Scenario", "Cost above the baseline", "Averted (95 %)", "Cost of averting one (95 %)")
DOUBT_TITLES = ("Chance alone (95 %)", "Same sign in sets", "Doubt is")
"""Titles of what tells the kinds of doubt apart."""
_GOOD, _BAD, _CLEAR = "green", "red", "bold"


def outcome_table(runs: Sequence[Mapping[str, float]], width: int = WIDE) -> Table | Text:
    """Table of the outcomes of one run, or of their mean and range over several, by group.

    Parameters
    ----------
    runs
        Outcomes of each run.
    width
        Letters across; names and units wrap, and what has no room is left out and said to be.
    """
    several = len(runs) > 1
    columns = [
        Column("Outcome", wraps=True, least=22),
        Column(f"Mean of {len(runs)} runs" if several else "Over the run", right=True),
        *([Column("Lowest to highest", right=True, drop=1)] if several else []),
        Column("Unit", wraps=True, drop=2, style="dim"),
    ]
    rows: list[Row] = []
    specs = [spec for spec in map(outcome, runs[0]) if not spec.detail]
    for group in GROUPS:
        members = [spec for spec in specs if spec.group == group]
        if members:
            rows.append(Heading(group.capitalize()))
        for spec in members:
            values = np.array([run[spec.name] for run in runs])
            values = values[np.isfinite(values)]
            cells = [numbers.level(values.mean() if values.size else np.nan, spec.unit)]
            if several:
                ends = (numbers.level(end, spec.unit) for end in (values.min(), values.max())) if values.size else ()
                cells.append(" to ".join(ends))
            rows.append([f"  {spec.label}", *cells, _unit(spec)])
    return lay_out(columns, rows, width, "--json has all")


def _unit(spec: OutcomeSpec) -> str:
    """Unit of an outcome with what was done to its daily values."""
    how = {"sum": "in all", "mean": "mean of days", "last": "on the last day"}[spec.aggregate]
    return how if spec.unit in ("share", "USD", "days") else f"{spec.unit}, {how}"


def effect_table(comparison: PairedRuns, labels: Sequence[str] | None = None, width: int = WIDE) -> Table | Text:
    """Table of the effects, outcome by scenario: level, effect, interval, share of runs with that sign.

    A star marks an interval that leaves zero out; its colour says whether most people would call the change better.

    Parameters
    ----------
    comparison
        The finished comparison.
    labels
        Scenarios to show, by default all. With one, its name is left to whoever prints the table.
    width
        Letters across; names wrap, and what has no room is left out and said to be.
    """
    labels = comparison.others if labels is None else list(labels)
    several = len(labels) > 1
    columns = [
        Column("Outcome", wraps=True, least=22),
        Column(f"Level in\n{comparison.baseline}", right=True, wraps=True, drop=2),
        *([Column("Scenario", wraps=True)] if several else []),
        Column("Effect\n(mean)", right=True),
        Column("in % of\nlevel", right=True, drop=1),
        Column("95 % interval", right=True, wraps=True),
        Column(""),
        Column("Same\nsign", right=True, drop=3),
        *_doubt_columns(comparison.effects),
    ]
    rows: list[Row] = []
    for group, found in _grouped(comparison, labels):
        rows.append(Heading(group.capitalize()))
        last = None
        for row in found:
            label, level, scenario, *middle, same = effect_cells(row)
            kinds = doubt_cells(row)
            names = ("", "") if row["outcome"] == last else (f"  {label}", level)
            last = row["outcome"]
            style = effect_style(row)
            rows.append(
                [*names, *([scenario] if several else []), *(Cell(cell, style) for cell in middle), same, *kinds]
            )
        rows.append(Heading(""))
    return lay_out(columns, rows, width, "--json has all")


def effect_markdown(comparison: PairedRuns) -> str:
    """Return the same table as Markdown."""
    head = [
        "Outcome",
        f"Level in {comparison.baseline}",
        "Scenario",
        "Effect (mean)",
        "% of level",
        "95 % interval",
        "",
        "Same sign",
    ]
    head += DOUBT_TITLES if doubt.is_apart(comparison.effects) else ()
    rules = ["---", "---:", "---", "---:", "---:", "---:", "---", "---:", "---:", "---:", "---"]
    lines = ["| " + " | ".join(map(escaped, head)) + " |", "|" + "|".join(rules[: len(head)]) + "|"]
    for group, rows in _grouped(comparison, comparison.others):
        lines.append(f"| **{group.capitalize()}** |{' |' * (len(head) - 1)}")
        lines += ["| " + " | ".join(map(escaped, (*effect_cells(row), *doubt_cells(row)))) + " |" for row in rows]
    return "\n".join(lines)


def _doubt_columns(effects: DataFrame) -> list[Column]:
    """Columns that tell the kinds of doubt apart, where they are apart; the first to go where there is no room."""
    if not doubt.is_apart(effects):
        return []
    chance, sets, which = DOUBT_TITLES
    return [
        Column(chance.replace(" ", "\n", 1), right=True, wraps=True, drop=5),
        Column(sets.replace(" in", "\nin", 1), right=True, drop=6),
        Column(which, wraps=True, drop=4),
    ]


def doubt_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The interval of chance alone, in how many parameter sets the effect has its sign, and which doubt is the larger; none where they are not apart."""
    if not doubt.is_apart(row):
        return ()
    chance, _, sets, which = doubt.cells(row)
    return chance, sets, which


def cost_table(costs: DataFrame, width: int = WIDE) -> Table | Text:
    """Table of what a unit of harm averted costs, scenario by scenario.

    Parameters
    ----------
    costs
        As `sim.studies.findings.ratios.cost_per` gives it.
    width
        Letters across; all texts wrap between words.
    """
    return lay_out([Column(title, wraps=True) for title in COST_TITLES], map(cost_cells, records(costs)), width)


CONCLUSION_TITLES = ("Scenario", "Outcome", "Effect", "Chance and parameters (95 %)", *DOUBT_TITLES, "Verdict")


def conclusions_markdown(table: DataFrame, verdicts: Sequence[str] = (doubt.HOLD, doubt.DEPENDS, doubt.MORE)) -> str:
    """Which effects hold across the parameter sets, as Markdown: those with one of some verdicts, in that order; words where there are none."""
    rows = [row for verdict in verdicts for row in records(table) if row["verdict"] == verdict]
    if not rows:
        return "No effect is told from luck."
    lines = ["| " + " | ".join(CONCLUSION_TITLES) + " |", "|---|---|---:|---:|---:|---:|---|---|"]
    return "\n".join([*lines, *("| " + " | ".join(map(escaped, conclusion_cells(row))) + " |" for row in rows)])


def conclusion_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Write one conclusion: scenario, outcome, effect, total interval, the kinds of doubt, and whether it holds."""
    spec = outcome(row["outcome"])
    effect = f"{numbers.effect(row['mean'], spec.unit)} ({numbers.percent(row['percent'])})"
    ends = numbers.interval(row["low"], row["high"], spec.unit)
    return str(row["scenario"]), spec.label, effect, ends, *doubt_cells(row), row["verdict"]


def cost_markdown(costs: DataFrame) -> str:
    """Return the same table as Markdown."""
    lines = ["| " + " | ".join(COST_TITLES) + " |", "|---|---:|---:|---|"]
    return "\n".join([*lines, *("| " + " | ".join(map(escaped, cost_cells(row))) + " |" for row in records(costs))])


def cost_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Write one price: scenario, its cost, what is averted with the interval, and the cost of one with Fieller's interval, or why there is none."""
    spec = outcome(row["outcome"])
    amount = numbers.level(row["averted"], spec.unit)
    ends = (numbers.level(row[name], spec.unit) for name in ("averted_low", "averted_high"))
    words = ratios.said(row)
    return (
        str(row["scenario"]),
        numbers.level(row["cost"], "USD"),
        f"{amount} {spec.unit} ({' to '.join(ends)})",
        words[0].upper() + words[1:],
    )


def effect_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Write one effect: outcome, level, scenario, effect, per cent, interval, star, share of runs with the sign."""
    spec = outcome(row["outcome"])
    same = row["same_sign"]
    return (
        spec.label,
        numbers.NOTHING if spec.paired else numbers.level(row["baseline"], spec.unit),
        str(row["scenario"]),
        numbers.effect(row["mean"], spec.unit),
        numbers.percent(row["percent"]),
        "identical in all runs"
        if row["low"] == row["high"] == 0
        else numbers.interval(row["low"], row["high"], spec.unit),
        "*" if row["excludes_zero"] else "",
        f"{same * pairs_of(row):.0f}/{pairs_of(row)}" if np.isfinite(same) else numbers.NOTHING,
    )


def _grouped(comparison: PairedRuns, labels: Sequence[str]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Printed effects by group, then outcome, then scenario, in the order of the dictionary and of the command."""
    effects = printed_effects(comparison)
    rows = [row for row in records(effects) if row["scenario"] in labels]
    order = {name: index for index, name in enumerate(dict.fromkeys(effects["outcome"]))}
    rows.sort(key=lambda row: order[row["outcome"]])
    return [(group, found) for group in GROUPS if (found := [row for row in rows if row["group"] == group])]


def effect_style(row: Mapping[str, Any]) -> str:
    """Colour of an effect: better, worse, or clear without either."""
    if not row["excludes_zero"]:
        return "dim"
    better = outcome(row["outcome"]).better
    if better == "none":
        return _CLEAR
    return _GOOD if (row["mean"] > 0) == (better == "higher") else _BAD
