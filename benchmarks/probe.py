"""One measurement of one side, in a process of its own: ``python -m benchmarks.probe model|twin CONSUMERS DAYS THREADS``."""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

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


def measure_model(consumers: int, days: int, threads: int) -> dict[str, Any]:
    """Build and run the model; kernels are compiled, or loaded from their cache, before."""
    from sim.model import MarketModel
    from sim.studies.runs.simulate import load_scenario, simulate, warm_up

    scenario = load_scenario("baseline", consumers=consumers, days=days, burn_in=0)
    warm_up(scenario, MarketModel, threads)
    gc.collect()
    before = resident()
    finished = simulate(scenario, 1, MarketModel, threads=threads)
    return {"elapsed_s": finished.elapsed_s, "before": before, "state_bytes": state_bytes(finished.model)}


def measure_twin(consumers: int, days: int) -> dict[str, Any]:
    """Build and run the plain twin."""
    from benchmarks.plain_mesa import PlainMarket
    from sim.studies.runs.simulate import load_scenario

    scenario = load_scenario("baseline", consumers=consumers, days=days, burn_in=0)
    gc.collect()
    before, begun = resident(), time.perf_counter()
    model = PlainMarket(scenario, rng=1)
    model.run_for(days)
    return {"elapsed_s": time.perf_counter() - begun, "before": before}


def state_bytes(model: Any) -> int:
    """Bytes of what the model keeps about consumers: their columns, the network, and the orders under way."""
    orders = sum(column[: model.books.open_orders.n].nbytes for column in model.books.open_orders.columns)
    columns = sum(column.nbytes for column in model.consumers.columns)
    return int(columns + orders + model.world.friends.who.nbytes + model.world.friends.start.nbytes)


def main(side: str, consumers: int, days: int, threads: int) -> None:
    """Measure and print one JSON object."""
    found = measure_twin(consumers, days) if side == "twin" else measure_model(consumers, days, threads)
    before = found.pop("before")
    found |= {"side": side, "consumers": consumers, "days": days, "threads": threads, "peak_bytes": peak()}
    found["grown_bytes"] = max(found["peak_bytes"] - before, 0)
    found["consumer_days_per_s"] = consumers * days / found["elapsed_s"]
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
