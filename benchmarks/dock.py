"""Docking: whether the model and its plain twin, written separately from the same description, behave alike.

Both run the scenario in `dock.yaml` with many seeds. A statistic agrees when the 90 % interval of the difference of the
means lies within a margin set beforehand, which is the test of equivalence with two one-sided tests at 5 %; that every
statistic must pass keeps the chance of a wrong agreement at 5 %. Too few seeds give wide intervals, which agree with
nothing. The model is then spoiled on purpose, one rule at a time; a comparison that does not notice is worth nothing.

The exit code is 1 when a statistic does not agree or a spoiled rule goes unnoticed.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import t as student

from benchmarks.sides import run_model, run_twin
from benchmarks.statistics import MARGINS, statistics
from sim.scenario import Scenario
from sim.studies.runs.machine import usable_cores

WORLD = Path(__file__).with_name("dock.yaml")
SEEDS = 128
CONTROL_SEEDS = 64
LEVEL = 0.05
"""Level of each of the two one-sided tests."""

NOTICED = 0.0001
"""p-value below which a spoiled rule counts as noticed."""


@dataclass(frozen=True)
class Control:
    """A rule spoiled on purpose in the model, and the statistic that must show it."""

    name: str
    changes: tuple[str, ...]
    shows_in: str


@dataclass(frozen=True)
class Verdict:
    """One statistic compared; differences are shares of the twin's mean."""

    name: str
    model: float
    twin: float
    difference: float
    low: float
    high: float
    margin: float
    p_equal: float

    @property
    def agrees(self) -> bool:
        """Whether the interval lies within the margin."""
        return -self.margin < self.low and self.high < self.margin

    @property
    def differs(self) -> bool:
        """Whether the sides differ beyond doubt, and not merely by less than the margin."""
        return not self.agrees and self.p_equal < NOTICED

    @property
    def word(self) -> str:
        """The verdict in a word."""
        return "agrees" if self.agrees else ("DIFFERS" if self.differs else "UNDECIDED")


def controls(world: Scenario) -> list[Control]:
    """The spoiled rules."""
    doubled = [
        f"jurisdictions.{name}.{field}={2.0 * getattr(row, field)}"
        for name, row in world.jurisdictions.items()
        for field in ("border", "domestic_intercept")
    ]
    return [
        Control("interception doubled", tuple(doubled), "seized, of posted"),
        Control("reputation ignored", ("choice.reputation_weight=0",), "bad ratings of new choices"),
        Control("popularity doubled", ("supply.popularity_exponent=0.9",), "top tenth of street vendors"),
        Control("no going back to known vendors", ("choice.new_beta=0",), "share of main vendor"),
    ]


def compare(name: str, model: np.ndarray, twin: np.ndarray, margin: float) -> Verdict:
    """Compare the means of a statistic: Welch's interval of the difference, relative to the twin's mean."""
    scale = abs(float(twin.mean()))
    a, b = model.var(ddof=1) / len(model), twin.var(ddof=1) / len(twin)
    spread = max(math.sqrt(a + b), 1e-12)
    freedom = (a + b) ** 2 / max(a**2 / (len(model) - 1) + b**2 / (len(twin) - 1), 1e-300)
    difference = float(model.mean() - twin.mean())
    reach = float(student.ppf(1.0 - LEVEL, freedom)) * spread
    return Verdict(
        name, float(model.mean()), float(twin.mean()), difference / scale, (difference - reach) / scale,
        (difference + reach) / scale, margin, 2.0 * float(student.sf(abs(difference) / spread, freedom)),
    )  # fmt: skip


def compare_all(model: Sequence[dict[str, float]], twin: Sequence[dict[str, float]]) -> list[Verdict]:
    """Compare every statistic of the runs of both sides."""
    return [
        compare(name, np.array([run[name] for run in model]), np.array([run[name] for run in twin]), margin)
        for name, margin in MARGINS.items()
    ]


def one_run(side: str, changes: tuple[str, ...], seed: int) -> dict[str, float]:
    """The statistics of one run, in a process of its own."""
    world = Scenario.load(WORLD).override(changes)
    return statistics((run_model if side == "model" else run_twin)(world, seed))


def run_all(
    pool: ProcessPoolExecutor, side: str, seeds: range, changes: tuple[str, ...] = ()
) -> list[dict[str, float]]:
    """The statistics of a run per seed."""
    begun = time.perf_counter()
    runs = list(pool.map(one_run, [side] * len(seeds), [changes] * len(seeds), seeds))
    print(f"  {len(seeds)} runs of the {side}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    return runs


def lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """The table of a comparison."""
    yield f"{'statistic':30} {'model':>9} {'twin':>9} {'difference':>10}  {'90 % interval':>16} {'margin':>7}"
    for v in verdicts:
        interval = f"{100 * v.low:+.1f} to {100 * v.high:+.1f} %"
        yield (
            f"{v.name:30} {v.model:9.4g} {v.twin:9.4g} {100 * v.difference:+8.1f} %  {interval:>16}"
            f" {100 * v.margin:5.0f} %  {v.word}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare the sides, then the spoiled model with the twin."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dock", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--seeds", type=int, default=SEEDS, help=f"runs of each side (default {SEEDS}; fewer decide less)"
    )
    parser.add_argument("--first-seed", type=int, default=1, help="seed of the first run (default 1)")
    parser.add_argument("--workers", type=int, default=usable_cores(), help="processes")
    given = parser.parse_args(arguments)
    if given.seeds < 2:
        parser.error("--seeds must be at least 2")
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    begun, world = time.perf_counter(), Scenario.load(WORLD)
    run_model(world.with_(consumers=200, days=30, burn_in=1), 1)  # compiles, or loads what was compiled
    failures: list[str] = []
    with ProcessPoolExecutor(given.workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        model, twin = run_all(pool, "model", seeds), run_all(pool, "twin", seeds)
        verdicts = compare_all(model, twin)
        print(f"{world.consumers} consumers, {world.days} days after {world.burn_in}, {given.seeds} seeds a side\n")
        print("\n".join(lines(verdicts)))
        failures += [f"{v.name}: {v.word.lower()}" for v in verdicts if not v.agrees]
        print(f"\n{'spoiled in the model':32} {'shows in':30} {'change':>9}  others")
        for control in controls(world):
            spoiled = run_all(pool, "model", seeds[:CONTROL_SEEDS], control.changes)
            found = {v.name: v for v in compare_all(spoiled, twin)}
            shown = found[control.shows_in]
            others = sum(v.differs for v in found.values()) - shown.differs
            word = "noticed" if shown.differs else "MISSED"
            print(f"{control.name:32} {control.shows_in:30} {100 * shown.difference:+7.1f} %  {others:3d}     {word}")
            if not shown.differs:
                failures.append(f"{control.name}: not noticed")
    print(f"\n{time.perf_counter() - begun:.0f} s")
    print("the model and its plain twin agree" if not failures else "no agreement: " + "; ".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
