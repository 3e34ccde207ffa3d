"""Vendors: everybody who sells, each with a character, a stock, a price and a reputation."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING

import mesa

from benchmarks.plain_mesa.goods import APP, LICENSED, PHARMACY, STREET, Country, Drug
from benchmarks.plain_mesa.platforms import Offer

if TYPE_CHECKING:
    from benchmarks.plain_mesa.model import PlainMarket
    from benchmarks.plain_mesa.platforms import Platform


@dataclass(slots=True)
class Ratings:
    """Good and bad ratings, fading."""

    positive: float = 0.0
    negative: float = 0.0


@dataclass(slots=True)
class Character:
    """What a vendor is like for good."""

    breadth: float
    main: Drug
    carries: tuple[Drug, ...]
    ships: float
    quality: float
    pack: float
    wholesale: bool
    asks: float
    reliability: float
    """Share of restocking that the vendor's supplier delivers in time."""


class Vendor(mesa.Agent):
    """A vendor of one channel."""

    def __init__(self, model: PlainMarket, channel: str, country: Country, character: Character) -> None:
        super().__init__(model)
        self.channel, self.country = channel, country
        for name in Character.__slots__:
            setattr(self, name, getattr(character, name))
        self.accounts: dict[Platform, Ratings] = {}
        self.log_price = 0.0
        self.stock = 1e8 if channel == LICENSED else model.p.supply.stock_floor
        self.sales = 0.0
        self.recent = 0.0
        self.orders_today = 0
        self.purity = 1.0
        self.batches: dict[Drug, tuple[int, bool]] = {}
        self.batch_clock = int(model.rng.integers(1000))

    @property
    def can_deliver(self) -> bool:
        """Whether there is stock for an order."""
        return self.stock >= 1.0

    @property
    def reputation(self) -> float:
        """Reputation over all accounts, (r + g) / (r + s + g + b)."""
        return self.model.reputation(*self.all_ratings())

    def all_ratings(self) -> tuple[float, float]:
        """Good and bad ratings over all accounts."""
        ratings = self.accounts.values()
        return sum(r.positive for r in ratings), sum(r.negative for r in ratings)

    def sells(self, drug: Drug) -> bool:
        """Whether an order of this substance can be delivered today."""
        return drug in self.carries and self.can_deliver

    def restock(self) -> None:
        """Restock towards some days of recent sales, as fast as one can grow and the supplier delivers."""
        p = self.model.p.supply
        self.recent += (self.orders_today - self.recent) / 7.0
        aim = max(p.stock_floor, p.stock_days * self.recent)
        reach = max(p.stock_floor, self.stock) * (1.0 + p.growth_cap) + self.orders_today
        self.stock += self.reliability * max(0.0, min(aim, reach) - self.stock)
        self.orders_today = 0

    def cut(self) -> None:
        """Dilute the goods as far as it pays: goods saved less custom lost, by those who care less for quality the more."""
        if self.channel in (LICENSED, PHARMACY):
            return
        p, ship = self.model.p.supply, self.model.p.shipping
        heard = {APP: p.heard_app, STREET: 0.5 * p.heard_app}.get(self.channel, 1.0)
        custom = p.custom_loss * ship.notice_content * (1.0 + ship.rate_bad * heard)
        aim = 1.0 - (1.0 - self.quality) * max(1.0 - custom, 0.0)
        self.purity += p.cost_speed * (max(aim, 0.05) - self.purity)

    def reprice(self) -> None:
        """Move the price a step towards one that covers goods, time and losses, as reputation, stock and competitors allow."""
        if self.channel == LICENSED:
            return
        p, supply = self.model.p.pricing, self.model.p.supply
        strength = 1.0 if self.channel == PHARMACY else self.purity / self.model.p.shipping.usual_purity
        aim = log((supply.upstream_share * strength + self.asks * p.labour) / self.model.kept(self.channel))
        wanted = max(supply.stock_floor, supply.stock_days * self.recent)
        aim += p.reputation_premium * log(self.reputation) + p.scarcity * log((wanted + 1.0) / (self.stock + 1.0))
        self.log_price += p.speed * (min(max(aim, -3.0), 3.0) - self.log_price)

    def offer(self) -> None:
        """Put offers on the shelves of all platforms with an account."""
        if not self.can_deliver:
            return
        supply, choice = self.model.p.supply, self.model.p.choice
        pull = (
            self.breadth**supply.breadth_exponent
            * (self.sales + supply.initial_attractiveness) ** supply.popularity_exponent
        )
        for platform, ratings in self.accounts.items():
            platform.listings += self.breadth
            r = self.model.reputation(ratings.positive, ratings.negative)
            offer = Offer(self, choice.reputation_weight * log(r) - choice.price_weight * self.log_price)
            for drug in self.carries:
                platform.shelve(offer, drug, pull * (1.0 if drug is self.main else supply.side_weight))

    def take_order(self, platform: Platform) -> None:
        """Accept an order."""
        self.stock -= 1.0
        self.sales += 1.0
        self.orders_today += 1
        platform.orders_today += 1

    def batch_as_sold(self, drug: Drug) -> bool:
        """Whether the present batch of a substance is what it is sold as; batches follow the vendor's own clock."""
        p, rng = self.model.p.shipping, self.model.rng
        number = (self.model.day + self.batch_clock) // int(p.batch_days)
        known = self.batches.get(drug)
        if known is None or known[0] != number:
            if self.channel == LICENSED:
                good = 1.0 - p.licensed_fails
            elif self.channel == PHARMACY:
                good = 1.0 - p.pharmacy_fails
            else:
                hands = self.model.hands[self.channel]
                good = (1.0 - p.per_hand) ** hands * (1.0 - p.carelessness * (1.0 - self.quality))
            known = self.batches[drug] = (number, bool(rng.random() < good))
        return known[1]

    def rated(self, platform: Platform, stars: int) -> None:
        """Get a rating: four and five stars are good ones."""
        ratings = self.accounts.get(platform)
        if ratings is not None:
            if stars >= 4:
                ratings.positive += 1.0
            else:
                ratings.negative += 1.0

    def fade(self) -> None:
        """Sales and ratings fade with their half-life."""
        keep = self.model.daily_keep
        self.sales *= keep
        for ratings in self.accounts.values():
            ratings.positive *= keep
            ratings.negative *= keep


def discount(quantity: float, usual: float, exponent: float) -> float:
    """Quantity discount: the unit price falls as quantity^-exponent."""
    return (quantity / usual) ** -exponent


def bill(vendor: Vendor, drug: Drug, quantity: float, factor: float) -> tuple[float, float]:
    """Doses and price of an order where the price level is ``factor``: a dollar at least, and no more goods than are sold for the most that anybody pays."""
    p = vendor.model.p.payment
    unit = drug.dose_usd * exp(vendor.log_price) * factor
    usd = unit * quantity * discount(quantity, drug.doses_per_order, p.quantity_discount)
    if usd > p.largest_order_usd:
        quantity *= (p.largest_order_usd / usd) ** (1.0 / (1.0 - p.quantity_discount))
    return quantity, min(max(usd, 1.0), p.largest_order_usd)
