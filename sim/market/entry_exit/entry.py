"""Entry: platforms open where trade has room, vendors enter where income attracts and risk does not deter, consumers become vendors."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from scipy.special import betaincinv

from sim.agents.codes import NOBODY, Channel, Considering, EventKind, Membership, PlatformStatus, Segment, Stage
from sim.agents.payments import COIN
from sim.agents.platforms import Platform
from sim.evidence.groups import PlatformsParameters
from sim.kernels import kernel
from sim.market import views
from sim.market.blocks import WORTH_SHARING_SCANS, over_blocks, over_rows
from sim.market.books import PAID
from sim.market.entry_exit.accounts import Places, first_platforms
from sim.market.entry_exit.characters import Background, Newcomers, draw_characters
from sim.market.entry_exit.roles import WEEK, change_roles
from sim.market.entry_exit.vendor_exit import listings
from sim.market.groups import Moment
from sim.market.supply.network import find_groups
from sim.market.supply.recruitment import enlist, recruiting, where_newcomers_work
from sim.market.views import narrow
from sim.streams import Draw, normal, poisson, uniform, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

MONTH = 30.0
VENDOR_ENTRY, ACTIVE, SEARCHING = int(Draw.VENDOR_ENTRY), int(Membership.ACTIVE), int(Membership.SEARCHING)
OPEN_TO_ALL = np.array([Channel.ILLICIT_PHARMACY, Channel.SOCIAL_APP, Channel.CRYPTOMARKET, Channel.STREET])
"""Channels in which anybody can begin to sell."""
SMALL = np.array([Channel.STREET, Channel.SOCIAL_APP, Channel.CRYPTOMARKET])
"""Channels in which consumers sell."""
FOUNDED = 300
"""Days for which the cryptomarkets of the start have been open: an initial condition."""


def open_cryptomarket(state: MarketState, day: int, founding: int | None = None, after: int | None = None) -> Platform:
    """A new cryptomarket with an operator of its own frailties, hosted anywhere; those open at the start have the usual appeal.

    ``after`` is the slot of the market that its operator ran before, whose character it has.
    """
    p, seed = state.p.platforms, int(state.seed)
    number = day + 4096 if founding is None else 65000 + founding
    if after is not None:
        number = 40_000 + after
    z = [normal(seed, int(Draw.OPERATOR), number, 0, k) for k in range(3)]
    if founding is not None:
        z[1:] = [hardy(seed, number, k, p) for k in (1, 2)]
    appeal = normal(seed, int(Draw.OPERATOR), number, 1, 0) if founding is None else 0.0
    host = int(uniform(seed, int(Draw.OPERATOR), number, 0, 3) * state.world.n_jurisdictions)
    market = Platform(
        state, state.platform_table, key=number, channel=Channel.CRYPTOMARKET, jurisdiction=host, status=PlatformStatus.OPEN, open_day=day, fee=p.fee,
        escrow_share=p.escrow_share, attraction=_ratio(p.appeal_spread * appeal, 100.0), security=_ratio(state.p.supply.opsec_spread * z[0], 100.0, 0.01),
        frail_quit=_ratio(p.frailty * z[1], 1000.0), frail_scam=_ratio(p.frailty * z[2], 1000.0), processor=COIN,
    )  # fmt: skip
    if after is not None:
        t = state.platform_table.columns
        for name in ("attraction", "security", "frail_quit", "frail_scam"):
            getattr(t, name)[market.slot] = getattr(t, name)[after]
    return market


def _ratio(log: float, most: float, least: float = 0.0) -> float:
    """A ratio by its logarithm, within what its column holds."""
    return min(max(float(np.exp(log)), least), most)


def hardy(seed: int, number: int, kind: int, p: PlatformsParameters) -> float:
    """Log frailty, in standard deviations, of an operator who has lasted for ``FOUNDED`` days: the frail ones are gone, as a falling hazard implies."""
    z = 0.0
    for attempt in range(2, 34):
        z = normal(seed, int(Draw.OPERATOR), number, attempt, kind)
        lasted = float(np.exp(-np.exp(p.frailty * z) * FOUNDED / p.closure_days))
        if uniform(seed, int(Draw.OPERATOR), number, attempt, 5) < lasted:
            break
    return z


def commission(state: MarketState, orders: float, fee: float) -> float:
    """Real USD a day that the operator of a cryptomarket earns with so many orders a day."""
    cents = float(state.trade.mean_order(PAID)[Channel.CRYPTOMARKET])
    return state.scenario.weight * orders * fee * cents / 100.0


@kernel
def needs_by_market(
    first: int,
    last: int,
    n: int,
    size: int,
    market_state: np.ndarray,
    alive: np.ndarray,
    need_rate: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Needs a day, by block, of consumers who have a cryptomarket, and of those who look for one and have none: ``sums`` (blocks, 2)."""
    for block in range(first, last):
        served, unserved = 0.0, 0.0
        for c in range(block * size, min((block + 1) * size, n)):
            if alive[c] == 1:
                served += np.float64(need_rate[c]) if market_state[c] == ACTIVE else 0.0
                unserved += np.float64(need_rate[c]) if market_state[c] == SEARCHING else 0.0
        sums[block, 0], sums[block, 1] = served, unserved


