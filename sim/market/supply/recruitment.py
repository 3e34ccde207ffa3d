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
from sim.market.views import narrow
from sim.streams import Draw, picked, uniform

if TYPE_CHECKING:
    from sim.market.state import MarketState

APP, CRYPTO, STREET = int(Channel.SOCIAL_APP), int(Channel.CRYPTOMARKET), int(Channel.STREET)
BRANCH, INDEPENDENT, SOCIAL = (
    int(VendorKind.ORGANISED_CRIME), int(VendorKind.INDEPENDENT), int(VendorKind.SOCIAL_SUPPLIER),
)  # fmt: skip
RECRUIT = int(Draw.RECRUIT)


@kernel
def drive_of_groups(n: int, groups: Any, recruitment: np.ndarray, income: float) -> None:
    """Set the drive of each of ``n`` suppliers to recruit, 0 for those who are no group in business; policies multiply it by ``recruitment`` (J,)."""
    many, takings, branches = 0.0, 0.0, 0.0
    for i in range(n):
        member = float(groups.organised[i] * groups.alive[i])
        many += member
        takings += member * groups.takings[i]
        branches += member * groups.branches[i]
    takings, branches = max(takings / max(many, 1.0), 1e-9), max(branches / max(many, 1.0), 1e-9)
    for i in range(n):
        pull = ((groups.takings[i] / takings + 1.0) / (groups.branches[i] / branches + 1.0)) ** income
        member = groups.organised[i] * groups.alive[i]
        groups.drive[i] = member * pull * recruitment[groups.jurisdiction[i]]


@kernel
def call_on_kin(n: int, groups: Any, recruits: np.ndarray, kin: np.ndarray) -> float:
    """Fill ``recruits`` (J, n), cumulative, with how much each group recruits where it works, and ``kin`` (J,) with the size of those who do.

    Where none works, all do. Returns the size of all.
    """
    total = 0.0
    for i in range(n):
        total += groups.organised[i] * groups.alive[i] * float(groups.size[i])
    for j in range(len(kin)):
        for i in range(n):
            kin[j] += ((groups.reach[i] >> j) & 1) * groups.organised[i] * groups.alive[i] * float(groups.size[i])
        nobody, run = kin[j] == 0.0, 0.0
        for i in range(n):
            if nobody or (groups.reach[i] >> j) & 1:
                run += groups.organised[i] * groups.alive[i] * float(groups.size[i]) * groups.drive[i]
            recruits[j, i] = run
        if nobody:
            kin[j] = total
    return total


def recruit(state: MarketState) -> None:
    """Today's drive of each group to recruit: more while it takes in much for the branches it has, both against an average group of the day.

    A group recruits where it works; in places where none works, all do. Manufacturers have no branches.
    """
    p, s, n, up = state.p.supply, state.supplier_table.columns, state.supplier_table.n, state.upstream
    groups = narrow(s, views.RecruitingSuppliers)
    drive_of_groups(n, groups, state.levers.recruitment, p.recruit_income)
    up.recruits, kin = np.zeros((len(up.recruitment), n)), np.zeros(len(up.recruitment))
    size = call_on_kin(n, groups, up.recruits, kin)
    up.recruitment = up.recruits[:, -1] / np.maximum(kin, 1e-9) * size / max(up.recruiters, 1e-9)


def organised_entry(state: MarketState) -> np.ndarray:
    """(C,) share of a channel's usual newcomers whom groups recruit."""
    p = state.p.supply
    share = np.zeros(N_CHANNELS)
    share[Channel.CRYPTOMARKET], share[Channel.SOCIAL_APP] = p.organised_online, p.organised_share
    share[Channel.STREET] = p.organised_share * (1.0 - p.social_share)
    return share


def recruiting(state: MarketState) -> np.ndarray:
    """(C, J) newcomers relative to the usual number of a place: independents and friends come anyway, branches as the groups that work there recruit."""
    share = organised_entry(state)[:, None]
    return 1.0 - share + share * state.upstream.recruitment


def where_newcomers_work(state: MarketState) -> np.ndarray:
    """(C, J) newcomers by place, cumulative, relative to the usual number of the channel: near consumers where they meet them, else where vendors are."""
    world = state.world
    near = np.isin(np.arange(N_CHANNELS), (APP, STREET))[:, None]
    place = np.where(near, world.consumer_weight, world.vendor_weight)
    return np.cumsum(place / place.sum(axis=1, keepdims=True) * recruiting(state), axis=1)


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
