"""Speed and memory of the model and of its plain twin, side by side, and whether the bars are met.

Every measurement runs in a process of its own, one after the other, so that its peak memory is its own. The twin does
the core of the day only; the model does everything, with every phase on. Both are timed over the same first days of the
same world: later days have fewer orders, and the comparison is of equal work.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.probe import MEGABYTE

ROOT = Path(__file__).parents[1]

TIMES_TWIN = 30.0
YEAR_SECONDS = 8.0
YEAR_CONSUMERS = 100_000
BYTES_PER_CONSUMER = 250.0
START_SECONDS = 2.0
LOOP = 10_000_000


@dataclass(frozen=True)
class Bar:
    """Something that must hold; without a limit, something to know."""

    text: str
    value: float
    limit: float | None
    unit: str
    at_least: bool = False

    @property
    def passed(self) -> bool:
        """Whether it holds."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value < self.limit


def verdict(bar: Bar) -> str:
    """A line of a report: what was measured, and whether it is good enough."""
    said = f"{bar.text}: {bar.value:.3g} {bar.unit}"
    if bar.limit is None:
        return f"      {said}"
    limit = f"{'at least' if bar.at_least else 'under'} {bar.limit:g} {bar.unit}"
    return f"{'pass' if bar.passed else 'MISS'}  {said} ({limit})"


def probe(side: str, consumers: int, days: int, threads: int = 1) -> dict[str, Any]:
    """Measure one run in a process of its own."""
    print(f"  {side}, {consumers:,} consumers, {days} days, {threads} thread(s) ...", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "benchmarks.probe", side, str(consumers), str(days), str(threads)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


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


def start_seconds() -> float:
    """Wall seconds of an `odm run` of a tiny world, best of three after a first one: what a run costs before it begins."""
    odm = [sys.executable, "-m", "sim.cli", "run", "baseline", "--consumers", "200", "--days", "1", "--burn-in", "0"]
    seconds = []
    for _ in range(4):
        begun = time.perf_counter()
        subprocess.run([*odm, "--json"], cwd=ROOT, capture_output=True, check=True)
        seconds.append(time.perf_counter() - begun)
    return min(seconds[1:])


def measure(quick: bool) -> dict[str, list[dict[str, Any]]]:
    """All measurements: sides by side over equal days, and the model over a year."""
    sizes = {1_000: 60, 5_000: 20} if quick else {10_000: 60, 100_000: 20}
    year = (5_000, 60) if quick else (YEAR_CONSUMERS, 365)
    pairs = []
    for consumers, days in sizes.items():
        pairs.append(probe("twin", consumers, days))
        pairs += [probe("model", consumers, days, threads) for threads in (1, 2)]
    return {"pairs": pairs, "year": [probe("model", *year, threads) for threads in (1, 2)]}


def bars(found: dict[str, list[dict[str, Any]]], start: float, crowded: Sequence[float]) -> list[Bar]:
    """The bars, from what was measured.

    That of the ratio holds for large worlds on two threads; below, what a day costs besides its orders weighs more. Those in seconds are for quiet cores,
    where ``crowded`` is near 1 before and after.
    """
    result = []
    twins = {row["consumers"]: row for row in found["pairs"] if row["side"] == "twin"}
    for consumers, twin in twins.items():
        for row in (r for r in found["pairs"] if r["side"] == "model" and r["consumers"] == consumers):
            ratio = row["consumer_days_per_s"] / twin["consumer_days_per_s"]
            text = f"times the plain twin, {consumers:,} consumers, {row['threads']} thread(s)"
            limit = TIMES_TWIN if consumers == max(twins) and row["threads"] == 2 else None
            result.append(Bar(text, ratio, limit, "x", at_least=True))
    year = found["year"][-1]
    size = f"{year['consumers']:,} consumers, {year['days']} days"
    result.append(Bar(f"{size}, 2 threads: building and running", year["elapsed_s"], YEAR_SECONDS, "s"))
    result.append(
        Bar(f"{size}: state at the end", year["state_bytes"] / year["consumers"], BYTES_PER_CONSUMER, "B each")
    )
    result.append(Bar("second `odm run`, a day of 200 consumers", start, START_SECONDS, "s"))
    when = zip(("before", "after"), crowded, strict=True)
    return result + [
        Bar(f"a loop on two cores at once against one alone, {word}", times, None, "x") for word, times in when
    ]


def lines(found: dict[str, list[dict[str, Any]]], checked: Sequence[Bar]) -> Iterator[str]:
    """The report."""
    yield f"{'':6} {'consumers':>9} {'days':>5} {'threads':>7} {'million consumer-days/s':>24} {'peak, MB':>9} {'B each':>7}"
    for row in found["pairs"] + found["year"]:
        speed, grown = row["consumer_days_per_s"] / 1e6, row["grown_bytes"] / row["consumers"]
        yield (
            f"{row['side']:6} {row['consumers']:9,} {row['days']:5} {row['threads']:7} {speed:24.3f}"
            f" {row['peak_bytes'] / MEGABYTE:9.0f} {grown:7.0f}"
        )
    yield "peak: resident memory of the process; B each: its growth from before the world to the peak, per consumer"
    yield ""
    yield from map(verdict, checked)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; the exit code is 1 when a bar is missed, which small sizes do not check."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="small worlds: to see that it works, not whether bars hold"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    before = crowding()
    found = measure(given.quick)
    checked = bars(found, start_seconds(), (before, crowding()))
    if given.json:
        print(json.dumps({**found, "bars": [{**asdict(bar), "passed": bar.passed} for bar in checked]}, indent=1))
    else:
        print("\n".join(lines(found, checked)))
    return 0 if given.quick or all(bar.passed for bar in checked) else 1


if __name__ == "__main__":
    sys.exit(main())
