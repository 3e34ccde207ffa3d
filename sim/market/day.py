"""The consumers' half of the day: demand, choice, checkout, shipping, consumption and learning, phase by phase over whole populations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.agents.codes import N_SUMS, NEVER, NO_SLOT, Channel, EventKind, MarketState, OrderOutcome, PlatformStatus
from sim.market import consumption as harm
from sim.market import views
from sim.market.blocks import over_blocks, over_rows
from sim.market.checkout import check_out, ration
from sim.market.choice import CHOSEN, choose
from sim.market.conditions import Conditions
from sim.market.demand import due_today, needs
from sim.market.learning import fade, fade_vendors, hear_peers, learn_from_orders
from sim.market.migration import hear_of_markets, look_for_market
from sim.market.offers import Offers, build_offers
from sim.market.shipping import dispatch, settle
from sim.market.views import narrow
from sim.streams import Draw, normal, poisson, uniforms

if TYPE_CHECKING:
    from sim.model import MarketModel


class Needs(NamedTuple):
    """Today's needs, one entry per consumer who has one."""

    due: np.ndarray
    substance: np.ndarray
    size: np.ndarray
    wholesale: np.ndarray


class Choices(NamedTuple):
    """What was chosen for each need: status, channel, platform slot, vendor row."""

    status: np.ndarray
    channel: np.ndarray
    platform: np.ndarray
    vendor: np.ndarray


def demand(model: MarketModel) -> Needs:
    """Phase 6: who needs what today."""
    c = model.consumers.columns
    n = model.consumers.n
    due = due_today(c.next_day[:n], c.alive[:n], model.day)
    m = len(due)
    out = Needs(due, np.zeros(m, np.uint8), np.zeros(m, np.float64), np.zeros(m, np.uint8))
    level = float(model.levers.demand[0])
    over_rows(
        model.pool,
        needs,
        m,
        model.seed,
        model.day,
        due,
        narrow(c, views.DemandConsumers),
        model.substances,
        level,
        model.p.demand,
        *out[1:],
    )
    return out


def conditions(model: MarketModel, is_open: np.ndarray, listings: np.ndarray) -> Conditions:
    """Today's channels as consumers meet them."""
    t, p = model.platform_table.columns, model.p.choice
    value = p.variety_weight * np.log(np.maximum(listings, 0.3) / model.reference_listings)
    pharmacies, apps = model.open_slots(Channel.ILLICIT_PHARMACY), model.open_slots(Channel.SOCIAL_APP)
    weight = t.visibility[pharmacies] * t.attraction[pharmacies]
    rank = float(weight.sum() / max(float(t.attraction[pharmacies].sum()), 1e-9))
    return Conditions(
        open=is_open, channel=t.channel, price_level=model.price_level, price_factor=model.price_factor, licensed_slot=model.licensed_slot,
        street_slot=model.street_slot, direct_slot=model.direct_slot, market_value=value, prior=model.prior,
        pharmacy_slot=pharmacies, pharmacy_weight=np.cumsum(weight.astype(float)),
        illicit_share=model.search.illicit_share(rank, float(model.levers.demotion[0])),
        app_slot=apps, app_weight=np.cumsum((t.attraction[apps] * t.visibility[apps]).astype(float)),
        glance=float(model.levers.glance[0]), lookup=min(1.0, 0.6 + float(model.levers.lookup[0])),
    )  # fmt: skip


def choice(model: MarketModel, wanted: Needs) -> Choices:
    """Phase 7: consumers without a market look for one; every need chooses channel, platform and vendor."""
    v, s = model.vendors, len(model.substances.dose_usd)
    t = model.platform_table.columns
    is_open = ((t.status == PlatformStatus.OPEN) | (t.status == PlatformStatus.COVERT)).astype(np.uint8)
    *groups, listings, accounts = build_offers(
        narrow(v.columns, views.OfferVendors), v.n, is_open, s, model.p.supply, model.p.choice
    )
    t.listings[:], t.vendors[:] = listings, accounts
    offers = Offers(*groups)
    today = conditions(model, is_open, listings)
    seek_markets(model, today)
    m = len(wanted.due)
    out = Choices(
        np.zeros(m, np.uint8), np.zeros(m, np.uint8), np.full(m, NO_SLOT, np.uint16), np.full(m, -1, np.int32)
    )
    over_rows(
        model.pool, choose, m, model.seed, model.day, wanted.due, wanted.substance,
        narrow(model.consumers.columns, views.ChoiceConsumers), narrow(v.columns, views.ChoiceVendors), offers,
        model.substances, today, model.p.choice, *out,
    )  # fmt: skip
    return out


