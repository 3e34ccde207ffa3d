"""What the model must reproduce: targets that it may be fitted to, and others that it is only checked against."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sim.evidence import yaml_files

Band = Literal["reported", "derived", "assumed"]


@dataclass(frozen=True, slots=True)
class Target:
    """A fact about the world and the band in which a run counts as agreeing with it.

    Attributes
    ----------
    id
        name of the target.
    statistic
        what to compute from a run, in words exact enough to code it.
    value, low, high, unit
        the observed value and the band; all None for a pattern.
    pattern
        what must be seen, when it is a direction or a shape and not a number.
    band
        where the band comes from: reported with the value, derived from it, or assumed.
    sources
        ids in ``sources.yaml``.
    """

    id: str
    statistic: str
    sources: tuple[str, ...]
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    pattern: str = ""
    band: Band | None = None

    def agrees(self, observed: float) -> bool:
        """Whether a number from a run lies in the band.

        Raises
        ------
        ValueError
            for a pattern, which no single number can meet.
        """
        if self.low is None or self.high is None:
            raise ValueError(f"target {self.id!r} is a pattern: {self.pattern}")
        return self.low <= observed <= self.high


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets. A fact stands in one list only: what the model was fitted to cannot confirm it.

    Attributes
    ----------
    calibration
        may be fitted to.
    validation
        held out: only compared with, after fitting.
    """

    calibration: tuple[Target, ...] = field(default=())
    validation: tuple[Target, ...] = field(default=())

    def __getitem__(self, name: str) -> Target:
        for target in (*self.calibration, *self.validation):
            if target.id == name:
                return target
        raise KeyError(name)


def _target(entry: dict[str, Any]) -> Target:
    target = Target(**{**entry, "sources": tuple(entry["sources"])})
    if target.pattern:
        if (target.value, target.low, target.high, target.band) != (None, None, None, None):
            raise ValueError(f"targets.yaml, {target.id}: a pattern has no value, band or range")
    elif target.value is None or target.low is None or target.high is None or target.band not in get_args(Band):
        raise ValueError(f"targets.yaml, {target.id}: a number needs value, low, high, band (or give a pattern)")
    elif not target.low <= target.value <= target.high:
        raise ValueError(f"targets.yaml, {target.id}: {target.value:g} is outside {target.low:g} to {target.high:g}")
    return target


@functools.cache
def load_targets() -> Targets:
    """The targets that ship with the model.

    Raises
    ------
    ValueError
        when an entry is incomplete or its value is outside its band.

    Examples
    --------
    >>> load_targets()["market_survival_365"].agrees(0.15)
    True
    """
    content = yaml_files.load("targets.yaml")
    return Targets(**{part: tuple(map(_target, content[part])) for part in ("calibration", "validation")})
