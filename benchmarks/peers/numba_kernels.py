"""The reduced market as this project would write it: columns in named tuples, loops in kernels, draws keyed by who decides what and when."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from math import ceil, exp
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers.market import Counts, Ends, Market, Statistics, statistics
from sim.kernels import kernel, maker
from sim.market.blocks import over_rows
from sim.streams import exponential, uniform, uniform4

NOBODY = -1


class Draw(IntEnum):
    """What is drawn."""

    WAIT = 1
    NEED = 2
    LOOK = 3
    CHOICE = 4
    TURN = 5
    PARCEL = 6
    VENDOR = 7


WAIT, NEED, LOOK, CHOICE, TURN, PARCEL, VENDOR = map(int, Draw)


class Consumers(NamedTuple):
    """Columns of consumers; the last three have a row of places in memory each. ``wants`` is whom one wants to buy from today."""

    wait: Any
    next_need: Any
    wants: Any
    known: Any
    known_since: Any
    known_rating: Any


class Vendors(NamedTuple):
    """Columns of vendors, of which ``asked``, ``served`` and ``came`` are the day's counts."""

    price: Any
    quality: Any
    capacity: Any
    since: Any
    balance: Any
    rating: Any
    sold: Any
    arrived: Any
    asked: Any
    served: Any
    came: Any


@kernel
def meet(seed: Any, consumers: Any, m: Any) -> None:
    """Draw how often consumers need something, and when first."""
    low, high = m.waits
    for i in range(m.consumers):
        consumers.wait[i] = m.wait * (low + (high - low) * uniform(seed, WAIT, i, 0, 0))
        consumers.next_need[i] = ceil(consumers.wait[i] * exponential(seed, NEED, i, 0, 0))


@kernel
def open_place(seed: Any, day: int, v: int, vendors: Any, m: Any) -> None:
    """Put a new vendor into a place."""
    u = uniform4(seed, VENDOR, v, day, 0)
    vendors.price[v] = m.prices[0] + (m.prices[1] - m.prices[0]) * u[0]
    vendors.quality[v] = m.qualities[0] + (m.qualities[1] - m.qualities[0]) * u[1]
    vendors.capacity[v] = m.capacities[0] + int((m.capacities[1] - m.capacities[0] + 1) * u[2])
    vendors.since[v] = day
    vendors.balance[v], vendors.rating[v] = m.capital, m.prior
    vendors.sold[v] = vendors.arrived[v] = 0.0


@maker
def choose(lo: int, hi: int, seed: Any, day: int, consumers: Any, vendors: Any, m: Any) -> None:
    """Whom each consumer of a range wants to buy from."""
    known, candidates = consumers.known, m.remembered + m.looked_at
    who, total = np.empty(candidates, np.int32), np.empty(candidates)
    for i in range(lo, hi):
        consumers.wants[i] = NOBODY
        if consumers.next_need[i] != day:
            continue
        consumers.next_need[i] = day + ceil(consumers.wait[i] * exponential(seed, NEED, i, day, 0))
        k, sum_so_far = 0, 0.0
        for j in range(m.remembered):
            v = known[i, j]
            if v == NOBODY:
                continue
            if vendors.since[v] != consumers.known_since[i, j]:
                known[i, j] = NOBODY
                continue
            sum_so_far += exp(m.heed * consumers.known_rating[i, j] - m.thrift * vendors.price[v])
            who[k], total[k] = v, sum_so_far
            k += 1
        for four in range(0, m.looked_at, 4):
            draws = uniform4(seed, LOOK, i, day, four)
            for j in range(min(4, m.looked_at - four)):
                v = int(draws[j] * m.vendors)
                sum_so_far += exp(m.heed * vendors.rating[v] - m.thrift * vendors.price[v])
                who[k], total[k] = v, sum_so_far
                k += 1
        point = (sum_so_far + exp(m.stay)) * uniform(seed, CHOICE, i, day, 0)
        for j in range(k):
            if point < total[j]:
                consumers.wants[i] = who[j]
                break


