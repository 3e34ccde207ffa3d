"""What a validation found, in words and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.studies.validation.estimates import Estimate, count, totals
from sim.studies.validation.targets import LEVELS, USES

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from sim.studies.validation.validate import Validation

HOW_TO_READ = (
    "A target is in range where the mean lies in the range of what is published. Distance: between mean and published value in standard units, "
    "the range read as the 95 % interval of the value. What no run could give is not measured, and counted apart."
)

RIVALS = "No rival was fitted: that it meets fewer targets is partly for want of that."


def number(value: float | None) -> str:
    """A number as people read it."""
    if value is None:
        return ""
    if abs(value) >= 1e6:
        return f"{value / 1e6:,.3g} million"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def span(low: float | None, high: float | None) -> str:
    """A range in words."""
    if low is None or high is None:
        return (
            ""
            if low is None and high is None
            else f"at most {number(high)}"
            if low is None
            else f"at least {number(low)}"
        )
    return f"{number(low)} to {number(high)}"


def observed(estimate: Estimate) -> str:
    """What is published, with its range."""
    t = estimate.target
    value = number(t.value)
    return f"{value} ({span(t.low, t.high)})" if value else span(t.low, t.high)


def modelled(estimate: Estimate) -> str:
    """The mean of the model with its interval."""
    if estimate.mean is None:
        return ""
    if estimate.low is None:
        return number(estimate.mean)
    return f"{number(estimate.mean)} ({span(estimate.low, estimate.high)})"


def distance(estimate: Estimate) -> str:
    """Distance in standard units."""
    return "" if estimate.distance is None else f"{estimate.distance:+.1f}"


def rival_rows(result: Validation) -> list[tuple[str, ...]]:
    """What each rule meets: its name, then hits of those measured by level and use, then of all; the usual rules first."""
    rows = []
    for words, found in (("usual rules", result.estimates), *((rival.words, each) for rival, each in result.rivals.items())):  # fmt: skip
        counts = [" / ".join(f"{each.hits} of {each.of}" for each in (count(found, level, use) for use in USES)) for level in rival_levels(result)]  # fmt: skip
        rows.append((words, *counts, " / ".join(f"{each.hits} of {each.of}" for each in (count(found, use=use) for use in USES))))  # fmt: skip
    return rows


def rival_levels(result: Validation) -> list[str]:
    """The levels of which there are targets."""
    return [level for level in LEVELS if any(each.target.level == level for each in result.estimates)]


def rival_table(result: Validation, width: int) -> Table | Text:
    """How many targets each rule meets, for a terminal."""
    from sim.report.text.columns import Column, lay_out

    columns = [Column("In range:\ncalibration / validation", wraps=True, least=16)]
    columns += [Column(level, right=True, wraps=True, drop=k + 1) for k, level in enumerate(rival_levels(result))]
    return lay_out([*columns, Column("all", right=True, wraps=True)], rival_rows(result), width, "--json has all")


def how(result: Validation) -> str:
    """What was run."""
    sets = len(result.ensemble)
    of = f"{sets} parameter sets of {result.ensemble.name}" if result.ensemble.name else "the default parameters"
    return f"{len(result.estimates)} targets, {len(result.scenarios)} scenarios, {result.runs} run{'s' if result.runs > 1 else ''} of each with {of}."


def interval(result: Validation) -> str:
    """Of what the interval is."""
    return "parameter sets" if len(result.ensemble) > 1 else "runs"


def target_table(result: Validation, width: int) -> Table | Text:
    """The targets by level for a terminal."""
    from sim.report.text.columns import Cell, Column, Heading, Row, lay_out

    columns = [
        Column("target", wraps=True, style="bold"), Column("observed", right=True, wraps=True), Column("model", right=True, wraps=True), Column("verdict"),
        Column("distance", right=True, drop=2), Column("use", drop=1),
    ]  # fmt: skip
    rows: list[Row] = []
    for level in LEVELS:
        here = [each for each in result.estimates if each.target.level == level]
        rows += [Heading(level)] if here else []
        for each in here:
            style = {None: "dim", True: "green", False: "red"}[each.in_range]
            rows.append(
                [
                    each.target.id,
                    observed(each),
                    modelled(each),
                    Cell(each.verdict, style),
                    distance(each),
                    each.target.use,
                ]
            )
    return lay_out(columns, rows, width, "--json prints all")


def total_table(estimates: Sequence[Estimate], width: int) -> Table | Text:
    """How many are in range by level and use."""
    from sim.report.text.columns import Column, lay_out

    columns = [Column("level", style="bold"), *(Column(f"{use} in range", right=True) for use in USES)]
    rows = [
        [row["level"], *(str(count(estimates, row["level"].replace("all", ""), use)) for use in USES)]
        for row in totals(estimates)
    ]
    return lay_out(columns, rows, width)


def misses(estimates: Sequence[Estimate]) -> list[str]:
    """Every miss in a sentence, the farthest first."""
    missed = [each for each in estimates if each.in_range is False]
    missed.sort(key=lambda each: -abs(each.distance or 0))
    return [
        f"{each.target.id} ({each.target.use}): the model gives {modelled(each)}, observed is {observed(each)}{f', {each.target.unit}' if each.target.unit else ''}"
        for each in missed
    ]


def unmeasured(estimates: Sequence[Estimate]) -> list[str]:
    """Every target that was not measured, and why."""
    return [f"{each.target.id} ({each.target.use}): {each.unmeasured}" for each in estimates if each.mean is None]
