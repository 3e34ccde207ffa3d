"""Keep how many targets each rival rule meets, out of a validation: ``python -m experiments.rivals FOLDER [FILE]``.

FOLDER is what `odm validate --submodels ... --out FOLDER` wrote; FILE by default the one that docs/validity.md shows.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

KEPT = Path(__file__).parents[1] / "results" / "reference" / "validation" / "rivals.json"
HEAD = ("model", "parameter_sets", "runs_of_each", "runs_without_outcomes")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the totals by the usual rules and under each rival, and how large the worlds were."""
    folder, *more = arguments if arguments is not None else sys.argv[1:]
    found = json.loads((Path(folder) / "answer" / "validation.json").read_text(encoding="utf-8"))
    if "rivals" not in found:
        raise SystemExit(f"{folder} has no rivals: run odm validate with --submodels")
    worlds = found["worlds"].values()
    usual = {"submodel": "", "rival": "", "totals": found["totals"], "in_range": found["in_range"]}
    kept = {name: found[name] for name in HEAD} | {
        "worlds": len(worlds),
        "consumers": sorted({world["consumers"] for world in worlds}),
        "rules": [usual, *found["rivals"]],
    }
    file = Path(more[0]) if more else KEPT
    file.write_text(json.dumps(kept, indent=1, allow_nan=False) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
