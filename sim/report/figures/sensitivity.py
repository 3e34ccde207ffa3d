"""Figures of sensitivity: which factor matters for which outcome, how surely, and whether more samples would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures.dictionary import outcome
from sim.report.figures.effects import in_order
from sim.report.figures.layout import (
    MARGIN,
    NAME,
    SMALL,
    Mark,
    Page,
    guides,
    line_height,
    lines_in,
    number,
    rest,
    scale,
    short,
    title_of,
    width_of,
    wrap,
)
from sim.report.figures.style import FAINT, INK, NEITHER, SERIES, UNCLEAR, look, style
from sim.report.text.names import factor_name, outcome_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

MOST_FACTORS = 25
MOST_PANELS = 9
MOST_LINES = 4
SHARES = {
    "ST": "total index ST: share of the variance that a factor has a part in, alone or with others",
    "S1": "first index S1: share of the variance that a factor has a part in alone",
    "delta": "delta: how far the distribution moves with a factor, 0 to 1",
    "median": "PAWN, median: how far the distribution moves with a factor, 0 to 1",
}
"""Indices that are shares, and so are on one scale for all outcomes."""
NEVER_BELOW = ("mu_star", "dgsm", "delta", "median")
"""Indices that are sizes, so that no interval is drawn below zero."""
TOO_MUCH = " A share above 1 comes of too few samples: it is drawn to 1 and marked >1; the table has it."
OWN = {
    "mu_star": "mu*: mean size of the change that a step of a factor makes, in the unit of the outcome",
    "dgsm": "dgsm: bound of the total index, from slopes",
}


def _single(indices: DataFrame, main: str) -> DataFrame:
    return indices[(indices["index"] == main) & (indices["other"] == "")]


def _noise(rows: DataFrame) -> np.ndarray:
    """Which indices noise alone may give; none in tables that do not say."""
    return rows["told"].eq("no").to_numpy(dtype=bool) if "told" in rows else np.zeros(len(rows), dtype=bool)


def _top(rows: DataFrame, most: int) -> list[str]:
    """The factors that matter most for any outcome, as shares of the sum over factors."""
    total = rows.groupby("outcome")["value"].transform(lambda values: values.abs().sum() or 1.0)
    share = (rows["value"].abs() / total).groupby(rows["factor"]).max()
    return [str(name) for name in share.sort_values(ascending=False).head(most).index]


def _words(main: str, whose: str) -> str:
    """What an index is; of one in the unit of its outcome, whose totals."""
    text = SHARES.get(main) or OWN.get(main, main)
    return text[0].upper() + text[1:] + "." + ("" if main in SHARES else f" Totals are those of the {whose}.")


def _about(table: DataFrame) -> str:
    """Of what the indices are: level or effect, in which scenario."""
    if not len(table) or "of" not in table:
        return ""
    return f": {table['of'].iloc[0]} {'of' if table['of'].iloc[0] == 'effect' else 'in'} {table['scenario'].iloc[0]}"


@style()
def heatmap(indices: DataFrame, main: str, whose: str) -> Figure:
    """Main index of every factor (rows) for every outcome (columns), each column as a share of its largest; white where noise alone may give it."""
    rows = _single(indices, main)
    names, factors = in_order(list(dict.fromkeys(rows["outcome"]))), _top(rows, MOST_FACTORS)
    table = rows.pivot(index="factor", columns="outcome", values="value").reindex(index=factors, columns=names)
    values = table.to_numpy(dtype=float)
    noise = rows.assign(no=_noise(rows)).pivot(index="factor", columns="outcome", values="no")
    lost = noise.reindex(index=factors, columns=names).eq(True).to_numpy(dtype=bool)
    shown = (table / table.abs().max().replace(0, np.nan)).mask(lost, 0.0).to_numpy(dtype=float)
    labels = [wrap(factor_name(name), 2.9, SMALL + 0.5) for name in factors]
    heads = [wrap(outcome(name).label or name, 1.9, SMALL, most=3) for name in names]
    cell = max(0.5, lines_in(heads) * line_height(SMALL) + 0.06)
    row = lines_in(labels) * line_height(SMALL + 0.5) + 0.07
    left = MARGIN + max((width_of(label, SMALL + 0.5) for label in labels), default=0.5) + 0.12
    above = max((width_of(head, SMALL) for head in heads), default=0.0) + 0.1
    wide, high = cell * max(len(names), 1), row * max(len(factors), 1)
    words = f"{_words(main, whose)} Darker: nearer to the largest of the outcome. Numbers: the index itself"
    words += ", in brackets where it is not told from noise." if lost.any() else "."
    count = rows["factor"].nunique()
    below = [f"{len(factors)} of {count} factors, those that matter most; the rest is in the table."] if count > len(factors) else []  # fmt: skip
    page = Page(
        max(left + wide + MARGIN, 6.5), above + high + 0.6, f"What matters for which outcome{_about(indices)}", words, below=below
    )  # fmt: skip
    axes = page.panel(left, above, wide, high)
    image = axes.imshow(np.clip(shown, 0, 1), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(names)), heads, rotation=90, fontsize=SMALL, linespacing=1.2)
    axes.set_yticks(range(len(factors)), labels, fontsize=SMALL + 0.5, linespacing=1.2)
    axes.tick_params(length=0)
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            text = _in_cell(value, main)
            colour = UNCLEAR if lost[i, j] else ("white" if shown[i, j] > 0.6 else INK)
            axes.text(
                j, i, f"({text})" if lost[i, j] else text, ha="center", va="center", fontsize=SMALL - 1, color=colour
            )
    scale_axes = page.panel(left, above + high + 0.12, min(wide, 2.0), 0.11)
    page.figure.colorbar(image, cax=scale_axes, orientation="horizontal", ticks=[0, 0.5, 1])
    scale_axes.tick_params(labelsize=SMALL)
    page.write(MARGIN, above + high + 0.1, wrap("share of the largest", left - 0.3, SMALL, most=2), fontsize=SMALL)
    return page.figure


def _in_cell(value: float, main: str) -> str:
    """An index in a cell: of a share two places, else two digits that count."""
    if main not in SHARES or abs(value) >= 10:
        return short(value)
    return "<0.01" if 0 < value < 0.005 else f"{value:.2f}".replace("-", "\u2212")


@style()
def bars(indices: DataFrame, main: str, whose: str) -> Figure:
    """Indices of the ten factors that matter most for each outcome, with intervals, hollow where noise alone may give them; shares on one scale for all."""
    every = in_order(list(dict.fromkeys(indices["outcome"])))
    names = every[:MOST_PANELS]
    chosen = {
        name: _single(indices[indices["outcome"] == name], main).sort_values("value", ascending=False).head(10)
        for name in names
    }
    label, bar, across = 1.9, 1.75, min(3, len(names)) or 1
    labels = {name: [wrap(factor_name(f), label, SMALL, most=MOST_LINES) for f in rows["factor"]] for name, rows in chosen.items()}  # fmt: skip
    titles = [wrap(outcome_name(name), label + bar - 0.1, NAME, bold=True) for name in names]
    row = lines_in([text for texts in labels.values() for text in texts]) * line_height(SMALL) + 0.06
    above, body = lines_in(titles) * line_height(NAME) + 0.1, row * max((len(r) for r in chosen.values()), default=1)
    block, cell = above + body + 0.45, label + bar + 0.35
    words = f"{_words(main, whose)} Line: 95 % interval. The ten largest of each outcome."
    words += " Hollow: not told from noise." if _noise(indices).any() else ""
    words += "" if main in SHARES else " Each outcome has its own scale."
    words += TOO_MUCH if main in SHARES and any((rows["value"] > 1).any() for rows in chosen.values()) else ""
    page = Page(
        max(MARGIN + cell * across, 6.5), block * -(-len(names) // across), f"What matters most{_about(indices)}", words,
        below=rest(len(names), len(every), "outcomes"),
    )  # fmt: skip
    for k, name in enumerate(names):
        rows = chosen[name]
        x = MARGIN + cell * (k % across)
        axes = page.panel(x + label + 0.1, block * (k // across) + above, bar, row * max(len(rows), 1))
        y = np.arange(len(rows))
        noise = _noise(rows)
        axes.barh(
            y, rows["value"], height=0.7,
            color=np.where(noise, "white", SERIES[4]), edgecolor=np.where(noise, UNCLEAR, SERIES[4]),
        )  # fmt: skip
        low = rows["low"].clip(lower=0) if main in NEVER_BELOW else rows["low"]
        high = rows["high"].clip(upper=1.05) if main in SHARES else rows["high"]
        axes.hlines(y, low.clip(upper=high), high, color=NEITHER, linewidth=1.2)
        axes.set_ylim(max(len(rows), 1) - 0.4, -0.6)
        axes.set_yticks(y, labels[name], fontsize=SMALL, linespacing=1.2)
        if main in SHARES:
            axes.set_xlim(*_span(list(chosen.values())))
            for place, value in enumerate(rows["value"]):
                if value > 1:
                    axes.text(1.02, place, ">1", transform=axes.get_yaxis_transform(), fontsize=SMALL, va="center", color=NEITHER)  # fmt: skip
        scale(axes.xaxis, 3)
        guides(axes, "x")
        page.write(x, block * (k // across), titles[k], fontweight="bold")
        axes.set_xlabel(main.replace("mu_star", "mu*"), fontsize=SMALL, labelpad=1)
    return page.figure


def _span(tables: list[DataFrame]) -> tuple[float, float]:
    """One scale for the shares that are shown in all panels: to 1 at most."""
    found = [np.array([0.0])]
    for rows in tables:
        found += [rows[name].to_numpy(dtype=float) for name in ("value", "low", "high") if name in rows]
    every = np.concatenate(found)
    low, high = float(np.nanmin(every)), min(float(np.nanmax(every)), 1.0)
    return low - 0.02 * (high - low) * (low < 0), high + 0.05 * (high - low) or 1.0


@style()
def convergence(steps: DataFrame, main: str, whose: str) -> Figure:
    """Main index of the factors that matter most, over the number of samples used, a panel an outcome."""
    every = in_order(list(dict.fromkeys(steps["outcome"])))
    names = every[:MOST_PANELS]
    chosen: dict[str, Any] = {name: steps[steps["outcome"] == name] for name in names}
    tops: dict[str, list[str]] = {}
    for name, rows in chosen.items():
        last = rows[rows["samples"] == rows["samples"].max()].sort_values("value", ascending=False)
        tops[name] = [str(factor) for factor in last["factor"].head(MOST_LINES)]
    factors = list(dict.fromkeys(factor for found in tops.values() for factor in found))
    wide, high, left, across = 3.2, 1.7, 0.75, min(3, len(names)) or 1
    titles = [wrap(outcome_name(name), wide - left, NAME, bold=True) for name in names]
    above = lines_in(titles) * line_height(NAME) + 0.14
    block = above + high + 0.55
    words = (
        f"{_words(main, whose)} Flat lines: more samples would change little. The {MOST_LINES} largest of each outcome."
    )
    beyond = main in SHARES and any((rows["value"] > 1).any() for rows in chosen.values())
    words += " Shares above 1 come of too few samples and are drawn at 1." if beyond else ""
    key = [Mark(factor_name(factor), {**look(k), "markersize": 4}) for k, factor in enumerate(factors)]
    page = Page(
        max(MARGIN + wide * across, 6.5), block * -(-len(names) // across), f"Whether there are enough samples{_about(steps)}", words, key,
        rest(len(names), len(every), "outcomes"),
    )  # fmt: skip
    for k, name in enumerate(names):
        axes = page.panel(
            MARGIN + wide * (k % across) + left - 0.1, block * (k // across) + above, wide - left - 0.15, high
        )
        axes.axhline(0, color=FAINT, zorder=0)
        rows = chosen[name]
        for factor in tops[name]:
            line = rows[rows["factor"] == factor].sort_values("samples")
            height = line["value"].clip(upper=1) if main in SHARES else line["value"]
            axes.plot(line["samples"], height, linestyle="-", markersize=4, **look(factors.index(factor)))
        if main in SHARES:
            shown = [table.loc[table["factor"].isin(tops[which]), ["value"]] for which, table in chosen.items()]
            axes.set_ylim(*_span(shown))
        axes.set_xscale("log", base=2)
        ticks = sorted(set(rows["samples"]))
        axes.set_xticks(ticks, [number(tick) for tick in ticks])
        axes.minorticks_off()
        scale(axes.yaxis)
        guides(axes)
        title_of(axes, titles[k])
        axes.set_xlabel("samples", fontsize=SMALL, labelpad=1)
    return page.figure
