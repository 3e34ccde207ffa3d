"""The short report of a comparison: findings, pictures and the table in one Markdown page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sim.report import figures
from sim.report.text import words
from sim.report.text.markdown import escaped
from sim.report.text.tables import effect_markdown
from sim.studies.kinds import other_differences

if TYPE_CHECKING:
    from sim.studies.runs.compare import PairedRuns


def write_page(comparison: PairedRuns, place: Path) -> None:
    """Write `report.md` and the figures that it shows, as PNG and SVG, into a folder."""
    pictures = place / "figures"
    pictures.mkdir(exist_ok=True)
    figures.save_figure(figures.effects_figure(comparison), pictures / "effects")
    figures.save_figure(figures.trade_figure(comparison), pictures / "trade-by-channel")
    (place / "report.md").write_text(page(comparison), encoding="utf-8")


def page(comparison: PairedRuns) -> str:
    """Return the text of the report."""
    parts = [
        "# " + escaped(f"{' and '.join(comparison.others)} against {comparison.baseline}"),
        escaped(words.how(comparison)),
        "## What was compared",
        *(_introduce(comparison, label) for label in comparison.scenarios),
        "## What was found",
        *(_found(label, lines) for label, lines in words.findings(comparison).items()),
        "![Effects with intervals](figures/effects.png)",
        "![Trade by channel over time](figures/trade-by-channel.png)",
        "## All effects",
        "The effect is the mean over seeds of scenario minus baseline. A star marks an interval that leaves zero out. "
        "Same sign: runs whose effect has the sign of the mean. pp: percentage points.",
        effect_markdown(comparison),
        "## Notes",
        "\n".join(f"- {escaped(note, code=True)}" for note in _notes(comparison)),
    ]
    return "\n\n".join(parts) + "\n"


def _introduce(comparison: PairedRuns, label: str) -> str:
    scenario = comparison.scenarios[label]
    about = ". ".join(filter(None, [scenario.title.rstrip("."), " ".join(scenario.question.split())]))
    return f"- **{escaped(label)}**: {escaped(about)}" if about else f"- **{escaped(label)}**"


def _found(label: str, lines: list[str]) -> str:
    return "\n".join([f"- **{escaped(label)}**: {escaped(lines[0])}", *(f"  - {escaped(line)}" for line in lines[1:])])


def _notes(comparison: PairedRuns) -> list[str]:
    return [
        *words.notes(comparison),
        *other_differences(comparison.scenarios),
        "`effects.csv` and `effects.parquet` hold every effect, `outcomes` every run, `daily.parquet` every day of "
        "every run; the Parquet files carry the meaning and the unit of each column.",
        "`record.json`, here or one folder up, holds the scenarios with every value, the seeds, the versions and the hash of each file.",
    ]
