"""Law and contents of the day: what stricter status does to prices, prescriptions and wants, and what adulterated goods hold.

Policies say how many steps stricter (or laxer) than usual a substance is, by jurisdiction; prescribers, sellers and consumers respond by parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import LegalStatus

if TYPE_CHECKING:
    from sim.market.state import MarketState


def cumulative_substitutes(weights: np.ndarray) -> np.ndarray:
    """(S, S) cumulative shares of what people turn to instead of the substance of a row; rows without weight stay 0."""
    total = weights.sum(axis=1, keepdims=True)
    return np.cumsum(np.divide(weights, total, out=np.zeros_like(weights), where=total > 0), axis=1)


def medical_substitutes(weights: np.ndarray, classes: list[str], licensed: np.ndarray) -> np.ndarray:
    """(S,) the heaviest substitute of the same class that licensed pharmacies sell, for substances that these do not sell; -1 for none."""
    out = np.full(len(classes), -1, np.int64)
    for s, own in enumerate(classes):
        same = np.array([c == own for c in classes]) & (licensed == 1) & (weights[s] > 0)
        if not licensed[s] and same.any():
            out[s] = int(np.argmax(np.where(same, weights[s], -1.0)))
    return out


def law_of_the_day(state: MarketState) -> None:
    """Set status, illicit price, prescriptions and wants by the steps that the law is stricter today; nothing is touched while nothing changes."""
    table, levers, p = state.substances, state.levers, state.p.demand
    steps = levers.scheduling[:, : len(table.dose_usd)]
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
