"""The tables of a report as rows of text: effects with intervals and pairs, and the tables that each kind of study is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.measures.dictionary import GROUPS, outcome, outcomes
from sim.report.parts.headline import BETTER, EITHER, WORSE, way
from sim.report.text.names import factor_name
from sim.report.text.tables import conclusion_cells, effect_cells
from sim.report.text.words import records
from sim.studies.findings import doubt, numbers
from sim.studies.findings.effects import has_interval, is_tested, tell
from sim.studies.findings.ranks import told_ranks
from sim.studies.methods.sensitivity import METHODS

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.report.parts.material import Material

MOST_ROWS = 60
NONE, CHANCE, NO_TEST, NO_INTERVAL = "no clear effect", "may be chance", "not tested", "no interval"
ITS_PRICE = "no more than the price of the intervention"
MARKS = {BETTER: "better", WORSE: "worse", EITHER: "changes"}

CHOSEN = {
    "compare": ("ranking",),
    "sweep": ("effects", "sweep"),
    "sensitivity": ("indices", "noise"),
    "discover": ("boxes", "limits", "scores"),
    "optimise": ("second_look", "pareto"),
    "calibrate": ("posterior", "fit", "waves"),
}
"""Tables of the answer that each kind of study is about; of kinds that are not named, all but those of single runs."""
TITLES = {
    "ranking": "Rank of every scenario",
    "effects": "Effects at every point",
    "sweep": "Outcomes at every point",
    "indices": "Which factor matters how much",
    "noise": "How much is luck",
    "boxes": "What the boxes are worth",
    "limits": "Limits of the boxes",
    "scores": "What tells failures apart",
    "second_look": "The portfolios kept, looked at again in worlds that the search never saw",
    "pareto": "The portfolios kept",
    "posterior": "What is known of each parameter now",
    "fit": "How well the targets are met",
    "waves": "How the search went on",
}
LEFT_OUT = (
    "outcomes",
    "conclusions",
    "outcomes_by_group",
    "effects_by_group",
    "policies",
    "points",
    "worlds",
    "convergence",
)


class EffectRow(NamedTuple):
    """An effect in words; ``mark`` is one of better, worse, changes, none."""

    outcome: str
    text: str
    level: str
    change: str
    percent: str
    interval: str
    same: str
    pairs: str
    verdict: str
    mark: str
    doubt: tuple[str, ...] = ()
    """Interval of chance alone, that of parameters, sets with the sign, and which doubt is the larger, where these are apart."""

    @property
    def apart(self) -> bool:
        """Whether there is doubt, and its kinds are apart."""
        return bool(self.doubt) and self.doubt[-1] != numbers.NOTHING


class EffectTable(NamedTuple):
    """The effects of a scenario, by group of outcomes."""

    scenario: str
    groups: tuple[tuple[str, tuple[EffectRow, ...]], ...]


class PlainTable(NamedTuple):
    """A table of the answer of a study: its title, heads, rows of cells, which columns hold numbers, and how many rows there are in all."""

    name: str
    title: str
    heads: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    of: int


def effect_tables(material: Material) -> list[EffectTable]:
    """A table for each scenario of a comparison."""
    effects = material.effects
    if effects is None:
        return []
    found = []
    place = {name: k for k, name in enumerate(outcomes())}
    for label in material.others:
        rows = [row for row in records(effects[effects["scenario"] == label]) if not outcome(row["outcome"]).detail]
        rows.sort(key=lambda row: place.get(row["outcome"], len(place)))
        told = tell(rows)
        made = [(row["group"], _effect(row, told.verdict(row["outcome"]))) for row in rows]
        groups = [(group.capitalize(), tuple(row for of, row in made if of == group)) for group in GROUPS]
        found.append(EffectTable(label, tuple((group, members) for group, members in groups if members)))
    return found


def _effect(row: Mapping[str, Any], told: str) -> EffectRow:
    n = int(row["n"])
    label, level, _, mean, percent, interval, _, _ = effect_cells(row)
    spec = outcome(row["outcome"])
    mark, verdict = "none", NONE
    if spec.price:
        verdict = "price of the intervention"
    elif not is_tested(spec.name):
        verdict = NO_TEST
    elif not has_interval(row):
        verdict = NO_INTERVAL
    elif told == "found":
        mark = MARKS[way(row)]
        verdict = {"better": "better", "worse": "worse", "changes": "changes: a matter of judgement"}[mark]
    elif told == "chance":
        verdict = CHANCE
    elif told == "price":
        verdict = ITS_PRICE
    elif row["excludes_zero"]:
        verdict = "go by the expected one"
    same = f"{row['same_sign'] * n:.0f} of {n}" if np.isfinite(row["same_sign"]) else numbers.NOTHING
    kinds = doubt.cells(row) if doubt.is_apart(row) else ()
    return EffectRow(label, spec.text, level, mean, percent, interval, same, str(n), verdict, mark, kinds)


def conclusion_rows(material: Material) -> list[tuple[str, ...]]:
    """Which effects hold across the parameter sets, and which depend on them: cells under `CONCLUSION_TITLES`."""
    told = doubt.conclusions(material.effects) if material.effects is not None else None
    shown = [] if told is None else records(told[told["verdict"] != doubt.OPEN])
    return [
        conclusion_cells(row) for row in sorted(shown, key=lambda row: (row["verdict"] != doubt.HOLD, row["verdict"]))
    ]


def answer_tables(material: Material) -> list[PlainTable]:
    """The tables that a study of this kind is about, cut where they are long."""
    names = CHOSEN.get(material.kind, tuple(name for name in material.tables if name not in LEFT_OUT))
    found = []
    for name in names:
        table = material.tables.get(name)
        if table is None or not len(table):
            continue
        if name == "ranking" and material.effects is not None:
            table = told_ranks(table, material.effects)
        if name == "indices":
            main = METHODS[material.settings["method"]].main
            table = table[(table["other"] == "") & (table["index"] == main)]
        if material.kind == "sweep":
            if name == "sweep" and "effects" in material.tables:
                continue
            table = table.drop(columns="point").sort_values(["scenario", "outcome"], kind="stable")
        if len(table):
            found.append(_plain(name, table))
    return found


def _plain(name: str, table: DataFrame) -> PlainTable:
    columns = [
        str(column)
        for column in table.columns
        if column not in ("scale", "group", "interval", "excludes_zero", "other")
    ]
    columns = [column for column in columns if table[column].notna().any() and not (table[column] == "").all()]
    rows = [tuple(_cell(column, row) for column in columns) for row in records(table.head(MOST_ROWS))]
    numeric = tuple(table[column].dtype.kind in "iuf" for column in columns)
    return PlainTable(name, TITLES.get(name, name.replace("_", " ").capitalize()), tuple(map(_head, columns)), numeric, tuple(rows), len(table))  # fmt: skip


def _head(column: str) -> str:
    if "." in column:
        return factor_name(column)
    return {"n": "pairs or runs", "low": "from", "high": "to", "percent": "% of level"}.get(
        column, column.replace("_", " ")
    )


def _cell(column: str, row: Mapping[str, Any]) -> str:
    value = row[column]
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if column in ("outcome", "measure", "benefit"):
        return _label(str(value))
    if column == "factor":
        return factor_name(str(value))
    if isinstance(value, float | np.floating):
        if not np.isfinite(value):
            return numbers.NOTHING
        if column == "percent":
            return numbers.percent(float(value))
        if column in ("mean", "low", "high") and "baseline" in row:  # of an effect
            return numbers.effect(float(value), str(row.get("unit", "")))
        if column in (
            "same_sign",
            "coverage",
            "density",
            "base",
            "noise",
            "common_luck",
            "range_ruled_out",
            "share_of_space",
            "best",
        ):
            return f"{value:.0%}"
        return numbers.level(float(value), str(row.get("unit", "")) if column in ("baseline", "mean", "low", "high", "sd") else "")  # fmt: skip
    return f"{value:,}" if isinstance(value, int | np.integer) and column not in ("seed",) else str(value)


def _label(name: str) -> str:
    try:
        return outcome(name).label or name
    except KeyError:
        return name
