"""Recruitment: groups replace the branches that they lose and open more while these earn well.

In the spirit of Prieto-Curiel, Campedelli and Hope (2023): groups lose people to arrest and retirement and live by recruiting. They recruit more
while branches are missing, so that arrests are made good in part; a cut bears on that too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import N_CHANNELS, Channel, VendorKind
from sim.streams import Draw, uniforms

if TYPE_CHECKING:
    from sim.model import MarketModel

RECRUITED = (Channel.SOCIAL_APP, Channel.CRYPTOMARKET, Channel.STREET)


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


def enlist(model: MarketModel, rows: np.ndarray) -> None:
    """Make those among the newcomers ``rows`` whom groups recruited their branches; each is supplied by the group that recruited it."""
    v, s, n = model.vendors.columns, model.supplier_table.columns, model.supplier_table.n
    rows = rows[np.isin(v.channel[rows], RECRUITED) & (v.kind[rows] != VendorKind.SOCIAL_SUPPLIER)]
    p = model.p.supply
    base = np.where(v.channel[rows] == Channel.CRYPTOMARKET, p.organised_online, p.organised_share)
    chance = base * model.recruitment / (1.0 - base + base * model.recruitment)
    branch = uniforms(model.seed, Draw.RECRUIT, v.key[rows], model.day) < chance
    v.kind[rows] = np.where(branch, int(VendorKind.ORGANISED_CRIME), int(VendorKind.INDEPENDENT))
    weight = np.cumsum(s.size[:n] * s.drive[:n])
    if branch.any() and weight[-1] > 0:
        u = uniforms(model.seed, Draw.RECRUIT, v.key[rows[branch]], model.day, 1)
        v.supplier[rows[branch]] = np.minimum(np.searchsorted(weight, u * weight[-1], side="right"), n - 1)
