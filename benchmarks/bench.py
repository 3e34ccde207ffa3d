"""Speed and memory of the model and of its plain twin, and whether the bars are met.

Every measurement runs in a process of its own, one after the other, so that its peak memory is its own; beside each stands how many times as long a loop took
just before when two cores did it at once: 1 on quiet cores, up to 2 where they share one. Bars in seconds are for quiet cores.

The ratio to the twin is taken where both do the same: in the world of the docking test, where all that the twin leaves out is switched off, over the same first
days. That of the complete model, which does several times more, stands below it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.probe import MEGABYTE

ROOT = Path(__file__).parents[1]

LOOP = 3_000_000


class Limit(NamedTuple):
    """What a bar asks for: a goal, and what it must be at least."""

    goal: float
    least: float


YEAR = 365
TIMES_TWIN = Limit(100.0, 100.0)
YEARS = {
    5_000: (1, Limit(0.6, 0.9)),
    20_000: (1, Limit(1.4, 2.0)),
    100_000: (2, Limit(4.0, 5.0)),
    1_000_000: (2, Limit(30.0, 40.0)),
}
"""Seconds of a year, by consumers: threads and limit."""
SHELL = Limit(0.6, 1.2)
"""Milliseconds of a day that are not kernels, at 5,000 consumers."""
BYTES_PER_CONSUMER = Limit(200.0, 200.0)
EVENNESS = Limit(2.0, 2.0)
"""Cost of a consumer-day between 10,000 and the largest world, worst over best."""
START = Limit(1.2, 1.2)
"""Seconds from the command to the first day."""
COMPILING = Limit(60.0, 60.0)
TABLES = Limit(1.4, 1.4)
"""A run with every table over one without."""


@dataclass(frozen=True)
class Bar:
    """Something that must hold; without a limit, something to know."""

    text: str
    value: float
    limit: float | None
    unit: str
    at_least: bool = False
    goal: float | None = None
    crowded: float | None = None

    def _holds(self, limit: float | None) -> bool:
        return limit is None or (self.value >= limit if self.at_least else self.value < limit)

    @property
    def passed(self) -> bool:
        """Whether it holds."""
        return self._holds(self.limit)

    @property
    def reached(self) -> bool:
        """Whether the goal is reached too."""
        return self.passed and self._holds(self.goal)


def verdict(bar: Bar) -> str:
    """A line of a report: what was measured, whether it is good enough, and how crowded the cores were."""
    said = f"{bar.text}: {bar.value:.3g} {bar.unit}"
    crowd = "" if bar.crowded is None else f"   [two loops at once: {bar.crowded:.2f}]"
    if bar.limit is None:
        return f"      {said}{crowd}"
    limit = f"{'at least' if bar.at_least else 'under'} {bar.limit:g} {bar.unit}"
    if bar.goal not in (None, bar.limit):
        limit += f", goal {bar.goal:g}{' reached' if bar.reached else ''}"
    return f"{'pass' if bar.passed else 'MISS'}  {said} ({limit}){crowd}"


def checked(text: str, value: float, limit: Limit, unit: str, crowded: float, at_least: bool = False) -> Bar:
    """A bar with a goal."""
    return Bar(text, value, limit.least, unit, at_least, limit.goal, crowded)


def probe(side: str, consumers: int, days: int, threads: int = 1) -> dict[str, Any]:
    """Measure one run in a process of its own."""
    print(f"  {side}, {consumers:,} consumers, {days} days, {threads} thread(s) ...", file=sys.stderr, flush=True)
    crowded = crowding()
    command = [sys.executable, "-m", "benchmarks.probe", side, str(consumers), str(days), str(threads)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout) | {"crowded": crowded}


def loop_seconds(_: int = 0) -> float:
    """Wall seconds of a plain loop."""
    begun, turn = time.perf_counter(), 0
    while turn < LOOP:
        turn += 1
    return time.perf_counter() - begun


def crowding() -> float:
    """How many times as long a loop takes when two cores do it at once as it does alone at best: 1 on quiet cores, up to 2 where they share one."""
    alone = min(loop_seconds() for _ in range(3))
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(loop_seconds, [0, 0], chunksize=1)
        return max(pool.map(loop_seconds, [0, 0], chunksize=1)) / alone


def start_seconds() -> dict[str, float]:
    """Wall seconds from `odm run` of a small world to its first day, and to its end after five days and the burn-in, each the best of three after a first one."""
    crowded = crowding()

    def best(command: Sequence[str], told: bool) -> float:
        seconds = []
        for _ in range(4):
            begun = time.time()
            words = [*command, str(begun)] if told else command
            out = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, check=True, text=True)
            seconds.append(float(out.stdout.split()[-1]) if told else time.time() - begun)
        return min(seconds[1:])

    first_day = best(["benchmarks.probe", "start", "1000"], True)
    whole = best(["sim.cli", "run", "baseline", "--consumers", "1000", "--days", "5"], False)
    return {"first_day_s": first_day, "run_s": whole, "crowded": crowded}


def compile_seconds() -> dict[str, float]:
    """Wall seconds to compile the model from nothing."""
    print("  compiling from nothing ...", file=sys.stderr, flush=True)
    crowded, begun = crowding(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sim.cli", "doctor", "--prepare"]
        settings = {**os.environ, "NUMBA_CACHE_DIR": folder}
        subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, check=True)
    return {"compile_s": time.perf_counter() - begun, "crowded": crowded}


def measure(quick: bool, large: bool) -> dict[str, Any]:
    """All measurements: beside the twin over equal days, the model over a year, with tables, its shell, its start, and compiling it."""
    size, days = (1_000, 20) if quick else (100_000, 20)
    threads = (1, 2)
    found: dict[str, Any] = {
        "pairs": [
            probe("core twin", size, days), *(probe("core", size, days, n) for n in threads),
            probe("twin", size, days), *(probe("model", size, days, n) for n in threads),
        ]
    }  # fmt: skip
    years = {1_000: 1, 2_000: 2} if quick else {n: n_threads for n, (n_threads, _) in YEARS.items()}
    year = 60 if quick else YEAR
    found["years"] = [probe("model", n, year, n_threads) for n, n_threads in years.items()]
    found["tables"] = [probe(side, 1_000 if quick else 20_000, year) for side in ("model", "tables")]
    found["shell"] = probe("shell", 1_000 if quick else 5_000, year)
    found["sizes"] = [probe("model", n, 30, 2) for n in ((1_000, 2_000) if quick else (10_000, 100_000, 1_000_000, *([10_000_000] if large else [])))]  # fmt: skip
    found["start"] = start_seconds()
    found["compiling"] = None if quick else compile_seconds()
    return found


def bars(found: dict[str, Any]) -> Iterator[Bar]:
    """The bars, from what was measured."""
    for row in found["years"]:
        text = f"a year of {row['consumers']:,} consumers, {row['threads']} thread(s): building and running"
        limit = YEARS.get(row["consumers"], (1, None))[1]
        if limit is None or row["days"] != YEAR:
            yield Bar(text, row["elapsed_s"], None, "s", crowded=row["crowded"])
        else:
            yield checked(text, row["elapsed_s"], limit, "s", row["crowded"])
    shell = found["shell"]
    size = f"{shell['consumers']:,} consumers"
    yield checked(f"shell of a day, {size}: what is not kernels", shell["shell_ms"], SHELL, "ms", shell["crowded"])
    yield Bar(f"kernels of a day, {size}", shell["kernel_ms"], None, "ms", crowded=shell["crowded"])
    for core, word in (("core ", "doing the twin's work"), ("", "the complete model")):
        twin = next(row for row in found["pairs"] if row["side"] == f"{core}twin")
        for row in (r for r in found["pairs"] if r["side"] == (core.strip() or "model")):
            ratio = row["consumer_days_per_s"] / twin["consumer_days_per_s"]
            text = f"times the plain twin, {word}, {row['consumers']:,} consumers, {row['threads']} thread(s)"
            if core and row["threads"] == 2:
                yield checked(text, ratio, TIMES_TWIN, "x", row["crowded"], at_least=True)
            else:
                yield Bar(text, ratio, None, "x", crowded=row["crowded"])
    largest = found["sizes"][-1]
    cost = [1e9 / row["consumer_days_per_s"] for row in found["sizes"]]
    ends = f"{found['sizes'][0]['consumers']:,} to {largest['consumers']:,} consumers"
    yield checked(
        f"cost of a consumer-day, {ends}: worst over best", max(cost) / min(cost), EVENNESS, "x", largest["crowded"]
    )
    each = largest["state_bytes"] / largest["consumers"]
    yield checked(
        f"state of {largest['consumers']:,} consumers", each, BYTES_PER_CONSUMER, "B each", largest["crowded"]
    )
    plain, tables = found["tables"]
    more = tables["elapsed_s"] / plain["elapsed_s"]
    yield checked(
        f"every table, {plain['consumers']:,} consumers, {plain['days']} days, over none",
        more,
        TABLES,
        "x",
        tables["crowded"],
    )
    start = found["start"]
    yield checked("`odm run` from the command to the first day", start["first_day_s"], START, "s", start["crowded"])
    yield Bar("`odm run` of 1,000 consumers, 5 days after 180", start["run_s"], None, "s", crowded=start["crowded"])
    if found["compiling"]:
        compiling = found["compiling"]
        yield checked("compiling from nothing", compiling["compile_s"], COMPILING, "s", compiling["crowded"])


def lines(found: dict[str, Any], judged: Sequence[Bar]) -> Iterator[str]:
    """The report."""
    yield f"{'':9} {'consumers':>10} {'days':>5} {'threads':>7} {'million consumer-days/s':>24} {'peak, MB':>9} {'B each':>7} {'two loops':>9}"
    for row in (*found["pairs"], *found["years"], *found["tables"], *found["sizes"]):
        speed, grown = row["consumer_days_per_s"] / 1e6, row["grown_bytes"] / row["consumers"]
        yield (
            f"{row['side']:9} {row['consumers']:10,} {row['days']:5} {row['threads']:7} {speed:24.3f}"
            f" {row['peak_bytes'] / MEGABYTE:9.0f} {grown:7.0f} {row['crowded']:9.2f}"
        )
    yield "peak: resident memory of the process; B each: its growth from before the world to the peak, per consumer;"
    yield "two loops: what a loop on two cores at once took, just before, against one alone"
    yield ""
    yield from map(verdict, judged)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; the exit code is 1 when a bar is missed, which small sizes do not check."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="small worlds: to see that it works, not whether bars hold"
    )
    parser.add_argument(
        "--large", action="store_true", help="ten million consumers too, for which memory must be there"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    found = measure(given.quick, given.large)
    judged = list(bars(found))
    if given.json:
        said = [{**asdict(bar), "passed": bar.passed, "reached": bar.reached} for bar in judged]
        print(json.dumps({**found, "bars": said}, indent=1))
    else:
        print("\n".join(lines(found, judged)))
    return 0 if given.quick or all(bar.passed for bar in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
