"""Several runs of one scenario, one after the other, and their files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from sim.studies.errors import RequestError, at_least, describe_failure, run_failed, seeds_from
from sim.studies.runs.machine import usable_cores
from sim.studies.runs.one_run import RunResult, finish_runs, run, write_result
from sim.studies.runs.simulate import ModelClass, OnDay, check_by
from sim.studies.store.output import staging

if TYPE_CHECKING:
    from sim.scenario import Scenario

THREADS_FROM = 50_000
"""Consumers from which threads inside a run pay off."""


def run_several(
    scenario: Scenario,
    runs: int = 1,
    *,
    seed: int | None = None,
    threads: int | None = None,
    tables: Sequence[str] = (),
    audit: bool = False,
    out: str | Path | None = None,
    progress: OnDay | None = None,
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
        Folder for the files; found unwritable before the first run. It appears when all is done, or at an interruption with the runs
        that had ended.
    progress
        Called with the days done and the days in all, over all runs.
    model_class
        Model to run instead of `MarketModel`.
    by
        What to group people and orders by; see `run`.

    Returns
    -------
    list of RunResult
        Without the tables, which are in the files. After an interruption (Ctrl-C), those that had ended, if any had.

    Raises
    ------
    RequestError
        If what was asked for is not possible.
    RunFailedError
        If a run fails; names the scenario and the seed.
    """
    at_least("runs", runs, 1)
    if tables and out is None:
        raise RequestError("tables: they go into files, so give a folder for them (--out)")
    if threads is None:
        threads = usable_cores() if scenario.consumers >= THREADS_FROM else 1
    by = check_by(by, [scenario])
    seeds = seeds_from(scenario.seed if seed is None else seed, runs)
    results: list[RunResult] = []
    with nullcontext() if out is None else staging(out) as place:
        try:
            for number, each in enumerate(seeds):
                shifted = _shifted(progress, number, runs)
                result = _one(scenario, each, threads, tables, audit, by, shifted, model_class)
                if place is not None:
                    write_result(result, place, f"seed-{result.seed}" if runs > 1 else "")
                results.append(replace(result, tables={}))
        except KeyboardInterrupt:
            if not results:
                raise
            if place is not None and len(results) < runs:  # what a run had begun to write
                rmtree(place / f"seed-{seeds[len(results)]}", ignore_errors=True)
        if place is not None:
            finish_runs(results, place)
    return results


def _one(
    scenario: Scenario,
    seed: int,
    threads: int,
    tables: Sequence[str],
    audit: bool,
    by: Sequence[str],
    progress: OnDay | None,
    model_class: ModelClass | None,
) -> RunResult:
    """Run once; what breaks inside the model is said with the scenario and the seed."""
    try:
        return run(
            scenario,
            seed,
            threads=threads,
            tables=tables,
            audit=audit,
            by=by,
            progress=progress,
            model_class=model_class,
        )
    except RequestError:
        raise
    except Exception as error:
        raise run_failed(scenario.name, seed, describe_failure(error)) from error


def _shifted(progress: OnDay | None, number: int, runs: int) -> OnDay | None:
    """Progress of one run as part of all."""
    if progress is None:
        return None
    return lambda done, total: progress(number * total + done, runs * total)
