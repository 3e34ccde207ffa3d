"""Which scenario comes first, where that can be told: only outcomes on which the scenarios differ are ranked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.measures.dictionary import outcome
from sim.studies.findings import numbers
from sim.studies.findings.effects import lowered
from sim.studies.findings.values import listed
from sim.studies.methods.bootstrap import Resamples

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
    said = {name: _first(runs, name) for name in named if name in differ}
    lines = [line for line in said.values() if line]
    left = len(named) - len(lines)
    if left:
        lines.append(
            f"Not ranked, since no difference between the scenarios is told from zero: {left} of {len(named)} outcomes."
        )
    return lines


def _first(runs: DataFrame, name: str) -> str:
    """The scenarios that nothing is told to be better than, and how far the next one is behind; nothing if that is all of them."""
    spec = outcome(name)
    wide = runs.pivot(index="seed", columns="scenario", values=name).astype(float)
    wide = wide[np.isfinite(wide).all(axis=1)]
    if len(wide) < 2:
        return ""
    sign = -1.0 if spec.better == "higher" else 1.0
    order = [str(label) for label in (sign * wide.mean()).sort_values(kind="stable").index]
    resamples = Resamples(len(wide))
    behind = {
        label: resamples.interval(sign * (wide[label] - wide[order[0]]).to_numpy(dtype=float)) for label in order[1:]
    }
    after = [label for label in order[1:] if behind[label][1] > 0]
    first = [label for label in order if label not in after]
    if not after:
        return ""
    size, low, high = (numbers.effect(value, spec.unit).lstrip("+") for value in behind[after[0]])
    words = f"{listed(first)} first, not told apart" if len(first) > 1 else f"{first[0]} first"
    return f"Ranking by {lowered(spec)} ({spec.better} is better): {words}; ahead of {after[0]} by {size} ({low} to {high})."
