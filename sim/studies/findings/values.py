"""Outcomes without a value: neither zero nor a failed run. What has none is said, and nothing is found from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.measures.dictionary import outcome

if TYPE_CHECKING:
    from pandas import DataFrame


def label_of(name: str) -> str:
    """How tables print an outcome; its name where the dictionary has none."""
    try:
        return outcome(name).label or name
    except KeyError:
        return name


def failed_note(runs: DataFrame) -> list[str]:
    """Say how many runs have no outcomes, and why, if any have none."""
    words = {"failed": "failed", "aborted": "were lost with their workers", "missing": "were not done"}
    counts = runs["status"].value_counts()
    found = [f"{counts[state]} of {len(runs)} runs {said}" for state, said in words.items() if state in counts]
    return [f"{', '.join(found)} and have no outcomes."] if found else []


def without_value(runs: DataFrame, names: Iterable[str]) -> list[str]:
    """Say which outcomes have no value in how many of the runs that went well.

    Parameters
    ----------
    runs
        A row a run, with `status` and the outcomes.
    names
        Outcomes.
    """
    well = runs[runs["status"] == "ok"] if "status" in runs else runs
    lacking = {name: int((~np.isfinite(well[name].to_numpy(dtype=float))).sum()) for name in names if name in well}
    of = "runs that went well" if "status" in runs else "runs"
    return no_value({label_of(name): (count, len(well)) for name, count in lacking.items()}, of)


def no_value(lacking: dict[str, tuple[int, int]], of: str) -> list[str]:
    """Say what has no value in n of N: outcomes that are alike in that are named together."""
    alike: dict[tuple[int, int], list[str]] = {}
    for name, count in lacking.items():
        if count[0]:
            alike.setdefault(count, []).append(name)
    return [
        f"{listed(names)} {'has' if len(names) == 1 else 'have'} no value in {n} of {total} {of}; nothing is concluded from those."
        for (n, total), names in alike.items()
    ]


def listed(names: Sequence[str]) -> str:
    """Names in a sentence."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
