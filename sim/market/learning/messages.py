"""Messages: what those whom a campaign, a lesson or information on support reaches take from it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.agents.codes import Programme
from sim.agents.levers import Levers
from sim.kernels import inner
from sim.market.groups import Moment
from sim.streams import Draw, uniform4

SOCIAL = int(Draw.SOCIAL)
WARNINGS, LESSONS, SUPPORT = 1 << Programme.WARNINGS, 1 << Programme.LESSONS, 1 << Programme.SUPPORT
MOST_CAUTION = 3
"""That a column holds, in logits, either way."""


class Messages(NamedTuple):
    """Messages of a week by jurisdiction, segment and turn: the share of consumers whom each reaches, and what one who is reached and listens takes from it."""

    caution_reach: np.ndarray
    caution: np.ndarray
    lesson_reach: np.ndarray
    lesson: np.ndarray
    support_reach: np.ndarray
    support: np.ndarray
    stigma: np.ndarray


def heard(
    reach: np.ndarray, message: np.ndarray, taken_up: np.ndarray, programme: Programme
) -> tuple[np.ndarray, np.ndarray]:
    """Share of consumers whom messages reach in a week, and what one who is reached and listens hears: on average over all, ``message``."""
    if not np.logical_or.reduce(reach, axis=None):
        return reach, message  # nobody hears it
    share, listen = np.minimum(reach, 1.0), taken_up[..., programme]
    message = message / np.where(listen > 0.0, listen, 1.0)
    return share, np.divide(message, share, out=np.zeros_like(message), where=share > 0)


def messages_of_week(levers: Levers) -> Messages:
    """What policies have said this week."""
    taken_up = levers.taken_up
    caution = heard(levers.caution_reach, levers.caution_message, taken_up, Programme.WARNINGS)
    lesson = heard(levers.verification_reach, levers.verification_message, taken_up, Programme.LESSONS)
    support = heard(levers.support_reach, levers.support_message, taken_up, Programme.SUPPORT)
    stigma = heard(levers.support_reach, levers.stigma_message, taken_up, Programme.SUPPORT)[1]
    return Messages(*caution, *lesson, *support, stigma)


@inner
def hear_messages(c: int, when: Moment, consumers: Any, messages: Messages) -> None:
    """A week's messages for a consumer who listens to such: caution about illicit sources, lessons in looking a pharmacy up, and information on services."""
    j, g, k = consumers.jurisdiction[c], consumers.segment[c], consumers.turn[c]
    deaf = consumers.declined[c]
    if not deaf & SUPPORT and messages.support_reach[j, g, k] > 0.0:
        hear_of_support(
            c, when, consumers, messages.support_reach[j, g, k], messages.support[j, g, k], messages.stigma[j, g, k]
        )
    if messages.caution_reach[j, g, k] > 0.0 or messages.lesson_reach[j, g, k] > 0.0:
        _, _, u3, u4 = uniform4(when.seed, SOCIAL, c, when.day, 1)
        if not deaf & WARNINGS and u3 < messages.caution_reach[j, g, k]:
            consumers.caution[c] = min(
                max(consumers.caution[c] + messages.caution[j, g, k], -MOST_CAUTION), MOST_CAUTION
            )
        if not deaf & LESSONS and u4 < messages.lesson_reach[j, g, k]:
            consumers.verification[c] = min(
                1.0, consumers.verification[c] + messages.lesson[j, g, k] * (1.0 - consumers.verification[c])
            )


@inner
def hear_of_support(
    c: int, when: Moment, consumers: Any, reach: float, support_effect: float, stigma_effect: float
) -> None:
    """Information on services for one whom it reaches: knowledge of them grows, stigma falls (or grows, where the effect is negative)."""
    u1, _, _, _ = uniform4(when.seed, SOCIAL, c, when.day, 2)
    if u1 < reach:
        known, stigma = consumers.support_knowledge[c], consumers.stigma[c]
        consumers.support_knowledge[c] = min(max(known + support_effect * (1.0 - known), 0.0), 1.0)
        consumers.stigma[c] = min(max(stigma - stigma_effect * (stigma if stigma_effect > 0.0 else 1.0), 0.0), 1.0)
