"""What a study would take: runs, time and disk, from the first days of a few of its runs, timed."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sim.scenario import meant
from sim.studies import kinds
from sim.studies.execution import batches
from sim.studies.execution.identity import model_version
from sim.studies.methods.designs import points
from sim.studies.methods.paths import resolve
from sim.studies.runs.machine import usable_cores
from sim.studies.runs.simulate import ModelClass, default_model, warm_up
from sim.studies.store.parts import Daily, Row, shorten, to_bytes, to_table
from sim.studies.study import ReadyStudy

if TYPE_CHECKING:
    from pandas import DataFrame

    from sim.studies.methods.factors import Point

PROBE_DAYS = 40
PROBED = 3


def estimate(
    study: ReadyStudy, workers: int | None = None, model_class: ModelClass | None = None, out: str | Path | None = None
) -> dict[str, Any]:
    """Time the first days of up to `PROBED` runs of different scenarios, and scale them.

    Parameters
    ----------
    study
        The study.
    workers
        Worker processes; by default one a usable core.
    model_class
        Model instead of `MarketModel`.
    out
        Folder that the study would write into.

    Returns
    -------
    dict
        study, kind, runs (at most), workers, seconds_a_run, hours, bytes_a_run, megabytes, free_megabytes, probed
        (scenarios, and days of each), and enough_disk.
    """
    model_class = model_class or default_model()
    workers = usable_cores() if workers is None else workers
    runs = kinds.get(study.file.kind).planned(study)
    chosen = list(study.scenarios)[:: max(1, len(study.scenarios) // PROBED)][:PROBED]
    seconds, sizes = zip(*(_probe(study, label, model_class) for label in chosen), strict=True)
    second, size = sum(seconds) / len(chosen), sum(sizes) / len(chosen)
    folder = meant(out) if out is not None else Path("results")
    free = shutil.disk_usage(next(place for place in (folder, *folder.resolve().parents) if place.exists())).free
    return {
        "study": study.name,
        "kind": study.file.kind,
        "runs": runs,
        "workers": workers,
        "seconds_a_run": round(second, 3),
        "hours": round(runs * second / workers / 3600, 4),
        "bytes_a_run": round(size),
        "megabytes": round(runs * size / 1e6, 3),
        "free_megabytes": round(free / 1e6),
        "enough_disk": runs * size < 0.9 * free,
        "probed": {label: min(PROBE_DAYS, study.scenarios[label].days) for label in chosen},
    }


def _probe(study: ReadyStudy, label: str, model_class: ModelClass) -> tuple[float, float]:
    """Seconds and bytes of a whole run of a scenario, from its first days."""
    middle = {path: value for path, value in _middle(study).items() if study.applies(path, label)}
    scenario = resolve(study.scenarios[label], middle.items())
    warm_up(scenario, model_class)
    begun = perf_counter()
    model = model_class(scenario, rng=study.seeds[0], threads=1, tables=(), audit=False)
    built = perf_counter() - begun
    days = min(PROBE_DAYS, scenario.days)
    model.run_for(scenario.burn_in + days)
    running = perf_counter() - begun - built
    second = built + running * (scenario.burn_in + scenario.days) / (scenario.burn_in + days)
    task = batches.Task(
        Path(), pickle.dumps({}), model_class, model_version(model_class), study.daily, study.file.exact_daily
    )
    frame = model.daily()
    return second, _bytes(frame, task, scenario.days)


def _middle(study: ReadyStudy) -> Point:
    """The point in the middle of everything that varies."""
    return points("grid", study.factors, 1, 1, study.file.seed)[0] if study.factors else {}


def _bytes(frame: DataFrame, task: batches.Task, days: int) -> float:
    """Bytes of a run in a full part, from the daily values of some days: those of all days, and a share of what a part holds besides."""
    names = [str(name) for name in frame.columns if task.daily is None or name in task.daily]
    daily = {name: shorten(frame[name].to_numpy(), task.exact) for name in names}
    full, none = (_size(values) for values in (daily, {name: values[:0] for name, values in daily.items()}))
    return 600 + 9 * len(frame.columns) + max(0, full - none) * days / max(1, len(frame))


def _size(daily: Mapping[str, Daily]) -> int:
    return len(to_bytes(to_table([Row("0" * 32, "probe", 0, "{}", "ok", daily=daily)])))
