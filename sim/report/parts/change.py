"""What would change a conclusion: single runs, other luck, more runs, other values. Everything here is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.measures.dictionary import outcome
from sim.report.parts.doubt import SHOWN, label_of
from sim.report.text import deeds
from sim.report.text.names import factor_name
from sim.report.text.words import records
from sim.studies.findings import numbers
from sim.studies.findings.doubt import is_apart
from sim.studies.findings.effects import has_interval, is_tested, per_cent_ends, tell, told_apart
from sim.studies.findings.many import FEW_PAIRS, pairs_of
from sim.studies.findings.values import listed
from sim.studies.methods.components import SET, doubt
from sim.studies.runs.effects import LEVEL, change, quantile, sets_of, t_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame

    from sim.report.parts.material import Material

NEAR = 1.25
"""A mean effect that is less than this many half intervals from zero almost touches it."""
MOST_PAIRS = 1000
"""Pairs above which nobody would wait for an answer."""


class Open(NamedTuple):
    """An outcome without a clear effect: how large one could still be, and how many pairs would tell one of the size of today's mean."""

    scenario: str
    outcome: str
    interval: str
    pairs: int
    wanted: str


def would_be_lost(found: Sequence[Any], outcomes: DataFrame | None, baseline: str, label: str) -> list[str] | None:
    """Outcomes with a finding whose interval covers zero without one of the pairs, or parameter sets; None where single runs are not known."""
    if outcomes is None:
        return None
    lost = []
    for row in found:
        pairs = differences(outcomes, baseline, label, row["outcome"])
        if pairs is None:
            return None
        for low, high in _without_one(pairs, parameter_sets(outcomes, baseline, label, row["outcome"])):
            if not (low > 0 or high < 0):
                lost.append(str(row["outcome"]))
                break
    return lost


def _without_one(pairs: NDArray[np.float64], sets: NDArray[np.int64] | None) -> Iterator[tuple[float, float]]:
    """The interval without each pair, or without each parameter set."""
    if sets is None:
        for k in range(len(pairs)):
            yield t_interval(np.delete(pairs, k))[1:]
        return
    for one in np.unique(sets):
        found = doubt(pairs[sets != one], sets[sets != one])
        yield found.low, found.high


def parameter_sets(outcomes: DataFrame, baseline: str, label: str, name: str) -> NDArray[np.int64] | None:
    """The parameter set of each of the `differences`; None where all runs were made in one."""
    if SET not in outcomes:
        return None
    wide = outcomes.pivot_table(index="seed", columns="scenario", values=name, dropna=False, observed=False)
    level = 0.0 if outcome(name).paired else wide[baseline].to_numpy(dtype=float)
    return sets_of(outcomes, wide.index)[np.isfinite(change(wide[label].to_numpy(dtype=float), level))]  # pyright: ignore - it has sets


def differences(outcomes: DataFrame, baseline: str, label: str, name: str) -> NDArray[np.float64] | None:
    """Scenario minus baseline of one outcome, pair by pair; None where the outcome is not there."""
    if name not in outcomes:
        return None
    wide = outcomes.pivot_table(index="seed", columns="scenario", values=name, dropna=False, observed=False)
    if label not in wide or baseline not in wide:
        return None
    level = 0.0 if outcome(name).paired else wide[baseline].to_numpy(dtype=float)
    found = change(wide[label].to_numpy(dtype=float), level)
    return found[np.isfinite(found)]


def would_change(material: Material) -> list[str]:
    """What would change the conclusion of a comparison, in sentences by scenario."""
    effects = material.effects
    if effects is None:
        return _by_kind(material)
    lines: list[str] = []
    one = "parameter set" if material.apart else "pair"
    for label in material.others:
        rows = [row for row in records(effects[effects["scenario"] == label]) if not outcome(row["outcome"]).detail]
        told = tell(rows)
        if not told.found:
            continue
        near = [row for row in told.found if _distance(row) < NEAR]
        if near:
            lines.append(
                f"{label}: the interval almost touches zero for {_names(near)}; a few more pairs may take that away."
            )
        lost = would_be_lost(told.found, material.outcomes, material.baseline, label)
        if lost:
            lines.append(
                f"{label}: without one single {one} the interval would cover zero for {listed([label_of(name) for name in lost])}."
            )
        mixed = [row for row in told.found if row["same_sign"] < 1]
        lines += [f"{label}: {line}" for line in _mixed(mixed, material, label)]
        pairs = min(pairs_of(row) for row in told.found)
        if pairs < FEW_PAIRS:
            lines.append(
                f"{label}: other luck may: {pairs} pairs are too few to say how easily; {FEW_PAIRS} or more would, better 20."
            )
        elif not (near or lost or mixed):
            lines.append(
                f"{label}: no single {one} decides, and no interval of a finding comes near zero: other luck would change little."
            )
    lines += [f"{line} Had it done all, effects might differ." for line in deeds.shortfalls(material.policies)]
    return lines


