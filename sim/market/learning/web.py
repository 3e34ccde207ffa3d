"""The open web: search engines rerank, access providers list domains, programmes come back under new ones.

Demotion and blocks meet sellers who answer: hijacked hosts made up a third of results (Leontiadis, Moore and Christin 2011), and seized domains were
back in one or two days without most of their visitors (Vu et al. 2025).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import Channel
from sim.kernels import kernel

if TYPE_CHECKING:
    from sim.market.state import MarketState

APP = int(Channel.SOCIAL_APP)


def web(state: MarketState) -> None:
    """Search engines and access providers look at the domains of pharmacy programmes; programmes answer with new ones."""
    p, t = state.p.platforms, state.platform_table.columns
    for provider in state.providers:
        provider.share = float(state.levers.isp_block[provider.jurisdiction])
    slots, demotion = state.open_slots(Channel.ILLICIT_PHARMACY), state.levers.demotion
    lost = state.search.rank_lost(slots)
    if np.logical_or.reduce(demotion) or np.logical_or.reduce(lost, axis=None):
        state.search.demoted[slots] = np.clip(state.search.rerank(lost, demotion, p), 0.0, 1.0)
    if any(provider.share > 0.0 for provider in state.providers):
        t.listed[slots] = np.clip(state.providers[0].relist(t.listed[slots], p), 0.0, 1.0)
    elif np.logical_or.reduce(t.listed[slots]):
        t.listed[slots] = 0.0


@kernel
def be_found(channel: np.ndarray, visibility: np.ndarray, days: float) -> None:
    """Platforms that searches lead to come back into view in so many ``days``; what is seen in apps comes back in `entry_exit.moderation`."""
    for m in range(len(visibility)):
        if channel[m] != APP:
            visibility[m] += (np.float32(1.0) - visibility[m]) / days


def new_domains(state: MarketState, slot: int) -> None:
    """Note that a programme has moved to domains on which no list and no search engine has looked yet."""
    state.platform_table.columns.listed[slot] = 0.0
    state.search.demoted[slot : slot + 1] = 0.0