def seek_markets(model: MarketModel, today: Conditions) -> None:
    """Consumers whose turn it is look for a cryptomarket."""
    c, n, g, day = model.consumers.columns, model.consumers.n, model.p.migration, model.day
    rows = np.flatnonzero((c.market_until[:n] <= day) & (c.alive[:n] == 1))
    slots = model.crypto_slots()
    t = model.platform_table.columns
    t.arrivals[:] *= 1.0 - 1.0 / g.herd_days
    if not len(rows):
        return
    if day % 7 == 0 or not t.users[slots].all():
        t.users[:] = np.bincount(c.home[:n][c.home[:n] != NO_SLOT], minlength=len(t.status))[: len(t.status)]
    users = t.users[slots] / n
    herd = g.herding * np.log1p(t.arrivals[slots] / (g.herd_unit * n))
    age = day - t.open_day[slots].astype(float)
    joined = np.full(len(rows), NO_SLOT, np.uint16)
    displaced = c.market_state[rows] == MarketState.SEARCHING
    attention = 1.0 + model.publicity * model.p.learning.publicity_draws
    look_for_market(
        rows,
        model.seed,
        day,
        slots,
        users,
        age,
        herd,
        attention,
        narrow(c, views.MigrationConsumers),
        narrow(model.vendors.columns, views.MigrationVendors),
        today,
        model.p.choice,
        g,
        joined,
    )
    moved = joined[displaced & (joined != NO_SLOT)]
    np.add.at(t.arrivals, moved, 1.0)


def checkout(model: MarketModel, wanted: Needs, chosen: Choices) -> tuple[int, int]:
    """Phase 8: payment; stock is rationed by keyed priority. Returns the range of the new rows among the open orders."""
    m = len(wanted.due)
    quantity, price, first = np.zeros(m), np.zeros(m, np.int32), np.zeros(m, np.uint8)
    held, processor = np.zeros(m, np.int32), np.full(m, -1, np.int8)
    c, v, t = model.consumers.columns, model.vendors, model.platform_table.columns
    over_rows(
        model.pool, check_out, m, model.seed, model.day, wanted.due, wanted.substance, wanted.size, wanted.wholesale, chosen.channel,
        chosen.platform, chosen.vendor, chosen.status, narrow(c, views.CheckoutConsumers), narrow(v.columns, views.CheckoutVendors),
        narrow(t, views.CheckoutPlatforms), model.substances, model.price_factor, model.p.payment.coin_access,
        model.p.payment, quantity, price, held, processor, first,
    )  # fmt: skip
    model.today.failed_payments = int(np.sum(chosen.status == 3))
    paid = np.flatnonzero(chosen.status == CHOSEN)
    priority = uniforms(int(model.seed), Draw.PRIORITY, wanted.due[paid], model.day)
    paid = paid[ration(chosen.vendor[paid], v.columns.stock, priority)]
    rates = np.r_[[processor_.fee for processor_ in model.processors], 0.0]
    cut = (price[paid] * rates[processor[paid]]).astype(np.int64)
    held_cents = np.where(held[paid] == 1, price[paid] - cut, 0)
    lo, hi = model.open_orders.append(
        day=np.full(len(paid), model.day), due=np.full(len(paid), model.day), consumer=wanted.due[paid], vendor=chosen.vendor[paid],
        platform=chosen.platform[paid], channel=chosen.channel[paid], substance=wanted.substance[paid], quantity=quantity[paid],
        price=price[paid], held=held_cents, processor=processor[paid], first=first[paid],
    )  # fmt: skip
    book(model, lo, hi, cut)
    return lo, hi


