"""Recruitment: groups recruit through the kin and peers of their members, where they work.

In the spirit of Prieto-Curiel, Campedelli and Hope (2023): a group recruits in proportion to its size, and lives by that since it loses people to arrest and
retirement. Whether it pays to sell at all decides how many come (`entry_exit.entry`); a group that takes in much for the branches it has is short of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import N_CHANNELS, Channel, VendorKind
from sim.kernels import kernel
from sim.market import views
from sim.market.supply.network import bits
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
    """Today's drive of each group to recruit: more while it takes in much for the branches it has, both against an average group of the day.

    A group recruits where it works; in places where none works, all do. Manufacturers have no branches.
    """
    p, s, n, up = state.p.supply, state.supplier_table.columns, state.supplier_table.n, state.upstream
    group = (s.organised[:n] * s.alive[:n]).astype(float)
    groups = max(float(group.sum()), 1.0)
    takings, branches = (
        column[:n] / max(float((group * column[:n]).sum()) / groups, 1e-9) for column in (s.takings, s.branches)
    )
    pull = ((takings + 1.0) / (branches + 1.0)) ** p.recruit_income
    s.drive[:n] = group * pull * state.levers.recruitment[s.jurisdiction[:n]]
    size = group * s.size[:n]
    there = bits(s.reach[:n], len(up.recruitment)).T * size
    kin = there.sum(axis=1)
    if (nobody := kin == 0).any():
        there[nobody] = size
        kin = there.sum(axis=1)
    up.recruits = (there * s.drive[:n]).cumsum(axis=1)
    up.recruitment = up.recruits[:, -1] / np.maximum(kin, 1e-9) * float(size.sum()) / max(up.recruiters, 1e-9)


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
    return 1.0 - share + share * float(np.dot(state.world.vendor_weight, state.upstream.recruitment))


@kernel
def take_on(
    rows: np.ndarray,
    seed: int,
    day: int,
    vendors: Any,
    online: float,
    offline: float,
    drive: np.ndarray,
    weight: np.ndarray,
) -> None:
    """Draw which of the newcomers ``rows`` are branches, and of which group.

    By jurisdiction, ``drive`` is recruitment relative to the usual, ``weight`` how much each group recruits, cumulative.
    """
    for i in range(len(rows)):
        v = rows[i]
        channel, j = vendors.channel[v], vendors.jurisdiction[v]
        if vendors.kind[v] == SOCIAL or (channel != CRYPTO and channel != APP and channel != STREET):
            continue
        base = online if channel == CRYPTO else offline
        chance = base * drive[j] / (1.0 - base + base * drive[j])
        if uniform(seed, RECRUIT, vendors.key[v], day, 0) >= chance:
            vendors.kind[v] = INDEPENDENT
            continue
        vendors.kind[v] = BRANCH
        if weight[j, -1] > 0.0:
            vendors.supplier[v] = picked(weight[j], uniform(seed, RECRUIT, vendors.key[v], day, 1))


def enlist(state: MarketState, rows: np.ndarray) -> None:
    """Make those among the newcomers ``rows`` whom groups recruited their branches; each is supplied by the group that recruited it."""
    p, up = state.p.supply, state.upstream
    vendors = narrow(state.vendors.columns, views.RecruitVendors)
    take_on(rows, state.seed, state.day, vendors, p.organised_online, p.organised_share, up.recruitment, up.recruits)