def to_be_had(state: MarketState) -> float:
    """Orders a day on cryptomarkets: those that are made, and those of buyers without a market, who would order as often as the users of markets do."""
    c, now = state.consumers.columns, state.crypto_trade()
    served, unserved = over_blocks(
        state.pool,
        needs_by_market,
        state.consumers.n,
        2,
        c.market_state,
        c.alive,
        c.need_rate,
        least=WORTH_SHARING_SCANS,
    ).tolist()
    return now + unserved * (min(now / served, 1.0) if served > 0.0 else 1.0)


def platform_entry(state: MarketState) -> None:
    """Cryptomarkets open where a newcomer can hope for commission, so more often while buyers are without a market, less often when operators were arrested.

    What is hoped for is an even share of all that is `to_be_had` on that day. Operators who are at large open again.
    """
    p = state.p.platforms
    hoped = commission(state, to_be_had(state), p.fee) / (len(state.crypto_slots()) + 1)
    willing = (1.0 - np.exp(-hoped / p.operator_income)) * np.exp(-state.policing.operator_risk)
    if uniform(state.seed, int(Draw.PLATFORM_ENTRY), 0, state.day, 0) < p.cryptomarket_entry * willing:
        opened(state, open_cryptomarket(state, state.day), "entry")
    for slot in list(state.policing.at_large):
        if uniform(state.seed, int(Draw.REOPEN), slot, state.day, 1) < willing / state.p.enforcement.moderators_back:
            state.policing.at_large.remove(slot)
            opened(state, open_cryptomarket(state, state.day, after=slot), "operator at large")


def opened(state: MarketState, platform: Platform, cause: str) -> None:
    """Note that a cryptomarket has opened."""
    state.update_prior()
    state.event(EventKind.PLATFORM_OPENED, platform.slot, cause=cause)


def worth(state: MarketState) -> np.ndarray:
    """(C,) what a vendor can hope to keep a day, orders that find no seller included, over what the time and the risk of arrest are worth."""
    p, t = state.p, state.trade
    kept = (1.0 - p.supply.upstream_share) * (t.income + t.turned_away)
    risk = p.pricing.arrest_cost * state.policing.vendor_risk / MONTH
    return np.maximum(kept, 0.0) / (p.supply.outside_wage + risk)


@kernel
def begin_to_sell(
    when: Moment,
    would: np.ndarray,
    pay: np.ndarray,
    recruited: np.ndarray,
    rate: float,
    income: float,
    count: np.ndarray,
) -> int:
    """Fill ``count`` (C,) with those of the people who ``would`` sell who begin today, a share ``rate`` where it pays as usual; returns how many in all."""
    many = 0
    for i in range(len(OPEN_TO_ALL)):
        c = OPEN_TO_ALL[i]
        mean = rate * would[c] * pay[c] ** income * recruited[c]
        count[c] = poisson(when.seed, VENDOR_ENTRY, c, when.day, 0, float(mean))
        many += int(count[c])
    return many


def vendor_entry(state: MarketState) -> None:
    """Of the people who would sell in a channel some begin, the more the better it pays by `worth`."""
    p, day, count = state.p.supply, state.day, np.zeros(len(Channel), np.int64)
    many = begin_to_sell(
        state.moment, state.world.would_sell, worth(state), where_newcomers_work(state)[:, -1], p.entry_rate, p.entry_income, count
    )  # fmt: skip
    if many:
        rows = new_vendors(state, np.repeat(np.arange(len(Channel)), count), day)
        enlist(state, rows)
        state.event(EventKind.VENDOR_ENTRY, rows, cause="entry")
    if day % WEEK == 0:
        role_changes(state)
    change_roles(state)


def knows_market(state: MarketState, who: np.ndarray) -> np.ndarray:
    """Which of the consumers ``who`` use a cryptomarket that is open."""
    c = state.consumers.columns
    return (c.market_state[who] == Membership.ACTIVE) & np.isin(c.home[who], state.crypto_slots())


