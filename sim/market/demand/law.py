"""Law and contents of the day: what stricter status does to prices, prescriptions and wants, and what adulterated goods hold.

Policies say how many steps stricter (or laxer) than usual a substance is, by jurisdiction; prescribers, sellers and consumers respond by parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import LegalStatus

if TYPE_CHECKING:
    from sim.market.state import MarketState


def law_of_the_day(state: MarketState) -> None:
    """Set status, illicit price, prescriptions and wants by the steps that the law is stricter today; nothing is touched while nothing changes."""
    table, levers, p = state.substances, state.levers, state.p.demand
    steps, filled = levers.scheduling[:, : len(table.dose_usd)], levers.prescriptions[:, : len(table.dose_usd)]
    if not np.array_equal(filled, table.filled):
        table.filled[:] = filled
    if not np.array_equal(steps, state.world.law_steps):
        state.world.law_steps = steps.copy()
        stricter = np.maximum(steps, 0.0)
        table.status[:] = np.clip(state.usual.status + np.floor(steps + 0.5), 0, LegalStatus.PROHIBITED).astype(
            np.uint8
        )
        table.premium[:] = p.scheduled_price**steps
        table.prescribed[:] = p.scheduled_access**steps
        table.deterred[:] = 1.0 - p.banned_persist**stricter
    share = float(levers.contaminant[0])
    if share != state.care.contaminated:
        state.care.contaminated = share
        reached = max(float(state.p.shipping.synthetic_supply), 1e-9)  # shipping counts a substance's share times this
        usual = state.usual.synthetic
        beyond = usual + min(share, 1.0) * (1.0 / reached - usual)
        table.synthetic[:] = np.where(table.contaminable & (share > 0.0), beyond, usual)
