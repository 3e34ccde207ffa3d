"""Tables for the terminal and for Markdown: one run, and the effects of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.dictionary import GROUPS, OutcomeSpec, outcome
from sim.report.text import numbers
from sim.report.text.words import printed_effects, records
from sim.studies.findings import ratios

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.table import Table

    from sim.studies.runs.compare import PairedRuns

COST_TITLES = ("Scenario", "Cost above the baseline", "Averted (95 %)", "Cost of averting one (95 %)")
_GOOD, _BAD, _CLEAR = "green", "red", "bold"


def outcome_table(runs: Sequence[Mapping[str, float]]) -> Table:
    """Table of the outcomes of one run, or of their mean and range over several, by group.

    Parameters
    ----------
    runs
        Outcomes of each run.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Over the run" if len(runs) == 1 else f"Mean of {len(runs)} runs", justify="right", no_wrap=True)
    if len(runs) > 1:
        table.add_column("Lowest to highest", justify="right", no_wrap=True)
    table.add_column("Unit", no_wrap=True, style="dim")
    specs = [spec for spec in map(outcome, runs[0]) if not spec.detail]
    for group in GROUPS:
        members = [spec for spec in specs if spec.group == group]
        if members:
            table.add_row(Text(group.capitalize(), style="bold cyan"))
        for spec in members:
            values = np.array([run[spec.name] for run in runs])
            values = values[np.isfinite(values)]
            cells = [numbers.level(values.mean() if values.size else np.nan, spec.unit)]
            if len(runs) > 1:
                ends = (numbers.level(end, spec.unit) for end in (values.min(), values.max())) if values.size else ()
                cells.append(" to ".join(ends))
            table.add_row(f"  {spec.label}", *cells, _unit(spec))
    return table


def _unit(spec: OutcomeSpec) -> str:
    """Unit of an outcome with what was done to its daily values."""
    how = {"sum": "in all", "mean": "mean of days", "last": "on the last day"}[spec.aggregate]
    return how if spec.unit in ("share", "USD", "days") else f"{spec.unit}, {how}"


def effect_table(comparison: PairedRuns, labels: Sequence[str] | None = None) -> Table:
    """Table of the effects, outcome by scenario: level, effect, interval, share of runs with that sign.

    A star marks an interval that leaves zero out; its colour says whether most people would call the change better.

    Parameters
    ----------
    comparison
        The finished comparison.
    labels
        Scenarios to show, by default all. With one, its name is left to whoever prints the table.
    """
    from rich.table import Table
    from rich.text import Text

    labels = comparison.others if labels is None else list(labels)
    several = len(labels) > 1
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Outcome", no_wrap=several)
    table.add_column(f"Level in\n{comparison.baseline}", justify="right", no_wrap=True)
    if several:
        table.add_column("Scenario", no_wrap=True)
    for title in ("Effect\n(mean)", "in % of\nlevel", "95 % interval"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("Same\nsign", justify="right", no_wrap=True)
    for group, rows in _grouped(comparison, labels):
        table.add_row(Text(group.capitalize(), style="bold cyan"))
        last = None
        for row in rows:
            label, level, scenario, *middle, same = effect_cells(row)
            names = ("", "") if row["outcome"] == last else (f"  {label}", level)
            last = row["outcome"]
            style = _style(row)
            table.add_row(*names, *([scenario] if several else []), *(Text(cell, style=style) for cell in middle), same)
        table.add_row("")
    return table


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
    lines = ["| " + " | ".join(head) + " |", "|---|---:|---|---:|---:|---:|---|---:|"]
    for group, rows in _grouped(comparison, comparison.others):
        lines.append(f"| **{group.capitalize()}** | | | | | | | |")
        lines += ["| " + " | ".join(effect_cells(row)) + " |" for row in rows]
    return "\n".join(lines)


def cost_table(costs: DataFrame) -> Table:
    """Table of what a unit of harm averted costs, scenario by scenario.

    Parameters
    ----------
    costs
        As `sim.studies.findings.ratios.cost_per` gives it.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in COST_TITLES:
        table.add_column(title)
    for row in records(costs):
        table.add_row(*map(Text, cost_cells(row)))
    return table


def cost_markdown(costs: DataFrame) -> str:
    """Return the same table as Markdown."""
    lines = ["| " + " | ".join(COST_TITLES) + " |", "|---|---:|---:|---|"]
    return "\n".join([*lines, *("| " + " | ".join(cost_cells(row)) + " |" for row in records(costs))])


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
        f"{same * row['runs']:.0f}/{row['runs']}" if np.isfinite(same) else numbers.NOTHING,
    )


def _grouped(comparison: PairedRuns, labels: Sequence[str]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Printed effects by group, then outcome, then scenario, in the order of the dictionary and of the command."""
    effects = printed_effects(comparison)
    rows = [row for row in records(effects) if row["scenario"] in labels]
    order = {name: index for index, name in enumerate(dict.fromkeys(effects["outcome"]))}
    rows.sort(key=lambda row: order[row["outcome"]])
    return [(group, found) for group in GROUPS if (found := [row for row in rows if row["group"] == group])]


def _style(row: Mapping[str, Any]) -> str:
    """Colour of an effect: better, worse, or clear without either."""
    if not row["excludes_zero"]:
        return "dim"
    better = outcome(row["outcome"]).better
    if better == "none":
        return _CLEAR
    return _GOOD if (row["mean"] > 0) == (better == "higher") else _BAD