def role_changes(state: MarketState) -> None:
    """Social suppliers who buy online become small vendors, at a weekly look: where it pays, by `worth`, and on the market that they use if they use one."""
    c, n = state.consumers.columns, state.consumers.n
    able = (
        (c.segment[:n] == Segment.SOCIAL_SUPPLIER)
        & (c.alive[:n] == 1)
        & (c.stage[:n] == Stage.USES)
        & (c.considering[:n] >= Considering.BOUGHT)
    ).nonzero()[0]
    rate = WEEK * state.p.vendors.social_entry * worth(state)[SMALL] ** state.p.supply.entry_income
    rates = np.cumsum(
        np.where(knows_market(state, able)[:, None], rate, rate * (SMALL != Channel.CRYPTOMARKET)), axis=1
    )
    u = uniforms(state.seed, Draw.ROLE, able, state.day)
    begins = u < rates[:, -1]
    able, channel = able[begins], SMALL[(u[:, None] >= rates).sum(axis=1)[begins]]
    if len(able):
        selling = state.vendors.columns
        busy = selling.person[: state.vendors.n][selling.alive[: state.vendors.n] == 1]
        free = ~np.isin(able, busy)
        able, channel = able[free], channel[free]
    if len(able):
        new_vendors(state, channel, state.day, able)
        state.event(EventKind.ROLE_CHANGE, able, cause="began to sell")


def quantiles(lo: int, hi: int, a: float, b: float, u: np.ndarray, out: np.ndarray) -> None:
    """Quantiles ``u`` of a beta distribution, for the rows ``lo:hi``."""
    out[lo:hi] = betaincinv(a, b, u[lo:hi])


def new_vendors(state: MarketState, channel: np.ndarray, day: int, person: np.ndarray | None = None) -> np.ndarray:
    """Add vendors with characters drawn from the population of their channel; ``person`` names consumers who take up selling. Returns their rows."""
    p, seed = state.p.supply, state.seed
    channel = np.asarray(channel, np.int64)
    rows = state.vendors.add(len(channel))
    v = state.vendors.columns
    place = (
        np.arange(len(channel)) - np.searchsorted(channel, channel)
        if person is None
        else np.asarray(person) + 1_000_000
    )
    keys = ((day + 4096) * 8 + channel) * 2**32 + place
    honest = np.empty(len(rows))
    over_rows(
        state.pool, quantiles, len(rows), p.honest_a, p.honest_b, uniforms(seed, Draw.VENDOR_TRAITS, keys, 0, 5), honest
    )
    nobody = np.full(len(rows), NOBODY, np.int32)
    people = nobody if person is None else np.asarray(person, np.int32)
    social = p.social_share / np.maximum(recruiting(state)[Channel.STREET], 1e-9)
    background = Background(
        state.consumers.columns.jurisdiction, where_newcomers_work(state), social, state.world.demand_by_channel, state.substances.sold
    )  # fmt: skip
    newcomers = Newcomers(rows, keys, channel, people, honest)
    over_rows(
        state.pool, draw_characters, len(rows), newcomers, Moment(cast("int", seed), day), narrow(v, views.NewVendors), background, state.given.supply
    )  # fmt: skip
    groups = find_groups(state, v.main[rows], v.jurisdiction[rows], uniforms(seed, Draw.VENDOR_TRAITS, keys, 0, 8))
    v.supplier[rows] = np.where(channel == Channel.LICENSED_PHARMACY, NOBODY, groups)
    v.log_price[rows] = state.trade.price_level[channel]
    home = home_platforms(state, rows, channel)
    buys = (people != NOBODY) & (channel == Channel.CRYPTOMARKET)
    home[buys] = state.consumers.columns.home[people[buys]]  # who buys on a market sells on the same
    v.account[rows, 0], v.account_day[rows, 0] = home, day
    state.trade.grow(state.vendors.capacity)
    return rows


def home_platforms(state: MarketState, rows: np.ndarray, channel: np.ndarray) -> np.ndarray:
    """Platforms on which the new vendors ``rows`` of each ``channel`` open their first accounts."""
    v, attraction = state.vendors.columns, state.platform_table.columns.attraction
    programmes = (state.platform_table.columns.channel[: state.platform_table.n] == Channel.ILLICIT_PHARMACY).nonzero()[
        0
    ]
    apps = state.open_slots(Channel.SOCIAL_APP)
    places = Places(
        state.world.licensed_slot, state.world.street_slot, listings(state), programmes, np.cumsum(attraction[programmes].astype(float)), apps,
        np.cumsum(attraction[apps].astype(float)),
    )  # fmt: skip
    home = np.empty(len(rows), np.uint16)
    first_platforms(state.moment.seed, v.key[rows], channel, v.jurisdiction[rows], places, home)
    return home
