"""The report of a comparison as a file of HTML, and its short form: findings, pictures and the table in one Markdown page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sim.report import figures
from sim.report.html.render import page as html_page
from sim.report.pages import figure_by, pairs_page
from sim.report.parts.validation import model_of
from sim.report.text import caveats, deeds, groups, words
from sim.report.text.markdown import bullets, escaped
from sim.report.text.tables import conclusions_markdown, cost_markdown, effect_markdown
from sim.studies.findings import doubt
from sim.studies.findings.groups import notes
from sim.studies.findings.ratios import cost_per
from sim.studies.findings.turns import SUMMARY, rival_sentences, rival_summary
from sim.studies.kinds import Drawing, other_differences
from sim.studies.runs.by_group import in_key_order
from sim.studies.store.own import REPORT

if TYPE_CHECKING:
    from sim.studies.runs.compare import PairedRuns


def write_page(comparison: PairedRuns, place: Path) -> None:
    """Write `report.html`, `report.md` and the figures that these show, as PNG and SVG, into a folder; totals are those of real people."""
    comparison = comparison.real()
    pictures = place / "figures"
    pictures.mkdir(exist_ok=True)
    figures.save_figure(figures.effects_figure(comparison), pictures / "effects")
    figures.save_figure(figures.trade_figure(comparison), pictures / "trade-by-channel")
    if comparison.effects_by_group is not None:
        for key in in_key_order(comparison.effects_by_group):
            figures.save_figure(figures.group_figure(comparison, key), pictures / figure_by(key))
    if comparison.submodels is not None and len(comparison.submodels):
        drawing = Drawing("submodels", (comparison.submodels, comparison.baseline))
        figures.save_figure(figures.draw(drawing), pictures / "submodels")
    (place / "report.md").write_text(page(comparison), encoding="utf-8", newline="\n")
    (place / REPORT).write_text(
        html_page([pairs_page(comparison, pictures, model=model_of(place / REPORT))]), encoding="utf-8", newline="\n"
    )


def page(comparison: PairedRuns) -> str:
    """Return the text of the report; totals are those of real people."""
    comparison = comparison.real()
    parts = [
        "# " + escaped(f"{' and '.join(comparison.others)} against {comparison.baseline}"),
        *(f"**Warning**: {line}" for line in caveats.few_pairs(comparison.runs)),
        "## Before you read on",
        *(
            escaped(line, code=True)
            for line in caveats.preface(
                comparison.scenarios, comparison.runs, comparison.baseline, comparison.uncertainties
            )
        ),
        "## What was compared",
        escaped(words.how(comparison)),
        *(_introduce(comparison, label) for label in comparison.scenarios),
        *_did(comparison),
        "## What was found",
        *(_found(label, lines) for label, lines in words.findings(comparison).items()),
        "![Effects with intervals](figures/effects.png)",
        "![Trade by channel over time](figures/trade-by-channel.png)",
        "## All effects",
        "The effect is the mean over seeds of scenario minus baseline. A star marks an interval that leaves zero out; among "
        "so many outcomes a few do so by chance, and are not named above. "
        "Same sign: runs whose effect has the sign of the mean. pp: percentage points.",
        effect_markdown(comparison),
        *_across(comparison),
        *_by_group(comparison),
        *_rivals(comparison),
        *_costs(comparison),
        "## Notes",
        bullets(_notes(comparison)),
        "## Limits",
        bullets(caveats.limits(comparison.scenarios, comparison.baseline)),
    ]
    return "\n\n".join(parts) + "\n"


def _introduce(comparison: PairedRuns, label: str) -> str:
    scenario = comparison.scenarios[label]
    about = ". ".join(filter(None, [scenario.title.rstrip("."), " ".join(scenario.question.split())]))
    return f"- **{escaped(label)}**: {escaped(about)}" if about else f"- **{escaped(label)}**"


def _found(label: str, lines: list[str]) -> str:
    return "\n".join([f"- **{escaped(label)}**: {escaped(lines[0])}", *(f"  - {escaped(line)}" for line in lines[1:])])


def _across(comparison: PairedRuns) -> list[str]:
    """Which conclusions hold across the parameter sets, where there are several."""
    told = doubt.conclusions(comparison.effects)
    return [] if told is None else ["## Which conclusions hold", doubt.HOW, conclusions_markdown(told)]


def _by_group(comparison: PairedRuns) -> list[str]:
    """Who gains and who loses, where groups were asked for."""
    effects = comparison.effects_by_group
    if effects is None:
        return []
    pictures = [f"![Effects by {key}](figures/{figure_by(key)}.png)" for key in in_key_order(effects)]
    found = groups.effect_markdown(effects)
    shown = "Outcomes in which the interval of some group leaves zero out; `effects_by_group.csv` has all."
    return ["## For whom", *notes(effects), *pictures, *([shown, found] if found else [])]


def _rivals(comparison: PairedRuns) -> list[str]:
    """What turns under rival rules, where these were asked for."""
    table = comparison.submodels
    if table is None:
        return []
    if not len(table):
        return ["## Under rival rules", "No pair of runs under a rival is there."]
    lines = ["| " + " | ".join(SUMMARY) + " |", "|---|---|---|" + "---:|" * (len(SUMMARY) - 3)]
    lines += ["| " + " | ".join(map(escaped, row)) + " |" for row in rival_summary(table)]
    how = "How many effects that are told from zero by the usual rules are so under each rival; `submodels.csv` has every effect."
    picture = "![Effects by the usual rules and under each rival](figures/submodels.png)"
    return ["## Under rival rules", bullets(rival_sentences(table)), how, "\n".join(lines), picture]


def _costs(comparison: PairedRuns) -> list[str]:
    """What a unit of harm averted costs, where anything can be said of that."""
    costs = cost_per(comparison.outcomes, comparison.effects, comparison.baseline)
    if not len(costs):
        return []
    how = "The interval of a ratio is Fieller's, 95 %. Where it is not told from zero that anything is averted, there is no ratio."
    return ["## Cost-effectiveness", how, cost_markdown(costs)]


def _did(comparison: PairedRuns) -> list[str]:
    """What the policies did, where there are any, and where that was less than they were meant for."""
    if comparison.policies is None or not len(comparison.policies):
        return []
    said = [f"- {line}" for line in deeds.budgets(comparison.policies, comparison.scenarios)]
    said += [f"- **Warning**: {line}" for line in deeds.shortfalls(comparison.policies)]
    parts = ["## What the policies did", "\n".join(said), deeds.markdown(comparison.policies)]
    parts.append("People, vendors, contacts and money are real ones. `policies.csv` has a row for each run.")
    return [part for part in parts if part]


def _notes(comparison: PairedRuns) -> list[str]:
    return [
        *words.notes(comparison),
        *other_differences(comparison.scenarios),
        "Files hold the totals of the simulated consumers, those whose name ends in `_real` those of real people.",
        "`effects.csv` and `effects.parquet` hold every effect, `outcomes` every run, `daily.parquet` every day of "
        "every run, `cost_effectiveness` what averting a death and a healthy life year lost costs; the Parquet files "
        "carry the meaning and the unit of each column.",
        "`record.json`, here or one folder up, holds the scenarios with every value, the seeds, the versions and the hash of each file.",
    ]
