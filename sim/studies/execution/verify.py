"""Checking a folder of results: hashes without a network, and a sample of its runs done again, bit for bit."""

from __future__ import annotations

import json
import pickle
import random
import secrets
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.measures.by_group import groupings_in
from sim.scenario import Scenario, ScenarioError, meant, no_own_code, own_code_refused
from sim.studies.errors import RequestError, StudyError
from sim.studies.execution import batches
from sim.studies.execution.identity import model_version, run_id
from sim.studies.methods.components import SET
from sim.studies.methods.paths import has_path, resolve
from sim.studies.runs.simulate import ModelClass, default_model, simulate
from sim.studies.store.digests import all_runs, frame_digests
from sim.studies.store.folder import PLAN, STUDY, read_study
from sim.studies.store.own import RECORD, REPORT, UNREADABLE, is_report, refuse_links
from sim.studies.store.parts import ABORTED, DAILY, FAILED, OUTCOME
from sim.studies.store.record import EXTRA, OBSERVATION, POINTS, STOPPED, verify_record
from sim.studies.store.store import PARTS, Store

if TYPE_CHECKING:
    from pandas import Series


def verify(
    folder: str | Path,
    sample: int = 3,
    model_class: ModelClass | None = None,
    run_code: bool = False,
    seed: int | None = None,
) -> dict[str, Any]:
    """Check every file of a folder against its record and every run against its digest, and do a random sample of its runs again.

    Nothing that the folder brings is executed unless `run_code` says so.

    Parameters
    ----------
    folder
        Folder that `odm study`, `odm compare` or `odm run` wrote.
    sample
        Runs to do again; 0 for none.
    model_class
        Model that the runs were made with, instead of `MarketModel`.
    run_code
        Whether to execute the Python files that the scenarios of the results use (`code_of` names them).
    seed
        Decides which runs are in the sample; by default another one each time.

    Returns
    -------
    dict
        ok, problems (one line each), notes, files and runs (numbers checked), runs_again (each run done again, in words),
        sample_seed (what to give as `seed` to take the same runs).

    Raises
    ------
    RequestError
        If the folder has no record, or there is no such folder.
    """
    place = meant(folder)
    record = _record(place)
    problems, notes = verify_record(place), []
    fits = all(line.endswith(EXTRA) for line in problems)  # a file more changes nothing of those that are bound
    if REPORT not in record["files"] and is_report(place / REPORT):
        notes.append(f"{REPORT} was written after the record, which does not bind it")
    seed = secrets.randbelow(2**31) if seed is None else seed
    again: list[str] = []
    runs = 0
    if fits and record["kind"] == OBSERVATION:
        notes.append("an observation holds no runs: observe the run again to see that it is the same")
    elif fits:
        import_module("sim.policies")
        asked = _Asked(sample, random.Random(seed), model_class or default_model(), notes)
        check = _study_runs if record["kind"].startswith("study") else _plain_runs
        with nullcontext() if run_code else no_own_code():
            try:
                runs, again, found = check(place, record, asked)
                problems += found
            except StudyError as error:
                problems.append(str(error))
            except (*UNREADABLE, IndexError) as error:
                why = f"{type(error).__name__}: {error}"
                problems.append(f"what the record says of the runs cannot be followed ({why})")
    else:
        notes.append("no run was looked at, since files do not fit the record")
    return {
        "ok": not problems,
        "problems": problems,
        "notes": notes,
        "files": len(record["files"]),
        "runs": runs,
        "runs_again": again,
        "sample_seed": seed,
    }


class _Asked(NamedTuple):
    """How many runs are done again, what picks them, with which model, and where to note what is no problem."""

    sample: int
    rng: random.Random
    model_class: ModelClass
    notes: list[str]

    def pick[T](self, runs: Sequence[T]) -> list[T]:
        """A random sample, in the order that the runs have."""
        return [runs[k] for k in sorted(self.rng.sample(range(len(runs)), min(self.sample, len(runs))))]


