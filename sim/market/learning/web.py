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
    from sim.model import MarketModel


def web(model: MarketModel) -> None:
    """Search engines and access providers look at the domains of pharmacy programmes; programmes answer with new ones."""
    p, t = model.p.platforms, model.platform_table.columns
    for provider in model.providers:
        provider.share = float(model.levers.isp_block[provider.jurisdiction])
    slots, demotion = model.open_slots(Channel.ILLICIT_PHARMACY), float(model.levers.demotion[0])
    if demotion > 0.0 or t.demoted[slots].any():
        t.demoted[slots] = np.clip(model.search.rerank(t.demoted[slots], demotion, p), 0.0, 1.0)
    if any(provider.share > 0.0 for provider in model.providers):
        t.listed[slots] = np.clip(model.providers[0].relist(t.listed[slots], p), 0.0, 1.0)
    elif t.listed[slots].any():
        t.listed[slots] = 0.0


def new_domains(model: MarketModel, slot: int) -> None:
    """Note that a programme has moved to domains on which no list and no search engine has looked yet."""
    t = model.platform_table.columns
    t.demoted[slot] = t.listed[slot] = 0.0


def forum_talk(model: MarketModel, due: np.ndarray) -> None:
    """Cheated buyers warn of vendors, who lose standing wherever they sell; false posts and ratings hit honest vendors and drown the rest."""
    p, o, v = model.p.services, model.open_orders.columns, model.vendors.columns
    false = float(model.levers.false_signal[0])
    model.forum.noise = false
    cheated = due[(o.dispatched[due] == 0) & (o.channel[due] == Channel.CRYPTOMARKET)]
    if len(cheated):
        told = uniforms(int(model.seed), Draw.SCAM_WARNING, o.consumer[cheated], model.day)
        warned = o.vendor[cheated][told < p.scam_warning * model.forum.worth]
        np.add.at(v.negative, warned, 1.0)
    if false > 0.0:
        n = model.vendors.n
        live = np.flatnonzero((v.alive[:n] == 1) & (v.channel[:n] == Channel.CRYPTOMARKET))
        v.negative[live] += (false * v.recent[live])[:, None] * (v.account[live] != NO_SLOT)
