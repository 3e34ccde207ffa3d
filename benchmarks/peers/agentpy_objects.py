"""The reduced market in agentpy: an object a consumer and a vendor in lists that act in turn. Parameters are the model's, one by one."""

from __future__ import annotations

from math import ceil, exp
from typing import Any

import agentpy as ap

from benchmarks.peers.market import Counts, Ends, Market, Statistics, statistics


class Vendor(ap.Agent):
    """A vendor."""

    def setup(self) -> None:
        """Draw what it offers."""
        p, random = self.p, self.model.random
        self.price = random.uniform(*p.prices)
        self.quality = random.uniform(*p.qualities)
        self.capacity = random.randint(*p.capacities)
        self.balance, self.rating = p.capital, p.prior
        self.sold = self.arrived = 0.0
        self.asked = 0
        self.open = True

    def deliver(self) -> bool | None:
        """Take an order and say whether it arrives; nothing if there is no room for it."""
        self.asked += 1
        if self.asked > self.capacity:
            self.model.turned_away += 1
            return None
        arrives = self.model.random.random() < self.quality
        self.sold += 1.0
        self.arrived += arrives
        self.balance += self.price * arrives - self.p.cost
        self.model.orders += 1
        self.model.came += arrives
        return arrives

    def close_day(self) -> None:
        """Pay the rent, be rated, set the price, and close if there is nothing left."""
        p = self.p
        self.balance -= p.rent * self.capacity
        self.sold *= p.fade
        self.arrived *= p.fade
        self.rating = (self.arrived + p.prior_weight * p.prior) / (self.sold + p.prior_weight)
        if self.asked > self.capacity:
            self.price *= 1.0 + p.reprice
        elif 2 * self.asked < self.capacity:
            self.price = max(p.cost, self.price * (1.0 - p.reprice))
        self.asked = 0
        self.open = self.balance >= 0.0


class Consumer(ap.Agent):
    """A consumer."""

    def setup(self) -> None:
        """Draw how often something is needed."""
        self.wait = self.p.wait * self.model.random.uniform(*self.p.waits)
        self.ratings: dict[Vendor, float] = {}
        self.next_need = self.need_after(0)

    def need_after(self, day: int) -> int:
        """The day of the next need."""
        return day + ceil(self.model.random.expovariate(1.0 / self.wait))

    def shop(self) -> None:
        """Buy, if something is needed and somebody is good enough."""
        if self.next_need > self.model.t:
            return
        self.next_need = self.need_after(self.model.t)
        vendor = self.choose()
        if vendor is None:
            return
        arrives = vendor.deliver()
        if arrives is not None:
            self.learn(vendor, arrives)

    def choose(self) -> Vendor | None:
        """Take one of those remembered and looked at, or none."""
        p, random = self.p, self.model.random
        self.ratings = {vendor: rating for vendor, rating in self.ratings.items() if vendor.open}
        looked_at = random.choices(self.model.vendors, k=p.looked_at)
        offers = [*self.ratings.items(), *((vendor, vendor.rating) for vendor in looked_at)]
        weights = [exp(p.heed * rating - p.thrift * vendor.price) for vendor, rating in offers]
        return random.choices([*(vendor for vendor, _ in offers), None], [*weights, exp(p.stay)])[0]

    def learn(self, vendor: Vendor, arrived: bool) -> None:
        """Remember how an order went."""
        before = self.ratings.get(vendor, vendor.rating)
        if vendor in self.ratings:
            self.model.repeated += 1
        elif len(self.ratings) == self.p.remembered:
            del self.ratings[min(self.ratings, key=self.ratings.__getitem__)]
        self.ratings[vendor] = before + self.p.teach * (arrived - before)


class MarketModel(ap.Model):
    """The market as a model of agentpy, which its experiments and samples take."""

    def setup(self) -> None:
        """Make the agents."""
        self.orders = self.came = self.turned_away = self.exits = self.repeated = 0
        self.vendors: Any = ap.AgentList(self, self.p.vendors, Vendor)
        self.consumers: Any = ap.AgentList(self, self.p.consumers, Consumer)

    def step(self) -> None:
        """One day."""
        self.consumers.shuffle().shop()
        self.vendors.close_day()
        gone = [vendor for vendor in self.vendors if not vendor.open]
        self.exits += len(gone)
        for vendor in gone:
            self.vendors.remove(vendor)
        self.vendors.extend(ap.AgentList(self, len(gone), Vendor))


class AgentpyMarket:
    """The market as a peer: it is run by steps, as often as asked."""

    def __init__(self, market: Market, seed: int) -> None:
        self.market = market
        self.model: Any = MarketModel(market._asdict() | {"seed": seed})
        self.model.sim_setup()

    def run_for(self, days: int) -> None:
        """Let days pass."""
        for _ in range(days):
            self.model.sim_step()

    def statistics(self) -> Statistics:
        """What there is to compare."""
        model = self.model
        counts = Counts(model.orders, model.came, model.turned_away, model.exits, model.repeated)
        own = [rating for ratings in model.consumers.ratings for rating in ratings.values()]
        sold, rating, price = (list(getattr(model.vendors, name)) for name in ("sold", "rating", "price"))
        return statistics(self.market, model.t, counts, Ends(own, sold, rating, price))
