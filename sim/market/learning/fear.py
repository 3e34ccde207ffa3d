"""Fear: what people take from closures and arrests, by what they see themselves and what friends and forums tell them.

Nobody knows a market's share of trade. Who loses the market used by habit looks at the friends: where their markets are still there it was bad luck,
where theirs fell too no place seems safe. What strikes one market is felt there most, and elsewhere as far as hearsay goes. The rival (`submodels.fear`),
which was the rule before, lets everybody know the market's share of trade: fright grows as a power of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import NO_SLOT, Channel, Considering, Fear, RiskGroup
from sim.agents.consumers import KNOWN_MARKETS, REMEMBERED_VENDORS, RISK_GROUPS
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.blocks import WORTH_SHARING_SCANS, over_rows, rows_marked
from sim.market.groups import Friends, Struck
from sim.market.views import narrow

if TYPE_CHECKING:
    from sim.market.state import MarketState

NOT_YET, MARKETS, PARTNERS = int(Considering.NOT_YET), int(RiskGroup.CRYPTO), int(RiskGroup.DIRECT)

HALF = 0.5
"""Share of trade at which fear by share is stated."""
RECENT = 7
"""Days for which a lost market is news."""

GROUP = np.array([int(RiskGroup.OPEN_WEB)] * (len(Channel) + 1), np.uint8)
"""Risk group in which what police do about a channel is felt; the last place is that of who buys nowhere."""
GROUP[Channel.CRYPTOMARKET], GROUP[Channel.DIRECT], GROUP[Channel.STREET] = (
    RiskGroup.CRYPTO, RiskGroup.DIRECT, RiskGroup.OFFLINE,
)  # fmt: skip

NEW_NAME = 1 << RISK_GROUPS
"""Bit of a vendor's news beside those of the risk groups that its arrest frightens."""


class Arrests(NamedTuple):
    """Arrests of vendors of which people hear today."""

    news: np.ndarray  # (V + 1,) bits: risk group in which an arrest is felt, `NEW_NAME`; 0 for nobody (-1), the last
    share: np.ndarray  # (P,) of a cryptomarket's vendors who were arrested
    fright: float  # what the arrest of a vendor of one's own adds to perceived risk
    forum: float  # worth of what forums say, 0 to 1


@inner
def feel(consumers: Any, c: int, m: int, hits: float, hearsay: float) -> None:
    """Let a consumer feel ``hits`` at the cryptomarket ``m``, and the share ``hearsay`` of it at its like; at all of them where there is no ``m``."""
    if m == NO_SLOT:
        consumers.legal_hits[c, MARKETS] += hits
        return
    memory = consumers.memory[c]
    for k in range(KNOWN_MARKETS):
        if consumers.known[memory, k] == m:
            consumers.market_hits[memory, k] += (1.0 - hearsay) * hits
    consumers.legal_hits[c, MARKETS] += hearsay * hits


# Closures -------------------------------------------------------------------------------------------------------------
@kernel
def talk_of_closures(
    lo: int, hi: int, day: int, consumers: Any, friends: Friends, struck: Struck, given: np.ndarray
) -> None:
    """Let the consumers ``lo:hi`` take in the closures of today, once for all of them.

    Who lost a market in a raid looks at the friends: each who lost one in these days too is an event, each whose market is still there an uneventful
    order; the forum counts as ``forum_talk`` friends who fared like everybody. Others hear of the raid from friends, and of money that was lost.
    """
    p = given[0]
    for c in range(lo, hi):
        if consumers.considering[c] == NOT_YET:
            continue
        had, lost = struck.forum, struck.forum * struck.lost
        raided, robbed = 0.0, 0.0
        for i in range(friends.start[c], friends.start[c + 1]):
            f = friends.who[i]
            gone = day - consumers.lost_day[f] < RECENT
            had += 1.0 if gone or consumers.home[f] != NO_SLOT else 0.0
            lost += 1.0 if gone else 0.0
            raided += struck.raided[f]
            robbed += struck.robbed[f]
        if had <= 0.0:
            continue
        if struck.raided[c] > 0.0:
            consumers.legal_hits[c, MARKETS] += p.raid_own + p.raid_friends * lost
            consumers.legal_calm[c, MARKETS] += p.raid_friends * (had - lost)
        else:
            consumers.legal_hits[c, MARKETS] += p.hearsay * p.raid_own * struck.publicity * raided / had
        if struck.robbed[c] == 0.0:
            consumers.loss_hits[c] += p.loss_heard * robbed / had


