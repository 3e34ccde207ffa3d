"""The initial world: consumers and their friends, suppliers, vendors, platforms and institutions, made from a scenario and a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.agents.codes import NEVER, NO_SLOT, Channel, Considering, Membership, PlatformStatus, RiskGroup, Segment
from sim.agents.consumers import AT_APPS, CONSUMER, ON_STREETS, TURNS, Consumer, ConsumerColumns
from sim.agents.enforcement import TARGETS, Agency, Unit, mandates
from sim.agents.intermediaries import AccessProvider, Forum, PostalService, SearchEngine, SocialMediaCompany
from sim.agents.payments import CARDS, COIN
from sim.agents.platforms import PLATFORM, Platform, PlatformColumns
from sim.agents.services import DrugChecking, EarlyWarning, Outreach, TreatmentService
from sim.agents.vendors import VENDOR, Vendor, VendorColumns
from sim.evidence.tables import COOPERATION, Jurisdiction
from sim.market.choice.joining import likings
from sim.market.entry_exit.entry import FOUNDED, new_vendors, open_cryptomarket
from sim.market.groups import Policing, Trade, World
from sim.market.health.early_warning import circulate
from sim.market.learning.friends import make_friends
from sim.market.people.who import draw_people
from sim.market.substances import substance_arrays
from sim.market.supply.network import make_suppliers
from sim.market.trade.payments import make_processors, open_merchant
from sim.population import Population, SlotTable, give, register
from sim.streams import Draw, normals, pick, uniforms

if TYPE_CHECKING:
    from sim.market.state import MarketState


def build(state: MarketState) -> None:
    """Fill ``state`` with its world. Every number is keyed by the seed and the row it belongs to."""
    jurisdictions, table = state.scenario.jurisdiction_table, state.scenario.substance_table
    state.substances = substance_arrays(table, jurisdictions)
    state.world = make_jurisdictions(jurisdictions, len(table))
    make_consumers(state)
    make_friends(state)
    demand = np.diff(state.substances.needs, axis=1, prepend=0.0)
    segments = np.bincount(state.consumers.columns.segment, minlength=len(Segment)) / state.consumers.n
    state.world.demand_by_channel = np.cumsum((segments @ demand)[None, :] * state.substances.sold + 1e-12, axis=1)
    make_suppliers(state)
    make_institutions(state, jurisdictions)
    make_platforms(state)
    make_vendors(state)
    find_homes(state)
    table = state.substances
    state.usual.status, state.usual.adverse = table.status.copy(), table.adverse.copy()
    circulate(state)
    state.policing = Policing.usual(list(state.agencies), len(jurisdictions))
    state.update_prior()


def make_jurisdictions(jurisdictions: list[Jurisdiction], substances: int) -> World:
    """Jurisdictions as arrays, under the law as it is."""
    consumers, vendors = (np.cumsum([getattr(j, name) for j in jurisdictions]) for name in ("share", "vendor_share"))
    return World(
        n_jurisdictions=len(jurisdictions),
        consumer_share=consumers,
        vendor_share=vendors,
        consumer_weight=np.diff(consumers, prepend=0.0),
        vendor_weight=np.diff(vendors, prepend=0.0),
        price_factor=np.array([j.price_factor for j in jurisdictions]),
        cooperation=np.array(
            [
                [1.0 if a.name == b.name else a.cooperation.get(b.name, COOPERATION) for b in jurisdictions]
                for a in jurisdictions
            ]
        ),
        law_steps=np.zeros((len(jurisdictions), substances)),
        law_price=np.zeros((len(jurisdictions), substances)),
        legitimate=np.array([j.legitimate_access for j in jurisdictions]),
        need_level=np.ones((len(jurisdictions), len(Segment), substances)),
    )


def make_consumers(state: MarketState) -> None:
    """Consumers with segment, needs, means, knowledge and standing."""
    seed, n = state.seed, state.scenario.consumers
    own = state.scenario.columns.get("consumers")
    state.consumers = Population(state, Consumer, CONSUMER, ConsumerColumns, n, kind="consumers", own=own)
    places, substances = list(state.scenario.jurisdictions), list(state.scenario.substances)
    state.consumers.names = {"jurisdiction": places, "substance": substances, "stash_substance": substances}
    register(state, state.consumers)
    c, rows = state.consumers.columns, np.arange(n)
    c.jurisdiction[:] = pick(state.world.consumer_share, uniforms(seed, Draw.CONSUMER_TRAITS, rows, 0, 1))
    c.turn[:] = uniforms(seed, Draw.TURN, rows, 0) * TURNS
    draw_people(state, rows, newcomers=False)
    d = state.p.demand
    stocked = uniforms(seed, Draw.CONSUMER_TRAITS, rows, 4) < 1.0 - np.exp(
        -np.sqrt(c.need_rate / state.p.world.stocked_rate)
    )
    usual = d.stocked_up * state.substances.doses_per_order[c.substance]
    spread = np.hypot(d.order_spread, d.budget_spread)  # as of orders
    held = np.minimum(usual * np.exp(spread * normals(seed, Draw.CONSUMER_TRAITS, rows, 5)), 1e6)
    c.stash[:, 0] = np.where(stocked, held, 0.0)
    c.stash_potency[:, 0] = np.where(stocked, state.substances.opioid[c.substance], 0.0)
    state.books.goods.start = float(c.stash.sum(dtype=np.float64))
    w, bought = state.p.world, 2.0 * c.need_rate * uniforms(seed, Draw.CONSUMER_TRAITS, rows, 3)
    c.legal_calm[:, RiskGroup.OFFLINE] = w.calm * bought
    c.legal_calm[:, RiskGroup.OPEN_WEB] = w.calm_online * bought * (c.considering > Considering.NOT_YET)
    c.legal_hits[:, RiskGroup.OFFLINE] = w.frights * c.legal_calm[:, RiskGroup.OFFLINE]
    usual = usual_danger(state)
    c.danger[:, ON_STREETS] = usual[ON_STREETS] * c.legal_calm[:, RiskGroup.OFFLINE]
    c.danger[:, AT_APPS] = usual[AT_APPS] * c.legal_calm[:, RiskGroup.OPEN_WEB]


def usual_danger(state: MarketState) -> np.ndarray:
    """(2,) threats and violence per purchase on streets and at apps, as people knew them before the start."""
    h, p = state.p.consumption, state.p.supply
    dealer = h.stranger_share * h.threat_stranger + (1.0 - h.stranger_share) * h.threat_dealer
    return np.array([p.social_share * h.threat_friend + (1.0 - p.social_share) * dealer, h.threat_app])


def make_institutions(state: MarketState, jurisdictions: list[Jurisdiction]) -> None:
    """Payment processors, agencies, post, search, forum and services."""
    e, n = state.p.enforcement, state.consumers.n
    make_processors(state)
    shares = np.array([getattr(e, f"share_{target}") for target in TARGETS])
    for k, j in enumerate(jurisdictions):
        size = n / 1e5 * j.share
        for unit, mandate in zip(Unit, mandates(e.cyber_vendors, e.cyber_suppliers), strict=True):
            mine = shares * mandate
            part = size * float(mine.sum() / shares.sum())
            Agency(state, k, j.police_days_per_100k * part, e.usual_days * part, mine, e.capability, unit, mandate)
    state.posts = [PostalService(state, k, j.border, j.domestic_intercept) for k, j in enumerate(jurisdictions)]
    state.providers = [AccessProvider(state, k) for k in range(len(jurisdictions))]
    q = state.p.platforms
    licensed = np.array([q.search_ordinary, q.search_controlled, q.search_controlled])
    state.search = SearchEngine(state, licensed, len(jurisdictions))
    state.forum, state.checking = Forum(state), DrugChecking(state)
    state.early_warning = EarlyWarning(state, len(jurisdictions))
    state.outreach = Outreach(state, len(jurisdictions))
    c = state.consumers.columns
    dependents = np.bincount(c.jurisdiction[c.segment == Segment.DEPENDENT], minlength=len(jurisdictions))
    for k, j in enumerate(jurisdictions):
        TreatmentService(state, k, round(j.treatment_slots_per_dependent * int(dependents[k])))


def make_platforms(state: MarketState) -> None:
    """Licensed pharmacies and streets by jurisdiction, direct deals, pharmacy programmes, apps, and the cryptomarkets that are open already."""
    q = state.p.platforms
    programmes, apps = int(state.p.world.pharmacies), int(state.p.world.apps)
    first = 2 * state.world.n_jurisdictions + 1 + programmes + apps + len(state.scenario.platforms.cryptomarkets)
    own = state.scenario.columns.get("platforms")
    table = state.platform_table = SlotTable(PLATFORM, PlatformColumns, max(64, first), "platforms", own)
    slots = table.capacity
    access = np.full(state.world.n_jurisdictions, state.p.payment.coin_access)
    unpaid, unsettled = np.zeros((2, slots), np.int64)
    state.trade = Trade(np.ones(slots), np.zeros(slots), np.zeros(slots), unpaid, unsettled, access)

    def platform(channel: Channel, jurisdiction: int, **values: Any) -> Platform:
        return Platform(
            state,
            table,
            channel=channel,
            jurisdiction=jurisdiction,
            status=PlatformStatus.OPEN,
            open_day=state.day - 365,
            **values,
        )

    every = range(state.world.n_jurisdictions)
    state.world.licensed_slot = np.array([platform(Channel.LICENSED_PHARMACY, j, processor=CARDS).slot for j in every])
    state.world.street_slot = np.array([platform(Channel.STREET, j).slot for j in every])
    state.world.direct_slot = platform(Channel.DIRECT, 0, processor=COIN).slot
    u, w = (uniforms(state.seed, Draw.PROGRAMME, np.arange(programmes), 0, k) for k in range(2))
    attraction = np.exp(
        state.p.world.programme_spread * normals(state.seed, Draw.PROGRAMME, np.arange(programmes + apps), 1)
    ).clip(0.0, 100.0)
    for k in range(programmes):
        site = platform(Channel.ILLICIT_PHARMACY, k % state.world.n_jurisdictions, fee=q.pharmacy_fee, attraction=attraction[k],
                        forged=int(w[k] < q.forged), availability=q.card_availability, coin_offered=state.p.payment.crypto_offered)  # fmt: skip
        site.processor = open_merchant(state, site.slot, float(u[k])).row
    state.media = []
    for k in range(apps):
        app = platform(Channel.SOCIAL_APP, k % state.world.n_jurisdictions, attraction=attraction[programmes + k])
        state.media.append(SocialMediaCompany(state, app, q.moderation))
    shares = state.scenario.platforms.cryptomarkets
    state.usual.market_shares = np.array(shares)
    state.usual.market_slots = np.array(
        [open_cryptomarket(state, state.day - FOUNDED, k).slot for k in range(len(shares))]
    )


def make_vendors(state: MarketState) -> None:
    """Vendors of every channel; cryptomarket vendors list in proportion to the markets' shares."""
    p, n = state.p.supply, state.consumers.n
    per = {
        Channel.ILLICIT_PHARMACY: p.pharmacy_vendors, Channel.SOCIAL_APP: p.app_vendors, Channel.CRYPTOMARKET: p.crypto_vendors,
        Channel.STREET: p.street_vendors,
    }  # fmt: skip
    counts = {channel: max(8, round(rate * n)) for channel, rate in per.items()}
    own, room = state.scenario.columns.get("vendors"), 2 * sum(counts.values())
    state.vendors = Population(state, Vendor, VENDOR, VendorColumns, 0, capacity=room, kind="vendors", own=own)
    places, substances = list(state.scenario.jurisdictions), list(state.scenario.substances)
    state.vendors.names = {"jurisdiction": places, "main": substances}
    register(state, state.vendors)
    state.world.would_sell = np.array([counts.get(c, 0) for c in Channel], float)
    t = state.platform_table.columns
    t.trade7[state.usual.market_slots] = t.trade60[state.usual.market_slots] = t.trade180[state.usual.market_slots] = (
        state.usual.market_shares
    )
    rows = new_vendors(state, np.repeat(sorted(counts), [counts[c] for c in sorted(counts)]), state.day - 60)
    licensed = new_vendors(state, np.full(state.world.n_jurisdictions, int(Channel.LICENSED_PHARMACY)), state.day - 365)
    v = state.vendors.columns
    v.jurisdiction[licensed] = np.arange(state.world.n_jurisdictions)
    v.account[licensed, 0] = state.world.licensed_slot
    z = normals(state.seed, Draw.VENDOR_TRAITS, state.vendors.columns.key[rows], 3)
    v.sales[rows] = p.sales_start * np.exp(p.sales_spread * z)
    rated = rows[v.channel[rows] == int(Channel.CRYPTOMARKET)]
    v.positive[rated, 0] = state.p.shipping.rate_good * v.sales[rated]
    v.orders[rows] = (v.sales[rows] > 1).astype(int)
    v.last_sale[rows] = state.day - 10
    v.recent[rows] = v.sales[rows] * np.log(2) / state.p.learning.reputation_days  # so many a day keep them as they are
    v.stock[rows] = np.maximum(p.stock_floor, p.stock_days * v.recent[rows])


