"""Needs: what is wanted today, as the phases from demand to checkout pass it on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FROM_STASH = 255
"""At the place of a substance: the need is met from what the consumer or a friend has."""


class Needs(NamedTuple):
    """Today's needs, one entry per consumer who has one."""

    due: np.ndarray  # consumers
    substance: np.ndarray
    size: np.ndarray  # log
    wholesale: np.ndarray  # flag
