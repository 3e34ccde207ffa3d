"""Results move only on purpose."""

import json
import math

from tests.baseline_numbers import PLACE, numbers


def test_results_are_those_that_were_written_down() -> None:
    kept = json.loads(PLACE.read_text(encoding="utf-8"))
    moved = {
        f"seed {seed}, {name}": (kept.get(seed, {}).get(name), value)
        for seed, outcomes in numbers().items()
        for name, value in outcomes.items()
        if not (value == kept.get(seed, {}).get(name) or (math.isnan(value) and math.isnan(kept[seed][name])))
    }
    assert not moved, f"results moved: if on purpose, `make baseline-numbers` and say why in CHANGELOG.md: {moved}"
