"""What a calibration costs, before it is begun: runs by stage, and hours from a run that is timed."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from sim.studies.runs.machine import usable_cores
from sim.studies.runs.simulate import ModelClass, default_model, simulate, warm_up
from sim.studies.validation.database import WRITTEN

if TYPE_CHECKING:
    from sim.scenario import Scenario


class Budget(NamedTuple):
    """What is to be spent.

    Attributes
    ----------
    stages
        Runs of each stage.
    seconds
        Seconds that a run takes, on the mean over the scenarios; measuring it not included.
    workers
        Runs at a time.
    """

    stages: Mapping[str, int]
    seconds: float
    workers: int

    @property
    def runs(self) -> int:
        """All runs."""
        return sum(self.stages.values())

    @property
    def hours(self) -> float:
        """Hours on the wall."""
        return self.runs * self.seconds / self.workers / 3600

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {runs:,}" for name, runs in self.stages.items())
        return (
            f"{self.runs:,} runs at most ({parts}); one that was timed took {self.seconds:.3g} s, so about {self.hours:.2g} hours "
            f"with {self.workers} worker{'s' if self.workers > 1 else ''}, and somewhat more for measuring and emulators"
        )


def budget(
    stages: Mapping[str, int],
    scenarios: Mapping[str, Scenario],
    workers: int | None = None,
    model_class: ModelClass | None = None,
) -> Budget:
    """What so many runs of scenarios cost, from one run of the first of them."""
    model_class = model_class or default_model()
    first = next(iter(scenarios.values()))
    warm_up(first, model_class)
    begun = perf_counter()
    simulate(first, 1, model_class, tables=WRITTEN)
    day = (perf_counter() - begun) / (first.days + first.burn_in)
    days = [scenario.days + scenario.burn_in for scenario in scenarios.values()]
    return Budget(stages, day * sum(days) / len(days), workers or usable_cores())
