"""How many targets each rival rule meets: ``python -m experiments.rivals [WORLD ...]`` holds them against the facts of these worlds, by default of all.

The runs are in ``results/rivals``, where it goes on when it was stopped; the counts, with how large the worlds were, are kept for docs/validity.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.report.validation import validate
from sim.studies.validation.files import load_targets

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "results" / "reference" / "validation" / "rivals.json"
HEAD = ("model", "parameter_sets", "runs_of_each", "runs_without_outcomes")


def kept(found: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a validation with rivals: totals by the usual rules and under each rival, and the worlds."""
    usual = {"submodel": "", "rival": "", "totals": found["totals"], "in_range": found["in_range"]}
    return {name: found[name] for name in HEAD} | {"worlds": found["worlds"], "rules": [usual, *found["rivals"]]}


def main(arguments: Sequence[str] | None = None) -> None:
    """Do it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("worlds", nargs="*", help="worlds of the targets (default: all)")
    parser.add_argument("--consumers", type=int, help="simulated consumers of every world (default: its own)")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "rivals", help="folder of the runs")
    parser.add_argument("--keep", type=Path, default=KEPT, help="file of what is kept")
    parser.add_argument("--workers", type=int, help="processes")
    given = parser.parse_args(arguments)
    targets = load_targets()
    if unknown := sorted({*given.worlds} - {*targets.needed()}):
        parser.error(f"no such worlds: {', '.join(unknown)}; there are {', '.join(targets.needed())}")
    if given.worlds:
        targets = targets.of(ids=[target.id for target in targets.all if target.world in given.worlds])
    result = validate(
        targets, runs=1, consumers=given.consumers, workers=given.workers, out=given.out, resume=True, submodels="all"
    )
    text = json.dumps(kept(result.to_json()), indent=1, allow_nan=False)
    given.keep.write_text(text + "\n", encoding="utf-8", newline="\n")
    print(result.last_line)


if __name__ == "__main__":
    main()
