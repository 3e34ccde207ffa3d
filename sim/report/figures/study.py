"""Figures of studies: effects, ranks, the cost-effectiveness plane, responses to what a sweep varies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.dictionary import outcome
from sim.report.figures import effects as panels
from sim.report.figures.layout import (
    MARGIN,
    NAME,
    SMALL,
    Mark,
    Page,
    guides,
    line_height,
    lines_in,
    rest,
    scale,
    title_of,
    width_of,
    wrap,
)
from sim.report.figures.style import BASELINE, FAINT, NEITHER, SERIES, look, style
from sim.report.text.names import factor_name, outcome_name
from sim.report.text.words import is_tested

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

MOST_PANELS = 12
LABEL_INCHES = 2.3


@style()
def effects(table: DataFrame, notes: Sequence[str] = ()) -> Figure:
    """Every effect in per cent of the baseline with its interval, a panel a scenario, outcomes in the order of the dictionary."""
    if not len(table):
        none = table.reindex(columns=["scenario", "outcome", "percent", "excludes_zero"]).astype({"percent": float})
        return panels.draw_effects(none, [], "the baseline", "No scenario was compared with it.", notes)
    kept = table[[not outcome(name).detail and is_tested(name) for name in table["outcome"]]]
    headings = [panels.Heading(label) for label in dict.fromkeys(table["scenario"])]
    told = bool(np.isfinite(table["low"].to_numpy(dtype=float)).any())
    how = (
        f"Mean of up to {table['n'].max():,.0f} pairs of runs; {panels.lines_of(table)}."
        if told
        else "Too few pairs of runs for an interval, so nothing can be told from chance."
    )
    return panels.draw_effects(kept, headings, "the baseline", how, notes)


@style()
def ranking(table: DataFrame, notes: Sequence[str] = ()) -> Figure:
    """Ranks with their intervals, a panel an outcome, all on one scale; 1 is the best. Where places are told apart by some outcomes, only these."""
    every = panels.in_order(list(dict.fromkeys(table["outcome"])))
    ends = table.groupby("outcome").agg({"low": "max", "high": "min"})
    apart = [name for name in every if ends["low"][name] > ends["high"][name]]
    names, scenarios = (apart or every)[:MOST_PANELS], list(dict.fromkeys(table["scenario"]))
    labels = [wrap(label, LABEL_INCHES, NAME) for label in scenarios]
    row = lines_in(labels) * line_height(NAME) + 0.06
    left, wide = MARGIN + max((width_of(label, NAME) for label in labels), default=0.0) + 0.12, 1.75
    across = min(4, len(names)) or 1
    titles = [wrap(outcome(name).label or name, wide - 0.1, NAME, bold=True) for name in names]
    above, body = lines_in(titles) * line_height(NAME) + 0.12, row * len(scenarios) + 0.05
    block = above + body + 0.5
    words = "Place of each scenario by each outcome; 1 is the best. Line: 95 % interval of the rank over resamples of the runs, none where all agree."
    words += " Outcomes by which at least two places are told apart." if apart else ""
    page = Page(
        max(left + wide * across + MARGIN, 6.5),
        block * -(-len(names) // across),
        "Rank of every scenario",
        words,
        below=[*rest(len(names), len(every), "outcomes"), *notes],
    )
    for k, name in enumerate(names):
        axes = page.panel(left + wide * (k % across), block * (k // across) + above, wide - 0.15, body)
        rows = table[table["outcome"] == name].set_index("scenario").reindex(scenarios)
        y = np.arange(len(scenarios))
        axes.hlines(y, 1, len(scenarios), color="#EFEFEF", linewidth=0.6, zorder=0)
        axes.hlines(y, rows["low"], rows["high"], color=NEITHER, linewidth=1.5)
        axes.plot(rows["rank"], y, "o", color=SERIES[0], markersize=4.5, clip_on=False)
        axes.set_ylim(len(scenarios) - 0.5, -0.5)
        edge = 0.3 + 0.04 * len(scenarios)
        axes.set_xlim(1 - edge, max(len(scenarios), 2) + edge)
        axes.set_yticks(y, labels if k % across == 0 else [""] * len(y), fontsize=NAME, linespacing=1.2)
        step = -(-max(len(scenarios) - 1, 1) // 5)
        axes.set_xticks(range(1, max(len(scenarios), 2) + 1, step))
        guides(axes, "x")
        title_of(axes, titles[k])
        axes.set_xlabel("rank (1 is best)", fontsize=SMALL, labelpad=1)
    return page.figure


@style()
def cost_effectiveness(table: DataFrame, whose: str, notes: Sequence[str] = ()) -> Figure:
    """What each scenario costs more against how much better it makes the outcome, with both intervals where there are enough pairs."""
    name = str(table["benefit"].iloc[0])
    spec = outcome(name)
    rows = table.to_dict("records")
    key = [Mark(row["scenario"], {**look(k), "linestyle": "", "markersize": 5}) for k, row in enumerate(rows)]
    known = bool(table["gain_low"].notna().any())
    lines = "Lines: 95 % intervals." if known else "Too few pairs for intervals: where a mark stands may be luck."
    page = Page(
        7.0,
        4.6,
        f"Cost and improvement of: {spec.label or name}",
        f"Each scenario against the baseline. Right: better; up: dearer. {lines} Totals are those of the {whose}.",
        key,
        notes,
    )
    axes = page.panel(1.0, 0.05, 5.8, 3.95)
    axes.axhline(0, color=FAINT, zorder=0)
    axes.axvline(0, color=FAINT, zorder=0)
    for k, row in enumerate(rows):
        colour = look(k)["color"]
        axes.hlines(row["cost"], row["gain_low"], row["gain_high"], color=colour, linewidth=1)
        axes.vlines(row["gain"], row["cost_low"], row["cost_high"], color=colour, linewidth=1)
        axes.plot(row["gain"], row["cost"], linestyle="", markersize=5.5, clip_on=False, **look(k))
    scale(axes.xaxis)
    scale(axes.yaxis, 6)
    way = "above" if spec.better == "higher" else "below"
    axes.set_xlabel(f"improvement: {spec.unit} {way} the baseline", fontsize=NAME)
    axes.set_ylabel("cost above the baseline (USD)", fontsize=NAME)
    return page.figure


@style()
def sweep(
    table: DataFrame, paths: Sequence[str], names: Sequence[str], whose: str, notes: Sequence[str] = ()
) -> Figure:
    """Mean outcome with its interval over the first factor, a panel an outcome; other factors are spread as points."""
    every, scenarios = panels.in_order(names), list(dict.fromkeys(table["scenario"]))
    names, first = every[:MOST_PANELS], paths[0]
    wide, left, high, across = 3.3, 0.85, 1.75, min(3, len(every)) or 1
    inside = wide - left - 0.2
    titles = [wrap(outcome_name(name), inside + 0.2, NAME, bold=True) for name in names]
    below = wrap(factor_name(first), inside + 0.4, SMALL)
    ticks = _places(table[first], inside)
    above = lines_in(titles) * line_height(NAME) + 0.14
    block = above + high + ticks[2] + lines_in([below]) * line_height(SMALL) + 0.25
    effect = "baseline" in table
    words = f"Mean over runs{' of the effect against the baseline' if effect else ''}"
    words += "; band: 95 % interval." if len(paths) == 1 else "; points of one value differ in what else varies."
    words += " Grey line: no effect." if effect else ""
    key = [Mark(str(label), {**look(k), "markersize": 4}) for k, label in enumerate(scenarios)]
    page = Page(
        max(MARGIN + wide * across, 6.8),
        block * -(-len(names) // across),
        f"{'Effects' if effect else 'Outcomes'} over {factor_name(first)}",
        f"{words} Each outcome has its own scale. Totals are those of the {whose}.",
        key,
        [*rest(len(names), len(every), "outcomes"), *notes],
    )
    for k, name in enumerate(names):
        x = MARGIN + wide * (k % across) + left - 0.1
        axes = page.panel(x, block * (k // across) + above, inside, high)
        rows = table[table["outcome"] == name]
        for j, label in enumerate(scenarios):
            _response(axes, rows[rows["scenario"] == label], first, ticks[0], j, line=len(paths) == 1)
        if effect:
            axes.axhline(0, color=BASELINE, linewidth=0.9, zorder=1)
        guides(axes)
        scale(axes.yaxis)
        if ticks[0] is None:
            scale(axes.xaxis, 3)
        else:
            axes.set_xlim(-0.5, len(ticks[0]) - 0.5)
            axes.set_xticks(
                [at for at, _ in ticks[1]], [text for _, text in ticks[1]], rotation=90, fontsize=SMALL, linespacing=1.2
            )
        title_of(axes, titles[k])
        axes.set_xlabel(below, fontsize=SMALL, labelpad=2)
    return page.figure


def _places(values: Any, inches: float) -> tuple[dict[str, int] | None, list[tuple[int, str]], float]:
    """Places of values that are no numbers, the labels that have room, and inches that labels take; None for numbers."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return None, [], 0.22
    places = {text: place for place, text in enumerate(dict.fromkeys(map(str, values)))}
    every = -(-len(places) // max(1, int(inches / (2 * line_height(SMALL) + 0.04))))
    labels = [(place, wrap(text, 1.3, SMALL, most=2)) for text, place in places.items() if place % every == 0]
    return places, labels, max((width_of(label, SMALL) for _, label in labels), default=0.0) + 0.1


def _response(axes: Axes, rows: DataFrame, first: str, places: dict[str, int] | None, k: int, line: bool) -> None:
    """Draw one scenario."""
    x = rows[first].astype(float) if places is None else rows[first].map(str).map(places)
    rows = rows.assign(x=x).sort_values("x")
    axes.plot(rows["x"], rows["mean"], linestyle="-" if line else "", markersize=4, clip_on=False, **look(k))
    if line:
        axes.fill_between(rows["x"], rows["low"], rows["high"], color=look(k)["color"], alpha=0.15, linewidth=0)
