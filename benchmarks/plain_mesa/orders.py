"""Orders: from payment to the day on which their fate is known."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING

from benchmarks.plain_mesa.goods import APP, CRYPTO, LICENSED, PHARMACY, STREET, Drug

if TYPE_CHECKING:
    from benchmarks.plain_mesa.consumers import Consumer
    from benchmarks.plain_mesa.platforms import Platform
    from benchmarks.plain_mesa.vendors import Vendor

DELIVERED, SEIZED, LOST, SCAMMED = "delivered", "seized", "lost", "scammed"
MAX_PARCELS = 6


@dataclass(eq=False, slots=True)
class Order:
    """One order."""

    day: int
    consumer: Consumer
    vendor: Vendor
    platform: Platform
    channel: str
    drug: Drug
    quantity: float
    price: float
    first: bool = False
    """Whether it is the first of this pair."""
    card: bool = False
    escrow: bool = False
    due: int = 0
    dispatched: bool = False
    fate: str = DELIVERED
    refunded: bool = False
    paid_day: int = 0
    """When the vendor gets what is in escrow: on the day on which the fate is known, or by the clock of the market."""
    as_sold: bool = True
    purity: float = 1.0
    share: float = 1.0
    parcels: int = 1
    noticed: bool = False
    """Whether the buyer noticed that the goods are not what was sold."""
    rating: int | None = None

    @property
    def arrived(self) -> bool:
        """Whether at least a part arrived."""
        return self.fate == DELIVERED

    def send(self) -> None:
        """Dispatch it or not; what is sent travels, is intercepted, lost, or arrives."""
        model, vendor, p = self.vendor.model, self.vendor, self.vendor.model.p.shipping
        rng = model.rng
        domestic = vendor.country is self.consumer.country
        self.dispatched = rng.random() < vendor.ships
        if self.channel == STREET:
            days = 0
        elif domestic:
            days = 1 + int(rng.random() * p.domestic_days)
        else:
            days = 3 + int(rng.random() * p.border_days)
        self.as_sold, self.purity = vendor.batch_as_sold(self.drug), vendor.purity
        self.due = self.day + days
        if not self.dispatched:
            self.fate, self.share = SCAMMED, 0.0
        elif not (self.channel in (STREET, LICENSED) or (self.channel == APP and domestic)):
            self.post(domestic)
        if not self.arrived:
            self.due += int(p.patience_days)

    def post(self, domestic: bool) -> None:
        """Send it in parcels, each of which may be seized or lost; larger orders are split, more so on risky routes."""
        p, rng, to = self.vendor.model.p.shipping, self.vendor.model.rng, self.consumer.country
        risk = to.domestic_intercept if domestic else min(to.border, 0.95)
        unit = p.split_usd * (p.domestic_split if domestic else 1.0)
        self.parcels = min(MAX_PARCELS, 1 + int(self.price / unit * sqrt(risk / p.reference_intercept)))
        seized = arrived = 0
        for _ in range(self.parcels):
            if rng.random() < risk:
                seized += 1
            elif rng.random() >= p.loss:
                arrived += 1
        self.share = arrived / self.parcels
        if not arrived:
            self.fate = SEIZED if seized else LOST

    def settle(self) -> None:
        """Settle it on the day on which its fate is known: disputes, charge-backs, rating. Money that the buyer does not release waits for the market's clock."""
        p, rng = self.vendor.model.p.shipping, self.vendor.model.rng
        self.paid_day = self.due
        if self.escrow and self.arrived and rng.random() < p.left_to_clock:
            self.paid_day = max(self.due, self.day + ceil(p.clock_days))
        if not self.arrived:
            if self.escrow:
                chance = p.dispute_scam if self.fate == SCAMMED else p.dispute_lost
                self.refunded = rng.random() < chance
            elif self.channel == PHARMACY and self.card:
                self.refunded = rng.random() < p.chargeback
        fault = (1.0 - self.purity) ** 2 if self.as_sold else 1.0
        self.noticed = self.arrived and rng.random() < p.notice_content * fault
        if self.channel == CRYPTO and rng.random() < (p.rate_good if self.arrived else p.rate_bad):
            self.rating = self.stars(rng.random())

    def stars(self, u: float) -> int:
        """Stars given on cryptomarkets: mostly five where goods arrived and no fault was noticed."""
        if not self.arrived:
            return 1
        if self.noticed:
            return 3
        return 5 if u >= self.vendor.model.p.shipping.not_five_stars else 4


def held_in_escrow(vendor: Vendor, platform: Platform) -> bool:
    """Whether a cryptomarket holds the money: always with the unrated, less with the proved."""
    model = vendor.model
    ratings = vendor.accounts[platform]
    trusted = ratings.positive / (ratings.positive + ratings.negative + model.p.payment.early_prior)
    return bool(model.rng.random() < 1.0 - (1.0 - model.p.platforms.escrow_share) * 2.0 * trusted)


def paid(consumer: Consumer, platform: Platform, channel: str) -> tuple[bool, bool]:
    """Whether the payment goes through, and whether it was by card.

    Cards at illicit pharmacies pass an acquirer and an issuer; who is declined may pay by coin where coins are taken.
    """
    p, rng = consumer.model.p.payment, consumer.model.rng
    if channel == LICENSED:
        return True, True
    if channel == PHARMACY:
        if rng.random() < platform.availability and rng.random() >= p.issuer_decline:
            return bool(rng.random() < p.settles), True
        coin = rng.random() < p.crypto_offered * p.crypto_conversion
        return coin and rng.random() < p.coin_access, False
    if channel in (CRYPTO, "direct"):
        return bool(rng.random() < p.coin_access), False
    return True, False
