"""What police and health services record of what happens, and when: arrests, seizures and offences; treatment, overdoses and deaths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sim.agents.codes import EventKind
from sim.measures.observer.abundance import Line, windows
from sim.measures.observer.draws import Chance, Look
from sim.measures.observer.settings import Register
from sim.measures.observer.truth import Truth

CODE = {kind.name.lower(): int(kind) for kind in EventKind}


def recorded(truth: Truth, registers: Mapping[Any, Register], chance: Chance) -> pd.DataFrame:
    """What is on record at the end of the run of all that happened from day 0 on: a row for each event, with the day on which it was recorded.

    A day counts as it happens; ``recorded_day`` is that on which a statistic has it.
    """
    e = truth.events
    e = e[e["kind"].isin(list(registers)) & (e["day"] >= 0)]
    kind = e["kind"].astype(str)
    rows = pd.DataFrame({
        "day": e["day"].to_numpy(np.int64), "kind": kind.to_numpy(), "code": kind.map(CODE).to_numpy(np.int64),
        "subject": e["subject"].to_numpy(np.int64), "cause": e["cause"].astype("string").to_numpy(), "amount": e["amount"].to_numpy(float),
    })  # fmt: skip
    rows = rows.sort_values(["day", "code", "subject", "cause", "amount"], ignore_index=True)
    turn = rows.groupby(["day", "code", "subject"]).cumcount().to_numpy()
    whom = (
        ((rows["subject"].to_numpy() + 1) << 32)
        | (rows["day"].to_numpy() << 16)
        | (rows["code"].to_numpy() << 8)
        | turn
    )
    share = rows["kind"].map({name: register.share for name, register in registers.items()}).to_numpy(float)
    delay = rows["kind"].map({name: register.delay_days for name, register in registers.items()}).to_numpy(float)
    rows["recorded_day"] = rows["day"] + (delay * chance.exponential(Look.DELAY, whom)).astype(np.int64)
    rows = rows[(chance.uniform(Look.RECORDED, whom) < share) & (rows["recorded_day"] <= truth.last_day)]
    rows = rows.sort_values(["recorded_day", "day"], kind="stable", ignore_index=True)
    return pd.DataFrame({
        "recorded_day": rows["recorded_day"].to_numpy(np.int32), "day": rows["day"].to_numpy(np.int32), "kind": pd.Categorical(rows["kind"]),
        "cause": pd.Categorical(rows["cause"]), "amount": rows["amount"].to_numpy(float),
    })  # fmt: skip


def statistics(truth: Truth, rows: pd.DataFrame, registers: Mapping[Any, Register], length: int) -> Iterator[Line]:
    """How often each kind happened in a window, and how much of it was recorded in the window."""
    for first, last in windows(truth.last_day, length):
        true = truth.events.loc[truth.events["day"].between(first, last), "kind"].value_counts()
        mine = rows.loc[rows["recorded_day"].between(first, last), "kind"].value_counts()
        for kind in registers:
            yield first, last, kind, "latent", float(true.get(kind, 0))
            yield first, last, kind, "recorded", float(mine.get(kind, 0))
