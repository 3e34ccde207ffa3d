"""What `odm run`, `odm compare` and `odm study` print at the end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli import output, support

if TYPE_CHECKING:
    from sim.report.comparison import Comparison
    from sim.studies.execution.conduct import Conducted
    from sim.studies.runs.one_run import RunResult
    from sim.studies.runs.profile import Profile
    from sim.studies.study import ReadyStudy


def print_runs(results: Sequence[RunResult], out: Path | None) -> None:
    """Print the outcomes of one or several runs of a scenario, totals as those of real people."""
    from sim.report.text import deeds, groups, tables, words
    from sim.studies.runs.one_run import what_policies_did

    results = [result.real() for result in results]
    first, did = results[0], what_policies_did(results) if any(result.deeds for result in results) else None
    output.line(words.how_run(results))
    output.line()
    output.console().print(tables.outcome_table([result.outcomes for result in results], output.width()))
    output.line()
    by_group = [result.by_group for result in results if result.by_group is not None]
    for title, table in groups.level_tables(by_group, output.width()) if by_group else ():
        output.line(title, style="bold")
        output.console().print(table)
        output.line()
    for line in deeds.shortfalls(did):
        output.line(f"Warning: {line}")
    for note in (*deeds.budgets(did, {first.scenario.name: first.scenario}), *words.run_notes(results)):
        output.line(f"Note: {note}")
    seconds = sum(result.elapsed_s for result in results if math.isfinite(result.elapsed_s))
    output.line(f"{seconds:.1f} s for the run{'s' if len(results) > 1 else ''}, {first.compile_s:.1f} s to get ready.")
    if out is not None:
        output.line(f"Written to {out}" + (f"; every run: odm results {out}" if len(results) > 1 else ""))


def print_profile(profile: Profile) -> None:
    """Print where the time of a day went."""
    from sim.report.text.profile import KEY, profile_table

    output.line()
    output.console().print(profile_table(profile, output.width()))
    output.line(KEY)


def print_comparison(comparison: Comparison, out: Path | None) -> None:
    """Print the effects, totals as those of real people, and in words which of them are clear."""
    from sim.report.text import caveats, deeds, groups, tables, words
    from sim.studies.findings.groups import notes as group_notes
    from sim.studies.findings.turns import rival_sentences

    comparison = comparison.real()
    width = output.width()
    together = [comparison.others] if width >= output.NARROW else [[label] for label in comparison.others]
    output.line(words.how(comparison))
    output.line()
    for labels in together:
        if len(labels) == 1:
            output.line(f"{labels[0]} against {comparison.baseline}", style="bold")
        output.console().print(tables.effect_table(comparison, labels, width))
    output.line(
        "* the interval leaves zero out. Effect: mean over seeds of scenario minus baseline. pp: percentage points."
    )
    effects = comparison.effects_by_group
    if effects is not None:
        for label in comparison.others:
            for title, table in groups.effect_tables(effects, label, width):
                output.line()
                output.line(title, style="bold")
                output.console().print(table)
    costs = comparison.cost_effectiveness
    if len(costs):
        output.line()
        output.console().print(tables.cost_table(costs, width))
        output.line()
    spent = deeds.budgets(comparison.policies, comparison.scenarios)
    for note in (*caveats.few_pairs(comparison.runs), *spent, *words.notes(comparison), *(group_notes(effects) if effects is not None else ())):  # fmt: skip
        output.line(f"Note: {note}")
    for line in deeds.shortfalls(comparison.policies):
        output.line(f"Warning: {line}")
    output.line()
    for label, lines in words.findings(comparison).items():
        output.line(f"{label}: {lines[0]}")
        for line in lines[1:]:
            output.line(f"  {line}")
    if comparison.submodels is not None:
        output.line()
        output.line("Under rival rules", style="bold")
        for line in rival_sentences(comparison.submodels) or ("No pair of runs under a rival is there.",):
            output.line(f"  {line}")
    if out is not None:
        output.line(f"Written to {out}; every run: odm results {out}")
        output.line(f"The report: {out / 'answer' / 'report.html'}, and in short report.md beside it")
    else:
        output.line("Nothing was kept; --out DIR keeps every run, the report and the figures.")


def print_estimate(ready: ReadyStudy, workers: int | None, out: Path | None, as_json: bool) -> None:
    """Print what a study would take."""
    from sim.studies.execution.dry_run import estimate
    from sim.studies.store.names import file_name

    found = estimate(ready, workers, out=out or Path("results") / file_name(ready.name))
    if as_json:
        support.print_json(found)
        return
    minutes = found["hours"] * 60
    long = f"{minutes:.1f} minutes" if minutes < 120 else f"{found['hours']:.1f} hours"
    print(
        f"{found['study']} ({found['kind']}): at most {found['runs']:,} runs, each about {found['seconds_a_run']:.1f} s; "
        f"{long} with {found['workers']} workers.\n"
        f"Disk: {found['megabytes']:,.1f} MB ({found['bytes_a_run'] / 1000:.1f} kB a run); {found['free_megabytes']:,} MB are free."
    )
    if not found["enough_disk"]:
        print("That is not enough disk.")


def print_study(done: Conducted) -> None:
    """Print findings, and name what failed."""
    from sim.report.text import deeds

    lost = f", {done.aborted} lost with their workers" if done.aborted else ""
    for found in done.answer.findings:
        output.line(f"- {found}")
    for line in deeds.shortfalls(done.answer.tables.get("policies")):
        output.line(f"Warning: {line}")
    for note in done.answer.notes:
        output.line(f"Note: {note}")
    output.line(f"{done.runs} runs, {done.failed} failed{lost}. Written to {done.folder}")
    output.line(f"The report: {done.folder / 'answer' / 'report.html'}, and in short report.md beside it")
    broken = done.failed + done.aborted
    if broken:
        output.say(f"{broken} of {done.runs} runs have no outcomes:")
        for row in done.failures.head(20).to_dict("records"):
            at = f", {row['inputs']}" if row["inputs"] != "{}" else ""
            output.say(f"  {row['status']}: {row['scenario']}, seed {row['seed']}{at}: {row['error']}")
        if broken > 20:
            output.say(f"  and {broken - 20} more")
        again = [f"--resume does again what was lost with a worker ({done.aborted})"] if done.aborted else []
        again += [f"--retry does again what failed too ({done.failed})"] if done.failed else []
        output.say(
            f"{'; '.join(again)}. Their tracebacks: odm results DIR --sql \"select * from runs where status <> 'ok'\""
        )
