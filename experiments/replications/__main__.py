"""Look for published results in the model, and say which it reproduces, which only in sign, and which it misses.

``python -m experiments.replications`` does all, with names those named. Runs are kept, and an interrupted one goes on when it is started again. Without
``--out`` runs go to ``results/replications``, and what was found to ``results/reference/replications``, from which the page is written.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from experiments.replications import NAMES, load
from experiments.replications.common import replicate
from sim.cli import show_study
from sim.report.figures.style import DPI, style
from sim.scenario import ScenarioError
from sim.studies.errors import RequestError, StudyError
from sim.studies.execution.conduct import How

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "results" / "reference" / "replications"
NUMBERS = re.compile(r"\[\s+[^\[\]{}\"]+\]")
"""A list of numbers, which is written in one line."""


def asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What the command line asks for, checked."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.replications", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="small worlds and two runs of each: to see that it works")
    parser.add_argument("--out", type=Path, help="folder for runs and what was found (default: results)")
    parser.add_argument("--workers", type=int, help="worker processes (default: one a core)")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if name not in NAMES]:
        parser.error(f"no such replication: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if given.workers is not None and given.workers < 1:
        parser.error(f"--workers: given {given.workers}, at least 1")
    return given


def write(found: dict[str, Any], name: str, folder: Path) -> None:
    """Write what was found and its picture, as small files that are the same whenever the numbers are."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found, indent=1, allow_nan=False, ensure_ascii=False)
    text = NUMBERS.sub(lambda row: " ".join(row[0].split()), text)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    figure = load(name).picture(found["drawn"], found["findings"])
    with style():
        figure.savefig(folder / f"{name}.png", dpi=DPI * 0.8, metadata={"Software": None})


def table_of(found: dict[str, Any]) -> Table:
    """What was found as a table for a terminal."""
    table = Table(title=Text(f"{found['title']}: {found['verdict']}"), title_justify="left", show_lines=False)
    for head in ("number", "published", "model", ""):
        table.add_column(head, overflow="fold")
    for row in found["findings"]:
        table.add_row(*(Text(str(row[key])) for key in ("text", "wanted", "got", "verdict")))
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the replications named, or all; the exit code says whether they could be done, not whether they came out."""
    given = asked(arguments)
    names = list(dict.fromkeys(given.names)) or list(NAMES)
    runs = given.out or ROOT / "results" / ("replications-quick" if given.quick else "replications")
    kept = runs if given.out or given.quick else REFERENCE
    every, console = [], Console()
    for name in names:
        began = time.perf_counter()
        try:
            with show_study(name, False, quiet=given.json) as tell:
                how = How(resume=True, workers=given.workers, executor="inline" if given.workers == 1 else "processes", on_event=tell)  # fmt: skip
                found = replicate(load(name), runs / load(name).runs_in, how, given.quick)
        except (RequestError, StudyError, ScenarioError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        write(found, name, kept)
        every.append({key: value for key, value in found.items() if key != "drawn"})
        if not given.json:
            console.print(table_of(found))
            print(f"{name}: {time.perf_counter() - began:.0f} s, kept in {kept}", flush=True)
    if given.json:
        print(json.dumps(every, indent=1, allow_nan=False, ensure_ascii=False))
    return 0


if __name__ == "__main__":  # workers read this file too
    sys.exit(main())
