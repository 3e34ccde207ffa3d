"""Affected: to whom something happened on a day, out of the bits that `health.consumption` leaves for everybody."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.market.blocks import rows_marked

NOBODY_AT_ALL = np.empty(0, np.int64)


class Affected(NamedTuple):
    """To whom something happened today."""

    who: np.ndarray
    bits: np.ndarray  # what happened to each
    any: int  # and to anybody

    @classmethod
    def of(cls, happened: np.ndarray) -> Affected:
        """Those of whom ``happened`` (consumers,) tells something."""
        who = rows_marked(happened)
        bits = happened[who]
        return cls(who, bits, int(np.bitwise_or.reduce(bits)))

    def by(self, what: int) -> np.ndarray:
        """Those to whom one of these bits happened."""
        return self.who[(self.bits & what) > 0] if self.any & what else NOBODY_AT_ALL
