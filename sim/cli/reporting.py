"""`odm report`: the report of a comparison or a study as one HTML file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sim.cli import output, support


class People(StrEnum):
    """Whose totals a report shows."""

    real = "real"
    simulated = "simulated"
    both = "both"


def report(
    folder: Annotated[
        Path,
        typer.Argument(parser=support.path, metavar="DIR", help="Folder of a comparison or a study, ended or not."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", parser=support.path, metavar="FILE", help="File to write; by default report.html in DIR."
        ),
    ] = None,
    people: Annotated[
        People | None,
        typer.Option(
            help="Whose totals: of real people, of the simulated consumers, or both, apart; by default the study's own."
        ),
    ] = None,
    validation: Annotated[
        Path | None,
        typer.Option(
            parser=support.path, metavar="FILE", help="A stored validation; by default validation.json in DIR."
        ),
    ] = None,
    run_code: Annotated[
        bool, typer.Option("--run-code", help="Execute the Python files that the scenarios of these results use.")
    ] = False,
    show: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
) -> None:
    """Write the report of a comparison or a study: one HTML file that needs nothing else, to read, print and send."""
    with support.explained():
        from sim.report.folder import open_in_browser, write_report

        file = write_report(folder, out, people.value if people is not None else None, run_code, validation)
        output.kept(file)
        output.line(f"Written to {file}")
        if show and not open_in_browser(file):
            output.say(f"No browser could be started; open {file} in one.")
