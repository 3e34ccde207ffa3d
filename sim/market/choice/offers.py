"""Offers: who sells what on which platform today, as cumulative weights from which buyers draw.

A vendor is found in proportion to breadth^a x (sales + c)^b: preferential attachment with persistent differences (Bracci et al. 2022 for the
mechanism; Dorogovtsev et al. 2000 for the initial attractiveness c; numbers fitted, see parameters). One table serves all buyers of a day.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from sim.agents.codes import NO_SLOT
from sim.agents.vendors import ACCOUNTS
from sim.kernels import inner, kernel
from sim.market.beliefs import beta_reputation
from sim.market.blocks import over_rows


class Offers(NamedTuple):
    """Offers grouped by platform and substance: ``start[slot * S + s]`` to the next are the rows of that group."""

    start: np.ndarray
    vendor: np.ndarray  # (offers,)
    cumulative: np.ndarray  # (offers,) weights by which buyers find them
    guide: np.ndarray  # (offers,) for each of as many equal steps of weight in a group, where its search begins
    appeal: np.ndarray  # (offers,) utility of reputation and price to somebody new
    where: np.ndarray  # (offers,) jurisdiction of the vendor
    selling: np.ndarray  # (vendors,) bits of the substances that a vendor can deliver today


@kernel
def count_offers(
    vendors: Any,
    n: int,
    open_slot: np.ndarray,
    n_substances: int,
    start: np.ndarray,
    selling: np.ndarray,
    listings: np.ndarray,
    accounts: np.ndarray,
) -> None:
    """Count the offers of each group into ``start``, listings and accounts by slot; note what each of the ``n`` vendors can deliver in ``selling``."""
    for v in range(n):
        if vendors.alive[v] == 0 or vendors.stock[v] < 1.0:
            continue
        bits = vendors.carries[v]
        selling[v] = bits
        for a in range(ACCOUNTS):
            m = vendors.account[v, a]
            if m == NO_SLOT or open_slot[m] == 0:
                continue
            listings[m] += vendors.breadth[v]
            accounts[m] += 1
            left, g = bits, m * n_substances
            while left != 0:
                start[g + 1] += left & 1
                left >>= 1
                g += 1
    for g in range(len(start) - 1):
        start[g + 1] += start[g]


class Worth(NamedTuple):
    """What vendors are to buyers today."""

    weight: np.ndarray  # (vendors,) by which they are found
    appeal: np.ndarray  # (vendors, ACCOUNTS) as in `Offers`


@kernel
def weigh(
    lo: int,
    hi: int,
    vendors: Any,
    selling: np.ndarray,
    open_slot: np.ndarray,
    supply: np.ndarray,
    choice: np.ndarray,
    worth: Worth,
) -> None:
    """Fill in the ``worth`` of those vendors of ``lo:hi`` who can deliver, at each of their accounts on open platforms."""
    p, taste = supply[0], choice[0]
    for v in range(lo, hi):
        if selling[v] == 0:
            continue
        worth.weight[v] = (
            vendors.breadth[v] ** p.breadth_exponent
            * (vendors.sales[v] + p.initial_attractiveness) ** p.popularity_exponent
        )
        for a in range(ACCOUNTS):
            m = vendors.account[v, a]
            if m == NO_SLOT or open_slot[m] == 0:
                continue
            r = beta_reputation(
                vendors.positive[v, a], vendors.negative[v, a], taste.reputation_good, taste.reputation_bad
            )
            worth.appeal[v, a] = taste.reputation_weight * math.log(r) - taste.price_weight * vendors.log_price[v]


@kernel
def list_offers(
    lo: int,
    hi: int,
    vendors: Any,
    n: int,
    open_slot: np.ndarray,
    n_substances: int,
    supply: np.ndarray,
    worth: Worth,
    offers: Offers,
    fill: np.ndarray,
) -> None:
    """Fill the rows of those groups of ``offers`` that start in ``lo:hi``, with cumulative weights in each; ``fill`` holds where each group starts."""
    p, start, cumulative = supply[0], offers.start, offers.cumulative
    for v in range(n):
        bits = offers.selling[v]
        if bits == 0:
            continue
        weight, main, home = worth.weight[v], vendors.main[v], vendors.jurisdiction[v]
        for a in range(ACCOUNTS):
            m = vendors.account[v, a]
            if m == NO_SLOT or open_slot[m] == 0:
                continue
            if start[(m + 1) * n_substances] <= lo or start[m * n_substances] >= hi:
                continue  # another thread's
            left, s = bits, 0
            while left != 0:
                g = m * n_substances + s
                if left & 1 and lo <= start[g] < hi:
                    k = fill[g]
                    offers.vendor[k], offers.appeal[k], offers.where[k] = v, worth.appeal[v, a], home
                    cumulative[k] = weight * (1.0 if s == main else p.side_weight)
                    if k > start[g]:
                        cumulative[k] += cumulative[k - 1]
                    fill[g] = k + 1
                left >>= 1
                s += 1
    for g in range(len(start) - 1):
        first, size = start[g], start[g + 1] - start[g]
        if not lo <= first < hi:
            continue
        k = first
        for step in range(size):
            while cumulative[k] < step * cumulative[first + size - 1] / size:
                k += 1
            offers.guide[first + step] = k


def build_offers(
    pool: ThreadPoolExecutor | None,
    vendors: Any,
    n: int,
    open_slot: np.ndarray,
    n_substances: int,
    supply: np.ndarray,
    choice: np.ndarray,
) -> tuple[Offers, np.ndarray, np.ndarray]:
    """Group the accounts of vendors in business by platform and substance, with cumulative weights in each group.

    Returns the offers, and listings and accounts per slot. ``supply`` and ``choice`` are the parameters of these: see `handed_over`.
    """
    slots = len(open_slot)
    start, selling = np.zeros(slots * n_substances + 1, np.int32), np.zeros(n, np.uint32)
    listings, accounts = np.zeros(slots, np.float32), np.zeros(slots, np.int32)
    count_offers(vendors, n, open_slot, n_substances, start, selling, listings, accounts)
    total = int(start[-1])
    offers = Offers(
        start=start, vendor=np.empty(total, np.int32), cumulative=np.empty(total), guide=np.empty(total, np.int32),
        appeal=np.empty(total), where=np.empty(total, np.uint8), selling=selling,
    )  # fmt: skip
    worth = Worth(np.empty(n), np.empty((n, ACCOUNTS)))
    over_rows(pool, weigh, n, vendors, selling, open_slot, supply, choice, worth)
    over_rows(pool, list_offers, total, vendors, n, open_slot, n_substances, supply, worth, offers, start[:-1].copy())
    return offers, listings, accounts


@inner
def draw_evenly(offers: Any, group: int, u: float) -> int:
    """Index of an offer of a group that is not empty, each as likely as the next, with ``u`` in (0, 1)."""
    lo, hi = offers.start[group], offers.start[group + 1]
    return lo + min(int(u * (hi - lo)), hi - lo - 1)


@inner
def draw_offer(offers: Any, group: int, u: float) -> int:
    """Index of an offer of a group, drawn by weight with ``u`` in (0, 1); -1 where the group is empty."""
    lo, hi = offers.start[group], offers.start[group + 1]
    if hi == lo:
        return -1
    target = u * offers.cumulative[hi - 1]
    k = offers.guide[lo + min(int(u * (hi - lo)), hi - lo - 1)]
    while k < hi - 1 and offers.cumulative[k] < target:
        k += 1
    return k
