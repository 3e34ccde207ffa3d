"""The initial world of the plain twin, from the same distributions as the model's and by other means."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import TYPE_CHECKING

from benchmarks.plain_mesa.chance import draw
from benchmarks.plain_mesa.consumers import ACTIVE, LAPSED, Consumer, Traits
from benchmarks.plain_mesa.goods import (
    APP,
    CRYPTO,
    DIRECT,
    LICENSED,
    PHARMACY,
    SEARCH,
    STREET,
    Country,
    Drug,
)
from benchmarks.plain_mesa.platforms import Platform
from benchmarks.plain_mesa.vendors import Character, Ratings, Vendor

if TYPE_CHECKING:
    from benchmarks.plain_mesa.model import PlainMarket

FEWEST = 8
"""Fewest vendors of a channel."""
FOUNDED = 300
"""Days for which the cryptomarkets of the start have been open."""


def build(model: PlainMarket) -> None:
    """Fill a model with its world."""
    consumers = [make_consumer(model) for _ in range(model.size)]
    make_friends(model, consumers)
    markets = make_platforms(model)
    make_vendors(model, consumers, markets)
    find_homes(model, consumers, [market for market in markets if market.channel == CRYPTO])


def make_consumer(model: PlainMarket) -> Consumer:
    """A consumer of a segment and a country, with needs, means and knowledge."""
    w, d, rng = model.p.world, model.p.demand, model.rng
    shares = {"patient": w.patients, "dependent": w.dependents, "social_supplier": w.suppliers}
    shares["recreational"] = 1.0 - sum(shares.values())
    segment = draw(rng, list(shares), list(shares.values()))
    country = draw(rng, model.countries, [c.share for c in model.countries])
    medians = {
        "patient": d.patient_rate, "recreational": d.recreational_rate,
        "dependent": d.dependent_rate, "social_supplier": d.supplier_rate,
    }  # fmt: skip
    skill = rng.normal()
    patient = segment == "patient"
    covered = w.prescribed_most * rng.random() ** 2 if patient else w.prescribed_others
    threshold = model.p.consumption.dependent_from
    return Consumer(model, country, Traits(
        segment=segment,
        drug=draw(rng, model.drugs, model.needs[segment]),
        need_rate=min(2.0, medians[segment] * exp(d.rate_spread * rng.normal())),
        budget=min(max(d.budget_spread * rng.normal(), -3.0), 3.0),
        price_sensitivity=model.p.choice.price_sensitivity * (1.0 + w.people_spread * (rng.random() - 0.5)),
        skill=min(max(skill, -4.0), 4.0),
        access=min(covered * country.legitimate_access, 1.0),
        misbelief=bool(rng.random() < w.misbelief),
        considering=int(rng.random() < w.considering * exp(model.p.choice.skill_search * skill)),
        dependence=threshold + (1.0 - threshold) * rng.random() if segment == "dependent" else 0.0,
        taste={channel: model.p.choice.taste_sd * rng.normal() for channel in (SEARCH, APP, CRYPTO, STREET)},
    ))  # fmt: skip


def make_friends(model: PlainMarket, consumers: list[Consumer]) -> None:
    """Everybody names some friends, who are friends in return: people of the own country who use the same, or anybody."""
    w, rng = model.p.world, model.rng
    at_home: dict[Country, list[Consumer]] = {country: [] for country in model.countries}
    place = {}
    for consumer in sorted(consumers, key=lambda one: model.drugs.index(one.drug)):
        place[consumer] = len(at_home[consumer.country])
        at_home[consumer.country].append(consumer)
    for consumer in consumers:
        home = at_home[consumer.country]
        named = max(1, round(w.friends / 2))
        for _ in range(named):
            if rng.random() < w.homophily:
                friend = home[(place[consumer] + 1 + int(4 * named * rng.random())) % len(home)]
            else:
                friend = consumers[int(len(consumers) * rng.random())]
            if friend is not consumer:
                consumer.friends.append(friend)
                friend.friends.append(consumer)


def make_platforms(model: PlainMarket) -> list[Platform]:
    """Licensed pharmacies and streets by country, direct deals, pharmacy programmes, apps and cryptomarkets."""
    w, rng, countries = model.p.world, model.rng, model.countries

    def attraction() -> float:
        return exp(w.programme_spread * rng.normal())

    platforms = [Platform(model, channel, country) for country in countries for channel in (LICENSED, STREET)]
    platforms.append(Platform(model, DIRECT, countries[0]))
    for k in range(int(w.pharmacies)):
        country = countries[k % len(countries)]
        platforms.append(
            Platform(
                model, PHARMACY, country, attraction=attraction(), availability=model.p.platforms.card_availability
            )
        )
    for k in range(int(w.apps)):
        platforms.append(Platform(model, APP, countries[k % len(countries)], attraction=attraction()))
    for share in model.market_shares:
        host = countries[int(len(countries) * rng.random())]
        platforms.append(Platform(model, CRYPTO, host, age=FOUNDED, start_share=share))
    return platforms


def make_vendors(model: PlainMarket, consumers: list[Consumer], platforms: list[Platform]) -> None:
    """Vendors of every channel, who have been at it for a while."""
    p, rng = model.p.supply, model.rng
    total = dict.fromkeys(model.drugs, 0.0)
    for segment in {consumer.segment for consumer in consumers}:
        weight = sum(consumer.segment == segment for consumer in consumers) / sum(model.needs[segment])
        for drug, need in zip(model.drugs, model.needs[segment], strict=True):
            total[drug] += weight * need
    suppliers = [
        (exp(p.size_spread * (2.0 * rng.random() - 1.0)), p.least_reliable + (1.0 - p.least_reliable) * rng.random())
        for _ in range(int(p.suppliers))
    ]
    per_head = {PHARMACY: p.pharmacy_vendors, APP: p.app_vendors, CRYPTO: p.crypto_vendors, STREET: p.street_vendors}
    for channel, rate in per_head.items():
        for _ in range(max(FEWEST, round(rate * len(consumers)))):
            vendor = make_vendor(model, channel, total, suppliers)
            settle_in(vendor, [platform for platform in platforms if platform.channel == channel])
    for platform in [platform for platform in platforms if platform.channel == LICENSED]:
        vendor = make_vendor(model, LICENSED, total, suppliers, platform.country)
        open_account(vendor, platform)


def make_vendor(
    model: PlainMarket, channel: str, demand: dict[Drug, float], suppliers: list[tuple[float, float]],
    country: Country | None = None,
) -> Vendor:  # fmt: skip
    """A vendor with a character drawn from the population of the channel."""
    p, rng = model.p.supply, model.rng
    if country is None:
        local = channel in (STREET, APP)
        country = draw(rng, model.countries, [c.share if local else c.vendor_share for c in model.countries])
    friend = channel == STREET and rng.random() < p.social_share
    breadth = 1.0 if friend else float(int(min(max(p.breadth_median * exp(p.breadth_spread * rng.normal()), 1), 230)))
    goods = [drug for drug in model.drugs if channel in drug.sold_by]
    main = draw(rng, goods, [demand[drug] for drug in goods])
    more = 1.0 - exp(-p.extra_substances * (breadth - 1.0))
    everything = channel in (LICENSED, PHARMACY)
    cheat = not friend and channel != LICENSED and rng.random() < p.scammers
    ships = 1.0 if channel == LICENSED else (p.scammer_ships if cheat else rng.beta(p.honest_a, p.honest_b))
    reliability = 1.0 if channel == LICENSED else draw(rng, suppliers, [size for size, _ in suppliers])[1]
    return Vendor(model, channel, country, Character(
        breadth=breadth,
        main=main,
        carries=tuple(drug for drug in goods if drug is main or everything or rng.random() < more),
        ships=ships,
        quality=sqrt(rng.random()),
        asks=exp(p.asking_spread * (rng.normal() - 0.5 * p.asking_spread)),
        pack=p.social_pack if friend else p.pack_spread * rng.normal(),
        wholesale=bool(not friend and rng.random() < p.wholesalers),
        reliability=reliability,
    ))  # fmt: skip


def settle_in(vendor: Vendor, platforms: list[Platform]) -> None:
    """A vendor's account, and the trade and reputation of the time before."""
    model, p, rng = vendor.model, vendor.model.p.supply, vendor.model.rng
    if vendor.channel == STREET:
        platform = next(street for street in platforms if street.country is vendor.country)
    elif vendor.channel == CRYPTO:
        exponent = model.p.vendors.relist_exponent
        platform = draw(rng, platforms, [market.start_share**exponent for market in platforms])
    else:
        platform = draw(rng, platforms, [place.attraction for place in platforms])
    vendor.sales = p.sales_start * exp(p.sales_spread * rng.normal())
    vendor.recent = vendor.sales * log(2.0) / model.p.learning.reputation_days
    vendor.stock = max(p.stock_floor, p.stock_days * vendor.recent)
    open_account(vendor, platform, model.p.shipping.rate_good * vendor.sales)


