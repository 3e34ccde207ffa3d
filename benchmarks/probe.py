"""One measurement of one side, in a process of its own: ``python -m benchmarks.probe SIDE CONSUMERS DAYS THREADS``.

Sides: ``model`` (everything on), ``tables`` (the same with every table), ``core`` (the model doing no more than the twin), ``twin``, ``core twin`` (the twin in the
same world), ``shell`` (the model, profiled) and ``start`` (seconds from the command to the first day).
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.scenario import Scenario

MEGABYTE = 2**20


def resident() -> int:
    """Bytes of memory that this process holds now."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024
    return peak()


def peak() -> int:
    """Most bytes of memory that this process ever held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def world(side: str, consumers: int, days: int) -> Scenario:
    """The world of a side: that of the docking test where only the core of the day is measured, which the twin knows too; else the baseline."""
    from sim.studies.runs.simulate import load_scenario

    name = str(Path(__file__).with_name("dock.yaml")) if side.startswith("core") else "baseline"
    return load_scenario(name, consumers=consumers, days=days, burn_in=0)


def measure_model(scenario: Scenario, threads: int, tables: tuple[str, ...] = ()) -> dict[str, Any]:
    """Build and run the model; kernels are compiled, or loaded from their cache, before."""
    from sim.model import MarketModel
    from sim.studies.runs.simulate import simulate, warm_up

    warm_up(scenario, MarketModel, threads, tables)
    gc.collect()
    before = resident()
    finished = simulate(scenario, 1, MarketModel, threads=threads, tables=tables)
    return {"elapsed_s": finished.elapsed_s, "before": before, "state_bytes": state_bytes(finished.model)}


def measure_twin(scenario: Scenario) -> dict[str, Any]:
    """Build and run the plain twin."""
    from benchmarks.plain_mesa import PlainMarket

    gc.collect()
    before, begun = resident(), time.perf_counter()
    model = PlainMarket(scenario, rng=1)
    model.run_for(scenario.days)
    return {"elapsed_s": time.perf_counter() - begun, "before": before}


def measure_shell(scenario: Scenario) -> dict[str, Any]:
    """Milliseconds a day in kernels and in the Python around them, on one thread."""
    from sim.studies.runs.one_run import run
    from sim.studies.runs.profile import profiled

    before = resident()
    with profiled() as profile:
        result = run(scenario, 1)
    rows = profile.rows()
    parts = {name: sum(row[name] for row in rows) for name in ("ms", "kernel_ms", "shell_ms")}
    return {"elapsed_s": result.elapsed_s, "before": before, **parts}


def measure_start(consumers: int, begun: float) -> None:
    """Do `odm run` up to the first day of its run, and print the seconds since the command was given, at ``begun`` on the clock of the wall."""
    from sim.cli import main
    from sim.studies.runs import lazily

    lazily.load_late()  # before anything else, as the command does
    from sim.studies.runs import simulate

    def first_day(scenario: Scenario, seed: int, model_class: Any, **_: Any) -> None:
        model_class(scenario, rng=seed)
        print(time.time() - begun, flush=True)
        os._exit(0)  # the command would take an exception for a run that failed

    def hooked(*words: Any, **named: Any) -> Any:
        from sim.studies.runs import one_run

        one_run.simulate = first_day
        return load(*words, **named)

    load, simulate.load_scenario = simulate.load_scenario, hooked
    sys.argv = ["odm", "run", "baseline", "--consumers", str(consumers), "--days", "1"]
    main()


def state_bytes(model: Any) -> int:
    """Bytes of what the model keeps about consumers: their columns, the network, and the orders under way."""
    orders = sum(column[: model.books.open_orders.n].nbytes for column in model.books.open_orders.columns)
    columns = sum(column.nbytes for column in (*model.consumers.columns, *model.consumers.spare.values()))
    return int(columns + orders + model.world.friends.who.nbytes + model.world.friends.start.nbytes)


def main(side: str, consumers: int, days: int, threads: int) -> None:
    """Measure and print one JSON object."""
    scenario = world(side, consumers, days)
    if side.endswith("twin"):
        found = measure_twin(scenario)
    elif side == "shell":
        found = measure_shell(scenario)
    else:
        found = measure_model(scenario, threads, ("all",) if side == "tables" else ())
    before = found.pop("before")
    found |= {"side": side, "consumers": consumers, "days": days, "threads": threads, "peak_bytes": peak()}
    found["grown_bytes"] = max(found["peak_bytes"] - before, 0)
    found["consumer_days_per_s"] = consumers * days / found["elapsed_s"]
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1] == "start":
        measure_start(int(sys.argv[2]), float(sys.argv[3]))
    else:
        main(sys.argv[1], *map(int, sys.argv[2:5]))
