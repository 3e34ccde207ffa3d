"""The commands around studies: `odm study`, `odm results`, `odm verify`, `odm report`. Heavy modules are imported inside them."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli import finished, output, support

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.table import Table
    from rich.text import Text


MOST_WOKEN = 8
"""Workers at most that are woken before it is known how many runs there are."""
Json = Annotated[bool, typer.Option("--json", help="Print JSON: one object a line while a study works.")]


class Place(StrEnum):
    """Where runs are done."""

    processes = "processes"
    dask = "dask"


class People(StrEnum):
    """Whose totals a report shows."""

    real = "real"
    simulated = "simulated"
    both = "both"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (study, results, verify, report):
        app.command()(command)


def study(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Path of a study file, or the name of one that ships.")],
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with what is in the folder; runs lost with their workers are done again."),
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Go on, and do runs again that failed.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes; by default one a core.")] = None,
    executor: Annotated[Place, typer.Option(help="Where runs are done.")] = Place.processes,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler: tcp://HOST:PORT, or its file.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", parser=support.path, metavar="DIR", help="Folder; by default results/NAME.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many runs, how long, how much disk.")] = False,
    ensemble: Annotated[
        str | None,
        typer.Option(
            parser=support.ensemble,
            metavar="FILE",
            help="Draw worlds from the ensemble of a calibration; `default`: the one that ships.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change a key of the file, such as sensitivity.samples=64."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Do a study from its file, stop it, and go on with it."""
    woken = 0 if resume or retry or dry_run or executor is not Place.processes else MOST_WOKEN
    with support.explained(), awake(workers, woken):
        from sim.report.study import run_study
        from sim.studies.store.names import file_name
        from sim.studies.study_files import Study

        ready = Study.load(file, settings or (), **({} if ensemble is None else {"ensemble": ensemble}))
        if dry_run:
            finished.print_estimate(ready, workers, out, as_json)
            return
        from sim.cli.progress import show_study

        folder = out or Path("results") / file_name(ready.name)
        with stoppable(folder), show_study(ready.name, as_json) as tell:
            done = run_study(
                ready, folder, resume=resume, retry=retry, workers=workers, executor=executor.value,
                scheduler=scheduler, on_event=tell,
            )  # fmt: skip
        output.kept(folder)
        if not as_json:
            finished.print_study(done)
        if done.failed or done.aborted:
            raise typer.Exit(1)


def results(
    folder: Annotated[Path, typer.Argument(parser=support.path, metavar="DIR", help="Folder of a study.")],
    sql: Annotated[
        str | None, typer.Option(metavar="QUERY", help="A query over runs, outcomes, daily, groups, policies and plan.")
    ] = None,
    by: Annotated[
        str, typer.Option(metavar="KEYS", help="Show outcomes by the groups that the study kept: segment, for example.")
    ] = "",
    csv: Annotated[bool, typer.Option("--csv", help="Print rows as CSV.")] = False,
    as_json: Json = False,
) -> None:
    """Show what a study has, or query it."""
    with support.explained():
        from sim.studies.store.results import VIEWS, Results

        found = Results(folder)
        if by:
            frame = found.means_by_group(*support.names(by))
        elif sql is None:
            frame = found.sql("SELECT scenario, status, count(*) AS runs FROM runs GROUP BY ALL ORDER BY ALL")
        else:
            frame = found.sql(sql)
        if csv:
            print(frame.to_csv(index=False), end="")
        elif as_json:
            support.print_json(_plain(frame))
        else:
            output.console().print(_table(frame, output.width()))
            if sql is None and not by:
                for name, text in VIEWS.items():
                    output.line(f"{name}: {text}")
                output.line(
                    "Totals here are those of the simulated consumers, in reports of the real people for whom they stand: "
                    "`odm show SCENARIO` says for how many each of them does."
                )


