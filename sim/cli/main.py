"""The `odm` command.

Heavy modules are imported inside the commands, so that help and mistakes in the options answer at once.
"""

from __future__ import annotations

import gc
import sys
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sim._version import __version__
from sim.cli import finished, observing, output, page, studies, support, validate
from sim.studies.runs import lazily

app = typer.Typer(
    name="odm",
    help="Simulate online drug markets and what is done about them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario's name, or the path of a YAML file.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Seed of the first run; by default the scenario's.")]
Days = Annotated[
    str | None,
    typer.Option(metavar="DAYS", help="Days from day 0 on, or the date that ends them; by default the scenario's."),
]
BurnIn = Annotated[int | None, typer.Option("--burn-in", min=0, help="Days before day 0; by default the scenario's.")]
Consumers = Annotated[int | None, typer.Option(help="Simulated consumers; by default the scenario's.")]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value of the scenario; may be given several times."),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        parser=support.path,
        metavar="DIR",
        help="Folder for the results; of several runs, it keeps each as it ends.",
    ),
]
Tables = Annotated[str, typer.Option(metavar="NAMES", help="Tables to write, with commas between them, or `all`.")]
By = Annotated[
    str,
    typer.Option(
        metavar="KEYS",
        help="Report by group too: jurisdiction, segment, age, sex, channel, substance, with commas between; or crossed, with colons.",
    ),
]
Submodels = Annotated[
    str, typer.Option(metavar="RIVALS", help="Do it again under rival rules, one at a time: `all`, or NAME=VALUE, with commas between.")
]  # fmt: skip
Workers = Annotated[int | None, typer.Option(min=1, help="Worker processes; by default one a core.")]
Kept = Annotated[
    Path | None,
    typer.Option(
        "--out", parser=support.path, metavar="DIR", help="Folder that keeps every run; without it, nothing is kept."
    ),
]
Ensemble = Annotated[
    str | None,
    typer.Option(
        parser=support.ensemble,
        metavar="FILE",
        help="Run the pairs in parameter sets of a calibration; `default`: those that ship.",
    ),
]
Members = Annotated[
    int | None, typer.Option(min=1, help="Parameter sets to share the pairs out over; by default half as many.")
]
Audit = Annotated[bool, typer.Option("--audit", help="Check every conservation identity each day.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


class Listing(StrEnum):
    """What `odm list` can list."""

    SCENARIOS = "scenarios"
    POLICIES = "policies"
    OUTCOMES = "outcomes"
    PARAMETERS = "parameters"
    TABLES = "tables"


def _version(asked: bool) -> None:
    if asked:
        print(f"odm {__version__}")
        raise typer.Exit


@app.callback()
def odm(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Simulate online drug markets and what is done about them."""
    support.say_namesake(Path())


@app.command()
def run(
    scenario: ScenarioName,
    runs: Annotated[int, typer.Option(min=1, help="Runs, each with the next seed.")] = 1,
    seed: Seed = None,
    days: Days = None,
    burn_in: BurnIn = None,
    consumers: Consumers = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Threads inside a run; by default all cores for large worlds, one for small."),
    ] = None,
    changes: Changes = None,
    out: Out = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the runs in the folder.")] = False,
    tables: Tables = "",
    by: By = "",
    audit: Audit = False,
    profile: Annotated[bool, typer.Option("--profile", help="Say where the time of a day goes, of one run.")] = False,
    as_json: Json = False,
) -> None:
    """Run a scenario and print its outcomes; with --out, several runs can be stopped and gone on with."""
    with support.explained():
        with support.loading():
            import mesa  # noqa: F401 - it reads the source of every frame on the stack: cheapest from here

            from sim.cli.progress import run_progress, show_study
            from sim.studies.execution.several import run_several
            from sim.studies.runs.simulate import check_tables, load_scenario

            groups = support.names(by)
            wanted = check_tables(support.names(tables), groups)
            ready = load_scenario(scenario, days=days, burn_in=burn_in, consumers=consumers, overrides=changes or ())
        kept = out is not None and runs > 1
        with ExitStack() as around:
            seen = around.enter_context(support.profile_of(runs)) if profile else None
            if kept:
                around.enter_context(studies.stoppable(out))
            tell = around.enter_context(show_study(ready.name, as_json=False, quiet=as_json)) if kept else None
            progress = None if kept else around.enter_context(run_progress(ready.name, as_json))
            if runs == 1:
                progress = around.enter_context(support.stopped_between_days(progress))
            results = run_several(
                ready, runs, seed=seed, threads=threads, tables=wanted, audit=audit, out=out, resume=resume,
                progress=progress, on_event=tell, by=groups,
            )  # fmt: skip
        output.kept(out)
        if as_json:
            found = [result.to_json() | ({} if seen is None else {"profile": seen.to_json()}) for result in results]
            support.print_json(found[0] if runs == 1 else found)
        else:
            finished.print_runs(results, out)
            if seen is not None:
                finished.print_profile(seen)
        if results[0].days < ready.days:
            output.say(
                f"Stopped after day {results[0].days:,} of {ready.days:,}: everything above is of these days only."
            )
            raise typer.Exit(130)
        if len(results) < runs:
            studies.say_what_is_left(len(results), runs, results[-1].seed)
            raise typer.Exit(130)


@app.command()
def compare(
    baseline: Annotated[str, typer.Argument(metavar="BASELINE", help="Name or path of the baseline.")],
    others: Annotated[list[str], typer.Argument(metavar="OTHER...", help="Names or paths of what to compare with it.")],
    runs: Annotated[int, typer.Option(min=1, help="Paired runs of each scenario.")] = 8,
    seed: Seed = None,
    days: Days = None,
    burn_in: BurnIn = None,
    consumers: Consumers = None,
    workers: Workers = None,
    changes: Changes = None,
    out: Kept = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the comparison in the folder.")] = False,
    tables: Tables = "",
    by: By = "",
    submodels: Submodels = "",
    audit: Audit = False,
    ensemble: Ensemble = None,
    members: Members = None,
    as_json: Json = False,
) -> None:
    """Compare scenarios with a baseline over runs of equal seeds, stop it, and go on with it."""
    woken = 0 if resume or workers == 1 else runs * (1 + len(others))
    with support.explained(), studies.awake(workers, woken):
        import mesa  # noqa: F401 - it reads the source of every frame on the stack: cheapest from here

        from sim.cli.progress import show_study
        from sim.report.comparison import compare as compare_scenarios

        with studies.stoppable(out), show_study(f"{1 + len(others)} scenarios", as_json=False, quiet=as_json) as tell:
            comparison = compare_scenarios(
                baseline, others, runs=runs, seed=seed, days=days, burn_in=burn_in, consumers=consumers, workers=workers,
                tables=support.names(tables), by=support.names(by), submodels=support.names(submodels), overrides=changes or (), audit=audit, out=out,
                resume=resume, on_event=tell, ensemble=ensemble, members=members,
            )  # fmt: skip
        output.kept(out)
        if as_json:
            support.print_json(comparison.to_json())
        else:
            finished.print_comparison(comparison, out)


studies.add_to(app)
page.add_to(app)
validate.add_to(app)
app.command()(observing.observe)


@app.command("list")
def list_(what: Annotated[Listing, typer.Argument(help="What to list.")], as_json: Json = False) -> None:
    """List scenarios, policies, outcomes, parameters or tables."""
    with support.explained():
        from sim.cli import listing

        rows = getattr(listing, what.value)()
        if as_json:
            support.print_json(rows)
        else:
            output.console().print(listing.as_table(what.value, rows, output.width()))


@app.command()
def show(
    scenario: ScenarioName,
    changes: Changes = None,
    full: Annotated[
        bool, typer.Option("--full", help="Print every value with unit and source, as a scenario file.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print what a scenario asks, does and changes; with --full all of it."""
    with support.explained():
        from sim.studies.runs.simulate import load_scenario

        loaded = load_scenario(scenario, overrides=changes or ())
        if as_json:
            support.print_json(loaded.resolved())
        elif full:
            print(loaded.to_yaml(sources=True))
        else:
            from sim.cli.showing import summary

            print(output.clean(summary(loaded, scenario, output.width())))


@app.command()
def doctor(
    only_prepare: Annotated[
        bool, typer.Option("--prepare", help="Compile the model, so that no run has to, and do nothing else.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check the installation and the equality of runs."""
    with support.explained():
        from sim.studies.doctor import examine, in_words, prepare

        if only_prepare:
            done = prepare()
            if as_json:
                support.print_json(done)
            else:
                print(f"{done['kernels']} kernels are ready ({done['seconds']} s).")
            return
        report = examine()
        if as_json:
            support.print_json(report)
        else:
            print("\n".join(in_words(report)))
        if not report["ok"]:
            raise typer.Exit(1)


def main() -> None:
    """Run the `odm` command."""
    gc.set_threshold(100_000, 50, 50)  # imports make many objects and no rubbish
    lazily.load_late()
    output.settle()
    try:
        app()
    except SystemExit as stop:
        raise SystemExit(output.ended(stop.code)) from None
    finally:
        if "duckdb" not in sys.modules:  # which complains of what is left at the end
            gc.freeze()  # nothing is to be found among what goes with the process, and looking takes half a second
