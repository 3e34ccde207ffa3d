"""Consumers: needs, the shopping trip of a day, what an order teaches, and a stash that is used up."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, hypot, sqrt
from typing import TYPE_CHECKING

import mesa

from benchmarks.plain_mesa.chance import draw
from benchmarks.plain_mesa.choice import Choice, choose
from benchmarks.plain_mesa.goods import APP, CRYPTO, DIRECT, LICENSED, PHARMACY, STREET, Country, Drug
from benchmarks.plain_mesa.memory import Markets, Risk, Vendors
from benchmarks.plain_mesa.orders import SEIZED, Order, held_in_escrow, paid
from benchmarks.plain_mesa.vendors import bill

if TYPE_CHECKING:
    from benchmarks.plain_mesa.memory import Tie
    from benchmarks.plain_mesa.model import PlainMarket
    from benchmarks.plain_mesa.platforms import Platform
    from benchmarks.plain_mesa.vendors import Vendor

NONE, ACTIVE, SEARCHING, LAPSED, CURIOUS = "none", "active", "searching", "lapsed", "curious"
ONLINE = (PHARMACY, APP, CRYPTO)
POSTED = (PHARMACY, CRYPTO, DIRECT)


@dataclass(slots=True)
class Traits:
    """Who a consumer is."""

    segment: str
    drug: Drug
    need_rate: float
    budget: float
    price_sensitivity: float
    skill: float
    access: float
    misbelief: bool
    considering: int
    dependence: float
    taste: dict[str, float]


class Consumer(mesa.Agent):
    """A consumer."""

    def __init__(self, model: PlainMarket, country: Country, traits: Traits) -> None:
        super().__init__(model)
        self.country = country
        for name in Traits.__slots__:
            setattr(self, name, getattr(traits, name))
        self.market_taste: dict[Platform, float] = {}
        self.verification = model.p.learning.verification_floor
        self.friends: list[Consumer] = []
        self.vendors, self.markets = Vendors(), Markets()
        self.market_state, self.look_day = NONE, -1
        self.experienced = False
        self.app_home: Platform | None = None
        self.pharmacy_home: Platform | None = None
        self.habit: str | None = None
        calm = model.p.world.calm * model.rng.random()
        self.legal_risk = {group: Risk(calm=calm) for group in ("web", "dark", "offline", "direct")}
        self.loss_risk = Risk(calm=calm)
        self.stash: dict[Drug, float] = {traits.drug: self.stash_at_start()}
        self.next_need = model.day + self.waiting_time(self.need_rate) - 1
        self.choice: Choice | None = None

    def stash_at_start(self) -> float:
        """Doses at hand at the start: the more often somebody needs something, the likelier there is a stash."""
        model, rng = self.model, self.model.rng
        if rng.random() >= 1.0 - exp(-sqrt(self.need_rate / model.p.world.stocked_rate)):
            return 0.0
        d = model.p.demand
        return d.stocked_up * self.drug.doses_per_order * exp(hypot(d.order_spread, d.budget_spread) * rng.normal())

    # demand ----------------------------------------------------------------------------------------------------------
    def waiting_time(self, rate: float) -> int:
        """Whole days until the next need."""
        return max(1, ceil(self.model.rng.exponential() / rate))

    def wake(self) -> None:
        """Go shopping when something is needed that is not at hand and that no friend can spare, or to buy wholesale."""
        if self.next_need > self.model.day:
            return
        p, rng = self.model.p.demand, self.model.rng
        drug = self.drug
        if rng.random() >= p.own_substance:
            drug = draw(rng, self.model.drugs, self.model.needs[self.segment])
        self.next_need = self.model.day + self.waiting_time(
            self.need_rate * (1.0 + p.dependence_rate * self.dependence)
        )
        self.bulk = self.segment == "social_supplier" and rng.random() < p.wholesale_share
        enough = self.model.p.consumption.kept if self.bulk else p.stocked_up
        if self.stash.get(drug, 0.0) > enough * drug.doses_per_order or (
            not self.bulk and self.supplied_by_friend(drug)
        ):
            return
        self.wanted = drug
        self.model.shoppers.append(self)

    def supplied_by_friend(self, drug: Drug) -> bool:
        """Whether a friend has a usual order beyond own use of months, and lets it go."""
        friend = max(self.friends, key=lambda other: other.stash.get(drug, 0.0), default=self)
        spare = friend.stash.get(drug, 0.0) - self.model.p.consumption.kept * drug.doses_per_order
        if spare < drug.doses_per_order:
            return False
        size = exp(self.budget + self.model.p.demand.order_spread * self.model.rng.normal())
        doses = min(size * drug.doses_per_order, spare)
        friend.stash[drug] -= doses
        self.put(drug, doses)
        return True

    # the shopping trip -----------------------------------------------------------------------------------------------
    def shop(self) -> None:
        """Choose where and from whom to buy, everybody on the same shelves."""
        self.choice = choose(self, self.wanted)

    def check_out(self) -> None:
        """Order and pay; the vendor may have sold out meanwhile."""
        if self.choice is None:
            return
        channel, platform, vendor = self.choice
        model, p = self.model, self.model.p.payment
        rng = model.rng
        ok, card = paid(self, platform, channel)
        if not ok:
            model.failed_payments += 1
            if rng.random() < p.retry:
                self.next_need = min(self.next_need, model.day + 1)
            return
        if not vendor.can_deliver:
            return
        quantity, price = bill(vendor, self.wanted, self.order_size(vendor, channel), self.price_level(channel))
        order = Order(model.day, self, vendor, platform, channel, self.wanted, quantity, price, card=card)
        order.first = self.vendors.tie(vendor) is None
        order.escrow = channel == CRYPTO and held_in_escrow(vendor, platform)
        vendor.take_order(platform)
        self.habit = channel
        if channel in ONLINE:
            self.considering = 2
        if channel == CRYPTO and rng.random() < model.p.migration.learn_of_market:
            self.markets.learn_of(draw(rng, model.cryptomarkets, model.talk_of_markets()))
        model.new_orders.append(order)

    def price_level(self, channel: str) -> float:
        """Price level of what is illicit in the country; 1 of licensed medicines."""
        return 1.0 if channel == LICENSED else self.country.price_factor

    def order_size(self, vendor: Vendor, channel: str) -> float:
        """Doses to buy: more by post, fewer where they are dear; social suppliers buy wholesale now and then."""
        model, p, d = self.model, self.model.p.payment, self.model.p.demand
        usual = self.wanted.doses_per_order
        if self.bulk and vendor.wholesale:
            return usual * p.wholesale_multiple * exp(p.wholesale_spread * model.rng.normal())
        level = exp(vendor.log_price) * self.price_level(channel)
        size = self.budget + d.order_spread * model.rng.normal()
        if channel in POSTED:
            usual *= p.online_pack
        return usual * exp(vendor.pack + size) * level**-p.size_elasticity

    # learning --------------------------------------------------------------------------------------------------------
    def learn(self, order: Order) -> None:
        """Take away from a settled order what it teaches about the vendor, the market and the risks."""
        model, p = self.model, self.model.p.learning
        good = order.arrived and not order.noticed
        tie = None
        if good:
            tie = self.vendors.good_order(order.vendor)
        else:
            self.vendors.bad_order(order.vendor, unforgiven=model.rng.random() < p.forget_after_bad)
        risk = self.legal_risk[risk_group(order.channel)]
        if order.arrived:
            risk.calm += order.channel != LICENSED
        elif order.fate == SEIZED:
            risk.hits += p.parcel_fright
        if order.channel == CRYPTO:
            self.learn_of_cryptomarket(order, good, tie)
        elif order.channel == PHARMACY:
            self.pharmacy_home = order.platform if good else None
        elif order.channel == APP:
            self.app_home = order.platform if good else None

    def learn_of_cryptomarket(self, order: Order, good: bool, tie: Tie | None) -> None:
        """Trust in the market moves, a direct tie may form; who bought for the first time decides anew, and some turn away after a failed order."""
        model, p = self.model, self.model.p.learning
        if order.arrived:
            self.loss_risk.calm += 1.0
        experience = self.markets.known.get(order.platform)
        if experience is not None:
            if good:
                experience.good += 1.0
            else:
                experience.bad += 1.0
        if tie is not None and model.rng.random() < p.tie_chance * tie.bought:
            tie.direct = True
        if not self.experienced:
            self.find_out()
            if self.market_state == ACTIVE:
                self.market_state, self.look_day = LAPSED, model.day + 1
        elif self.market_state == ACTIVE and not order.arrived and model.rng.random() < p.quit_after_bad:
            self.turn_away(model.p.migration.recheck_days)

    def find_out(self) -> None:
        """Learn what cryptomarkets are like: better than one thought, or not."""
        p = self.model.p.choice
        self.experienced = True
        self.taste[CRYPTO] += p.experience_mean + p.experience_sd * self.model.rng.normal()

    def turn_away(self, mean_days: float) -> None:
        """Leave cryptomarkets alone until a later look."""
        self.market_state = LAPSED
        self.look_day = self.model.day + 1 + int(mean_days * self.model.rng.exponential())

    def receive(self, order: Order) -> None:
        """Put what arrived into the stash."""
        self.put(order.drug, order.quantity * order.share)

    def put(self, drug: Drug, doses: float) -> None:
        """Keep doses; where three others are at hand already, what there is least of is given up."""
        self.stash[drug] = self.stash.get(drug, 0.0) + doses
        others = [other for other, left in self.stash.items() if left > 0.0 and other is not drug]
        if len(others) > 2:
            del self.stash[min(others, key=lambda other: self.stash[other] / other.doses_per_order)]

    # the rest of the day ---------------------------------------------------------------------------------------------
    def use(self) -> None:
        """Use something of what is at hand; dependence grows with use and falls without."""
        p = self.model.p.consumption
        habit = p.occasional_use + (1.0 - p.occasional_use) * self.dependence
        gain, idle = 0.0, True
        for drug, left in self.stash.items():
            if left <= 0.0 or self.model.rng.random() >= p.use_days + (1.0 - p.use_days) * self.dependence:
                continue
            doses = min(left, max(1.0, drug.doses_per_day * habit))
            self.stash[drug] = max(0.0, left - doses)
            gain += drug.dependence_per_use * doses * (1.0 - self.dependence)
            idle = False
        self.dependence = self.dependence * (1.0 - p.dependence_decay) if idle else min(1.0, self.dependence + gain)

    def reflect(self) -> None:
        """On the monthly turn old experience fades; on the weekly one friends and advertising are heard."""
        if (self.model.day - self.unique_id) % 30 == 0:
            keep = self.model.p.learning.forgetting
            for risk in (*self.legal_risk.values(), self.loss_risk):
                risk.fade(keep)
            for experience in self.markets.known.values():
                experience.good *= keep
                experience.bad *= keep
        if (self.model.day - self.unique_id) % 7 == 0:
            self.hear_friends()

    def hear_friends(self) -> None:
        """Begin to consider an illicit online source, or stop considering it; it takes effect when all have heard."""
        p, rng = self.model.p.learning, self.model.rng
        if self.considering == 0:
            online = sum(friend.considering == 2 for friend in self.friends) / max(len(self.friends), 1)
            if rng.random() < 7.0 * (p.advertising + p.word_of_mouth * online):
                self.model.changes_of_mind.append((self, 1))
        elif self.considering == 1 and rng.random() < 7.0 * p.stop_considering:
            self.model.changes_of_mind.append((self, 0))


def risk_group(channel: str) -> str:
    """Channels whose legal risk consumers learn about together."""
    return {CRYPTO: "dark", DIRECT: "direct", STREET: "offline"}.get(channel, "web")
