"""The headline: what gets better, what gets worse, for whom, and how sure that is, in words that come from the numbers and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.measures.dictionary import outcome
from sim.report.parts.change import would_be_lost
from sim.report.text import deeds
from sim.report.text.words import records
from sim.studies.findings import ratios
from sim.studies.findings.doubt import conclusions, in_sets, said
from sim.studies.findings.effects import Told, change, lowered, prices, tell
from sim.studies.findings.groups import member_name, told_by_group
from sim.studies.findings.many import FEW_PAIRS
from sim.studies.findings.values import listed

if TYPE_CHECKING:
    from sim.report.parts.material import Material

BETTER, WORSE, EITHER = "Gets better", "Gets worse", "Changes, for better or worse as one judges"
NAMED = 4
"""Changes that a headline names; the lists below it have all."""


class Change(NamedTuple):
    """A change that is a finding: which way (`BETTER`, `WORSE`, `EITHER`), the outcome, its size with the interval, and pairs with that sign."""

    way: str
    name: str
    size: str
    pairs: str


class Group(NamedTuple):
    """A group of people or orders for whom something changes: grouping, name, and what."""

    key: str
    member: str
    changes: tuple[Change, ...]


class Verdict(NamedTuple):
    """What may be said of a scenario.

    Attributes
    ----------
    scenario, title
        Its label, and its title.
    short
        The decision in a sentence.
    changes
        Every effect that is a finding, better first.
    whom
        Groups with findings; None where no groups were asked for.
    sure
        How sure it is, in sentences.
    costs
        What it costs, in sentences.
    """

    scenario: str
    title: str
    short: str
    changes: tuple[Change, ...]
    whom: tuple[Group, ...] | None
    sure: tuple[str, ...]
    costs: tuple[str, ...]

    def going(self, way: str) -> list[Change]:
        """The changes that go one way."""
        return [change for change in self.changes if change.way == way]


def verdicts(material: Material) -> list[Verdict]:
    """What may be said of each scenario of a comparison, in the order of the scenarios."""
    effects, groups = material.effects, material.effects_by_group
    if effects is None:
        return []
    costs = ratios.sentences(material.costs) if material.costs is not None else {}
    by_group = None if groups is None else told_by_group(groups)
    found = []
    for label in material.others:
        rows = [row for row in records(effects[effects["scenario"] == label]) if not outcome(row["outcome"]).detail]
        told = tell(rows)
        changes = _changes(told.found)
        found.append(
            Verdict(
                label,
                material.scenarios[label].title,
                _short(told, changes) + _shortfalls(told, material, label),
                changes,
                None if by_group is None else _groups([row for row in by_group if row["scenario"] == label]),
                tuple(_sure(told, material, label)),
                (*prices(rows), *([costs[label]] if label in costs else [])),
            )
        )
    return found


def _changes(rows: Sequence[Any]) -> tuple[Change, ...]:
    changes = [_change(row) for row in rows]
    return tuple(change for which in (BETTER, WORSE, EITHER) for change in changes if change.way == which)


def _change(row: Any) -> Change:
    name = lowered(outcome(row["outcome"]))
    return Change(way(row), name, change(row).removeprefix(name).strip(), _pairs(row))


def way(row: Any) -> str:
    """Which way an effect goes, as most people would see it."""
    better = outcome(row["outcome"]).better
    if better == "none":
        return EITHER
    return BETTER if (row["mean"] > 0) == (better == "higher") else WORSE


def _pairs(row: Any) -> str:
    n = int(row["n"] if "n" in row else row["runs"])
    pairs = f"{row['same_sign'] * n:.0f} of {n} pairs" if row["same_sign"] == row["same_sign"] else f"{n} pairs"
    return ", ".join(filter(None, [pairs, in_sets(row)]))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _short(told: Told, changes: Sequence[Change]) -> str:
    if not told.tested:
        pairs = f"{told.pairs} pair{'' if told.pairs == 1 else 's'} of runs"
        return f"Nothing can be said: {pairs} give{'s' if told.pairs == 1 else ''} no interval; ask for more runs."
    if told.identical:
        return f"No clear effect: identical to the baseline in every run, {told.tested} outcomes in {told.pairs} pairs of runs."
    if not changes:
        words = f"No clear effect: none of {told.tested} outcomes is told from zero with {told.pairs} pairs of runs."
        if told.chance:
            words += f" {_leaves(len(told.chance))} zero out, but among so many that may be chance."
        return words
    parts = []
    for which, verb in ((BETTER, "better"), (WORSE, "worse")):
        names = [change.name for change in changes if change.way == which]
        parts.append(f"{_counted(len(names), verb)}{_some(names)}")
    either = [change.name for change in changes if change.way == EITHER]
    if either:
        parts.append(
            f"{len(either)} change{'s' if len(either) == 1 else ''} in a way that is a matter of judgement{_some(either)}"
        )
    rest = told.tested - len(changes)
    return _upper("; ".join(parts)) + f". No clear effect on {rest} of {told.tested} outcomes."


def _shortfalls(told: Told, material: Material, label: str) -> str:
    """What the policies of a scenario did not do, where nothing moved."""
    did = material.policies
    if did is None or not told.identical:
        return ""
    return "".join(f" {line}" for line in deeds.shortfalls(did[did["scenario"] == label]))


def _counted(count: int, verb: str) -> str:
    return (
        f"{count} outcome{'s' if count != 1 else ''} get{'s' if count == 1 else ''} {verb}"
        if count
        else f"none is told to get {verb}"
    )


def _leaves(count: int) -> str:
    return f"{count} interval leaves" if count == 1 else f"{count} intervals leave"


def _some(names: Sequence[str]) -> str:
    if not names:
        return ""
    more = len(names) - NAMED
    return f" ({listed(names[:NAMED]) if more <= 0 else ', '.join(names[:NAMED]) + f' and {more} more'})"


def _groups(rows: Sequence[Any]) -> tuple[Group, ...]:
    found: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        found.setdefault((str(row["key"]), str(row["member"])), []).append(row)
    return tuple(Group(key, member_name(member), _changes(mine)) for (key, member), mine in found.items())


def _sure(told: Told, material: Material, label: str) -> list[str]:
    if not told.tested:
        return []
    lines = [
        f"{told.pairs} pairs of runs; intervals are 95 %, and what is named allows for {told.tested} outcomes looked at together (false discovery rate 5 %)."
    ]
    if told.found:
        same, number = sum(row["same_sign"] == 1 for row in told.found), len(told.found)
        lines.append(f"Of the changes named, {same} of {number} have the same sign in every pair.")
        lost = would_be_lost(told.found, material.outcomes, material.baseline, label)
        one = "parameter set" if material.apart else "pair"
        if lost or (lost is not None and told.pairs >= FEW_PAIRS):
            lines.append(
                f"Of them, {len(lost)} of {number} rest on a single {one}, without which the interval would cover zero."
                if lost
                else f"None of them rests on a single {one}{'' if material.apart else ' of runs'}."
            )
    if told.found and told.chance:
        lines.append(f"Besides, {_leaves(len(told.chance))} zero out, but among so many that may be chance: not named.")
    effects = material.effects
    across = {} if effects is None else said(conclusions(effects[effects["scenario"] == label]))
    return [*lines, *across.values(), doubt_in_short(material)]


def doubt_in_short(material: Material) -> str:
    """Which doubt the intervals hold."""
    if material.apart:
        return (
            f"Intervals hold chance and the doubt about {len(material.uncertainties)} numbers that differ between the parameter sets, and the table has "
            "each by itself; all else is held at one value."
        )
    if material.uncertainties:
        return f"Intervals hold chance and the doubt about the {len(material.uncertainties)} numbers that were varied; all else is held at one value."
    return "Intervals show chance only: every assumed number is held at one value, and nothing here says how much that matters."
