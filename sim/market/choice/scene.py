"""What the kernels of a choice pass on to each other: what is looked at, room to work in, what was chosen."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.agents.codes import ABSTAIN, NO_SLOT
from sim.agents.consumers import REMEMBERED_VENDORS
from sim.market.choice.conditions import Conditions
from sim.market.choice.offers import Offers
from sim.market.groups import Friends

NOT_TODAY, CHOSEN, NOT_FOUND, NOT_PAID, NOT_SETTLED = 0, 1, 2, 3, 4
"""What became of a need: it is met from the stash, somebody sells, nobody does, the payment failed, it was authorised and the seller dropped the order."""

IMPOSSIBLE = -1e30
"""Utility of what cannot be chosen."""

CANDIDATES = 8
"""New vendors whom a buyer looks at."""


class Scene(NamedTuple):
    """What consumers see and know when they choose."""

    consumers: Any  # columns: `views.ChoiceConsumers`; likewise the next one
    vendors: Any
    offers: Offers
    table: Any  # `views.ChosenSubstances`
    today: Conditions
    friends: Friends
    given: np.ndarray  # parameters of choice: see `handed_over`
    rule: int  # `VendorChoice`


class Room(NamedTuple):
    """Room to work in for the choices of one thread."""

    utilities: np.ndarray  # (channels + 1,)
    candidates: np.ndarray  # (CANDIDATES + REMEMBERED_VENDORS,) vendors, those of whom a friend tells included
    weights: np.ndarray  # likewise the next one
    shares: np.ndarray


def new_room() -> Room:
    """Make room."""
    size = CANDIDATES + REMEMBERED_VENDORS
    return Room(np.empty(ABSTAIN + 1), np.empty(size, np.int32), np.empty(size), np.empty(size))


class Choices(NamedTuple):
    """What was chosen for each need: status, channel, platform slot, vendor row, and the channel in which nobody sold what was wanted (ABSTAIN: none)."""

    status: np.ndarray
    channel: np.ndarray
    platform: np.ndarray
    vendor: np.ndarray
    missed: np.ndarray


def no_choices(n: int) -> Choices:
    """Make room for ``n`` choices."""
    return Choices(
        np.zeros(n, np.uint8), np.zeros(n, np.uint8), np.full(n, NO_SLOT, np.uint16), np.full(n, -1, np.int32),
        np.full(n, ABSTAIN, np.uint8),
    )  # fmt: skip
