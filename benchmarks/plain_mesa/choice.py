"""Choice: the channel by its utility, the market or pharmacy behind it, then a vendor remembered or a new one."""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.plain_mesa.chance import draw, draw_logit
from benchmarks.plain_mesa.goods import ABSTAIN, APP, CRYPTO, DIRECT, LICENSED, SEARCH, STREET, Drug

if TYPE_CHECKING:
    from benchmarks.plain_mesa.consumers import Consumer
    from benchmarks.plain_mesa.memory import Tie
    from benchmarks.plain_mesa.platforms import Platform
    from benchmarks.plain_mesa.vendors import Vendor

CANDIDATES = 8
TRIALS = 3


class Choice(NamedTuple):
    """Where and from whom to buy."""

    channel: str
    platform: Platform
    vendor: Vendor


def choose(consumer: Consumer, drug: Drug) -> Choice | None:
    """A consumer's choice for today's need; a channel where nobody sells is left out and the choice made again."""
    model = consumer.model
    partner = direct_partner(consumer, drug)
    law = drug.law[consumer.country.name]
    prescribed = LICENSED in drug.sold_by and law != "prohibited" and model.rng.random() < consumer.access
    prescription = law == "over_the_counter" or prescribed
    market, value = best_market(consumer, drug)
    utilities = channel_utilities(consumer, drug, law, value, partner)
    if not prescription:
        utilities.pop(LICENSED, None)
    for _ in range(TRIALS):
        channel = draw_logit(model.rng, utilities)
        if channel == ABSTAIN:
            return None
        if channel == DIRECT and partner is not None:
            return Choice(DIRECT, model.direct, partner.vendor)
        place = find_place(consumer, channel, law, prescription, market)
        if place is not None:
            vendor = choose_vendor(consumer, drug, *place)
            if vendor is not None:
                return Choice(*place, vendor)
        del utilities[channel]
    return None


def find_place(
    consumer: Consumer, channel: str, law: str, prescription: bool, market: Platform | None
) -> tuple[str, Platform] | None:
    """The channel that a choice ends in, and the platform there."""
    model = consumer.model
    if channel == SEARCH:
        return search(consumer, law, prescription)
    if channel == CRYPTO:
        return None if market is None else (channel, market)
    if channel == APP:
        return channel, consumer.app_home or draw(model.rng, model.apps, [app.attraction for app in model.apps])
    if channel == STREET:
        return channel, model.streets[consumer.country]
    return channel, model.licensed[consumer.country]


def channel_utilities(
    consumer: Consumer, drug: Drug, law: str, market_value: float | None, partner: Tie | None
) -> dict[str, float]:
    """Utility of every channel that sells the substance, and of abstaining."""
    model, p = consumer.model, consumer.model.p.choice
    a, b = p.risk_a, p.risk_b
    legal = {group: risk.value(a, b) for group, risk in consumer.legal_risk.items()}
    utilities: dict[str, float] = {}
    if LICENSED in drug.sold_by and law != "prohibited":
        utilities[LICENSED] = p.licensed
    if consumer.considering:
        if SEARCH in drug.sold_by:
            sought = {"controlled": p.search_controlled, "prohibited": p.search_prohibited}.get(law, p.search_medicine)
            utilities[SEARCH] = sought + p.skill_search * consumer.skill - p.web_risk_weight * legal["web"]
        if APP in drug.sold_by:
            utilities[APP] = p.app + p.skill_app * consumer.skill - p.web_risk_weight * legal["web"]
        if market_value is not None:
            utilities[CRYPTO] = p.crypto + p.skill_crypto * consumer.skill + market_value
            utilities[CRYPTO] -= p.legal_risk_weight * legal["dark"] + p.loss_weight * consumer.loss_risk.value(a, b)
    if partner is not None:
        trust = partner.bought / (p.prior_weight + partner.bought)
        utilities[DIRECT] = p.direct + p.skill_crypto * consumer.skill + p.trust_weight * (trust - 1.0)
        utilities[DIRECT] -= p.legal_risk_weight * legal["direct"]
    if STREET in drug.sold_by:
        utilities[STREET] = p.street - p.offline_risk_weight * legal["offline"]
    level = log(drug.dose_usd * consumer.country.price_factor / p.reference_dose_usd)
    for channel in utilities:
        utilities[channel] += consumer.taste.get(CRYPTO if channel == DIRECT else channel, 0.0)
        utilities[channel] -= consumer.price_sensitivity * (model.price_level[channel] + level)
        if consumer.habit == channel:
            utilities[channel] += p.habit
    utilities[ABSTAIN] = -p.dependence_pull * consumer.dependence
    return utilities


def market_value(consumer: Consumer, market: Platform, drug: Drug | None) -> float:
    """Utility of a cryptomarket: variety, trust, a lasting taste, and a remembered vendor who sells there."""
    model, p = consumer.model, consumer.model.p.choice
    known = consumer.markets.known.get(market)
    good, bad = (known.good, known.bad) if known else (0.0, 0.0)
    trust = (p.prior_weight * market.trust + good) / (p.prior_weight + good + bad)
    if market not in consumer.market_taste:
        consumer.market_taste[market] = model.rng.gumbel()
    value = market.variety + p.trust_weight * (trust - 1.0) + p.taste_weight * consumer.market_taste[market]
    favourites = [tie.vendor for tie in consumer.vendors.good if market in tie.vendor.accounts]
    if any(drug is None or vendor.sells(drug) for vendor in favourites):
        value += p.favourite_bonus
    return value