def open_account(vendor: Vendor, platform: Platform, positive: float = 0.0) -> None:
    """Open an account with a number of good ratings."""
    vendor.accounts[platform] = Ratings(positive)


def find_homes(model: PlainMarket, consumers: list[Consumer], markets: list[Platform]) -> None:
    """Some have used a cryptomarket before and know one or two, by the markets' shares; others will look for one."""
    w, rng = model.p.world, model.rng
    shares = [market.start_share for market in markets]
    thinkable = [consumer for consumer in consumers if consumer.considering]
    drawn_to_them = {}
    for consumer in thinkable:
        liking = (consumer.taste[CRYPTO] - consumer.taste[STREET]) / model.p.choice.taste_sd
        drawn_to_them[consumer] = exp(w.users_spread * (consumer.skill + liking / sqrt(2.0)))
    low, high = 0.0, 1e6
    for _ in range(80):
        scale = (low + high) / 2
        if sum(min(scale * weight, 1.0) for weight in drawn_to_them.values()) < w.market_users * len(thinkable):
            low = scale
        else:
            high = scale
    for consumer in thinkable:
        if rng.random() < scale * drawn_to_them[consumer]:
            consumer.considering, consumer.market_state = 2, ACTIVE
            consumer.find_out()
            consumer.markets.settle_on(draw(rng, markets, shares))
            consumer.markets.known[consumer.markets.home].good = 1.0
            if rng.random() < 1.0 - (1.0 - model.p.migration.learn_of_market) ** (consumer.need_rate * FOUNDED):
                consumer.markets.learn_of(draw(rng, markets, shares))
        else:
            consumer.market_state = LAPSED
            consumer.look_day = model.day + 1 + int(model.p.migration.recheck_days * rng.exponential())
    sellers = [vendor for vendor in model.agents_by_type[Vendor] if vendor.channel == CRYPTO]
    trade = sum(vendor.recent for vendor in sellers)
    for market in markets:
        market.trade7 = market.trade60 = market.trade180 = market.start_share * trade
    model.reference_listings = max(max(shares) * sum(vendor.breadth for vendor in sellers), 1.0)
