"""The command `odm validate`. Heavy modules are imported inside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli import output, studies, support

if TYPE_CHECKING:
    from sim.report.validation import Validation


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(validate)


def validate(
    targets: Annotated[
        Path | None,
        typer.Option(parser=support.path, metavar="FILE", help="Targets file; by default the targets that ship."),
    ] = None,
    ensemble: Annotated[
        str | None,
        typer.Option(
            parser=support.ensemble,
            metavar="FILE",
            help="Parameter sets, as a calibration writes them; `default`: those that ship.",
        ),
    ] = None,
    members: Annotated[
        int | None,
        typer.Option(min=1, help="Sets of the ensemble, drawn in proportion to their weights; by default all."),
    ] = None,
    runs: Annotated[
        int | None, typer.Option(min=1, help="Runs of each world and parameter set; by default 4, of an ensemble 1.")
    ] = None,
    level: Annotated[
        str, typer.Option(metavar="NAMES", help="Only targets of these levels, with commas between.")
    ] = "",
    consumers: Annotated[
        int | None, typer.Option(help="Simulated consumers of every world; by default its own.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the first run; by default 10001, which no calibration used.")
    ] = None,
    submodels: Annotated[
        str,
        typer.Option(
            metavar="RIVALS",
            help="Hold rival rules against the same facts: `all`, or NAME=VALUE, with commas between.",
        ),
    ] = "",
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes; by default one a core.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            parser=support.path,
            metavar="DIR",
            help="Folder for runs, data and report; without it, nothing is kept.",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the validation in the folder.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Hold the model against published facts: run the worlds that they need, and say what is in range and what is missed."""
    with support.explained():
        import mesa  # noqa: F401 - it reads the source of every frame on the stack: cheapest from here

        from sim.cli.progress import show_study
        from sim.report.validation import validate as hold

        with studies.stoppable(out), show_study("validation", as_json=False, quiet=as_json) as tell:
            result = hold(
                targets, ensemble=ensemble, members=members, runs=runs, levels=support.names(level), consumers=consumers, seed=seed,
                submodels=support.names(submodels), workers=workers, out=out, resume=resume, on_event=tell,
            )  # fmt: skip
        output.kept(out)
        if as_json:
            support.print_json(result.to_json())
        else:
            _print(result, out)
        if result.failed:  # as a study does
            raise typer.Exit(1)


def _print(result: Validation, out: Path | None) -> None:
    """Print targets and totals as tables, what is missed and what is not measured, and how to read it."""
    from sim.report.text import validation as text

    output.line(text.how(result))
    output.line()
    output.console().print(text.target_table(result, output.width()))
    output.line()
    output.console().print(text.total_table(result.estimates, output.width()))
    if result.rivals:
        output.line()
        output.console().print(text.rival_table(result, output.width()))
    for title, lines in (
        ("Missed", text.misses(result.estimates)),
        ("Not measured", text.unmeasured(result.estimates)),
    ):
        if lines:
            output.line()
            output.line(f"{title}:", style="bold")
        for line in lines:
            output.line(f"- {line}")
    output.line()
    output.line(f"Note: {text.HOW_TO_READ} In brackets behind the mean: 90 % of {text.interval(result)}.")
    if result.failed:
        output.line(f"Warning: {result.failed} runs have no outcomes and are left out.")
    if out is not None:
        output.line(f"Written to {out}: answer/report.md, answer/validation.json; every run: odm results {out}")
    output.line(result.last_line)
