"""Characters: what a new vendor is like, drawn from the population of its channel and keyed by the vendor alone."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sim.agents.codes import NOBODY, Channel, VendorKind
from sim.evidence.groups import SupplyParameters
from sim.kernels import inner, kernel
from sim.market.groups import Moment
from sim.streams import Draw, normal, picked, uniform

TRAITS = int(Draw.VENDOR_TRAITS)
LICENSED, PHARMACY, _, CRYPTO, _, STREET = (int(c) for c in Channel)
ORGANISED, INDEPENDENT, SOCIAL, ILLICIT_PHARMACY, LICENSED_PHARMACY = (
    int(VendorKind.ORGANISED_CRIME), int(VendorKind.INDEPENDENT), int(VendorKind.SOCIAL_SUPPLIER), int(VendorKind.ILLICIT_PHARMACY),
    int(VendorKind.LICENSED_PHARMACY),
)  # fmt: skip

FARTHEST, MOST_LISTINGS, LEAST_OPSEC, MOST_OPSEC, MOST_ASKED, ENDLESS = 5.0, 230.0, 0.06, 19.0, 99.0, 1e8
"""What the columns of vendors hold: log pack size, listings, security, what is asked, stock."""


class Newcomers(NamedTuple):
    """New vendors."""

    rows: np.ndarray
    keys: np.ndarray  # what draws about them are keyed by
    channels: np.ndarray
    person: np.ndarray  # the consumers behind them, or NOBODY
    honest: np.ndarray  # chance to dispatch, if they are honest


class Background(NamedTuple):
    """What new vendors come from."""

    home: np.ndarray  # (consumers,) jurisdiction
    place: np.ndarray  # (C, J) cumulative
    social: np.ndarray  # (J,) chance that a newcomer of the street is a social supplier
    demand: np.ndarray  # (C, S) cumulative
    sold: np.ndarray  # (C, S) 1 where the channel sells it


@inner
def kind_of_vendor(channel: int, u1: float, u2: float, social: float, p: SupplyParameters) -> int:
    """Kind of a new vendor: friends and dealers on the street, branches of organised crime more often offline."""
    if channel == PHARMACY:
        return ILLICIT_PHARMACY
    if channel == LICENSED:
        return LICENSED_PHARMACY
    if channel == STREET and u2 < social:
        return SOCIAL
    return ORGANISED if u1 < (p.organised_online if channel == CRYPTO else p.organised_share) else INDEPENDENT


@inner
def carried(seed: int, key: int, channel: int, main: int, breadth: float, sold: np.ndarray, p: SupplyParameters) -> int:
    """Bits of the substances carried: the main one and more with breadth; pharmacies carry all that their channel sells."""
    chance = 1.0 - math.exp(-p.extra_substances * (breadth - 1.0))
    bits = 1 << main
    for s in range(sold.shape[1]):
        if sold[channel, s] == 1 and (channel <= PHARMACY or uniform(seed, TRAITS, key + (s << 25), 2, 0) < chance):
            bits |= 1 << s
    return bits


@kernel
def draw_characters(
    lo: int, hi: int, newcomers: Newcomers, when: Moment, vendors: Any, background: Background, given: np.ndarray
) -> None:
    """Fill the rows of the new vendors ``lo:hi``."""
    p = given[0]
    seed = when.seed
    for i in range(lo, hi):
        v, key, channel = newcomers.rows[i], newcomers.keys[i], newcomers.channels[i]
        vendors.key[v], vendors.channel[v], vendors.alive[v], vendors.entry_day[v] = key, channel, 1, when.day
        u0 = uniform(seed, TRAITS, key, 0, 0)
        vendors.person[v] = newcomers.person[i]
        if newcomers.person[i] != NOBODY:
            kind = SOCIAL
            vendors.jurisdiction[v] = background.home[newcomers.person[i]]
        else:
            vendors.jurisdiction[v] = picked(background.place[channel], u0)
            u1, u2 = uniform(seed, TRAITS, key, 0, 1), uniform(seed, TRAITS, key, 0, 2)
            kind = kind_of_vendor(channel, u1, u2, background.social[vendors.jurisdiction[v]], p)
        vendors.kind[v] = kind
        small = kind == SOCIAL
        z0 = normal(seed, TRAITS, key, 1, 0)
        breadth = min(max(math.exp(math.log(p.breadth_median) + p.breadth_spread * z0), 1.0), MOST_LISTINGS)
        breadth = 1.0 if small else math.floor(breadth)
        main = picked(background.demand[channel], uniform(seed, TRAITS, key, 0, 3))
        vendors.breadth[v], vendors.main[v] = breadth, main
        vendors.carries[v] = carried(seed, key, channel, main, breadth, background.sold, p)
        scammer = uniform(seed, TRAITS, key, 0, 4) < p.scammers and channel != LICENSED and not small
        vendors.ships[v] = p.scammer_ships if scammer else newcomers.honest[i]
        vendors.quality[v] = math.sqrt(uniform(seed, TRAITS, key, 0, 6))
        pack = p.social_pack if small else p.pack_spread * normal(seed, TRAITS, key, 1, 1)
        vendors.pack[v] = min(max(pack, -FARTHEST), FARTHEST)
        vendors.wholesale[v] = 1 if uniform(seed, TRAITS, key, 0, 7) < p.wholesalers and not small else 0
        vendors.opsec[v] = min(max(math.exp(p.opsec_spread * normal(seed, TRAITS, key, 1, 3)), LEAST_OPSEC), MOST_OPSEC)
        z2 = normal(seed, TRAITS, key, 1, 5)
        vendors.asks[v] = min(math.exp(p.asking_spread * (z2 - 0.5 * p.asking_spread)), MOST_ASKED)  # 1 on average
        vendors.stock[v] = p.stock_floor
        vendors.platforms_used[v] = 1
        if channel == LICENSED:
            vendors.stock[v], vendors.ships[v] = ENDLESS, 1.0
