"""What the policies of runs did: the table `policies` of each run, in one frame, as JSON, and as a file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.measures.dictionary import tables
from sim.measures.kept.tables import policy_table

if TYPE_CHECKING:
    from pandas import DataFrame


def deeds_of(model: Any) -> list[dict[str, Any]]:
    """What the policies of a run did, a mapping each as the table `policies` has them; none for a model that keeps no account of them."""
    return model.policy_plan.rows(model.weight) if hasattr(model, "policy_plan") else []


def joined(runs: Iterable[tuple[str, int, DataFrame]]) -> DataFrame:
    """The tables of several runs in one, with scenario and seed in front.

    Parameters
    ----------
    runs
        Label of the scenario, seed, and table of each run.
    """
    import numpy as np
    import pandas as pd

    head = ["scenario", "seed"]
    found = [table.assign(scenario=label, seed=np.uint64(seed)) for label, seed, table in runs if len(table)]
    columns = [*head, *tables()["policies"]]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def plain(deeds: DataFrame) -> list[dict[str, Any]]:
    """A table as JSON has it: a mapping a row, null where there is nothing."""
    return json.loads(deeds.to_json(orient="records", double_precision=15))


def from_plain(rows: Iterable[dict[str, Any]]) -> DataFrame:
    """The table of a run from what `plain` made of it."""
    return policy_table(list(rows))


def of_runs(rows: DataFrame, column: str) -> DataFrame:
    """The tables of many runs in one, from what a store keeps of them.

    Parameters
    ----------
    rows
        A row a run: scenario, seed, inputs, and a column with what its policies did, as JSON.
    column
        The name of that column.
    """
    head = ["scenario", "seed", "inputs"]
    found = [
        {**{name: row[name] for name in head}, **did}
        for row in rows.to_dict("records")
        if isinstance(row.get(column), str) and row[column]
        for did in json.loads(row[column])
    ]
    table = policy_table(found)
    for place, name in enumerate(head):
        table.insert(place, name, [row[name] for row in found])
    return table


def write(deeds: DataFrame, place: Path) -> None:
    """Write the table of several runs as `policies.csv`, where any had a policy."""
    if len(deeds):
        deeds.to_csv(place / "policies.csv", index=False, lineterminator="\n")
