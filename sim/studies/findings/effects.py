"""Which effects are findings: one rule for comparisons and studies.

A finding is an effect whose interval leaves zero out, and which still stands out when one knows how many outcomes were looked at
(Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x, at 5 %). Where an outcome is both counted and expected, they are one
quantity, and the expected one, which lacks the luck of single events, speaks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.measures.dictionary import GROUPS, OutcomeSpec, outcome
from sim.studies.findings import numbers
from sim.studies.findings.many import Row, corrected, p_values, pairs_of
from sim.studies.runs.effects import LEVEL

BELOW_ZERO = frozenset({"net_social_cost_usd"})
"""Outcomes whose level may lie below zero: balances, which hold the price of an intervention too."""


@dataclass(frozen=True)
class Told:
    """What may be said of the effects of one scenario.

    Attributes
    ----------
    found
        Effects that are findings, in the order given.
    chance
        Effects whose interval leaves zero out, but no more of them than chance gives among so many.
    tested
        Number of outcomes looked at, counted and expected ones taken as one.
    pairs
        Pairs behind the outcome that has most.
    apart
        Where the counted and the expected version of an outcome differ in what they say: the row of each.
    """

    found: tuple[Row, ...]
    chance: tuple[Row, ...]
    tested: int
    pairs: int
    apart: tuple[tuple[Row, Row], ...]
    priced: frozenset[str] = frozenset()
    """Balances that move by no more than what the intervention costs: not looked at, since that price is no harm done."""

    identical: bool = False
    """Whether every outcome looked at is the same as in the baseline in every run."""

    def verdict(self, name: str) -> str:
        """What is said of an outcome in a word: found, chance, price, or unclear."""
        if name in self.names:
            return "found"
        if any(row["outcome"] == name for row in self.chance):
            return "chance"
        return "price" if name in self.priced else "unclear"

    @property
    def names(self) -> set[str]:
        """Outcomes with a finding."""
        return {row["outcome"] for row in self.found}


def is_tested(name: str) -> bool:
    """Whether an interval of this outcome can tell an effect from none: it is no distance and no price."""
    spec = outcome(name)
    return spec.signed and not spec.price


def is_price(name: str) -> bool:
    """Whether the outcome is what an intervention costs, which is no finding; not for a name that the dictionary lacks."""
    try:
        return outcome(name).price
    except KeyError:
        return False


def has_interval(row: Row) -> bool:
    """Whether there were pairs enough for an interval."""
    return bool(np.isfinite(row["low"]) and np.isfinite(row["high"]))


def tell(rows: Iterable[Row]) -> Told:
    """Sort the effects of one scenario into findings and what chance may have given.

    Parameters
    ----------
    rows
        Its effects, an outcome each.
    """
    rows = list(rows)
    price = sum(row["mean"] for row in rows if is_price(row["outcome"]))
    priced = frozenset(row["outcome"] for row in rows if row["outcome"] in BELOW_ZERO and _is_its_price(row, price))
    rows = [row for row in rows if is_tested(row["outcome"]) and row["outcome"] not in priced]
    pairs = max((pairs_of(row) for row in rows), default=0)
    by_name = {row["outcome"]: row for row in rows if has_interval(row)}
    both = {name: spec.counted for name in by_name if (spec := outcome(name)).counted in by_name}
    tested = [row for name, row in by_name.items() if name not in both.values()]
    found: list[Row] = []
    chance: list[Row] = []
    for row, q in zip(tested, corrected(p_values(tested)), strict=True):
        if _clear(row):
            (found if q <= 1 - LEVEL + 1e-9 else chance).append(row)
    known = {row["outcome"] for row in found}
    apart = [
        (by_name[counted], by_name[name])
        for name, counted in both.items()
        if counted is not None and _disagree(by_name[counted], by_name[name], name in known)
    ]
    return Told(tuple(found), tuple(chance), len(tested), pairs, tuple(apart), priced, _identical(by_name.values()))


def told_apart(rows: Sequence[Row]) -> list[bool]:
    """Which effects are told from zero, allowing for how many are looked at together: the rule of `tell`, for any table of effects.

    Parameters
    ----------
    rows
        mean, low, high, and n or runs of each; one without an interval is never told.
    """
    known = [k for k, row in enumerate(rows) if has_interval(row)]
    values = dict(zip(known, corrected(p_values([rows[k] for k in known])), strict=True))
    return [_clear(row) and values.get(k, 1.0) <= 1 - LEVEL + 1e-9 for k, row in enumerate(rows)]


def _identical(rows: Iterable[Row]) -> bool:
    """Whether no difference is anything but zero."""
    return not any(row["mean"] or row["low"] or row["high"] for row in rows)


def _is_its_price(row: Row, price: float) -> bool:
    """Whether a balance moves, and what is left of that without the price of the intervention may be nothing."""
    within = (row["low"] < price < row["high"]) or np.isclose([row["low"], row["high"]], price).any()
    return bool(price and _clear(row) and within)


def _clear(row: Row) -> bool:
    return bool(row["low"] > 0 or row["high"] < 0)


def _disagree(counted: Row, expected: Row, known: bool) -> bool:
    """Whether a count and what was expected seem to say different things."""
    opposite = counted["mean"] * expected["mean"] < 0
    return (_clear(counted) and not known) or (opposite and (known or _clear(counted)))


def sentences(told: Told) -> list[str]:
    """What may be said of a scenario: a headline, then a line for each group with findings, then what needs a word.

    Returns
    -------
    list of str
        Never empty. The headline says so where there is no clear effect, or no interval.
    """
    if not told.tested:
        many = f"{told.pairs} pair{'s' if told.pairs != 1 else ''} of runs give{'' if told.pairs != 1 else 's'}"
        return [
            f"{many if told.pairs else 'no pair has a value: this gives'} no interval; ask for more runs (8 or more)."
        ]
    lines = [_headline(told)]
    for group in GROUPS:
        changes = [change(row) for row in told.found if outcome(row["outcome"]).group == group]
        if changes:
            lines.append(f"{group.capitalize()}: {'; '.join(changes)}.")
    if told.found and told.chance:
        lines.append(f"{_more(len(told.chance), 'more ')}, {_no_finding(told)}: {_names(told.chance)}.")
    return [*lines, *(_apart(*pair) for pair in told.apart)]


def _headline(told: Told) -> str:
    clear = len(told.found)
    if clear:
        return (
            f"{clear} of {told.tested} outcomes {'is' if clear == 1 else 'are'} distinguishable from zero, allowing for how "
            "many were looked at:"
        )
    if told.identical:
        return f"no clear effect: identical to the baseline in every run, {told.tested} outcomes in {told.pairs} paired runs."
    words = (
        f"no clear effect: none of {told.tested} outcomes is distinguishable from zero with {told.pairs} paired runs; "
    )
    if told.chance:
        words += f"{_more(len(told.chance))}, {_no_finding(told)} ({_names(told.chance)}); "
    return words + "the intervals say how large an effect could still be."


def _more(count: int, word: str = "") -> str:
    return f"{count} {word}interval{' leaves' if count == 1 else 's leave'} zero out"


def _no_finding(told: Told) -> str:
    """Why intervals that leave zero out are no findings: there may be more of them than luck gives, yet none can be told from it."""
    far = "but not far enough" if len(told.chance) == 1 else "none of them far enough"
    return f"{far} to be told from chance among {told.tested} outcomes"


def _names(rows: Iterable[Row]) -> str:
    return ", ".join(lowered(outcome(row["outcome"])) for row in rows)


def change(row: Row) -> str:
    """An effect with its interval: in per cent of the baseline, or in the outcome's unit where that says more."""
    spec = outcome(row["outcome"])
    tiny = row["mean"] != 0 and numbers.percent(row["percent"]).startswith("~")
    if spec.unit == "share" or tiny or not abs(row["percent"]) < 1000:
        return f"{lowered(spec)} {numbers.effect(row['mean'], spec.unit)} ({numbers.interval(row['low'], row['high'], spec.unit)})"
    low, high = map(numbers.percent, per_cent_ends(row))
    return f"{lowered(spec)} {numbers.percent(row['percent'])} ({low} to {high})"