@kernel
def fear_by_share(lo: int, hi: int, consumers: Any, struck: Struck, given: np.ndarray) -> None:
    """The rival of `talk_of_closures`: the consumers ``lo:hi`` know the closed market's share of trade, and look at no friends.

    Its users take a raid as ``raid_own`` events and ``raid_friends`` times a power of the share over one half; others as far as hearsay goes, by how public
    it was. Of money lost others think in proportion to the share, as at most where it was one half.
    """
    p = given[0]
    size = (struck.share / HALF) ** p.raid_exponent
    for c in range(lo, hi):
        if consumers.considering[c] == NOT_YET:
            continue
        if struck.raided[c] > 0.0:
            consumers.legal_hits[c, MARKETS] += p.raid_own + p.raid_friends * size
        elif struck.share > 0.0:
            consumers.legal_hits[c, MARKETS] += p.hearsay * p.raid_own * struck.publicity * size
        if struck.robbed[c] == 0.0:
            consumers.loss_hits[c] += p.loss_heard * min(1.0, struck.stolen / HALF)


# Arrests --------------------------------------------------------------------------------------------------------------
@kernel
def hear_of_own_vendors(
    lo: int, hi: int, consumers: Any, arrests: Arrests, given: np.ndarray, told: np.ndarray
) -> None:
    """Let the consumers ``lo:hi`` hear the news of the vendors whom they remember; ``told`` (n, groups) counts those arrested from whom they bought.

    The arrest of a vendor of cryptomarkets is felt in direct deals too: in full by direct partners.
    """
    p = given[0]
    for c in range(lo, hi):
        caught_partners, news = 0, 0
        for j in range(REMEMBERED_VENDORS):
            news |= arrests.news[consumers.vendor[c, j]]
        for g in range(RISK_GROUPS):
            told[c, g] = 0
        if news == 0:
            continue
        for j in range(REMEMBERED_VENDORS):
            v = consumers.vendor[c, j]
            if v < 0 or arrests.news[v] == 0:
                continue
            for g in range(RISK_GROUPS):
                if (arrests.news[v] >> g) & 1 and consumers.bought[c, j] > 0:
                    told[c, g] += 1
            if (arrests.news[v] >> MARKETS) & 1 and consumers.bought[c, j] > 0:
                caught_partners += consumers.tie[c, j]
            if arrests.news[v] & NEW_NAME and consumers.tie[c, j] == 0:
                consumers.vendor[c, j], consumers.bought[c, j] = -1, 0
        for g in range(RISK_GROUPS):
            hits = told[c, g] * arrests.fright
            if g == MARKETS:
                feel(consumers, c, consumers.home[c], hits, p.hearsay)
            else:
                consumers.legal_hits[c, g] += hits
        consumers.legal_hits[c, PARTNERS] += arrests.fright * (
            caught_partners + p.hearsay * (told[c, MARKETS] - caught_partners)
        )


@kernel
def mark_friends(rows: np.ndarray, friends: Friends, near: np.ndarray) -> None:
    """Mark in ``near`` (n,) the friends of these consumers."""
    for c in rows:
        for i in range(friends.start[c], friends.start[c + 1]):
            near[friends.who[i]] = 1


