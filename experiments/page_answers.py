"""Small comparisons of every question of the page, kept as summary tables that ship with it, so that an answer is there at once.

``make page-answers`` does all of them (a quarter of an hour on two cores); what is done with the present model is kept in ``results/page``
and not done again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import sim.policies  # noqa: F401 - the kinds enter themselves
from sim import compare
from sim.app.plan import Package, Plan, Size, default, from_scenario, shipped
from sim.app.stored import key_of, summary, write
from sim.scenario import list_scenarios
from sim.studies.execution.identity import model_version

KEPT = Path(__file__).parents[1] / "results" / "page" / "answers.json"
CONSUMERS, PAIRS = 2_000, 4
TOGETHER = 8
"""Packages of a world that are compared in one go."""


def questions() -> list[Plan]:
    """The question with which the page starts, and those that ship."""
    named = [from_scenario(shipped(name)) for name, title, _ in list_scenarios() if title and name != "baseline"]
    return [replace(plan, size=Size(CONSUMERS, plan.size.days, PAIRS)) for plan in (default(), *named)]


def together(plans: Sequence[Plan], done: set[str]) -> Iterator[Plan]:
    """Packages that are not done yet, those of a world in one comparison."""
    worlds: dict[str, tuple[Plan, dict[str, Package]]] = {}
    for plan in plans:
        name = json.dumps([plan.world, plan.happens, plan.size.days], sort_keys=True, default=str)
        for package in plan.packages:
            worlds.setdefault(name, (plan, {}))[1].setdefault(key_of(plan, package), package)
    for plan, packages in worlds.values():
        left = [package for key, package in packages.items() if key not in done]
        for first in range(0, len(left), TOGETHER):
            yield replace(plan, packages=tuple(left[first : first + TOGETHER]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is not done, and write what ships."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.page_answers", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--workers", type=int, default=None, help="worker processes (default: one a core)")
    workers = parser.parse_args(arguments).workers
    about = {"model": model_version(), "consumers": CONSUMERS, "pairs": PAIRS}
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    packages = kept.get("packages", {}) if {name: kept.get("about", {}).get(name) for name in about} == about else {}
    about["made"] = date.today().isoformat()
    first, *others = questions()
    for plan in (
        *together([first], set(packages)),
        *together(others, {*packages, *(key_of(first, each) for each in first.packages)}),
    ):
        began = time.perf_counter()
        scenarios = list(plan.ready().scenarios.values())
        comparison = compare(scenarios[0], scenarios[1:], runs=PAIRS, seed=1, workers=workers)
        for label, package in zip(plan.labels, plan.packages, strict=True):
            packages[key_of(plan, package)] = summary(comparison, label)
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        KEPT.write_text(json.dumps({"about": about, "packages": packages}), encoding="utf-8")
        write(packages, about)
        print(f"{len(plan.packages)} packages: {time.perf_counter() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
