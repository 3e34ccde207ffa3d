"""Checking a folder of results: hashes without a network, and a sample of its runs done again, bit for bit."""

from __future__ import annotations

import json
import pickle
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from sim.studies.errors import RequestError
from sim.studies.execution import batches
from sim.studies.execution.identity import model_version, run_id
from sim.studies.methods.paths import resolve
from sim.studies.runs.simulate import ModelClass, default_model, simulate
from sim.studies.store.folder import STUDY, read_study
from sim.studies.store.output import RECORD
from sim.studies.store.parts import DAILY, OUTCOME
from sim.studies.store.record import verify_record
from sim.studies.store.store import Store


def verify(folder: str | Path, sample: int = 3, model_class: ModelClass | None = None) -> dict[str, Any]:
    """Check every file of a folder against its record, and do some of its runs again.

    Parameters
    ----------
    folder
        Folder that `odm study`, `odm compare` or `odm run` wrote.
    sample
        Runs to do again; 0 for none.
    model_class
        Model that the runs were made with, instead of `MarketModel`.

    Returns
    -------
    dict
        ok, problems (one line each), notes, files (number checked), runs_again (identity or seed of each run).

    Raises
    ------
    RequestError
        If the folder has no record, or there is no such folder.
    """
    place = Path(folder)
    try:
        record = json.loads((place / RECORD).read_text(encoding="utf-8"))["run"]
        kind, count = str(record["kind"]), len(record["files"])
    except FileNotFoundError:
        unfinished = (place / STUDY).is_file()
        why = "its study has not ended; go on with `odm study ... --resume`" if unfinished else f"it has no {RECORD}"
        raise RequestError(f"{folder} cannot be checked: {why}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RequestError(f"{folder} cannot be checked: {RECORD} cannot be read: {error}") from None
    problems, notes = verify_record(place), []
    again: list[str] = []
    if sample and not problems:
        import_module("sim.policies")
        model_class = model_class or default_model()
        check = _study_runs if kind.startswith("study") else _plain_runs
        again, differing = check(place, record, sample, model_class, notes)
        problems += differing
    elif sample:
        notes.append("no run was done again, since files do not fit the record")
    return {"ok": not problems, "problems": problems, "notes": notes, "files": count, "runs_again": again}


def _study_runs(
    place: Path, record: dict[str, Any], sample: int, model_class: ModelClass, notes: list[str]
) -> tuple[list[str], list[str]]:
    """Do runs of a study again: those whose identities come first in the order of the alphabet, which is as good as chance."""
    from sim.scenario import Scenario

    described = read_study(place)
    version = model_version(model_class)
    if version != described["model"]:
        notes.append(
            f"the runs were made with model {described['model']}, this is {version}: numbers may differ for that reason"
        )
    store = Store(place)
    store.open()
    chosen = [run for run in sorted(store.runs()) if store.ok(run)][:sample]
    problems = []
    for row in store.rows(chosen).to_dict("records"):
        base = Scenario.load(described["scenarios"][row["scenario"]]["resolved"])
        scenario = resolve(base, json.loads(row["inputs"]).items())
        what = f"run {row['run']} ({row['scenario']}, seed {row['seed']})"
        if run_id(scenario.digest, int(row["seed"]), described["model"]) != row["run"]:
            problems.append(f"{what} is not the run that its inputs describe")
            continue
        daily = tuple(
            name.removeprefix(DAILY) for name in map(str, row) if name.startswith(DAILY) and row[name] is not None
        )
        task = batches.Task(
            place, pickle.dumps({}), model_class, version, daily, bool(described["study"]["exact_daily"])
        )
        outcomes, days = batches.numbers(scenario, int(row["seed"]), task)
        differing = [name for name, value in outcomes.items() if not _same(row.get(OUTCOME + name), value)]
        differing += [f"daily {name}" for name, values in days.items() if not _same(row[DAILY + name], values)]
        if differing:
            problems.append(f"{what} gives other numbers when it is done again: {', '.join(differing[:5])}")
    return chosen, problems


def _plain_runs(
    place: Path, record: dict[str, Any], sample: int, model_class: ModelClass, notes: list[str]
) -> tuple[list[str], list[str]]:
    """Do runs of `odm run` or `odm compare` again, the first seeds of each scenario in turn."""
    import pandas as pd

    from sim.scenario import Scenario, ScenarioError

    outcomes = pd.read_parquet(place / "outcomes.parquet")
    again, problems = [], []
    jobs = [(label, seed) for seed in record["seeds"] for label in record["scenarios"]]
    for label, seed in jobs[:sample]:
        try:
            scenario = Scenario.load(record["scenarios"][label]["resolved"])
        except ScenarioError as error:
            notes.append(f"{label} cannot be run from its record alone: {error.problems[0]}")
            continue
        rows = outcomes[outcomes["seed"] == seed]
        row = (rows[rows["scenario"] == label] if "scenario" in rows else rows).iloc[0]
        found = simulate(scenario, int(seed), model_class).model.outcomes()
        again.append(f"{label}, seed {seed}")
        differing = [name for name, value in found.items() if name in row and not _same(row[name], value)]
        if differing:
            problems.append(
                f"{label}, seed {seed} gives other numbers when it is done again: {', '.join(differing[:5])}"
            )
    return again, problems


def _same(stored: Any, found: Any) -> bool:
    """Whether numbers are equal in every bit; a missing one equals a missing one."""
    if stored is None:
        return False
    a, b = np.asarray(stored, dtype=np.asarray(found).dtype), np.asarray(found)
    return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=True))
