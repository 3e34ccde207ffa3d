"""News of vendors: an arrest frightens those who bought there; a vendor under a new name is not known again, except by direct partners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import NO_SLOT, Channel, RiskGroup
from sim.agents.consumers import REMEMBERED_VENDORS, RISK_GROUPS
from sim.kernels import kernel
from sim.market import views
from sim.market.blocks import over_rows
from sim.market.views import narrow

if TYPE_CHECKING:
    from sim.market.state import MarketState

GROUP = np.array([int(RiskGroup.OPEN_WEB)] * len(Channel), np.uint8)
"""Risk group whose members hear of an arrest, by the vendor's channel."""
GROUP[[Channel.CRYPTOMARKET, Channel.DIRECT]], GROUP[Channel.STREET] = RiskGroup.CRYPTO, RiskGroup.OFFLINE

NEW_NAME = 1 << RISK_GROUPS
"""Bit of a vendor's news beside those of the risk groups that its arrest frightens."""


@kernel
def hear_of_vendors(lo: int, hi: int, consumers: Any, news: np.ndarray, hits: float) -> None:
    """Let the consumers ``lo:hi`` hear the ``news`` (bits) of the vendors whom they remember: ``hits`` to perceived risk, once a group."""
    for c in range(lo, hi):
        told = 0
        for j in range(REMEMBERED_VENDORS):
            v = consumers.vendor[c, j]
            if v < 0 or news[v] == 0:
                continue
            if consumers.bought[c, j] > 0:
                told |= news[v]
            if news[v] & NEW_NAME and consumers.tie[c, j] == 0:
                consumers.vendor[c, j], consumers.bought[c, j] = -1, 0
        for g in range(RISK_GROUPS):
            if (told >> g) & 1:
                consumers.legal_hits[c, g] += hits


def spread_news(state: MarketState) -> None:
    """Everybody hears today's news of vendors."""
    news = state.trade.vendor_news
    if news.any():
        listeners = narrow(state.consumers.columns, views.MemoryConsumers)
        over_rows(state.pool, hear_of_vendors, state.consumers.n, listeners, news, state.p.enforcement.arrest_fright)
        news[:] = 0


def tell_of_arrests(state: MarketState, rows: np.ndarray) -> None:
    """Note that these vendors were arrested."""
    state.trade.vendor_news[rows] |= (1 << GROUP[state.vendors.columns.channel[rows]]).astype(np.uint8)


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
