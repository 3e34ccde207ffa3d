"""Forums: buyers on cryptomarkets write what happened to them, and those who think of buying there read a few posts a week.

Nobody reads all: who is warned of a cheat is who came upon a warning, and the more is written that is false, the less that is true is read. There are as many more
posts as people are simulated, and as many more are read for warnings, so that one is as likely to be come upon. What a forum is worth is what its members
know: those who use with care write about it. With a market that is raided or robbed the posts of its users are lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import NO_SLOT, NOBODY, Channel, Post, Written
from sim.agents.consumers import REMEMBERED_VENDORS
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.groups import Moment
from sim.market.views import narrow
from sim.streams import Draw, pick, uniform, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

READ, WRITTEN, CRYPTO = int(Draw.FORUM_READ), int(Draw.FORUM_POST), int(Channel.CRYPTOMARKET)
DAY, MARKET, VENDOR, BAD, ADVICE = int(Post.DAY), int(Post.MARKET), int(Post.VENDOR), int(Post.BAD), int(Post.ADVICE)
MONTH = 30
"""Days for which a post is read."""
WORLD = 20_000.0
"""Consumers for which posts read for warnings are stated."""
MOST = 5.0
"""Times as many posts as are read in such a world, which nobody exceeds: memory has room for four vendors, and in a country each post more is paid for by all."""


@kernel
def write_posts(
    due: np.ndarray,
    when: Moment,
    orders: Any,
    identity: np.ndarray,
    practice: np.ndarray,
    share: float,
    posts: np.ndarray,
) -> int:
    """Fill ``posts`` with those that a ``share`` of the buyers on cryptomarkets write of the orders ``due``; who uses with care gives advice. Returns how many.

    They warn of a vendor by the name under which it sold, its ``identity`` (vendors,): who has another one by now is not known by it.
    """
    many = 0
    for o in due:
        c = orders.consumer[o]
        if orders.channel[o] != CRYPTO or uniform(when.seed, WRITTEN, c, when.day, 0) >= share:
            continue
        posts[many, DAY], posts[many, MARKET], posts[many, VENDOR] = when.day, orders.platform[o], orders.vendor[o]
        posts[many, BAD] = orders.dispatched[o] == 0 and orders.identity[o] == identity[orders.vendor[o]]
        posts[many, ADVICE] = uniform(when.seed, WRITTEN, c, when.day, 1) < practice[c]
        many += 1
    return many


def forum_talk(state: MarketState, due: np.ndarray) -> None:
    """Some buyers write of the orders that were settled today, and false posts and ratings are put among them."""
    o, forum = state.books.open_orders.columns, state.forum
    forum.forget(state.day - MONTH)
    posts = np.zeros((len(due), len(Post)), np.int32)
    many = write_posts(
        due, state.moment, narrow(o, views.TalkedOfOrders), state.vendors.columns.identity, state.consumers.columns.practice,
        state.p.learning.posting, posts,
    )  # fmt: skip
    forum.write(posts[:many])
    if state.levers.false_signal.any():
        false_talk(state, np.minimum(state.levers.false_signal, 0.99))


def false_talk(state: MarketState, share: np.ndarray) -> None:
    """Bad ratings of honest vendors, ``share`` (J,) for each sale by where they ship from, and posts that say the same of them.

    There are so many posts that this share of a month's about vendors there is false. A sale is rated once: a vendor's are spread over the own accounts.
    """
    v, n, board = state.vendors.columns, state.vendors.n, state.forum.posts
    meant = share[v.jurisdiction[:n]] > 0.0
    live = ((v.alive[:n] == 1) & (v.channel[:n] == Channel.CRYPTOMARKET) & meant).nonzero()[0]
    if not len(live):
        return
    here, sales, held = share[v.jurisdiction[live]], v.recent[live], v.account[live] != NO_SLOT
    v.negative[live] += (here * sales / np.maximum(held.sum(axis=1), 1))[:, None] * held
    odds, about = share / (1.0 - share), v.jurisdiction[board[:, Post.VENDOR]]
    true = board[:, Post.STATE] == Written.TRUE
    false = (board[:, Post.STATE] == Written.FALSE) & (share[about] > 0.0)
    missing = max(int(odds[about[true]].sum()) - np.count_nonzero(false), 0)
    u = uniforms(int(state.seed), Draw.FORUM_FALSE, np.arange(missing), state.day)
    posts = np.zeros((missing, len(Post)), np.int32)
    posts[:, Post.DAY], posts[:, Post.MARKET], posts[:, Post.BAD] = state.day, NO_SLOT, 1
    posts[:, Post.VENDOR] = live[pick(np.cumsum(odds[v.jurisdiction[live]] * (sales + 1e-9)), u)]
    posts[:, Post.STATE] = Written.FALSE
    state.forum.write(posts)


@inner
def keep_away(consumers: Any, c: int, v: int) -> None:
    """Remember a vendor as one to keep away from, unless it is known already or every place is taken by one who was bought from."""
    place = NOBODY
    for j in range(REMEMBERED_VENDORS):
        if consumers.vendor[c, j] == v:
            return
        if consumers.bought[c, j] == 0 and (place < 0 or consumers.vendor[c, j] < 0):
            place = j
    if place >= 0:
        consumers.vendor[c, place], consumers.tie[c, place] = v, 0


@inner
def read_posts(c: int, when: Moment, consumers: Any, posts: np.ndarray, usual: float, people: int) -> int:
    """Let a consumer read ``posts`` of the last month. Returns how many gave advice, of the ``usual`` number.

    Warnings are remembered, of so many posts for each `WORLD` of the ``people`` simulated (at most `MOST` times), a fraction of one by chance.
    """
    advised, n = 0, len(posts)
    for_advice, for_warnings = int(usual), usual * min(people / WORLD, MOST)
    if n == 0:
        return 0
    looks = int(for_warnings + uniform(when.seed, WRITTEN, c, when.day, 2))
    for i in range(max(for_advice, looks)):
        k = int(uniform(when.seed, READ, c, when.day, i) * n)
        if i < looks and posts[k, BAD] == 1:
            keep_away(consumers, c, posts[k, VENDOR])
        if i < for_advice:
            advised += posts[k, ADVICE]
    return advised