def book(model: MarketModel, lo: int, hi: int, cut: np.ndarray) -> None:
    """Book the money of the new orders: processor's cut, escrow, or at once to vendor and platform; count sales and first purchases."""
    o, c, v, t = model.open_orders.columns, model.consumers.columns, model.vendors.columns, model.platform_table.columns
    rows = slice(lo, hi)
    vendor, slot, price, held = (
        o.vendor[rows],
        o.platform[rows],
        o.price[rows].astype(np.int64),
        o.held[rows].astype(np.int64),
    )
    at_once = np.where(held > 0, 0, price - cut)
    fee = (at_once * t.fee[slot]).astype(np.int64)
    np.add.at(v.income, vendor, at_once - fee)
    np.add.at(t.escrow, slot, held)
    np.add.at(t.fees, slot, fee)
    ledger = model.ledger
    ledger.payments += int(price.sum())
    ledger.processor_fees += int(cut.sum())
    ledger.fees += int(fee.sum())
    ledger.vendor_income += int((at_once - fee).sum())
    np.add.at(model.vendor_orders_today, vendor, 1)
    np.add.at(v.sales, vendor, 1)
    np.add.at(v.orders, vendor, 1)
    np.subtract.at(v.stock, vendor, 1)
    np.add.at(v.buyers, vendor, o.first[rows])
    v.last_sale[vendor] = model.day
    place = (v.account[vendor] == slot[:, None]).argmax(axis=1)
    np.add.at(v.account_sales, (vendor, place), (v.account[vendor, place] == slot).astype(np.float32))
    buyers, channel = o.consumer[rows], o.channel[rows]
    if model.day >= 0:
        c.orders[buyers] += 1
        c.spent[buyers] += (price / 100.0).astype(np.float32)
        c.vendors_used[buyers] += o.first[rows]
    c.habit[buyers] = channel
    online = (channel == Channel.ILLICIT_PHARMACY) | (channel == Channel.SOCIAL_APP) | (channel == Channel.CRYPTOMARKET)
    fresh = buyers[online & (c.considering[buyers] < 2)]
    model.today.initiations += len(fresh)
    c.considering[fresh] = 2
    model.consumer_events(EventKind.INITIATION, fresh)
    if len(price):
        model.mean_order_cents += 0.05 * (float(price.mean()) - model.mean_order_cents)
    crypto = model.crypto_slots()
    weights = np.cumsum(t.trade60[crypto].astype(float))
    hear_of_markets(
        buyers[channel == Channel.CRYPTOMARKET].astype(np.int64),
        model.seed,
        model.day,
        crypto,
        weights,
        narrow(c, views.MigrationConsumers),
        model.p.migration,
    )
    shares(model, slot, price)


def shares(model: MarketModel, slot: np.ndarray, price: np.ndarray) -> None:
    """Running means of trade by platform and of orders per vendor by channel."""
    t, n = model.platform_table.columns, model.platform_table.n
    count = np.bincount(slot, minlength=len(t.status)).astype(np.float32)
    model.orders_by_slot = count
    model.volume_by_slot = np.bincount(slot, price, len(t.status))
    for column, days in ((t.trade7, 7.0), (t.trade60, 60.0), (t.trade180, 180.0)):
        column[:n] += (count[:n] - column[:n]) / np.float32(days)
    v = model.vendors.columns
    live = np.bincount(v.channel[: model.vendors.n], v.alive[: model.vendors.n], len(Channel))
    per_vendor = np.bincount(t.channel[:n], count[:n], len(Channel)) / np.maximum(live, 1.0)
    model.trade_per_vendor += (per_vendor - model.trade_per_vendor) / 30.0
    if model.day < 0:
        model.reference_per_vendor[:] = model.trade_per_vendor


