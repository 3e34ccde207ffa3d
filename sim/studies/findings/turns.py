"""What of a conclusion turns under rival rules, in sentences; nothing is said to turn where an interval has zero inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.measures.dictionary import outcome
from sim.studies.findings.effects import change, lowered
from sim.studies.findings.rivals import Rival
from sim.studies.findings.values import listed

if TYPE_CHECKING:
    from pandas import DataFrame

NAMED = 6
"""Outcomes that a sentence names."""


def rival_sentences(table: DataFrame) -> list[str]:
    """What may be said of the table of rivals.

    Parameters
    ----------
    table
        See `sim.studies.findings.rivals.rivals_table`.

    Returns
    -------
    list of str
        First whether anything turns; then each effect and each order that does; then a line for each rival and scenario. Empty for an empty table.
    """
    if not len(table):
        return []
    rows = [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
    rivals = len({(row["submodel"], row["rival"]) for row in rows})
    turned = [_turned(row) for row in rows if row["flips"]]
    passed = [line for row in rows if row["overtakes"] and (line := _passed(row))]
    told = {(row["scenario"], row["outcome"]) for row in rows if row["usual_told"]}
    under = f"under {'any of the ' if rivals > 1 else 'the '}{rivals} rival rule{'s' if rivals > 1 else ''}" if rivals > 1 else "under the rival rule"  # fmt: skip
    first = []
    if not told:
        first.append("By the usual rules no effect is told from zero, so that none can turn under a rival.")
    elif not turned:
        first.append(f"No effect that is told from zero changes its sign {under}.")
    if not passed:
        first.append(f"No order of two scenarios that is told from chance is the other way round {under}.")
    each = [_kept(group) for _, group in table.groupby(["submodel", "rival", "scenario"], sort=False)]  # fmt: skip
    return [*first, *turned, *passed, *(line for line in each if line)]


def _under(row: Any) -> str:
    return f"Under {Rival(row['submodel'], row['rival']).words}"


def _turned(row: Any) -> str:
    """An effect with the other sign."""
    way = ("lowers", "raises")[int(row["mean"] > 0)]
    was = {
        **row,
        "mean": row["usual"],
        "low": row["usual_low"],
        "high": row["usual_high"],
        "baseline": row["usual_baseline"],
    }
    was["percent"] = 100 * was["mean"] / abs(was["baseline"]) if was["baseline"] else float("nan")
    name = lowered(outcome(row["outcome"]))
    before = change(was).removeprefix(name).strip()
    return f"{_under(row)} {row['scenario']} {way} {change(row)}; by the usual rules it {('lowers', 'raises')[int(row['usual'] > 0)]} it, {before}."


def _passed(row: Any) -> str:
    """An order the other way round."""
    name = lowered(outcome(row["outcome"]))
    return f"{_under(row)} {row['scenario']} is ahead of {listed(row['overtakes'].split('; '))} by {name}, behind by the usual rules."


def _kept(rows: DataFrame) -> str:
    """How many of the effects told by the usual rules are told under the rival."""
    told = rows[rows["usual_told"].astype(bool)]
    first = rows.iloc[0]
    if not len(told):
        return ""
    kept = told[told["rival_told"].astype(bool) & told["sign_kept"].astype(bool)]
    lost = [lowered(outcome(name)) for name in told.loc[~told["rival_told"].astype(bool), "outcome"]]
    words = f"{_under(first)} {first['scenario']} keeps {len(kept)} of {len(told)} effects that are told from zero"
    if lost:
        more = f", {', '.join(lost[:NAMED])} and {len(lost) - NAMED} more" if len(lost) > NAMED else f", {listed(lost)}"
        words += f"; no longer told: {more.removeprefix(', ')}"
    return f"{words}."


def rival_summary(table: DataFrame) -> list[tuple[str, ...]]:
    """Rows of text: part, rival, scenario, effects told by the usual rules, kept, no longer told, with the other sign, orders the other way round."""
    found = []
    for (submodel, rival, label), rows in table.groupby(["submodel", "rival", "scenario"], sort=False):
        told, now, same = (rows[name].astype(bool) for name in ("usual_told", "rival_told", "sign_kept"))
        counts = (told, told & now & same, told & ~now, rows["flips"].astype(bool), rows["overtakes"] != "")
        found.append((str(submodel), str(rival), str(label), *(str(int(each.sum())) for each in counts)))
    return found


SUMMARY = ("Part", "Rival", "Scenario", "Told effects", "Kept", "No longer told", "Other sign", "Orders turned")
"""Heads of `rival_summary`."""