def verify(
    folder: Annotated[
        Path, typer.Argument(parser=support.path, metavar="DIR", help="Folder of a study, a comparison or a run.")
    ],
    sample: Annotated[int, typer.Option(min=0, help="How many runs, picked at random, to do again, bit for bit.")] = 3,
    run_code: Annotated[
        bool, typer.Option("--run-code", help="Execute the Python files that the scenarios of these results use.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Decides which runs are done again; by default others each time.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check results against their record, and do some runs again; nothing in the folder is executed without --run-code."""
    with support.explained():
        from sim.studies.execution.verify import code_of
        from sim.studies.execution.verify import verify as check

        if run_code and sample:
            for file in code_of(folder):
                output.say(f"Running {file}, since --run-code says so.")
        report = check(folder, sample, run_code=run_code, seed=seed)
        if as_json:
            support.print_json(report)
        else:
            for line in (*report["problems"], *(f"Note: {note}" for note in report["notes"])):
                print(output.clean(line))
            again = report["runs_again"]
            if again:
                print(
                    f"Done again, {len(again)} of {report['runs']} runs (--seed {report['sample_seed']} takes the same):"
                )
                print("\n".join(f"  {run}" for run in again))
            if report["ok"]:
                bits = f"; {len(again)} runs done again gave the same bits" if again else ""
                print(f"{report['files']} files fit the record, {report['runs']} runs their digests{bits}.")
            else:
                print(f"{report['files']} files and {report['runs']} runs do NOT all fit the record.")
        if not report["ok"]:
            raise typer.Exit(1)


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


@contextmanager
def awake(workers: int | None, runs: int, ahead: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Have workers load the model while this process loads what it needs itself; none where there may be nothing to run.

    With ``ahead`` they do some days that are likely to be needed; see `sim.studies.execution.executors.get_ready`.
    """
    from sim.studies.execution.executors import early

    with early(workers, runs, ahead):
        yield


@contextmanager
def stoppable(folder: Path | None) -> Iterator[None]:
    """Say after an interruption what is kept, and how to go on; the signal that a cluster's time limit sends is one too.

    Parameters
    ----------
    folder
        Where runs are kept; None where they are not.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        output.say(_after_interruption(folder))
        raise typer.Exit(130) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def say_what_is_left(done: int, runs: int, last: int) -> None:
    """Say, after an interruption of several runs that are kept nowhere, how to do the others; `last` is the last seed done."""
    output.say(
        f"Interrupted. {done} of {runs} runs had ended; for the others: --seed {last + 1} --runs {runs - done}. "
        "With --out DIR, runs that have ended are kept, and --resume goes on."
    )


def _after_interruption(folder: Path | None) -> str:
    if folder is None:
        return "Interrupted. Nothing was kept; with --out DIR, runs that have ended are kept, and --resume goes on."
    if not (folder / "study.json").exists():
        return "Interrupted. Nothing was written."
    return f"Interrupted. What was finished is kept in {folder}; go on with --resume."


def _plain(frame: DataFrame) -> list[dict[str, Any]]:
    """Rows as plain data; NaN and missing become null."""
    import json

    return json.loads(frame.to_json(orient="records", date_format="iso", double_precision=15))


def _table(frame: DataFrame, width: int, most: int = 60) -> Table | Text:
    """The first rows for a terminal; columns that have no room are named, the last ones first."""
    from sim.report.text.columns import Column, Heading, Row, lay_out

    texts = [[output.clean(_cell(value)) for value in row] for row in frame.head(most).itertuples(index=False)]
    numeric = [kind.kind in "iuf" for kind in frame.dtypes]
    columns = [
        Column(output.clean(str(name)), right=number, wraps=not number, drop=place)
        for place, (name, number) in enumerate(zip(frame.columns, numeric, strict=True))
    ]
    rows: list[Row] = list(texts)
    if len(frame) > most:
        rows.append(Heading(f"first {most} of {len(frame):,} rows; --csv prints all"))
    return lay_out(columns, rows, width, "--csv prints all")


def _cell(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