def shipping(model: MarketModel, rows: tuple[int, int]) -> None:
    """Phase 9: new orders are dispatched or not; those whose fate is known today are settled."""
    p, o = model.p.shipping, model.open_orders
    hands = np.array([0.0, 0.0, p.hands_app, p.hands_crypto, p.hands_crypto, p.hands_street])
    border = (
        np.array([post.border for post in model.posts])
        * model.levers.interception
        * model.post_effort**model.p.enforcement.post_effect
    )
    intercept = np.tile(np.minimum(border, 0.95), (model.n_jurisdictions, 1))
    np.fill_diagonal(intercept, [post.domestic for post in model.posts])
    bad = np.array([p.licensed_fails, p.pharmacy_fails])
    lo, hi = rows
    over_rows(
        model.pool, Shifted(lo), hi - lo, model.seed, model.day, narrow(o.columns, views.ShippingOrders),
        narrow(model.consumers.columns, views.ShippingConsumers), narrow(model.vendors.columns, views.ShippingVendors),
        model.supplier_concentration, intercept, hands, bad, model.substances, p,
    )  # fmt: skip
    due = np.flatnonzero(o.columns.due[: o.n] <= model.day)
    model.due = due
    money = np.zeros(3, np.int64)
    settle(
        due, model.seed, model.day, narrow(o.columns, views.ShippingOrders), narrow(model.vendors.columns, views.ShippingVendors),
        narrow(model.platform_table.columns, views.ShippingPlatforms), money, p,
    )  # fmt: skip
    model.ledger.vendor_income += int(money[0])
    model.ledger.fees += int(money[1])
    model.ledger.refunds += int(money[2])
    x = o.columns
    posted = (x.channel[due] != Channel.STREET) & (x.channel[due] != Channel.LICENSED_PHARMACY)
    model.today.parcels = int(x.parcels[due][posted].sum())
    seized = x.outcome[due] == OrderOutcome.SEIZED
    model.today.parcels_seized = int(seized.sum())
    lost = ((x.outcome[due] == OrderOutcome.SCAMMED) | (x.outcome[due] == OrderOutcome.REFUNDED)) & (
        x.dispatched[due] == 0
    )
    model.count_fraud(x.consumer[due][lost & (x.outcome[due] == OrderOutcome.SCAMMED)])
    cards = x.processor[due] >= 2
    if cards.any():
        model.dispute_rate += 0.02 * (
            float(np.mean(x.outcome[due][cards] == OrderOutcome.REFUNDED)) - model.dispute_rate
        )
    for agency in model.agencies:
        agency.credit[4] += model.p.enforcement.credit_parcel * float(
            np.sum(model.consumers.columns.jurisdiction[x.consumer[due][seized]] == agency.jurisdiction)
        )


class Shifted:
    """The dispatch kernel over rows that begin at ``first``."""

    def __init__(self, first: int) -> None:
        self.first = first

    def __call__(self, lo: int, hi: int, *args: object) -> None:
        dispatch(self.first + lo, self.first + hi, *args)


def consumption(model: MarketModel) -> None:
    """Phase 10: parcels are checked and used; harms, treatment and novel substances."""
    p, c, n, day, o = (
        model.p.consumption,
        model.consumers.columns,
        model.consumers.n,
        model.day,
        model.open_orders.columns,
    )
    levers = model.levers
    goods, users = narrow(o, views.ConsumptionOrders), narrow(c, views.ConsumptionConsumers)
    seen = np.zeros(len(model.due), np.uint8)
    checked, bad, novel = harm.receive(
        model.due, model.seed, day, goods, users, levers.checking_reach, levers.check_uptake, model.substances, p, seen
    )
    model.today.checks = checked
    model.checking.samples += checked
    model.checking.bad += bad
    model.today.violence, model.today.violence_expected = harm.threats(
        model.due, model.seed, day, goods, users, model.vendors.columns.kind, p
    )
    happened = np.zeros(n, np.uint8)
    carriage = np.minimum(p.naloxone_carried + levers.naloxone, 1.0)
    model.today.sums = over_blocks(
        model.pool,
        harm.consume,
        n,
        N_SUMS,
        model.seed,
        day,
        users,
        model.substances,
        carriage,
        np.ones(model.n_jurisdictions),
        p,
        happened,
    )
    affected = np.flatnonzero(happened)
    bits = happened[affected]
    for name, bit, kind in (
        ("adverse", harm.ADVERSE, EventKind.ADVERSE_EVENT), ("overdoses", harm.OVERDOSE, EventKind.OVERDOSE), ("deaths", harm.DEATH, EventKind.DEATH),
    ):  # fmt: skip
        who = affected[(bits & bit) > 0]
        setattr(model.today, name, len(who))
        model.consumer_events(kind, who)
    model.dead += model.today.deaths
    leavers = affected[(bits & (harm.LEFT_TREATMENT | harm.DEATH)) > 0]
    leavers = leavers[c.treatment_day[leavers] <= day]
    c.treatment_day[leavers] = NEVER
    for service in model.treatment:
        service.used -= int(np.sum(c.jurisdiction[leavers] == service.jurisdiction))
    model.consumer_events(EventKind.TREATMENT_EXIT, leavers)
    model.admit(np.concatenate([affected[(bits & harm.WANTS_TREATMENT) > 0], model.referred]))
    model.referred = np.empty(0, np.int64)
    novel_substances(model, novel)


