"""Doubt: what chance leaves open, and what is not known about the parameters. Everything here is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.dictionary import outcome
from sim.report.text.names import factor_name
from sim.report.text.words import records
from sim.studies.findings.doubt import conclusions, said, which
from sim.studies.findings.effects import is_tested, lowered
from sim.studies.findings.values import listed
from sim.studies.methods.components import MOSTLY_CHANCE, MOSTLY_PARAMETERS
from sim.studies.runs.effects import LEVEL

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.report.parts.material import Material

SHOWN = 10
"""Lines of a list."""


def chance(material: Material) -> list[str]:
    """What the luck of the draw leaves open, in sentences."""
    if material.paired:
        pairs = material.pairs
        if pairs < 2:
            return ["One pair of runs: chance cannot be told from effect at all."]
        if material.apart:
            return _chance_apart(material)
        return [
            f"{pairs} pairs of runs, the same seeds in every scenario. Each interval says how far a mean effect may move when the {pairs} pairs are "
            "done again with other random numbers; it covers the mean over endless pairs in 95 of 100 such studies."
        ]
    return _chance_by_kind(material)


def _chance_apart(material: Material) -> list[str]:
    """What chance does where parameters are apart from it."""
    rows = _tested(material)
    mostly = sum(which(row) == MOSTLY_CHANCE for row in rows)
    return [
        f"{material.pairs} pairs of runs, the same seeds in every scenario. The interval of chance alone says how far a mean effect may move when the same "
        "parameter sets are run again with other random numbers; more pairs make it narrower.",
        f"For {mostly} of {len(rows)} effects that are tested and not the same in all runs, doubt is {MOSTLY_CHANCE}: more runs would tell more.",
    ]


def _parameters_apart(material: Material) -> list[str]:
    """What the parameters do where they are apart from chance."""
    rows = _tested(material)
    mostly = sum(which(row) == MOSTLY_PARAMETERS for row in rows)
    sets = max((int(row["sets"]) for row in rows), default=0)
    return [
        f"The pairs were shared out over {sets} parameter sets, and every scenario was run in each. The interval of parameters alone says where an effect lies "
        f"in 95 of 100 such sets, but for luck; more runs do not make it narrower, better evidence does.",
        f"For {mostly} of {len(rows)} effects that are tested and not the same in all runs, doubt is {MOSTLY_PARAMETERS}.",
        *said(conclusions(material.effects) if material.effects is not None else None).values(),
    ]


def _tested(material: Material) -> list[Any]:
    """The effects that are tested and whose kinds of doubt are apart."""
    found = records(material.effects) if material.effects is not None else []
    return [
        row
        for row in found
        if not outcome(row["outcome"]).detail and is_tested(row["outcome"]) and np.isfinite(row["parameter_share"])
    ]


def _chance_by_kind(material: Material) -> list[str]:
    seeds = len(material.seeds)
    shared = " of its own" if material.own_seeds else ", the same at every point" if seeds > 1 else ""
    lines = [f"Every point was run with {seeds} seed{'' if seeds == 1 else 's'}{shared}."]
    noise, sweep, fails = (material.tables.get(name) for name in ("noise", "sweep", "worlds"))
    if noise is not None and len(noise):
        told = noise[np.isfinite(noise["noise"].to_numpy(dtype=float))].sort_values("noise", ascending=False)
        lines += [
            f"{row['scenario']}, {row['of']} of {label_of(row['outcome'])}: about {row['noise']:.0%} of the variance between points is luck."
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
                f"{label}, {label_of(str(name))}: about {share:.0%} of the variance of single runs is due to what was varied."
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
            "value. How much the findings depend on these numbers is not known from this report; the same comparison with `--ensemble default` (or a study "
            "with `ensemble` or `uncertainties`), or a study of the kind `sensitivity`, tells."
        ]
    names = [factor_name(factor.path) for factor in varied]
    shown = (
        listed(names[:SHOWN]) if len(names) <= SHOWN else f"{', '.join(names[:SHOWN])} and {len(names) - SHOWN} more"
    )
    lines = [f"{len(varied)} uncertain numbers were varied: {shown}. Everything else is held at one value."]
    if material.paired and material.apart:
        lines += _parameters_apart(material)
    elif material.paired:
        lines.append(
            "Each pair of runs had a world of its own, so that the intervals hold both kinds of doubt together. To have them apart, do it again with "
            "`compare: {members: K}`: K parameter sets, with several pairs of runs in each."
        )
    return lines


def label_of(name: str) -> str:
    """The label of an outcome inside a sentence; the name of what is none."""
    try:
        return lowered(outcome(name))
    except KeyError:
        return name
