"""Effects with their intervals: one row an outcome, one panel an intervention, in per cent of the baseline."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.measures.dictionary import GROUPS, OutcomeSpec, outcome
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
from sim.report.figures.style import BAND, BETTER, INK, NEITHER, QUIET, UNCLEAR, WORSE, style
from sim.report.text import numbers
from sim.report.text.deeds import shortfalls
from sim.report.text.words import is_tested, printed_effects, records, without_level
from sim.studies.findings.doubt import is_apart
from sim.studies.findings.effects import per_cent_ends, tell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from sim.studies.runs.compare import PairedRuns

PANEL_INCHES, NUMBER_INCHES, GAP_INCHES, LABEL_INCHES = 2.0, 0.72, 0.14, 2.7
HEADING, MOST_PANELS = 10.0, 24
INNER, SHADES = 4.5, {"full": 1.0, "half": 0.45}
"""Width of the line of chance alone inside that of both kinds of doubt, and how dense each is."""
Row = Mapping[str, Any]

LOOKS = {
    "better": ("o", BETTER, BETTER),
    "worse": ("D", WORSE, WORSE),
    "clear, a matter of judgement": ("s", NEITHER, NEITHER),
    "may be chance among so many": ("s", NEITHER, "white"),
    "interval covers zero": ("o", UNCLEAR, "white"),
}
"""Marker, colour and filling of each kind of effect; markers differ, so that a print in grey can be read."""


class Heading(NamedTuple):
    """What stands over a panel and under it."""

    label: str
    title: str = ""
    below: str = ""


def effects_figure(comparison: PairedRuns) -> Figure:
    """Draw every effect that can be told in per cent of its baseline level.

    A mark is the mean paired effect and a line its 95 % interval; the mark is filled where the effect is a finding (`sim.studies.findings.effects.tell`), and its
    number stands beside the panel. Where chance and parameters are told apart, the line is that of both, and a thick part of it that of chance alone. What
    lies beyond the axis is an arrow; outcomes whose baseline is zero stand below. The last lines say which policies did less than asked.

    Parameters
    ----------
    comparison
        The finished comparison.
    """
    printed = printed_effects(comparison)
    effects = printed[np.array([is_tested(name) for name in printed["outcome"]])]
    headings = [
        Heading(label, comparison.scenarios[label].title, without_level(records(printed[printed["scenario"] == label])))
        for label in comparison.others
    ]
    how = (
        f"Mean of {comparison.runs} paired runs; {lines_of(effects)}."
        if comparison.runs > 1
        else "One pair of runs: no interval, so nothing can be told from chance."
    )
    return draw_effects(effects, headings, comparison.baseline, how, shortfalls(comparison.policies))


@style()
def draw_effects(
    effects: DataFrame, headings: Sequence[Heading], baseline: str, how: str, notes: Sequence[str] = ()
) -> Figure:
    """Draw effects, a panel a heading, outcomes in the order of the data dictionary.

    Parameters
    ----------
    effects
        scenario, outcome, baseline, mean, low, high, percent, excludes_zero.
    headings
        Label of each scenario, its title, and what stands under its panel.
    baseline, how
        What the effects are against, and how they were found.
    notes
        What must be known of the policies: written at the end.
    """
    below = [*notes]
    if len(headings) > MOST_PANELS:
        below = [f"{MOST_PANELS} of {len(headings)} scenarios; the rest is in the table.", *below]
        headings = headings[:MOST_PANELS]
    lines = _lines(list(dict.fromkeys(effects.loc[np.isfinite(effects["percent"]), "outcome"])))
    if not lines:
        below = ["No outcome has a level of which an effect could be told in per cent.", *below]
    labels = [line[1:].upper() if line.startswith("#") else outcome(line).label or line for line in lines]
    labels = [wrap(label, LABEL_INCHES, NAME + 0.5, most=3) for label in labels]
    row_inches = lines_in(labels) * line_height(NAME + 0.5) + 0.085
    limit = _limit(effects["percent"].to_numpy(dtype=float), effects["excludes_zero"].to_numpy())
    across = _across(len(headings))
    room = PANEL_INCHES + NUMBER_INCHES - 0.05
    left = MARGIN + max((width_of(label, NAME + 0.5, bold=True) for label in labels), default=0.5) + 0.12
    whole = [_fitted(heading, room) for heading in headings]
    above = max((_heading_inches(heading) for heading in whole), default=0.0)
    under = 0.42 + max([0.0, *((h.below.count("\n") + 1) * line_height(SMALL) for h in whole if h.below)])
    block = above + row_inches * max(len(lines), 1) + under + 0.12
    width = max(left + (PANEL_INCHES + NUMBER_INCHES + GAP_INCHES) * across + MARGIN, 7.0)
    title = f"Change against {baseline}, in per cent of its level"
    page = Page(width, block * -(-len(headings) // across), title, how, _key(is_apart(effects)), below)
    for index, heading in enumerate(whole):
        column, line = index % across, index // across
        x, y = left + (PANEL_INCHES + NUMBER_INCHES + GAP_INCHES) * column, block * line + above
        axes = page.panel(x, y, PANEL_INCHES, row_inches * max(len(lines), 1))
        rows = records(effects[effects["scenario"] == headings[index].label])
        told = tell(rows).names
        told |= {outcome(name).counted or name for name in told}  # what is counted is the quantity that is expected
        _panel(axes, lines, {row["outcome"]: row for row in rows}, told, limit)
        if column == 0:
            _names(axes, lines, labels)
        head = above - _heading_inches(heading)
        page.write(x, y - above + head, heading.label, fontsize=HEADING, fontweight="bold")
        if heading.title:
            down = (heading.label.count("\n") + 1) * line_height(HEADING) + 0.03
            page.write(x, y - above + head + down, heading.title, fontsize=SMALL + 0.5, color=QUIET)
        if heading.below:
            page.write(x, block * line + block - under + 0.3, heading.below, fontsize=SMALL, color=QUIET)
    return page.figure


def _across(panels: int) -> int:
    return min(panels, 4 if panels <= 12 else 6) or 1


def _fitted(heading: Heading, room: float) -> Heading:
    """Words of a heading in lines that fit over and under its panel."""
    title = heading.title if heading.title.lower() != heading.label.lower() else ""
    return Heading(
        wrap(heading.label, room, HEADING, bold=True),
        wrap(title, room, SMALL + 0.5) if title else "",
        "\n".join(wrap(line, room, SMALL) for line in heading.below.split("\n")) if heading.below else "",
    )


def _heading_inches(heading: Heading) -> float:
    title = (heading.title.count("\n") + 1) * line_height(SMALL + 0.5) + 0.03 if heading.title else 0.0
    return (heading.label.count("\n") + 1) * line_height(HEADING) + title + 0.08


def _lines(shown: Sequence[str]) -> list[str]:
    """Outcomes from top to bottom in the order of the dictionary, each group under its own heading (a line that starts with #)."""
    lines: list[str] = []
    for group in GROUPS:
        members = [name for name in in_order(shown) if outcome(name).group == group]
        lines += [f"#{group.capitalize()}", *members] if members else []
    return lines


def in_order(names: Sequence[str]) -> list[str]:
    """Outcomes in the order of the data dictionary; those of families at the end."""
    from sim.measures.dictionary import outcomes

    places = {name: place for place, name in enumerate(outcomes())}
    return sorted(names, key=lambda name: places.get(name, len(places)))


def _limit(percents: np.ndarray, clear: np.ndarray) -> float:
    """Half width of the axis: most of the clear effects fit, a few very large ones do not decide."""
    sizes = np.abs(percents[np.isfinite(percents) & clear.astype(bool)])
    wanted = 1.6 * float(np.quantile(sizes, 0.85)) if sizes.size else 5.0
    steps = np.array([0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 50, 100, 200])
    return float(steps[min(np.searchsorted(steps, wanted), steps.size - 1)])


def _panel(
    axes: Axes, lines: Sequence[str], rows: Mapping[str, Row], told: Collection[str | None], limit: float
) -> None:
    """Draw the marks and lines of one intervention; ``told`` are the outcomes whose effects are findings."""
    axes.set_xlim(-limit, limit)
    axes.set_ylim(max(len(lines), 1) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    scale(axes.xaxis)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:+g}".replace("-", "\u2212") if value else "0")
    axes.set_xlabel("% of level", fontsize=SMALL, labelpad=1)
    guides(axes, "x")
    axes.axvline(0, color=INK, linewidth=0.9, zorder=1)
    for y, name in enumerate(lines):
        if name.startswith("#"):
            axes.axhspan(y - 0.5, y + 0.5, color=BAND, linewidth=0, zorder=0.5)
            continue
        axes.axhline(y, color="#EFEFEF", linewidth=0.6, zorder=0.6)
        row = rows.get(name)
        if row is not None and np.isfinite(row["percent"]):
            _whisker(axes, y, row, name in told, limit)


def _names(axes: Axes, lines: Sequence[str], labels: Sequence[str]) -> None:
    """Write the outcomes and their groups left of a panel; across as a share of the panel, down as a row."""
    for y, (line, label) in enumerate(zip(lines, labels, strict=True)):
        heading = line.startswith("#")
        axes.text(
            -0.05,
            y,
            label,
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            fontsize=NAME + 0.5 - heading,
            fontweight="bold" if heading else "normal",
            color="#666666" if heading else INK,
            linespacing=1.2,
        )


def _whisker(axes: Axes, y: int, row: Row, told: bool, limit: float) -> None:
    """Draw one effect: interval, mark, and the number of a finding in the column beside the panel."""
    clear = bool(row["excludes_zero"])
    unclear = "may be chance among so many" if clear else "interval covers zero"
    marker, colour, face = LOOKS[_kind(outcome(row["outcome"]), row["mean"]) if clear and told else unclear]
    mean = 100 * row["mean"] / abs(row["baseline"])
    for kind, wide in (("", 1.6 if clear else 1.0), ("chance_", INNER)):
        low, high = np.clip(per_cent_ends(row, kind), -limit, limit)
        if low < high:
            shade = "full" if not kind else "half"
            axes.plot(
                [low, high], [y, y], color=colour, linewidth=wide, solid_capstyle="butt", zorder=2, alpha=SHADES[shade]
            )
    beyond = abs(mean) > limit * (1 + 1e-9)
    axes.plot(
        [np.clip(mean, -limit * 0.985, limit * 0.985)],
        [y],
        ("<" if mean < 0 else ">") if beyond else marker,
        markersize=5.0,
        markeredgewidth=1.1,
        color=colour,
        markerfacecolor=face,
        zorder=3,
        clip_on=False,
    )
    if (clear and told) or beyond:
        axes.text(
            1 + (NUMBER_INCHES - 0.04) / PANEL_INCHES,
            y,
            percent(mean),
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            fontsize=SMALL + 0.5,
            color=colour,
        )


def percent(value: float) -> str:
    """A change in per cent, short enough for its column whatever its size."""
    text = numbers.percent(value) if abs(value) < 99_999.5 else f"{value:+.0e} %"
    return text.replace("-", "\u2212")


def _kind(spec: OutcomeSpec, mean: float) -> str:
    if spec.better == "none":
        return "clear, a matter of judgement"
    return "better" if (mean > 0) == (spec.better == "higher") else "worse"


def lines_of(effects: DataFrame) -> str:
    """What the lines of a figure of effects are, in words."""
    apart = "thick line: 95 % interval of chance alone; thin line: of chance and parameters together"
    return apart if is_apart(effects) else "line: 95 % interval"


def _key(apart: bool) -> list[Mark]:
    """What the marks mean, and the two lines where there are two."""
    looks = {**LOOKS, "beyond the axis": (">", NEITHER, NEITHER)}
    marks = [
        Mark(words, {"linestyle": "", "marker": marker, "markersize": 5.0, "color": colour, "markerfacecolor": face})
        for words, (marker, colour, face) in looks.items()
    ]
    lines = {"chance alone": (INNER, SHADES["half"]), "chance and parameters": (1.6, 1.0)} if apart else {}
    plain = {"color": NEITHER, "solid_capstyle": "butt"}
    return [*marks, *(Mark(words, {**plain, "linewidth": wide, "alpha": a}) for words, (wide, a) in lines.items())]
