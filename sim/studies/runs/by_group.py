"""What a scenario changes for whom: effects group by group, as for everybody, and which groups are too small to say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.by_group import KEYS, by_member
from sim.measures.scale import real_effects
from sim.studies.methods.components import SET
from sim.studies.runs.effects import add_displacement, paired_effects

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.store.store import Store

HEAD = ("scenario", "seed", "key", "member")
"""Columns before the outcomes."""
FEWEST = 30
"""People, or orders where these are grouped, that a group of the baseline has at least where an interval is given: below that, most
runs of a pair do not differ at all in what is rare, and an interval says more than is known."""


def of_runs(runs: DataFrame, store: Store) -> DataFrame:
    """Outcomes of every group in runs of a study.

    Parameters
    ----------
    runs
        Scenario, seed and run, as the driver gives them.
    store
        Where they are kept.

    Returns
    -------
    DataFrame
        scenario, seed, key, member, and the outcomes; no rows where no groups were asked for.
    """
    wide = store.by_group(runs["run"]).reindex(runs["run"]).reset_index(drop=True)
    frame = wide.assign(scenario=runs["scenario"].to_numpy(), seed=runs["seed"].to_numpy())
    head = ["scenario", "seed"]
    if SET in runs:
        frame, head = frame.assign(**{SET: runs[SET].to_numpy()}), [*head, SET]
    found = by_member(frame, head)
    return found.dropna(axis=1, how="all") if len(found) else found


def groups(frame: DataFrame) -> Iterator[tuple[str, str, DataFrame]]:
    """Key, member, and the outcomes of each group: scenario, seed, and those that it has."""
    for (key, member), rows in frame.groupby(["key", "member"], sort=False, observed=True):
        yield (
            str(key),
            str(member),
            rows.drop(columns=["key", "member"]).dropna(axis=1, how="all").reset_index(drop=True),
        )


def effects_by_group(
    frame: DataFrame, baseline: str, effects_of: Callable[[DataFrame, str], DataFrame] = paired_effects
) -> DataFrame:
    """What every scenario changes for every group.

    Parameters
    ----------
    frame
        As `of_runs` gives it.
    baseline
        Label of the baseline.
    effects_of
        Makes a table of effects of outcomes: scenario, seed and a column an outcome, and the label of the baseline.

    Returns
    -------
    DataFrame
        key, member, size (people of the group in the baseline, or its orders over the run), too_small (whether that is below `FEWEST`: there is no
        interval then), and the columns of ``effects_of``.
    """
    import pandas as pd

    parts = []
    for key, member, rows in groups(frame):
        found = effects_of(add_displacement(rows, baseline), baseline)
        measure = "living_consumers" if "living_consumers" in rows else "orders"
        size = float(rows.loc[rows["scenario"] == baseline, measure].mean())
        if size < FEWEST:
            ends = [name for name in found.columns if str(name).endswith(("low", "high"))]
            found = found.assign(**dict.fromkeys(ends, np.nan), excludes_zero=False)
        for place, (name, value) in enumerate({"key": key, "member": member, "size": size, "too_small": size < FEWEST}.items()):  # fmt: skip
            found.insert(place, name, value)
        parts.append(found)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["key", "member", "size"])


def real_groups(effects: DataFrame, weight: float) -> DataFrame:
    """Effects by group with totals, sizes among them, as those of real people."""
    return real_effects(effects, weight).assign(size=effects["size"] * weight) if len(effects) else effects


def in_key_order(frame: DataFrame) -> list[str]:
    """The keys of a table, single ones first, as they are listed."""
    return sorted(
        dict.fromkeys(frame["key"]), key=lambda key: (key.count(":"), *(KEYS.index(k) for k in key.split(":")))
    )


def nested(frame: DataFrame, values: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """A table by key, then member, then outcome, as plain data; ``values`` says what stands there of a row."""
    found: dict[str, Any] = {}
    for record in frame.to_dict("records"):
        row = {str(name): value for name, value in record.items()}
        place = found.setdefault(row["key"], {}).setdefault(row["member"], {})
        place[row["outcome"]] = values(row)
    return found
