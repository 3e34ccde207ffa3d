"""The reduced market in NumPy: an array a variable, a day as masks, sorts and sums over all who need something."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.market import Counts, Ends, Market, Statistics, statistics

NOBODY = -1


class NumpyMarket:
    """A market of columns."""

    def __init__(self, market: Market, seed: int) -> None:
        self.market, self.rng, self.day = market, np.random.default_rng(seed), 0
        n, places = market.consumers, market.vendors
        self.wait = market.wait * self.rng.uniform(*market.waits, n).astype(np.float32)
        self.next_need = np.ceil(self.rng.exponential(self.wait)).astype(np.int32)
        self.known = np.full((n, market.remembered), NOBODY, np.int32)
        self.known_since = np.zeros((n, market.remembered), np.int32)
        self.known_rating = np.zeros((n, market.remembered), np.float32)
        self.price, self.quality, self.balance, self.rating, self.sold, self.arrived = np.empty((6, places))
        self.capacity, self.since = np.empty((2, places), np.int64)
        self.open_places(np.arange(places))
        self.orders = self.came = self.turned_away = self.exits = self.repeated = 0

    def open_places(self, new: NDArray[np.int64]) -> None:
        """Put new vendors into places."""
        m = self.market
        self.price[new] = self.rng.uniform(*m.prices, len(new))
        self.quality[new] = self.rng.uniform(*m.qualities, len(new))
        self.capacity[new] = self.rng.integers(*m.capacities, len(new), endpoint=True)
        self.balance[new], self.rating[new] = m.capital, m.prior
        self.sold[new] = self.arrived[new] = 0.0
        self.since[new] = self.day

    def run_for(self, days: int) -> None:
        """Let days pass."""
        for _ in range(days):
            self.step()

    def step(self) -> None:
        """One day."""
        self.day += 1
        due = np.flatnonzero(self.next_need == self.day)
        self.next_need[due] += np.ceil(self.rng.exponential(self.wait[due])).astype(np.int32)
        buyer, vendor = self.choose(due)
        asked = np.bincount(vendor, minlength=self.market.vendors)
        served = self.served(vendor)
        self.turned_away += int((~served).sum())
        buyer, vendor = buyer[served], vendor[served]
        arrives = self.rng.random(len(vendor)) < self.quality[vendor]
        self.learn(buyer, vendor, arrives)
        self.close_day(asked, vendor, arrives)

    def choose(self, due: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Who buys, and from whom."""
        m = self.market
        known = self.known[due]
        there = (known != NOBODY) & (self.since[known] == self.known_since[due])
        self.known[due] = np.where(there, known, NOBODY)
        looked_at = self.rng.integers(m.vendors, size=(len(due), m.looked_at))
        who = np.concatenate([known, looked_at], axis=1)
        rating = np.concatenate([self.known_rating[due], self.rating[looked_at]], axis=1)
        weight = np.exp(m.heed * rating - m.thrift * self.price[who])
        weight[:, : m.remembered] *= there
        total = weight.cumsum(axis=1)
        point = self.rng.random(len(due)) * (total[:, -1] + np.exp(m.stay))
        taken = (total <= point[:, None]).sum(axis=1)
        buys = np.flatnonzero(taken < who.shape[1])
        return due[buys], who[buys, taken[buys]].astype(np.int64)

    def served(self, vendor: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which orders their vendor has room for, in an order drawn by lot."""
        lot = self.rng.permutation(len(vendor))
        by_vendor = lot[np.argsort(vendor[lot], kind="stable")]
        of = vendor[by_vendor]
        place_in_queue = np.arange(len(of)) - np.searchsorted(of, of)
        served = np.empty(len(vendor), bool)
        served[by_vendor] = place_in_queue < self.capacity[of]
        return served

    def learn(self, buyer: NDArray[np.int64], vendor: NDArray[np.int64], arrives: NDArray[np.bool_]) -> None:
        """Remember how orders went."""
        known = self.known[buyer]
        same = known == vendor[:, None]
        remembered = same.any(axis=1)
        self.repeated += int(remembered.sum())
        worst = np.where(known == NOBODY, -1.0, self.known_rating[buyer]).argmin(axis=1)
        slot = np.where(remembered, same.argmax(axis=1), worst)
        before = np.where(remembered, self.known_rating[buyer, slot], self.rating[vendor])
        self.known[buyer, slot], self.known_since[buyer, slot] = vendor, self.since[vendor]
        self.known_rating[buyer, slot] = before + self.market.teach * (arrives - before)

    def close_day(self, asked: NDArray[np.int64], vendor: NDArray[np.int64], arrives: NDArray[np.bool_]) -> None:
        """Pay rents, rate, set prices, and replace those with nothing left."""
        m = self.market
        sold = np.bincount(vendor, minlength=m.vendors)
        came = np.bincount(vendor[arrives], minlength=m.vendors)
        self.orders += len(vendor)
        self.came += int(came.sum())
        self.balance += self.price * came - m.cost * sold - m.rent * self.capacity
        self.sold = (self.sold + sold) * m.fade
        self.arrived = (self.arrived + came) * m.fade
        self.rating = (self.arrived + m.prior_weight * m.prior) / (self.sold + m.prior_weight)
        self.price[asked > self.capacity] *= 1.0 + m.reprice
        idle = 2 * asked < self.capacity
        self.price[idle] = np.maximum(m.cost, self.price[idle] * (1.0 - m.reprice))
        gone = np.flatnonzero(self.balance < 0.0)
        self.exits += len(gone)
        self.open_places(gone)

    def statistics(self) -> Statistics:
        """What there is to compare."""
        counts = Counts(self.orders, self.came, self.turned_away, self.exits, self.repeated)
        own = self.known_rating[self.known != NOBODY]
        return statistics(self.market, self.day, counts, Ends(own, self.sold, self.rating, self.price))
