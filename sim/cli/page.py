"""Commands that open a browser: `odm app`, the page on which packages are put together, compared and read; `odm watch`; and `odm notebooks`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli import output, support


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("app")(page)
    app.command()(watch)
    app.command()(notebooks)


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
        output.say(f"The page is closed. What was compared is in {out}; a comparison that is at work goes on.")


def watch(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A scenario's name, or the path of a YAML file.")
    ] = "baseline",
    consumers: Annotated[
        int | None, typer.Option(help="Simulated consumers; by default 2,000, so that days pass fluently.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed; by default the scenario's.")] = None,
    sliders: Annotated[
        str, typer.Option(metavar="PARAMETERS", help="Parameters to move on the page, with commas between.")
    ] = "",
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change a value of the scenario; may be given several times."),
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; anything but this machine lets others in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes any that is free.")] = 8766,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> None:
    """Watch one world day by day in Mesa's own page: its network, play, step and reset; Ctrl-C ends it."""
    with support.explained():
        from sim.app.watch.serving import check_installed, serve
        from sim.app.watch.world import shown

        what = shown(scenario, consumers, seed, support.names(sliders), changes or ())
        check_installed()
        serve(what, host, port, browser, lambda where: output.say(f"The page is at {where} (Ctrl-C ends it)."))
        output.say("The page is closed.")


def notebooks(
    folder: Annotated[
        Path, typer.Argument(parser=support.path, metavar="[DIR]", help="Folder to work in; by default odm-notebooks.")
    ] = Path("odm-notebooks"),
    start: Annotated[bool, typer.Option("--start/--no-start", help="Start Jupyter on the copies.")] = True,
) -> None:
    """Copy the teaching notebooks into a folder, where they can be changed, and start Jupyter there; what was changed stays as it is."""
    with support.explained():
        from sim.studies.notebooks import copy_notebooks, start_jupyter

        for copy in copy_notebooks(folder):
            print(f"{copy.path}: {copy.state}")
        support.say_namesake(folder)
        if start and (code := start_jupyter(folder)):
            raise typer.Exit(code)
