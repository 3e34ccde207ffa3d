"""Doubt: what chance leaves open and what was not varied, and from both what would change the conclusion. Everything here is computed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.measures import numbers
from sim.measures.dictionary import outcome
from sim.report.text import deeds
from sim.report.text.names import factor_name
from sim.report.text.words import records
from sim.studies.findings.effects import has_interval, is_tested, lowered, pairs_of, tell, told_apart
from sim.studies.findings.values import listed
from sim.studies.runs.effects import LEVEL, change, quantile, t_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame

    from sim.report.parts.material import Material

NEAR = 1.25
"""A mean effect that is less than this many half intervals from zero almost touches it."""
MOST_PAIRS, SHOWN = 1000, 10
"""Pairs above which nobody would wait for an answer, and lines of a list."""


class Open(NamedTuple):
    """An outcome without a clear effect: how large one could still be, and how many pairs would tell one of the size of today's mean."""

    scenario: str
    outcome: str
    interval: str
    pairs: int
    wanted: str


def chance(material: Material) -> list[str]:
    """What the luck of the draw leaves open, in sentences."""
    if material.paired:
        pairs = material.pairs
        if pairs < 2:
            return ["One pair of runs: chance cannot be told from effect at all."]
        return [
            f"{pairs} pairs of runs, the same seeds in every scenario. Each interval says how far a mean effect may move when the {pairs} pairs are "
            "done again with other random numbers; it covers the mean over endless pairs in 95 of 100 such studies."
        ]
    return _chance_by_kind(material)


def _chance_by_kind(material: Material) -> list[str]:
    seeds = len(material.seeds)
    lines = [f"Every point was run with {seeds} seed{'' if seeds == 1 else 's, the same at every point'}."]
    noise, sweep, fails = (material.tables.get(name) for name in ("noise", "sweep", "worlds"))
    if noise is not None and len(noise):
        told = noise[np.isfinite(noise["noise"].to_numpy(dtype=float))].sort_values("noise", ascending=False)
        lines += [
            f"{row['scenario']}, {row['of']} of {_label(row['outcome'])}: about {row['noise']:.0%} of the variance between points is luck."
            for row in told.head(SHOWN).to_dict("records")
        ]
    elif sweep is not None and len(sweep) and seeds > 1:
        lines += _between(sweep)
    elif fails is not None and "failing_seeds" in fails and seeds > 1:
        mixed = float(((fails["failing_seeds"] > 0) & (fails["failing_seeds"] < 1)).mean())
        lines.append(f"In {mixed:.0%} of the worlds the seeds disagree about failure: that is luck, and no world.")
    if seeds == 1:
        lines.append("With one seed, luck is not told from what was varied.")
    return lines


def _between(sweep: DataFrame) -> list[str]:
    """Of each outcome the share of the variance that lies between points and is no luck, where an F test tells it, allowing for how many there are."""
    from scipy.stats import f

    lines = []
    of = sweep[["scenario", "outcome"]].drop_duplicates().shape[0]
    for (label, name), rows in sweep.groupby(["scenario", "outcome"], sort=False):
        rows = rows[np.isfinite(rows["sd"].to_numpy(dtype=float)) & (rows["n"] > 1)]
        if len(rows) < 2:
            continue
        luck = float((rows["sd"] ** 2).mean())
        points = max(0.0, float(rows["mean"].var(ddof=1)) - float((rows["sd"] ** 2 / rows["n"]).mean()))
        n = float(rows["n"].mean())
        ratio = float(rows["mean"].var(ddof=1)) * n / luck if luck > 0 else 0.0
        if f.sf(ratio, len(rows) - 1, len(rows) * (n - 1)) * of <= 1 - LEVEL:
            share = points / (luck + points)
            lines.append(
                f"{label}, {_label(str(name))}: about {share:.0%} of the variance of single runs is due to what was varied."
            )
    return lines[:SHOWN] or [
        "Points differ no more than luck alone makes them differ: no part of the variance is seen to be due to what was varied."
    ]


