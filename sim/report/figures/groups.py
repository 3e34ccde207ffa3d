"""Effects with their intervals, a panel a group of people or orders, or a panel a rule of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sim.measures.by_group import CROSS
from sim.report.figures.effects import Heading, draw_effects, lines_of
from sim.studies.findings.effects import is_tested
from sim.studies.findings.groups import is_shown, member_name, size_in_words
from sim.studies.findings.rivals import Rival
from sim.studies.runs.effects import in_per_cent

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from sim.studies.runs.compare import PairedRuns


def group_figure(comparison: PairedRuns, key: str) -> Figure:
    """Draw the effects on each group of a key, such as ``segment``, as `effects_figure` draws those on everybody.

    Parameters
    ----------
    comparison
        The finished comparison, of which groups were asked for.
    key
        One of the keys, or several with colons between.
    """
    table = comparison.effects_by_group
    if table is None or key not in set(table["key"]):
        raise ValueError(f"{key!r} is none of the groupings that were asked for")
    how = f"Mean of {comparison.runs} paired runs; {lines_of(table)}."
    return effects_by_group(table, key, comparison.baseline, how)


def effects_by_group(table: DataFrame, key: str, baseline: str, how: str = "") -> Figure:
    """Effects in per cent of each group's own level, a panel a scenario and group.

    Parameters
    ----------
    table
        As `sim.studies.runs.by_group.effects_by_group` gives it.
    key
        Which of its groupings.
    baseline, how
        What the effects are against, and how they were found.
    """
    mine = table[table["key"] == key]
    mine = mine[[is_shown(name) for name in mine["outcome"]]]
    several = mine["scenario"].nunique() > 1
    headings, panels = [], []
    for scenario in dict.fromkeys(mine["scenario"]):
        for member in dict.fromkeys(mine["member"]):
            rows = mine[(mine["scenario"] == scenario) & (mine["member"] == member)]
            if not len(rows):
                continue
            name = member_name(str(member))
            label = f"{scenario}: {name}" if several else name
            small = "Too small for an interval." if bool(rows["too_small"].iloc[0]) else ""
            headings.append(Heading(label, size_in_words(rows.iloc[0]), small))
            panels.append(rows.assign(scenario=label))
    how = how or f"Mean of paired runs; {lines_of(table)}."
    return draw_effects(
        pd.concat(panels) if panels else mine,
        headings,
        baseline,
        f"By {in_words(key)}. {how} No mark: the group has none of it in {baseline}.",
    )


def in_words(key: str) -> str:
    """A grouping in words: ``jurisdiction and segment``."""
    return key.replace(CROSS, " and ")


def submodels(table: DataFrame, baseline: str) -> Figure:
    """Effects that are told from zero by some rule, a panel a scenario and rule, the usual rules first.

    Parameters
    ----------
    table
        As `sim.studies.findings.rivals.rivals_table` gives it.
    baseline
        What the effects are against.
    """
    told = table.loc[table["rival_told"].astype(bool) | table["usual_told"].astype(bool), "outcome"]
    shown = table[table["outcome"].isin(told)] if len(told) else table[[is_tested(name) for name in table["outcome"]]]
    several = table["scenario"].nunique() > 1
    headings, panels = [], []
    for scenario in dict.fromkeys(shown["scenario"]):
        mine = shown[shown["scenario"] == scenario]
        usual = _usual(mine.drop_duplicates("outcome"))
        rules = {"usual rules": usual} | {
            Rival(str(part), str(rule)).words: rows
            for (part, rule), rows in mine.groupby(["submodel", "rival"], sort=False)
        }
        for words, rows in rules.items():
            label = f"{scenario}: {words}" if several else words
            headings.append(Heading(label))
            panels.append(rows.assign(scenario=label, excludes_zero=(rows["low"] > 0) | (rows["high"] < 0)))
    how = (
        "Outcomes on which some rule gives an effect that is told from zero."
        if len(told)
        else "No effect is told from zero."
    )
    drawn = pd.concat(panels) if panels else shown.assign(excludes_zero=False)
    return draw_effects(drawn, headings, baseline, f"{how} Mean of paired runs; line: 95 % interval.")


def _usual(rows: DataFrame) -> DataFrame:
    """The effects by the usual rules, as a table of effects has them."""
    named = {"usual_baseline": "baseline", "usual": "mean", "usual_low": "low", "usual_high": "high"}
    found = rows.drop(columns=list(named.values())).rename(columns=named)
    percents = [in_per_cent(mean, level) for mean, level in zip(found["mean"], found["baseline"], strict=True)]
    return found.assign(percent=percents)