def code_of(folder: str | Path) -> list[str]:
    """The Python files that doing runs of a folder again would execute.

    Raises
    ------
    RequestError
        If the folder has no record.
    """
    place = meant(folder)
    record = _record(place)
    scenarios = record.get("scenarios")
    if record["kind"].startswith("study"):
        scenarios = read_study(place).get("scenarios")
    found = [
        used.get("file", "") if isinstance(used, dict) else used
        for entry in (scenarios.values() if isinstance(scenarios, dict) else ())
        for used in _uses(entry)
    ]
    return sorted({str(Path(name).resolve()) for name in found if isinstance(name, str) and name})


def _uses(entry: Any) -> list[Any]:
    """What a recorded scenario names under `uses`."""
    resolved = entry.get("resolved") if isinstance(entry, dict) else None
    found = resolved.get("uses") if isinstance(resolved, dict) else None
    return found if isinstance(found, list) else [found] if found else []


def _not_run(label: str, entry: Any) -> str | None:
    """Why a scenario that uses code is not run, in words; None where it may be."""
    if not _uses(entry) or not own_code_refused():
        return None
    return f"{label} was not run again: it uses code of its author's own; --run-code runs that, with all your rights on this machine"


def _record(place: Path) -> dict[str, Any]:
    """The hashed part of the record of a folder."""
    refuse_links(place, (RECORD, STUDY, PLAN, PARTS), "read")
    try:
        record = json.loads((place / RECORD).read_text(encoding="utf-8"))["run"]
        if not (isinstance(record["kind"], str) and isinstance(record["files"], dict)):
            raise ValueError("kind and files are not what odm writes")
    except FileNotFoundError:
        unfinished = (place / STUDY).is_file()
        why = (
            "its study has not ended; go on with the command that began it, with --resume"
            if unfinished
            else f"it has no {RECORD}"
        )
        raise RequestError(f"{place} cannot be checked: {why}") from None
    except UNREADABLE as error:
        raise RequestError(
            f"{place} cannot be checked: {RECORD} cannot be read: {type(error).__name__}: {error}"
        ) from None
    return record


def _differ(runs: Sequence[str]) -> list[str]:
    """The problem of runs whose numbers are not those that were written."""
    more = f" and {len(runs) - 5} more" if len(runs) > 5 else ""
    what = "run" if len(runs) == 1 else f"{len(runs)} runs"
    return [f"{what} with other numbers than when they were written: {'; '.join(runs[:5])}{more}"] if runs else []


def _study_runs(place: Path, record: dict[str, Any], asked: _Asked) -> tuple[int, list[str], list[str]]:
    """Check the digest of every run of a study, and do some again."""
    described, version = read_study(place), model_version(asked.model_class)
    store = Store(place)
    store.open(repair=False)
    digests, wrong, without = store.check()
    problems, again = _differ(wrong), []
    if not wrong and "runs" in record and record["runs"] != all_runs(digests):
        problems.append("the runs are not those of the record: it holds another hash over all of them")
    if without:
        asked.notes.append(f"{without} runs have no digest: they were written by an earlier version")
    if asked.sample and version != described["model"]:
        asked.notes.append(
            f"the runs were made with model {described['model']}, this is {version}: numbers may differ for that reason"
        )
    states = [store.status(run) for run in store.runs()]
    if states.count(FAILED):
        asked.notes.append(f"{states.count(FAILED)} of the runs failed: they have no numbers")
    if states.count(ABORTED):
        asked.notes.append(
            f"{states.count(ABORTED)} of the runs were lost with their workers and have no numbers; the command that made them does them again, with --resume"
        )
    chosen = asked.pick([run for run in sorted(store.runs()) if store.ok(run)])
    for row in store.rows(chosen).to_dict("records"):
        what = f"run {row['run']} ({row['scenario']}, seed {row['seed']})"
        why = _not_run(what, described["scenarios"][row["scenario"]])
        if why is not None:
            asked.notes.append(why)
            continue
        again.append(what)
        fault = _done_again({str(name): value for name, value in row.items()}, described, place, asked.model_class)
        problems += [f"{what} {fault}"] if fault else []
    return len(digests), again, problems


