"""The exact numbers of a small baseline, kept so that a change that moves results is seen.

``python -m tests.baseline_numbers`` writes them again; `CHANGELOG.md` says why they moved.
"""

import json
from pathlib import Path

PLACE = Path(__file__).with_name("baseline_numbers.json")
SEEDS = (1, 2)


def numbers() -> dict[str, dict[str, float]]:
    """Every outcome of the baseline with 1,000 consumers over 60 days, by seed."""
    from sim import MarketModel, Scenario

    found = {}
    for seed in SEEDS:
        model = MarketModel(Scenario.load("baseline").with_(consumers=1000, days=60, burn_in=30), rng=seed)
        model.run_for(90)
        found[str(seed)] = model.outcomes()
    return found


if __name__ == "__main__":
    PLACE.write_text(json.dumps(numbers(), indent=1) + "\n", encoding="utf-8")
    print(f"written: {PLACE.name}")
