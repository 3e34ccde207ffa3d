"""Law of the day: what stricter status does to prices, prescriptions and wants.

Policies say how many steps stricter (or laxer) than usual a substance is, by jurisdiction; prescribers, sellers and consumers respond by parameters. A ban and
a medicine that is harder to prescribe are two things. A ban adds a premium for the risk of selling, and some of those who can do without turn to a substitute.
A medicine leaves patients without a prescription, who look for it elsewhere, while less of what is prescribed finds its way to the street, where its price
rises with what is missing. Either way sellers first sell what they have: prices follow as stocks are renewed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import Channel, LegalStatus
from sim.kernels import kernel

if TYPE_CHECKING:
    from sim.market.state import MarketState

NOTHING = 1e-9
"""Log of a price within which it is the usual one again."""


@kernel
def look_at_law(
    scheduling: np.ndarray,
    steps: np.ndarray,
    prescriptions: np.ndarray,
    filled: np.ndarray,
    price: np.ndarray,
    premium: np.ndarray,
) -> tuple[bool, bool]:
    """Set what is ``filled`` (J, S) of prescriptions. Returns whether the law is another than its ``steps`` of yesterday, and whether prices feel one."""
    moved, settling = False, False
    for j in range(steps.shape[0]):
        for s in range(steps.shape[1]):
            filled[j, s] = prescriptions[j, s]
            moved |= scheduling[j, s] != steps[j, s]
            settling |= price[j, s] != 0.0 or premium[j, s] != 1.0
    return moved, settling


def law_of_the_day(state: MarketState) -> None:
    """Set status, illicit price, prescriptions and wants by the steps that the law is stricter today; nothing is touched while nothing changes."""
    table, levers, p = state.substances, state.levers, state.p.demand
    steps = levers.scheduling[:, : len(table.dose_usd)]
    moved, settling = look_at_law(
        levers.scheduling, state.world.law_steps, levers.prescriptions, table.filled, state.world.law_price, table.premium
    )  # fmt: skip
    if not moved and not settling:
        return
    if moved:
        state.world.law_steps = steps.copy()
        table.status[:] = np.clip(state.usual.status + whole(steps), 0, LegalStatus.PROHIBITED).astype(np.uint8)
        dispensed = dispensable(state)
        banned = (table.status == LegalStatus.PROHIBITED) & (state.usual.status < LegalStatus.PROHIBITED)
        table.prescribed[:] = np.where(
            banned & (table.sold[Channel.LICENSED_PHARMACY] == 1), 0.0, p.scheduled_access**steps
        )
        table.deterred[:] = np.where(banned, 1.0 - p.banned_persist ** np.maximum(steps, 0.0), 0.0)
        state.world.law_price = np.where(
            dispensed,
            -state.p.supply.shortage_cost * np.log(np.maximum(table.prescribed, NOTHING)),
            steps * np.log(p.scheduled_price),
        )
    aim = state.world.law_price
    left = (np.log(table.premium) - aim) * (1.0 - 1.0 / max(state.p.supply.stock_days, 1.0))
    table.premium[:] = np.exp(aim + np.where(np.abs(left) < NOTHING, 0.0, left))


def whole(steps: np.ndarray) -> np.ndarray:
    """Steps of status in ``steps``, either way: half a step or less changes prescriptions and prices alone."""
    return np.sign(steps) * np.ceil(np.abs(steps) - 0.5 - NOTHING)


def dispensable(state: MarketState) -> np.ndarray:
    """(J, S) whether licensed pharmacies sell it under the law of today."""
    table = state.substances
    return (table.sold[Channel.LICENSED_PHARMACY] == 1) & (table.status < LegalStatus.PROHIBITED)