@kernel
def trade(seed: Any, day: int, consumers: Any, vendors: Any, counts: Any, m: Any) -> None:
    """Serve who asks, from a consumer on who is drawn by lot, and let those who were served learn."""
    first = int(m.consumers * uniform(seed, TURN, 0, day, 0))
    for turn in range(first, first + m.consumers):
        i = turn if turn < m.consumers else turn - m.consumers
        v = consumers.wants[i]
        if v == NOBODY:
            continue
        vendors.asked[v] += 1
        if vendors.asked[v] > vendors.capacity[v]:
            continue
        arrives = uniform(seed, PARCEL, i, day, 0) < vendors.quality[v]
        vendors.served[v] += 1
        vendors.came[v] += arrives
        counts[4] += learn(i, v, arrives, consumers, vendors, m)


@kernel
def learn(i: int, v: int, arrived: bool, consumers: Any, vendors: Any, m: Any) -> bool:
    """Remember how an order went, and say whether the vendor was remembered before."""
    slot, lowest, before, again = 0, 2.0, vendors.rating[v], False
    for j in range(m.remembered):
        rating = consumers.known_rating[i, j] if consumers.known[i, j] != NOBODY else -1.0
        if consumers.known[i, j] == v:
            slot, before, again = j, rating, True
            break
        if rating < lowest:
            slot, lowest = j, rating
    consumers.known[i, slot], consumers.known_since[i, slot] = v, vendors.since[v]
    consumers.known_rating[i, slot] = before + m.teach * (arrived - before)
    return again


@kernel
def close_day(seed: Any, day: int, vendors: Any, counts: Any, m: Any) -> None:
    """Pay rents, rate, set prices, and replace those with nothing left."""
    for v in range(m.vendors):
        asked, served, came = vendors.asked[v], vendors.served[v], vendors.came[v]
        counts[0] += served
        counts[1] += came
        counts[2] += asked - served
        vendors.balance[v] += vendors.price[v] * came - m.cost * served - m.rent * vendors.capacity[v]
        vendors.sold[v] = (vendors.sold[v] + served) * m.fade
        vendors.arrived[v] = (vendors.arrived[v] + came) * m.fade
        vendors.rating[v] = (vendors.arrived[v] + m.prior_weight * m.prior) / (vendors.sold[v] + m.prior_weight)
        if asked > vendors.capacity[v]:
            vendors.price[v] *= 1.0 + m.reprice
        elif 2 * asked < vendors.capacity[v]:
            vendors.price[v] = max(m.cost, vendors.price[v] * (1.0 - m.reprice))
        vendors.asked[v] = vendors.served[v] = vendors.came[v] = 0
        if vendors.balance[v] < 0.0:
            counts[3] += 1
            open_place(seed, day, v, vendors, m)


class NumbaMarket:
    """A market of columns and kernels."""

    def __init__(self, market: Market, seed: int, threads: int = 1) -> None:
        self.market, self.seed, self.day = market, np.uint64(seed), 0
        self.pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None
        n, places, memory = market.consumers, market.vendors, (market.consumers, market.remembered)
        self.consumers = Consumers(
            *(np.zeros(n, kind) for kind in (np.float32, np.int32, np.int32)),
            np.full(memory, NOBODY, np.int32),
            np.zeros(memory, np.int32),
            np.zeros(memory, np.float32),
        )
        kinds = ["f8", "f8", "i4", "i4", "f8", "f8", "f8", "f8", "i4", "i4", "i4"]
        self.vendors = Vendors(*(np.zeros(places, kind) for kind in kinds))
        self.counts = np.zeros(len(Counts._fields), np.int64)
        meet(self.seed, self.consumers, market)
        for place in range(places):
            open_place(self.seed, 0, place, self.vendors, market)

    def run_for(self, days: int) -> None:
        """Let days pass."""
        for _ in range(days):
            self.step()

    def step(self) -> None:
        """One day."""
        self.day += 1
        m, now = self.market, (self.seed, self.day)
        over_rows(self.pool, choose, m.consumers, *now, self.consumers, self.vendors, m)
        trade(*now, self.consumers, self.vendors, self.counts, m)
        close_day(*now, self.vendors, self.counts, m)

    def statistics(self) -> Statistics:
        """What there is to compare."""
        vendors, known = self.vendors, self.consumers.known != NOBODY
        ends = Ends(self.consumers.known_rating[known], vendors.sold, vendors.rating, vendors.price)
        return statistics(self.market, self.day, Counts(*map(int, self.counts)), ends)
