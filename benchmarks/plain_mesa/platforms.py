"""Platforms: where vendors list and consumers look, and what is on their shelves today."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from math import exp, log
from typing import TYPE_CHECKING, NamedTuple

import mesa

from benchmarks.plain_mesa.goods import CRYPTO, Country, Drug

if TYPE_CHECKING:
    from benchmarks.plain_mesa.model import PlainMarket
    from benchmarks.plain_mesa.vendors import Vendor


class Offer(NamedTuple):
    """A vendor's offer of one substance, as somebody new sees it."""

    vendor: Vendor
    appeal: float
    """Utility of reputation and price."""


@dataclass(slots=True)
class Shelf:
    """All offers of one substance on one platform; an offer is found in proportion to its weight."""

    offers: list[Offer] = field(default_factory=list)
    cumulative: list[float] = field(default_factory=list)

    def put(self, offer: Offer, weight: float) -> None:
        """Add an offer."""
        self.offers.append(offer)
        self.cumulative.append(weight + (self.cumulative[-1] if self.cumulative else 0.0))

    def find(self, u: float) -> Offer:
        """An offer, by a uniform number."""
        return self.offers[bisect_left(self.cumulative, u * self.cumulative[-1])]


class Platform(mesa.Agent):
    """A place of trade: a programme, an app, a cryptomarket, direct deals, a country's pharmacies or street."""

    def __init__(
        self, model: PlainMarket, channel: str, country: Country, *, age: int = 365, attraction: float = 1.0,
        availability: float = 1.0, start_share: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(model)
        self.channel, self.country, self.attraction, self.availability = channel, country, attraction, availability
        self.opened = model.day - age
        self.start_share = start_share
        self.users = 0
        self.arrivals = 0.0
        self.shelves: dict[Drug, Shelf] = {}
        self.listings = 0.0
        self.orders_today = 0
        self.trade7 = self.trade60 = self.trade180 = 0.0
        self.trust = self.variety = 0.0

    def open_day(self) -> None:
        """Clear the shelves; recent joiners are news for a few days only."""
        self.shelves = {}
        self.listings = 0.0
        self.orders_today = 0

    def shelve(self, offer: Offer, drug: Drug, weight: float) -> None:
        """Put an offer on its shelf."""
        self.shelves.setdefault(drug, Shelf()).put(offer, weight)

    @property
    def newness(self) -> float:
        """1 on the day of opening, fading."""
        return exp(-(self.model.day - self.opened) / self.model.p.migration.newcomer_days)

    def look_at(self) -> None:
        """How this cryptomarket appears today: public trust, which age and trade build up, variety, which saturates, and appeal."""
        if self.channel != CRYPTO:
            return
        p = self.model.p
        age = max(self.model.day - self.opened, 0)
        size = self.model.weight * self.trade180
        grown = (1.0 - exp(-age / p.platforms.trust_days)) * size / (size + p.platforms.trust_orders)
        self.trust = p.platforms.trust_first + (p.platforms.trust_last - p.platforms.trust_first) * grown
        listings, half = max(self.listings / self.model.reference_listings, 1e-3), p.choice.variety_half
        self.variety = p.choice.variety_weight * log(listings * (1.0 + half) / (listings + half))
        self.variety += log(self.attraction)
        self.arrivals *= 1.0 - 1.0 / p.migration.herd_days

    def close_day(self) -> None:
        """Update the running means of trade."""
        self.trade7 += (self.orders_today - self.trade7) / 7.0
        self.trade60 += (self.orders_today - self.trade60) / 60.0
        self.trade180 += (self.orders_today - self.trade180) / 180.0
