"""Effects with their intervals: one row an outcome, one panel an intervention, in per cent of the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.dictionary import GROUPS, OutcomeSpec, outcome
from sim.report.figures.style import BAND, BETTER, FAINT, INK, NEITHER, UNCLEAR, WORSE, Picture, style
from sim.report.text import numbers
from sim.report.text.words import is_tested, printed_effects, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator
    from matplotlib.transforms import Transform

    from sim.studies.runs.compare import PairedRuns

ROW_INCHES, PANEL_INCHES, GAP_INCHES, LABEL_INCHES = 0.235, 2.85, 0.42, 2.8
TOP_INCHES, BOTTOM_INCHES, LEAST_INCHES, ACROSS = 1.45, 0.8, 4.6, 4
Row = Mapping[str, Any]


def effects_figure(comparison: PairedRuns) -> Figure:
    """Draw every effect that can be told in per cent of its baseline level.

    A dot is the mean paired effect and a line its 95 % interval; the dot is hollow where the interval covers zero.
    Colour says whether most people would call the change better or worse. What lies beyond the axis is marked by an
    arrow and its number. Outcomes whose baseline is zero stand below the panel in their own unit.

    Parameters
    ----------
    comparison
        The finished comparison.
    """
    printed = printed_effects(comparison)
    effects = printed[np.array([is_tested(name) for name in printed["outcome"]])]
    shown = list(dict.fromkeys(effects.loc[np.isfinite(effects["percent"]), "outcome"]))
    lines = _lines(shown)
    limit = _limit(effects["percent"].to_numpy(), effects["excludes_zero"].to_numpy())
    across = min(len(comparison.others), ACROSS)
    panel = max(PANEL_INCHES, LEAST_INCHES / across)
    down = -(-len(comparison.others) // across)
    without = {label: _without_level(records(printed[printed["scenario"] == label])) for label in comparison.others}
    extra = max(text.count("\n") + 1 if text else 0 for text in without.values())
    bottom = BOTTOM_INCHES + 0.17 * extra
    block = TOP_INCHES * 0.45 + ROW_INCHES * len(lines) + bottom
    width, height = LABEL_INCHES + panel * across, TOP_INCHES * 0.62 + block * down
    with style():
        figure = Picture(figsize=(width, height))
        for index, label in enumerate(comparison.others):
            column, line = index % across, index // across
            base = height - TOP_INCHES * 0.62 - block * (line + 1) + bottom
            place = (
                (LABEL_INCHES + panel * column) / width,
                base / height,
                (panel - GAP_INCHES) / width,
                ROW_INCHES * len(lines) / height,
            )
            axes = figure.add_axes(place)
            rows = {row["outcome"]: row for row in records(effects[effects["scenario"] == label])}
            _panel(axes, lines, rows, limit, labels=column == 0)
            _heading(axes, label, comparison.scenarios[label].title, without[label])
        _titles(figure, comparison, height)
    return figure


def _lines(shown: Sequence[str]) -> list[str]:
    """Outcomes from top to bottom, each group under its own heading (a line that starts with #)."""
    lines: list[str] = []
    for group in GROUPS:
        members = [name for name in shown if outcome(name).group == group]
        lines += [f"#{group.capitalize()}", *members] if members else []
    return lines


def _limit(percents: np.ndarray, clear: np.ndarray) -> float:
    """Half width of the axis: most of the clear effects fit, a few very large ones do not decide."""
    sizes = np.abs(percents[np.isfinite(percents) & clear.astype(bool)])
    wanted = 1.6 * float(np.quantile(sizes, 0.85)) if sizes.size else 5.0
    steps = np.array([1, 2, 5, 10, 20, 30, 50, 100, 200])
    return float(steps[min(np.searchsorted(steps, wanted), steps.size - 1)])


def _panel(axes: Axes, lines: Sequence[str], rows: Mapping[str, Row], limit: float, labels: bool) -> None:
    """Draw the dots and lines of one intervention."""
    axes.set_xlim(-limit, limit)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(_locator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:+g}".replace("-", "\u2212") if value else "0")
    axes.set_xlabel("% of level", fontsize=7.5, labelpad=1)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.axvline(0, color=INK, linewidth=0.9, zorder=1)
    for y, name in enumerate(lines):
        if name.startswith("#"):
            axes.axhspan(y - 0.5, y + 0.5, color=BAND, linewidth=0, zorder=0.5)
            if labels:
                axes.text(
                    -0.02,
                    y,
                    name[1:].upper(),
                    transform=_left(axes),
                    ha="right",
                    va="center",
                    fontsize=7.5,
                    fontweight="bold",
                    color="#666666",
                )
            continue
        if labels:
            axes.text(-0.02, y, outcome(name).label, transform=_left(axes), ha="right", va="center", fontsize=8.5)
        axes.axhline(y, color="#EFEFEF", linewidth=0.6, zorder=0.6)
        row = rows.get(name)
        if row is not None and np.isfinite(row["percent"]):
            _whisker(axes, y, row, limit)


def _locator() -> MaxNLocator:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=5, steps=[1, 2, 5, 10], symmetric=True)


def _left(axes: Axes) -> Transform:
    """Horizontal place as a share of the panel, vertical place as a row."""
    return axes.get_yaxis_transform()


