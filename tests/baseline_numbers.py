"""Exact outcomes of a small baseline: a file that shows when results move.

``python -m tests.baseline_numbers`` (or ``make baseline-numbers``) writes it again.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

from sim.model import MarketModel
from sim.scenario import Scenario

FILE = Path(__file__).with_name("baseline_numbers.json")
SETTINGS = {"consumers": 1000, "days": 60, "burn_in": 30}
SEEDS = (1, 2)

type Numbers = dict[str, float | None]


def numbers(seed: int) -> Numbers:
    """Every outcome of the baseline at `SETTINGS`; None where a run has no value."""
    scenario = Scenario.load("baseline").with_(**SETTINGS)
    model = MarketModel(scenario, rng=seed)
    model.run_for(scenario.burn_in + scenario.days)
    return {name: value if math.isfinite(value) else None for name, value in model.outcomes().items()}


def write() -> None:
    """Write the outcomes of today's code."""
    content = {"settings": SETTINGS, "outcomes": {str(seed): numbers(seed) for seed in SEEDS}}
    FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
    print(f"{FILE.name}: outcomes of seeds {', '.join(map(str, SEEDS))}; say in CHANGELOG.md why they moved")
