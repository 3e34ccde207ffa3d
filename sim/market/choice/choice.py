"""Choice: channel and platform by logit, then a known vendor or a new one.

Nobody chooses an illicit pharmacy: a consumer searches the open web and meets licensed and illicit sellers there. The street, licensed supply and
abstaining are alternatives like any other, so displacement comes out of what is left when one of them gets worse.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim.agents.codes import (
    ABSTAIN,
    NO_SLOT,
    SEARCH,
    Channel,
    Considering,
    LegalStatus,
    Membership,
    PlatformStatus,
    Programme,
    RiskGroup,
)
from sim.agents.consumers import AT_APPS, ON_STREETS
from sim.kernels import inner, kernel
from sim.market import views
from sim.market.beliefs import event_risk, market_trust
from sim.market.blocks import over_rows
from sim.market.choice.conditions import conditions
from sim.market.choice.experience import experience
from sim.market.choice.market import best_market
from sim.market.choice.migration import seek_markets
from sim.market.choice.offers import build_offers
from sim.market.choice.scene import CHOSEN, IMPOSSIBLE, NOT_FOUND, NOT_TODAY, Choices, Room, Scene, new_room, no_choices
from sim.market.choice.search import CONTROLLED, ORDINARY, draw_cumulative, kind_of_search, search
from sim.market.choice.vendor import MEMORY, draw_logit, known_vendor, new_vendor, partner
from sim.market.demand.needs import FROM_STASH, Needs
from sim.market.groups import Moment
from sim.market.views import narrow
from sim.streams import Draw, normal_from, uniform, uniform4

if TYPE_CHECKING:
    from sim.market.state import MarketState

CHANNEL, TASTE = int(Draw.CHANNEL), int(Draw.TASTE)
VENDOR = int(Draw.VENDOR)
LICENSED, APP, CRYPTO, DIRECT, STREET = (
    int(Channel.LICENSED_PHARMACY), int(Channel.SOCIAL_APP), int(Channel.CRYPTOMARKET), int(Channel.DIRECT), int(Channel.STREET),
)  # fmt: skip
ACTIVE, NOT_YET = int(Membership.ACTIVE), int(Considering.NOT_YET)
OPEN, COVERT = int(PlatformStatus.OPEN), int(PlatformStatus.COVERT)
SUPPLY = 1 << Programme.SUPPLY
OVER_THE_COUNTER, PROHIBITED = int(LegalStatus.OVER_THE_COUNTER), int(LegalStatus.PROHIBITED)
WEB, OFFLINE, PARTNERS = int(RiskGroup.OPEN_WEB), int(RiskGroup.OFFLINE), int(RiskGroup.DIRECT)


@inner
def danger(c: int, place: int, group: int, scene: Scene) -> float:
    """Perceived risk of threats and violence at a purchase, by what one has met and heard of against own uneventful orders."""
    consumers, p = scene.consumers, scene.given[0]
    return event_risk(consumers.danger[c, place], consumers.legal_calm[c, group], p.risk_a, p.risk_b)


@inner
def channel_utilities(
    out: np.ndarray, seed: int, c: int, s: int, status: int, market_value: float, tie: int, scene: Scene
) -> None:
    """Fill ``out`` (7) with the utilities of the channels, search at the illicit pharmacy's place, and of abstaining.

    ``tie`` is the place of a partner for direct deals: who is trusted by own purchases instead of a market's escrow.
    """
    consumers, table, today, p = scene.consumers, scene.table, scene.today, scene.given[0]
    t1, t2, t3, t4 = uniform4(seed, TASTE, c, 0, 0)
    j = consumers.jurisdiction[c]
    kind = kind_of_search(status, True)
    price = math.log(table.dose_usd[s] / p.reference_dose_usd)
    illicit = math.log(today.price_factor[j] * table.premium[j, s])  # what licensed supply does not cost more
    sensitivity = consumers.price_sensitivity[c]
    skill, caution = consumers.skill[c], consumers.caution[c]
    online = consumers.considering[c] > NOT_YET
    web = event_risk(consumers.legal_hits[c, WEB], consumers.legal_calm[c, WEB], p.risk_a, p.risk_b)
    offline = event_risk(consumers.legal_hits[c, OFFLINE], consumers.legal_calm[c, OFFLINE], p.risk_a, p.risk_b)
    loss = event_risk(consumers.loss_hits[c], consumers.loss_calm[c], p.risk_a, p.risk_b)
    for a in range(ABSTAIN):
        out[a] = IMPOSSIBLE
    out[ABSTAIN] = -p.dependence_pull * consumers.dependence[c]
    if table.sold[LICENSED, s] and status < PROHIBITED:
        out[LICENSED] = p.licensed
    if online and table.sold[SEARCH, s]:
        asc = (
            p.search_medicine
            if kind == ORDINARY
            else (p.search_controlled if kind == CONTROLLED else p.search_prohibited)
        )
        out[SEARCH] = asc + p.skill_search * skill + p.taste_sd * normal_from(t1) - caution - p.web_risk_weight * web
    if online and table.sold[APP, s] and len(today.app_slot) > 0:
        out[APP] = p.app + p.skill_app * skill + p.taste_sd * normal_from(t2) - caution
        out[APP] -= p.web_risk_weight * (web + danger(c, AT_APPS, WEB, scene))
        out[APP] += math.log(1.0 - today.warning[j] * p.warning_leaves)
        if consumers.app_home[c] == NO_SLOT:
            out[APP] += p.exposure_weight * today.app_exposure  # who has no contact finds one through adverts
    if online and market_value > IMPOSSIBLE:
        out[CRYPTO] = (
            p.crypto + p.skill_crypto * skill + p.taste_sd * normal_from(t3) + experience(seed, c, consumers, p) + market_value
            - caution - p.loss_weight * loss
        )  # fmt: skip
    if tie >= 0:
        direct = event_risk(consumers.legal_hits[c, PARTNERS], consumers.legal_calm[c, PARTNERS], p.risk_a, p.risk_b)
        trust = market_trust(0.0, p.prior_weight, float(consumers.bought[c, tie]), 0.0)
        out[DIRECT] = (
            p.direct + p.skill_crypto * skill + p.taste_sd * normal_from(t3) + experience(seed, c, consumers, p)
            + p.trust_weight * (trust - 1.0) - caution - p.legal_risk_weight * direct
        )  # fmt: skip
    if table.sold[STREET, s]:
        out[STREET] = p.street + p.taste_sd * normal_from(t4) + today.street_open[j]
        out[STREET] -= p.offline_risk_weight * (offline + danger(c, ON_STREETS, OFFLINE, scene))
    for a in range(ABSTAIN):
        if out[a] > IMPOSSIBLE:
            out[a] -= sensitivity * (today.price_level[a] + price + (illicit if a != LICENSED else 0.0))
            if consumers.habit[c] == a:
                out[a] += p.habit


@inner
def seller(when: Moment, c: int, s: int, m: int, channel: int, attempt: int, room: Room, scene: Scene) -> int:
    """A vendor on slot ``m`` who sells ``s``, -1 for none: a known one, a new one, or where nobody is new a known one after all."""
    w1, w2, _, _ = uniform4(when.seed, VENDOR, c, when.day, attempt)
    memory = scene.rule == MEMORY
    v = known_vendor(c, s, m, w1, w2, room.weights, scene) if memory else -1
    if v < 0:
        v = new_vendor(when, c, s, m, attempt, channel, room, scene)
    if v < 0 and memory:
        v = known_vendor(c, s, m, 1.0, w2, room.weights, scene)
    return v


@inner
def choose_for(i: int, c: int, s: int, when: Moment, scene: Scene, room: Room, out: Choices) -> None:
    """Choose for consumer ``c``, who wants ``s``, and write it at ``i``; a channel that turns out empty is left out and the choice made again."""
    consumers, table, today = scene.consumers, scene.table, scene.today
    j = consumers.jurisdiction[c]
    law = table.status[j, s]
    u1, u2, u3, u4 = uniform4(when.seed, CHANNEL, c, when.day, 0)
    covered = consumers.access[c] * table.prescribed[j, s]
    if not consumers.declined[c] & SUPPLY:
        covered += today.legal[j, consumers.segment[c], consumers.turn[c]]
    covered *= table.filled[j, s]
    prescription = law == OVER_THE_COUNTER or (law < PROHIBITED and table.sold[LICENSED, s] == 1 and u2 < covered)
    tie = partner(c, s, scene)
    market, value = NO_SLOT, IMPOSSIBLE
    if consumers.market_state[c] == ACTIVE and table.sold[CRYPTO, s]:
        market, value = best_market(when, c, s, u3, scene)
    channel_utilities(room.utilities, when.seed, c, s, law, value, tie, scene)
    if not prescription:
        room.utilities[LICENSED] = IMPOSSIBLE
    for attempt in range(3):
        u = u1 if attempt == 0 else uniform(when.seed, CHANNEL, c, when.day, attempt)
        a = draw_logit(room.utilities, ABSTAIN + 1, room.shares, u)
        if a == ABSTAIN:
            break
        if a == DIRECT:
            out.status[i], out.channel[i], out.platform[i] = CHOSEN, DIRECT, today.direct_slot
            out.vendor[i] = consumers.vendor[c, tie]
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
            chosen, m = search(when, c, kind_of_search(law, prescription), prescription, scene)
        if m != NO_SLOT and today.open[m] == 1:
            v = seller(when, c, s, m, chosen, attempt, room, scene)
            if v >= 0:
                out.status[i], out.channel[i], out.platform[i], out.vendor[i] = CHOSEN, chosen, m, v
                break
            if out.missed[i] == ABSTAIN:
                out.missed[i] = chosen
        room.utilities[a] = IMPOSSIBLE
        out.status[i] = NOT_FOUND


@kernel
def choose(
    lo: int, hi: int, when: Moment, due: np.ndarray, substance: np.ndarray, scene: Scene, room: Room, out: Choices
) -> None:
    """Choose channel, platform and vendor for ``due[lo:hi]``, but for needs that are met from the stash."""
    for i in range(lo, hi):
        out.status[i] = NOT_TODAY
        if substance[i] != FROM_STASH:
            choose_for(i, due[i], substance[i], when, scene, room, out)


def choose_with_room(lo: int, hi: int, when: Moment, wanted: Needs, scene: Scene, out: Choices) -> None:
    """`choose`, in room of its own."""
    choose(lo, hi, when, wanted.due, wanted.substance, scene, new_room(), out)


def choice(state: MarketState, wanted: Needs) -> Choices:
    """Phase 7: consumers without a market look for one; every need chooses channel, platform and vendor."""
    v, t = state.vendors, state.platform_table.columns
    is_open = ((t.status == OPEN) | (t.status == COVERT)).view(np.uint8)
    offers, listings, accounts = build_offers(
        state.pool,
        narrow(v.columns, views.OfferVendors),
        v.n,
        is_open,
        len(state.substances.dose_usd),
        state.given.supply,
        state.given.choice,
    )
    t.listings[:], t.vendors[:] = listings, accounts
    today = conditions(state, is_open, listings)
    seek_markets(state, today)
    scene = Scene(
        narrow(state.consumers.columns, views.ChoiceConsumers), narrow(v.columns, views.ChoiceVendors), offers,
        narrow(state.substances, views.ChosenSubstances), today,
        state.world.friends, state.given.choice, state.rules.vendor_choice,
    )  # fmt: skip
    out = no_choices(len(wanted.due))
    over_rows(state.pool, choose_with_room, len(wanted.due), state.moment, wanted, scene, out)
    state.today.missed += np.bincount(out.missed, minlength=ABSTAIN + 1)[:ABSTAIN]
    return out
