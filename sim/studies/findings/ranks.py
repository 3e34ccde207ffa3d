"""Which scenario comes first, where that can be told: only outcomes on which the scenarios differ are ranked.

Which one is first is seen in the same runs, so every pair of scenarios counts as looked at, by every outcome that there is to rank by: all orders
that are stated hold together in 95 of 100 cases.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.dictionary import outcome
from sim.studies.findings import numbers
from sim.studies.findings.effects import lowered, tell
from sim.studies.findings.many import told_all
from sim.studies.findings.values import listed
from sim.studies.methods.bootstrap import FEWEST, Resamples
from sim.studies.runs.effects import change, t_interval

if TYPE_CHECKING:
    from pandas import DataFrame


def ranked(runs: DataFrame, names: Sequence[str], differ: Collection[str]) -> list[str]:
    """Say which scenarios come first by each outcome, and by how much.

    Parameters
    ----------
    runs
        A row a run: scenario, seed, outcomes.
    names
        Outcomes to rank by.
    differ
        Outcomes on which some scenario has an effect that is a finding; no other is ranked.

    Returns
    -------
    list of str
        One line for each outcome that has a first, and one for those that are not ranked.
    """
    expected = {outcome(name).counted for name in names}
    named = [name for name in names if name not in expected and not outcome(name).price]
    levels = {name: _levels(runs, name) for name in named}
    apart = _told(levels)
    said = {name: _first(levels[name], name, apart) for name in named if name in differ}
    lines = [line for line in said.values() if line]
    left = len(named) - len(lines)
    if left:
        lines.append(
            f"Not ranked, since no order of the scenarios is told from chance: {left} of {len(named)} outcomes."
        )
    return lines


def told_ranks(ranking: DataFrame, effects: DataFrame) -> DataFrame:
    """The rows of a table of ranks by outcomes on which some scenario has an effect that is a finding: no other is shown as ranked."""
    shown = effects[[not outcome(name).detail for name in effects["outcome"]]]
    differ: set[str] = set()
    for _, rows in shown.groupby("scenario", sort=False):
        found: list[Any] = rows.to_dict("records")
        differ |= tell(found).names
    return ranking[ranking["outcome"].isin(differ)]


def _levels(runs: DataFrame, name: str) -> DataFrame:
    """One outcome, of the seeds that all scenarios have a value of: a column a scenario, the best first."""
    wide = runs.pivot(index="seed", columns="scenario", values=name).astype(float)
    wide = wide[np.isfinite(wide).all(axis=1)]
    return wide[wide.mean().sort_values(kind="stable", ascending=outcome(name).better != "higher").index]


def _told(levels: Mapping[str, DataFrame]) -> set[tuple[str, str, str]]:
    """Outcome, the scenario that is ahead and the one that is behind, wherever that is told."""
    rows = []
    for name, wide in levels.items():
        for ahead, behind in combinations(wide.columns, 2) if len(wide) >= FEWEST else ():
            mean, low, high = t_interval(change(wide[behind].to_numpy(), wide[ahead].to_numpy()))
            rows.append(((name, ahead, behind), {"mean": mean, "low": low, "high": high, "n": len(wide)}))
    return {key for (key, _), told in zip(rows, told_all([row for _, row in rows]), strict=True) if told}


def _first(wide: DataFrame, name: str, apart: Collection[tuple[str, str, str]]) -> str:
    """The scenarios that nothing is told to be better than, and how far the next one is behind; nothing if that is all of them."""
    spec = outcome(name)
    order = [str(label) for label in wide.columns]
    resamples, sign = Resamples(len(wide)), -1.0 if spec.better == "higher" else 1.0
    behind = {
        label: resamples.interval(sign * (wide[label] - wide[order[0]]).to_numpy(dtype=float))
        for label in order[1:]
        if (name, order[0], label) in apart
    }
    after = [label for label in behind if behind[label][1] > 0]
    first = [label for label in order if label not in after]
    if not after:
        return ""
    size, low, high = (numbers.effect(value, spec.unit).lstrip("+") for value in behind[after[0]])
    words = f"{listed(first)} first, not told apart" if len(first) > 1 else f"{first[0]} first"
    return f"Ranking by {lowered(spec)} ({spec.better} is better): {words}; ahead of {after[0]} by {size} ({low} to {high})."