def _whisker(axes: Axes, y: int, row: Row, limit: float) -> None:
    """Draw one effect: interval, dot, and the number of a clear one."""
    spec = outcome(row["outcome"])
    clear = bool(row["excludes_zero"])
    colour = _colour(spec, row["mean"]) if clear else UNCLEAR
    per = 100 / abs(row["baseline"])
    low, high, mean = (value * per for value in (row["low"], row["high"], row["mean"]))
    if np.isfinite(low) and max(low, -limit) < min(high, limit):
        axes.plot(
            [max(low, -limit), min(high, limit)],
            [y, y],
            color=colour,
            linewidth=1.6 if clear else 1.0,
            solid_capstyle="butt",
            zorder=2,
        )
    beyond = abs(mean) > limit
    marker = ("<" if mean < 0 else ">") if beyond else "o"
    edge = np.clip(mean, -limit * 0.985, limit * 0.985)
    axes.plot(
        [edge],
        [y],
        marker,
        markersize=5.4,
        markeredgewidth=1.1,
        color=colour,
        markerfacecolor=colour if clear else "white",
        zorder=3,
        clip_on=False,
    )
    if clear or beyond:
        _number(axes, y, (low, high, mean), limit, colour)


def _number(axes: Axes, y: int, effect: tuple[float, float, float], limit: float, colour: str) -> None:
    """Write the number of an effect beside it: outwards, else towards zero, else across zero, where there is room."""
    sign = 1 if effect[2] > 0 else -1
    mean = abs(effect[2])
    near, far = sorted(sign * end if np.isfinite(end) else mean for end in effect[:2])
    gap, wide = 0.045 * limit, 0.42 * limit
    if max(mean, far) + wide < limit:
        place, outwards = max(mean, far) + gap, True
    elif min(mean, near, limit) > wide:
        place, outwards = min(mean, near, limit) - 1.5 * gap, False
    else:
        place, outwards = -gap, False
    text = numbers.percent(effect[2]).replace("-", "\u2212")
    side = "left" if outwards == (sign > 0) else "right"
    axes.text(sign * place, y, text, ha=side, va="center", fontsize=7.5, color=colour, zorder=4)


def _colour(spec: OutcomeSpec, mean: float) -> str:
    if spec.better == "none":
        return NEITHER
    return BETTER if (mean > 0) == (spec.better == "higher") else WORSE


def _without_level(rows: Sequence[Row]) -> str:
    """What the intervention costs, and its effects where the baseline is zero, in their own unit."""
    changed = [(outcome(row["outcome"]), row) for row in rows if np.isfinite(row["mean"]) and row["mean"] != 0]
    prices = [f"{spec.label}: {numbers.effect(row['mean'], spec.unit)}" for spec, row in changed if spec.price]
    risen = [
        f"{spec.label} {numbers.effect(row['mean'], spec.unit)}"
        for spec, row in changed
        if row["baseline"] == 0 and is_tested(spec.name)
    ]
    if risen:
        prices.append("Zero in the baseline: " + ", ".join(risen))
    return "\n".join(fill(line, 48) for line in prices)


def _heading(axes: Axes, label: str, title: str, without: str) -> None:
    """Write what the panel shows above it, the directions, and what has no baseline below it."""
    axes.annotate(
        label,
        (0.5, 1),
        (0, 25),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        fontsize=10.5,
        fontweight="bold",
    )
    if title and title.lower() != label.lower():
        axes.annotate(
            fill(title, 44),
            (0.5, 1),
            (0, 20),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=7.5,
            color="#555555",
        )
    if without:
        axes.annotate(
            without,
            (0, 0),
            (0, -30),
            xycoords="axes fraction",
            textcoords="offset points",
            va="top",
            fontsize=7,
            color="#555555",
        )


def _titles(figure: Figure, comparison: PairedRuns, height: float) -> None:
    """Write the title, and how to read the marks."""
    figure.text(
        0.012,
        1 - 0.12 / height,
        f"Change against {comparison.baseline}, in per cent of its level",
        fontsize=13,
        fontweight="bold",
        va="top",
    )
    figure.text(
        0.012,
        1 - 0.42 / height,
        f"Mean of {comparison.runs} paired runs; line: 95 % interval."
        if comparison.runs > 1
        else "One pair of runs: no interval, so nothing can be told from chance.",
        fontsize=8.5,
        color="#555555",
        va="top",
    )
    figure.legend(
        handles=_key(),
        loc="upper left",
        bbox_to_anchor=(0.004, 1 - 0.56 / height),
        ncols=5,
        frameon=False,
        fontsize=8.5,
        handletextpad=0.2,
        columnspacing=1.4,
        borderpad=0,
    )


def _key() -> list[Line2D]:
    """What the marks mean."""
    from matplotlib.lines import Line2D

    marks = (
        ("better", "o", BETTER, BETTER),
        ("worse", "o", WORSE, WORSE),
        ("clear, a matter of judgement", "o", NEITHER, NEITHER),
        ("interval covers zero", "o", UNCLEAR, "white"),
        ("beyond the axis", ">", NEITHER, NEITHER),
    )
    return [
        Line2D([], [], linestyle="", marker=marker, markersize=5.4, color=colour, markerfacecolor=face, label=text)
        for text, marker, colour, face in marks
    ]
