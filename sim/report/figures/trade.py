"""Trade by channel over time: baseline against each scenario, with bands over runs, the interventions numbered and named below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.measures.dictionary import outcome
from sim.report.figures.layout import (
    MARGIN,
    NAME,
    SMALL,
    Mark,
    Page,
    guides,
    line_height,
    lines_in,
    scale,
    width_of,
    wrap,
)
from sim.report.figures.style import BASELINE, SERIES, months, style
from sim.report.text import deeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from sim.policies.base import Policy
    from sim.scenario import Scenario
    from sim.studies.runs.compare import PairedRuns

PREFIX = "orders_"
SMOOTHING_DAYS = 7
LOW, HIGH = 0.10, 0.90
PANEL_INCHES, GAP_INCHES, ROW_INCHES, UNDER_INCHES, LABEL_INCHES = 2.3, 0.66, 1.2, 0.42, 1.5
ACROSS = 3
"""Channels beside each other: more would make letters too small where the figure stands in a page."""
USUAL = (0, (4, 1.5))
"""Dashes of the baseline, so that a print in grey tells the two lines apart."""
Band = tuple["NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]"]


class Intervention(NamedTuple):
    """A policy as the figure names it: its number in the figure, its place in the scenario, name, first day and end where these are dates, and when in words."""

    number: int
    place: int
    name: str
    start: int | None
    end: int | None
    words: str


@style()
def trade_figure(comparison: PairedRuns) -> Figure:
    """Draw daily orders of every channel: a row a scenario, a column a channel, three channels across and the others below them.

    The line is the median over runs of a moving average, the band the middle 80 % of runs. Channels have each their own
    scale, the same in every row. Interventions have numbers where they start; below, each number is named, with a star where it did nothing or less than asked.

    Parameters
    ----------
    comparison
        The finished comparison.
    """
    channels = [name for name in comparison.daily.columns if name.startswith(PREFIX)]
    bands = {label: _bands(comparison, label, channels) for label in comparison.scenarios}
    policies = {label: interventions(comparison.scenarios[label]) for label in comparison.others}
    short = deeds.in_short(comparison.policies)
    labels = {label: wrap(label, LABEL_INCHES, NAME + 1.5, bold=True) for label in comparison.others}
    against = wrap(f"against {comparison.baseline}", LABEL_INCHES, NAME)
    titles = [wrap(_channel(name), PANEL_INCHES, NAME + 0.5, bold=True) for name in channels]
    above = lines_in(titles) * line_height(NAME + 0.5) + 0.24
    tallest = lines_in(labels.values()) * line_height(NAME + 1.5) + lines_in([against]) * line_height(NAME)
    row = max(ROW_INCHES + UNDER_INCHES, tallest + 0.15)
    left = MARGIN + LABEL_INCHES + GAP_INCHES
    first = comparison.scenarios[comparison.baseline]
    words = (
        f"{comparison.runs} paired run{'s' if comparison.runs != 1 else ''} of {first.consumers:,} simulated consumers, "
        f"each standing for {comparison.weight:,.0f} people; orders are those of {comparison.scale}. Line: median of the runs, {SMOOTHING_DAYS}-day mean. "
        "Band: middle 80 % of runs. Upright lines: an intervention starts (dashed, with its number) or ends (dotted). "
        "Each channel has its own scale, the same in every row."
    )
    key = [Mark(comparison.baseline, {"color": BASELINE, "linestyle": USUAL, "linewidth": 1.3})]
    below = [_listed(label, found, short) for label, found in policies.items() if found]
    width = left + (PANEL_INCHES + GAP_INCHES) * min(len(channels), ACROSS)
    block = above + row * len(comparison.others) + 0.1
    page = Page(max(width, 6.8), block * -(-len(channels) // ACROSS), "Orders a day by channel", words, key, below)
    tops = {
        name: max((band.max() for runs in bands.values() for band in runs[name][1:] if band.size), default=0.0)
        for name in channels
    }
    for k, label in enumerate(comparison.others):
        colour = SERIES[k % len(SERIES)]
        under = (labels[label].count("\n") + 1) * line_height(NAME + 1.5) + 0.02
        for place, name in enumerate(channels):
            top, x = block * (place // ACROSS), left + (PANEL_INCHES + GAP_INCHES) * (place % ACROSS)
            down = top + above + row * k
            if place % ACROSS == 0:
                page.write(MARGIN, down, labels[label], fontsize=NAME + 1.5, fontweight="bold", color=colour)
                page.write(MARGIN, down + under, against, color=BASELINE)
            axes = page.panel(x, down, PANEL_INCHES, row - UNDER_INCHES)
            _draw(axes, bands[comparison.baseline][name], BASELINE, 0.18, dashed=True)
            _draw(axes, bands[label][name], colour, 0.22)
            axes.margins(x=0)
            axes.set_ylim(0, 1.05 * tops[name] or 1.0)
            scale(axes.yaxis)
            scale(axes.xaxis, 3, whole=True)
            guides(axes)
            _mark(axes, policies[label], first.days)
            if k == 0:
                page.write(x, top, titles[place], fontsize=NAME + 0.5, fontweight="bold")
            if first.day0 is not None:
                months(axes, first.day0)
            elif k == len(comparison.others) - 1:
                axes.set_xlabel("day", fontsize=SMALL, labelpad=1)
    return page.figure


def _channel(name: str) -> str:
    title = outcome(name).label.partition(": ")[2] or outcome(name).label
    return title[:1].upper() + title[1:]


def interventions(scenario: Scenario) -> list[Intervention]:
    """The policies of a scenario in order of their first day, those that wait for something at the end."""
    dated = [p for p in scenario.policies if getattr(p, "after", None) is None and getattr(p, "when", None) is None]
    waiting = [policy for policy in scenario.policies if policy not in dated]
    places = {id(policy): place for place, policy in enumerate(scenario.policies)}
    ordered = [*sorted(dated, key=lambda policy: policy.start), *waiting]
    return [
        Intervention(
            number,
            places[id(policy)],
            policy.kind.replace("_", " ") + (f" ({policy.label})" if policy.label else ""),
            max(policy.start, 0) if policy in dated else None,
            policy.end if policy in dated else None,
            _when(policy, scenario.day0),
        )
        for number, policy in enumerate(ordered, 1)
    ]


def _when(policy: Policy, day0: date | None) -> str:
    """When a policy is on, in a few words; dates in the place of days where day 0 has one."""

    def day(number: int) -> str:
        if day0 is None:
            return f"day {number}"
        found = day0 + timedelta(number)
        return f"{found.day} {found:%b %Y}"

    after, every = getattr(policy, "after", None), getattr(policy, "every", None)
    if after is not None:
        return f"{after.days} days after {after.policy}"
    words = f"from {day(policy.start)}" + (
        f" to {day(policy.end - 1).removeprefix('day ')}" if policy.end is not None else ""
    )
    words += f", every {every} days" if every else ""
    return words + (", when its condition holds" if getattr(policy, "when", None) is not None else "")


def _listed(label: str, found: Sequence[Intervention], short: Mapping[tuple[str, int], str]) -> str:
    """The interventions of a scenario in a sentence; a star at the number of one that did nothing, or less than asked, in some run."""
    parts = []
    for each in found:
        did = short.get((label, each.place), "")
        parts.append(f"{each.number}{'*' if did else ''} {each.name}, {each.words}" + (f" ({did})" if did else ""))
    return f"{label}: " + "; ".join(parts) + "."


def _bands(comparison: PairedRuns, label: str, channels: Sequence[str]) -> dict[str, Band]:
    """Days, lower end, median and upper end over runs of the smoothed daily orders, by channel."""
    mine = comparison.daily[comparison.daily["scenario"] == label]
    days = np.sort(mine["day"].unique())
    thin = slice(None, None, max(1, days.size // 180))
    found: dict[str, Band] = {}
    for name in channels:
        runs = mine.pivot(index="day", columns="seed", values=name)
        smooth = runs.rolling(SMOOTHING_DAYS, center=True, min_periods=1).mean().to_numpy()
        low, middle, high = np.nan_to_num(np.quantile(smooth, (LOW, 0.5, HIGH), axis=1), nan=0.0)
        found[name] = (days[thin], low[thin], middle[thin], high[thin])
    return found


def _draw(axes: Axes, band: Band, colour: str, alpha: float, dashed: bool = False) -> None:
    days, low, middle, high = band
    axes.fill_between(days, low, high, color=colour, alpha=alpha, linewidth=0)
    axes.plot(days, middle, color=colour, linewidth=1.3, linestyle=USUAL if dashed else "-")


def _mark(axes: Axes, found: Sequence[Intervention], days: int) -> None:
    """Mark where each intervention with a date starts and ends; numbers that would meet are written as one span."""
    last = max(days - 1, 1)
    dated = [each for each in found if each.start is not None and each.start <= last]
    for end in {each.end for each in dated if each.end is not None and each.end < last}:
        axes.axvline(end, color="#333333", linewidth=0.8, linestyle=(0, (1, 2)))
    for start in {each.start or 0 for each in dated}:
        axes.axvline(start, color="#333333", linewidth=0.9, linestyle=(0, (4, 2)))
    spans = [((each.start or 0) / last * PANEL_INCHES, [each.number]) for each in dated]
    while True:
        spans = [(min(at, PANEL_INCHES - width_of(_span(numbers), SMALL)), numbers) for at, numbers in spans]
        ends = [at + width_of(_span(numbers), SMALL) + 0.06 for at, numbers in spans]
        meets = next((k for k in range(1, len(spans)) if spans[k][0] < ends[k - 1]), 0)
        if not meets:
            break
        spans[meets - 1 : meets + 1] = [(spans[meets - 1][0], spans[meets - 1][1] + spans[meets][1])]
    for at, numbers in spans:
        axes.text(
            at / PANEL_INCHES,
            1.02,
            _span(numbers),
            transform=axes.transAxes,
            fontsize=SMALL,
            va="bottom",
            color="#333333",
        )


def _span(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}\u2013{numbers[-1]}"
