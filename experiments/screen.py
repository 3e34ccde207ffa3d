"""Screen every parameter: one at a time to the ends of its plausible range, paired with the usual run, in a world where much happens.

`make screen` writes `results/reference/screening.csv`: a row per parameter with how many outcomes it moves, the one that it moves most, and by how much. The exit
code is 1 when a parameter moves no outcome and no event: such a one has no place in `sim/evidence/parameters.yaml`.

Run from the root of the project: `python -m experiments.screen [--seeds 2] [--workers 2] [--out FILE] [PARAMETER ...]`.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track

from sim import MarketModel, Scenario
from sim.evidence.parameters import ParameterSpec, load_parameters
from sim.studies.runs.machine import usable_cores

ROOT = Path(__file__).parents[1]
WORLD = ROOT / "experiments" / "screening.yaml"
REFERENCE = ROOT / "results" / "reference" / "screening.csv"
ONLY_WITH: dict[str, dict[str, dict[str, object]]] = {
    "consumption.mme_per_dose": {"submodels": {"overdose": "logistic"}},
    "learning.raid_exponent": {"submodels": {"fear": "share"}},
    **{
        f"payment.{name}": {"parameters": {"enforcement": {"share_payments": 0.5, "platform_case": 40}}}
        for name in ("privacy_traceability", "coin_traceability", "trace_yield")
    },
    "payment.chargeback_threshold": {
        "parameters": {"shipping": {"chargeback": 0.03}, "payment": {"threshold_hazard": 0.1}}
    },
    "supply.seizure_floor": {"parameters": {"supply": {"seizure": 0.03}}},
    "enforcement.lead_days": {"parameters": {"enforcement": {"arrest_days_online": 60.0, "server_leads": 60.0}}},
    "enforcement.remote_crypto": {
        "parameters": {"enforcement": {"arrest_days_online": 60.0}, "choice": {"crypto": -2.0}}
    },
    "enforcement.credit_parcel": {"parameters": {"enforcement": {"learning": 0.3}}},
    "migration.give_up": {"parameters": {"migration": {"reach": 0.3}}},
    "shipping.not_five_stars": {"consumers": 4000, "parameters": {"choice": {"crypto": 1.0}}},
    "vendors.bad_exit": {"parameters": {"choice": {"crypto": 1.0}}},
    "platforms.forged": {"parameters": {"world": {"patients": 0.8, "dependents": 0.1, "suppliers": 0.05}}},
    "platforms.operator_income": {
        "parameters": {"choice": {"crypto": 1.0}, "platforms": {"cryptomarket_entry": 0.1, "closure_days": 40.0}}
    },
}
"""What else must be set for a parameter to act."""
MOST_SEEDS = 4
"""Where nothing has moved yet, more seeds are tried, up to so many: what is rare does not happen in every run."""
TOLERANCE = 1e-9
"""Changes of an outcome below this share of its level are rounding."""


@functools.cache
def world() -> Scenario:
    """The world in which parameters are screened."""
    return Scenario.load(WORLD)


@functools.cache
def specs() -> dict[str, ParameterSpec]:
    """Every parameter by its path."""
    return dict(load_parameters().specs)


def ran(seed: int, others: str = "", path: str = "", value: float = 0.0) -> tuple[dict[str, float], str]:
    """Outcomes of a run with one parameter at ``value``, and a digest of its events; ``others`` names the parameter for which more must be set."""
    scenario = world().with_(**ONLY_WITH.get(others, {}))
    if path:
        group, _, name = path.partition(".")
        scenario = scenario.with_(parameters={group: {name: value}})
    model = MarketModel(scenario, rng=seed, tables=("events",))
    model.run_for(scenario.burn_in + scenario.days)
    events = pd.util.hash_pandas_object(model.table("events"), index=False).to_numpy()
    return model.outcomes(), hashlib.sha256(events.tobytes()).hexdigest()


@functools.cache
def usual(seed: int, others: str = "") -> tuple[dict[str, float], str]:
    """The run that the others of a seed are paired with."""
    return ran(seed, others)


def screened(path: str, seeds: int) -> dict[str, object]:
    """What one parameter moves between its usual value and the ends of its range, in ``seeds`` pairs of runs or more."""
    spec = specs()[path]
    ends = [end for end in (spec.low, spec.high) if end != spec.value]
    changes: dict[str, list[float]] = {}
    events, seed = 0, 0
    while seed < seeds or (seed < MOST_SEEDS and not events and max(map(max, changes.values())) <= TOLERANCE):
        seed += 1
        others = path if path in ONLY_WITH else ""
        before, happened = usual(seed, others)
        for end in ends:
            after, now = ran(seed, others, path, end)
            events += now != happened
            for name in before:
                old, new = before[name], after[name]
                if np.isfinite(old) and np.isfinite(new):
                    changes.setdefault(name, []).append(abs(new - old) / max(abs(old), abs(new), 1e-12))
    mean = {name: float(np.mean(found)) for name, found in changes.items()}
    moved = [name for name in mean if mean[name] > TOLERANCE]
    most = max(mean, key=lambda name: mean[name])
    return {
        "parameter": path, "low": spec.low, "value": spec.value, "high": spec.high, "runs": seed * len(ends), "outcomes_moved": len(moved),
        "most_moved": most if moved else "", "change": round(mean[most], 6), "runs_with_other_events": events,
    }  # fmt: skip


def asked(
    arguments: Sequence[str] | None, about: str, runs: str, out: Path, keep: Path | None = None
) -> argparse.Namespace:
    """What the command line asks of a script like this one: parameters, seeds, workers and the table to write, checked; where to ``keep`` findings, if it does."""
    parser = argparse.ArgumentParser(description=about.partition("\n")[0])
    parser.add_argument(
        "parameters", nargs="*", help="paths such as demand.own_substance, or groups such as demand (default: all)"
    )
    parser.add_argument("--seeds", type=int, default=2, help=f"{runs} of each end of a range (default 2)")
    parser.add_argument("--workers", type=int, default=usable_cores(), help="processes")
    parser.add_argument("--out", type=Path, default=out, help="table to write")
    if keep:
        parser.add_argument("--keep", type=Path, default=keep, help="folder of what was found, to go on with")
    given = parser.parse_args(arguments)
    groups = {group: [path for path in specs() if path.startswith(f"{group}.")] for group in load_parameters().groups}
    given.parameters = list(dict.fromkeys(path for name in given.parameters for path in groups.get(name, [name])))
    unknown = [path for path in given.parameters if path not in specs()]
    if unknown:
        parser.error(f"no such parameter: {', '.join(unknown)}; see `odm list parameters`")
    if given.seeds < 1 or given.workers < 1:
        parser.error("--seeds and --workers must be at least 1")
    return given


def main(arguments: Sequence[str] | None = None) -> int:
    """Screen the parameters named, or all, and write the table."""
    given = asked(arguments, __doc__ or "", "paired runs", REFERENCE)
    paths = given.parameters or list(specs())
    with ProcessPoolExecutor(given.workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = pool.map(screened, paths, [given.seeds] * len(paths))
        table = pd.DataFrame(track(found, "screening", len(paths), disable=not sys.stderr.isatty()))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(given.out, index=False, lineterminator="\n")
    idle = table[(table["outcomes_moved"] == 0) & (table["runs_with_other_events"] == 0)]["parameter"].tolist()
    print(
        f"{len(table)} parameters, {len(table) - len(idle)} of which move an outcome or an event; table in {given.out}"
    )
    if idle:
        print(f"these move nothing: {', '.join(idle)}", file=sys.stderr)
    return 1 if idle else 0


if __name__ == "__main__":
    sys.exit(main())
