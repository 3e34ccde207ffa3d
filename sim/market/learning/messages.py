"""Messages: what those whom a campaign, a lesson or information on support reaches take from it."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.kernels import inner
from sim.streams import Draw, uniform4

SOCIAL = int(Draw.SOCIAL)


@inner
def hear_messages(
    c: int,
    seed: int,
    day: int,
    consumers: Any,
    caution_reach: np.ndarray,
    caution_effect: np.ndarray,
    lesson_reach: np.ndarray,
    lesson_effect: np.ndarray,
) -> None:
    """A week's messages: caution about illicit sources, and lessons in looking a pharmacy up, for those whom they reach."""
    j = consumers.jurisdiction[c]
    _, _, u3, u4 = uniform4(seed, SOCIAL, c, day, 1)
    if u3 < caution_reach[j]:
        consumers.caution[c] = min(max(consumers.caution[c] + caution_effect[j], -3.0), 3.0)
    if u4 < lesson_reach[j]:
        consumers.verification[c] = min(
            1.0, consumers.verification[c] + lesson_effect[j] * (1.0 - consumers.verification[c])
        )


@inner
def hear_of_support(
    c: int, seed: int, day: int, consumers: Any, reach: float, support_effect: float, stigma_effect: float
) -> None:
    """A week's information on services for one whom it reaches: knowledge of them grows, stigma falls (or grows, where the effect is negative)."""
    u1, _, _, _ = uniform4(seed, SOCIAL, c, day, 2)
    if u1 < reach:
        known, stigma = consumers.support_knowledge[c], consumers.stigma[c]
        consumers.support_knowledge[c] = min(max(known + support_effect * (1.0 - known), 0.0), 1.0)
        consumers.stigma[c] = min(max(stigma - stigma_effect * (stigma if stigma_effect > 0.0 else 1.0), 0.0), 1.0)
