"""What `odm run` and `odm compare` print at the end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli import output

if TYPE_CHECKING:
    from sim.report.comparison import Comparison
    from sim.studies.runs.one_run import RunResult


def print_runs(results: Sequence[RunResult], out: Path | None) -> None:
    """Print the outcomes of one or several runs of a scenario."""
    from sim.report.text import tables, words

    first = results[0]
    output.line(words.how_run(results))
    output.line()
    output.console().print(tables.outcome_table([result.outcomes for result in results], output.width()))
    output.line()
    for note in words.run_notes(results):
        output.line(f"Note: {note}")
    seconds = sum(result.elapsed_s for result in results)
    output.line(f"{seconds:.1f} s for the run{'s' if len(results) > 1 else ''}, {first.compile_s:.1f} s to get ready.")
    if out is not None:
        output.line(f"Written to {out}")


def print_comparison(comparison: Comparison, out: Path | None) -> None:
    """Print the effects, and in words which of them are clear."""
    from sim.report.text import caveats, tables, words

    width = output.width()
    groups = [comparison.others] if width >= output.NARROW else [[label] for label in comparison.others]
    output.line(words.how(comparison))
    output.line()
    for labels in groups:
        if len(labels) == 1:
            output.line(f"{labels[0]} against {comparison.baseline}", style="bold")
        output.console().print(tables.effect_table(comparison, labels, width))
    output.line(
        "* the interval leaves zero out. Effect: mean over seeds of scenario minus baseline. pp: percentage points."
    )
    costs = comparison.cost_effectiveness
    if len(costs):
        output.line()
        output.console().print(tables.cost_table(costs, width))
        output.line()
    for note in (*caveats.few_pairs(comparison.runs), *words.notes(comparison)):
        output.line(f"Note: {note}")
    output.line()
    for label, lines in words.findings(comparison).items():
        output.line(f"{label}: {lines[0]}")
        for line in lines[1:]:
            output.line(f"  {line}")
    if out is not None:
        where = f"{out}: answer{os.sep}report.md; every run: odm results {out}"
        output.line(f"Written to {where}")
    else:
        output.line("Nothing was kept; --out DIR keeps every run, the report and the figures.")
