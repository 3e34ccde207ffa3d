"""The page of a study: what was asked, what was found, and what to know before believing it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.report.figures import draw, save_figure
from sim.report.html.render import page as html_page
from sim.report.pages import answer_page
from sim.report.parts.validation import model_of
from sim.report.text import caveats, deeds
from sim.report.text.markdown import bullets, code, escaped
from sim.studies.store.own import REPORT

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.kinds import Answer
    from sim.studies.study import ReadyStudy

PAIRED = ("compare", "sweep")
"""Kinds whose findings are effects with intervals over pairs."""


def write_page(study: ReadyStudy, answer: Answer, runs: int, failures: DataFrame, place: Path) -> None:
    """Write `report.html`, `report.md` and the figures that these show, as PNG and SVG, into a folder."""
    short = deeds.shortfalls(answer.tables.get("policies"))
    if answer.figures:
        (place / "figures").mkdir()
    for name, drawing in answer.figures.items():
        save_figure(draw(drawing, short), place / "figures" / name)
    (place / "report.md").write_text(page(study, answer, runs, failures), encoding="utf-8", newline="\n")
    model = model_of(place / REPORT)
    material = answer_page(study, answer, place / "figures", runs=runs, failures=failures, model=model)
    (place / REPORT).write_text(html_page([material]), encoding="utf-8", newline="\n")


def page(study: ReadyStudy, answer: Answer, runs: int, failures: DataFrame) -> str:
    """Return the text of the page."""
    file = study.file
    parts = [f"# {escaped(file.title or file.name)}", escaped(file.question)]
    pairs = _pairs(study, answer)
    parts += [f"**Warning**: {line}" for line in caveats.few_pairs(pairs)] if file.kind in PAIRED else []
    varied = study.uncertainties
    preface = caveats.preface(study.scenarios, pairs, study.baseline, varied)
    parts += ["## Before you read on", *(escaped(line, code=True) for line in preface)]
    parts += ["## What was done", "\n".join(_done(study, runs, failures))]
    parts += [
        "## What was found",
        f"Totals are those of the {study.scale}.",
        bullets(answer.findings) or "Nothing that can be said in a sentence; see the tables.",
    ]
    parts += [f"![{name}](figures/{name}.png)" for name in answer.figures]
    did = answer.tables.get("policies")
    if did is not None:
        parts += ["## What the policies did", bullets(f"Warning: {line}" for line in deeds.shortfalls(did))]
        parts += [deeds.markdown(did), "People, vendors, contacts and money are real ones; means over runs."]
    parts += ["## Notes", bullets([*answer.notes, _tables(answer)])]
    lost = failures["status"] == "aborted"
    for title, status, rows in (
        ("## Runs that failed", "failed", failures[~lost]),
        ("## Runs that were lost with their workers", "aborted", failures[lost]),
    ):
        if len(rows):
            parts += [title, bullets(_failure(row) for row in rows.head(20).to_dict("records"))]
        if len(rows) > 20:
            parts.append(
                f"and {len(rows) - 20} more; `odm results DIR --sql \"select * from runs where status = '{status}'\"` lists all."
            )
    if lost.any():
        parts.append(
            "The command that began this, with --resume, does again what was lost with a worker, and writes this page anew."
        )
    parts += ["## Limits", bullets(caveats.limits(study.scenarios, study.baseline))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _pairs(study: ReadyStudy, answer: Answer) -> int:
    """Runs with the same seeds in each scenario at a point."""
    effects = answer.tables.get("effects")
    return int(effects["n"].max()) if effects is not None and len(effects) else len(study.seeds)


def _done(study: ReadyStudy, runs: int, failures: DataFrame) -> list[str]:
    lost = int((failures["status"] == "aborted").sum())
    words = f"- {study.file.kind}: {runs} runs"
    words += f", {len(failures) - lost} of which failed" if len(failures) > lost else ""
    words += f", {lost} of which were lost with their workers" if lost else ""
    lines = [words]
    for label, scenario in study.scenarios.items():
        lines.append(
            f"- scenario **{escaped(label)}**: {escaped(scenario.title or 'without title')} ({scenario.consumers:,} consumers, {scenario.days} days)"
        )
    for word, factors in (("uncertainty", study.uncertainties), ("lever", study.levers)):
        for factor in factors:
            span = (
                f"one of {list(factor.values)}"
                if factor.values is not None
                else f"{factor.low:g} to {factor.high:g} ({factor.distribution})"
            )
            lines.append(f"- {word} {code(factor.path)}: {escaped(span)}")
    return lines


def _failure(row: dict[Any, Any]) -> str:
    at = f", {row['inputs']}" if row["inputs"] != "{}" else ""
    return f"{row['scenario']}, seed {row['seed']}{at}: {row['error']}"


def _tables(answer: Answer) -> str:
    names = ", ".join(f"`{name}`" for name in answer.tables)
    return f"Tables beside this page (CSV and Parquet): {names}. Every run is in the store: `odm results DIR`."
