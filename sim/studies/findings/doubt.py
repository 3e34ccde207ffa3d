"""What may be said of the two kinds of doubt about effects, and which conclusions hold whatever the parameters are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.dictionary import outcome
from sim.studies.findings import numbers
from sim.studies.findings.effects import has_interval, is_tested, tell
from sim.studies.methods.components import SET, in_words

if TYPE_CHECKING:
    from pandas import DataFrame

HOLDS = 0.9
"""Share of the parameter sets in which the sign must be that of the mean for a conclusion to hold."""
HOLD, DEPENDS, MORE, OPEN = "holds", "depends on the parameters", "more parameter sets would tell", "not told"
"""Verdicts on an effect: a finding that holds across the sets; told from luck, and the sets do not agree on its sign; told from luck, and the sets
agree, but are too few for a finding; not told from luck.
"""
HOW = (
    f"A conclusion *{HOLD}* where the interval of chance and parameters together leaves zero out, allowing for how many outcomes were looked at, and the effect "
    f"has the same sign in at least {HOLDS:.0%} of the parameter sets. It *{DEPENDS}* where chance alone would let it be told, and fewer sets agree; where as "
    f"many agree and it is no finding yet, *{MORE}*. Effects that are not told from luck are left out."
).replace("90%", "90 %")
CONCLUSIONS = (
    *("scenario", "outcome", "unit", "baseline", "mean", "low", "high", "percent", "chance_low", "chance_high"),
    *("parameters_low", "parameters_high", "parameter_share", "sets", "sets_same_sign", "n", "doubt", "verdict"),
)

Row = Mapping[str, Any]


def is_apart(rows: Any) -> bool:
    """Whether a table of effects, or a row of one, tells the kinds of doubt apart; those of one parameter set or of earlier versions do not."""
    return "parameter_share" in rows


def in_sets(row: Row) -> str:
    """In how many of the parameter sets an effect has the sign of its mean: ``24 of 25 parameter sets``; nothing where that is not known."""
    if not is_apart(row) or not np.isfinite(row["sets_same_sign"]):
        return ""
    return f"{row['sets_same_sign'] * row['sets']:.0f} of {int(row['sets'])} parameter sets"


def which(row: Row) -> str:
    """Which kind of doubt is the larger; nothing where they are not apart."""
    return in_words(float(row["parameter_share"])) if is_apart(row) and np.isfinite(row["sets_same_sign"]) else ""


def cells(row: Row) -> tuple[str, str, str, str]:
    """An effect's interval of chance, that of parameters, in how many sets it has its sign, and which doubt is the larger, as text."""
    if row["low"] == row["high"] == row["mean"] == 0:  # identical in all runs
        return numbers.NOTHING, numbers.NOTHING, numbers.NOTHING, numbers.NOTHING
    unit = outcome(row["outcome"]).unit
    chance, sets = (
        numbers.interval(row[f"{kind}_low"], row[f"{kind}_high"], unit) for kind in ("chance", "parameters")
    )
    return chance, sets, in_sets(row).removesuffix(" parameter sets") or numbers.NOTHING, which(row) or numbers.NOTHING


def spread_over(runs: DataFrame, drawn_from: str) -> str:
    """In which parameter sets pairs of runs were made, as the end of a sentence."""
    if SET not in runs:
        return f", in a world of its own drawn from {drawn_from}" if drawn_from else ""
    return f", shared out over {runs[SET].nunique()} parameter sets drawn from {drawn_from or 'the ensemble'}"


def conclusions(effects: DataFrame) -> DataFrame | None:
    """Which effects hold across the parameter sets.

    Parameters
    ----------
    effects
        As `sim.studies.runs.effects.paired_effects` or `sim.studies.runs.compare_tables.effects_table` gives them.

    Returns
    -------
    DataFrame or None
        A row for each effect that is tested and whose kinds of doubt are apart, `CONCLUSIONS`: the effect with its three intervals, the share of sets
        with the sign of the mean, which doubt is the larger, and the verdict: `HOLD` for a finding with that sign in `HOLDS` of the sets or more;
        where the interval of chance alone leaves zero out and it is no such finding, `DEPENDS` or, with that sign in so many sets, `MORE`; `OPEN`
        otherwise. None where kinds are not apart.
    """
    import pandas as pd

    if not is_apart(effects) or not len(effects):
        return None
    found = []
    for _, part in effects.groupby("scenario", sort=False):
        rows: list[Any] = [row for row in part.to_dict("records") if not outcome(row["outcome"]).detail]
        told = tell(rows)
        counted = {outcome(row["outcome"]).counted for row in rows}
        tested = [
            row
            for row in rows
            if is_tested(row["outcome"]) and has_interval(row) and row["outcome"] not in counted | told.priced
        ]
        found += [_concluded(row, row["outcome"] in told.names) for row in tested]
    return pd.DataFrame(found, columns=list(CONCLUSIONS))


def _concluded(row: Row, finding: bool) -> dict[str, Any]:
    clear = row["chance_low"] > 0 or row["chance_high"] < 0
    agree = row["sets_same_sign"] >= HOLDS
    verdict = OPEN if not (finding or clear) else DEPENDS if not agree else HOLD if finding else MORE
    n = int(row["n"] if "n" in row else row["runs"])
    return {**row, "n": n, "doubt": which(row), "verdict": verdict}


def said(table: DataFrame | None) -> dict[str, str]:
    """By scenario, in a sentence each: which of its effects hold across the parameter sets, and which do not."""
    found: dict[str, str] = {}
    for label, part in table.groupby("scenario", sort=False) if table is not None else ():
        rows: list[Any] = part.to_dict("records")
        sets = int(part["sets"].max())
        holding, depending, more = ([row for row in rows if row["verdict"] == which] for which in (HOLD, DEPENDS, MORE))
        words = (
            f"{len(holding)} finding{'' if len(holding) == 1 else 's'} hold{'s' if len(holding) == 1 else ''} across the {sets} parameter sets"
            if holding
            else f"no finding holds across the {sets} parameter sets"
        )
        if depending:
            words += f"; the sign depends on the parameters for {_named(depending)}"
        if more:
            words += f"; the sets agree and are too few to be sure for {_named(more)}"
        found[str(label)] = f"Across the parameters: {words}."
    return found


def _named(rows: Sequence[Row], most: int = 6) -> str:
    names = [f"{outcome(row['outcome']).label or row['outcome']} ({in_sets(row)})" for row in rows]
    more = [f"and {len(names) - most} more"] if len(names) > most else []
    return ", ".join([*(name[0].lower() + name[1:] for name in names[:most]), *more])
