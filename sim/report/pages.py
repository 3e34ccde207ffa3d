"""The reports of a comparison and of a study as material: their numbers and the figures that go with them, drawn now or read from those that were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.report import figures
from sim.report.parts import flows
from sim.report.parts.headline import verdicts
from sim.report.parts.material import Material, Shown, of_answer, of_pairs
from sim.report.text import deeds
from sim.studies.kinds import Drawing
from sim.studies.runs.by_group import in_key_order

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.studies.kinds import Answer
    from sim.studies.runs.compare import PairedRuns
    from sim.studies.study import ReadyStudy

PLACES = {"effects": "effects", "ranking": "effects", "cost-effectiveness": "costs", "submodels": "rivals"}
"""Where figures of a comparison stand in the page; those by group stand with the groups, all others where the numbers are."""
TITLES = {
    "effects": "Effects with their intervals; a filled mark leaves zero out, as some do by chance: the table says which are findings",
    "trade-by-channel": "Orders a day by channel",
    "ranking": "Rank of every scenario",
    "submodels": "Effects by the usual rules and under each rival",
    "cost-effectiveness": "Cost against effect",
    "sweep": "Outcomes over what was varied",
    "boxes": "Limits of the boxes in which the policy fails",
    "worlds": "Worlds in which the policy fails and does not",
    "feature-scores": "What tells failures apart",
    "pareto": "Portfolios by their objectives",
}
BY = "effects-by-"
BEGINS = {
    "heatmap-": "What matters for which outcome: ",
    "bars-": "What matters most: ",
    "convergence-": "Whether there are enough samples: ",
}
"""Titles of figures of which there is one for each scenario and what is analysed, by how their names begin."""


def figure_by(key: str) -> str:
    """The name of the figure of a grouping."""
    return f"{BY}{key.replace(':', '-')}"


def pairs_page(comparison: PairedRuns, drawn: Path | None = None, **more: Any) -> Material:
    """A comparison as material, with totals as it has them.

    Parameters
    ----------
    comparison
        The paired runs.
    drawn
        Folder with the figures as they were drawn for files; what is not there is left out. Without it, they are drawn.
    **more
        Further fields of `Material`.
    """
    draws: dict[str, Callable[[], Figure]] = {
        "effects": partial(figures.effects_figure, comparison),
        "trade-by-channel": partial(figures.trade_figure, comparison),
    }
    groups = comparison.effects_by_group
    for key in in_key_order(groups) if groups is not None and len(groups) else ():
        draws[figure_by(key)] = partial(figures.group_figure, comparison, key)
    if comparison.submodels is not None and len(comparison.submodels):
        draws["submodels"] = partial(figures.draw, Drawing("submodels", (comparison.submodels, comparison.baseline)))
    plain = of_pairs(comparison, **more)
    short = " ".join(f"{verdict.scenario}: {verdict.short}" for verdict in verdicts(plain))
    trade = " ".join(
        f"{label}: {flows.said(rows, flows.CHANNELS)}"
        for label in comparison.others
        if (rows := flows.flows(comparison.outcomes, comparison.baseline, label).get(flows.CHANNELS))
    )
    words = {"effects": short, "trade-by-channel": f"Over the whole run: {trade}"}
    return replace(plain, figures=_shown(draws, drawn, words, "trade"))


def answer_page(study: ReadyStudy, answer: Answer, drawn: Path | None = None, **more: Any) -> Material:
    """A study and its answer as material.

    Parameters
    ----------
    study, answer
        The study and its answer.
    drawn
        Folder with the figures as they were drawn for files; what is not there is left out. Without it, they are drawn.
    **more
        Further fields of `Material`.
    """
    short = deeds.shortfalls(answer.tables.get("policies"))
    draws = {name: partial(figures.draw, drawing, short) for name, drawing in answer.figures.items()}
    plain = of_answer(study, answer, **more)
    told = [f"{verdict.scenario}: {verdict.short}" for verdict in verdicts(plain)] or list(answer.findings[:3])
    words = dict.fromkeys(draws, "The tables have its numbers.") | {"effects": " ".join(told)}
    return replace(plain, figures=_shown(draws, drawn, words, "effects" if plain.paired else "figures"))


def _shown(
    draws: dict[str, Callable[[], Figure]], drawn: Path | None, words: dict[str, str], place: str
) -> list[Shown]:
    """Figures with their titles and places; one that was drawn already is read."""
    found = []
    for name, draw in draws.items():
        file = drawn / f"{name}.svg" if drawn is not None else None
        if file is not None and not file.is_file():
            continue
        read = draw if file is None else partial(file.read_text, encoding="utf-8")
        where = place if place == "figures" else "whom" if name.startswith(BY) else PLACES.get(name, place)
        by = name.removeprefix(BY) if name.startswith(BY) else ""
        title = f"Effects by {by}, as in the figure of all effects" if by else _title(name)
        if name == "effects" and place == "figures":
            title = "Effects over what was varied"
        found.append(Shown(name, title, where, read, words.get(name, "The tables have its numbers.")))
    return found


def _title(name: str) -> str:
    for begins, title in BEGINS.items():
        if name.startswith(begins):
            return f"{title}{name.removeprefix(begins).replace('-', ' ', 1)}"
    return TITLES.get(name, name.replace("-", " ").capitalize())
