"""Several runs of one scenario, one after the other, and their files. What only studies need is imported where runs are kept as one."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sim.measures.dictionary import GROWING
from sim.scenario import meant
from sim.studies.errors import RequestError, at_least, describe_failure, run_failed, seeds_from
from sim.studies.runs.machine import usable_cores
from sim.studies.runs.one_run import RunResult, run, write_real, write_run
from sim.studies.runs.simulate import ModelClass, OnDay, check_by, check_tables, default_model
from sim.studies.store.output import growing, staging
from sim.studies.store.own import RECORD, UNREADABLE

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.scenario import Scenario
    from sim.studies.execution.driver import Driver
    from sim.studies.execution.events import OnEvent
    from sim.studies.kinds import Answer
    from sim.studies.study import ReadyStudy

THREADS_FROM = 50_000
"""Consumers from which threads inside a run pay off."""

HEAD = ("point", "scenario", "seed", "run", "status")
"""Columns of what a driver gives that are no outcomes."""


def run_several(
    scenario: Scenario,
    runs: int = 1,
    *,
    seed: int | None = None,
    threads: int | None = None,
    tables: Sequence[str] = (),
    audit: bool = False,
    out: str | Path | None = None,
    resume: bool = False,
    progress: OnDay | None = None,
    on_event: OnEvent | None = None,
    model_class: ModelClass | None = None,
    by: Sequence[str] = (),
) -> list[RunResult]:
    """Run a scenario with one seed after the other.

    Parameters
    ----------
    scenario
        The scenario.
    runs
        Number of runs.
    seed
        Seed of the first run, by default the scenario's; the others take the next ones.
    threads
        Threads inside a run; by default all cores from `THREADS_FROM` consumers on, else one.
    tables
        Tables that each run writes below ``out``.
    audit
        Whether to check every conservation identity each day.
    out
        Folder for the files. Of one run, it appears when all is done, and takes the place of the same run, of no other. Several runs are a study:
        each is kept there as it ends, `Results` reads them, and what was interrupted can be gone on with.
    resume
        Go on with the runs in the folder; those that are there are not done again.
    progress
        Called with the days done and the days in all, over all runs, where runs are not kept one by one; see `run` for what its answer does.
    on_event
        Told what happens where they are; see `sim.studies.execution.events`.
    model_class
        Model to run instead of `MarketModel`.
    by
        What to group people and orders by; see `run`.

    Returns
    -------
    list of RunResult
        Without the tables, which are in the files. Without ``out``, after an interruption (Ctrl-C): those that had ended, if any had.

    Raises
    ------
    RequestError
        If what was asked for is not possible.
    RunFailedError
        If a run fails; names the scenario and the seed. Of several, those that ended before are kept in ``out``.
    StudyError
        If it had to stop for another reason, such as a full disk.
    """
    runs = _checked(runs, tables=bool(tables), kept=out is not None, resume=resume)
    if threads is None:
        threads = usable_cores() if scenario.consumers >= THREADS_FROM else 1
    by = check_by(by, [scenario])
    seeds = seeds_from(scenario.seed if seed is None else seed, runs)
    if out is not None and runs > 1:
        from sim.studies.execution.conduct import How, conduct

        study = _study(scenario, seeds, tables=check_tables(tables, by), audit=audit, by=by)
        how = How(
            resume=resume, retry=resume, workers=1, model_class=model_class or default_model(), on_event=on_event, strict=True,
            threads=threads,
        )  # fmt: skip
        return conduct(study, meant(out), how, _write, _ask).answer.result
    one = partial(_one, scenario, model_class, threads=threads, tables=tables, audit=audit, by=by)
    if out is not None:
        wanted = check_tables(tables, by)
        _refuse_another(out, scenario, seeds[0], {*wanted, *(["outcomes_by_group"] if by else [])})
        large = bool(set(GROWING) & set(wanted))
        return [_filed(partial(one, seeds[0], progress), out, large)]
    return _in_memory(one, seeds, progress)


def _refuse_another(out: str | Path, scenario: Scenario, seed: int, wanted: set[str]) -> None:
    """See that nothing is lost in a folder but the same run: none of another scenario or seed, and no table that is not asked for now."""
    try:
        kept = json.loads((Path(out).expanduser() / RECORD).read_text(encoding="utf-8"))["run"]
        tables = {Path(name).stem for name in kept["files"] if name.endswith(".parquet")}
        differs = {
            "kind": kept["kind"] != "run",
            "scenario": [each["digest"] for each in kept["scenarios"].values()] != [scenario.digest],
            "seed": kept["seeds"] != [seed],
            "tables": bool(tables - wanted - {"daily", "outcomes"}),
        }
    except UNREADABLE:  # no run is there, or a damaged one, which is not replaced
        return
    if any(differs.values()):
        what = ", ".join(name for name, other in differs.items() if other)
        raise RequestError(
            f"output: {out} holds another run, or an earlier form of this one ({what}); it is left as it is; give another folder with --out, or delete this one"
        )


def _checked(runs: int, *, tables: bool, kept: bool, resume: bool) -> int:
    """The number of runs, where they can be done as asked: with tables, in a folder that keeps them, gone on with."""
    if (runs := at_least("runs", runs, 1)) > 1:
        from sim.studies.study import MAX_REPLICATIONS

        if runs > MAX_REPLICATIONS:
            raise RequestError(f"runs: given {runs}, at most {MAX_REPLICATIONS:,}")
    if tables and not kept:
        raise RequestError("tables: they go into files, so give a folder for them (--out)")
    if resume and not kept:
        raise RequestError("resume: without a folder (--out) there is nothing to go on with")
    if resume and runs == 1:
        raise RequestError("resume: one run is there as a whole or not at all; leave it out")
    return runs


def _study(scenario: Scenario, seeds: Sequence[int], **fields: Any) -> ReadyStudy:
    """The study that several runs of a scenario are: a sweep over nothing but seeds."""
    from sim.studies import kinds
    from sim.studies.store.names import file_name
    from sim.studies.study import ReadyStudy, StudyFile

    kind = kinds.get("sweep")
    file = StudyFile(
        name=file_name(f"runs-of-{scenario.name}")[:80],
        kind=kind.name,
        scenarios=(scenario.name,),
        replications=len(seeds),
        seed=seeds[0],
        daily="all",
        exact_daily=True,
        totals="simulated",
        **fields,
    )
    return ReadyStudy(file, {scenario.name: scenario}, (), (), kind.Settings())


def _ask(study: ReadyStudy, driver: Driver) -> Answer:
    """Have the runs done, and put a result together of what is kept of each."""
    from sim.studies.kinds import Answer
    from sim.studies.runs.compare import daily_of, in_order, policies_of, with_dates

    there = set(driver.store.runs())
    runs = driver.evaluate([{}])
    (scenario,) = study.scenarios.values()
    daily, did = daily_of(runs, driver.store, scenario), policies_of(runs, driver.store)
    groups = driver.by_group(runs) if study.file.by else None
    names = in_order([str(name) for name in runs.columns if name not in HEAD], scenario)
    seconds = iter(driver.seconds)
    results = [
        RunResult(
            scenario=scenario,
            seed=int(row["seed"]),
            days=scenario.days,
            consumers=scenario.consumers,
            weight=float(scenario.weight),
            compile_s=0.0 if number else driver.prepare_s,
            elapsed_s=math.nan if row["run"] in there else next(seconds),
            outcomes={name: float(row[name]) for name in names},
            series={str(name): days.to_numpy() for name, days in _of(daily, row["seed"]).set_index("day").items()},
            deeds=cast("list[dict[str, Any]]", _of(did, row["seed"]).to_dict("records")),
            by_group=None if groups is None else _of(groups, row["seed"]),
        )
        for number, row in enumerate(runs.to_dict("records"))
    ]
    tables = {"outcomes": runs[["scenario", "seed", *names]], "daily": with_dates(daily, study.scenarios)}
    return Answer(tables, result=results)


def _write(study: ReadyStudy, answer: Answer, runs: int, failures: DataFrame, place: Path) -> None:
    """Write what goes beside the tables of the runs."""
    write_real(answer.result, place)


def _of(table: DataFrame, seed: int) -> DataFrame:
    """The rows of one run."""
    return table[table["seed"] == seed].drop(columns=["scenario", "seed"]).reset_index(drop=True)


def _filed(one: Callable[..., RunResult], out: str | Path, large: bool) -> RunResult:
    """One run whose files appear when all is done; with ``large`` tables, rows go into a folder of their own on the way."""
    with staging(out) as place, growing(out) if large else nullcontext() as rows:
        result = one(folder=rows)
        write_run(result, place)
    return replace(result, tables={}, large={})


def _in_memory(one: Callable[..., RunResult], seeds: Sequence[int], progress: OnDay | None) -> list[RunResult]:
    """Runs that no folder keeps; after an interruption those that had ended, if any had."""
    results: list[RunResult] = []
    try:
        for number, seed in enumerate(seeds):
            results.append(one(seed, _shifted(progress, number, len(seeds))))
    except KeyboardInterrupt:
        if not results:
            raise
    return results


def _one(
    scenario: Scenario, model_class: ModelClass | None, seed: int, progress: OnDay | None, **more: Any
) -> RunResult:
    """Run once; what breaks inside the model is said with the scenario and the seed."""
    try:
        return run(scenario, seed, progress=progress, model_class=model_class, **more)
    except RequestError:
        raise
    except (Exception, SystemExit) as error:  # what a file of the user's own may raise
        raise run_failed(scenario.name, seed, describe_failure(error)) from error


def _shifted(progress: OnDay | None, number: int, runs: int) -> OnDay | None:
    """Progress of one run as part of all."""
    if progress is None:
        return None
    return lambda done, total: progress(number * total + done, runs * total)
