"""Choice: channel and platform by nested logit, then a known vendor or a new one.

Nobody chooses an illicit pharmacy: a consumer searches the open web and meets licensed and illicit sellers there. The street, licensed supply and
abstaining are alternatives like any other, so displacement comes out of what is left when one of them gets worse.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.agents.codes import ABSTAIN, NO_SLOT, SEARCH, Channel, Membership, PlatformStatus, RiskGroup
from sim.kernels import inner, maker
from sim.market import views
from sim.market.beliefs import event_risk
from sim.market.blocks import over_rows
from sim.market.choice.conditions import conditions
from sim.market.choice.market import best_market
from sim.market.choice.migration import seek_markets
from sim.market.choice.offers import build_offers
from sim.market.choice.search import draw_cumulative, search
from sim.market.choice.vendor import (
    CANDIDATES,
    IMPOSSIBLE,
    Room,
    border_weight,
    direct_vendor,
    draw_logit,
    known_vendor,
    new_vendor,
)
from sim.market.demand.demand import FROM_STASH, Needs
from sim.market.views import narrow
from sim.streams import Draw, normal_from, uniform, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

CHANNEL, TASTE = int(Draw.CHANNEL), int(Draw.TASTE)
VENDOR = int(Draw.VENDOR)
LICENSED, APP, CRYPTO, DIRECT, STREET = (
    int(Channel.LICENSED_PHARMACY), int(Channel.SOCIAL_APP), int(Channel.CRYPTOMARKET), int(Channel.DIRECT), int(Channel.STREET),
)  # fmt: skip
ACTIVE = int(Membership.ACTIVE)
WEB, DARK, OFFLINE = int(RiskGroup.OPEN_WEB), int(RiskGroup.CRYPTO), int(RiskGroup.OFFLINE)
NOT_TODAY, CHOSEN, NOT_FOUND = 0, 1, 2


class Choices(NamedTuple):
    """What was chosen for each need: status, channel, platform slot, vendor row."""

    status: np.ndarray
    channel: np.ndarray
    platform: np.ndarray
    vendor: np.ndarray


@inner
def channel_utilities(
    out: np.ndarray,
    seed: int,
    c: int,
    s: int,
    status: int,
    market_value: float,
    consumers: Any,
    table: Any,
    today: Any,
    p: Any,
) -> None:
    """Fill ``out`` (7) with the utilities of the channels, search at the illicit pharmacy's place, and of abstaining."""
    t1, t2, t3, t4 = uniform4(seed, TASTE, c, 0, 0)
    j = consumers.jurisdiction[c]
    kind = 0 if status <= 1 else status - 1
    price = math.log(table.dose_usd[s] * today.price_factor[j] / p.reference_dose_usd)
    premium = math.log(table.premium[j, s])
    sensitivity = consumers.price_sensitivity[c]
    skill, caution = consumers.skill[c], consumers.caution[c]
    online = consumers.considering[c] > 0
    web = event_risk(consumers.legal_hits[c, WEB], consumers.legal_calm[c, WEB], p.risk_a, p.risk_b)
    dark = event_risk(consumers.legal_hits[c, DARK], consumers.legal_calm[c, DARK], p.risk_a, p.risk_b)
    offline = event_risk(consumers.legal_hits[c, OFFLINE], consumers.legal_calm[c, OFFLINE], p.risk_a, p.risk_b)
    loss = event_risk(consumers.loss_hits[c], consumers.loss_calm[c], p.risk_a, p.risk_b)
    for a in range(ABSTAIN):
        out[a] = IMPOSSIBLE
    out[ABSTAIN] = -p.dependence_pull * consumers.dependence[c]
    if table.sold[LICENSED, s] and status < 3:
        out[LICENSED] = p.licensed
    if online and table.sold[SEARCH, s]:
        asc = p.search_medicine if kind == 0 else (p.search_controlled if kind == 1 else p.search_prohibited)
        out[SEARCH] = asc + p.skill_search * skill + p.taste_sd * normal_from(t1) - caution - p.web_risk_weight * web
    if online and table.sold[APP, s] and len(today.app_slot) > 0:
        out[APP] = p.app + p.skill_app * skill + p.taste_sd * normal_from(t2) - caution - p.web_risk_weight * web
        out[APP] += math.log(1.0 - today.warning * p.warning_leaves)
        if consumers.app_home[c] == NO_SLOT:
            out[APP] += p.exposure_weight * today.app_exposure  # who has no contact finds one through adverts
    if online and market_value > IMPOSSIBLE:
        out[CRYPTO] = (
            p.crypto + p.skill_crypto * skill + p.taste_sd * normal_from(t3) + market_value
            - caution - p.legal_risk_weight * dark - p.loss_weight * loss
        )  # fmt: skip
    if table.sold[STREET, s]:
        out[STREET] = p.street + p.taste_sd * normal_from(t4) - p.offline_risk_weight * offline + today.street_open[j]
    for a in range(ABSTAIN):
        if out[a] > IMPOSSIBLE:
            out[a] -= sensitivity * (today.price_level[a] + price + (premium if a != LICENSED else 0.0))
            if consumers.habit[c] == a:
                out[a] += p.habit