def find_homes(state: MarketState) -> None:
    """Who used a cryptomarket before the start knows one or two, by the markets' shares, and remembers what was bought; on the first day all decide anew."""
    p, c, seed, n = state.p, state.consumers.columns, state.seed, state.consumers.n
    rows = np.arange(n)
    u = [uniforms(seed, Draw.HOME_MARKET, rows, 0, k) for k in range(4)]
    liking = np.empty(n)
    likings(seed, liking)
    drawn_to_them = np.exp(p.world.users_spread * (c.skill + liking / np.sqrt(2)))
    user = u[0] < scaled_to(drawn_to_them, c.considering > Considering.NOT_YET, p.world.market_users)
    slots, cumulative = state.usual.market_slots, np.cumsum(state.usual.market_shares)
    home = slots[pick(cumulative, u[1])]
    give(state.consumers, "memory", user.nonzero()[0])
    c = state.consumers.columns
    remembered = 2.0 * p.world.calm_online * c.need_rate * uniforms(seed, Draw.CONSUMER_TRAITS, rows, 3)
    c.legal_calm[:, RiskGroup.CRYPTO] = c.loss_calm[:] = np.where(user, remembered, 0.0)
    memory = c.memory[user]
    c.known[memory, 0] = home[user]
    second = slots[pick(cumulative, u[2])]
    learned = 1.0 - (1.0 - p.migration.learn_of_market) ** remembered
    c.known[memory, 1] = np.where((u[3] < learned) & (second != home), second, NO_SLOT)[user]
    c.good[memory, 0] = 1.0
    c.considering[user] = Considering.EXPERIENCED
    seeker = c.considering > Considering.NOT_YET
    c.market_state[:] = np.where(seeker, int(Membership.LAPSED), int(Membership.NONE))
    later = np.where(user, 0.0, 1 - np.log(u[2]) * p.migration.recheck_days)
    c.market_until[:] = np.where(seeker, np.minimum(state.day + later, NEVER - 1), NEVER).astype(np.int16)
    listed = state.vendors.columns
    at = np.isin(listed.account[: state.vendors.n, 0], slots)
    trade = float(listed.recent[: state.vendors.n][at].sum())
    t = state.platform_table.columns
    for name in ("trade7", "trade60", "trade180"):
        getattr(t, name)[slots] = state.usual.market_shares * trade
    largest = state.usual.market_shares.max()
    state.usual.listings = max(largest * float(listed.breadth[: state.vendors.n][at].sum()), 1.0)


def scaled_to(weight: np.ndarray, who: np.ndarray, mean: float) -> np.ndarray:
    """Chances in proportion to ``weight`` as far as they go, of those ``who`` have any, which are ``mean`` on average over these."""
    chance = np.where(who, weight, 0.0)
    for _ in range(60):  # what is certain leaves more to be had from the others
        chance = np.minimum(chance * (mean * np.count_nonzero(who) / max(chance.sum(), 1e-9)), 1.0)
    return chance
