"""What a run has come to while it is at work: daily values until today, in a small file beside the parts, for whoever waits for the first pair.

It counts for nothing: no answer is made of it, and it goes when the runs are done.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.studies.runs.simulate import series_of
from sim.studies.store.names import SO_FAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

EVERY_SECONDS = 0.5
_HEAD = ("scenario", "days")


@dataclass(frozen=True)
class SoFar:
    """A run at work.

    Attributes
    ----------
    scenario, days
        Its label, and the days that it will have from day 0 on.
    daily
        Values of each outcome from day 0 until now.
    """

    scenario: str
    days: int
    daily: Mapping[str, NDArray[np.float32]]

    @property
    def day(self) -> int:
        """Days from day 0 on that are done."""
        return min(map(len, self.daily.values()), default=0)


class Writer:
    """Writes down a run now and then while it is at work; what cannot be written is not.

    Parameters
    ----------
    folder
        Folder of the study.
    run, scenario, days
        Identity of the run, its label, and how many days it will have from day 0 on.
    names
        Outcomes that are written.
    """

    def __init__(self, folder: Path, run: str, scenario: str, days: int, names: Collection[str]) -> None:
        self.file = folder / SO_FAR / f"{run}.npz"
        self.scenario, self.days, self.names = scenario, days, tuple(names)
        self._next = monotonic() + EVERY_SECONDS

    def __call__(self, done: int, total: int, model: Any) -> None:
        """Called between days, burn-in included."""
        if monotonic() < self._next or done <= total - self.days:
            return
        self._next = monotonic() + EVERY_SECONDS
        series = series_of(model)
        values = {name: series[name].astype(np.float32) for name in self.names if name in series}
        unfinished = self.file.with_suffix(".writing")
        try:
            self.file.parent.mkdir(exist_ok=True)
            with unfinished.open("wb") as stream:
                np.savez(stream, scenario=np.array(self.scenario), days=np.array(self.days), **values)  # pyright: ignore[reportArgumentType]
            unfinished.replace(self.file)
        except OSError:
            return


def read(folder: Path) -> list[SoFar]:
    """The runs of a study that are at work, as far as they are written down; none where it is damaged or nothing is."""
    found: list[SoFar] = []
    for path in sorted((folder / SO_FAR).glob("*.npz")):
        try:
            with np.load(path, allow_pickle=False) as stored:
                daily = {name: stored[name] for name in stored.files if name not in _HEAD}
                found.append(SoFar(str(stored["scenario"]), int(stored["days"]), daily))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            continue
    return found


def forget(folder: Path) -> None:
    """Remove what was written."""
    shutil.rmtree(folder / SO_FAR, ignore_errors=True)
