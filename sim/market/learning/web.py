"""The open web and its talk: search engines rerank, access providers list domains, programmes come back under new ones, forums warn.

Demotion and blocks meet sellers who answer: hijacked hosts made up a third of results (Leontiadis, Moore and Christin 2011), and seized domains were
back in one or two days without most of their visitors (Vu et al. 2025).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import NO_SLOT, Channel
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState


def web(state: MarketState) -> None:
    """Search engines and access providers look at the domains of pharmacy programmes; programmes answer with new ones."""
    p, t = state.p.platforms, state.platform_table.columns
    for provider in state.providers:
        provider.share = float(state.levers.isp_block[provider.jurisdiction])
    slots, demotion = state.open_slots(Channel.ILLICIT_PHARMACY), float(state.levers.demotion[0])
    if demotion > 0.0 or t.demoted[slots].any():
        t.demoted[slots] = np.clip(state.search.rerank(t.demoted[slots], demotion, p), 0.0, 1.0)
    if any(provider.share > 0.0 for provider in state.providers):
        t.listed[slots] = np.clip(state.providers[0].relist(t.listed[slots], p), 0.0, 1.0)
    elif t.listed[slots].any():
        t.listed[slots] = 0.0


def new_domains(state: MarketState, slot: int) -> None:
    """Note that a programme has moved to domains on which no list and no search engine has looked yet."""
    t = state.platform_table.columns
    t.demoted[slot] = t.listed[slot] = 0.0


def forum_talk(state: MarketState, due: np.ndarray) -> None:
    """Cheated buyers warn of vendors, who lose standing wherever they sell; false posts and ratings hit honest vendors and drown the rest."""
    p, o, v = state.p.services, state.books.open_orders.columns, state.vendors.columns
    false = float(state.levers.false_signal[0])
    state.forum.noise = false
    cheated = due[(o.dispatched[due] == 0) & (o.channel[due] == Channel.CRYPTOMARKET)]
    if len(cheated):
        told = uniforms(int(state.seed), Draw.SCAM_WARNING, o.consumer[cheated], state.day)
        warned = o.vendor[cheated][told < p.scam_warning * state.forum.worth]
        np.add.at(v.negative, warned, 1.0)
    if false > 0.0:
        n = state.vendors.n
        live = ((v.alive[:n] == 1) & (v.channel[:n] == Channel.CRYPTOMARKET)).nonzero()[0]
        v.negative[live] += (false * v.recent[live])[:, None] * (v.account[live] != NO_SLOT)
