"""Moderation: apps remove accounts that sell, platforms ban substances; sellers come back, move, give a line up, or sell on under cover names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import MOST_COUNTED, NO_SLOT, Channel, ExitCause
from sim.agents.platforms import draw_keys
from sim.kernels import kernel
from sim.market import views
from sim.market.groups import Moment
from sim.market.learning.fear import NEW_NAME
from sim.market.learning.web import web
from sim.market.views import narrow
from sim.streams import Draw, uniform, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState

MODERATION, ACCOUNT_REMOVED, RETIRED = int(Draw.MODERATION), int(Draw.ACCOUNT_REMOVED), int(ExitCause.RETIRED)

MONTH = 30.0


def moderate(state: MarketState) -> None:
    """Phase 4, intermediaries: search and access, app accounts, bans."""
    web(state)
    remove_accounts(state)
    ban_listings(state)


@kernel
def remove_from(
    n: int,
    when: Moment,
    apps: np.ndarray,
    chance: np.ndarray,
    quits: float,
    reset: float,
    vendors: Any,
    news: np.ndarray,
    removed: np.ndarray,
) -> None:
    """Remove each account on one of the ``apps`` (slots) with its ``chance``; of their sellers the share ``quits`` give up, the sales of all are ``reset``.

    ``removed`` counts them by app.
    """
    for v in range(n):
        if vendors.alive[v] == 0:
            continue
        for k in range(len(apps)):
            if (
                vendors.account[v, 0] != apps[k]
                or uniform(when.seed, MODERATION, vendors.key[v], when.day, 0) >= chance[k]
            ):
                continue
            removed[k] += 1
            vendors.identity[v] = min(vendors.identity[v] + 1, MOST_COUNTED)
            news[v] |= NEW_NAME
            vendors.sales[v] *= reset
            vendors.positive[v, 0], vendors.negative[v, 0] = 0.0, 0.0
            if uniform(when.seed, ACCOUNT_REMOVED, vendors.key[v], when.day, 0) < quits:
                vendors.exit_cause[v] = RETIRED


@kernel
def refill_feeds(
    apps: np.ndarray, chance: np.ndarray, days: float, attraction: np.ndarray, visibility: np.ndarray
) -> float:
    """Adverts in each of the ``apps`` (slots) are seen less by as many accounts as are removed, and come back in so many ``days``; returns how much is seen."""
    seen, pull = 0.0, 0.0
    for k in range(len(apps)):
        m = apps[k]
        visible = visibility[m] * np.float32(1.0 - chance[k])
        visible += (np.float32(1.0) - visible) / days
        visibility[m] = visible
        seen += float(attraction[m] * visible)
        pull += float(attraction[m])
    return seen / max(pull, 1e-9)


def remove_accounts(state: MarketState) -> None:
    """Social-media companies remove accounts that sell. Most sellers are back at once under a new name, without ratings and followers; adverts are seen less."""
    v, p, t = state.vendors, state.p.vendors, state.platform_table.columns
    apps = np.array([company.platform.slot for company in state.media], np.int64)
    chance = (
        np.array([company.moderation for company in state.media]) + state.levers.moderation[t.jurisdiction[apps]]
    ) / MONTH
    removed = np.zeros(len(apps), np.int64)
    remove_from(
        v.n, state.moment, apps, chance, p.removed_exit, np.float32(p.reset_sales), narrow(v.columns, views.AccountVendors),
        state.trade.vendor_news, removed,
    )  # fmt: skip
    for company, number in zip(state.media, removed.tolist(), strict=True):
        company.removed += number
    state.trade.ads_seen = refill_feeds(
        apps, chance, np.float32(state.p.platforms.feed_days), t.attraction, t.visibility
    )


def ban_listings(state: MarketState) -> None:
    """Platforms ban substances; their vendors close accounts, give the line up, or go on under cover names.

    A vendor whose main substance is banned on some of its platforms leaves these; one who is banned from it everywhere gives it up, and the accounts too
    when nothing else is left to sell; who has no account gives up what all cryptomarkets ban. Who evades sells on, under the names of other goods, so that no
    rating holds it to what was sold: what it sends is as of the least careful vendor. Lines are taken up again when the ban is over.
    """
    asked = state.levers.listing_ban
    if not asked.any() and not state.trade.bans:
        return
    v, t, n, seed = state.vendors.columns, state.platform_table.columns, state.vendors.n, int(state.seed)
    banned = np.zeros(NO_SLOT + 1, np.uint32)
    slots = np.concatenate([state.crypto_slots(), state.open_slots(Channel.SOCIAL_APP)])
    key = draw_keys(t, slots)
    for s in asked.any(axis=0).nonzero()[0]:
        willing = uniforms(seed, Draw.LISTING_BAN, key, 0, int(s)) < asked[t.jurisdiction[slots], s]
        banned[slots[willing]] |= np.uint32(1 << int(s))
    state.trade.bans = bool(banned.any())
    live = (
        (v.alive[:n] == 1) & ((v.channel[:n] == Channel.SOCIAL_APP) | (v.channel[:n] == Channel.CRYPTOMARKET))
    ).nonzero()[0]
    open_about_it = uniforms(seed, Draw.EVASION, v.key[live], 0) >= state.p.vendors.evasion
    main = np.uint32(1) << v.main[live].astype(np.uint32)
    has = v.account[live] != NO_SLOT
    barred = has & ((banned[v.account[live]] & main[:, None]) > 0) & open_about_it[:, None]
    leaves = barred & (has & ~barred).any(axis=1)[:, None]
    v.account[live] = np.where(leaves, NO_SLOT, v.account[live])
    barred_lines = np.bitwise_or.reduce(banned[v.account[live]], axis=1)
    lines = v.carries[live] | v.dropped[live]
    v.covered[live] = ~open_about_it & ((barred_lines & lines) > 0)
    if len(state.crypto_slots()):
        away = (v.channel[live] == Channel.CRYPTOMARKET) & ~has.any(axis=1)
        barred_lines[away] = np.bitwise_and.reduce(banned[state.crypto_slots()])
    mask = np.where(open_about_it, barred_lines, np.uint32(0)).astype(np.uint32)
    v.carries[live], v.dropped[live] = lines & ~mask, lines & mask
    nothing = live[(v.carries[live] == 0) & (lines > 0) & (v.channel[live] == Channel.CRYPTOMARKET)]
    v.account[nothing] = NO_SLOT
