"""Outcomes and effects by group, as tables and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.measures.dictionary import outcome
from sim.report.text import numbers
from sim.report.text.columns import Cell, Column, Heading, Row, lay_out
from sim.report.text.markdown import escaped
from sim.report.text.tables import WIDE, effect_cells, effect_style
from sim.report.text.words import records
from sim.studies.findings.groups import is_shown, member_name
from sim.studies.runs.by_group import in_key_order

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.table import Table
    from rich.text import Text


def level_tables(frames: Sequence[DataFrame], width: int = WIDE) -> list[tuple[str, Table | Text]]:
    """A table for each key: outcomes down, groups across, levels as means over runs.

    Parameters
    ----------
    frames
        Outcomes by group of each run: key, member and a column an outcome.
    width
        Letters across; groups that have no room are left out and said to be.
    """
    import pandas as pd

    mean = pd.concat(frames, ignore_index=True).groupby(["key", "member"], sort=False).mean()
    found = []
    for key in in_key_order(mean.reset_index()):
        mine = mean.loc[key]
        mine = mine[[name for name in mine.columns if mine[name].notna().any()]]
        columns = [
            Column("Outcome", wraps=True, least=22),
            *(Column(member_name(str(name)), right=True, drop=k) for k, name in enumerate(mine.index, 1)),
        ]
        rows: list[Row] = [
            [outcome(name).label, *(numbers.level(value, outcome(name).unit) for value in mine[name])]
            for name in map(str, mine.columns)
            if name == "living_consumers" or not outcome(name).detail
        ]
        found.append((f"By {key}", lay_out(columns, rows, width, "--json has all")))
    return found


def effect_tables(effects: DataFrame, scenario: str, width: int = WIDE) -> list[tuple[str, Table | Text]]:
    """A table for each key: the outcomes in which the interval of some group leaves zero out, group by group.

    Parameters
    ----------
    effects
        As `sim.studies.runs.by_group.effects_by_group` gives it.
    scenario
        The scenario whose effects are shown.
    width
        Letters across.
    """
    columns = [
        Column("Outcome and group", wraps=True, least=22),
        Column("Level", right=True, drop=2),
        Column("Effect\n(mean)", right=True),
        Column("in % of\nlevel", right=True, drop=1),
        Column("95 % interval", right=True, wraps=True),
        Column(""),
    ]
    found = []
    for key in in_key_order(effects):
        rows: list[Row] = []
        for name, mine in _clear(effects, scenario, key):
            rows.append(Heading(outcome(name).label))
            for row in mine:
                style = effect_style(row)
                rows.append([f"  {member_name(str(row['member']))}", *(Cell(cell, style) for cell in _cells(row))])
        if rows:
            found.append((f"{scenario} by {key}", lay_out(columns, rows, width, "--json has all")))
    return found


class GroupTable(NamedTuple):
    """The effects of a scenario on the groups of a grouping: outcomes, each with a row a group, and how many more there are."""

    scenario: str
    key: str
    outcomes: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    left: int


def group_tables(effects: DataFrame, most: int = 12) -> list[GroupTable]:
    """The same as rows of text: by scenario and key, the outcomes in which the interval of some group leaves zero out, at most so many."""
    found = []
    for scenario in dict.fromkeys(effects["scenario"]):
        for key in in_key_order(effects):
            clear = _clear(effects, scenario, key)
            rows = tuple(
                (outcome(name).label, tuple((member_name(str(row["member"])), *_cells(row)) for row in mine))
                for name, mine in clear[:most]
            )
            found.append(GroupTable(str(scenario), key, rows, max(0, len(clear) - most)))
    return found


def effect_markdown(effects: DataFrame) -> str:
    """The same tables as Markdown, one below the other."""
    parts = []
    for scenario in dict.fromkeys(effects["scenario"]):
        for key in in_key_order(effects):
            lines = [
                f"| {escaped(outcome(name).label)} | {escaped(member_name(str(row['member'])))} | "
                + " | ".join(map(escaped, _cells(row)))
                + " |"
                for name, mine in _clear(effects, scenario, key)
                for row in mine
            ]
            if lines:
                head = (
                    f"| {escaped(scenario)}: outcome | {key} | Level | Effect (mean) | % of level | 95 % interval | |"
                )
                parts.append("\n".join([head, "|---|---|---:|---:|---:|---:|---|", *lines]))
    return "\n\n".join(parts)


def _clear(effects: DataFrame, scenario: str, key: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """Outcomes in which the effect on some group of a key is clear, with those on all of its groups."""
    mine = effects[(effects["scenario"] == scenario) & (effects["key"] == key)]
    names = [name for name in dict.fromkeys(mine["outcome"]) if is_shown(name)]
    found = [(name, records(mine[mine["outcome"] == name])) for name in names]
    return [(name, rows) for name, rows in found if any(row["excludes_zero"] for row in rows)]


def _cells(row: Mapping[str, Any]) -> list[str]:
    """Level, effect, per cent, interval, star."""
    _, level, _, mean, percent, interval, star, _ = effect_cells(row)
    return [level, mean, percent, "too few" if row["too_small"] else interval, star]
