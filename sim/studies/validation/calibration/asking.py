"""Measuring points of a calibration: runs through the driver, their readings kept, and their tables dropped once they are read."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.measures.dictionary import outcomes
from sim.studies.errors import StudyError
from sim.studies.execution.driver import Driver
from sim.studies.matching.wave import Found
from sim.studies.methods.factors import Point
from sim.studies.store.parts import OK, write_whole
from sim.studies.validation.estimates import Estimate, Member, estimate
from sim.studies.validation.measuring import Reading
from sim.studies.validation.targets import Target, Targets
from sim.studies.validation.validate import place_of, read_runs
from sim.studies.validation.worlds import Arms

if TYPE_CHECKING:
    from sim.studies.study import ReadyStudy

PLACE = "calibration"
"""Folder, below that of the study, of readings and of where points lie."""
RUNS_AT_ONCE = 64
"""Runs that are done before they are measured: what is lost at most of the measuring when all stops."""


def daily_outcomes(targets: Targets) -> tuple[str, ...]:
    """Outcomes whose daily values a target can ask for: those that a question names."""
    text = " ".join([*targets.views.values(), *(target.question for target in targets.all)])
    return tuple(name for name, spec in outcomes().items() if not spec.paired and re.search(rf"\b{name}\b", text))


@dataclass
class Asking:
    """Asks targets of points.

    Attributes
    ----------
    targets, arms
        What is asked, and in which scenarios.
    study, driver
        The study, and who runs it.
    readings
        By run and target.
    """

    targets: Targets
    arms: Mapping[str, Arms]
    study: ReadyStudy
    driver: Driver
    readings: dict[str, dict[str, Reading]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where readings are kept."""
        return self.driver.task.folder / PLACE

    def __post_init__(self) -> None:
        """Take up the readings that are kept."""
        import pandas as pd

        self.folder.mkdir(exist_ok=True)
        for path in sorted(self.folder.glob("readings-*.parquet")):
            try:
                rows = pd.read_parquet(path)
            except (OSError, ValueError) as error:
                raise StudyError(
                    f"{path} cannot be read ({error}); delete it, and its runs are done again elsewhere"
                ) from error
            for row in rows.itertuples(index=False):
                self.readings.setdefault(str(row.run), {})[str(row.target)] = Reading(
                    float(row.value), float(row.part), float(row.whole), float(row.cases)  # pyright: ignore - columns of a table
                )  # fmt: skip

    def tell(self, text: str) -> None:
        """Say what happens."""
        self.driver.tell({"event": "note", "text": text})

    def asked(self) -> dict[str, list[str]]:
        """Names of the targets that are asked of each scenario."""
        found: dict[str, list[str]] = {}
        for target in self.targets.all:
            for label in self._labels(target.world) if not target.unmeasurable else ():
                if label == self.arms[target.world].runs or target.compares:
                    found.setdefault(label, []).append(target.id)
        return found

    def _labels(self, world: str) -> list[str]:
        arms = self.arms.get(world)
        return [label for label in dict.fromkeys(arms or ()) if label is not None]

    def estimates(self, points: Sequence[Point], first: int, each: int) -> list[list[Estimate]]:
        """What runs of every point with seeds of its own say of every target, in the order of points and targets; see `members`."""
        return [
            [estimate(target, [member]) for target, member in zip(self.targets.all, row, strict=True)]
            for row in self.members(points, first, each)
        ]

    def together(self, points: Sequence[Point], first: int, each: int, weights: Sequence[float]) -> list[Estimate]:
        """What runs of all points together say of every target, each point with its weight."""
        rows = self.members(points, first, each, weights)
        return [estimate(target, [row[k] for row in rows]) for k, target in enumerate(self.targets.all)]

    def members(
        self, points: Sequence[Point], first: int, each: int, weights: Sequence[float] = ()
    ) -> list[list[Member]]:
        """The readings of every target in the runs of every point.

        Parameters
        ----------
        points, weights
            Where runs are made, and what each of these counts.
        first, each
            The first seed of the first point, and the seeds of each: one point takes up where the one before it ends.
        """
        step = max(1, RUNS_AT_ONCE // max(1, len(self.asked()) * each))
        found = []
        for start in range(0, len(points), step):
            part = points[start : start + step]
            runs = self._runs(part, first + start * each, each)
            found += [
                [self._member(target, runs, k, weights[start + k] if weights else 1.0) for target in self.targets.all]
                for k in range(len(part))
            ]
        return found

    def _runs(self, points: Sequence[Point], first: int, each: int) -> dict[tuple[int, str], dict[int, str]]:
        """The runs of each point and scenario by their seed, done and read."""
        asked = self.asked()
        worlds = [point for point in points for _ in range(each)]
        rows = self.driver.evaluate(
            worlds, seeds=range(first, first + len(worlds)), scenarios=list(asked), crossed=False
        )
        good = rows[rows["status"] == OK]
        new = good[~good["run"].isin(list(self.readings))].drop_duplicates("run")
        if len(new):
            self._keep(read_runs(self.targets, asked, self.study, self.driver, new))
        for run in dict.fromkeys(good["run"]):
            shutil.rmtree(place_of(self.driver, self.driver.order[str(run)]), ignore_errors=True)
        found: dict[tuple[int, str], dict[int, str]] = {}
        for row in good.to_dict("records"):
            runs = found.setdefault((int(row["point"]) // each, str(row["scenario"])), {})
            runs[int(row["seed"])] = str(row["run"])
        return found

    def _member(
        self, target: Target, of: Mapping[tuple[int, str], Mapping[int, str]], point: int, weight: float
    ) -> Member:
        """Readings of a target at a point; of both arms those of the seeds that both have."""
        runs, without = (
            {
                seed: self.readings[run][target.id]
                for seed, run in of.get((point, label or ""), {}).items()
                if target.id in self.readings[run]
            }
            for label in self.arms.get(target.world, Arms("", None))
        )
        if not target.compares:
            return Member(weight, tuple(runs.values()))
        seeds = [seed for seed in runs if seed in without]
        return Member(weight, tuple(runs[seed] for seed in seeds), tuple(without[seed] for seed in seeds))

    def _keep(self, found: Mapping[str, Mapping[str, Reading]]) -> None:
        """Keep readings, in a file that is whole or not there, before the tables of their runs go."""
        import pandas as pd

        lines = [(run, name, *reading) for run, each in found.items() for name, reading in each.items()]
        table = pd.DataFrame(lines, columns=["run", "target", "value", "part", "whole", "cases"])
        number = len(list(self.folder.glob("readings-*.parquet")))
        write_whole(
            self.folder / f"readings-{number:06d}.parquet", table.to_parquet(None, index=False, compression="zstd")
        )
        self.readings |= {run: dict(each) for run, each in found.items()}

    def places(self, stage: str, make: Callable[[], NDArray[np.float64]]) -> NDArray[np.float64]:
        """Where the points of a stage lie: as kept, else as they are made now, so that what is gone on with asks for the same runs."""
        path = self.folder / f"{stage}.npy"
        if path.is_file():
            return np.load(path, allow_pickle=False)
        from io import BytesIO

        made = np.ascontiguousarray(make())
        buffer = BytesIO()
        np.save(buffer, made, allow_pickle=False)
        write_whole(path, buffer.getvalue())
        return made


def as_found(estimates: Sequence[Sequence[Estimate]], replicates: int) -> Found:
    """Estimates of points as numbers: their values, and the values of their replicates."""
    count = len(estimates[0]) if estimates else 0
    values = np.full((len(estimates), count), np.nan)
    each = np.full((len(estimates), count, replicates), np.nan)
    for k, row in enumerate(estimates):
        for j, one in enumerate(row):
            if one.mean is not None:
                values[k, j] = one.mean
                each[k, j, : len(one.values)] = one.values[:replicates]
    return Found(values, each)
