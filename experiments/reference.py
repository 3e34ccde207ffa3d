"""Do the studies that ship again, small enough for a laptop, and keep their answers in ``results/reference``.

``make reference`` does all of them (about two hours on two cores); ``python -m experiments.reference NAME ...`` those named. It can be stopped, and goes on
when it is started again. What was changed to make a study small stands in ``SMALLER``, and in the report beside the answer.
"""

from __future__ import annotations

import argparse
import gzip
import re
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sim import Study, run_study
from sim.cli import show_study
from sim.studies.study_files import study_files

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "results" / "reference"
QUICK = ["set.consumers=1000", "set.days=180", "set.burn_in=60"]
SMALLER: dict[str, list[str]] = {
    "policy-ranking": ["budget.runs=288"],
    "morris-all": [
        "set.consumers=1000", "set.days=120", "set.burn_in=30", "set.policies.takedown.start=30", "sensitivity.samples=4", "replications=1",
    ],
    "sobol-core": [*QUICK, "sensitivity.samples=64", "replications=1"],
    "where-takedowns-fail": ["set.consumers=2000", "set.burn_in=60", "discover.points=192", "replications=2"],
    "budget-portfolio": [
        "set.consumers=2000", "set.days=300", "set.burn_in=60", "optimise.worlds=4", "optimise.confirm=8",
        "optimise.population=16", "optimise.generations=10", "replications=1",
    ],
}  # fmt: skip
"""``path=value`` changes to the studies that would take hours; the others are done as they ship."""
LARGE = 500_000  # bytes


def keep_table(path: Path, folder: Path) -> None:
    """Copy a table; a large one is compressed, always to the same bytes."""
    if path.stat().st_size <= LARGE:
        shutil.copy(path, folder / path.name)
    else:
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the studies named, or all, and keep the tables of their answers."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.reference", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("studies", nargs="*", help="names such as policy-ranking (default: all)")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.studies if name not in study_files()]
    if unknown:
        parser.error(f"no such study: {', '.join(unknown)}; there are {', '.join(study_files())}")
    names = given.studies or sorted(study_files(), key=list(SMALLER).__contains__)  # the quick ones first
    for name in names:
        study, folder, began = Study.load(name, SMALLER.get(name, [])), ROOT / "results" / name, time.perf_counter()
        with show_study(name, False) as tell:
            run_study(study, folder, resume=True, on_event=tell)
        kept = REFERENCE / name
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for path in sorted((folder / "answer").iterdir()):
            if path.suffix == ".csv":
                keep_table(path, kept)
        report = (folder / "answer" / "report.md").read_text(encoding="utf-8")
        (kept / "report.md").write_text(
            re.sub(r"!\[.*\]\(.*\)\n\n", "", report), encoding="utf-8"
        )  # figures are not kept
        print(f"{name}: {time.perf_counter() - began:.0f} s, kept in {kept.relative_to(ROOT)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
