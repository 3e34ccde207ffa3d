"""News of vendors and cases: who was arrested, who goes on under a new name, what police and courts make known. `learning.fear` says who takes what from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import NO_SLOT, RiskGroup
from sim.market.learning.fear import GROUP, NEW_NAME

if TYPE_CHECKING:
    from sim.market.state import MarketState


def tell_of_arrests(state: MarketState, rows: np.ndarray) -> None:
    """Note that these vendors were arrested, and where they were listed until then."""
    v, trade = state.vendors.columns, state.trade
    trade.vendor_news[rows] |= (1 << GROUP[v.channel[rows]]).astype(np.uint8)
    at = v.account[rows]
    caught = np.bincount(at[at != NO_SLOT], minlength=state.platform_table.capacity).astype(float)
    caught[: len(trade.arrested)] += trade.arrested
    trade.arrested = caught


def tell_of_new_names(state: MarketState, rows: np.ndarray) -> None:
    """Note that these vendors go on under new names."""
    state.trade.vendor_news[rows] |= NEW_NAME


def announce(state: MarketState, publicity: float) -> None:
    """Police and courts make a case known: users of cryptomarkets take it as a risk, and people who had not thought of these markets hear of them."""
    if publicity <= 0.0:
        return
    c, n = state.consumers.columns, state.consumers.n
    users = (c.home[:n] != NO_SLOT).nonzero()[0]
    c.legal_hits[users, RiskGroup.CRYPTO] += state.p.enforcement.announce_fright * publicity
    state.publicity += publicity
