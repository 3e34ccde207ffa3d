"""What a consumer keeps in mind: vendors, experience with markets, and risks as they appear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.plain_mesa.platforms import Platform
    from benchmarks.plain_mesa.vendors import Vendor

REMEMBERED = 4
"""Vendors that a consumer can keep in mind, and markets too."""


@dataclass(slots=True)
class Tie:
    """A remembered vendor: good orders so far, and whether they deal directly."""

    vendor: Vendor
    bought: int = 0
    direct: bool = False


@dataclass(slots=True)
class Experience:
    """Good and bad orders on one market, fading."""

    good: float = 0.0
    bad: float = 0.0


@dataclass(slots=True)
class Risk:
    """A risk as it appears: events heard of and uneventful orders, both fading."""

    hits: float = 0.0
    calm: float = 0.0

    def value(self, a: float, b: float) -> float:
        """Perceived risk (a + hits) / (a + b + hits + calm): Magliocca et al. 2019."""
        return (a + self.hits) / (a + b + self.hits + self.calm)

    def fade(self, keep: float) -> None:
        """What time leaves of it."""
        self.hits *= keep
        self.calm *= keep


class Vendors:
    """The vendors that a consumer remembers, a few at most: to go back to, or to keep away from."""

    def __init__(self) -> None:
        self.ties: list[Tie] = []

    def tie(self, vendor: Vendor) -> Tie | None:
        """What is remembered of a vendor, for good or ill."""
        return next((tie for tie in self.ties if tie.vendor is vendor), None)

    @property
    def good(self) -> list[Tie]:
        """Ties to vendors who served well."""
        return [tie for tie in self.ties if tie.bought > 0]

    def good_order(self, vendor: Vendor) -> Tie:
        """Remember a good order; somebody new takes the place of the vendor bought from least."""
        tie = self.tie(vendor)
        if tie is None:
            if len(self.ties) == REMEMBERED:
                self.ties.remove(min(self.ties, key=lambda known: known.bought))
            tie = Tie(vendor)
            self.ties.append(tie)
        tie.bought += 1
        return tie

    def bad_order(self, vendor: Vendor, unforgiven: bool) -> None:
        """Keep away from a vendor: from one who served well before when ``unforgiven``, from a new one when memory has room."""
        tie = self.tie(vendor)
        if tie is not None:
            if unforgiven:
                tie.bought, tie.direct = 0, False
            return
        if len(self.ties) == REMEMBERED:
            weakest = min(self.ties, key=lambda known: known.bought)
            if weakest.bought > 0:
                return
            self.ties.remove(weakest)
        self.ties.append(Tie(vendor))


class Markets:
    """The cryptomarkets that a consumer knows, with own experience of each; one of them is home."""

    def __init__(self) -> None:
        self.known: dict[Platform, Experience] = {}
        self.home: Platform | None = None

    def learn_of(self, market: Platform) -> None:
        """Get to know a market, in the place of the one, home apart, that served least."""
        if market in self.known:
            return
        if len(self.known) == REMEMBERED:
            others = [m for m in self.known if m is not self.home]
            del self.known[min(others, key=lambda m: self.known[m].good)]
        self.known[market] = Experience()

    def settle_on(self, market: Platform) -> None:
        """Make a market the one used by habit."""
        if self.home is not None:
            self.home.users -= 1
        self.home = market
        market.users += 1
        self.learn_of(market)
