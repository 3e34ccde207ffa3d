"""All numbers of a report with totals of one scale: what the template shows once for real people and once for the simulated consumers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sim.report.figures.flows import flow_figure
from sim.report.figures.study import cost_effectiveness
from sim.report.parts import change, doubt, flows, headline, tables
from sim.report.parts.material import Shown
from sim.report.text import deeds, groups
from sim.report.text.tables import cost_cells
from sim.report.text.words import records
from sim.studies.findings.groups import notes as group_notes
from sim.studies.findings.turns import rival_sentences, rival_summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.report.parts.material import Material


class Moved(NamedTuple):
    """Displacement of a scenario: between what, in words, its rows, and the name of its figure where there is something to draw."""

    scenario: str
    between: str
    said: str
    rows: tuple[flows.Flow, ...]
    figure: str


class View(NamedTuple):
    """The numbers of a report; see the modules of `sim.report.parts` for each."""

    key: str
    material: Material
    verdicts: list[headline.Verdict]
    findings: Sequence[str]
    effects: list[tables.EffectTable]
    answer: list[tables.PlainTable]
    by_group: list[groups.GroupTable]
    group_notes: list[str]
    moved: list[Moved]
    costs: list[tuple[str, ...]]
    chance: list[str]
    parameters: list[str]
    rivals: list[str]
    rival_counts: list[tuple[str, ...]]
    conclusions: list[tuple[str, ...]]
    would_change: list[str]
    open: list[change.Open]
    did: list[tuple[str, ...]]
    short: list[str]
    budgets: list[str]


def view_of(material: Material) -> View:
    """The numbers of a report, made once for its template."""
    by_group = material.effects_by_group
    paired = material.paired
    rivals = material.tables.get("submodels")
    return View(
        key="real" if material.is_real else "simulated",
        material=material,
        verdicts=headline.verdicts(material) if paired else [],
        findings=() if paired else material.findings,
        effects=tables.effect_tables(material) if paired else [],
        answer=tables.answer_tables(material),
        by_group=[] if by_group is None or not len(by_group) else groups.group_tables(by_group),
        group_notes=[] if by_group is None or not len(by_group) else group_notes(by_group),
        moved=_moved(material) if paired else [],
        costs=[] if material.costs is None else [cost_cells(row) for row in records(material.costs)],
        chance=doubt.chance(material),
        parameters=doubt.parameters(material),
        rivals=[] if rivals is None else rival_sentences(rivals),
        rival_counts=[] if rivals is None else rival_summary(rivals),
        conclusions=tables.conclusion_rows(material) if paired else [],
        would_change=change.would_change(material),
        open=change.open_questions(material) if paired else [],
        did=[] if material.policies is None or not len(material.policies) else deeds.cells(material.policies),
        short=deeds.shortfalls(material.policies),
        budgets=deeds.budgets(material.policies, material.scenarios),
    )


def _moved(material: Material) -> list[Moved]:
    if material.outcomes is None:
        return []
    found = []
    for number, label in enumerate(material.others):
        for between, rows in flows.flows(material.outcomes, material.baseline, label).items():
            name = f"flow-{between}-{number}" if flows.moves(rows) else ""
            found.append(Moved(label, between, flows.said(rows, between), tuple(rows), name))
    return found


def figures_of(view: View) -> dict[str, list[Shown]]:
    """The figures of a report by the part in which they stand, those that only a page has among them."""
    material = view.material
    found: dict[str, list[Shown]] = {}
    for shown in material.figures:
        found.setdefault(shown.place, []).append(shown)
    for each in view.moved:
        if each.figure:
            title = f"Orders that move between {each.between}: {each.scenario}"
            found.setdefault("flows", []).append(Shown(each.figure, title, "flows", _flow(each, material), each.said))
    plane = material.plane
    if material.paired and plane is not None and (plane["cost"] != 0).any() and "costs" not in found:
        words = "What each scenario costs more than the baseline, and how much better it makes the outcome"
        words += ", with both intervals." if plane["gain_low"].notna().any() else "; too few pairs for intervals."
        draw = partial(cost_effectiveness, plane, material.scale)
        found["costs"] = [Shown("cost-against-effect", "Cost against effect", "costs", draw, words)]
    return found


def _flow(each: Moved, material: Material) -> Callable[[], Figure]:
    return partial(flow_figure, each.rows, each.scenario, material.baseline, each.between, material.scale)


def contents(view: View) -> list[tuple[str, str]]:
    """The parts of the page that a view leads to: their ids, and what they are called."""
    key, paired = view.key, view.material.paired
    found = [
        (f"{key}-short", "In short", True),
        ("compared", "What was compared", True),
        (f"{key}-effects", "All effects", bool(view.effects)),
        (f"{key}-tables", "Numbers", not paired and bool(view.answer)),
        (f"{key}-whom", "Who gains and who loses", paired),
        (f"{key}-moves", "Displacement", paired),
        (f"{key}-costs", "Cost against effect", paired),
        (f"{key}-doubt", "How sure", True),
        (f"{key}-change", "What would change this conclusion", True),
        (f"{key}-did", "What the policies did", bool(view.did)),
        (f"{key}-notes", "Notes on the numbers", bool(view.material.notes)),
        ("evidence", "How the model compares with evidence", True),
        ("assumed", "What is assumed", True),
        ("limits", "Limits", True),
        ("again", "Do it again", True),
    ]
    return [(name, words) for name, words, there in found if there]
