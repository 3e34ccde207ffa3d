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
    from sim.model import MarketModel

APP, CRYPTO, STREET = int(Channel.SOCIAL_APP), int(Channel.CRYPTOMARKET), int(Channel.STREET)
BRANCH, INDEPENDENT, SOCIAL = (
    int(VendorKind.ORGANISED_CRIME), int(VendorKind.INDEPENDENT), int(VendorKind.SOCIAL_SUPPLIER),
)  # fmt: skip
RECRUIT = int(Draw.RECRUIT)


def recruit(model: MarketModel) -> None:
    """Today's drive of each group to recruit: more while takings are above what they were before day 0, more while branches are missing.

    Manufacturers have no branches.
    """
    p, s, n = model.p.supply, model.supplier_table.columns, model.supplier_table.n
    if model.day < 0:
        model.usual_takings[:], model.usual_branches[:] = s.takings[:n], s.branches[:n]
    pull = np.clip((s.takings[:n] + 1.0) / (model.usual_takings + 1.0), 0.2, 5.0) ** p.recruit_income
    gap = np.clip((model.usual_branches + 1.0) / (s.branches[:n] + 1.0), 0.2, 5.0) ** p.recruit_gap
    s.drive[:n] = s.alive[:n] * s.organised[:n] * pull * gap * model.levers.recruitment[0]
    groups = s.size[:n] * s.organised[:n]
    model.recruitment = float((groups * s.drive[:n]).sum() / max(float(groups.sum()), 1e-9))


def organised_entry(model: MarketModel) -> np.ndarray:
    """(C,) share of a channel's usual newcomers whom groups recruit."""
    p = model.p.supply
    share = np.zeros(N_CHANNELS)
    share[Channel.CRYPTOMARKET], share[Channel.SOCIAL_APP] = p.organised_online, p.organised_share
    share[Channel.STREET] = p.organised_share * (1.0 - p.social_share)
    return share


def recruiting(model: MarketModel) -> np.ndarray:
    """(C,) newcomers relative to the usual number: independents come anyway, branches as groups recruit."""
    share = organised_entry(model)
    return 1.0 - share + share * model.recruitment


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


def enlist(model: MarketModel, rows: np.ndarray) -> None:
    """Make those among the newcomers ``rows`` whom groups recruited their branches; each is supplied by the group that recruited it."""
    s, n, p = model.supplier_table.columns, model.supplier_table.n, model.p.supply
    weight = np.cumsum(s.size[:n] * s.drive[:n]).astype(float)
    vendors = narrow(model.vendors.columns, views.RecruitVendors)
    take_on(rows, model.seed, model.day, vendors, p.organised_online, p.organised_share, model.recruitment, weight)
