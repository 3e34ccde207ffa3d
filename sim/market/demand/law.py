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

if TYPE_CHECKING:
    from sim.market.state import MarketState

NOTHING = 1e-9
"""Log of a price within which it is the usual one again."""


def law_of_the_day(state: MarketState) -> None:
    """Set status, illicit price, prescriptions and wants by the steps that the law is stricter today; nothing is touched while nothing changes."""
    table, levers, p = state.substances, state.levers, state.p.demand
    steps, filled = levers.scheduling[:, : len(table.dose_usd)], levers.prescriptions[:, : len(table.dose_usd)]
    if not np.array_equal(filled, table.filled):
        table.filled[:] = filled
    if not np.array_equal(steps, state.world.law_steps):
        state.world.law_steps = steps.copy()
        table.status[:] = np.clip(state.usual.status + np.rint(steps + NOTHING), 0, LegalStatus.PROHIBITED).astype(
            np.uint8
        )
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
    if state.world.law_price.any() or (table.premium != 1.0).any():
        aim = state.world.law_price
        left = (np.log(table.premium) - aim) * (1.0 - 1.0 / max(state.p.supply.stock_days, 1.0))
        table.premium[:] = np.exp(aim + np.where(np.abs(left) < NOTHING, 0.0, left))


def dispensable(state: MarketState) -> np.ndarray:
    """(J, S) whether licensed pharmacies sell it under the law of today."""
    table = state.substances
    return (table.sold[Channel.LICENSED_PHARMACY] == 1) & (table.status < LegalStatus.PROHIBITED)
