"""How near each phase of the day comes to what this machine can do.

    python -m benchmarks.roofline [CONSUMERS DAYS]

Four things are measured of the machine, on one thread: draws (Philox, four numbers each), exponentials, bytes read in a row, and lines of 64 bytes read at
random from an array as large as the columns of the consumers. Then the phases are timed (`odm run --profile`), and what their kernels do is counted
(`benchmarks.counts`, in two small worlds: what a day does once and what it does for each consumer). A phase cannot be faster than the slowest of its four
parts alone would be: that is its limit, and the share of it that the phase reaches is printed.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim.kernels import njit
from sim.streams import uniform4

ROOT = Path(__file__).parents[1]
TURNS = 2_000_000
STREAM_BYTES = 2**28
SMALL = (500, 2_000)
"""Consumers of the two worlds in which kernels are counted."""
COUNTED_DAYS = 4
PARTS = {"draws": "draws", "exponentials": "exps", "stream_bytes": "stream", "random_lines": "random"}


@njit(nogil=True, error_model="numpy")
def _draw(turns: int) -> float:
    total = 0.0
    for i in range(turns):
        a, b, c, d = uniform4(1, 2, i, 3, 0)
        total += a + b + c + d
    return total


@njit(nogil=True, error_model="numpy")
def _exponentials(turns: int) -> float:
    total = 0.0
    for i in range(turns):
        total += math.exp(-1e-6 * i)
    return total


@njit(nogil=True, error_model="numpy")
def _stream(array: np.ndarray) -> int:
    total = 0
    for i in range(len(array)):
        total += array[i]
    return total


@njit(nogil=True, error_model="numpy")
def _random(array: np.ndarray, turns: int, lines: int) -> int:
    """Each place follows from the last place, not from what was read, so that several reads are under way at once; ``lines`` is a power of two."""
    total, at = 0, 1
    for _ in range(turns):
        at = (at * 1664525 + 1013904223) & (lines - 1)
        total += array[8 * at]
    return total


def rate(call: Callable[[], Any], count: float) -> float:
    """How many a second, in the best of five."""
    call()
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)
    return count / min(seconds)


def limits(state_bytes: int) -> dict[str, float]:
    """Draws, exponentials, bytes in a row and lines at random a second, on one thread; lines from an array of about ``state_bytes``."""
    row = np.ones(STREAM_BYTES // 8, np.int64)
    lines = 1 << max(6, round(math.log2(max(state_bytes, 1) / 64)))
    apart = np.ones(8 * lines, np.int64)
    return {
        "draws": rate(lambda: _draw(TURNS), TURNS),
        "exponentials": rate(lambda: _exponentials(TURNS), TURNS),
        "stream_bytes": rate(lambda: _stream(row), row.nbytes),
        "random_lines": rate(lambda: _random(apart, TURNS, lines), TURNS),
    }


def counts(consumers: int) -> dict[str, dict[str, float]]:
    """Counts per consumer-day, by phase: a line through those of two small worlds."""
    small, large = (
        json.loads(subprocess.run(
            [sys.executable, "-m", "benchmarks.counts", str(n), str(COUNTED_DAYS)], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout)
        for n in SMALL
    )  # fmt: skip
    return {
        phase: {part: through(small[phase][part], large[phase][part], consumers) for part in PARTS} for phase in large
    }


def through(small: float, large: float, consumers: int) -> float:
    """What a consumer-day takes in a world of so many consumers, given what it took in those of `SMALL`: a part for the day, shared, and one for itself."""
    n, m = SMALL
    each = max(0.0, (large * m - small * n) / (m - n))
    once = max(0.0, (small - each) * n)
    return each + once / consumers


def measured(consumers: int, days: int) -> tuple[list[dict[str, Any]], int]:
    """The profile of the first days of a world on one thread, and the bytes of its consumers' columns."""
    from sim.studies.runs.one_run import run
    from sim.studies.runs.profile import profiled

    sizes = []

    def model_class(*args: Any, **options: Any) -> Any:
        from sim.model import MarketModel

        model = MarketModel(*args, **options)
        sizes.append(sum(column.nbytes for column in model.consumers.columns))
        return model

    with profiled() as profile:
        run("baseline", seed=1, consumers=consumers, days=days, burn_in=0, model_class=model_class)
    return profile.rows(), sizes[-1]


def shares(
    rows: Sequence[dict[str, Any]], done: dict[str, dict[str, float]], can: dict[str, float], consumers: int
) -> list[dict[str, Any]]:
    """A row a phase that has kernels: nanoseconds a consumer-day in kernels, those that each part alone would take, and the share of the limit reached."""
    found = []
    for row in rows:
        if row["phase"] not in done or not row["kernel_ms"]:
            continue
        alone = {part: 1e9 * done[row["phase"]][part] / can[part] for part in PARTS}
        most = max(alone, key=lambda part: alone[part])
        kernels = 1e6 * row["kernel_ms"] / consumers
        found.append(
            {
                "phase": row["phase"], "kernel_ns": kernels, "shell_ns": 1e6 * row["shell_ms"] / consumers,
                **{f"{part}_ns": alone[part] for part in PARTS}, "bound_by": PARTS[most], "share": alone[most] / kernels,
            }
        )  # fmt: skip
    return found


def lines(rows: Sequence[dict[str, Any]], can: dict[str, float], consumers: int, state_bytes: int) -> Iterator[str]:
    """The report."""
    yield f"this machine, one thread: {can['draws'] / 1e6:.0f} million draws, {can['exponentials'] / 1e6:.0f} million exponentials,"
    yield f"{can['stream_bytes'] / 1e9:.1f} GB in a row, {can['random_lines'] / 1e6:.0f} million lines at random (of {state_bytes / 1e6:.0f} MB) a second"
    yield ""
    yield f"nanoseconds a consumer-day, {consumers:,} consumers"
    yield f"{'phase':16}{'kernels':>9}{'shell':>9} |{''.join(f'{name:>9}' for name in PARTS.values())}  {'bound by':9}{'share of the limit':>18}"
    for row in rows:
        parts = "".join(f"{row[f'{part}_ns']:9.2f}" for part in PARTS)
        yield f"{row['phase']:16}{row['kernel_ns']:9.2f}{row['shell_ns']:9.2f} |{parts}  {row['bound_by']:9}{100 * row['share']:16.0f} %"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.roofline", description=__doc__.partition("\n")[0])
    parser.add_argument("size", nargs="*", type=int, metavar="CONSUMERS DAYS", help="by default 50000 40")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    if len(given.size) not in (0, 2):
        parser.error("give a number of consumers and a number of days")
    consumers, days = given.size or (50_000, 40)
    done = counts(consumers)
    rows, state_bytes = measured(consumers, days)
    can = limits(state_bytes)
    found = shares(rows, done, can, consumers)
    if given.json:
        print(json.dumps({"limits": can, "state_bytes": state_bytes, "phases": found}, indent=1))
    else:
        print("\n".join(lines(found, can, consumers, state_bytes)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
