"""What the peers share: the parameters of the reduced market, what they count, and the statistics that must agree."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from benchmarks.statistics import top_share


class Market(NamedTuple):
    """Parameters of the reduced market: made up, none is measured. `market.md` says what each does."""

    consumers: int = 1000
    vendors: int = 40
    wait: float = 7.0
    waits: tuple[float, float] = (0.5, 1.5)
    remembered: int = 4
    looked_at: int = 8
    heed: float = 4.0
    thrift: float = 2.0
    stay: float = 2.0
    teach: float = 0.3
    prices: tuple[float, float] = (0.8, 1.2)
    qualities: tuple[float, float] = (0.5, 1.0)
    capacities: tuple[int, int] = (2, 10)
    capital: float = 5.0
    cost: float = 0.6
    rent: float = 0.08
    reprice: float = 0.02
    fade: float = 0.98
    prior: float = 0.7
    prior_weight: float = 5.0

    @classmethod
    def of(cls, consumers: int) -> Market:
        """A market of a size, with a vendor for 25 consumers."""
        return cls(consumers, max(consumers // 25, 4))


class Counts(NamedTuple):
    """What happened since the start, in numbers of times."""

    orders: int
    arrived: int
    turned_away: int
    exits: int
    repeated: int


class Statistics(NamedTuple):
    """What must agree between peers."""

    orders: float
    arrived: float
    turned_away: float
    churn: float
    repeated: float
    own_rating: float
    top_decile: float
    rating: float
    price: float


class Peer(Protocol):
    """A market at work."""

    def run_for(self, days: int) -> None:
        """Let days pass."""

    def statistics(self) -> Statistics:
        """What there is to compare."""
        ...


class Ends(NamedTuple):
    """How a market ends: the ratings that consumers remember, in any order, and three columns of vendors; lists or arrays."""

    own_ratings: Any
    sold: Any
    rating: Any
    price: Any


def statistics(market: Market, days: int, counts: Counts, ends: Ends) -> Statistics:
    """Statistics from what was counted and from how the market ends."""
    return Statistics(
        counts.orders / (market.consumers * days),
        counts.arrived / counts.orders,
        counts.turned_away / counts.orders,
        counts.exits / (market.vendors * days),
        counts.repeated / counts.orders,
        float(np.mean(ends.own_ratings)),
        top_share(np.asarray(ends.sold)),
        float(np.mean(ends.rating)),
        float(np.mean(ends.price)),
    )
