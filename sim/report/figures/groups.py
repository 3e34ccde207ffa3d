"""Who gains and who loses: effects with their intervals, a panel a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sim.report.figures.effects import Heading, draw_effects
from sim.studies.findings.groups import is_shown, size_in_words

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
    how = f"Mean of {comparison.runs} paired runs; line: 95 % interval."
    return effects_by_group(table, key, comparison.baseline, how)


def effects_by_group(table: DataFrame, key: str, baseline: str, how: str = "Mean of paired runs; line: 95 % interval.") -> Figure:  # fmt: skip
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
            label = f"{scenario}: {member}" if several else str(member)
            small = "Too small for an interval." if bool(rows["too_small"].iloc[0]) else ""
            headings.append(Heading(label, size_in_words(rows.iloc[0]), small))
            panels.append(rows.assign(scenario=label))
    return draw_effects(pd.concat(panels) if panels else mine, headings, baseline, f"By {key}. {how}")