def best_market(consumer: Consumer, drug: Drug) -> tuple[Platform | None, float | None]:
    """The market for today's order and its utility: the best known one, seldom another known one."""
    if consumer.market_state != "active" or CRYPTO not in drug.sold_by:
        return None, None
    p, rng = consumer.model.p.choice, consumer.model.rng
    exploring = rng.random() < p.explore
    best, best_value, first = None, None, None
    for market in consumer.markets.known:
        value = market_value(consumer, market, drug)
        if market is consumer.markets.home:
            value += p.home_bonus
        order = rng.random() if exploring else value
        if first is None or order > first:
            best, best_value, first = market, value, order
    return best, best_value


def search(consumer: Consumer, law: str, prescription: bool) -> tuple[str, Platform] | None:
    """Search the open web: a few clicks on results that are licensed or illicit pharmacies."""
    model, p, q = consumer.model, consumer.model.p.choice, consumer.model.p.platforms
    ordinary = law in ("over_the_counter", "prescription") and prescription
    licensed_weight = q.search_ordinary if ordinary else q.search_controlled
    for _ in range(int(p.clicks)):
        if model.rng.random() >= 1.0 / (1.0 + licensed_weight):
            if prescription:
                return LICENSED, model.licensed[consumer.country]
            continue
        site = draw(model.rng, model.pharmacies, [site.attraction for site in model.pharmacies])
        if consumer.pharmacy_home is not None and model.rng.random() < p.refill:
            return SEARCH, consumer.pharmacy_home
        if not prescription:
            return SEARCH, site
        seen_through = p.detect_believer if consumer.misbelief else p.detect_unaided
        missed = (1.0 - seen_through) * (1.0 - consumer.verification * p.lookup)
        if model.rng.random() < missed:
            return SEARCH, site
    return None


def direct_partner(consumer: Consumer, drug: Drug) -> Tie | None:
    """The tie to the direct partner who sells the substance and was bought from most."""
    ties = [tie for tie in consumer.vendors.ties if tie.direct and tie.vendor.sells(drug)]
    return max(ties, key=lambda tie: tie.bought) if ties else None


def choose_vendor(consumer: Consumer, drug: Drug, channel: str, platform: Platform) -> Vendor | None:
    """A vendor remembered or a new one; whoever finds nobody new goes back to those remembered."""
    p, rng = consumer.model.p.choice, consumer.model.rng
    known = [tie for tie in consumer.vendors.good if platform in tie.vendor.accounts and tie.vendor.sells(drug)]
    if not known:
        return new_vendor(consumer, drug, channel, platform)
    if rng.random() < (1.0 + len(known) / p.new_c) ** -p.new_beta:
        vendor = new_vendor(consumer, drug, channel, platform)
        if vendor is not None:
            return vendor
    weights = [tie.bought**p.loyalty_exponent * exp(-p.price_weight * tie.vendor.log_price) for tie in known]
    return draw(rng, known, weights).vendor


def hear_of(
    consumer: Consumer, drug: Drug, platform: Platform, border: float, candidates: list[Vendor], weights: list[float]
) -> None:
    """A friend tells of vendors to keep away from, and where nobody rates of the own ones too: the friend's orders count as ratings do."""
    model, p = consumer.model, consumer.model.p.choice
    friend = consumer.friends[int(len(consumer.friends) * model.rng.random())]
    drawn = len(candidates)
    for tie in friend.vendors.ties:
        vendor = tie.vendor
        if consumer.vendors.tie(vendor) is not None:
            continue
        if tie.bought == 0:
            fall = model.reputation(0.0, 1.0) / model.reputation(0.0, 0.0)
            for i in range(drawn):
                weights[i] *= fall**p.reputation_weight if candidates[i] is vendor else 1.0
        elif platform.channel != CRYPTO and platform in vendor.accounts and vendor.sells(drug):
            utility = p.reputation_weight * log(model.reputation(tie.bought, 0.0)) - p.price_weight * vendor.log_price
            candidates.append(vendor)
            weights.append(exp(utility - (border if vendor.country is not consumer.country else 0.0)))


def new_vendor(consumer: Consumer, drug: Drug, channel: str, platform: Platform) -> Vendor | None:
    """A vendor not remembered, for good or ill: candidates found by popularity, weighed by reputation, price and distance."""
    shelf = platform.shelves.get(drug)
    if shelf is None:
        return None
    p, rng = consumer.model.p.choice, consumer.model.rng
    border = p.border_local if channel in (APP, STREET) else (p.border_post if channel == CRYPTO else 0.0)
    remembered = {tie.vendor for tie in consumer.vendors.ties}
    candidates, weights = [], []
    for u in rng.random(CANDIDATES).tolist():
        vendor, appeal = shelf.find(u)
        if vendor not in remembered:
            candidates.append(vendor)
            weights.append(exp(appeal - (border if vendor.country is not consumer.country else 0.0)))
    if channel in (APP, STREET, CRYPTO) and consumer.friends:
        hear_of(consumer, drug, platform, border, candidates, weights)
    return draw(rng, candidates, weights) if candidates else None