@kernel
def talk_of_arrests(
    lo: int,
    hi: int,
    consumers: Any,
    friends: Friends,
    arrests: Arrests,
    given: np.ndarray,
    told: np.ndarray,
    near: np.ndarray,
) -> None:
    """Let the consumers ``lo:hi`` hear of arrests from friends whose vendors they were, and from forums how many of a market's vendors were caught.

    ``near`` (n,) marks who has a friend of whose vendors ``told`` counts any.
    """
    p, on_markets = given[0], False
    for m in range(len(arrests.share)):
        on_markets |= arrests.share[m] > 0.0
    for c in range(lo, hi):
        if not near[c] and not on_markets:
            continue
        a, b = friends.start[c], friends.start[c + 1]
        for i in range(a, b if near[c] else a):
            f = friends.who[i]
            for g in range(RISK_GROUPS):
                if told[f, g] > 0:
                    hits = p.hearsay * arrests.fright * told[f, g] / (b - a)
                    if g == MARKETS:
                        feel(consumers, c, consumers.home[f], hits, p.hearsay)
                    else:
                        consumers.legal_hits[c, g] += hits
        memory = consumers.memory[c]
        if not on_markets or memory == 0 or consumers.considering[c] == NOT_YET:
            continue
        for k in range(KNOWN_MARKETS):
            m = consumers.known[memory, k]
            if m != NO_SLOT and arrests.share[m] > 0.0:
                feel(consumers, c, m, arrests.forum * arrests.fright * arrests.share[m], p.hearsay)


def spread_news(state: MarketState) -> None:
    """Everybody hears of today's closures and of the news of vendors."""
    trade, n = state.trade, state.consumers.n
    listeners = narrow(state.consumers.columns, views.FearConsumers)
    friends, p = state.world.friends, state.given.learning
    if trade.struck is not None:
        if state.rules.fear == Fear.SHARE:
            over_rows(state.pool, fear_by_share, n, listeners, trade.struck, p)
        else:
            over_rows(state.pool, talk_of_closures, n, state.day, listeners, friends, among_all(state, trade.struck), p)
        trade.struck = None
    if trade.vendor_news.any():
        told = np.empty((n, RISK_GROUPS), np.uint8)
        arrests = Arrests(
            np.append(trade.vendor_news, np.uint8(0)), caught_by_market(state), state.p.enforcement.arrest_fright,
            state.forum.worth,
        )  # fmt: skip
        over_rows(state.pool, hear_of_own_vendors, n, listeners, arrests, p, told, least=WORTH_SHARING_SCANS)
        near = np.zeros(n, np.uint8)
        mark_friends(rows_marked(told.view(np.uint32)[:, 0]), friends, near)  # four groups, a byte each
        if near.any() or arrests.share.any():
            over_rows(state.pool, talk_of_arrests, n, listeners, friends, arrests, p, told, near)
        trade.vendor_news[:], trade.arrested = 0, np.zeros(0)


def among_all(state: MarketState, struck: Struck) -> Struck:
    """Today's closures, ``struck``, with what the forum says: the share of all who had a market who lost theirs in these days."""
    c, n = state.consumers.columns, state.consumers.n
    lost = state.day - c.lost_day[:n].astype(np.int64) < RECENT
    had = np.count_nonzero(lost | (c.home[:n] != NO_SLOT))
    return struck._replace(lost=np.count_nonzero(lost) / max(had, 1), forum=state.p.learning.forum_talk)


def caught_by_market(state: MarketState) -> np.ndarray:
    """(P,) share of the accounts of each cryptomarket whose vendors were arrested today."""
    caught = np.zeros(state.platform_table.capacity)
    caught[: len(state.trade.arrested)] = state.trade.arrested
    return caught / np.maximum(np.maximum(state.platform_table.columns.vendors, caught), 1.0)  # accounts of yesterday


def strike(state: MarketState, users: np.ndarray, raid: float | None, robbed: float, share: float) -> None:
    """Note that ``users`` lost their market today, in a raid of that publicity or (None) to thieves, how far money was lost, and its ``share`` of trade."""
    n, struck = state.consumers.n, state.trade.struck
    if struck is None:
        struck = Struck(np.zeros(n, np.float32), np.zeros(n, np.float32), 0.0, 0.0, 0.0, 0.0, 0.0)
    struck.raided[users], struck.robbed[users] = raid is not None, robbed
    state.trade.struck = struck._replace(
        publicity=max(struck.publicity, raid or 0.0),
        share=struck.share + (1.0 - struck.share) * (share if raid is not None else 0.0),  # of what was left
        stolen=struck.stolen + (1.0 - struck.stolen) * share * robbed,
    )
    state.consumers.columns.lost_day[users] = state.day