def _done_again(row: dict[str, Any], described: dict[str, Any], place: Path, model_class: ModelClass) -> str:
    """Do a stored run of a study again, and say what is wrong with it; nothing where all numbers are the same."""
    try:
        base = Scenario.load(described["scenarios"][row["scenario"]]["resolved"])
        scenario = resolve(base, json.loads(row["inputs"]).items())
    except ScenarioError as error:
        return f"cannot be done again: {error.problems[0]}"
    seed = int(row["seed"])
    if run_id(scenario.digest, seed, described["model"], scenario.name) != row["run"]:
        return "is not the run that its inputs describe"
    study = described["study"]
    daily = tuple(name.removeprefix(DAILY) for name in row if name.startswith(DAILY) and row[name] is not None)
    task = batches.Task(
        place, pickle.dumps({}), model_class, model_version(model_class), daily, bool(study["exact_daily"]),
        by=tuple(study.get("by", ())),
    )  # fmt: skip
    outcomes, days = batches.numbers(scenario, seed, task)
    differing = [name for name, value in outcomes.items() if not _same(row.get(OUTCOME + name), value)]
    differing += [f"daily {name}" for name, values in days.items() if not _same(row[DAILY + name], values)]
    return _others(differing)


def _plain_runs(place: Path, record: dict[str, Any], asked: _Asked) -> tuple[int, list[str], list[str]]:
    """Check the digest of every run of `odm run`, or of a comparison that was saved by itself, and do some again."""
    import pandas as pd

    outcomes = pd.read_parquet(place / "outcomes.parquet")
    stated, again, problems = record.get("runs"), [], []
    digests = frame_digests(outcomes, next(iter(record["scenarios"])))
    if isinstance(stated, dict):
        problems += _differ(sorted(run for run in stated.keys() | digests if stated.get(run) != digests.get(run)))
    else:
        asked.notes.append(f"{len(digests)} runs have no digest: they were written by an earlier version")
    jobs = [(label, seed) for seed in record["seeds"] for label in record["scenarios"]]
    for label, seed in asked.pick(jobs):
        what, entry = f"{label}, seed {seed}", record["scenarios"][label]
        why = _not_run(what, entry)
        if why is not None:
            asked.notes.append(why)
            continue
        try:
            scenario = Scenario.load(entry["resolved"])
        except ScenarioError as error:
            asked.notes.append(f"{label} cannot be run from its record alone: {error.problems[0]}")
            continue
        rows = outcomes[outcomes["seed"] == seed]
        row = (rows[rows["scenario"] == label] if "scenario" in rows else rows).iloc[0]
        found = _outcomes_again(scenario, int(seed), row, record, asked.model_class)
        again.append(what)
        fault = _others([name for name, value in found.items() if name in row and not _same(row[name], value)])
        problems += [f"{what} {fault}"] if fault else []
    return len(digests), again, problems


def _outcomes_again(
    scenario: Scenario, seed: int, row: Series, record: dict[str, Any], model_class: ModelClass
) -> dict[str, float]:
    """Outcomes of a run done again: in the parameter set that its row names, to the day on which it was stopped."""
    settings = record.get("settings", {})
    if SET in row:
        point = settings[POINTS][int(row[SET])]
        scenario = resolve(scenario, [change for change in point.items() if has_path(scenario, change[0])])
    last = settings.get(STOPPED)
    end = scenario.burn_in + last if isinstance(last, int) else None
    by = groupings_in(map(str, row.index))
    return simulate(scenario, seed, model_class, by=by, on_day=lambda done, _, __: done == end).model.outcomes()


def _others(differing: Sequence[str]) -> str:
    """That outcomes differ when a run is done again; nothing where none do."""
    return f"gives other numbers when it is done again: {', '.join(differing[:5])}" if differing else ""


def _same(stored: Any, found: Any) -> bool:
    """Whether numbers are equal in every bit; a missing one equals a missing one."""
    if stored is None:
        return False
    b = np.asarray(found)
    a = np.asarray(stored)
    a, b = (a, b.astype(np.float32)) if a.dtype == np.float32 else (a.astype(b.dtype), b)
    return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=True))
