"""Accounts: where cryptomarket vendors list, relist after a closure, and multi-home."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sim.agents.codes import MOST_COUNTED, NO_SLOT, Channel
from sim.agents.vendors import ACCOUNTS
from sim.kernels import inner, kernel
from sim.market.beliefs import logistic
from sim.market.groups import Moment
from sim.streams import Draw, picked, uniform, uniform4

RELIST, REVIEW, HOME_PLATFORM = int(Draw.RELIST), int(Draw.REVIEW), int(Draw.HOME_PLATFORM)
LICENSED, PHARMACY, CRYPTO, STREET = (
    int(Channel.LICENSED_PHARMACY), int(Channel.ILLICIT_PHARMACY), int(Channel.CRYPTOMARKET), int(Channel.STREET),
)  # fmt: skip


class Listings(NamedTuple):
    """The open cryptomarkets as vendors see them."""

    slots: np.ndarray
    key: np.ndarray  # what draws about a market are keyed by
    share: np.ndarray  # of trade
    trust: np.ndarray  # public trust
    exponent: float  # of the share, when a vendor picks one


class Places(NamedTuple):
    """Where new vendors open their first accounts."""

    licensed: np.ndarray  # (J,) slots; likewise the next one
    street: np.ndarray
    markets: Listings
    programmes: np.ndarray  # slots, and cumulative weights; likewise the next two
    programme_weight: np.ndarray
    apps: np.ndarray
    app_weight: np.ndarray


@kernel
def review_accounts(
    n: int, when: Moment, markets: Listings, newness: np.ndarray, vendors: Any, given: np.ndarray
) -> None:
    """Let cryptomarket vendors relist after a closure, and now and then open or close accounts elsewhere (multi-homing).

    ``newness`` is 1 on the day of opening, fading: new markets court vendors with waived bonds and fees.
    Who has nothing left to sell looks for no market.
    """
    p = given[0]
    crypto, share, trust = markets.slots, markets.share, markets.trust
    k, day = len(crypto), when.day
    if k == 0:
        return
    for v in range(n):
        if vendors.alive[v] == 0 or vendors.channel[v] != CRYPTO or vendors.carries[v] == 0:
            continue
        held = 0
        for a in range(ACCOUNTS):
            if vendors.account[v, a] != NO_SLOT:
                held += 1
        _, u2, u3, _ = uniform4(when.seed, RELIST, vendors.key[v], day, 0)
        if held == 0:
            if day >= vendors.relist_day[v]:
                x = pick_market(markets, u2)
                open_account(vendors, v, crypto[x], day, vendors.kept[v, 0])
        elif u3 < p.review_rate:
            size = math.log(vendors.sales[v] + 1.0)
            for x in range(k):
                w = uniform(when.seed, REVIEW, vendors.key[v], 0, int(markets.key[x]))
                hoped = share[x] + p.multi_new * newness[x]
                pull = p.multi_base + p.multi_share * math.log(hoped) + p.multi_size * size
                wish = logistic(pull) * trust[x]
                has = False
                for a in range(ACCOUNTS):
                    has = has or vendors.account[v, a] == crypto[x]
                if not has and w < wish:
                    if open_account(vendors, v, crypto[x], day, 1):
                        held += 1
                elif has and w >= wish and held > 1:
                    for a in range(ACCOUNTS):
                        if vendors.account[v, a] == crypto[x]:
                            vendors.account[v, a] = NO_SLOT
                    held -= 1


@kernel
def pick_market(markets: Listings, u: float) -> int:
    """Index of a market drawn in proportion to share^exponent x trust."""
    share, trust, exponent = markets.share, markets.trust, markets.exponent
    total = 0.0
    for x in range(len(share)):
        total += share[x] ** exponent * trust[x]
    run = 0.0
    for x in range(len(share)):
        run += share[x] ** exponent * trust[x]
        if u * total <= run:
            return x
    return len(share) - 1


@kernel
def first_platforms(
    seed: int, keys: np.ndarray, channel: np.ndarray, jurisdiction: np.ndarray, places: Places, home: np.ndarray
) -> None:
    """Fill ``home`` with the platforms on which new vendors open their first accounts, ``NO_SLOT`` where none is open.

    The pharmacy or the street of the own jurisdiction; a market by its ``share`` of trade and ``trust`` in it; programmes and apps by cumulative weight.
    """
    for i in range(len(keys)):
        u = uniform(seed, HOME_PLATFORM, keys[i], 0, 0)
        home[i] = NO_SLOT
        if channel[i] == LICENSED:
            home[i] = places.licensed[jurisdiction[i]]
        elif channel[i] == STREET:
            home[i] = places.street[jurisdiction[i]]
        elif channel[i] == CRYPTO:
            if len(places.markets.slots) > 0:
                home[i] = places.markets.slots[pick_market(places.markets, u)]
        elif channel[i] == PHARMACY:
            if len(places.programmes) > 0:
                home[i] = places.programmes[picked(places.programme_weight, u)]
        elif len(places.apps) > 0:
            home[i] = places.apps[picked(places.app_weight, u)]


@inner
def open_account(vendors: Any, v: int, slot: int, day: int, kept: int) -> bool:
    """Open an account in a free place; reputation known elsewhere comes along when the identity is kept. Returns whether there was room."""
    for a in range(ACCOUNTS):
        if vendors.account[v, a] == NO_SLOT:
            best, bad = 0.0, 0.0
            for b in range(ACCOUNTS):
                if vendors.positive[v, b] > best:
                    best, bad = vendors.positive[v, b], vendors.negative[v, b]
            vendors.account[v, a], vendors.account_day[v, a], vendors.kept[v, a] = slot, day, kept
            vendors.positive[v, a], vendors.negative[v, a] = best, bad
            vendors.account_sales[v, a] = 0.0
            vendors.platforms_used[v] = min(vendors.platforms_used[v] + 1, MOST_COUNTED)
            return True
    return False
