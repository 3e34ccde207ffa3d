"""Recruitment: groups replace the branches that they lose and open more while these earn well.

In the spirit of Prieto-Curiel, Campedelli and Hope (2023): groups lose people to arrest and retirement and live by recruiting. They recruit more
while branches are missing, so that arrests are made good in part; a cut bears on that too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import N_CHANNELS, Channel, VendorKind
from sim.kernels import kernel
from sim.market import views
from sim.market.views import narrow
from sim.streams import Draw, picked, uniform

if TYPE_CHECKING:
    from sim.market.state import MarketState

APP, CRYPTO, STREET = int(Channel.SOCIAL_APP), int(Channel.CRYPTOMARKET), int(Channel.STREET)
BRANCH, INDEPENDENT, SOCIAL = (
    int(VendorKind.ORGANISED_CRIME), int(VendorKind.INDEPENDENT), int(VendorKind.SOCIAL_SUPPLIER),
)  # fmt: skip
RECRUIT = int(Draw.RECRUIT)


def recruit(state: MarketState) -> None:
    """Today's drive of each group to recruit: more while takings are above what they were before day 0, more while branches are missing.

    Manufacturers have no branches.
    """
    p, s, n = state.p.supply, state.supplier_table.columns, state.supplier_table.n
    if state.day < 0:
        state.upstream.takings[:], state.upstream.branches[:] = s.takings[:n], s.branches[:n]
    pull = np.clip((s.takings[:n] + 1.0) / (state.upstream.takings + 1.0), 0.2, 5.0) ** p.recruit_income
    gap = np.clip((state.upstream.branches + 1.0) / (s.branches[:n] + 1.0), 0.2, 5.0) ** p.recruit_gap
    s.drive[:n] = s.alive[:n] * s.organised[:n] * pull * gap * state.levers.recruitment[s.jurisdiction[:n]]
    groups = s.size[:n] * s.organised[:n]
    state.upstream.recruitment = float((groups * s.drive[:n]).sum() / max(float(groups.sum()), 1e-9))


def organised_entry(state: MarketState) -> np.ndarray:
    """(C,) share of a channel's usual newcomers whom groups recruit."""
    p = state.p.supply
    share = np.zeros(N_CHANNELS)
    share[Channel.CRYPTOMARKET], share[Channel.SOCIAL_APP] = p.organised_online, p.organised_share
    share[Channel.STREET] = p.organised_share * (1.0 - p.social_share)
    return share


def recruiting(state: MarketState) -> np.ndarray:
    """(C,) newcomers relative to the usual number: independents come anyway, branches as groups recruit."""
    share = organised_entry(state)
    return 1.0 - share + share * state.upstream.recruitment


@kernel
def take_on(
    rows: np.ndarray, seed: int, day: int, vendors: Any, online: float, offline: float, drive: float, weight: np.ndarray
) -> None:
    """Draw which of the newcomers ``rows`` are branches, and of which group by cumulative ``weight``; ``drive`` is recruitment relative to the usual."""
    for i in range(len(rows)):
        v = rows[i]
        channel = vendors.channel[v]
        if vendors.kind[v] == SOCIAL or (channel != CRYPTO and channel != APP and channel != STREET):
            continue
        base = online if channel == CRYPTO else offline
        chance = base * drive / (1.0 - base + base * drive)
        if uniform(seed, RECRUIT, vendors.key[v], day, 0) >= chance:
            vendors.kind[v] = INDEPENDENT
            continue
        vendors.kind[v] = BRANCH
        if weight[-1] > 0.0:
            vendors.supplier[v] = picked(weight, uniform(seed, RECRUIT, vendors.key[v], day, 1))


def enlist(state: MarketState, rows: np.ndarray) -> None:
    """Make those among the newcomers ``rows`` whom groups recruited their branches; each is supplied by the group that recruited it."""
    s, n, p = state.supplier_table.columns, state.supplier_table.n, state.p.supply
    weight = np.cumsum(s.size[:n] * s.drive[:n]).astype(float)
    vendors = narrow(state.vendors.columns, views.RecruitVendors)
    take_on(
        rows, state.seed, state.day, vendors, p.organised_online, p.organised_share, state.upstream.recruitment, weight
    )
