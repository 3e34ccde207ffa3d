"""Find parameters that are one: pairs that no outcome can tell apart, in the world of the screening.

Two kinds are told. *One number*: a change of either by the same factor (or of one by its inverse) gives the same run, every outcome and every event; such a pair
enters the rules only as a product (or a ratio) and belongs merged. Two that happen to move one rare event do the same in one run, so what looks like one number
is run with more seeds before it is told. *Alike*: the effects of both, over all outcomes and in units of the chance between runs, point
the same way (a cosine of 0.97 or more); such a pair may be two mechanisms, but these outcomes cannot calibrate both.

`make collinear` tries all parameters and writes `results/reference/collinear.csv`: a row a pair, and a row with ``alone`` for each parameter that was tried and
is in no pair, so that the table says what it covers. The exit code is 1 when there is a pair of the first kind. What a parameter does is kept as soon as it is
known (``--keep``): the same command goes on after an interruption, and with other parameters compares them with those tried before. What other code or
other values found is not used.

Run from the root of the project: `python -m experiments.collinear [--seeds 2] [--workers 2] [--out FILE] [--keep FOLDER] [PARAMETER or GROUP ...]`.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track

from experiments.screen import ONLY_WITH, ROOT, WORLD, asked, ran, specs, usual

REFERENCE = ROOT / "results" / "reference" / "collinear.csv"
KEPT = ROOT / "results" / "collinear"
FACTOR = 1.25
"""By how much a parameter is multiplied, or divided, to see whether another does just the same."""
ROUNDING = 1e-9
"""Runs are the same when no outcome differs by more than this share."""
ALIKE = 0.97
"""Effects whose cosine is at least this point the same way."""
CLEAR = 5.0
"""Effects are compared when they are this many times as long as chance alone would make them."""
AGAIN, MOST_AGAIN = 2, 6
"""What looks like one number is told when so many more runs that either changes are the same too, of so many that are tried."""
CHANCE_RUNS = 12
"""Runs, each with a seed of its own, that say how much outcomes differ by chance."""

Run = tuple[dict[str, float], str]
Tried = tuple[list[Run | None], list[float]]
"""Runs with a parameter times and by `FACTOR` (None where that is not legal or it does nothing), and its effects: high end less low end, by outcome."""


def scaled(path: str, seed: int) -> list[Run | None]:
    """Runs with a parameter times and by `FACTOR`; none where that is not legal or does nothing."""
    spec, runs = specs()[path], []
    for value in (spec.value * FACTOR, spec.value / FACTOR):
        legal = spec.value != 0 and spec.minimum <= value <= spec.maximum and path not in ONLY_WITH
        run = ran(seed, "", path, value) if legal else None
        runs.append(None if run is None or same(run, usual(seed)) else run)
    return runs


def tried(path: str, seeds: int) -> Tried:
    """Try a parameter."""
    spec, others = specs()[path], path if path in ONLY_WITH else ""
    low = [ran(seed, others, path, spec.low)[0] for seed in range(1, seeds + 1)]
    high = [ran(seed, others, path, spec.high)[0] for seed in range(1, seeds + 1)]
    return scaled(path, 1), (pd.DataFrame(high) - pd.DataFrame(low)).mean().tolist()


def one_number(ones: Sequence[Run | None], others: Sequence[Run | None]) -> str:
    """How two parameters are one number by these runs: as a product or as a ratio; empty where they are not."""
    (up, down), (other_up, other_down) = ones, others
    if up and other_up and same(up, other_up):
        return "product"
    if (up and other_down and same(up, other_down)) or (down and other_up and same(down, other_up)):
        return "ratio"
    return ""


def again(first: str, second: str, how: str) -> bool:
    """Whether two parameters that look like one number do so in more runs, of those that either changes."""
    seen = 0
    for seed in range(2, 2 + MOST_AGAIN):
        ones, others = scaled(first, seed), scaled(second, seed)
        if not any(ones) and not any(others):
            continue
        if one_number(ones, others) != how:
            return False
        seen += 1
        if seen == AGAIN:
            return True
    return False


def state_of_things(seeds: int) -> str:
    """What findings depend on: the model's code, values and tables, the world, and the number of seeds."""
    files = sorted([*(ROOT / "sim").rglob("*.py"), *(ROOT / "sim").rglob("*.yaml"), WORLD])
    digest = hashlib.sha256(f"{seeds} {FACTOR}".encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def kept(folder: Path) -> dict[str, Tried]:
    """What was found before, by parameter; a file that an interruption cut short counts as not there."""
    found = {}
    for file in folder.glob("*.json"):
        try:
            scaled, effects = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            continue
        found[file.stem] = ([None if run is None else (run[0], run[1]) for run in scaled], effects)
    return {path: found[path] for path in specs() if path in found}


def keep(path: str, seeds: int, folder: Path) -> None:
    """Try a parameter and write what was found."""
    (folder / f"{path}.json").write_text(json.dumps(tried(path, seeds)), encoding="utf-8")


def try_all(paths: Sequence[str], folder: Path, seeds: int, pool: Executor) -> None:
    """Try what has not been tried; each finding is kept as soon as it is known, by the worker."""
    folder.mkdir(parents=True, exist_ok=True)
    before = kept(folder)
    tries = [pool.submit(keep, path, seeds, folder) for path in paths if path not in before]
    for done in track(as_completed(tries), "trying", len(tries), disable=not sys.stderr.isatty()):
        done.result()


def same(one: Run, other: Run) -> bool:
    """Whether two runs are one: the events are, and every outcome is but for rounding."""
    (first, events), (second, others) = one, other
    return events == others and all(
        np.isclose(first[name], second[name], rtol=ROUNDING, atol=0, equal_nan=True) for name in first
    )


def pairs(
    found: dict[str, Tried], chance: np.ndarray, seeds: int, confirmed: Callable[[str, str, str], bool] = again
) -> pd.DataFrame:
    """A row for each pair that cannot be told apart: ``first``, ``second``, ``how`` (product, ratio or alike) and ``cosine`` of their effects.

    Parameters in no pair have a row of their own, with ``how`` alone. What looks like one number is asked of ``confirmed``.
    """
    seen = chance > 0
    noise = np.sqrt(2 / seeds * np.count_nonzero(seen))
    effects = {path: np.nan_to_num(np.array(effect)[seen] / chance[seen]) for path, (_, effect) in found.items()}
    length = {path: float(np.linalg.norm(effect)) for path, effect in effects.items()}
    rows = []
    for first, second in itertools.combinations(found, 2):
        cosine = float(effects[first] @ effects[second]) / max(length[first] * length[second], 1e-12)
        how = one_number(found[first][0], found[second][0])
        if not how or not confirmed(first, second, how):
            how = "alike" if min(length[first], length[second]) >= CLEAR * noise and abs(cosine) >= ALIKE else ""
        if how:
            rows.append({"first": first, "second": second, "how": how, "cosine": round(cosine, 3)})
    paired = {row[end] for row in rows for end in ("first", "second")}
    rows += [{"first": path, "second": "", "how": "alone"} for path in found if path not in paired]
    return pd.DataFrame(rows, columns=["first", "second", "how", "cosine"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the parameters named, or all, and write the pairs among them and those tried before."""
    given = asked(arguments, __doc__ or "", "runs", REFERENCE, keep=KEPT)
    paths = given.parameters or list(specs())
    folder = given.keep / state_of_things(given.seeds)
    with ProcessPoolExecutor(given.workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        runs = pd.DataFrame([outcome for outcome, _ in pool.map(usual, range(1, CHANCE_RUNS + 1))])
        try_all(paths, folder, given.seeds, pool)
    table = pairs(kept(folder), runs.std(ddof=1).to_numpy(), given.seeds)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(given.out, index=False, lineterminator="\n")
    one, alike = table[table["how"].isin(("product", "ratio"))], table[table["how"] == "alike"]
    print(
        f"{len(paths)} parameters: {len(one)} pairs are one number, {len(alike)} have like effects; table in {given.out}"
    )
    for row in one.itertuples():
        print(f"these are one ({row.how}): {row.first}, {row.second}", file=sys.stderr)
    return 1 if len(one) else 0


if __name__ == "__main__":
    sys.exit(main())
