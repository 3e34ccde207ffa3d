"""Migration: who has lost a cryptomarket, or has none yet, looks for one, and joins or turns to something else.

Discovery grows with the users of a market, with markets of remembered vendors who kept their identity, and with newcomers' advertising; displaced users
herd where others went (ElBahrawy et al. 2020: most migrants go to one market, from day two, settling by about day six). The rivals of that
(`submodels.migration`): the displaced go where the closed market's users were known already, or where their own vendors are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import LAST_DAY, NEVER, NO_SLOT, Considering, Membership, Migration, RiskGroup
from sim.agents.consumers import KNOWN_MARKETS, REMEMBERED_VENDORS
from sim.agents.vendors import ACCOUNTS
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.adding import added_up
from sim.market.beliefs import event_risk, logistic, market_trust
from sim.market.blocks import WORTH_SHARING_SCANS, over_blocks, rows_due
from sim.market.choice.conditions import Conditions
from sim.market.choice.displaced import OVERLAP, by_overlap, share_there
from sim.market.choice.joining import participation
from sim.market.choice.memory import forget, learn_of
from sim.market.groups import Moment
from sim.market.views import narrow
from sim.population import make_room
from sim.streams import Draw, exponential_from, gumbel_from, normal_from, uniform, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

MARKET_TASTE, MARKETS = int(Draw.MARKET_TASTE), int(RiskGroup.CRYPTO)
NEWS, LOOK, DISCOVER, LEARN = int(Draw.NEWS), int(Draw.LOOK), int(Draw.DISCOVER), int(Draw.LEARN_MARKET)
_, ACTIVE, SEARCHING, LAPSED = (int(m) for m in Membership)
NOT_YET = int(Considering.NOT_YET)
VENDORS = int(Migration.VENDORS)
KNOWN_ONLY = 0.4  # of the loss that users of a market perceive after a theft, that of others who know it (prototype: 0.48 of 1.2; plausible 0.2 to 0.7)


class Closure(NamedTuple):
    """What a closure does to those who hear of it."""

    key: int  # what draws about the market are keyed by
    theft: float  # how far money was lost, 0 to 1


class Seekers(NamedTuple):
    """What those look at who look for a market."""

    consumers: Any  # columns: `views.MigrationConsumers`
    vendors: Any  # `views.MigrationVendors`
    today: Any  # of `Conditions`: `views.MarketConditions`
    choice: np.ndarray  # parameters of choice, and of migration: see `handed_over`
    given: np.ndarray
    rule: int  # `Migration`
    spare: np.ndarray  # memories that nobody has


class Markets(NamedTuple):
    """The open cryptomarkets."""

    slots: np.ndarray
    users: np.ndarray  # as a share of all who consider such markets
    talked_of: np.ndarray  # the same as the displaced hear of them, who may go by something else
    age: np.ndarray  # days
    herd: np.ndarray  # bonus of markets that displaced users joined lately
    moved: float  # how many moved lately, all together, in units of herding


@kernel
def hear_of_closure(
    lo: int, hi: int, when: Moment, slot: int, closure: Closure, consumers: Any, given: np.ndarray
) -> None:
    """Let those who know a closed market learn of it: users start to search after a delay, and where money was lost perceived loss rises.

    What police are feared for by it, and what others hear, is in `sim.market.learning.fear`.
    """
    p = given[0]
    for c in range(lo, hi):
        user = consumers.home[c] == slot
        member, memory = user, consumers.memory[c]
        for k in range(KNOWN_MARKETS):
            if consumers.known[memory, k] == slot:
                member = True
                forget(consumers, memory, k)
        if user:
            u1, u2, _, _ = uniform4(when.seed, NEWS, c, when.day, closure.key)
            news = exponential_from(u1) / (p.news_base + consumers.need_rate[c])
            wait = 2 + int(news) + int(u2 * p.search_days)
            consumers.home[c] = NO_SLOT
            if consumers.market_state[c] == ACTIVE:
                consumers.market_state[c] = SEARCHING
                consumers.market_until[c] = min(LAST_DAY, when.day + wait)
        if closure.theft > 0.0 and consumers.considering[c] > NOT_YET:
            if user:
                consumers.loss_hits[c] += closure.theft * p.loss_users
            elif member:
                consumers.loss_hits[c] += closure.theft * (KNOWN_ONLY * p.loss_users)


@inner
def vendor_there(consumers: Any, vendors: Any, c: int, m: int) -> bool:
    """Whether a remembered vendor in business has an account on slot ``m``."""
    for j in range(REMEMBERED_VENDORS):
        v = consumers.vendor[c, j]
        if v >= 0 and consumers.bought[c, j] > 0 and vendors.alive[v] == 1:
            for a in range(ACCOUNTS):
                if vendors.account[v, a] == m:
                    return True
    return False


@kernel
def look_for_market(
    rows: np.ndarray, when: Moment, markets: Markets, attention: float, seekers: Seekers, arrivals: np.ndarray
) -> None:
    """Let the consumers ``rows`` look for a market; ``attention`` multiplies what is heard of markets. ``arrivals`` (P,) counts the displaced who joined."""
    consumers, vendors, today, rule = seekers.consumers, seekers.vendors, seekers.today, seekers.rule
    channel, p = seekers.choice[0], seekers.given[0]
    for i in range(len(rows)):
        c = rows[i]
        displaced = consumers.market_state[c] == SEARCHING
        best, runner_up, top, second, best_value = NO_SLOT, NO_SLOT, -1e30, -1e30, 0.0
        for x in range(len(markets.slots)):
            m = markets.slots[x]
            u1, u2, _, _ = uniform4(when.seed, DISCOVER, c, when.day, int(today.key[m]))
            known = vendor_there(consumers, vendors, c, m)
            k_known = -1
            for k in range(KNOWN_MARKETS):
                if consumers.known[consumers.memory[c], k] == m:
                    known, k_known = True, k
            adverts = p.newcomer_adverts * math.exp(-markets.age[x] / p.newcomer_days)
            heard, herd = markets.users[x], 0.0
            if displaced:
                heard, herd = markets.talked_of[x], markets.herd[x]
                own = share_there(consumers, vendors, c, m) if rule == VENDORS else -1.0
                if own >= 0.0:  # who remembers somebody in business goes by nobody else
                    heard, herd = 0.0, p.herding * math.log1p(markets.moved * own)
            chance = 1.0 - math.exp(-(p.reach * attention * heard + adverts))
            if not known and u1 >= chance:
                continue
            good, bad, hits = 0.0, 0.0, consumers.legal_hits[c, MARKETS]
            if k_known >= 0:
                memory = consumers.memory[c]
                good, bad = consumers.good[memory, k_known], consumers.bad[memory, k_known]
                hits += consumers.market_hits[memory, k_known]
            legal = event_risk(hits, consumers.legal_calm[c, MARKETS], channel.risk_a, channel.risk_b)
            trust = market_trust(today.prior[m], channel.prior_weight, good, bad)
            value = today.market_value[m] + channel.trust_weight * (trust - 1.0) - channel.legal_risk_weight * legal
            value += channel.taste_weight * gumbel_from(uniform(when.seed, MARKET_TASTE, c, int(today.key[m]), 0))
            if vendor_there(consumers, vendors, c, m):
                value += channel.favourite_bonus
            choice = value + p.noise * normal_from(u2) + herd
            if choice > top:
                runner_up, second = best, top
                best, top = m, choice
            elif choice > second:
                runner_up, second = m, choice
            if best == m:
                best_value = value
        w1, w2, w3, _ = uniform4(when.seed, LOOK, c, when.day, 0)
        if best == NO_SLOT:
            if w1 < p.give_up:
                lapse(consumers, c, when.day, w2, p.recheck_days)
            else:
                consumers.market_until[c] = min(LAST_DAY, when.day + 1 + int(p.retry_days * exponential_from(w2)))
            continue
        chance = participation(when.seed, c, best_value, today.street_open, consumers, channel, p)
        if w3 >= logistic(p.join_steepness * (chance - p.join_threshold)):
            lapse(consumers, c, when.day, w2, p.recheck_days)
            continue
        consumers.market_state[c] = ACTIVE
        consumers.market_until[c] = NEVER
        consumers.home[c] = best
        learn_of(consumers, c, best, seekers.spare)
        if second > top - p.second_registration:
            learn_of(consumers, c, runner_up, seekers.spare)
        arrivals[best] += 1.0 if displaced else 0.0


@inner
def lapse(consumers: Any, c: int, day: int, u: float, mean: float) -> None:
    """Turn away from cryptomarkets until a later look: none is used by habit any more."""
    consumers.market_state[c], consumers.home[c] = LAPSED, NO_SLOT
    consumers.market_until[c] = min(LAST_DAY, day + 1 + int(mean * exponential_from(u)))


@kernel
def hear_of_markets(
    rows: np.ndarray,
    when: Moment,
    crypto: np.ndarray,
    trade: np.ndarray,
    open_day: np.ndarray,
    consumers: Any,
    given: np.ndarray,
    spare: np.ndarray,
    weights: np.ndarray,
) -> None:
    """Let the buyers ``rows`` of today learn of another market: by its share of ``trade`` (P,), and by what newcomers advertise.

    ``weights`` is room for a number for each of the markets ``crypto``.
    """
    p, run = given[0], 0.0
    for k in range(len(crypto)):
        weights[k] = trade[crypto[k]]
    whole = max(added_up(weights), 1e-9)
    for k in range(len(crypto)):
        age = when.day - np.float64(open_day[crypto[k]])
        run += weights[k] / whole + p.newcomer_talk * math.exp(-age / p.newcomer_days)
        weights[k] = run
    if run <= 0.0:
        return
    for i in range(len(rows)):
        c = rows[i]
        u1, u2, _, _ = uniform4(when.seed, LEARN, c, when.day, 0)
        if u1 < p.learn_of_market:
            k = 0
            while k < len(crypto) - 1 and weights[k] < u2 * weights[-1]:
                k += 1
            learn_of(consumers, c, crypto[k], spare)


@kernel
def count_users(
    first: int, last: int, n: int, size: int, home: np.ndarray, considering: np.ndarray, alive: np.ndarray, users: np.ndarray
) -> None:  # fmt: skip
    """Count consumers by block and home market; the last column of ``users`` (blocks, P + 1) has those who consider a market."""
    for block in range(first, last):
        count, thinkable = users[block], 0
        for c in range(block * size, min((block + 1) * size, n)):
            if alive[c] == 1:
                if home[c] != NO_SLOT:
                    count[home[c]] += 1.0
                thinkable += considering[c] > NOT_YET
        count[-1] = thinkable


def seek_markets(state: MarketState, today: Conditions) -> None:
    """Consumers whose turn it is look for a cryptomarket."""
    c, n, g, day = state.consumers.columns, state.consumers.n, state.p.migration, state.day
    rows = rows_due(n, c.market_until, c.alive, day)
    make_room(state.consumers, "memory", rows)
    slots = state.crypto_slots()
    t = state.platform_table.columns
    t.arrivals[:] *= 1.0 - 1.0 / g.herd_days
    state.trade.common *= 1.0 - 1.0 / g.herd_days
    if not len(rows):
        return
    counts = over_blocks(state.pool, count_users, n, len(t.users) + 1, c.home, c.considering, c.alive, least=WORTH_SHARING_SCANS)  # fmt: skip
    t.users[:] = counts[:-1]
    users = counts[slots] / max(counts[-1], 1.0)
    moved, talked_of = t.arrivals[slots] / (g.herd_unit * n), users
    if state.rules.migration == OVERLAP:
        moved, talked_of = by_overlap(state, slots, moved), by_overlap(state, slots, users)
    herd = g.herding * np.log1p(moved)
    age = day - t.open_day[slots].astype(float)
    people, sellers = (
        narrow(state.consumers.columns, views.MigrationConsumers),
        narrow(state.vendors.columns, views.MigrationVendors),
    )
    seekers = Seekers(
        people, sellers, narrow(today, views.MarketConditions), state.given.choice, state.given.migration, state.rules.migration,
        state.consumers.spare["memory"],
    )  # fmt: skip
    attention = 1.0 + state.publicity * state.p.learning.publicity_draws
    markets = Markets(slots, users, talked_of, age, herd, float(moved.sum()))
    look_for_market(rows, state.moment, markets, attention, seekers, t.arrivals)