def per_cent_ends(row: Row, kind: str = "") -> tuple[float, float]:
    """The ends of an interval in per cent of the baseline: not below -100 % where an outcome cannot fall below zero, since nothing falls by more than all of it.

    A t interval of few pairs knows nothing of zero. In the outcome's unit it stays as it was computed; in per cent the part that cannot be is left out.

    Parameters
    ----------
    row
        The effect, of a baseline that is not zero.
    kind
        Which interval: empty for the whole one, or ``chance_`` or ``parameters_``.
    """
    per = 100 / abs(row["baseline"])
    least = -np.inf if row["outcome"] in BELOW_ZERO or row["baseline"] < 0 else -100.0
    low, high = (float(np.maximum(row.get(f"{kind}{end}", np.nan) * per, least)) for end in ("low", "high"))
    return low, high


def lowered(spec: OutcomeSpec) -> str:
    """The label of an outcome inside a sentence."""
    label = spec.label or spec.name
    return label[0].lower() + label[1:] if label[1:2].islower() else label


def _apart(counted: Row, expected: Row) -> str:
    spec = outcome(expected["outcome"])
    sizes = [
        f"{numbers.effect(row['mean'], spec.unit)} ({numbers.interval(row['low'], row['high'], spec.unit)})"
        for row in (counted, expected)
    ]
    return (
        f"{outcome(counted['outcome']).label} {sizes[0]} and {lowered(spec)} {sizes[1]} are the same quantity; the count holds the luck "
        "of single events on top, so go by the expected one."
    )


def prices(rows: Iterable[Row]) -> list[str]:
    """What the intervention itself costs, in a sentence each."""
    found = [(outcome(row["outcome"]), row) for row in rows]
    return [
        f"{spec.label}: {numbers.effect(row['mean'], spec.unit)} over the run."
        for spec, row in found
        if spec.price and np.isfinite(row["mean"]) and row["mean"] != 0
    ]
