"""Answers that ship: summary tables of small comparisons of every question that ships, to be seen at once, until runs of one's own are in.

Each package is kept by itself, compared with nothing new in its own world, so that any of them can stand side by side. `make page-answers` writes them.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.app.plan import Package, Plan
from sim.app.reading import Answer
from sim.measures.dictionary import outcome
from sim.measures.scale import scales
from sim.report.text.words import printed_effects, records
from sim.studies.execution.identity import model_version
from sim.studies.findings.effects import is_price, is_tested
from sim.studies.runs.effects import excludes_zero, in_per_cent

if TYPE_CHECKING:
    from sim.report.comparison import Comparison

FILE = Path(__file__).parent / "stored.json.gz"
KEPT = ("baseline", "mean", "low", "high")
"""Amounts of an effect that are kept: what is stored has one parameter set."""
DIGITS = 4
"""Digits of a number that are kept."""


@dataclass(frozen=True)
class Stored(Answer):
    """The stored answer to a question.

    Attributes
    ----------
    titles
        What people call each package, by its label.
    effects
        A row a package and outcome, totals of the simulated consumers.
    weight
        Real people for whom one of them stands.
    runs, consumers
        How large it is: pairs of runs, and simulated consumers.
    made, model
        When it was made, and by which version of the model.
    """

    titles: dict[str, str]
    effects: tuple[Mapping[str, Any], ...]
    weight: float
    runs: int
    consumers: int
    made: str
    model: str

    @property
    def pairs(self) -> int:
        """Pairs of runs behind it."""
        return self.runs

    @property
    def others(self) -> list[str]:
        """Labels of the packages."""
        return list(self.titles)

    @property
    def current(self) -> bool:
        """Whether the model that is here made it."""
        return self.model == model_version()

    def printed(self, scale: str) -> list[dict[str, Any]]:
        """See `Answer.printed`."""
        factor = 1.0 if scale == "simulated" else self.weight
        return [
            {**row, **{name: row[name] * factor for name in KEPT}} if scales(row["outcome"]) else dict(row) for row in self.effects
        ]  # fmt: skip


def key_of(plan: Plan, package: Package) -> str:
    """What a package is compared in and does, whatever it is called and however large the comparison."""
    content = [plan.world, plan.happens, package.policies, plan.size.days]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


@cache
def everything(path: Path = FILE) -> Mapping[str, Any]:
    """What is stored: what it is of, and the rows of each package; nothing where nothing is stored, or it cannot be read."""
    try:
        return json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, ValueError, EOFError):
        return {"about": {}, "packages": {}}


def stored(plan: Plan, path: Path = FILE) -> Stored | None:
    """The stored answer to a question; None where one of its packages is not among those that are stored."""
    kept, about = everything(path)["packages"], everything(path)["about"]
    asked = [(label, package, key_of(plan, package)) for label, package in zip(plan.labels, plan.packages, strict=True)]
    if not asked or any(key not in kept for *_, key in asked):
        return None
    rows = [_row(label, *each) for label, _, key in asked for each in kept[key]["effects"]]
    return Stored(
        titles={label: package.name for label, package, _ in asked},
        effects=tuple(rows),
        weight=float(kept[asked[0][2]]["weight"]),
        runs=int(about["pairs"]),
        consumers=int(about["consumers"]),
        made=str(about["made"]),
        model=str(about["model"]),
    )


def _row(label: str, name: str, runs: int, *amounts: float | None) -> dict[str, Any]:
    """A row of effects, as `sim.studies.runs.effects.paired_effects` has it."""
    spec = outcome(name)
    baseline, mean, low, high = (math.nan if each is None else float(each) for each in amounts)
    return {
        "scenario": label, "outcome": name, "group": spec.group, "unit": spec.unit, "baseline": baseline, "mean": mean,
        "low": low, "high": high, "percent": in_per_cent(mean, baseline), "runs": runs,
        "excludes_zero": excludes_zero(spec, low, high),
    }  # fmt: skip


def summary(comparison: Comparison, label: str) -> dict[str, Any]:
    """What is kept of a package: its effects that can be told, and its price.

    Parameters
    ----------
    comparison
        Pairs of runs, totals of the simulated consumers.
    label
        Which package.
    """
    rows = [
        [row["outcome"], int(row["runs"]), *[_short(row[name]) for name in KEPT]]
        for row in records(printed_effects(comparison))
        if row["scenario"] == label and (is_tested(row["outcome"]) or is_price(row["outcome"]))
    ]
    return {"weight": comparison.weight, "effects": rows}


def _short(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def write(packages: Mapping[str, Any], about: Mapping[str, Any], path: Path = FILE) -> None:
    """Write what is to be stored; the same content gives the same bytes."""
    content = {"about": dict(about), "packages": dict(sorted(packages.items()))}
    path.write_bytes(gzip.compress(json.dumps(content, separators=(",", ":")).encode(), 9, mtime=0))
