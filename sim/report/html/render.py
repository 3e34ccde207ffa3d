"""Filling the template: parts of a report, computed elsewhere, become one page. Every text from a file is escaped by the template."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from sim.report.figures.inline import inline_svg
from sim.report.html.view import View, contents, figures_of, view_of
from sim.report.parts import reproduce, settings, validation
from sim.report.parts.headline import BETTER, EITHER, WORSE
from sim.report.text import caveats, deeds, numbers
from sim.report.text.tables import CONCLUSION_TITLES, COST_TITLES
from sim.studies.findings.turns import SUMMARY
from sim.studies.findings.values import listed

if TYPE_CHECKING:
    from jinja2.environment import Template

    from sim.report.parts.material import Material, Shown
    from sim.report.parts.validation import Validation

TEMPLATES = Path(__file__).parent / "templates"
KINDS = {
    "compare": "a comparison of scenarios",
    "sweep": "a sweep: what follows when something is set to one value after another",
    "sensitivity": "a study of sensitivity: which uncertain numbers matter",
    "discover": "a search for the worlds in which a policy fails",
    "optimise": "a search for the best portfolios",
    "calibrate": "a calibration: which parameters agree with what was observed",
}
"""Kinds of study, in words."""
QUESTIONS = {
    "compare": "What {do} {others} change against {baseline}?",
    "sweep": "What do the outcomes of {all} do when {factors} vary?",
    "sensitivity": "Which of {factors} matter for the outcomes of {all}?",
    "discover": "In which worlds {do} {others} fail, of all that {factors} allow?",
    "optimise": "Which settings of {factors} do best?",
    "calibrate": "Which values of {factors} agree with what was observed?",
}
"""The question of a study that states none."""


def page(materials: Sequence[Material], folder: Path | None = None, validated: Validation | None = None) -> str:
    """The report as one HTML page.

    Parameters
    ----------
    materials
        What is reported on: once, or once with totals of real people and once with those of the simulated consumers, which the page keeps apart.
    folder
        Its folder, for the record; without it the record says what runs now.
    validated
        How the model compares with evidence; by default as the validation that ships found.

    Returns
    -------
    str
        HTML that needs no other file and no script.
    """
    first = materials[0]
    validated = validated or validation.shipped_validation()
    views = [view_of(material) for material in materials]
    pairs = first.pairs
    preface = caveats.preface(first.scenarios, pairs, first.baseline, tuple(first.uncertainties))
    return _template().render(
        m=first,
        views=views,
        kind=KINDS.get(first.kind, f"a study of the kind {first.kind}"),
        question=_question(first),
        how=_how(first),
        warnings=caveats.few_pairs(pairs) if first.kind in ("compare", "sweep") else [],
        preface=preface,
        compared=settings.compared(first),
        limits=caveats.limits(first.scenarios, first.baseline),
        validated=validated,
        not_validated=validation.NOT_RUN,
        caution=validated.caution(first.model) if validated is not None else "",
        again=reproduce.again(first, folder),
        ways=(BETTER, WORSE, EITHER),
        cost_titles=COST_TITLES,
        rival_heads=SUMMARY,
        conclusion_titles=CONCLUSION_TITLES,
        deed_titles=deeds.TITLES,
        deciding=settings.deciding(first),
        sources=settings.sources,
        contents=contents,
        drawn={view.key: figures_of(view) for view in views},
    )


def _question(material: Material) -> str:
    if material.question:
        return " ".join(material.question.split())
    if material.paired and len(material.others) == 1 and material.scenarios[material.others[0]].question:
        return " ".join(material.scenarios[material.others[0]].question.split())
    factors = [factor.path for factor in (*material.levers, *material.uncertainties)]
    words = QUESTIONS.get(material.kind, "What do {all} give?")
    return words.format(
        others=listed(material.others or [material.baseline]),
        baseline=material.baseline,
        do="does" if len(material.others) <= 1 else "do",
        all=listed(list(material.scenarios)),
        factors=listed(factors) if 0 < len(factors) <= 4 else f"{len(factors)} factors",
    )


def _how(material: Material) -> str:
    """How it was done, in a sentence."""
    first = material.first
    runs = f"{material.pairs} paired runs of each scenario" if material.paired else f"{material.runs:,} runs"
    return (
        f"{runs}, {first.consumers:,} simulated consumers, {first.days:,} days after {first.burn_in} days of burn-in. "
        f"Each simulated consumer stands for {first.weight:,.6g} real people."
    )


def rich(text: str) -> Markup:
    """A text of the program with `code` and **bold** in it; all else is escaped."""
    safe = str(escape(text))
    safe = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", safe)
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", safe))


def minus(text: object) -> str:
    """Numbers with a true minus sign."""
    return re.sub(r"(?<![\w\d])-(?=[$\d])", "\u2212", str(text))


def svg(shown: Shown, key: str) -> Markup:
    """A figure of the page, nothing where there is nothing to draw; `key` keeps its ids apart from those of the same figure in another view."""
    name = "f-" + re.sub(r"[^A-Za-z0-9]+", "-", f"{key}-{shown.name}").strip("-")
    drawn: Any = shown.draw()
    return Markup("" if drawn is None else inline_svg(drawn, name, shown.title, shown.words))


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "rich": rich,
        "minus": minus,
        "svg": svg,
        "amount": lambda value: numbers.level(value, ""),
    }
    environment.filters.update(filters)
    return environment.get_template("report.html")


__all__ = ["View", "page"]