def _mixed(rows: Sequence[Any], material: Material, label: str) -> Iterator[str]:
    """In how many pairs an effect goes the other way, and in how many there is none."""
    for words, other in (("the sign is the other one", -1), ("there is no difference", 0)):
        found = []
        for row in rows:
            pairs = (
                None
                if material.outcomes is None
                else differences(material.outcomes, material.baseline, label, row["outcome"])
            )
            number = 0 if pairs is None else int((np.sign(pairs) == other * np.sign(row["mean"])).sum())
            if number:
                found.append(f"{label_of(row['outcome'])} ({number} of {pairs_of(row)})")
        if found:
            yield f"in some pairs {words}, for {listed(found)}."


def _by_kind(material: Material) -> list[str]:
    """What would change the conclusion of other kinds of study: where signs turn, and which factors decide."""
    found: list[str] = []
    effects = material.tables.get("effects")
    if material.kind == "sweep" and effects is not None and len(effects):
        effects = effects.assign(told=told_apart(records(effects)))
        for (label, name), rows in effects.groupby(["scenario", "outcome"], sort=False):
            signs = rows.loc[rows["told"], "mean"] > 0
            if signs.nunique() == 2:
                words = f"{int(signs.sum())} points above zero, {int((~signs).sum())} below, {len(rows) - len(signs)} not told"
                found.append(
                    f"{label}, effect on {label_of(str(name))}: the sign turns with what was varied ({words})."
                )
        if not found:
            found.append(
                "At no two points does an effect have intervals on both sides of zero: nothing that was varied is told to turn a sign."
            )
    boxes = material.tables.get("boxes")
    sound = (
        set(boxes.loc[(boxes["worlds"] == "held out") & (boxes["p"] <= 1 - LEVEL), "box"]) if boxes is not None else ()
    )
    for row in [row for row in records(material.tables["limits"]) if row["box"] in sound][:SHOWN] if sound else ():
        span = row["values"] or f"{numbers.level(row['low'], '')} to {numbers.level(row['high'], '')}"
        found.append(f"Box {row['box']} is bounded by {factor_name(row['factor'])}: {span}.")
    return found


def open_questions(material: Material) -> list[Open]:
    """Outcomes without a clear effect, those first that the fewest more pairs would tell, if the mean stayed as it is."""
    effects = material.effects
    if effects is None:
        return []
    found: list[tuple[float, Open]] = []
    for label in material.others:
        rows = [row for row in records(effects[effects["scenario"] == label]) if not outcome(row["outcome"]).detail]
        told = tell(rows)
        counted = {outcome(row["outcome"]).counted for row in rows}
        for row in rows:
            spec, n = outcome(row["outcome"]), pairs_of(row)
            if (
                spec.name in told.names | counted
                or not is_tested(spec.name)
                or not has_interval(row)
                or n < 2
                or row["mean"] == 0
            ):
                continue
            if is_apart(row) and (_covers_zero(row, "parameters_") or not _covers_zero(row, "chance_")):
                continue  # no number of pairs tells what the parameter sets do not agree on
            wanted = pairs_wanted(row)
            if wanted == n:
                continue  # told by itself, but not among so many
            words = f"about {wanted:,}" if wanted <= MOST_PAIRS else f"more than {MOST_PAIRS:,}"
            found.append((wanted, Open(label, spec.label, _interval(row), n, words)))
    found.sort(key=lambda pair: pair[0])
    return [each for wanted, each in found if wanted <= MOST_PAIRS][:SHOWN]


def _covers_zero(row: Any, kind: str) -> bool:
    return bool(row[f"{kind}low"] <= 0 <= row[f"{kind}high"])


def pairs_wanted(row: Any) -> int:
    """Pairs at which the interval of one outcome leaves zero out, if mean and spread of the pairs stay as they are."""
    kind = "chance_" if is_apart(row) else ""  # what more pairs make narrower
    n, half = pairs_of(row), (row[f"{kind}high"] - row[f"{kind}low"]) / 2
    spread = half * np.sqrt(n) / quantile(LEVEL, n)
    sizes = np.arange(n, MOST_PAIRS + 2)
    enough = _errors()[n:] * spread < abs(row["mean"])
    return int(sizes[enough][0]) if enough.any() else MOST_PAIRS + 1


@cache
def _errors() -> NDArray[np.float64]:
    """Half the width of an interval by the number of pairs, in standard deviations of a pair; endless below two."""
    from scipy.special import stdtrit

    sizes = np.arange(2, MOST_PAIRS + 2)
    return np.concatenate([[np.inf, np.inf], stdtrit(sizes - 1, (1 + LEVEL) / 2) / np.sqrt(sizes)])


def _distance(row: Any) -> float:
    half = (row["high"] - row["low"]) / 2
    return abs(row["mean"]) / half if half > 0 else np.inf


def _interval(row: Any) -> str:
    spec = outcome(row["outcome"])
    if spec.unit == "share" or not abs(row["percent"]) < 1000 or not row["baseline"]:
        return numbers.interval(row["low"], row["high"], spec.unit)
    return " to ".join(map(numbers.percent, per_cent_ends(row)))


def _names(rows: Sequence[Any]) -> str:
    return listed([label_of(row["outcome"]) for row in rows])
