"""The command `odm observe`. Heavy modules are imported inside it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli import output, support

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.table import Table
    from rich.text import Text

HEADS = ("what", "estimator", "windows", "latent", "observed", "observed / latent")


def observe(
    folder: Annotated[
        Path,
        typer.Argument(
            parser=support.path,
            metavar="DIR",
            help="Folder of a run that kept tables, or DIR/tables/SCENARIO/seed-N of several.",
        ),
    ],
    settings: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Settings of the observer, a YAML file, or `perfect`; by default as documented."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", parser=support.path, metavar="DIR", help="Folder for what is recorded.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Show a stored run as crawlers, surveys, police and health services would see it."""
    with support.explained():
        from sim.studies.runs.observed import observe_folder

        found = observe_folder(folder, settings)
        if out is not None:
            from sim.report.figures import save_figure
            from sim.report.observed import observed_figure

            figure = observed_figure(found.tables["estimates"])
            found.save(out, draw=lambda place: save_figure(figure, place / "observed"))
            output.kept(out)
        if as_json:
            support.print_json(found.to_json())
            return
        output.line(
            f"{found.scenario}, seed {found.seed}: what an observer makes of it, beside what was there (means over windows or surveys)"
        )
        output.line()
        output.console().print(_table(found.summary(), output.width()))
        if out is not None:
            output.line(f"Written to {out}: every table, and a picture, observed.png")
        else:
            output.line("Nothing was kept; --out DIR keeps every table.")


def _table(rows: DataFrame, width: int) -> Table | Text:
    """The summary for a terminal."""
    from sim.report.text.columns import Column, lay_out

    columns = [Column(name, wraps=k < 2, right=k >= 2) for k, name in enumerate(HEADS)]
    texts = [
        [row["what"], row["estimator"], f"{row['windows']:,}", *(_number(row[name]) for name in ("latent", "observed", "ratio"))]
        for row in rows.to_dict("records")
    ]  # fmt: skip
    return lay_out(columns, texts, width)


def _number(value: float) -> str:
    """A number, or a dash where there is none."""
    return f"{value:,.4g}" if math.isfinite(value) else "-"
