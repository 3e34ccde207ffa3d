"""Throughput of a study against single runs: spreading runs over the cores may cost a twentieth.

    python -m benchmarks.throughput [CONSUMERS RUNS]

A study of paired runs of a year is timed from its command to its exit, start, analysis and figures included. Cores do not run at one speed all the time,
so the single runs that it is measured by are spread over the study: every minute it is stopped for a few seconds, in which nothing counts for it, and runs
are timed alone. Whatever slows a machine slows both. Every part ends with a bar and exit code 1 where it is missed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.bench import Bar, verdict
from benchmarks.probe import MEGABYTE

OVERHEAD = 1.05
PARENT_MEGABYTES = 500.0
KILOBYTES_PER_RUN = 20.0
PAUSE_EVERY = 60.0
SINGLES = 3
SETTINGS = {"days": 365, "burn_in": 60}


class Single:
    """Single runs as a study does them, in this process, compiled before."""

    def __init__(self, consumers: int) -> None:
        from sim.model import MarketModel
        from sim.studies.runs.simulate import load_scenario, simulate, warm_up

        self.scenario = load_scenario("baseline", consumers=consumers, **SETTINGS)
        self.model_class, self.simulate = MarketModel, simulate
        warm_up(self.scenario, MarketModel)
        self.seconds: list[float] = []

    def __call__(self) -> None:
        """Time some."""
        for _ in range(SINGLES):
            self.seconds.append(self.simulate(self.scenario, len(self.seconds), self.model_class).elapsed_s)


def highest_memory(pid: int, before: float) -> float:
    """Most megabytes that a process held so far; what was known ``before`` when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        return max(before, next(int(line.split()[1]) * 1024 / MEGABYTE for line in lines if line.startswith("VmHWM")))
    except (OSError, StopIteration):
        return before


def timed_study(command: Sequence[str], single: Single, log: Path) -> tuple[float, float]:
    """Run a study to its end with pauses for single runs; returns its seconds without these, and the most megabytes of its parent."""
    memory = paused = 0.0
    begun = last = time.perf_counter()
    with log.open("w", encoding="utf-8") as out:
        study = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            while study.poll() is None:
                time.sleep(0.05)
                memory = highest_memory(study.pid, memory)
                now = time.perf_counter()
                if now - last > PAUSE_EVERY:
                    os.killpg(study.pid, signal.SIGSTOP)
                    single()
                    os.killpg(study.pid, signal.SIGCONT)
                    last = time.perf_counter()
                    paused += last - now
        finally:
            if study.poll() is None:
                os.killpg(study.pid, signal.SIGKILL)
    if study.returncode:
        sys.exit(log.read_text(encoding="utf-8"))
    return time.perf_counter() - begun - paused, memory


def measure(consumers: int, runs: int, workers: int) -> dict[str, Any]:
    """Time a study of ``runs`` paired runs of two scenarios."""
    place = Path(tempfile.mkdtemp(prefix="throughput-"))
    file = {
        "name": "throughput", "title": "Throughput", "question": "How long does it take?", "kind": "compare",
        "scenarios": ["baseline", "takedown"], "daily": "all", "replications": runs // 2,
        "set": {"consumers": consumers, **SETTINGS, "policies.takedown.start": 30},
    }  # fmt: skip
    try:
        (place / "study.yaml").write_text(yaml.safe_dump(file), encoding="utf-8")
        command = [sys.executable, "-m", "sim.cli", "study", str(place / "study.yaml")]
        command += ["--workers", str(workers), "--out", str(place / "out")]
        single = Single(consumers)
        single()
        seconds, memory = timed_study(command, single, place / "log.txt")
        single()
        stored = sum(path.stat().st_size for path in (place / "out" / "parts").rglob("*") if path.is_file())
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return {
        "consumers": consumers, "runs": runs, "workers": workers, "study_s": seconds, "parent_megabytes": memory,
        "kilobytes_per_run": stored / runs / 1000.0, "single_s": single.seconds,
    }  # fmt: skip


def bars(found: dict[str, Any]) -> list[Bar]:
    """The bars of one measurement."""
    alone = statistics.mean(found["single_s"])
    what = f"{found['runs']:,} runs of {found['consumers']:,} consumers on {found['workers']} workers"
    fair = found["runs"] * alone / found["workers"]
    return [
        Bar(f"{what}, against single runs", found["study_s"] / fair, OVERHEAD, "x"),
        Bar("most memory of the parent", found["parent_megabytes"], PARENT_MEGABYTES, "MB"),
        Bar("store", found["kilobytes_per_run"], KILOBYTES_PER_RUN, "kB a run"),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; the exit code is 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__.partition("\n")[0])
    parser.add_argument("sizes", nargs="*", type=int, metavar="CONSUMERS RUNS", help="by default 5000 1000 20000 200")
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    given = parser.parse_args(arguments)
    sizes = given.sizes or [5_000, 1_000, 20_000, 200]
    if len(sizes) % 2:
        parser.error("give a number of consumers and a number of runs for each study")
    passed = True
    for consumers, runs in zip(sizes[::2], sizes[1::2], strict=True):
        print(f"  {runs:,} runs of {consumers:,} consumers ...", file=sys.stderr, flush=True)
        found = measure(consumers, runs, given.workers)
        singles = found["single_s"]
        print(
            f"study {found['study_s']:.0f} s; {len(singles)} single runs: mean {statistics.mean(singles):.2f} s, "
            f"{min(singles):.2f} to {max(singles):.2f} s"
        )
        for bar in bars(found):
            print(verdict(bar), flush=True)
            passed = passed and bar.passed
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
