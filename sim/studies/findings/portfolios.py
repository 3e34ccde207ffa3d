"""What may be said of portfolios: whether they are within their limits, beyond one, or cannot be judged, and which does most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.studies.findings.effects import is_price
from sim.studies.findings.values import label_of, no_value

if TYPE_CHECKING:
    from pandas import DataFrame

WITHIN, BEYOND, NO_VALUE, FAILED = "within the limits", "beyond a limit", "no value", "a run failed"
IMPOSSIBLE = "not allowed"
"""What may be said of a portfolio: the column `judged`."""


def judged(feasible: bool, excess: Sequence[float], lacking: str) -> str:
    """What may be said of a portfolio, from whether it is within all limits, by how much it exceeds each, and why it has no run where it has none."""
    if feasible:
        return WITHIN
    if any(value > 0 for value in excess):
        return BEYOND
    return lacking or NO_VALUE


def not_judged(table: DataFrame, measured: Mapping[str, str]) -> list[str]:
    """Say how many portfolios could not be judged and why; `measured` has the outcome behind each column of numbers."""
    lines = [_lacking(table, measured)] if (table["judged"] == NO_VALUE).any() else []
    failed, impossible = (int((table["judged"] == word).sum()) for word in (FAILED, IMPOSSIBLE))
    if failed:
        lines.append(f"{failed} of {len(table)} portfolios could not be judged: a run failed.")
    if impossible:
        lines.append(
            f"{impossible} of {len(table)} portfolios are left out: their values are not allowed together, as with an end before a start."
        )
    return lines


def _lacking(table: DataFrame, measured: Mapping[str, str]) -> str:
    """Which outcomes have no value for how many portfolios, though no run failed."""
    rows = table.loc[table["judged"] == NO_VALUE, list(measured)].astype(float)
    lacking = {name: (int((~np.isfinite(rows[column])).sum()), len(table)) for column, name in measured.items()}
    return " ".join(no_value(lacking, "portfolios"))


def none_left(table: DataFrame, measured: Mapping[str, str]) -> str:
    """Why there is no portfolio to look at again."""
    if (table["judged"] == BEYOND).any():
        rest = int(table["judged"].isin((NO_VALUE, FAILED, IMPOSSIBLE)).sum())
        return "No portfolio is within the limits" + (f"; {rest} of {len(table)} could not be judged." if rest else ".")
    whole = {FAILED: "every one has a run that failed.", IMPOSSIBLE: "the values of none are allowed together."}
    lacking = set(table["judged"]) - {NO_VALUE}
    if lacking and not (table["judged"] == NO_VALUE).any():
        return f"No portfolio could be judged: {whole.get(' '.join(lacking), 'runs failed, or values are not allowed together.')}"
    return f"No portfolio could be judged: {_lacking(table, measured)}"


def findings(second: DataFrame) -> list[str]:
    """The best of the portfolios kept for each objective, by the second look, where it does more than luck."""
    found = []
    lacking: dict[str, tuple[int, int]] = {}
    for key, rows in second.groupby(["measure", "of", "goal"], sort=False):
        measure, of, goal = map(str, key)  # pyright: ignore[reportArgumentType]
        lacking[label_of(measure)] = (int((rows["worlds"] - rows["n"]).sum()), int(rows["worlds"].sum()))
        least = "Least" if goal == "min" else "Most"
        there = rows[np.isfinite(rows["mean"])].sort_values("mean", ascending=goal == "min")
        if not len(there):
            found.append(f"{least} {measure}: it has no value in any world of the second look.")
            continue
        row = there.iloc[0]
        ends = (
            f"{row['low']:,.4g} to {row['high']:,.4g}" if np.isfinite(row["low"]) else "no interval from so few worlds"
        )
        size, best = f"{row['mean']:,.4g} ({ends})", f"portfolio {row['trial']}"
        if of == "effect" and not is_price(measure) and not (row["low"] > 0 or row["high"] < 0):
            found.append(f"{least} {measure}: no clear effect; that of the best, {best}, is not told from zero: {size}")
            continue
        rest = f"worst world {row['worst']:,.4g}, greatest regret {row['regret']:,.4g}"
        found.append(f"{least} {measure}: {best}, {of} {size}, {rest}")
    return [*found, *no_value(lacking, "worlds of the portfolios looked at again")]
