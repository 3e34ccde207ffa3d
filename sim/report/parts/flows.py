"""Displacement: where orders are fewer and where they are more, between channels and between places, with what of that is told from zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.measures.dictionary import outcome
from sim.studies.findings import numbers
from sim.studies.findings.effects import told_apart
from sim.studies.findings.groups import member_name
from sim.studies.findings.values import listed
from sim.studies.runs.effects import change, t_interval

if TYPE_CHECKING:
    from pandas import DataFrame

CHANNELS, PLACES = "channels", "places"
PREFIX = {CHANNELS: "orders_", PLACES: "share_from_"}
NAMES = {CHANNELS: "channels", PLACES: "the places that vendors sell from"}


class Flow(NamedTuple):
    """How the orders of one channel, or from one place, change: level in the baseline, mean change with its interval, and whether it is told from zero."""

    name: str
    level: float
    mean: float
    low: float
    high: float
    told: bool
    n: int

    @property
    def change(self) -> str:
        """The change with its interval, in orders."""
        return f"{numbers.effect(self.mean, '')} ({numbers.interval(self.low, self.high, '')})"


def flows(outcomes: DataFrame, baseline: str, label: str) -> dict[str, list[Flow]]:
    """Changes of orders between channels and between places; what is told from zero allows for both being looked at.

    Parameters
    ----------
    outcomes
        A row a run: scenario, seed, outcomes; totals as they are to be told.
    baseline, label
        The scenario that others are compared with, and the one that is looked at.

    Returns
    -------
    dict
        Flows by `CHANNELS` and `PLACES`, those of which the outcomes are there.
    """
    if "orders" not in outcomes:
        return {}
    wide = outcomes.set_index(["scenario", "seed"])
    mine = wide.loc[label]
    base = wide.loc[baseline].reindex(mine.index)
    rows = []
    for between, prefix in PREFIX.items():
        for name in (str(name) for name in outcomes.columns if str(name).startswith(prefix)):
            there, before = (
                (frame[name] * (frame["orders"] if between == PLACES else 1.0)).to_numpy(dtype=float)
                for frame in (mine, base)
            )
            difference = change(there, before)
            difference = difference[np.isfinite(difference)]
            mean, low, high = t_interval(difference)
            level = float(np.nanmean(before)) if np.isfinite(before).any() else np.nan
            title = (
                outcome(name).label.partition(": ")[2]
                if between == CHANNELS
                else member_name(name.removeprefix(prefix))
            )
            rows.append({"between": between, "name": title or name, "level": level, "mean": mean, "low": low, "high": high, "n": difference.size})  # fmt: skip
    found: dict[str, list[Flow]] = {}
    for row, told in zip(rows, told_apart(rows), strict=True):
        flow = Flow(row["name"], row["level"], row["mean"], row["low"], row["high"], told, row["n"])
        found.setdefault(row["between"], []).append(flow)
    return found


def said(found: Sequence[Flow], between: str) -> str:
    """What moves, in a sentence; that nothing is told to, where that is so."""
    told = [flow for flow in found if flow.told]
    if not told:
        return f"No clear effect: no change of orders between {NAMES[between]} is told from zero."
    fewer = [f"{flow.name} {flow.change}" for flow in told if flow.mean < 0]
    more = [f"{flow.name} {flow.change}" for flow in told if flow.mean > 0]
    parts = [f"Fewer orders: {listed(fewer)}"] if fewer else []
    parts += [f"{'more' if fewer else 'More'} orders: {listed(more)}"] if more else []
    rest = len(found) - len(told)
    tail = f" {rest} of {len(found)} {between} show no clear change." if rest else ""
    return "; ".join(parts) + f".{tail}"


def moves(found: Sequence[Flow]) -> list[tuple[str, str, float]]:
    """From where to where orders go, net, among those that are told from zero: what loses gives to what gains in proportion.

    Who went where is not counted by the model; what one side has more is new orders, or none any more (an empty name).
    """
    losers = [flow for flow in found if flow.told and flow.mean < 0]
    gainers = [flow for flow in found if flow.told and flow.mean > 0]
    lost, gained = -sum(flow.mean for flow in losers), sum(flow.mean for flow in gainers)
    through = min(lost, gained)
    rows = [
        (a.name, b.name, -a.mean / lost * b.mean / gained * through) for a in losers for b in gainers if lost and gained
    ]
    rows += [(a.name, "", -a.mean / lost * (lost - through)) for a in losers if lost > through]
    rows += [("", b.name, b.mean / gained * (gained - through)) for b in gainers if gained > through]
    return rows