@inner
def seller(
    seed: int,
    c: int,
    s: int,
    m: int,
    day: int,
    channel: int,
    attempt: int,
    room: Room,
    consumers: Any,
    vendors: Any,
    offers: Any,
    n_substances: int,
    p: Any,
) -> int:
    """A vendor on slot ``m`` who sells ``s``, -1 for none: a known one, a new one, or where nobody is new a known one after all."""
    w1, w2, _, _ = uniform4(seed, VENDOR, c, day, attempt)
    v = known_vendor(c, s, m, w1, w2, room.weights, consumers, vendors, offers, p)
    if v < 0:
        v = new_vendor(seed, c, s, m, day, attempt, border_weight(channel, p), room, consumers, offers, n_substances, p)
    if v < 0:
        v = known_vendor(c, s, m, 1.0, w2, room.weights, consumers, vendors, offers, p)
    return v


@inner
def choose_for(
    i: int,
    c: int,
    s: int,
    seed: int,
    day: int,
    consumers: Any,
    vendors: Any,
    offers: Any,
    table: Any,
    today: Any,
    p: Any,
    room: Room,
    out: Choices,
) -> None:
    """Choose for consumer ``c``, who wants ``s``, and write it at ``i``; a channel that turns out empty is left out and the choice made again."""
    j = consumers.jurisdiction[c]
    law = table.status[j, s]
    u1, u2, u3, u4 = uniform4(seed, CHANNEL, c, day, 0)
    covered = consumers.access[c] * table.prescribed[j, s] + today.legal[j, consumers.segment[c]]
    prescription = law == 0 or (law < 3 and u2 < covered)
    v = direct_vendor(seed, c, s, day, consumers, offers, today, p)
    if v >= 0:
        out.status[i], out.channel[i], out.platform[i], out.vendor[i] = CHOSEN, DIRECT, today.direct_slot, v
        return
    market, value = NO_SLOT, IMPOSSIBLE
    if consumers.market_state[c] == ACTIVE and table.sold[CRYPTO, s]:
        market, value = best_market(seed, c, s, day, u3, consumers, vendors, offers, today, p)
    channel_utilities(room.utilities, seed, c, s, law, value, consumers, table, today, p)
    if not prescription:
        room.utilities[LICENSED] = IMPOSSIBLE
    for attempt in range(3):
        u = u1 if attempt == 0 else uniform(seed, CHANNEL, c, day, attempt)
        a = draw_logit(room.utilities, ABSTAIN + 1, room.shares, u)
        if a == ABSTAIN:
            break
        m, chosen = NO_SLOT, a
        if a == CRYPTO:
            m = market
        elif a == APP:
            m = consumers.app_home[c]
            if m == NO_SLOT or today.open[m] == 0:
                m = draw_cumulative(today.app_slot, today.app_weight, u4)
        elif a == STREET:
            m = today.street_slot[j]
        elif a == LICENSED:
            m = today.licensed_slot[j]
        else:
            kind = 0 if law <= 1 and prescription else max(1, law - 1)
            chosen, m = search(seed, c, day, kind, prescription, consumers, today, p)
        if m != NO_SLOT and today.open[m] == 1:
            v = seller(seed, c, s, m, day, chosen, attempt, room, consumers, vendors, offers, len(table.dose_usd), p)
            if v >= 0:
                out.status[i], out.channel[i], out.platform[i], out.vendor[i] = CHOSEN, chosen, m, v
                break
        room.utilities[a] = IMPOSSIBLE
        out.status[i] = NOT_FOUND


@inner
def choose_rows(
    lo: int,
    hi: int,
    seed: int,
    day: int,
    due: np.ndarray,
    substance: np.ndarray,
    consumers: Any,
    vendors: Any,
    offers: Any,
    table: Any,
    today: Any,
    p: Any,
    room: Room,
    out: Choices,
) -> None:
    """`choose` with room to work in."""
    for i in range(lo, hi):
        out.status[i] = NOT_TODAY
        if substance[i] != FROM_STASH:
            choose_for(i, due[i], substance[i], seed, day, consumers, vendors, offers, table, today, p, room, out)


@maker
def choose(
    lo: int,
    hi: int,
    seed: int,
    day: int,
    due: np.ndarray,
    substance: np.ndarray,
    consumers: Any,
    vendors: Any,
    offers: Any,
    table: Any,
    today: Any,
    p: Any,
    out: Choices,
) -> None:
    """Choose channel, platform and vendor for ``due[lo:hi]``, but for needs that are met from the stash."""
    room = Room(np.empty(ABSTAIN + 1), np.empty(CANDIDATES, np.int32), np.empty(CANDIDATES), np.empty(CANDIDATES))
    choose_rows(lo, hi, seed, day, due, substance, consumers, vendors, offers, table, today, p, room, out)


def choice(state: MarketState, wanted: Needs) -> Choices:
    """Phase 7: consumers without a market look for one; every need chooses channel, platform and vendor."""
    v, s = state.vendors, len(state.substances.dose_usd)
    t = state.platform_table.columns
    is_open = ((t.status == PlatformStatus.OPEN) | (t.status == PlatformStatus.COVERT)).astype(np.uint8)
    offers, listings, accounts = build_offers(
        narrow(v.columns, views.OfferVendors), v.n, is_open, s, state.p.supply, state.p.choice
    )
    t.listings[:], t.vendors[:] = listings, accounts
    today = conditions(state, is_open, listings)
    seek_markets(state, today)
    m = len(wanted.due)
    out = Choices(
        np.zeros(m, np.uint8), np.zeros(m, np.uint8), np.full(m, NO_SLOT, np.uint16), np.full(m, -1, np.int32)
    )
    over_rows(
        state.pool, choose, m, state.seed, state.day, wanted.due, wanted.substance,
        narrow(state.consumers.columns, views.ChoiceConsumers), narrow(v.columns, views.ChoiceVendors), offers,
        state.substances, today, state.p.choice, out,
    )  # fmt: skip
    return out
