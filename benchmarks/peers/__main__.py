"""Consumer-days a second of every peer by size, in one run: `python -m benchmarks.peers`; a table and a picture of it.

Each measurement is a process of its own, and peers take turns in rounds, so that what else the machine does falls on all of them; the best round counts.
A size that would take a peer longer than a minute, by its own time at the size before, is left out.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.bench import crowding
from benchmarks.peers.market import Market, Peer
from benchmarks.probe import peak, resident

ROOT = Path(__file__).parents[2]
TABLE, PICTURE = ROOT / "results" / "reference" / "peers.csv", ROOT / "docs" / "pictures" / "peers.svg"
PEERS: dict[str, tuple[str, str, dict[str, int]]] = {
    "agentpy": ("agentpy_objects", "AgentpyMarket", {}),
    "Mesa": ("mesa_objects", "MesaMarket", {}),
    "NumPy": ("numpy_columns", "NumpyMarket", {}),
    "Numba, one thread": ("numba_kernels", "NumbaMarket", {"threads": 1}),
    "Numba, two threads": ("numba_kernels", "NumbaMarket", {"threads": 2}),
}
"""The module, class and options of each."""
SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
BEFORE, DAYS, SECONDS = 20, 5, 1.0
"""Days that pass before the clock starts, so that consumers remember vendors; days and seconds timed at least."""
PATIENCE = 60.0
"""Seconds that a measurement may take, reckoned from the speed at the size before."""
WEIGHABLE = 10_000
"""Consumers from which on their memory stands out from the rest."""
ROUNDS = 2


def make(name: str, market: Market, seed: int) -> Peer:
    """A market of a peer."""
    module, kind, options = PEERS[name]
    return getattr(import_module(f"benchmarks.peers.{module}"), kind)(market, seed, **options)


def measure(name: str, consumers: int) -> dict[str, Any]:
    """Build and run a market in this process; what is compiled is compiled before."""
    make(name, Market.of(2_000), 1).run_for(2)
    gc.collect()
    held, building = resident(), time.perf_counter()
    peer = make(name, Market.of(consumers), 1)
    built = time.perf_counter()
    peer.run_for(BEFORE)
    started, days = time.perf_counter(), 0
    while days < DAYS or time.perf_counter() - started < SECONDS:
        peer.run_for(1)
        days += 1
    ended = time.perf_counter()
    return {
        "peer": name,
        "consumers": consumers,
        "days": days,
        "consumer_days_per_s": consumers * days / (ended - started),
        "build_s": built - building,
        "bytes_per_consumer": max(peak() - held, 0) / consumers if consumers >= WEIGHABLE else None,
    }


def measured(names: Iterable[str], sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Measure peers in turn, size by size, each in its own process."""
    cost = dict.fromkeys(names, 0.0)
    for size in sizes:
        cost = {name: each for name, each in cost.items() if each * size < PATIENCE}
        for _ in range(ROUNDS):
            crowded = crowding()
            for name in cost:
                command = [sys.executable, "-m", "benchmarks.peers", "--one", name, str(size)]
                done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
                row = json.loads(done.stdout) | {"crowded": crowded}
                cost[name] = row["build_s"] / size + (BEFORE + DAYS) / row["consumer_days_per_s"]
                yield row


def best(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The fastest round of each peer at each size, with how much faster it was than the slowest."""

    def which(row: dict[str, Any]) -> tuple[int, int]:
        return list(PEERS).index(row["peer"]), row["consumers"]

    found = []
    for _, rounds in groupby(sorted(rows, key=which), which):
        ordered = sorted(rounds, key=lambda row: -row["consumer_days_per_s"])
        first, last = ordered[0], ordered[-1]
        found.append(
            {
                "peer": first["peer"],
                "consumers": first["consumers"],
                "days": first["days"],
                "consumer_days_per_s": round(first["consumer_days_per_s"]),
                "best_over_worst": round(first["consumer_days_per_s"] / last["consumer_days_per_s"], 2),
                "build_s": round(first["build_s"], 3),
                "bytes_per_consumer": first["bytes_per_consumer"] and round(first["bytes_per_consumer"]),
                "crowded": round(first["crowded"], 2),
            }
        )
    return found


def draw(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw consumer-days a second against size, both on logarithmic scales."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "peers", "font.family": "sans-serif", "font.size": 9}):
        figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
        for (name, mine), marker in zip(groupby(rows, lambda row: row["peer"]), "osD^v", strict=False):
            points = [(row["consumers"], row["consumer_days_per_s"]) for row in mine]
            ax.plot(*zip(*points, strict=True), marker=marker, markersize=5, label=name)
        ax.set(xscale="log", yscale="log", xlabel="consumers", ylabel="consumer-days a second")
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
        handles, labels = ax.get_legend_handles_labels()
        ax.legend(handles[::-1], labels[::-1], frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None, "Creator": None} if path.suffix == ".svg" else None)
        plt.close(figure)


def write(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write the table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write and draw."""
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description="Speed of a reduced market by library."
    )
    options.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="consumers, from few to many")
    options.add_argument("--table", type=Path, default=TABLE)
    options.add_argument("--picture", type=Path, default=PICTURE)
    options.add_argument("--one", nargs=2, metavar=("PEER", "CONSUMERS"), help=argparse.SUPPRESS)
    chosen = options.parse_args(arguments)
    if chosen.one:
        print(json.dumps(measure(chosen.one[0], int(chosen.one[1]))))
        return
    if min(chosen.sizes) < 100:
        options.error("a market has at least 100 consumers")
    names = [name for name in PEERS if name != "agentpy" or find_spec("agentpy")]
    if "agentpy" not in names:
        print("agentpy is not installed and is left out: `make peers` brings it")
    rows = []
    for row in measured(names, sorted(chosen.sizes)):
        rows.append(row)
        each = row["bytes_per_consumer"]
        print(
            f"{row['peer']:<20}{row['consumers']:>10,}{row['consumer_days_per_s'] / 1e6:>9.2f} million a second"
            f"{'' if each is None else f'{each:,.0f} B each':>14}   [two loops at once: {row['crowded']:.2f}]",
            flush=True,
        )
    found = best(rows)
    write(found, chosen.table)
    draw(found, chosen.picture)
    print(f"written: {chosen.table}, {chosen.picture}")


if __name__ == "__main__":
    main()
