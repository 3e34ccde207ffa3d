"""The command `odm app`: the page on which packages of interventions are put together, compared and read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli import output, support


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("app")(page)


def page(
    out: Annotated[
        Path, typer.Option("--out", parser=support.path, metavar="DIR", help="Folder that keeps what is compared.")
    ] = Path("results/app"),
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; anything but this machine lets others in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes any that is free.")] = 8765,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes of a comparison; by default one a core.")
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, help="Comparisons at work at the same time.")] = 2,
    studies: Annotated[int, typer.Option(min=1, help="Comparisons kept.")] = 500,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
    example: Annotated[
        bool, typer.Option("--example/--no-example", help="Answer the first question at the first start.")
    ] = True,
) -> None:
    """Open the page on which packages of interventions are put together, compared and read; Ctrl-C ends it."""
    with support.explained():
        from sim.app.home import Home, Limits
        from sim.app.shown.serving import serve

        home = Home(out.resolve(), Limits(at_once=at_once, studies=studies))
        serve(
            home,
            host,
            port,
            workers,
            browser,
            lambda where: output.say(f"The page is at {where} (Ctrl-C ends it)."),
            example,
        )
