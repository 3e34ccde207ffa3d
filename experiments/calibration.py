"""Calibrate the model against the targets that ship, or prove that truths which are known would be found.

`make calibrate` does what `experiments/calibration.yaml` says, into `results/calibration`; `make calibrate-proof` runs parameter sets that are known and finds them
again, into `results/calibration-proof`. Both say first what they will take, can be stopped at any time, and go on when they are started again.

Run from the root of the project: `python -m experiments.calibration [--plan] [--proof] [--quick] [--out DIR] [--workers N] [--parameters FILE] [FILE]`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.cli import show_study
from sim.report.calibration import calibrate, cost
from sim.scenario import ScenarioError
from sim.studies.errors import RequestError, StudyError
from sim.studies.execution.conduct import How
from sim.studies.validation.calibration.budget import budget
from sim.studies.validation.calibration.calibrate import study_of
from sim.studies.validation.calibration.proof import HONEST, run_proof, stages
from sim.studies.validation.calibration.settings import Calibration, load_calibration

ROOT = Path(__file__).parents[1]
FILE = ROOT / "experiments" / "calibration.yaml"
QUICK: list[tuple[str, Any]] = [
    ("consumers", 500), ("parameters", ["demand", "choice"]), ("screen.points", 30), ("screen.fewest", 3), ("screen.most", 5), ("points", 24), ("waves", 2),
    ("replicates", 1), ("walkers", 300), ("sweeps", 8), ("members", 10),
]  # fmt: skip
"""Changes that make it a trial of minutes, from which nothing can be learnt of the world."""
TRUTHS = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Say what is to be spent, and do it."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.calibration", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("file", nargs="?", type=Path, default=FILE, help="calibration file")
    parser.add_argument(
        "--out", type=Path, help="folder of runs and answer (default results/calibration or results/calibration-proof)"
    )
    parser.add_argument("--plan", action="store_true", help="say what it takes, and stop")
    parser.add_argument("--proof", action="store_true", help="find truths again that are known, instead of calibrating")
    parser.add_argument("--truths", type=int, default=TRUTHS, help=f"how many (default {TRUTHS})")
    parser.add_argument("--points", type=int, help="parameter sets of a wave, in the place of those of the file")
    parser.add_argument("--consumers", type=int, help="people of every world, likewise")
    parser.add_argument("--quick", action="store_true", help="small, to see that it works (minutes)")
    parser.add_argument("--workers", type=int, help="worker processes (default: one a core)")
    parser.add_argument(
        "--parameters", type=Path, help="JSON list of parameters to calibrate, in the place of screening"
    )
    given = parser.parse_args(arguments)
    changes = [*(QUICK if given.quick else [])]
    try:
        changes += [(name, value) for name in ("points", "consumers") if (value := getattr(given, name)) is not None]
        if given.parameters is not None:
            changes += [("parameters", json.loads(given.parameters.read_text(encoding="utf-8"))), ("screen", None)]
        return _done(load_calibration(given.file, changes), given)
    except (ScenarioError, RequestError, StudyError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted. What was finished is kept; start again to go on.", file=sys.stderr)
        return 130


def _done(calibration: Calibration, given: argparse.Namespace) -> int:
    name = "calibration-proof" if given.proof else "calibration"
    out = given.out or ROOT / "results" / (f"{name}-quick" if given.quick else name)
    if given.plan or not (out / "study.json").exists():
        study, _, _ = study_of(calibration)
        proof_only = stages(calibration, given.truths, len(study.scenarios))
        print(
            budget(proof_only, study.scenarios, given.workers) if given.proof else cost(calibration, given.workers),
            flush=True,
        )
    if given.plan:
        return 0
    with show_study(name, False) as tell:
        if given.proof:
            proof = run_proof(calibration, out, How(resume=True, workers=given.workers, on_event=tell), given.truths)
        else:
            result = calibrate(calibration, out, workers=given.workers, resume=True, on_event=tell)
    print(f"Written to {out}: answer/report.md")
    print(proof.last_line if given.proof else result.last_line)
    return 0 if not given.proof or HONEST[0] <= proof.held <= HONEST[1] else 1


if __name__ == "__main__":
    sys.exit(main())
