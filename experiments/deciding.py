"""Which assumed values decide most of what two interventions change: Sobol indices of their effects, for docs/validity.md.

``make deciding`` (``python -m experiments.deciding``) took 35 minutes on two slow cores. Its runs are in ``results/deciding``, where it goes on when it was
stopped; indices and pictures are kept in ``results/reference/deciding``. Which values are moved follows from the screening by `RULE`: nobody picks them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from experiments.screen import ONLY_WITH, REFERENCE
from sim import Study, run_study
from sim.cli import show_study
from sim.evidence.parameters import load_parameters
from sim.report.figures.sensitivity import bars
from sim.report.figures.style import DPI, style
from sim.studies.errors import RequestError, StudyError

if TYPE_CHECKING:
    from sim.studies.execution.conduct import Conducted

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "results" / "reference" / "deciding"
CALIBRATED = ROOT / "experiments" / "calibration_small.yaml"
SIZE = {"consumers": 20_000, "days": 180, "burn_in": 60}
SAMPLES, SEEDS, EACH = 256, 2, 3

SERVICES = [{"kind": "naloxone", "start": 0}, {"kind": "treatment_capacity", "start": 0}]
SCENARIOS: dict[str, dict[str, Any]] = {
    "baseline": {"extends": "baseline"},
    "takedown": {"extends": "takedown", "title": "The largest cryptomarket is seized"},
    "services": {
        "extends": "baseline",
        "title": "Naloxone, and twice as many places in treatment",
        "policies": SERVICES,
    },
}
EFFECTS = (
    ("takedown", "orders_cryptomarket"),
    ("takedown", "initiations"),
    ("takedown", "deaths_expected"),
    ("services", "deaths_expected"),
    ("services", "in_treatment"),
)
"""Effects of which the indices are kept: intervention and outcome."""

DEATHS = ("deaths", "deaths_expected", "overdoses", "overdoses_expected")
TREATMENT = ("in_treatment", "treatment_entries", "treatment_wait_days", "waiting_for_treatment", "stopped_waiting")
THEMES = {
    "trade": "the small calibration fits it",
    "deaths": "it belongs to consumption or shipping, and moves deaths or overdoses most",
    "treatment": "it moves treatment most",
    "closures": "it belongs to migration or learning, which say what people do when a market closes and what they hear",
}
"""What makes a value one of a theme."""
RULE = (
    f"Of the assumed values that change what happens in the screening by themselves, they are the {EACH} of each theme that change any outcome there "
    "most, in this order of themes: " + "; ".join(f"{theme} ({why})" for theme, why in THEMES.items()) + "."
)


def chosen(screening: pd.DataFrame | None = None) -> dict[str, str]:
    """The values that are moved, each with its theme, by `RULE`."""
    table = pd.read_csv(REFERENCE) if screening is None else screening
    specs, fitted = load_parameters().specs, yaml.safe_load(CALIBRATED.read_text(encoding="utf-8"))["parameters"]
    found: dict[str, str] = {}
    for theme in THEMES:
        here = []
        for row in table.sort_values("change", ascending=False, kind="stable").to_dict("records"):
            path, most = row["parameter"], row["most_moved"]
            group, spec = path.partition(".")[0], specs.get(path)
            if spec is None or spec.status != "assumed" or spec.distribution == "fixed":
                continue
            if path in ONLY_WITH or path in found or not row["runs_with_other_events"]:
                continue
            fits = {
                "trade": path in fitted,
                "deaths": group in ("consumption", "shipping") and most in DEATHS,
                "treatment": most in TREATMENT,
                "closures": group in ("migration", "learning"),
            }
            here += [path] if fits[theme] else []
        found |= dict.fromkeys(here[:EACH], theme)
    return found


def study(paths: Sequence[str], samples: int = SAMPLES, size: Mapping[str, int] = SIZE) -> dict[str, Any]:
    """The study that is done, as the mapping that a file would hold; the leader is seized after a sixth of the days."""
    return {
        "name": "deciding",
        "title": "Which assumed values decide most of what two interventions change?",
        "kind": "sensitivity",
        "scenarios": [{"name": name, **more} for name, more in SCENARIOS.items()],
        "set": {**size, "policies.takedown.start": size["days"] // 6},
        "uncertainties": list(paths),
        "measures": list(dict.fromkeys(outcome for _, outcome in EFFECTS)),
        "daily": "none",
        "replications": SEEDS,
        "totals": "simulated",
        "sensitivity": {"method": "emulator", "samples": samples, "of": ["effect"], "resamples": 400},
    }


def kept(done: Conducted, themes: Mapping[str, str]) -> dict[str, Any]:
    """What is kept of the study: what was done, the values, and the indices of each effect with the share of luck in it."""
    indices, noise = done.answer.tables["indices"], done.answer.tables["noise"].set_index(["scenario", "outcome"])
    specs, file = load_parameters().specs, done.study.file
    effects = []
    for scenario, outcome in EFFECTS:
        luck = noise.loc[(scenario, outcome)]
        rows = indices[(indices["scenario"] == scenario) & (indices["outcome"] == outcome)]
        both = {name: rows[rows["index"] == name].set_index("factor") for name in ("S1", "ST")}
        effects.append({
            "scenario": scenario, "title": SCENARIOS[scenario]["title"], "outcome": outcome, "mean": number(luck["mean"]), "sd": number(luck["sd"]),
            "luck": number(luck["noise"]), "explained": number(luck["explained"]), "why_no_index": luck["why_no_index"],
            "points_without_value": int(luck["points_without_value"]) + int(luck["failed_points"]),
            "values": [
                {"parameter": path} | {
                    name: [number(table.loc[path, key]) for key in ("value", "low", "high")] + [str(table.loc[path, "told"])]
                    for name, table in both.items() if path in table.index
                }
                for path in themes
            ],
        })  # fmt: skip
    return {
        "model": done.results.study["model"], "method": done.study.settings.method, "samples": done.study.settings.samples,
        "seeds": file.replications, "runs": done.runs, "failed": done.failed, **{name: file.set[name] for name in SIZE}, "rule": RULE,
        "values": [
            {"parameter": path, "theme": theme, "text": specs[path].text, "unit": specs[path].unit, "value": specs[path].value,
             "low": specs[path].low, "high": specs[path].high, "distribution": specs[path].distribution}
            for path, theme in themes.items()
        ],
        "effects": effects,
    }  # fmt: skip


def number(value: float) -> float | None:
    """Four digits that count; none where there is no value."""
    return float(f"{value:.4g}") if pd.notna(value) else None


def keep(done: Conducted, themes: Mapping[str, str], folder: Path) -> None:
    """Write what is kept, and a picture of each intervention."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(kept(done, themes), indent=1, allow_nan=False)
    (folder / "deciding.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    indices = done.answer.tables["indices"]
    for scenario in dict.fromkeys(scenario for scenario, _ in EFFECTS):
        shown = [outcome for where, outcome in EFFECTS if where == scenario]
        rows = indices[(indices["scenario"] == scenario) & indices["outcome"].isin(shown)]
        if rows.empty:  # luck, wherever one looks
            continue
        with style():
            figure = bars(rows, "ST", done.study.scale)
            figure.savefig(folder / f"{scenario}.png", dpi=DPI * 0.8, metadata={"Software": None})


def main(arguments: Sequence[str] | None = None) -> int:
    """Do it."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.deciding", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--samples", type=int, default=SAMPLES, help=f"points (default {SAMPLES})")  # fmt: skip
    parser.add_argument("--workers", type=int, help="processes (default: one a core)")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "deciding", help="folder of the runs")
    parser.add_argument("--keep", type=Path, default=KEPT, help="folder of what is kept")
    given = parser.parse_args(arguments)
    themes = chosen()
    try:
        asked = Study.load(study(list(themes), given.samples))
        with show_study("deciding", False) as tell:
            done = run_study(asked, given.out, resume=True, workers=given.workers, on_event=tell)
    except (RequestError, StudyError) as error:
        print(f"deciding: {error}", file=sys.stderr)
        return 1
    keep(done, themes, given.keep)
    print(f"{done.runs} runs, kept in {given.keep}")
    return 1 if done.failed else 0


if __name__ == "__main__":  # workers read this file too
    sys.exit(main())