def parameters(material: Material) -> list[str]:
    """What the doubt about assumed numbers is, or that it was left out, in sentences."""
    varied = material.uncertainties
    if not varied:
        return [
            "Not looked at here. No ensemble and no ranges were run: all intervals show chance only, and every assumed number is held at one "
            "value. How much the findings depend on these numbers is not known from this report; a study with `uncertainties`, or of the kind "
            "`sensitivity`, tells."
        ]
    names = [factor_name(factor.path) for factor in varied]
    shown = (
        listed(names[:SHOWN]) if len(names) <= SHOWN else f"{', '.join(names[:SHOWN])} and {len(names) - SHOWN} more"
    )
    lines = [f"{len(varied)} uncertain numbers were varied: {shown}. Everything else is held at one value."]
    if material.paired:
        lines.append(
            "Each pair of runs had a world of its own, drawn from their ranges, so that the intervals hold both kinds of doubt together. To have them "
            "apart, do the same comparison without `uncertainties`: by how much its intervals are narrower is the part of the parameters."
        )
    return lines


def would_be_lost(found: Sequence[Any], outcomes: DataFrame | None, baseline: str, label: str) -> list[str] | None:
    """Outcomes with a finding whose interval covers zero when one of the pairs is left out; None where single runs are not known."""
    if outcomes is None:
        return None
    lost = []
    for row in found:
        pairs = differences(outcomes, baseline, label, row["outcome"])
        if pairs is None:
            return None
        for k in range(len(pairs)):
            _, low, high = t_interval(np.delete(pairs, k))
            if not (low > 0 or high < 0):
                lost.append(str(row["outcome"]))
                break
    return lost


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
                f"{label}: without one single pair the interval would cover zero for {listed([_label(name) for name in lost])}."
            )
        mixed = [row for row in told.found if row["same_sign"] < 1]
        if mixed:
            words = [
                f"{_label(row['outcome'])} ({(1 - row['same_sign']) * pairs_of(row):.0f} of {pairs_of(row)})"
                for row in mixed
            ]
            lines.append(f"{label}: in some pairs the sign is the other one, for {listed(words)}.")
        if not (near or lost or mixed):
            lines.append(
                f"{label}: no single pair decides, and no interval of a finding comes near zero: other luck would change little."
            )
    lines += [f"{line} Had it done all, effects might differ." for line in deeds.shortfalls(material.policies)]
    return lines


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
                found.append(f"{label}, effect on {_label(str(name))}: the sign turns with what was varied ({words}).")
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
            wanted = pairs_wanted(row)
            words = f"about {wanted:,}" if wanted <= MOST_PAIRS else f"more than {MOST_PAIRS:,}"
            found.append((wanted, Open(label, spec.label, _interval(row), n, words)))
    found.sort(key=lambda pair: pair[0])
    return [each for wanted, each in found if wanted <= MOST_PAIRS][:SHOWN]


def pairs_wanted(row: Any) -> int:
    """Pairs at which the interval of one outcome leaves zero out, if mean and spread of the pairs stay as they are."""
    n, half = pairs_of(row), (row["high"] - row["low"]) / 2
    spread = half * np.sqrt(n) / quantile(LEVEL, n)
    sizes = np.arange(n, MOST_PAIRS + 2)
    enough = _errors()[n:] * spread < abs(row["mean"])
    return int(sizes[enough][0]) if enough.any() else MOST_PAIRS + 1


@cache
def _errors() -> NDArray[np.float64]:
    """Half the width of an interval by the number of pairs, in standard deviations of a pair; endless below two."""
    from scipy.stats import t

    sizes = np.arange(2, MOST_PAIRS + 2)
    return np.concatenate([[np.inf, np.inf], t.ppf((1 + LEVEL) / 2, sizes - 1) / np.sqrt(sizes)])


def _distance(row: Any) -> float:
    half = (row["high"] - row["low"]) / 2
    return abs(row["mean"]) / half if half > 0 else np.inf


def _interval(row: Any) -> str:
    spec = outcome(row["outcome"])
    if spec.unit == "share" or not abs(row["percent"]) < 1000 or not row["baseline"]:
        return numbers.interval(row["low"], row["high"], spec.unit)
    per = 100 / abs(row["baseline"])
    return f"{numbers.percent(row['low'] * per)} to {numbers.percent(row['high'] * per)}"


def _label(name: str) -> str:
    try:
        return lowered(outcome(name))
    except KeyError:
        return name


def _names(rows: Sequence[Any]) -> str:
    return listed([_label(row["outcome"]) for row in rows])
