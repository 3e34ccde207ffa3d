"""The plain twin: one day of the market over ordinary Mesa agents."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import mesa
from mesa.agentset import AgentSet

from benchmarks.plain_mesa import goods
from benchmarks.plain_mesa.consumers import CURIOUS, NONE, Consumer
from benchmarks.plain_mesa.goods import APP, CHANNELS, CRYPTO, DIRECT, LICENSED, PHARMACY, STREET
from benchmarks.plain_mesa.market_search import look_for_market
from benchmarks.plain_mesa.platforms import Platform
from benchmarks.plain_mesa.vendors import Vendor
from benchmarks.plain_mesa.world import build
from sim.evidence.parameters import load_parameters

if TYPE_CHECKING:
    from benchmarks.plain_mesa.orders import Order
    from sim.scenario import Scenario


class PlainMarket(mesa.Model):
    """A market of consumers, vendors and platforms as plain objects.

    It covers the core of the day: stock and prices, demand, choice, checkout, shipping, learning and reputation.

    Parameters
    ----------
    world
        The scenario: only its parameters, tables, size and days are read.
    rng
        Seed.

    Attributes
    ----------
    closed
        Orders whose fate is known, in order of settlement.
    unpaid
        Orders by the day on which what a market holds for them is paid out or back.
    """

    def __init__(self, world: Scenario, rng: int | None = None) -> None:
        super().__init__(rng=world.seed if rng is None else rng)
        self.p = SimpleNamespace(**{group: world.parameters_for(group) for group in load_parameters().groups})
        self.size, self.weight = world.consumers, world.weight
        self.day = -world.burn_in
        self.drugs, self.countries, self.needs = goods.drugs(world), goods.countries(world), goods.needs(world)
        self.market_shares = world.platforms.cryptomarkets
        self.daily_keep = 0.5 ** (1.0 / self.p.learning.reputation_days)
        ship = self.p.shipping
        self.hands = {APP: ship.hands_app, CRYPTO: ship.hands_crypto, STREET: ship.hands_street}
        self.price_level = dict.fromkeys(CHANNELS, 0.0)
        self.due: dict[str, float] = dict.fromkeys(CHANNELS, 0.0)
        self.got: dict[str, float] = dict.fromkeys(CHANNELS, 0.0)
        self.failed_payments = 0
        self.shoppers: list[Consumer] = []
        self.new_orders: list[Order] = []
        self.open_orders: dict[int, list[Order]] = {}
        self.unpaid: dict[int, list[Order]] = {}
        self.closed: list[Order] = []
        self.changes_of_mind: list[tuple[Consumer, int]] = []
        build(self)
        self.platforms = self.agents_by_type[Platform]
        self.consumers = self.agents_by_type[Consumer]
        self.vendors = self.agents_by_type[Vendor]
        self.cryptomarkets = [p for p in self.platforms if p.channel == CRYPTO]
        self.pharmacies = [p for p in self.platforms if p.channel == PHARMACY]
        self.apps = [p for p in self.platforms if p.channel == APP]
        self.streets = {p.country: p for p in self.platforms if p.channel == STREET}
        self.licensed = {p.country: p for p in self.platforms if p.channel == LICENSED}
        self.direct = next(p for p in self.platforms if p.channel == DIRECT)

    def step(self) -> None:
        """One day: stock, prices, offers, demand, choice, checkout, shipping, use, learning."""
        self.platforms.do("open_day")
        self.vendors.do("restock")
        self.vendors.do("cut")
        self.vendors.do("reprice")
        self.observe_prices()
        self.vendors.do("offer")
        self.platforms.do("look_at")
        self.considering = sum(consumer.considering > 0 for consumer in self.consumers)
        self.consumers.do(look_for_market)
        self.shop()
        self.platforms.do("close_day")
        settled = self.ship()
        self.consumers.do("use")
        self.learn(settled)
        self.day += 1

    def shop(self) -> None:
        """Who needs something chooses; then all check out in random order, as long as stock lasts."""
        self.shoppers = []
        self.consumers.do("wake")
        if not self.shoppers:
            return
        today = AgentSet(self.shoppers, random=self.random)
        today.do("shop")
        self.new_orders = []
        today.shuffle_do("check_out")

    def ship(self) -> list[Order]:
        """Vendors send today's orders or do not; orders whose fate is known today are settled."""
        for channel in CHANNELS:
            keep = self.p.learning.forgetting ** (1.0 / 30.0)
            self.due[channel] *= keep
            self.got[channel] *= keep
        for order in self.new_orders:
            if not order.escrow:
                self.pay_vendor(order, 1.0)
            order.send()
            self.open_orders.setdefault(order.due, []).append(order)
        self.new_orders = []
        settled = self.open_orders.pop(self.day, [])
        for order in settled:
            order.settle()
            if order.escrow:
                self.unpaid.setdefault(order.paid_day, []).append(order)
            elif order.refunded:
                self.got[order.channel] -= order.price
            if order.arrived:
                order.consumer.receive(order)
        for order in self.unpaid.pop(self.day, []):
            self.pay_vendor(order, 0.0 if order.refunded else 1.0)
        return settled

    def learn(self, settled: list[Order]) -> None:
        """Orders teach their buyers and rate their vendors; reputations and beliefs fade; word gets around."""
        for order in settled:
            if order.rating is not None:
                order.vendor.rated(order.platform, order.rating)
            order.consumer.learn(order)
        self.closed += settled
        self.vendors.do("fade")
        self.changes_of_mind = []
        self.consumers.do("reflect")
        for consumer, considering in self.changes_of_mind:
            consumer.considering = considering
            consumer.market_state, consumer.look_day = (CURIOUS if considering else NONE), self.day + 1

    def pay_vendor(self, order: Order, share: float) -> None:
        """Note what was due to a vendor of the channel and what share of it was got; direct deals are those of cryptomarket vendors."""
        channel = CRYPTO if order.channel == DIRECT else order.channel
        due = order.price
        if channel == PHARMACY:
            due *= (1.0 - self.p.platforms.pharmacy_fee) * (1.0 - (self.p.payment.card_fee if order.card else 0.0))
        self.due[channel] += due
        self.got[channel] += due * share

    def kept(self, channel: str) -> float:
        """Share of what was due that vendors of a channel got, fading."""
        return min(max(self.got[channel] / self.due[channel], 0.1), 1.0) if self.due[channel] > 0.0 else 1.0

    def talk_of_markets(self) -> list[float]:
        """How much the cryptomarkets are talked of: by their share of trade, and while they are new."""
        p = self.p.migration
        trade = max(sum(market.trade60 for market in self.cryptomarkets), 1e-9)
        return [market.trade60 / trade + p.newcomer_talk * market.newness for market in self.cryptomarkets]

    def observe_prices(self) -> None:
        """The mean log price by channel, weighted by recent sales, is what consumers reckon with."""
        total = dict.fromkeys(CHANNELS, 0.0)
        weight = dict.fromkeys(CHANNELS, 0.0)
        for vendor in self.vendors:
            w = vendor.recent + 0.01
            total[vendor.channel] += w * vendor.log_price
            weight[vendor.channel] += w
        for channel in CHANNELS:
            if weight[channel] > 0:
                self.price_level[channel] = total[channel] / weight[channel]
        self.price_level[DIRECT] = self.price_level[CRYPTO]

    def reputation(self, positive: float, negative: float) -> float:
        """Reputation (r + g) / (r + s + g + b); a newcomer is worth g good and b bad ratings."""
        good, bad = self.p.choice.reputation_good, self.p.choice.reputation_bad
        return (positive + good) / (positive + negative + good + bad)
