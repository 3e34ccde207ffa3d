"""The state in groups, each of what belongs together; `sim.market.state` holds one of each.

C channels, J jurisdictions, P platform slots, S substances.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import N_CHANNELS, Fear, Migration, Overdose, Prices, VendorChoice
from sim.agents.enforcement import Records

if TYPE_CHECKING:
    from sim.agents.enforcement import Agency

FIRST_ORDER = 6500.0
"""Cents of a mean order of a channel in which nobody has ordered yet."""


def _grown(array: np.ndarray, size: int) -> np.ndarray:
    grown = np.zeros(size, array.dtype)
    grown[: len(array)] = array
    return grown


@cache
def _record(names: tuple[str, ...]) -> np.dtype:
    return np.dtype([(name, np.float64) for name in names])


def handed_over(p: Any) -> np.ndarray:
    """(1,) a group of parameters as kernels are given it: as one record, since Numba looks at each number of a tuple at each call."""
    return np.array([tuple(p)], _record(p._fields))


class Moment(NamedTuple):
    """What draws of a day are keyed by besides who draws."""

    seed: int
    day: int


class Rules(NamedTuple):
    """Which of the rules that contest with each other is in force: `submodels` of the scenario, as codes that kernels read."""

    vendor_choice: int  # `VendorChoice`; the others are codes of their names too
    migration: int
    overdose: int
    prices: int
    fear: int

    @classmethod
    def of(cls, chosen: Mapping[str, str]) -> Rules:
        """The codes of the names that were chosen."""
        kinds = {
            "vendor_choice": VendorChoice,
            "migration": Migration,
            "overdose": Overdose,
            "prices": Prices,
            "fear": Fear,
        }
        return cls(**{name: int(kind[chosen[name].upper()]) for name, kind in kinds.items()})


class Friends(NamedTuple):
    """The social network in sparse rows: friends of consumer c are ``who[start[c]:start[c + 1]]``, first the ``named`` whom c named."""

    start: np.ndarray  # (consumers + 1,)
    who: np.ndarray  # (links,)
    named: int


@dataclass
class World:
    """Where everything happens: jurisdictions and their law, who knows whom, and the places that never close."""

    n_jurisdictions: int
    consumer_share: np.ndarray  # (J,) cumulative; likewise the next one
    vendor_share: np.ndarray
    consumer_weight: np.ndarray  # (J,) shares; likewise the next one
    vendor_weight: np.ndarray
    price_factor: np.ndarray  # (J,)
    cooperation: np.ndarray  # (J, J)
    law_steps: np.ndarray  # (J, S) by which the law is stricter than usual
    law_price: np.ndarray  # (J, S) log of what it multiplies the illicit price by once stocks are renewed
    legitimate: np.ndarray  # (J,) legitimate access to medicines
    need_level: np.ndarray  # (J, segments, S) what the rates of needs are multiplied by where a wait runs
    friends: Friends = field(init=False)
    would_sell: np.ndarray = field(init=False)  # (C,) people who would sell there if it pays; those of the start do
    demand_by_channel: np.ndarray = field(
        init=False
    )  # (C, S) cumulative needs of all consumers, of what a channel sells
    licensed_slot: np.ndarray = field(init=False)  # (J,) platform slots; likewise the next two
    street_slot: np.ndarray = field(init=False)
    direct_slot: int = field(init=False)


@dataclass
class Usual:
    """What was usual before day 0: what the days are measured against."""

    market_shares: np.ndarray = field(init=False)  # cryptomarkets of the start by share of trade, and their slots
    market_slots: np.ndarray = field(init=False)
    listings: float = field(init=False)  # on the largest cryptomarket of the start
    status: np.ndarray = field(init=False)  # as in `Substances`; likewise the next one
    adverse: np.ndarray = field(init=False)
    toxicity: np.ndarray = field(init=False)  # (J,) mean of novel substances at the start; likewise the next one
    discarded: np.ndarray = field(init=False)  # share discarded of those of which there is an alert


@dataclass
class Upstream:
    """What suppliers have and ask, and what becomes of goods on the way: K suppliers, those included that are out of business.

    A leg is a pair of jurisdictions, where goods come from and where they go; equal for what stays at home.
    """

    cost: np.ndarray  # (K + 1, J) where vendors sell, place 0 for no supplier; likewise the next two
    reckoned: np.ndarray  # share of goods that suppliers reckon to lose on the way
    lost: np.ndarray  # (K + 1, J, J, J) share lost on each leg of the way
    reliability: np.ndarray  # (K + 1,); likewise the next one
    concentration: np.ndarray
    mixes: np.ndarray  # (K + 1, 4) what is mixed in: see `sim.market.supply.mixing.know_suppliers`
    belief: np.ndarray  # (J, J) risk on each leg that suppliers reckon with; likewise the next three
    loads: np.ndarray  # loads that went over it since suppliers last learned
    caught: np.ndarray  # loads of these that were seized
    seized: np.ndarray  # orders' worth of goods seized so far
    seen_revenue: np.ndarray  # (K,) cents that have been passed on
    find: np.ndarray  # (S, J, K) cumulative weights by which vendors find a supplier in business
    wholesale: np.ndarray  # (S,) orders that wholesale stocks can serve
    made_for: np.ndarray  # (S,) orders a day that suppliers are made for
    flow: np.ndarray  # (S,) orders a day, 30-day mean
    size: np.ndarray  # (S,) size of all suppliers together that demand calls for: that of the start
    recruiters: float  # size of the groups of the start
    recruitment: np.ndarray  # (J,) newcomers whom groups recruit relative to those whom the groups of the start recruit
    recruits: np.ndarray  # (J, K) the same by group, cumulative
    contested: np.ndarray  # (J,) share of vendors' sales whose supplier is gone: what rivals fight over
    sent: float = 0.0  # orders' worth of goods on their way to vendors so far
    arrived: float = 0.0  # of which reached vendors
    days: int = 0  # of deliveries so far
    offers: dict[tuple[str, int], int] = field(
        default_factory=dict
    )  # novel opioids that come from outside, by what offers them
    offered: list[str] = field(default_factory=list)  # what offers one today
    working: bytes = b""  # which suppliers were in business when `find` was worked out


@dataclass
class Policing:
    """Who the agencies are, the effort of the police as it bears on others, relative to the usual, and what it meets."""

    where: np.ndarray  # (agencies,) jurisdiction of each
    unit: np.ndarray  # (agencies,) kind of each
    records: Records  # what they spend and earn
    usual_days: (
        np.ndarray
    )  # (agencies, targets) officer-days a day at which the rates of arrests and seizures are stated
    stated_days: np.ndarray  # (J, targets) the same of a jurisdiction
    post_effort: np.ndarray  # (J,)
    vendor_effort: np.ndarray  # (J, 2) on vendors nearby and online
    supplier_effort: np.ndarray  # (J,)
    vendor_days: np.ndarray  # (J, 2) usual officer-days a day on them; likewise the next
    vendor_exposure: np.ndarray  # (J, 2) exposure of these vendors
    vendor_work: np.ndarray  # (agencies, J, 2) officer-days of today that reach them
    user_effort: np.ndarray  # (J, 2) officer-days on stops, and on contacts that lead to services
    user_exposure: np.ndarray  # (J,) exposure of buyers, 30-day mean
    vendor_risk: np.ndarray = field(default_factory=lambda: np.zeros(N_CHANNELS))  # (C,) arrests a month per vendor
    operator_risk: float = 0.0  # arrests a month per operator of a cryptomarket
    covert: dict[int, tuple[str, float, bool]] = field(
        default_factory=dict
    )  # slots that police run: policy, publicity, whether operators are arrested
    seized: dict[int, int] = field(
        default_factory=dict
    )  # slots of pharmacy programmes, and the day on which they are back
    at_large: list[int] = field(default_factory=list)  # slots of seized cryptomarkets whose operators were not caught

    @classmethod
    def usual(cls, agencies: list[Agency], jurisdictions: int) -> Policing:
        """As it is on an ordinary day."""
        j, one = jurisdictions, np.ones
        where, unit = np.array([a.jurisdiction for a in agencies]), np.array([a.unit for a in agencies])
        usual = np.array([a.usual_days * a.start_allocation for a in agencies])
        stated = np.zeros((j, usual.shape[1]))
        np.add.at(stated, where, usual)
        effort = (
            one(j),
            one((j, 2)),
            one(j),
            np.zeros((j, 2)),
            np.zeros((j, 2)),
            np.zeros((len(agencies), j, 2)),
            np.zeros((j, 2)),
        )
        return cls(where, unit, Records.of(agencies), usual, stated, *effort, user_exposure=np.zeros(j))


class Struck(NamedTuple):
    """Who lost a cryptomarket today."""

    raided: np.ndarray  # (consumers,) 1 where police took it
    robbed: np.ndarray  # (consumers,) how far money was lost with it
    publicity: float  # of the raids, the most public one
    lost: float  # share of all who had a market who lost theirs in these days
    forum: float  # friends as whom the forum counts that says so
    share: float  # of all trade that the raided markets had
    stolen: float  # the same of those where money was lost, as far as it was


@dataclass
class Trade:
    """How trade goes: running means, and what is known of platforms and vendors beside their columns."""

    prior: np.ndarray  # (P,) public trust in cryptomarkets
    orders: np.ndarray  # (P,) orders of today
    volume: np.ndarray  # (P,) cents of today
    unpaid: np.ndarray  # (P,) orders of today whose payment did not go through
    unsettled: np.ndarray  # (P,) those of them whose card was authorised
    coin_access: np.ndarray  # (J,) chance that a buyer gets coins when needed
    vendor_orders: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # (vendors,) orders of today
    vendor_news: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint8))  # (vendors,) bits: `learning.fear`
    price_level: np.ndarray = field(default_factory=lambda: np.zeros(N_CHANNELS))  # (C,) mean log price, yesterday
    income: np.ndarray = field(
        default_factory=lambda: np.zeros(N_CHANNELS)
    )  # (C,) USD a day that a vendor received, 30-day mean; likewise the next one
    turned_away: np.ndarray = field(default_factory=lambda: np.zeros(N_CHANNELS))  # for want of vendors and stock
    settled: np.ndarray = field(default_factory=lambda: np.zeros((N_CHANNELS, 2)))  # cents due and received, fading
    ordered: np.ndarray = field(
        default_factory=lambda: np.zeros((N_CHANNELS, 3))
    )  # (C, 3) orders, cents paid for them, and cents that vendors keep of these where nothing goes wrong; fading over a month
    by_card: np.ndarray = field(
        default_factory=lambda: np.zeros((30, 2), np.int64)
    )  # (30, 2) of each of the last days: card payments to merchants that were settled, and those of them for what did not come, or late
    ads_seen: float = 1.0  # exposure to sellers' adverts in apps, 1 when nothing is removed
    arrested: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (P,) accounts of vendors arrested today
    struck: Struck | None = None  # who lost a cryptomarket today
    common: np.ndarray = field(
        default_factory=lambda: np.zeros(0)
    )  # (P,) users whom each had in common with markets that closed lately, where that is what migrants go by
    bans: bool = False  # whether a platform bans a substance
    unmoderated: set[int] = field(default_factory=set)  # slots whose disputes and feedback do not work as usual
    absconding: dict[int, tuple[int, float, str]] = field(default_factory=dict)
    """Slots that close in an exit scam: day, publicity, policy."""

    def mean_order(self, what: int) -> np.ndarray:
        """(C,) cents of a mean order of each channel, `PAID` or `KEPT` by its vendor; a first guess before the first order."""
        orders = self.ordered[:, 0]
        return np.where(orders > 0.0, self.ordered[:, what] / np.maximum(orders, 1e-300), FIRST_ORDER)

    def grow(self, vendors: int) -> None:
        """Make room for so many vendors."""
        if len(self.vendor_orders) < vendors:
            self.vendor_orders = _grown(self.vendor_orders, vendors)
            self.vendor_news = _grown(self.vendor_news, vendors)


@dataclass
class Care:
    """Who is on the way to help, and what users have been warned of."""

    alerts_week: np.ndarray  # (7, J, 4, 100) alerts heeded on each day of the last week, by those whom they reach
    referred: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))  # consumers who were referred today
    waiting_list: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))  # consumers, first come first
    offered: np.ndarray = field(default_factory=lambda: np.zeros(1))  # (J, 4, 100, 7) who take up what was offered
