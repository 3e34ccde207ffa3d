"""What Mesa calls a data collector, read from what a model records anyway: it costs nothing until somebody asks."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from mesa import DataCollector

if TYPE_CHECKING:
    from mesa import Model

    from sim.measures.kept.recorder import Recorder


class Outcomes(DataCollector):
    """The daily outcomes as model reporters of a Mesa data collector, ``day`` first and then ``seed``, with which a row of a batch can be repeated.

    It follows the model: whoever holds it sees every day that has been recorded. ``batch_run`` and Mesa's plots read it like any other.

    Parameters
    ----------
    recorder
        The recorder of the model.
    burn_in
        Steps before day 0, of which nothing is recorded.
    seed
        Seed of the model.
    """

    def __init__(self, recorder: Recorder, burn_in: int, seed: int) -> None:
        self.recorder, self.burn_in, self.seed = recorder, burn_in, np.uint64(seed)
        super().__init__(model_reporters={name: name for name in ("day", "seed", *recorder.names)})

    @property
    def model_vars(self) -> Mapping[str, Any]:
        """(days,) values by outcome."""
        values = self.recorder.values[: self.recorder.days].copy()
        days = {"day": np.arange(len(values)), "seed": np.full(len(values), self.seed)}
        return {**days, **dict(zip(self.recorder.names, values.T, strict=True))}

    @model_vars.setter
    def model_vars(self, _: Any) -> None:
        """What Mesa sets at first, an empty mapping, is not needed."""

    @property
    def _collection_steps(self) -> list[float]:
        """Mesa's time at the end of every recorded day."""
        if not self.recorder.days:
            warnings.warn(
                f"nothing is recorded before day 0: the first {self.burn_in} steps are burn-in; run more (max_steps), or make burn_in less",
                stacklevel=3,
            )
        return [float(self.burn_in + day + 1) for day in range(self.recorder.days)]

    @_collection_steps.setter
    def _collection_steps(self, _: Any) -> None: ...

    def collect(self, model: Model) -> None:
        """Do nothing: the model records each day itself."""
