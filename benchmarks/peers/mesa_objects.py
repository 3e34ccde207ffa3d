"""The reduced market in plain Mesa: an object a consumer and a vendor, which act in turn."""

from __future__ import annotations

from math import ceil, exp

import mesa

from benchmarks.peers.market import Counts, Ends, Market, Statistics, statistics


class Vendor(mesa.Agent):
    """A vendor."""

    model: MesaMarket

    def __init__(self, model: MesaMarket) -> None:
        super().__init__(model)
        m, random = model.market, model.random
        self.price = random.uniform(*m.prices)
        self.quality = random.uniform(*m.qualities)
        self.capacity = random.randint(*m.capacities)
        self.balance, self.rating = m.capital, m.prior
        self.sold = self.arrived = 0.0
        self.asked = 0
        self.open = True

    def deliver(self) -> bool | None:
        """Take an order and say whether it arrives; nothing if there is no room for it."""
        model = self.model
        self.asked += 1
        if self.asked > self.capacity:
            model.turned_away += 1
            return None
        arrives = model.random.random() < self.quality
        self.sold += 1.0
        self.arrived += arrives
        self.balance += self.price * arrives - model.market.cost
        model.orders += 1
        model.came += arrives
        return arrives

    def close_day(self) -> None:
        """Pay the rent, be rated, set the price, and go if there is nothing left."""
        m = self.model.market
        self.balance -= m.rent * self.capacity
        self.sold *= m.fade
        self.arrived *= m.fade
        self.rating = (self.arrived + m.prior_weight * m.prior) / (self.sold + m.prior_weight)
        if self.asked > self.capacity:
            self.price *= 1.0 + m.reprice
        elif 2 * self.asked < self.capacity:
            self.price = max(m.cost, self.price * (1.0 - m.reprice))
        self.asked = 0
        if self.balance < 0.0:
            self.open = False
            self.model.exits += 1
            self.remove()
            Vendor(self.model)


class Consumer(mesa.Agent):
    """A consumer."""

    model: MesaMarket

    def __init__(self, model: MesaMarket) -> None:
        super().__init__(model)
        self.wait = model.market.wait * model.random.uniform(*model.market.waits)
        self.ratings: dict[Vendor, float] = {}
        self.next_need = self.need_after(0)

    def need_after(self, day: int) -> int:
        """The day of the next need."""
        return day + ceil(self.model.random.expovariate(1.0 / self.wait))

    def shop(self) -> None:
        """Buy, if something is needed and somebody is good enough."""
        if self.next_need > self.model.day:
            return
        self.next_need = self.need_after(self.model.day)
        vendor = self.choose()
        if vendor is None:
            return
        arrives = vendor.deliver()
        if arrives is not None:
            self.learn(vendor, arrives)

    def choose(self) -> Vendor | None:
        """Take one of those remembered and looked at, or none."""
        m, random = self.model.market, self.model.random
        self.ratings = {vendor: rating for vendor, rating in self.ratings.items() if vendor.open}
        looked_at = random.choices(self.model.stalls, k=m.looked_at)
        candidates: list[Vendor | None] = [*self.ratings, *looked_at, None]
        ratings = [*self.ratings.values(), *(vendor.rating for vendor in looked_at)]
        weights = [exp(m.heed * r - m.thrift * v.price) for v, r in zip(candidates, ratings, strict=False) if v]
        return random.choices(candidates, [*weights, exp(m.stay)])[0]

    def learn(self, vendor: Vendor, arrived: bool) -> None:
        """Remember how an order went."""
        m = self.model.market
        before = self.ratings.get(vendor, vendor.rating)
        if vendor in self.ratings:
            self.model.repeated += 1
        elif len(self.ratings) == m.remembered:
            del self.ratings[min(self.ratings, key=self.ratings.__getitem__)]
        self.ratings[vendor] = before + m.teach * (arrived - before)


class MesaMarket(mesa.Model):
    """A market of Mesa agents."""

    def __init__(self, market: Market, seed: int) -> None:
        super().__init__(rng=seed)
        self.market, self.day = market, 0
        self.orders = self.came = self.turned_away = self.exits = self.repeated = 0
        Vendor.create_agents(self, market.vendors)
        Consumer.create_agents(self, market.consumers)

    def step(self) -> None:
        """One day."""
        self.day += 1
        self.stalls = list(self.agents_by_type[Vendor])
        self.agents_by_type[Consumer].shuffle_do("shop")
        self.agents_by_type[Vendor].do("close_day")

    def statistics(self) -> Statistics:
        """What there is to compare."""
        counts = Counts(self.orders, self.came, self.turned_away, self.exits, self.repeated)
        own = [rating for consumer in self.agents_by_type[Consumer] for rating in consumer.ratings.values()]
        sold, rating, price = zip(*self.agents_by_type[Vendor].get(["sold", "rating", "price"]), strict=True)
        return statistics(self.market, self.day, counts, Ends(own, sold, rating, price))
