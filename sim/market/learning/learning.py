"""Learning: what consumers and vendors take away from an order, and how opinions and habits travel and fade.

Ratings are mostly five stars (96.5 % on Silk Road, Christin 2013); reputation and beliefs fade (finite memory beats infinite: Josang, Hird and Faccer 2003).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import LAST_DAY, NO_SLOT, Channel, Membership, OrderOutcome, Stage
from sim.agents.consumers import DANGERS, KNOWN_MARKETS, RISK_GROUPS
from sim.agents.orders import GOOD_RATING, NO_RATING
from sim.agents.vendors import ACCOUNTS
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.ahead import AHEAD, ask_for_friends, ask_for_row
from sim.market.blocks import WORTH_SHARING_SCANS, over_rows
from sim.market.choice.vendor import account_of
from sim.market.groups import Friends, Moment
from sim.market.health.alerts import alerts_of_week
from sim.market.learning.considering import (
    BEGINS,
    BOUGHT,
    CONSIDERS,
    EXPERIENCED,
    NOT_YET,
    STOPS,
    turn_to_markets,
)  # fmt: skip
from sim.market.learning.fear import GROUP
from sim.market.learning.forum import forum_talk, read_posts
from sim.market.learning.friends import friendship
from sim.market.learning.messages import Messages, hear_messages, messages_of_week
from sim.market.learning.vendors import has_tie, remember
from sim.market.learning.web import be_found
from sim.market.views import narrow
from sim.streams import Draw, exponential_from, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

TIE, SOCIAL = int(Draw.TIE), int(Draw.SOCIAL)
LICENSED, PHARMACY, APP, CRYPTO = (
    int(Channel.LICENSED_PHARMACY), int(Channel.ILLICIT_PHARMACY), int(Channel.SOCIAL_APP), int(Channel.CRYPTOMARKET),
)  # fmt: skip
DELIVERED, SEIZED = int(OrderOutcome.DELIVERED), int(OrderOutcome.SEIZED)
USES = int(Stage.USES)
ACTIVE, LAPSED = int(Membership.ACTIVE), int(Membership.LAPSED)
WEEK, MONTH = 7, 30
PRACTICE, SUPPORT, CONSIDERING = 0, 1, 2


@inner
def believe_market(consumers: Any, c: int, m: int, good: bool) -> None:
    """Count a good or a bad order with a known market."""
    memory, counted = consumers.memory[c], consumers.good if good else consumers.bad
    for k in range(KNOWN_MARKETS):
        if consumers.known[memory, k] == m:
            counted[memory, k] += 1.0


@inner
def ask_for_buyer(c: int, consumers: Any) -> None:
    """Ask for what a buyer will learn with."""
    ask_for_row(consumers.vendor, c)
    ask_for_row(consumers.bought, c)
    ask_for_row(consumers.tie, c)
    ask_for_row(consumers.memory, c)
    ask_for_row(consumers.legal_calm, c)
    ask_for_row(consumers.loss_calm, c)
    ask_for_row(consumers.market_state, c)


@kernel
def learn_from_orders(
    rows: np.ndarray,
    when: Moment,
    orders: Any,
    consumers: Any,
    vendors: Any,
    recheck_days: float,
    given: np.ndarray,
) -> None:
    """Apply the lessons of the settled orders ``rows``, in order of their numbers; who turns away looks again after ``recheck_days`` on average.

    Of a vendor who has another name by now only those who have a tie with it learn something.
    """
    p = given[0]
    for i in range(len(rows)):
        if i + AHEAD < len(rows):
            ask_for_buyer(orders.consumer[rows[i + AHEAD]], consumers)
        o = rows[i]
        c, v, m, channel = orders.consumer[o], orders.vendor[o], orders.platform[o], orders.channel[o]
        u1, u2, u3, u4 = uniform4(when.seed, TIE, c, orders.day[o], 0)
        arrived = orders.outcome[o] == DELIVERED
        rating = orders.rating[o]
        good = arrived and orders.late[o] == 0 and orders.noticed[o] == 0
        a = account_of(vendors, v, m)
        same_name = orders.identity[o] == vendors.identity[v]
        if a >= 0 and rating != NO_RATING and same_name:
            if rating >= GOOD_RATING:
                vendors.positive[v, a] += 1.0
            else:
                vendors.negative[v, a] += 1.0
        place = -1
        if same_name or has_tie(consumers, c, v):
            place = remember(consumers, c, v, good, u1, p.forget_after_bad)
        group = GROUP[channel]
        if arrived and channel != LICENSED:  # which says nothing of what is illicit
            consumers.legal_calm[c, group] += 1.0
            if channel == CRYPTO:
                consumers.loss_calm[c] += 1.0
        elif orders.outcome[o] == SEIZED:
            consumers.legal_hits[c, group] += p.parcel_fright
        if channel == CRYPTO:
            believe_market(consumers, c, m, good)
            if place >= 0 and vendors.channel[v] == CRYPTO and u2 < p.tie_chance * consumers.bought[c, place]:
                consumers.tie[c, place] = 1
            active = consumers.market_state[c] == ACTIVE
            if consumers.considering[c] == BOUGHT:  # for the first time: who now knows what it is like decides anew
                consumers.considering[c] = EXPERIENCED
                if active:
                    consumers.market_state[c], consumers.market_until[c] = LAPSED, when.day + 1
            elif active and not arrived and u3 < p.quit_after_bad:
                consumers.market_state[c], consumers.home[c] = LAPSED, NO_SLOT
                consumers.market_until[c] = min(LAST_DAY, when.day + 1 + int(recheck_days * exponential_from(u4)))
        elif channel == PHARMACY:
            consumers.pharmacy_home[c] = m if good else NO_SLOT
        elif channel == APP:
            consumers.app_home[c] = m if good else NO_SLOT


@kernel
def fade(
    lo: int, hi: int, month: int, day: int, consumers: Any, kept: np.ndarray, stigma: np.ndarray, given: np.ndarray
) -> None:
    """Let the beliefs of the rows whose monthly turn it is fade.

    Hits and calm fade by ``w`` a month, caution, verification and knowledge of services by their half-lives (``kept``);
    ``stigma`` (J,) multiplies the stigma to which people return.
    """
    p = given[0]
    first = lo + (day - lo) % month
    w = p.forgetting
    for c in range(first, hi, month):
        for g in range(RISK_GROUPS):
            consumers.legal_hits[c, g] *= w
            consumers.legal_calm[c, g] *= w
        for k in range(DANGERS):
            consumers.danger[c, k] *= w
        consumers.loss_hits[c] *= w
        consumers.loss_calm[c] *= w
        memory = consumers.memory[c]
        for k in range(KNOWN_MARKETS if memory > 0 else 0):
            consumers.market_hits[memory, k] *= w
            consumers.good[memory, k] *= w
            consumers.bad[memory, k] *= w
        consumers.caution[c] *= kept[0]
        consumers.verification[c] = p.verification_floor + (consumers.verification[c] - p.verification_floor) * kept[1]
        consumers.trust_police[c] += p.trust_recovery * (p.trust_normal - consumers.trust_police[c])
        normal = min(p.stigma_normal * stigma[consumers.jurisdiction[c]], 1.0)
        consumers.stigma[c] += p.trust_recovery * (normal - consumers.stigma[c])
        consumers.support_knowledge[c] = p.support_floor + (consumers.support_knowledge[c] - p.support_floor) * kept[2]


@kernel
def fade_vendors(n: int, vendors: Any, keep: float) -> None:
    """Let sales and ratings fade by ``keep`` a day."""
    for v in range(n):
        if vendors.alive[v] == 1:
            vendors.sales[v] *= keep
            for a in range(ACCOUNTS):
                vendors.positive[v, a] *= keep
                vendors.negative[v, a] *= keep


@kernel
def note(lo: int, hi: int, practice: np.ndarray, support: np.ndarray, considering: np.ndarray, was: np.ndarray) -> None:
    """Note the state that peers learn of side by side in ``was``."""
    for c in range(lo, hi):
        was[c, PRACTICE], was[c, SUPPORT], was[c, CONSIDERING] = practice[c], support[c], considering[c]


class Talk(NamedTuple):
    """What is said this week besides what friends say."""

    forum: np.ndarray  # (posts, 6) what can be read in forums
    initiation: np.ndarray  # (J,) what multiplies advertising and word of mouth
    ads: float  # exposure to adverts, 1 when nothing is removed
    alerted: np.ndarray  # (J, 4, 100) what the week's alerts teach
    messages: Messages


@kernel
def hear_peers(
    lo: int,
    hi: int,
    when: Moment,
    consumers: Any,
    friends: Friends,
    was: np.ndarray,
    talk: Talk,
    given: np.ndarray,
    starts: np.ndarray,
) -> None:
    """Weekly turn: practice learned from peers, forums and alerts, knowledge of services; who starts to consider an illicit online source.

    ``was`` is the state before the phase, a row for each consumer: practice, knowledge of services, stage of considering. ``starts`` becomes
    BEGINS or STOPS for those whose stage changes.
    """
    p = given[0]
    first = lo + (when.day - lo) % WEEK
    for c in range(first, hi, WEEK):
        if c + AHEAD * WEEK < hi:
            ask_for_friends(c + AHEAD * WEEK, friends, was)
        if consumers.alive[c] == 0:
            continue
        a, b = friends.start[c], friends.start[c + 1]
        total, told, online = 0.0, 0.0, 0
        for k in range(a, b):
            friend = friends.who[k]
            total += was[friend, PRACTICE]
            told += was[friend, SUPPORT]
            online += 1 if was[friend, CONSIDERING] > CONSIDERS else 0
        hr, considering = was[c, PRACTICE], was[c, CONSIDERING]
        peers = total / (b - a) if b > a else hr
        hr += p.practice_peers * (peers - hr) - p.practice_decay * hr
        if considering > NOT_YET:
            hr += p.practice_forum * read_posts(c, when, consumers, talk.forum, p.posts_read, len(was)) * (1.0 - hr)
        j = consumers.jurisdiction[c]
        hr += talk.alerted[j, consumers.segment[c], consumers.turn[c]] * (1.0 - hr)
        if b > a:
            consumers.support_knowledge[c] += p.support_peers * (told / (b - a) - was[c, SUPPORT])
        consumers.practice[c] = min(max(hr, 0.0), 1.0)
        hear_messages(c, when, consumers, talk.messages)
        if considering > CONSIDERS or consumers.stage[c] != USES:
            continue
        u1, u2, _, _ = uniform4(when.seed, SOCIAL, c, when.day, 0)
        if considering == NOT_YET:
            share = online / (b - a) if b > a else 0.0
            starts[c] = (
                BEGINS if u1 < WEEK * (p.advertising * talk.ads + p.word_of_mouth * share) * talk.initiation[j] else 0
            )
        else:
            starts[c] = STOPS if u2 < WEEK * p.stop_considering else 0


def learning(state: MarketState) -> None:
    """Phase 11: lessons of settled orders; friends come and go; peers and forums; everything fades."""
    p, c, n, day, o = state.p.learning, state.consumers.columns, state.consumers.n, state.day, state.books.open_orders
    x, due = o.columns, state.books.due
    learners, sellers = narrow(c, views.LearningConsumers), narrow(state.vendors.columns, views.LearningVendors)
    settled, given = narrow(x, views.LearningOrders), state.given.learning
    learn_from_orders(due, state.moment, settled, learners, sellers, state.p.migration.recheck_days, given)
    forum_talk(state, due)
    friendship(state)
    half = 0.5 ** (1.0 / p.reputation_days)
    fade_vendors(state.vendors.n, sellers, half)
    levers = state.levers
    kept = 0.5 ** (MONTH / np.array([p.caution_days, p.support_days, p.support_days]))
    over_rows(state.pool, fade, n, MONTH, day, learners, kept, levers.stigma, given, least=WORTH_SHARING_SCANS)
    was, starts = np.empty((n, 4), np.float32), np.zeros(n, np.uint8)  # four to a row: it lies in one line of the cache
    over_rows(state.pool, note, n, c.practice, c.support_knowledge, c.considering, was, least=WORTH_SHARING_SCANS)
    initiation = levers.initiation * (1.0 + p.publicity_draws * state.publicity)
    talk = Talk(
        state.forum.readable, initiation, state.trade.ads_seen, alerts_of_week(state), messages_of_week(levers)
    )  # fmt: skip
    over_rows(state.pool, hear_peers, n, state.moment, learners, state.world.friends, was, talk, given, starts)
    turn_to_markets(day, starts, narrow(c, views.SeekingConsumers))
    t = state.platform_table.columns
    be_found(t.channel, t.visibility, np.float32(state.p.platforms.visibility_days))
    state.books.settled = x.consumer[due].astype(np.int64), x.channel[due]
    state.books.order_counts += np.bincount(x.outcome[due], minlength=len(state.books.order_counts))
