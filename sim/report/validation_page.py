"""The report of a validation: what is reproduced, what is missed, and a picture of each target."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from sim.evidence.sources import load_sources
from sim.report.figures import save_figure
from sim.report.figures.targets import all_targets, one_target
from sim.report.text import validation as text
from sim.report.text.markdown import bullets, escaped, table
from sim.studies.validation.estimates import Estimate, count, totals
from sim.studies.validation.targets import LEVELS, USES

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.validation.validate import Validation


def write_page(result: Validation, failures: DataFrame, place: Path) -> None:
    """Write `report.md`, the pictures that it shows and `validation.json` into a folder."""
    figures = place / "figures"
    figures.mkdir()
    save_figure(all_targets(result), figures / "all-targets")
    for each in result.estimates:
        if each.mean is not None:
            save_figure(one_target(each, text.interval(result)), figures / each.target.id)
    (place / "validation.json").write_text(
        json.dumps(result.to_json(), indent=1, allow_nan=False) + "\n", encoding="utf-8", newline="\n"
    )
    (place / "report.md").write_text(page(result, failures), encoding="utf-8", newline="\n")


def page(result: Validation, failures: DataFrame) -> str:
    """The text of the page."""
    parts = ["# How true the model is", text.how(result), f"**{result.last_line}**", text.HOW_TO_READ]
    parts += [f"Intervals hold 90 % of {text.interval(result)}."]
    parts += ["## In range, by level", _totals(result.estimates), "![all targets](figures/all-targets.png)"]
    if result.rivals:
        heads = ("In range: calibration / validation", *text.rival_levels(result), "all")
        parts += ["## Under rival rules", table(heads, text.rival_rows(result)), text.RIVALS]
    parts += ["## What is missed", bullets(text.misses(result.estimates)) or "Nothing."]
    parts += ["## What was not measured", bullets(text.unmeasured(result.estimates)) or "Nothing."]
    if len(failures):
        lost = (
            f"{row['scenario']}, seed {row['seed']}: {row['error']}" for row in failures.head(20).to_dict("records")
        )
        parts += ["## Runs without outcomes", bullets(lost)]
    for level in LEVELS:
        here = [each for each in result.estimates if each.target.level == level]
        if here:
            parts += [f"## Targets: {level}", *(_section(each) for each in here)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _totals(estimates: tuple[Estimate, ...]) -> str:
    levels = [row["level"] for row in totals(estimates)]
    rows = [(level, *(count(estimates, level.replace("all", ""), use) for use in USES)) for level in levels]
    return table(("level", *(f"{use} in range" for use in USES)), rows)


def _section(each: Estimate) -> str:
    """A target: what it is, what is published, what the model gives, and its picture."""
    t, known = each.target, load_sources()
    observed = f"Observed: {text.observed(each)}{f' {t.unit}' if t.unit else ''}. Range {t.band}: {t.reason}."
    model = (
        f"Model: {text.modelled(each)}, {each.verdict}" if each.mean is not None else f"Not measured: {each.unmeasured}"
    )
    away = f", {text.distance(each)} standard units from the value" if each.distance is not None else ""
    sources = "; ".join(known[name].source for name in t.sources if name in known)
    lines = [
        f"### {t.id}",
        escaped(
            f"{t.statistic[:1].upper()}{t.statistic[1:]} ({t.use}, world {t.world}).{f' Pattern: {t.pattern}.' if t.pattern else ''}"
        ),
        f"{escaped(observed)} {escaped(model)}{away}.",
        *([f"![{t.id}](figures/{t.id}.png)"] if each.mean is not None else []),
        *([f"Sources: {escaped(sources)}"] if sources else []),
    ]
    return "\n\n".join(lines)