def novel_substances(model: MarketModel, samples: int) -> None:
    """Novel substances appear, vanish, and are detected by what is observed: samples checked, events reported, chance."""
    p, day, seed, ews = model.p.services, model.day, int(model.seed), model.early_warning
    scale = 20_000.0 / model.consumers.n
    ews.reported = 0.95 * ews.reported + 0.05 * model.today.adverse * scale
    model.checking.novel_rate = 0.95 * model.checking.novel_rate + 0.05 * samples * scale
    for k in range(poisson(seed, int(Draw.NOVEL), 0, day, 0, p.novel_per_year / 365.0)):
        popularity = float(np.exp(p.novel_popularity * normal(seed, int(Draw.NOVEL), k + 1, day, 0)))
        toxicity = float(np.exp(p.novel_toxicity * normal(seed, int(Draw.NOVEL), k + 1, day, 1)))
        number = ews.appear(day, popularity, toxicity)
        model.event(EventKind.NOVEL_SUBSTANCE, number, cause="appeared", amount=popularity)
    live = np.flatnonzero(~ews.gone)
    if not len(live):
        return
    ews.gone[live] = uniforms(seed, Draw.NOVEL_EXIT, live, day) < p.novel_exit / 365.0
    unknown = ews.unknown
    shares_ = ews.popularity[unknown] / max(float(ews.popularity[live].sum()), 1e-9)
    hazard = p.alert_base + len(live) * shares_ * (
        p.alert_checked * model.checking.novel_rate + p.alert_reported * ews.reported / 10.0
    )
    found = unknown[uniforms(seed, Draw.ALERT, unknown, day) < hazard]
    ews.alert_day[found] = day
    for number in found:
        model.event(EventKind.ALERT, int(number), cause="early warning", amount=float(day - ews.born[number]))


def learning(model: MarketModel) -> None:
    """Phase 11: lessons of settled orders; peers and forums; everything fades."""
    p, c, n, day, o = model.p.learning, model.consumers.columns, model.consumers.n, model.day, model.open_orders
    x, due = o.columns, model.due
    learners, sellers = narrow(c, views.LearningConsumers), narrow(model.vendors.columns, views.LearningVendors)
    learn_from_orders(due, model.seed, day, narrow(x, views.LearningOrders), learners, sellers, p)
    half = 0.5 ** (1.0 / p.reputation_days)
    fade_vendors(model.vendors.n, sellers, half)
    kept = 0.5 ** (30.0 / np.array([p.caution_days, p.verification_days]))
    over_rows(model.pool, fade, n, 30, day, learners, kept, p)
    practice, starts = c.practice[:n].copy(), np.zeros(n, np.uint8)
    levers = model.levers
    initiation = float(levers.initiation[0]) * (1.0 + p.publicity_draws * model.publicity)
    over_rows(
        model.pool, hear_peers, n, model.seed, day, learners, model.friend_start, model.friends, c.practice[:n].copy(), c.considering[:n].copy(),
        model.forum.stock, initiation, levers.caution_reach, levers.caution_effect, levers.verification_reach, levers.verification_effect,
        p, practice, starts,
    )  # fmt: skip
    c.practice[:n] = practice
    begin, stop = np.flatnonzero(starts == 1), np.flatnonzero(starts == 2)
    c.considering[begin] = 1
    c.market_state[begin], c.market_until[begin] = MarketState.SEARCHING, day + 1
    c.considering[stop], c.market_state[stop], c.market_until[stop] = 0, MarketState.NONE, NEVER
    if len(model.crypto_slots()):
        model.forum.recover(model.p.services.forum_recovery)
    t = model.platform_table.columns
    t.visibility[:] += (1.0 - t.visibility) / model.p.platforms.visibility_days
    model.settled = (x.number[due].copy(), x.consumer[due].astype(np.int64), x.channel[due].copy())
    model.order_counts += np.bincount(x.outcome[due], minlength=len(model.order_counts))
    model.recorder.settle(model, due)
    o.drop(due)
